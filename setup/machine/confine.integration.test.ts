import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

/** Prints the CPUs that each thread of the process may use, and those of a program that it starts. */
const SCRIPT = `
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
const { confine } = await import(process.argv[1]);
const allowed = (text) => /^Cpus_allowed_list:\\s*(.*)$/m.exec(text)[1];
const [cpu] = allowed(readFileSync('/proc/self/status', 'utf8')).split(/[-,]/);
await confine([Number(cpu)], AbortSignal.timeout(20_000));
const threads = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/status', 'utf8'));
const child = execFileSync('cat', ['/proc/self/status'], { encoding: 'utf8' });
console.log(JSON.stringify({ cpu, all: [...threads, child].map(allowed) }));
`;

test('all threads of a process, and what it starts, run on these CPUs', async () => {
  const { stdout } = await execa(process.execPath, [
    '--input-type=module',
    '--eval',
    SCRIPT,
    path.join(import.meta.dirname, 'confine.ts'),
  ]);
  const { cpu, all }: { cpu: string; all: string[] } = JSON.parse(stdout);
  expect(all.length).toBeGreaterThan(2);
  expect(new Set(all)).toEqual(new Set([cpu]));
});

test('a CPU that the host does not have is refused', async () => {
  const script = `const { confine } = await import(process.argv[1]); await confine([100000], AbortSignal.timeout(20_000));`;
  const file = path.join(import.meta.dirname, 'confine.ts');
  const { exitCode, stderr } = await execa(
    process.execPath,
    ['--input-type=module', '--eval', script, file],
    { reject: false },
  );
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('taskset');
});
