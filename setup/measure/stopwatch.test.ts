import { describe, expect, test } from 'vitest';
import { hostMachine } from '../machine/host.ts';
import { clockError, clockFault, readStopwatch, timed } from './stopwatch.ts';

const host = hostMachine();
const options = { signal: new AbortController().signal, deadlineSeconds: 20 };

async function run(...argv: string[]): Promise<ReturnType<typeof readStopwatch>> {
  return readStopwatch(await host.run(timed(argv), options), argv);
}

describe('a command with a stopwatch', () => {
  test('has the same output as without one', async () => {
    const { completed } = await run('sh', '-c', 'echo out; echo err >&2');
    expect(completed).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 0 });
  });

  test('is reported as it was requested', async () => {
    const argv = ['printf', '%s|', '$HOME', "it's", 'a\nb', '', '*', '"', '\\'];
    const { completed } = await run(...argv);
    expect(completed.argv).toEqual(argv);
    expect(completed.stdout).toBe('$HOME|it\'s|a\nb||*|"|\\|');
  });

  test.each([
    ['fails', ['sh', '-c', 'exit 3'], 3],
    ['does not exist', ['/no/such/program'], 127],
    ['is not a program', ['/etc/passwd'], 126],
    ['is ended by a signal', ['sh', '-c', 'kill -KILL $$'], 137],
  ])('that %s has the exit code of a shell', async (_how, argv, exitCode) => {
    expect((await run(...argv)).completed.exitCode).toBe(exitCode);
  });

  test("reports how long it took by the machine's clock, which is this host's own", async () => {
    const { completed, machineSeconds = 0 } = await run('sh', '-c', 'date +%s%N; sleep 0.1; date +%s%N');
    const [start = 0, end = 0] = completed.stdout.split('\n').map(Number);
    // /proc/uptime counts in hundredths, and is read twice.
    expect(machineSeconds).toBeGreaterThanOrEqual((end - start) / 1e9 - 0.02);
    expect(clockFault(machineSeconds, completed.seconds)).toBeUndefined();
  });

  test('reports the CPU time of the stopwatch itself, and not that of the command', async () => {
    const busy = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
    const { machineSeconds = 0, ownCpuSeconds = 0 } = await run('sh', '-c', busy);
    expect(ownCpuSeconds).toBeGreaterThan(0);
    expect(ownCpuSeconds).toBeLessThan(Math.max(machineSeconds, 0.05));
  });

  test('does not change standard error without a newline at its end', async () => {
    const { completed, machineSeconds } = await run('sh', '-c', 'printf err >&2');
    expect(completed.stderr).toBe('err');
    expect(machineSeconds).toBeDefined();
  });

  test('reports no time if the stopwatch itself was ended', async () => {
    const { machineSeconds } = await run('sh', '-c', 'kill -KILL $PPID');
    expect(machineSeconds).toBeUndefined();
  });
});

describe("a machine's clock", () => {
  test.each([
    [10, 10],
    [9.99, 10.2],
    [10.04, 10],
    [10, 12.9],
    [0, 2.9],
    [100, 110],
  ])('that counts %s s when the host’s counts %s is accepted', (machine, ours) => {
    expect(clockFault(machine, ours)).toBeUndefined();
    expect(clockError('l3', machine, ours)).toBeUndefined();
  });

  test.each([
    [1.16, 0.58, 'fast'],
    [10.4, 10, 'fast'],
    [5, 10, 'slow'],
    [-1, 3, 'slow'],
  ])('that counts %s s when the host’s counts %s runs %s', (machine, ours, how) => {
    expect(clockFault(machine, ours)).toContain(`it runs ${how}`);
  });

  test('is not blamed for the time in which nestbench itself was stopped', () => {
    expect(clockError('client', 1.02, 9.5, 8.2)).toMatchObject({
      code: 'NESTBENCH_PAUSED',
      kind: 'benchmark',
      message: expect.stringMatching(/^nestbench itself was stopped for 8\.2 s during a command on client/),
    });
  });

  test('that a pause explains is right, also where the command ended during the pause', () => {
    expect(clockError('client', 1.02, 5.26, 5.1)?.code).toBe('NESTBENCH_PAUSED');
  });

  test.each([
    ['a shorter pause', 1.02, 9.5, 3],
    ['a pause of a fast clock', 10.4, 10, 2],
  ])('that %s does not explain is wrong', (_, machine, ours, paused) => {
    expect(clockError('client', machine, ours, paused)?.code).toBe('NESTBENCH_CLOCK_WRONG');
  });

  test('that is wrong fails the machine, with both times', () => {
    expect(clockError('l3', 1.16, 0.58)).toMatchObject({
      code: 'NESTBENCH_CLOCK_WRONG',
      kind: 'infrastructure',
    });
    expect(clockError('l3', 1.16, 0.58)?.message).toMatch(
      /clock of l3 is wrong: .* 1\.16 s .* 0\.58 s by this host's/,
    );
    expect(clockError('l3', undefined, 1)?.code).toBe('NESTBENCH_CLOCK_WRONG');
  });
});
