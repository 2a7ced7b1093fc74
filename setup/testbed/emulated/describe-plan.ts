/** A plan as text: what runs where, with what, in order. */
import { type Cell, type Level, levelName } from '../../../fixtures/matrix.ts';
import { softwareAt } from '../../../fixtures/software.ts';
import { textTable } from '../../lib/text-table.ts';
import { describeMachine } from '../../stack/describe-machine.ts';
import type { StackPlan } from './stack-plan.ts';

export function describePlan(plan: StackPlan): string {
  const { cell, levels, client } = plan;
  const [server, ...guests] = levels;
  // In the order in which they start. The client boots at the same time as L1.
  const machines = [server, client, ...guests];
  return [
    `${cell.name}: ${cell.configuration} at ${levelName(cell.level)}, ${machines.length} machines`,
    '',
    ...table([
      ['machine', 'runs on', 'accelerator', 'CPUs', 'memory', 'address', 'pinned (vCPU to CPU)'],
      ...machines.map((machine): string[] => [
        machine.name,
        machine.runsOn,
        machine.accelerator,
        String(machine.cpus),
        `${machine.memoryMiB} MiB`,
        machine.address,
        machine.pins.map(({ vcpu, cpu }) => `${vcpu} to ${cpu}`).join(', ') || '-',
      ]),
    ]),
    '',
    "The paper's software for this cell (the emulated testbed runs Debian's kernel and QEMU instead):",
    ...table([
      ['level', 'kernel', 'parameters', 'QEMU'],
      ...levels.map(({ level }) => softwareRow(cell, level)),
    ]),
    ...machines.flatMap((machine, index) =>
      describeMachine(
        machine,
        index + 1,
        machines.find(({ name }) => name === machine.runsOn),
      ),
    ),
    '',
    'Ready to run experiments!',
  ].join('\n');
}

function softwareRow(cell: Cell, level: Level): string[] {
  const { kernel, parameters, qemu } = softwareAt(cell, level);
  return [levelName(level), kernel, parameters.join(' ') || '-', qemu ?? '-'];
}

function table(rows: readonly (readonly string[])[]): string[] {
  return textTable(rows).map((line) => `  ${line}`);
}
