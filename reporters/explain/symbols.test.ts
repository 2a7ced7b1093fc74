import { expect, test } from 'vitest';
import { parseKallsyms } from './symbols.ts';

const TEXT = `ffffffff81000000 T _text
ffffffff81000000 T startup_64
ffffffff81000100 t svm_vcpu_run
ffffffff81000180 t svm_vcpu_run.cold
ffffffff82000000 D a_variable
0000000000000000 A fixed_percpu_data
ffffffffc0000000 t nf_open	[nf_tables]
`;

const KERNEL = -0x7f00_0000;

test('finds the function of an address', () => {
  const symbols = parseKallsyms(TEXT);
  expect(symbols.find(KERNEL)?.name).toBe('_text');
  expect(symbols.find(KERNEL + 0x100)).toEqual({ name: 'svm_vcpu_run', start: KERNEL + 0x100 });
  expect(symbols.find(KERNEL + 0x17f)?.name).toBe('svm_vcpu_run');
});

test('an unlikely part belongs to its function', () => {
  expect(parseKallsyms(TEXT).find(KERNEL + 0x190)?.name).toBe('svm_vcpu_run');
});

test('below the first function there is none', () => {
  expect(parseKallsyms(TEXT).find(KERNEL - 1)).toBeUndefined();
});

test('hidden addresses are an error', () => {
  expect(() => parseKallsyms('0000000000000000 T _text\n')).toThrow('there are no addresses of functions');
});
