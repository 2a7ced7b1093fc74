/** The main job at its smallest: boots and measures L1 baseline, and checks everything it leaves. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import type { LevelFacts } from '../../fixtures/records.ts';
import { type Ended, leftovers, Run } from './run.testing.ts';
import { test } from './testbed.testing.ts';

/** Shared by all tests, which only read. */
let run: Run;
let ended: Ended;

test.beforeAll(async ({ place, testbed }) => {
  if (!testbed.heldBySelf) return;
  run = new Run(place, ['run', 'suites/l1', '--project', 'l1-baseline'], { experiment: 'first' });
  await run.says('Ready to run experiments!');
  // Other work for the host, during the first samples and not the last.
  const others = cpus().map(() => spawn(process.execPath, ['--eval', 'for (;;);']));
  try {
    await run.says('netperf-maerts: iteration 1 of 1');
  } finally {
    for (const other of others) other.kill('SIGKILL');
  }
  ended = await run.end();
});
afterAll(() => run?.[Symbol.asyncDispose]());

function file(...names: string[]): string {
  return readFileSync(path.join(run.directory, ...names), 'utf8');
}

test('the run succeeds', () => {
  expect({ ...ended, output: run.output }).toMatchObject({ exitCode: 0 });
});

test('the number of each benchmark is printed once, before the next one ends', () => {
  const lines = run.output.split('\n').filter((line) => line.startsWith(' ✓ l1-baseline: '));
  expect(lines).toHaveLength(BENCHMARKS.length);
  for (const [index, { name, unit }] of BENCHMARKS.entries()) {
    expect(lines[index]).toMatch(new RegExp(`: ${name} [\\d.]+ ${RegExp.escape(unit)}\\S?, 1 sample$`));
  }
  expect(run.output).not.toMatch(/✓ hackbench/);
  expect(run.output.indexOf(lines[0] ?? '')).toBeLessThan(
    run.output.indexOf('netperf-maerts: iteration 1 of 1'),
  );
});

test('nothing of it is left running, nor a socket or a key', ({ place }) => {
  expect(leftovers(place)).toEqual([]);
});

describe('the journal', () => {
  test('begins with one record of the experiment', () => {
    expect(run.records[0]).toMatchObject({
      type: 'experiment',
      experiment: 'first',
      profile: 'smoke',
      runs: 1,
      testbed: { kind: 'emulated' },
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    expect(run.recordsOf('experiment')).toHaveLength(1);
  });

  describe('records the boot', () => {
    let l0: LevelFacts;
    let l1: LevelFacts;
    let client: LevelFacts;
    beforeAll(() => {
      const [boot] = run.recordsOf('boot');
      const [first, second] = boot?.levels ?? [];
      if (first === undefined || second === undefined || !boot?.client)
        throw new Error('no boot of two levels');
      [l0, l1, client] = [first, second, boot.client];
    });

    test('that there was one, of two levels and a client', () => {
      expect(run.recordsOf('boot')).toEqual([
        expect.objectContaining({ cell: 'l1-baseline', levels: [l0, l1], client }),
      ]);
      expect([l0.level, l1.level]).toEqual([0, 1]);
    });

    test('that KVM runs L1, and L1 knows it', () => {
      expect(l1).toMatchObject({
        qemu: { accelerator: 'kvm' },
        hypervisor: 'KVM',
        clockSource: 'kvm-clock',
      });
    });

    test('that KVM is there in L0, without nesting, as nothing nests in L1', () => {
      expect(l0.kvm.available).toBe(true);
      expect(l0.kvm.nested).toMatch(/^[0N]$/);
    });

    test('that one kernel runs everywhere, the one that the experiment names', () => {
      const [experiment] = run.recordsOf('experiment');
      const releases = [l0, l1, client].map(({ kernelRelease }) => kernelRelease);
      expect(new Set(releases)).toEqual(new Set([experiment?.versions['kernel']]));
    });

    test("that a virtio NIC owns each machine's address", () => {
      expect([l0, l1, client].map(({ nic }) => nic.driver)).toEqual(Array(3).fill('virtio_net'));
    });

    test("that L1's vCPUs are pinned to the last CPUs of L0", () => {
      expect(l1.pinned).toHaveLength(l1.cpus);
      expect(l1.pinned.at(-1)).toMatchObject({ vcpu: l1.cpus - 1, cpu: l0.cpus - 1 });
      expect(l1.pinned.every(({ thread }) => thread > 0)).toBe(true);
    });

    test('which QEMU runs each, inside a Debian of its own', () => {
      const [experiment] = run.recordsOf('experiment');
      expect(l0.qemu?.version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(client.qemu?.version).toBe(l0.qemu?.version);
      expect(experiment?.versions['qemu-system-x86']).toContain(l1.qemu?.version);
    });

    test('that no machine swaps', () => {
      expect([l0, l1, client].map(({ swapBytes }) => swapBytes)).toEqual([0, 0, 0]);
    });
  });

  test.for(BENCHMARKS)(
    'has one sample of $name, and what was run for it',
    ({ name, unit, better, sizes }) => {
      const [series, ...others] = run.recordsOf('series').filter(({ benchmark }) => benchmark === name);
      expect(series).toMatchObject({ cell: 'l1-baseline', run: 1, unit, better, sizes: sizes.smoke });
      expect(others).toEqual([]);
      const samples = run.recordsOf('sample').filter(({ benchmark }) => benchmark === name);
      expect(samples).toEqual([
        expect.objectContaining({ cell: 'l1-baseline', run: 1, iteration: 1, unit, better }),
      ]);
    },
  );

  test.for(BENCHMARKS)("keeps $name's own output, from which the sample can be parsed again", (benchmark) => {
    const { name } = benchmark;
    const sample = run.recordsOf('sample').find((record) => record.benchmark === name);
    const raw = file(sample?.output ?? '');
    const stdout = /^--- stdout\n(.*)\n--- stderr$/ms.exec(raw)?.[1] ?? '';
    const { value, work } = sample ?? {};
    expect(benchmark.parse(stdout, benchmark.sizes.smoke)).toEqual({ ok: true, value, work });
  });

  test.for(BENCHMARKS)("records who used the host's CPUs during the sample of $name", ({ name }) => {
    const { host } = run.recordsOf('sample').find(({ benchmark }) => benchmark === name) ?? {};
    expect(host?.cpus).toBe(cpus().length);
    expect(host?.othersSeconds).toBeGreaterThanOrEqual(0);
    // QEMU ran, for part of the time.
    expect(host?.qemuSeconds).toBeGreaterThan(0);
    expect(host?.qemuWaitSeconds).toBeGreaterThanOrEqual(0);
  });

  test('has no failure', () => {
    expect(run.recordsOf('failure')).toEqual([]);
  });
});

describe('the files', () => {
  test.for(BENCHMARKS)("$name.csv has the benchmark's one value", ({ name }) => {
    const sample = run.recordsOf('sample').find(({ benchmark }) => benchmark === name);
    expect(file('l1-baseline', `${name}.csv`)).toBe(`${sample?.value}\n`);
  });

  test.for(['summary.csv', 'table-4.csv'])('%s has every value', (name) => {
    const text = file(name);
    for (const { benchmark, value } of run.recordsOf('sample')) {
      const rows = text.split('\n').filter((row) => row.includes(benchmark) && row.includes('L1,baseline'));
      expect(rows.some((row) => row.split(',').includes(String(value)))).toBe(true);
    }
  });

  test('figure-5.csv says why it has no overhead of L1', () => {
    expect(file('figure-5.csv')).toContain('netperf-rr,L1,baseline,,,,,,,,l0-baseline: not run\n');
  });

  test('figure-6.csv has a line for every benchmark and cell of L3, none of them measured', () => {
    const [, ...rows] = file('figure-6.csv').trim().split('\n');
    expect(rows).toHaveLength(BENCHMARKS.length * 4);
    expect(rows.every((row) => /,,\w*,\w*,not run$/.test(row))).toBe(true);
  });

  test('keep the console of every machine', () => {
    const consoles = ['console-client.log', 'console-l0.log', 'console-l1.log'];
    expect(readdirSync(path.join(run.directory, 'l1-baseline'))).toEqual(expect.arrayContaining(consoles));
    expect(file('l1-baseline', 'console-l1.log')).toContain('nestbench: l1 up');
  });

  test('latest is this experiment', ({ place }) => {
    expect(readlinkSync(path.join(place.results, 'latest'))).toBe('first');
    expect(existsSync(path.join(place.results, 'latest/journal.ndjson'))).toBe(true);
  });
});

describe('the user', () => {
  test('sees every value in a table on standard output, rounded', () => {
    const benchmarks = /^ {2,}(hackbench .*)$/m.exec(run.stdout)?.[1]?.split(/ +/) ?? [];
    const shown = /^l1-baseline +(\d.*)$/m.exec(run.stdout)?.[1]?.split(/ +/) ?? [];
    expect(benchmarks).toEqual(run.recordsOf('sample').map(({ benchmark }) => benchmark));
    for (const { benchmark, value } of run.recordsOf('sample')) {
      // May be followed by the mark of a sample next to other work.
      expect(Number.parseFloat(shown[benchmarks.indexOf(benchmark)] ?? '') / value).toBeCloseTo(1, 2);
    }
  });

  test('learns which samples were taken while other work had the CPUs of the host', () => {
    // Wherever its lines break.
    expect(run.stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /\d of 7 samples were taken while other work had the host's CPUs: see Fairness/,
    );
    expect(run.stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /OVER THE LIMIT of \d+ % in \d+ of 7 \([^)]*l1-baseline hackbench/,
    );
    expect(run.stdout).toMatch(/^l1-baseline +[\d.]+\^/m);
    expect(file('tables.txt')).toContain("others' share of the host's CPUs during a sample: at most");
  });

  test('learns which level boots, that the stack is ready, and what is measured', () => {
    for (const words of ['booting L1', 'Ready to run experiments!', 'netperf-maerts: iteration 1 of 1'])
      expect(run.output).toContain(words);
  });

  test('gets the same numbers again from npm run results', async ({ start }) => {
    const results = start(['run', '--silent', 'results', '--', run.directory], { program: 'npm' });
    expect(await results.end()).toMatchObject({ exitCode: 0 });
    for (const { benchmark, value } of run.recordsOf('sample'))
      expect(results.stdout).toContain(`----------${benchmark}----------\n${value}\n`);
  });
});
