/**
 * The path that most users' machines take: a host with svm, nesting and /dev/kvm, on which the server is a virtual
 * machine. L1 and L2 boot cold, are restored, and are measured; a microbenchmark counts cycles.
 */
import path from 'node:path';
import { expect, test } from 'vitest';
import { EXITS } from '../../../fixtures/kvm-counters.ts';
import { journalRecord, type JournalRecord } from '../../../fixtures/records.ts';
import { temporaryDirectory } from '../../../setup/lib/temporary.testing.ts';
import { onSvmHost } from './svm-host.testing.ts';

/** It took 16 minutes on two busy cores: every level is one deeper in emulation than it is here. */
const SECONDS = 1700;

/** Into a file: the console is a terminal, which would get colours and progress. */
const RUN = `run() {
  experiment=$1; shift
  EXPERIMENT=$experiment PROFILE=smoke node node_modules/vitest/vitest.mjs run "$@" >/tmp/said 2>&1
  code=$?
  echo "== $experiment"; cat /tmp/said
  echo "exit code $code, $(cut -d ' ' -f 1 /proc/uptime) s after the start"
}`;
const CELLS = "suites/l1 suites/l2 --project l1-baseline --project l2-baseline -t '^netperf-rr$'";

const COMMANDS = `${RUN}
node scripts/doctor.ts | cat
run cold ${CELLS}
run warm ${CELLS}
run micro suites/micro --project l1-baseline -t '^cpuid$'
cat results/cold/journal.ndjson results/warm/journal.ndjson results/micro/journal.ndjson`;

test(
  'a host with SVM measures on its hardware, cold and warm',
  { timeout: SECONDS * 1000 + 600_000 },
  async () => {
    const log = path.join(temporaryDirectory(), 'console');
    const { signal } = new AbortController();
    const output = await onSvmHost(COMMANDS, { seconds: SECONDS, signal, log });
    // Without the journals, except for what was lost.
    console.log(output.replaceAll(/^\{"type":"(?!failure").*\n/gm, ''));
    expect(output).toMatch(/virtualization +ok +kvm: .*the CPU has svm, and kvm_amd has nested=1/);
    expect(output.match(/^exit code \d+/gm)).toEqual(['exit code 0', 'exit code 0', 'exit code 0']);

    const records = [...output.matchAll(/^\{.*$/gm)].map(([line]) => journalRecord.parse(JSON.parse(line)));
    const experiments = of(records, 'experiment');
    expect(experiments.map(({ testbed }) => testbed.accelerator)).toEqual(['kvm', 'kvm', 'kvm']);
    const boots = of(records, 'boot');
    expect(boots.map(({ cell, levels }) => [cell, ...levels.map(({ hypervisor }) => hypervisor)])).toEqual([
      ['l1-baseline', 'KVM', 'KVM'],
      ['l2-baseline', 'KVM', 'KVM', 'KVM'],
      ['l1-baseline', 'KVM', 'KVM'],
      ['l2-baseline', 'KVM', 'KVM', 'KVM'],
      // Its guest is the program itself.
      ['l1-baseline', 'KVM'],
    ]);
    expect(boots.map(({ start }) => start?.kind)).toEqual(expectedStarts(records));
    // The server's KVM counts its guest's exits.
    const exits = of(records, 'sample').map(({ l0 }) => l0?.exits?.[EXITS] ?? 0);
    expect(Math.min(...exits.slice(0, 4))).toBeGreaterThan(0);
    const measured = of(records, 'sample').map(({ cell, benchmark, unit }) => `${cell} ${benchmark} ${unit}`);
    expect(new Set(measured)).toEqual(
      new Set([
        'l1-baseline netperf-rr transactions/s',
        'l2-baseline netperf-rr transactions/s',
        'l1-baseline cpuid cycles',
      ]),
    );
  },
);

/**
 * Measured as booted, and saved; then restored. The emulated hardware once brought L0 down while it
 * booted: then the cell boots again, and this boot's snapshot is not kept.
 */
function expectedStarts(records: readonly JournalRecord[]): string[] {
  const starts = ['cold', 'cold', 'warm', 'warm', 'cold'];
  const failures = of(records, 'failure');
  if (failures.length === 0) return starts;
  expect(failures.map(({ code }) => code)).toEqual(['NESTBENCH_GUEST_DIED']);
  const lost = records
    .filter(({ type }) => type === 'boot' || type === 'failure')
    .findIndex(({ type }) => type === 'failure');
  return starts.map((start, index) => {
    if (index === lost) return 'cold';
    return index === lost + 2 && start === 'warm' ? 'cold' : start;
  });
}

function of<T extends JournalRecord['type']>(
  records: readonly JournalRecord[],
  type: T,
): Extract<JournalRecord, { type: T }>[] {
  return records.filter((record): record is Extract<JournalRecord, { type: T }> => record.type === type);
}
