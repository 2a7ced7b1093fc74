/** A cell's plan on a physical testbed, for `npm run plan -- CELL --testbed FILE`. */
import type { MachineName } from '../../../fixtures/addresses.ts';
import { BENCHMARKS } from '../../../fixtures/benchmarks/index.ts';
import { minimumSeconds } from '../../../fixtures/benchmarks/measuring-time.ts';
import { type Cell, CELLS, configurationOf, type Level, LEVELS } from '../../../fixtures/matrix.ts';
import {
  isBuilt,
  type MachineSoftware,
  memtierOf,
  orderedByBoot,
  physicalSoftware,
  whyNotPhysical,
} from '../../../fixtures/physical-software.ts';
import type { Profile } from '../../../fixtures/profiles.ts';
import { storageOf } from '../../../fixtures/storage.ts';
import { cpusAt, memoryMiBAt } from '../../../fixtures/sizing.ts';
import {
  addressesOf,
  type GitRef,
  type KernelSource,
  type TestbedDescription,
} from '../../../fixtures/testbed-description.ts';
import { textTable } from '../../lib/text-table.ts';
import { describeMachine, machineSteps } from '../../stack/describe-machine.ts';
import { assumedHost, PAPER_SIZING } from './assumed-host.ts';
import { dataOn } from './data-disks.ts';
import type { OwnImages } from './own-image.ts';
import { type PhysicalMachinePlan, planPhysical } from './physical-plan.ts';

const HEADINGS = [
  'machine',
  'runs on',
  'kernel',
  'parameters',
  'QEMU for the next',
  'CPUs',
  'memory',
  'address',
];

export function describePhysical(
  testbed: TestbedDescription,
  cell: Cell,
  profile: Pick<Profile, 'name' | 'sizes' | 'runs'>,
  images: OwnImages = {},
): string {
  const software = physicalSoftware(testbed, cell);
  const addresses = addressesOf(testbed);
  const rows = [software.client, ...software.levels].map((machine) => [
    machine.name,
    runsOn(testbed, machine.name),
    kernelOf(machine),
    machine.parameters.length === 0 ? '-' : machine.parameters.join(' '),
    qemuOf(machine),
    cpusOf(machine.name, cell),
    memoryOf(machine.name, cell),
    addresses[machine.name],
  ]);
  const own = configurationOf(cell).description;
  const reason = whyNotPhysical(cell, { testbed });
  const lines = [
    `${cell.name}: ${own}`,
    ...(reason === undefined ? [] : [`It is skipped: ${reason}.`]),
    ...(configurationOf(cell).assigned === 'physical' ? [functionsOf(testbed, cell)] : []),
    '',
    ...textTable([HEADINGS, ...rows]),
    '',
    ...sourcesOf(software.levels, memtierOf(testbed)),
    ...(reason === undefined ? stepsOf(testbed, cell, profile, images) : []),
  ];
  return [...lines, '', ...bootsOf(testbed, profile)].join('\n');
}

/** What happens on each machine, in order, with everything that is known before the builds and before SSH. */
function stepsOf(
  testbed: TestbedDescription,
  cell: Cell,
  profile: Pick<Profile, 'name'>,
  images: OwnImages,
): string[] {
  const { client, server, guests } = planPhysical(cell, {
    ...assumedHost(testbed, cell),
    storage: storageOf(testbed, profile),
    images,
  });
  return [
    ...describeBoot(client, 1),
    ...describeBoot(server, 2),
    ...guests.flatMap((guest, index) => describeMachine(guest, index + 3)),
  ];
}

/** The client or the server. */
function describeBoot(machine: PhysicalMachinePlan, step: number): string[] {
  const {
    name,
    target,
    boot,
    addressWithPrefix,
    dvhKnobs,
    virtualFunctions,
    network,
    dataDirectory,
    images,
  } = machine;
  return [
    '',
    `${step}. ${name}, ssh ${target.destination}`,
    `   boot, unless it runs this already: ${boot.release}`,
    `   added to its kernel command line: ${boot.parameters.join(' ') || '-'}`,
    `   ${addressWithPrefix} on ${machine.interface}`,
    ...(machine.isSized
      ? [
          `   memory: ${machine.memoryMiB} MiB are left; the rest is taken as huge pages, of NUMA nodes without its CPUs first`,
        ]
      : []),
    ...(virtualFunctions > 0 ? [`   virtual functions of its card: ${virtualFunctions}`] : []),
    ...(dataDirectory === undefined
      ? []
      : [
          `   data of benchmarks in ${dataOn(machine.directory)}, and each guest's disk in that of the level below`,
        ]),
    ...images.map(([guest, { file }]) => `   a copy of ${file}, the disk image of ${guest}`),
    ...machineSteps(dvhKnobs, network.assigns),
  ];
}

function runsOn(testbed: TestbedDescription, name: MachineName): string {
  const level = levelOf(name);
  if (level === undefined) return `ssh ${testbed.client.ssh}`;
  return level === 0 ? `ssh ${testbed.server.ssh}` : `l${level - 1}`;
}

function kernelOf({ name, kernel, release }: MachineSoftware): string {
  if (kernel !== 'installed') return release ?? `${kernel.ref}, built`;
  return name === 'client' || name === 'l0' ? 'the installed one' : "nestbench's own";
}

function qemuOf({ qemu }: MachineSoftware): string {
  if (qemu === null) return '-';
  return qemu === 'installed' ? "the image's" : qemu.ref;
}

/** The client uses all of its CPUs. */
function cpusOf(name: MachineName, { level: target }: Cell): string {
  const level = levelOf(name);
  return level === undefined ? 'all' : String(cpusAt(PAPER_SIZING, level, target));
}

/** Of L0's memory, the cell's share is left free. */
function memoryOf(name: MachineName, { level: target }: Cell): string {
  const level = levelOf(name);
  if (level === undefined) return 'all';
  return `${memoryMiBAt(PAPER_SIZING, level, target) / 1024} GiB${level === 0 ? ' left free' : ''}`;
}

function levelOf(name: MachineName): Level | undefined {
  return LEVELS.find((level) => name === `l${level}`);
}

function functionsOf({ server }: TestbedDescription, { level }: Cell): string {
  return `The card at ${server.interface} of the server gets ${server.virtualFunctions} virtual functions, and the first is assigned down to l${level}; it is skipped where the card has none.`;
}

function sourcesOf(levels: readonly MachineSoftware[], memtier: GitRef | undefined): string[] {
  const kernels = levels.flatMap(({ kernel }) => (isBuilt(kernel) ? [describeSource(kernel)] : []));
  const qemus = levels.flatMap(({ qemu }) => (isBuilt(qemu) ? [`QEMU ${qemu.ref} of ${qemu.url}`] : []));
  const load = memtier === undefined ? [] : [`memtier_benchmark ${memtier.ref} of ${memtier.url}`];
  const all = [...new Set([...kernels, ...qemus, ...load])];
  return all.length === 0 ? ['Nothing is built.'] : ['Built:', ...all.map((source) => `  ${source}`)];
}

function describeSource({ url, ref, defconfig }: KernelSource): string {
  return `Linux ${ref} of ${url}${defconfig === undefined ? '' : `, make ${defconfig}`}`;
}

function bootsOf(testbed: TestbedDescription, profile: Pick<Profile, 'name' | 'sizes' | 'runs'>): string[] {
  const measured = CELLS.filter((cell) => whyNotPhysical(cell, { testbed }) === undefined);
  const ordered = orderedByBoot(testbed, measured);
  const boots = ordered.filter((each) => each.boots).length;
  const perCell = minimumSeconds(BENCHMARKS, profile);
  const order = ordered.map(({ cell, boots: isFirst }) => `${isFirst ? '| ' : ''}${cell.name}`).join(' ');
  return [
    `All ${ordered.length} cells that can be measured take ${boots} boots of the server at most (|), in this order:`,
    `  ${order}`,
    `The profile ${profile.name} measures for at least ${duration(perCell)} in each cell, ${duration(perCell * ordered.length)} in all, besides boots and the benchmarks that end when their work is done (hackbench, mysql).`,
  ];
}

/** Such as `1 hr, 40 min`. */
function duration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  return new Intl.DurationFormat('en').format({ hours, minutes: Math.round((seconds - hours * 3600) / 60) });
}
