/** The bench with checkouts whose Vitest only writes a journal. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { isRunning, processStat } from '../setup/lib/proc.ts';
import { temporaryDirectory } from '../setup/lib/temporary.testing.ts';

const SCRIPT = path.join(import.meta.dirname, 'bench-against.ts');

/** @param program shell commands in the place of Vitest. */
function checkout(program: string): string {
  const place = temporaryDirectory();
  mkdirSync(path.join(place, 'node_modules/.bin'), { recursive: true });
  writeFileSync(path.join(place, 'package.json'), '{}');
  writeFileSync(path.join(place, 'vitest.config.ts'), '');
  writeFileSync(path.join(place, 'node_modules/.bin/vitest'), `#!/bin/sh -e\n${program}\n`, { mode: 0o755 });
  return place;
}

/** A run whose first sample begins that many seconds after its start. */
function measuring(seconds: number): string {
  return `
mkdir -p "$RESULTS/$EXPERIMENT"
[ "$*" = "run suites/l2 -- --cold" ]
date -u -d "+${seconds} seconds" '+{"type":"sample","started":"%FT%T.%3NZ"}' >"$RESULTS/$EXPERIMENT/journal.ndjson"`;
}

function start(base: string, head: string, temporary: string) {
  const argv = [SCRIPT, base, '--rounds', '2', '--', 'suites/l2', '--', '--cold'];
  return execa(process.execPath, argv, { cwd: head, reject: false, env: { TMPDIR: temporary } });
}

test('both run in turn, and the first run of each is not counted', async () => {
  const temporary = temporaryDirectory();
  const { stdout, exitCode } = await start(
    checkout(measuring(200_000)),
    checkout(measuring(100_000)),
    temporary,
  );
  expect(exitCode).toBe(0);
  const sides = stdout.matchAll(/^(Not counted|Round \d of 2), (base|head)/gm);
  expect([...sides].map(([, round, side]) => `${round} ${side}`)).toEqual([
    'Not counted head',
    'Not counted base',
    'Round 1 of 2 base',
    'Round 1 of 2 head',
    'Round 2 of 2 head',
    'Round 2 of 2 base',
  ]);
  expect(stdout).toMatch(/^vitest run suites\/l2 -- --cold\n2 rounds, in turn; medians/m);
  // Of such times, starting the processes is no part that shows.
  expect(stdout).toMatch(/^first sample +2000\d\d\.\d s .* 1000\d\d\.\d s .* -50\.0 %$/m);
  expect(readdirSync(temporary)).toEqual([]);
});

test('a run that fails or measures nothing ends the bench with its output', async () => {
  const broken = checkout('echo its disk is full; exit 1');
  const temporary = temporaryDirectory();
  const { stderr, exitCode } = await start(checkout(measuring(100)), broken, temporary);
  expect(stderr).toMatch(/in \S+ measured nothing \(exit code 1\):\n(.*\n)*its disk is full/);
  expect(exitCode).toBe(2);
  expect(readdirSync(temporary)).toEqual([]);
});

test.for(['SIGTERM', 'SIGKILL'] as const)('%s of the bench ends the run', async (signal) => {
  const temporary = temporaryDirectory();
  const pidFile = path.join(temporary, 'pid');
  const slow = checkout(`echo $$ >${pidFile}; exec sleep 1000`);
  const bench = start(slow, slow, temporary);
  const pid = await vi.waitUntil(() => existsSync(pidFile) && Number(readFileSync(pidFile, 'utf8')), {
    timeout: 30_000,
  });
  bench.kill(signal);
  await bench;
  await vi.waitFor(() => expect(isRunning(processStat(pid))).toBe(false), { timeout: 30_000 });
});
