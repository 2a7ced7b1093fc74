/** What is specific to this host. What it shares with every machine is in machine.test.ts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hostMachine } from './host.ts';
import { isRunning, processStat } from '../lib/proc.ts';
import { processesWith, uniqueSleep } from '../lib/processes.testing.ts';
import { waitUntil } from '../lib/wait.ts';

const never = new AbortController().signal;
const generous = { signal: never, deadlineSeconds: 40 };

test('commands get their own process group, where no Ctrl-C reaches them', async () => {
  const script = 'read -r pid comm state parent group rest </proc/self/stat; echo "$group"';
  const group = Number(await hostMachine().check(['sh', '-c', script], generous));
  expect(group).not.toBe(processStat(process.pid)?.group);
});

test('commands do not outlive the process that ran them', async () => {
  const seconds = uniqueSleep();
  const script = `
    const { hostMachine } = await import(${JSON.stringify(path.join(import.meta.dirname, 'host.ts'))});
    const options = { signal: new AbortController().signal, deadlineSeconds: 60 };
    await hostMachine().start(['sh', '-c', 'sleep ${seconds} & wait'], options);
    setTimeout(() => process.exit(), 300);`;
  await once(spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }), 'exit');
  const gone = (): true | undefined => {
    return processesWith(seconds).some((pid) => isRunning(processStat(pid))) ? undefined : true;
  };
  await expect(
    waitUntil('their end', gone, { machine: 'host', deadlineSeconds: 10, intervalMs: 20, signal: never }),
  ).resolves.toBe(true);
});
