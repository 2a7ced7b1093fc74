/** Machines that die under a benchmark, and the user's own benchmarks, one of which kills its machine. */
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import { type Ended, leftovers, REPOSITORY, Run } from './run.testing.ts';
import { test } from './testbed.testing.ts';

describe('a server that dies twice while its benchmark runs', () => {
  let run: Run;
  let ended: Ended;
  test.beforeAll(async ({ place, testbed }) => {
    if (!testbed.heldBySelf) return;
    const cells = ['--project', 'l0-baseline', '--project', 'l1-baseline'];
    run = new Run(place, ['run', 'suites', ...cells, '-t', 'hackbench|netperf-rr|netperf-stream']);
    for (const boots of [1, 2]) {
      await run.notes('series', ({ benchmark, boot }) => {
        const booted = run.recordsOf('boot');
        return benchmark === 'netperf-rr' && booted.length === boots && boot === booted.at(-1)?.id;
      });
      const server = run.machines.get('l0');
      if (server === undefined) throw new Error('no server runs');
      process.kill(server.pid, 'SIGKILL');
    }
    ended = await run.end();
  });
  afterAll(() => run?.[Symbol.asyncDispose]());

  test('fails the run', () => {
    expect(ended).toMatchObject({ exitCode: 1 });
  });

  test('is two failures of the cell, each of which names the level and has the end of its console', () => {
    const boots = run.recordsOf('boot').filter(({ cell }) => cell === 'l0-baseline');
    expect(boots).toHaveLength(2);
    expect(run.recordsOf('failure')).toEqual(
      boots.map(({ id }) =>
        expect.objectContaining({
          cell: 'l0-baseline',
          benchmark: null,
          boot: id,
          kind: 'infrastructure',
          code: 'NESTBENCH_GUEST_DIED',
          machine: 'l0',
          tail: expect.stringContaining('nestbench: l0 up'),
        }),
      ),
    );
  });

  test('leaves the samples until then, and the next cell is measured', () => {
    expect(run.recordsOf('sample').map(({ cell, benchmark }) => `${cell} ${benchmark}`)).toEqual([
      'l0-baseline hackbench',
      ...['hackbench', 'netperf-rr', 'netperf-stream'].map((name) => `l1-baseline ${name}`),
    ]);
  });

  test('is reported below the table', () => {
    expect(run.stdout).toMatch(
      /NESTBENCH_GUEST_DIED \(infrastructure, on l0\): The QEMU that runs l0 on host was killed by SIGKILL/,
    );
  });

  test('leaves nothing running', ({ place }) => {
    expect(leftovers(place)).toEqual([]);
  });
});

describe("the user's own benchmarks, in the user's own checkout", () => {
  let run: Run;
  let ended: Ended;
  const checkout = mkdtempSync(path.join(tmpdir(), 'nb-checkout-'));
  test.beforeAll(async ({ place, testbed }) => {
    if (!testbed.heldBySelf) return;
    for (const part of [
      'fixtures',
      'setup',
      'suites',
      'reporters',
      'scripts',
      'vitest.config.ts',
      'package.json',
    ])
      cpSync(path.join(REPOSITORY, part), path.join(checkout, part), { recursive: true });
    symlinkSync(path.join(REPOSITORY, 'node_modules'), path.join(checkout, 'node_modules'));
    writeFileSync(path.join(checkout, 'suites/l0/own.test.ts'), OWN);
    run = new Run(place, ['run', 'suites/l0/own'], { root: checkout, experiment: 'own' });
    ended = await run.end();
  });
  afterAll(async () => {
    await run?.[Symbol.asyncDispose]();
    rmSync(checkout, { recursive: true, force: true });
  });

  test('are measured and named like any other', () => {
    expect(run.recordsOf('sample').map(({ benchmark, unit }) => [benchmark, unit])).toEqual([
      ['syscalls', 'MB/s'],
      ['unlucky', 'MB/s'],
      ['unlucky', 'MB/s'],
      ['hackbench', 's'],
    ]);
    expect(run.stdout).toMatch(/^ +hackbench +syscalls +broken +killed +unlucky$\n-+\n +s +MB\/s/m);
  });

  test('fail with what the tool said, and those after them are measured', () => {
    expect(run.recordsOf('failure')[0]).toMatchObject({
      cell: 'l0-baseline',
      benchmark: 'broken',
      iteration: 1,
      kind: 'benchmark',
      code: 'NESTBENCH_COMMAND_FAILED',
      machine: 'l0',
      tail: 'no such thing',
    });
  });

  test('whose workers were killed gave no sample, although they exited with 0 and printed a number', () => {
    expect(run.recordsOf('failure')[1]).toMatchObject({
      cell: 'l0-baseline',
      benchmark: 'killed',
      iteration: 1,
      kind: 'benchmark',
      code: 'NESTBENCH_PROCESS_KILLED',
      machine: 'l0',
      // On a loaded host not all have started by then, and some die of the others' closed sockets.
      message: expect.stringMatching(/a signal killed .*\d+ x hackbench \(SIGKILL\).* on l0/),
    });
  });

  test('that fail before their machine is lost have failed, although the rest of them is measured', () => {
    expect(run.recordsOf('failure').slice(2, 4)).toMatchObject([
      { benchmark: 'unlucky', iteration: 1, kind: 'benchmark' },
      { benchmark: null, code: 'NESTBENCH_GUEST_PANICKED' },
    ]);
    const samples = run.recordsOf('sample').filter(({ benchmark }) => benchmark === 'unlucky');
    expect(samples.map(({ iteration }) => iteration)).toEqual([2, 3]);
    expect(run.output).toMatch(/^ +[×x✗] my own that fails before its machine is lost/m);
  });

  test("that make the kernel panic are the cell's failure, with the kernel's reason and console", () => {
    const panicked: unknown = expect.objectContaining({
      cell: 'l0-baseline',
      benchmark: null,
      kind: 'infrastructure',
      code: 'NESTBENCH_GUEST_PANICKED',
      machine: 'l0',
      message: expect.stringContaining(
        'The kernel of l0 panicked: Out of memory: compulsory panic_on_oom is enabled',
      ),
      tail: expect.stringContaining('Kernel panic - not syncing'),
    });
    // Once more on another boot.
    expect(run.recordsOf('failure').slice(4)).toEqual([panicked, panicked]);
  });

  test('that fail, fail the run', () => {
    expect(ended).toMatchObject({ exitCode: 1 });
  });

  test('leave nothing running', ({ place }) => {
    expect(leftovers(place)).toEqual([]);
  });
});

const OWN = `
import { test } from '../cell.ts';

const sizes = { iterations: 1 };
const own = (name, argv, parse) => ({
  name,
  unit: 'MB/s',
  better: 'higher',
  sizes: { paper: sizes, quick: sizes, smoke: sizes },
  command: () => ({ on: 'level', argv }),
  expectedSeconds: () => 1,
  parse,
});
const throughput = (output) => ({ ok: true, value: Number(/, ([0-9.]+) [kMG]B.s/.exec(output)?.[1]) });

test('my own system calls', ({ measure }) =>
  measure(own('syscalls', ['sh', '-c', 'dd if=/dev/zero of=/dev/null bs=1k count=20000 2>&1'], throughput)));
test('my own broken one', ({ measure }) =>
  measure(own('broken', ['sh', '-c', 'echo no such thing >&2; exit 3'], throughput)));
const slaughter = 'hackbench --process --groups 1 --loops 20000 & sleep 0.5; pkill -KILL -P $!; wait $!';
test('my own whose workers are killed', ({ measure }) =>
  measure(own('killed', ['sh', '-c', slaughter], (output) => ({ ok: true, value: Number(/^Time: (.*)$/m.exec(output)?.[1]) }))));
const three = { iterations: 3 };
const panic = 'sysctl -q vm.panic_on_oom=2; exec tail /dev/zero';
// Its first output has no number, its second run ends the kernel, and on the next boot it works.
let parsed = 0;
test('my own that fails before its machine is lost', ({ measure }) =>
  measure({
    ...own('unlucky', [], (output) => (parsed++ === 0 ? { ok: false, reason: 'unlucky' } : throughput(output))),
    sizes: { paper: three, quick: three, smoke: three },
    command: () => {
      const script = parsed === 0 ? 'touch /tmp/tried' : '[ ! -e /tmp/tried ] || { ' + panic + '; }; echo ", 5 MB/s"';
      return { on: 'level', argv: ['sh', '-c', script] };
    },
  }));
test('hackbench', ({ measure }) => measure('hackbench'));
test('my own that ends the kernel', ({ measure }) =>
  measure(own('panic', ['sh', '-c', panic], throughput)));
`;
