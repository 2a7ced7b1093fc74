import { expect, test } from 'vitest';
import { GuestDiedError, type QemuEnd } from './qemu-end.ts';

const l0 = { name: 'l0', runsOn: 'host' } as const;
const died = (end: QemuEnd, console?: string): GuestDiedError =>
  new GuestDiedError({ plan: l0, end, console });

const WARNINGS = [
  "qemu-system-x86_64: warning: TCG doesn't support requested feature: CPUID.01H:EDX.vme [bit 1]",
  "qemu-system-x86_64: warning: TCG doesn't support requested feature: CPUID.80000001H:EDX.fxsr-opt [bit 25]",
].join('\n');

test('one that was killed is reported with the signal, and without its warnings', () => {
  const { message, output } = died({ exitCode: null, signal: 'SIGKILL', said: `${WARNINGS}\n` });
  expect(message).toBe(
    'The QEMU that runs l0 on host was killed by SIGKILL, by a person or by the kernel when memory ran out (see dmesg on host). It printed nothing but warnings.',
  );
  // Everything that it printed is kept.
  expect(output).toContain("TCG doesn't support");
});

test('another signal is named', () => {
  expect(died({ exitCode: null, signal: 'SIGSEGV', said: '' }).message).toBe(
    'The QEMU that runs l0 on host was ended by SIGSEGV. It printed nothing.',
  );
});

test('its last lines are reported without its warnings', () => {
  const fault = "qemu-system-x86_64: -device nosuch: 'nosuch' is not a valid device model name";
  expect(died({ exitCode: 1, signal: null, said: `${WARNINGS}\n${fault}\n` }).message).toBe(
    `The QEMU that runs l0 on host exited with 1. It printed: ${fault}`,
  );
});

test('if only its end is known, only that is reported', () => {
  expect(died({}).message).toBe('The QEMU that runs l0 on host ended. It printed nothing.');
});

test('the error includes the end of the console', () => {
  expect(died({}, 'login:')).toMatchObject({ machine: 'l0', output: 'login:' });
});

test('a guest that ended its QEMU before it had a console is reported as one that may have panicked', () => {
  const end = { exitCode: 0, signal: null, said: WARNINGS };
  expect(died(end, '').message).toBe(
    'The QEMU that runs l0 on host exited with 0. It printed nothing but warnings. Its guest had printed nothing on its console when it restarted or switched off: a kernel that panics before it has a console does that.',
  );
  expect(died(end, 'login:').message).toBe(
    'The QEMU that runs l0 on host exited with 0. It printed nothing but warnings.',
  );
  expect(died({ ...end, exitCode: 1 }, '').message).not.toContain('panics');
});
