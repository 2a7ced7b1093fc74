import { expect, test } from 'vitest';
import { type ProofNeeds, proofFault, proofOf } from './dvh-proof.ts';

const application: ProofNeeds = {
  benchmark: { name: 'netperf-rr' },
  mechanisms: ['timer', 'ipi', 'posted', 'idle'],
  cpus: 2,
};

const before = {
  dvh_timer_writes: 100,
  dvh_timer_irqs: 50,
  dvh_injections: 200,
  dvh_eois: 200,
  dvh_ipis: 10,
  dvh_halts: 70,
  dvh_posted: 40,
  dvh_not_posted: 3,
  dvh_reflected: 12,
};

function after(changes: Partial<typeof before> = {}): typeof before {
  return {
    dvh_timer_writes: 300,
    dvh_timer_irqs: 150,
    dvh_injections: 900,
    dvh_eois: 900,
    dvh_ipis: 60,
    dvh_halts: 170,
    dvh_posted: 140,
    dvh_not_posted: 5,
    dvh_reflected: 12,
    ...changes,
  };
}

test('counters that all grew are a proof', () => {
  expect(proofFault(application, before, after())).toBeUndefined();
});

test('its record has by how much they grew, and HLTs for each second of the samples', () => {
  const { counters, haltsPerSecond } = proofOf(application, before, { ...after(), halt_exits: 9 }, 40);
  expect(counters).toEqual({
    dvh_timer_writes: 200,
    dvh_timer_irqs: 100,
    dvh_injections: 700,
    dvh_eois: 700,
    dvh_ipis: 50,
    dvh_halts: 100,
    dvh_posted: 100,
    dvh_not_posted: 2,
    dvh_reflected: 0,
  });
  expect(haltsPerSecond).toBe(2.5);
});

test('without virtual idle or samples its record has no rate of HLTs', () => {
  expect(proofOf({ mechanisms: ['timer'] }, before, after(), 40)).not.toHaveProperty('haltsPerSecond');
  expect(proofOf(application, before, after(), 0)).not.toHaveProperty('haltsPerSecond');
});

test.each([
  'dvh_timer_writes',
  'dvh_timer_irqs',
  'dvh_injections',
  'dvh_eois',
  'dvh_ipis',
  'dvh_halts',
  'dvh_posted',
] as const)('without %s there is none, and it says so with both readings', (name) => {
  expect(proofFault(application, before, after({ [name]: before[name] }))).toContain(
    `during the run of netperf-rr: its KVM counted ${name} ${before[name]} before and ${before[name]} after.`,
  );
});

test('a kernel without the counters proves nothing', () => {
  expect(proofFault(application, {}, {})).toContain('dvh_timer_writes missing before and missing after');
});

test('a single CPU sends no IPIs to others', () => {
  expect(proofFault({ ...application, cpus: 1 }, before, after({ dvh_ipis: 10 }))).toBeUndefined();
});

test('what is off need not be counted', () => {
  const timer: ProofNeeds = { ...application, mechanisms: ['timer'] };
  expect(proofFault(timer, before, after({ dvh_ipis: 10, dvh_halts: 70, dvh_posted: 40 }))).toBeUndefined();
});

function micro(mechanisms: ProofNeeds['mechanisms']): ProofNeeds {
  return {
    benchmark: { name: 'program-timer', handledByL0: ['dvh_timer_writes'] },
    mechanisms,
    cpus: 1,
  };
}

test('a benchmark that names what it moves needs no more, and only of what is on', () => {
  expect(proofFault(micro(['timer', 'ipi']), before, { ...before, dvh_timer_writes: 101 })).toBeUndefined();
  expect(proofFault(micro(['timer', 'ipi']), before, before)).toContain(
    'dvh_timer_writes 100 before and 100',
  );
  expect(proofFault(micro(['ipi']), before, before)).toBeUndefined();
  const cpuid: ProofNeeds = { ...application, benchmark: { name: 'cpuid', handledByL0: [] } };
  expect(proofFault(cpuid, before, { ...before, dvh_reflected: 13 })).toBeUndefined();
});

test('most interrupts of the device must be posted, if HLT passes to L0', () => {
  const half = after({ dvh_not_posted: 3 + 101 });
  expect(proofFault(application, before, half)).toContain(
    'dvh_not_posted 3 before and 104 after, dvh_posted 40 before and 140 after.',
  );
  const trapped: ProofNeeds = { ...application, mechanisms: ['timer', 'ipi', 'posted'] };
  expect(proofFault(trapped, before, half)).toBeUndefined();
});

test('the level above may handle one access of a hundred, and a kernel need not count those', () => {
  // 200 + 50 + 700 were handled.
  expect(proofFault(application, before, after({ dvh_reflected: 12 + 9 }))).toBeUndefined();
  expect(proofFault(application, before, after({ dvh_reflected: 12 + 10 }))).toMatch(
    /^The level above .* netperf-rr .* dvh_reflected 12 before and 22 after, against 950 accesses that it handled\./,
  );
  const { dvh_reflected: _, ...older } = before;
  expect(proofFault(application, older, after())).toBeUndefined();
});
