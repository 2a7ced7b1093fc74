/** The progress reporter in its own process. Its output is a pipe, as in a log, or a terminal made by script(1). */
import { mkdtempDisposableSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..');

interface Shown {
  readonly stdout: string;
  readonly stderr: string;
  /** What it left in its temporary directory. */
  readonly left: readonly string[];
}

/** What a child starts with: the reporter, `reportProgress`, a pause, and an event to change. */
const PRELUDE = `
  import { connect } from 'node:net';
  import { setTimeout as sleep } from 'node:timers/promises';
  import ProgressReporter from ${JSON.stringify(path.join(ROOT, 'reporters/progress.ts'))};
  import { PROGRESS_VARIABLE, reportProgress } from ${JSON.stringify(path.join(ROOT, 'setup/lib/task-progress.ts'))};
  const reporter = new ProgressReporter();
  const said = (text, more = {}) => reportProgress({ task: 'l1-baseline', text, state: 'running', ...more });
  // However slow this host is, what was reported has arrived by then: the listener is in the same process.
  const turns = async () => { for (let turn = 0; turn < 20; turn++) await sleep(10); };
  reporter.onTestRunStart();
  await turns();`;

async function show(body: string, options: { terminal?: boolean } = {}): Promise<Shown> {
  using directory = mkdtempDisposableSync(path.join(tmpdir(), 'nestbench-test-'));
  const temporary = directory.path;
  const file = path.join(temporary, 'child.mjs');
  writeFileSync(file, `${PRELUDE}\n${body}\n`);
  const child = [process.execPath, file];
  const argv = options.terminal === true ? ['script', '-qfec', child.join(' '), '/dev/null'] : child;
  const [program = '', ...rest] = argv;
  const { stdout, stderr } = await execa(program, rest, {
    env: { TMPDIR: temporary },
    stripFinalNewline: false,
  });
  return { stdout, stderr, left: readdirSync(temporary).filter((name) => name !== 'child.mjs') };
}

const END = 'await turns(); reporter.onTestRunEnd();';

describe.concurrent('in a log', () => {
  test('a new text is printed on its own line', async () => {
    const { stderr } = await show(`said('booting L0'); said('booting L1'); ${END}`);
    expect(stderr).toBe('l1-baseline: booting L0\nl1-baseline: booting L1\n');
  });

  test('a count that goes up does not print a new line', async () => {
    const { stderr } = await show(
      `for (const n of [1, 2, 3]) said('hackbench: iteration ' + n + ' of 3', { fraction: n / 4 }); ${END}`,
    );
    expect(stderr).toBe('l1-baseline: hackbench: iteration 1 of 3  [#####...............]\n');
  });

  test('concurrent tasks each have their own lines', async () => {
    const { stderr } = await show(
      `said('compiling'); reportProgress({ task: 'image', text: 'packing', state: 'running' }); said('linking'); ${END}`,
    );
    expect(stderr.split('\n')).toEqual([
      'l1-baseline: compiling',
      'image: packing',
      'l1-baseline: linking',
      '',
    ]);
  });

  test('a failure prints a line, the end of a task does not', async () => {
    const { stderr } = await show(
      `said('L1 panicked', { state: 'failed' }); said('ended', { state: 'done' }); said('again'); ${END}`,
    );
    expect(stderr).toBe('l1-baseline: L1 panicked\nl1-baseline: again\n');
  });

  test('a running task is printed again at intervals, a milestone is not', async () => {
    const { stderr } = await show(`
      const often = new ProgressReporter({ logEveryMs: 1 });
      reporter.onTestRunEnd();
      often.onTestRunStart();
      await turns();
      said('compiling');
      reportProgress({ task: 'l2-baseline', text: 'Ready to run experiments!', state: 'running', lasting: true });
      reportProgress({ task: 'image', text: 'root file system built', state: 'done' });
      // Three of its looks at what goes on.
      await sleep(1700);
      often.onTestRunEnd();`);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.filter((line) => line.startsWith('l1-baseline: compiling')).length).toBeGreaterThan(1);
    expect(lines.filter((line) => !line.startsWith('l1-baseline: compiling'))).toEqual([
      'l2-baseline: Ready to run experiments!',
    ]);
  });

  test('input that is not an event is ignored', async () => {
    const { stderr } = await show(`
      const socket = connect(process.env[PROGRESS_VARIABLE]);
      socket.write('hello\\n{"task":1}\\n');
      await turns();
      socket.destroy();
      said('booting L0');
      ${END}`);
    expect(stderr).toBe('l1-baseline: booting L0\n');
  });

  test('standard output only has what others print', async () => {
    const { stdout } = await show(`said('booting L0'); await turns(); console.log('passed'); ${END}`);
    expect(stdout).toBe('passed\n');
  });
});

describe.concurrent('in a terminal', () => {
  const ERASE = '\r\u001B[K';

  test('one line is updated, and removed at the end', async () => {
    const { stdout } = await show(
      `said('booting L0'); await sleep(700); said('booting L1'); await sleep(700); ${END}`,
      {
        terminal: true,
      },
    );
    expect(stdout).toMatch(/^l1-baseline: booting L0/);
    expect(stdout).toContain(`${ERASE}l1-baseline: booting L1`);
    expect(stdout.endsWith(ERASE)).toBe(true);
    expect(stdout).not.toContain('\n');
  });

  test('what others print gets its own line, and the progress line moves below it', async () => {
    const { stdout } = await show(
      `said('booting L0'); await sleep(700); console.log('passed'); await sleep(700); ${END}`,
      {
        terminal: true,
      },
    );
    expect(stdout).toMatch(new RegExp(`booting L0${RegExp.escape(ERASE)}passed\r\nl1-baseline: booting L0`));
  });

  test('a line longer than the terminal is truncated to one line', async () => {
    const { stdout } = await show(
      `process.stderr.columns = 20; said('x'.repeat(500)); await sleep(700); ${END}`,
      { terminal: true },
    );
    expect(stdout).toMatch(/^l1-baseline: x{6}\r/);
  });

  test('a terminal of unknown size counts as 80 columns wide', async () => {
    const { stdout } = await show(
      `process.stderr.columns = 0; said('x'.repeat(500)); await sleep(700); ${END}`,
      {
        terminal: true,
      },
    );
    expect(stdout).toMatch(/^l1-baseline: x{66}\r/);
  });

  test('concurrent tasks share the line', async () => {
    const { stdout } = await show(
      `process.stderr.columns = 200; said('compiling'); reportProgress({ task: 'image', text: 'packing', state: 'running' }); await sleep(700); ${END}`,
      { terminal: true },
    );
    expect(stdout).toContain('l1-baseline: compiling   image: packing');
  });

  test('after the run, standard output is restored', async () => {
    const { stdout } = await show(
      `const own = Object.hasOwn(process.stdout, 'write'); ${END} console.log(String(own), String(Object.hasOwn(process.stdout, 'write')));`,
      { terminal: true },
    );
    expect(stdout).toBe('true false\r\n');
  });
});

test.concurrent('it listens during a run, and leaves nothing behind', async () => {
  const { stdout, left } = await show(`
    console.log((await import('node:fs')).existsSync(process.env[PROGRESS_VARIABLE]));
    ${END}
    console.log((await import('node:fs')).existsSync(process.env[PROGRESS_VARIABLE]));`);
  expect(stdout).toBe('true\nfalse\n');
  expect(left).toEqual([]);
});

test.concurrent('a process that exits before the end of the run leaves nothing behind either', async () => {
  const { left } = await show(`said('booting L0'); await turns(); process.exit(0);`);
  expect(left).toEqual([]);
});

test.concurrent('it does not keep the process running', async () => {
  expect((await show(`said('booting L0'); await turns();`)).left).toEqual([]);
});

test.concurrent('a second start within a run keeps the socket that the workers use', async () => {
  const { stdout } = await show(`
    const before = process.env[PROGRESS_VARIABLE];
    reporter.onTestRunStart();
    console.log(before === process.env[PROGRESS_VARIABLE]);
    ${END}`);
  expect(stdout).toBe('true\n');
});
