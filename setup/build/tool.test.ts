import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isRunning, processStat } from '../lib/proc.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { runTool } from './tool.ts';

const never = new AbortController().signal;

function runs(pid: number): boolean {
  return isRunning(processStat(pid));
}

test('shows the error lines and names the log, which has everything', async () => {
  const log = path.join(temporaryDirectory(), 'log');
  const script = 'echo compiling; echo "a.c:1:2: error: no such thing" >&2; exit 3';
  const failing = runTool(['sh', '-c', script], { purpose: 'building a thing', signal: never, log });
  await expect(failing).rejects.toMatchObject({
    code: 'NESTBENCH_BUILD_FAILED',
    exitCode: 3,
    output: 'a.c:1:2: error: no such thing',
  });
  await expect(failing).rejects.toThrow(log);
  expect(readFileSync(log, 'utf8')).toContain('compiling');
});

test('a full disk and a missing program are reported as that', async () => {
  const log = path.join(temporaryDirectory(), 'log');
  const full = runTool(['sh', '-c', 'echo "cp: No space left on device"; exit 1'], {
    purpose: 'x',
    signal: never,
    log,
  });
  await expect(full).rejects.toMatchObject({ code: 'NESTBENCH_NO_SPACE', kind: 'configuration' });
  const missing = runTool(['no-such-program'], { purpose: 'x', signal: never, log });
  await expect(missing).rejects.toThrow(/no-such-program/);
});

test('abort ends the whole process group', async () => {
  const log = path.join(temporaryDirectory(), 'log');
  const controller = new AbortController();
  const children: number[] = [];
  const running = runTool(['sh', '-c', 'sleep 100 & echo $!; sh -c "sleep 100; :" & echo $!; wait'], {
    purpose: 'building a thing',
    signal: controller.signal,
    log,
    onLine(line) {
      children.push(Number(line));
      if (children.length === 2) controller.abort();
    },
  });
  await expect(running).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
  expect(children.map(runs)).toEqual([false, false]);
});

test('a tool ends when the process that runs it is killed', async () => {
  const directory = temporaryDirectory();
  const script = `
    import { runTool } from ${JSON.stringify(path.join(import.meta.dirname, 'tool.ts'))};
    await runTool(['sh', '-c', 'echo $$; exec sleep 100'], {
      purpose: 'x', signal: new AbortController().signal, log: process.argv[1], onLine: (line) => console.log(line) });`;
  const other = spawn(
    process.execPath,
    ['--input-type=module', '--eval', script, path.join(directory, 'log')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const tool = Number(String(await once(other.stdout, 'data')));
  expect(runs(tool)).toBe(true);
  other.kill('SIGKILL');
  await expect.poll(() => runs(tool), { timeout: 5000 }).toBe(false);
});

test('variables that affect kernel builds are not passed on', async () => {
  const log = path.join(temporaryDirectory(), 'log');
  process.env['ARCH'] = 'arm64';
  let seen = '';
  await runTool(['sh', '-c', 'echo "[$ARCH] [$GIVEN]"'], {
    purpose: 'x',
    signal: never,
    log,
    env: { GIVEN: 'yes' },
    onLine: (line) => (seen = line),
  });
  delete process.env['ARCH'];
  expect(seen).toBe('[] [yes]');
});
