/** A small explanation of a hypercall at L2, for tests. */
import type { Explanation } from './explanation.ts';

export const EXPLAINED: Explanation = {
  format: 1,
  cell: 'l2-baseline',
  operation: 'hypercall',
  level: 2,
  reported: 1000,
  total: 1003,
  operations: 80,
  paths: [
    {
      level: 0,
      cause: 'VMRUN of L1',
      functions: ['vcpu_run', 'svm_vcpu_run', 'nested_svm_vmrun'],
      instructions: 600,
    },
    { level: 0, cause: 'VMMCALL of L2', functions: ['vcpu_run', 'nested_svm_vmexit'], instructions: 250 },
    { level: 0, cause: 'VMMCALL of L2', functions: ['vcpu_run'], instructions: 50 },
    { level: 1, cause: 'VMMCALL of L2', functions: ['vcpu_run'], instructions: 100 },
    { level: 2, cause: '', functions: ['guest program'], instructions: 3 },
  ],
  crossings: [
    { from: 2, to: 0, reason: 'VMMCALL', count: 1 },
    { from: 0, to: 1, reason: 'handle VMMCALL of L2', count: 1 },
    { from: 1, to: 0, reason: 'VMRUN', count: 1 },
    { from: 0, to: 2, reason: 'VMRUN of L1', count: 1 },
  ],
  sequence: [
    {
      level: 2,
      cause: '',
      instructions: 3,
      functions: [{ name: 'guest program', instructions: 3 }],
      next: { level: 0, reason: 'VMMCALL' },
    },
    {
      level: 0,
      cause: 'VMMCALL of L2',
      instructions: 300,
      functions: [
        { name: 'nested_svm_vmexit', instructions: 250 },
        { name: 'vcpu_run', instructions: 50 },
      ],
      next: { level: 1, reason: 'handle VMMCALL of L2' },
    },
    {
      level: 1,
      cause: 'VMMCALL of L2',
      instructions: 100,
      functions: [{ name: 'vcpu_run', instructions: 100 }],
      next: { level: 0, reason: 'VMRUN' },
    },
    {
      level: 0,
      cause: 'VMRUN of L1',
      instructions: 600,
      functions: [{ name: 'nested_svm_vmrun', instructions: 600 }],
      next: { level: 2, reason: 'VMRUN of L1' },
    },
  ],
  madeOf: { kernel: '6.12.95', variant: 'stock' },
  madeAt: '2026-11-29T09:00:00.000Z',
};

/** The same with a cheaper VMRUN, in another cell. */
export const CHEAPER: Explanation = {
  ...EXPLAINED,
  cell: 'l2-dvh',
  reported: 800,
  total: 803,
  paths: EXPLAINED.paths.map(({ level, cause, functions, instructions }) => ({
    level,
    cause,
    functions,
    instructions: cause === 'VMRUN of L1' ? 400 : instructions,
  })),
};
