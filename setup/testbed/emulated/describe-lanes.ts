/** Which cells run side by side on which CPUs of the host, as text. Pure. */
import type { Clock } from '../../../fixtures/clock.ts';
import { assignCpus, type HostCpu, type Lane } from '../../../fixtures/host-cpus.ts';
import type { Cell } from '../../../fixtures/matrix.ts';
import type { Sizing } from '../../../fixtures/sizing.ts';
import { count } from '../../lib/count.ts';
import { textTable } from '../../lib/text-table.ts';
import { rangesOf } from '../../run/side-by-side.ts';
import { vcpusOf } from './stack-plan.ts';

export interface LanesOfCells {
  /** In the order in which they begin. */
  readonly cells: readonly Cell[];
  readonly lanes: readonly Lane[];
  readonly cpus: readonly HostCpu[];
  readonly clock: Clock;
  readonly sizing: Sizing;
}

export function describeLanes({ cells, lanes, cpus, clock, sizing }: LanesOfCells): string {
  const names = cells.map(({ name }) => name);
  if (lanes.length < 2)
    return `${count(cells.length, 'cell')}, one at a time, in this order: ${names.join(', ')}.`;
  const placedIn = (cell: Cell, lane: Lane): string => {
    const { server = [], client = [] } = assignCpus(lane, vcpusOf(cell, clock, sizing)) ?? {};
    return `${server.join(' ')} | ${client.join(' ')}`;
  };
  const rows = [
    ['cell', ...lanes.map((_, index) => `lane ${index + 1}: server | client`)],
    ['', ...lanes.map((lane) => `of CPUs ${numbersOf(lane)}`)],
    ...cells.map((cell) => [cell.name, ...lanes.map((lane) => placedIn(cell, lane))]),
  ];
  const taken = new Set(lanes.flat().map(({ cpu }) => cpu));
  const others = cpus.filter(({ cpu }) => !taken.has(cpu));
  return [
    `${count(cells.length, 'cell')}, ${lanes.length} side by side. Each begins, in this order, in the lane that is free first, and has the lane's`,
    "CPUs for itself: those shown for its vCPUs, and the others for QEMU's other threads and the process that measures.",
    '',
    ...textTable(rows).map((line) => `  ${line}`),
    '',
    `In no lane: ${others.length === 0 ? 'none' : numbersOf(others)}.`,
  ].join('\n');
}

function numbersOf(cpus: readonly HostCpu[]): string {
  return rangesOf(cpus.map(({ cpu }) => cpu));
}
