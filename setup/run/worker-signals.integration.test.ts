import { once } from 'node:events';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { catchesSignal } from '../lib/proc.ts';
import { CANCEL_SIGNAL } from './cancellation.ts';

const module = (name: string): string => path.join(import.meta.dirname, name);

test('a worker ignores the signals of the terminal, and is cancelled by that of the main process', async () => {
  const script = `
    import { cancellation } from ${JSON.stringify(module('cancellation.ts'))};
    console.log('ready');
    cancellation().addEventListener('abort', () => {
      console.log(cancellation().reason.message);
      process.exit(7);
    });
    setInterval(() => {}, 1000);`;
  const worker = spawn(
    process.execPath,
    ['--import', module('worker-signals.ts'), '--input-type=module', '--eval', script],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  worker.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(worker.stdout, 'data');
  const { pid = 0 } = worker;
  expect(catchesSignal(pid, CANCEL_SIGNAL)).toBe(true);
  expect(catchesSignal(pid, 'SIGWINCH')).toBe(false);
  for (const signal of ['SIGINT', 'SIGHUP', CANCEL_SIGNAL] as const) worker.kill(signal);
  expect(await once(worker, 'close')).toEqual([7, null]);
  expect(output).toBe(
    'ready\nThe run was stopped (by a signal while it started). What was measured until then is in the journal.\n',
  );
});
