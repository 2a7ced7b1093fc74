/** How a script ends: its exit code and what it prints. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';

const RUN_SCRIPT = path.join(import.meta.dirname, 'run-script.ts');
const ERRORS = path.join(import.meta.dirname, '../../setup/lib/errors.ts');

/** Runs `body` as a script; the word `script` in `shell` starts it. */
function script(body: string, shell = 'script') {
  const directory = temporaryDirectory();
  const file = path.join(directory, 'script.ts');
  writeFileSync(
    file,
    `import { writeFileSync } from 'node:fs';
    import { BootError, InputError } from '${ERRORS}';
    import { runScript } from '${RUN_SCRIPT}';
    await runScript('npm run script', async () => { ${body} });\n`,
  );
  const command = `script() { "${process.execPath}" "${file}"; }; ${shell}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('ends with 2 and one sentence for', () => {
  test.each([
    [
      'wrong input',
      `throw new InputError('NESTBENCH_UNKNOWN_CELL', 'There is no cell.');`,
      'There is no cell.',
    ],
    ['a failure', `throw new BootError({ message: 'L1 did not boot.' });`, 'L1 did not boot.'],
    [
      'what the system refuses',
      `writeFileSync('/proc/nope', '');`,
      "The system refused: ENOENT: no such file or directory, open '/proc/nope'.",
    ],
  ])('%s', (_, body, sentence) => {
    expect(script(body)).toEqual({ status: 2, stdout: '', stderr: `${sentence}\n` });
  });
});

test.each([
  ['thrown', `throw new TypeError('x is undefined');`],
  ['thrown later', `setTimeout(() => { throw new TypeError('x is undefined'); });`],
  ['in a promise that nobody awaits', `void Promise.reject(new TypeError('x is undefined'));`],
])('a bug, %s, ends with 2, which is not a verdict, and prints its stack', (_, body) => {
  const { status, stderr } = script(body);
  expect(status).toBe(2);
  expect(stderr).toMatch(/TypeError: x is undefined\n +at .*script\.ts/);
});

test('a verdict keeps its exit code', () => {
  expect(script(`console.log('slower'); process.exitCode = 1;`)).toEqual({
    status: 1,
    stdout: 'slower\n',
    stderr: '',
  });
});

describe('output that nobody reads', () => {
  // Far more than a pipe holds, in many writes, with a verdict at the end.
  const PRINT = `for (let i = 0; i < 5000; i++) { console.log('x'.repeat(100)); await null; } process.exitCode = 0;`;

  test('ends with 2 and without a message', () => {
    const { status, stderr } = script(PRINT, 'script | true; exit ${PIPESTATUS[0]}');
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
  });

  test('ends with 2 if errors go to the same pipe', () => {
    expect(script(PRINT, 'script 2>&1 | true; exit ${PIPESTATUS[0]}').status).toBe(2);
  });

  test('and a full disk are distinguished', () => {
    const { status, stderr } = script(PRINT, 'script > /dev/full');
    expect(status).toBe(2);
    expect(stderr).toBe('The disk is full. Make room, then start again (ENOSPC, write).\n');
  });

  test('ends the machines of a script, once and in order', () => {
    const body = `
      const alive = setInterval(() => {}, 1000);
      process.on('exit', () => void (process.exitCode = 143));
      process.on('SIGTERM', () => {
        console.log('ending');
        console.log('the machines');
        writeFileSync(process.env.ENDED, 'in order\\n', { flag: 'a' });
        clearInterval(alive);
      });
      ${PRINT}`;
    const ended = path.join(temporaryDirectory(), 'ended');
    const shell = `export ENDED=${ended}; script | true; code=\${PIPESTATUS[0]}; cat ${ended}; exit $code`;
    expect(script(body, shell)).toEqual({ status: 2, stdout: 'in order\n', stderr: '' });
  });
});
