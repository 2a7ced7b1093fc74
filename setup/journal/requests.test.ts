import { expect, test } from 'vitest';
import { type Requests, requestsOf } from './requests.ts';

const LAYER = { cell: 'l1-baseline', benchmarks: ['hackbench', 'mysql'] };

function start(runs: number, resumes?: true) {
  return { type: 'experiment', runs, request: { variables: {}, cells: [LAYER], resumes } } as const;
}

const OLD = { type: 'experiment', runs: 2 } as const;

function began(cell: string, benchmark: string) {
  return { type: 'series', cell, benchmark };
}

function summary({ runs }: Requests): string[] {
  return [...runs].flatMap(([cell, its]) => [...its].map(([name, many]) => `${cell} ${name}: ${many}`));
}

test('the requests of several starts add up, and a start that resumes has none', () => {
  const requests = requestsOf([start(1), start(3), began('l1-baseline', 'hackbench'), start(1, true)]);
  expect(summary(requests)).toEqual(['l1-baseline hackbench: 4', 'l1-baseline mysql: 4']);
  expect(requests.areAll).toBe(true);
});

test('of an older start only what it began is known', () => {
  const requests = requestsOf([OLD, began('l0-baseline', 'mysql'), began('l0-baseline', 'mysql'), start(1)]);
  expect(summary(requests)).toEqual([
    'l0-baseline mysql: 2',
    'l1-baseline hackbench: 1',
    'l1-baseline mysql: 1',
  ]);
  expect(requests.areAll).toBe(false);
});
