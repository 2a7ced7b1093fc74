import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { TestJournal } from '../reporters/model/journal.testing.ts';
import { temporaryDirectory } from '../setup/lib/temporary.testing.ts';

const SCRIPT = path.join(import.meta.dirname, 'history.ts');

/** Runs the command with its own history file and results. */
function person(): (...words: string[]) => { status: number | null; stdout: string; stderr: string } {
  const results = temporaryDirectory();
  return (...words) => {
    const env = { ...process.env, RESULTS: results, HISTORY: path.join(results, 'h.sqlite') };
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...words], {
      env,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
}

/** Adds a night in which the benchmark took that many seconds. */
function addNight(
  history: ReturnType<typeof person>,
  number: number,
  seconds: number,
  versions: Readonly<Record<string, string>> = {},
  accelerator: 'tcg' | 'kvm' = 'tcg',
  settings: Readonly<Record<string, string>> = {},
): string {
  using journal = new TestJournal();
  journal.record({
    type: 'experiment',
    experiment: `night-${number}`,
    testbed: { kind: 'emulated', accelerator, settings },
    profile: 'quick',
    runs: 1,
    host: { cpuModel: 'x', cpus: 2, memoryBytes: 1, kernel: '6.1' },
    versions,
    commit: null,
    modified: false,
  });
  journal.samples('l2-baseline', 'hackbench', [seconds]);
  return history('add', journal.directory).stdout;
}

test('a step is reported in the third night at the latest, with exit code 1, and only once', () => {
  const history = person();
  for (let number = 0; number < 8; number++) {
    expect(addNight(history, number, 1 + (number % 3) * 0.005)).toContain(`night-${number}: 1 result added`);
  }
  expect(history('check')).toMatchObject({ status: 0, stdout: 'No new changes.\n' });
  for (let number = 8; number < 11; number++) addNight(history, number, 1.3 + (number % 3) * 0.005);
  const checked = history('check', '--markdown');
  expect(checked.status).toBe(1);
  expect(checked.stdout).toMatch(
    /1 change for the worse.*l2-baseline \| hackbench \| \+\d\d\.\d %.*night-7 \| night-8/s,
  );
  expect(history('check')).toMatchObject({ status: 0 });
  const again = history('check', '--again', '--json');
  expect(again.status).toBe(1);
  expect(JSON.parse(again.stdout)).toMatchObject({
    version: 1,
    changes: [
      {
        cell: 'l2-baseline',
        kind: { testbed: 'emulated' },
        isWorse: true,
        firstAfter: { experiment: 'night-8' },
      },
    ],
  });
  expect(history('show', 'l2-baseline').stdout).toMatch(/hackbench +11 /);
}, 60_000);

test('a night with another toolchain than the one before says so when it is added', () => {
  const history = person();
  const versions = { toolchain: 'trixie 0', 'kernel compiler': 'gcc-14 14.2.0-19', sysbench: '1.0' };
  expect(addNight(history, 0, 1)).not.toContain('toolchain');
  expect(addNight(history, 1, 1, versions)).not.toContain('toolchain');
  expect(addNight(history, 2, 1, { ...versions, nestbench: '2' })).not.toContain('toolchain');
  expect(addNight(history, 3, 1, { ...versions, sysbench: '1.1' })).toContain(
    'night-3 has another toolchain than night-2, the one before it: sysbench 1.0 -> 1.1.\n',
  );
});

test('the first night with a known toolchain says which kernel came with it', () => {
  const history = person();
  addNight(history, 0, 1, { kernel: '6.1.192-nestbench' });
  expect(addNight(history, 1, 1, { kernel: '6.12.118-nestbench', toolchain: 'trixie 0' })).toContain(
    'night-1 has another toolchain than night-0, the one before it: kernel 6.1.192-nestbench -> 6.12.118-nestbench.\n',
  );
});

test('a night on another accelerator than the one before is a series of its own, and says so', () => {
  const history = person();
  addNight(history, 0, 9);
  const said =
    'NOT COMPARED: the server of night-1 ran on kvm, that of night-0, the one before it, on tcg. Each accelerator has its own series. To stay in one, set ACCELERATOR=tcg.\n';
  expect(addNight(history, 1, 1, {}, 'kvm')).toContain(said);
  expect(history('check').stdout).toBe(`No new changes.\n\n${said}`);
  expect(history('show').stdout).toMatch(/QEMU TCG.*hackbench +1 .*QEMU KVM.*hackbench +1 /s);
  expect(addNight(history, 2, 1, {}, 'kvm')).not.toContain('NOT COMPARED');
  expect(history('check').stdout).toBe('No new changes.\n');
});

test('so does a night in which cells ran side by side', () => {
  const history = person();
  addNight(history, 0, 9);
  const said =
    'NOT COMPARED: 2 cells of night-1 ran at a time, and 1 of night-0, the one before it. Each number has its own series. To stay in one, set PARALLEL=1.\n';
  const beside = { 'side by side': '2' };
  expect(addNight(history, 1, 1, {}, 'tcg', beside)).toContain(said);
  expect(history('check').stdout).toBe(`No new changes.\n\n${said}`);
  expect(history('show').stdout).toMatch(/hackbench +1 .*hackbench +side by side 2 +1 /s);
  expect(addNight(history, 2, 1, {}, 'tcg', beside)).not.toContain('NOT COMPARED');
});

test('wrong input ends with 2 and one sentence', () => {
  const history = person();
  for (const [words, why] of [
    [[], 'Name a command. Usage: npm run history'],
    [['forget'], 'There is no command "forget".'],
    [['add'], 'Name an experiment to add.'],
    [['add', 'nosuch'], 'There is no experiment "nosuch"'],
    [['check', '--window', '3'], '--window is "3": it must be a number from 6'],
    [['check', '--minimum-effect', '5'], '--minimum-effect is "5"'],
    [['show'], 'h.sqlite. Create it: npm run history -- add latest'],
    [['check'], 'h.sqlite. Create it: npm run history -- add latest'],
  ] as const) {
    const { status, stderr } = history(...words);
    expect(status).toBe(2);
    expect(stderr.trim()).toContain(why);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }
});
