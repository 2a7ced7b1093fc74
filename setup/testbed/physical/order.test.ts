import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { CELLS } from '../../../fixtures/matrix.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { orderedCells } from './order.ts';

function written(text: string): string {
  const file = path.join(temporaryDirectory(), 'testbed.yaml');
  writeFileSync(file, text);
  return file;
}

test('cells with the same boot of the server are adjacent, and none is left out', () => {
  const machines = 'client: { ssh: c, interface: e }\nserver: { ssh: s, interface: e }\n';
  const names = orderedCells(written(`${machines}software: paper\n`)).map(({ name }) => name);
  expect(names.toSorted()).toEqual(CELLS.map(({ name }) => name).toSorted());
  const at = (name: (typeof names)[number]): number => names.indexOf(name);
  expect(at('l2-dvh-vp')).toBe(at('l2-baseline') + 1);
});

test('an invalid testbed file is reported later', () => {
  expect(orderedCells(written('client: 3\n'))).toBe(CELLS);
  expect(orderedCells('/nonexistent')).toBe(CELLS);
});
