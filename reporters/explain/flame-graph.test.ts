import { expect, test } from 'vitest';
import { EXPLAINED } from './explanation.testing.ts';
import { boxesOf, flameGraph } from './flame-graph.ts';

test('boxes hold what they called, and as many instructions as all of it', () => {
  const [l0, l1, l2] = boxesOf(EXPLAINED);
  expect(l0).toMatchObject({
    label: 'L0',
    instructions: 900,
    inside: [
      { label: 'VMRUN of L1', instructions: 600, inside: [{ label: 'vcpu_run', instructions: 600 }] },
      {
        label: 'VMMCALL of L2',
        instructions: 300,
        inside: [{ label: 'vcpu_run', instructions: 300, inside: [{ label: 'nested_svm_vmexit' }] }],
      },
    ],
  });
  expect(l1).toMatchObject({ label: 'L1', instructions: 100 });
  expect(l2).toMatchObject({ label: 'L2', inside: [{ label: 'guest program', instructions: 3 }] });
});

test('what costs less than nothing has no box', () => {
  const paths = [{ level: 0 as const, cause: '', functions: ['tick'], instructions: -2 }];
  expect(boxesOf({ paths })).toEqual([]);
});

/** Of the first row. */
function widths({ content }: { content: string }): number[] {
  return [...content.matchAll(/<rect x="[^"]*" y="0" width="([^"]*)"/g)].map(([, width]) => Number(width));
}

test('is as wide as the whole', () => {
  const boxes = boxesOf(EXPLAINED);
  expect(widths(flameGraph(boxes, 1003))).toEqual([900, 100, 3]);
  expect(widths(flameGraph(boxes, 1003, 2006))).toEqual([450, 50, 1.5]);
});

test('names each box, and shortens a label that does not fit', () => {
  const { content } = flameGraph(boxesOf(EXPLAINED), 300);
  expect(content).toContain('<title>nested_svm_vmexit: 250 instructions</title>');
  expect(content).toMatch(/>nested_\w*…<\/text>/);
});
