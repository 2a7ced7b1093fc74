import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { temporaryDirectory } from '../../../lib/temporary.testing.ts';
import { describeStarts } from './foreseen-starts.ts';
import { snapshotName } from './identity.ts';
import { snapshotsDirectory } from './snapshot-store.ts';

const stacks = ['l1-baseline', 'l2-baseline', 'l3-baseline'].map((cell) => ({
  cell,
  identity: { plan: cell },
}));

beforeEach(() => vi.stubEnv('XDG_CACHE_HOME', temporaryDirectory()));

function save(...cells: string[]): void {
  for (const { cell, identity } of stacks.filter((one) => cells.includes(one.cell))) {
    mkdirSync(path.join(snapshotsDirectory(), snapshotName(cell, identity)), { recursive: true });
  }
}

test('the first run boots every stack', () => {
  expect(describeStarts(stacks, 'warm')).toBe(
    'All 3 stacks boot, one after another: l1-baseline, l2-baseline, l3-baseline. Each is saved, and the next run restores it within seconds.',
  );
});

test('a snapshot of the same identity is restored', () => {
  save('l1-baseline', 'l3-baseline');
  expect(describeStarts(stacks, 'warm')).toBe(
    '2 stacks will be restored and 1 booted, one after another: l2-baseline. Each is saved, and the next run restores it within seconds.',
  );
});

test('a cold run boots what has a snapshot', () => {
  save('l1-baseline', 'l2-baseline', 'l3-baseline');
  expect(describeStarts(stacks, 'warm')).toBeUndefined();
  expect(describeStarts(stacks, 'cold')).toBe(
    'All 3 stacks boot, one after another, because of BOOT=cold: l1-baseline, l2-baseline, l3-baseline.',
  );
});

test('progress says it for a single stack', () => {
  expect(describeStarts(stacks.slice(0, 1), 'cold')).toBeUndefined();
});
