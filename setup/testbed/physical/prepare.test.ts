import { expect, test } from 'vitest';
import { STOCK_VARIANT } from '../../../fixtures/variant.ts';
import { parseTestbed } from './description.ts';
import { assertBuilt } from './prepare.ts';

function judge(software: string, variant = STOCK_VARIANT): () => void {
  const machines = 'client: { ssh: c, interface: e }\nserver: { ssh: s, interface: e }\n';
  const testbed = parseTestbed(`${machines}${software}\n`, 'testbed.yaml');
  return () => assertBuilt(testbed, variant);
}

const KERNEL = 'kernel: { url: /src/linux, ref: next }';
const QEMU = 'qemu: { url: /src/qemu, ref: master }';

test.each([
  'software: installed',
  `software: { l0: { ${KERNEL}, parameters: [quiet] }, l1: { ${KERNEL} }, l2: { ${KERNEL} }, client: { ${KERNEL} } }`,
  'builder: container',
  `software: { l0: { ${QEMU} }, l1: { ${QEMU} } }`,
])('%s can be measured', (software) => {
  expect(judge(software)).not.toThrow();
});

test.each([['software: paper', /asks for "software: paper", which is planned/]])(
  '%s is refused before anything is looked at',
  (software, said) => {
    expect(judge(software)).toThrow(said);
  },
);

test('a variant with an emulator of its own has nothing to emulate', () => {
  expect(judge('', { ...STOCK_VARIANT, name: 'mine', qemu: '/opt/qemu' })).toThrow(
    expect.objectContaining({ code: 'NESTBENCH_UNKNOWN_VARIANT' }),
  );
});
