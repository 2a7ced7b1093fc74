import { once } from 'node:events';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const MODULE = path.join(import.meta.dirname, 'stop-signals.ts');

/** Sends a signal to a command that works until it is stopped, and that reacts with `stop`. */
async function signalled(
  signal: NodeJS.Signals,
  stop: string,
): Promise<{ lines: string[]; exitCode: unknown }> {
  const script = `
    import { onStopSignals } from ${JSON.stringify(MODULE)};
    const working = setInterval(() => {}, 1000);
    const log = (line) => console.log(line);
    const endMachines = async () => log('machines ended');
    onStopSignals({ stop: (signal) => { ${stop} }, endMachines, kept: () => 'It is kept.', log });
    log('working');
  `;
  const running = execa(process.execPath, ['--input-type=module', '--eval', script], { reject: false });
  await once(running.stdout, 'data');
  running.kill(signal);
  const { stdout, exitCode } = await running;
  return { lines: stdout.split('\n'), exitCode };
}

test('the first signal stops the work, which ends in its own time', async () => {
  const stop = "log('stopped by ' + signal); clearInterval(working);";
  expect(await signalled('SIGTERM', stop)).toEqual({
    lines: [
      'working',
      'SIGTERM: ending the machines. It is kept. Once more ends at once.',
      'stopped by SIGTERM',
    ],
    exitCode: 143,
  });
});

test('a second signal ends the machines at once', async () => {
  const { lines, exitCode } = await signalled('SIGINT', "process.kill(process.pid, 'SIGINT');");
  expect(lines.slice(2)).toEqual(['SIGINT again: ending everything now.', 'machines ended']);
  expect(exitCode).toBe(130);
});

test('work that can’t be stopped ends the machines at once', async () => {
  const { lines, exitCode } = await signalled('SIGHUP', "throw new Error('cannot');");
  expect(lines.slice(2)).toEqual(['machines ended']);
  expect(exitCode).toBe(129);
});

test('the handlers of before are given back, in their order, before those that came later', async () => {
  const script = `
    import { onStopSignals } from ${JSON.stringify(MODULE)};
    const names = [];
    const note = (name) => () => names.push(name);
    process.once('SIGTERM', note('first, once')).on('SIGTERM', note('second')).on('SIGINT', note('other'));
    const giveBack = onStopSignals({ stop: note('stopped'), endMachines: note('ended'), kept: note('kept'), log: note('log') });
    process.on('SIGTERM', note('later'));
    giveBack();
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT']) process.emit(signal, signal);
    console.log(JSON.stringify([names, process.listenerCount('SIGTERM'), process.listenerCount('SIGHUP'), process.listenerCount('exit')]));
  `;
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', script]);
  expect(JSON.parse(stdout)).toEqual([
    ['first, once', 'second', 'later', 'second', 'later', 'other'],
    2,
    0,
    0,
  ]);
});
