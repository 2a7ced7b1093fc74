import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { loadTestbed, testbedKind } from './testbeds.ts';

test.each([
  ['emulated', 'emulated'],
  ['lab.yaml', 'physical'],
  // No property that every object has is a testbed.
  ['constructor', 'physical'],
])('TESTBED=%s is a testbed of the kind %s', (name, kind) => {
  expect(testbedKind(name)).toBe(kind);
});

test.each(['emulated', 'physical'] as const)('the %s one has all functions of a testbed', async (kind) => {
  expect(await loadTestbed(kind)).toEqual({
    runsOnHardware: expect.any(Function),
    lanes: expect.any(Function),
    prepare: expect.any(Function),
    whyNot: expect.any(Function),
    plan: expect.any(Function),
    inLane: expect.any(Function),
    start: expect.any(Function),
    build: expect.any(Function),
    describe: expect.any(Function),
    describeRun: expect.any(Function),
    doctor: expect.any(Function),
  });
});

/** Whoever loads a testbed waits for all of this. */
test.each([
  ['emulated', 'physical'],
  ['physical', 'emulated'],
] as const)(
  'loading the %s one loads nothing of the %s one, and nothing that builds',
  async (kind, other) => {
    const folder = import.meta.dirname;
    const script = `
    import { registerHooks } from 'node:module';
    const urls = [];
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
    const { loadTestbed } = await import(${JSON.stringify(path.join(folder, 'testbeds.ts'))});
    await loadTestbed(${JSON.stringify(kind)});
    console.log(urls.join('\\n'));`;
    const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', script]);
    const loaded = stdout.split('\n').map((url) => path.relative(folder, new URL(url).pathname));
    expect(loaded).toContain(`${kind}/${kind}-testbed.ts`);
    expect(loaded.filter((file) => file.startsWith(`${other}/`) || file.startsWith('../build/'))).toEqual([]);
  },
);
