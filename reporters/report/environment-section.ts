/**
 * Where it was measured: every start, and every machine of every boot as inspected after it. Machines that
 * only differ in what changes with every boot are listed once, with all their cells.
 */
import type { ExperimentRecord, LevelFacts } from '../../fixtures/records.ts';
import { heading } from '../analysis/heading.ts';
import { describeTuning, tuningText } from '../analysis/machine-tuning.ts';
import type { Results } from '../model/experiment-results.ts';
import { dataTable, type TableColumn } from './data-table.ts';
import { html, type Html } from './html.ts';

interface Machine {
  readonly name: string;
  readonly facts: LevelFacts;
  readonly cells: readonly string[];
}

export function environment(results: Results): Html {
  const machines = machinesOf(results);
  const tuning = describeTuning(results);
  const sizes = heading(results).flatMap(([word, line]) => (word === '' ? line : []));
  return html`<section aria-labelledby="environment">
    <h2 id="environment">Environment</h2>
    ${
      sizes.length === 0
        ? null
        : html`<h3>What was run</h3>
            <ul>
              ${sizes.map((line) => html`<li>${line}</li>`)}
            </ul>`
    }
    ${results.starts.length === 0 ? html`<p class="none">No start is recorded.</p>` : distinctStarts(results).map(startFacts)}
    <h3>Machines</h3>
    ${
      machines.length === 0
        ? html`<p class="none">No cell was booted.</p>`
        : html`<p>
              Each machine as inspected after its boot. Identical machines are listed once, with all their
              cells. Open sections are printed too.
            </p>
            ${tuning === '' ? null : html`<p>Tuning as found: ${tuning}.</p>`} ${machineTable(machines)}
            ${machines.map(machineDetails)}`
    }
  </section>`;
}

/** Starts that differ in more than their time. */
function distinctStarts({ starts }: Results): readonly (readonly ExperimentRecord[])[] {
  const alike = Map.groupBy(starts, ({ at: _at, phases: _phases, ...rest }) => JSON.stringify(rest));
  return [...alike.values()];
}

function startFacts(starts: readonly ExperimentRecord[], index: number, all: readonly unknown[]): Html {
  const [start] = starts;
  if (start === undefined) return html``;
  const { testbed, host, versions, commit, modified } = start;
  const facts: (readonly [string, string])[] = [
    ['started', starts.map(({ at }) => at).join(', ')],
    ['git commit', `${commit ?? 'none'}${modified ? ', with uncommitted changes' : ''}`],
    ['testbed', `${testbed.kind}, accelerator ${testbed.accelerator}`],
    ...Object.entries(testbed.settings),
    ['host', `${host.cpuModel}, ${host.cpus} CPUs, ${gibibytes(host.memoryBytes)}, Linux ${host.kernel}`],
    ...Object.entries(versions).map(([name, version]) => [`version of ${name}`, version] as const),
  ];
  return html`<details class="environment">
    <summary>
      Experiment, host and versions${all.length > 1 ? ` (${index + 1} of ${all.length})` : ''}
    </summary>
    ${definitions(facts)}
  </details>`;
}

function definitions(lines: readonly (readonly [word: string, line: string])[]): Html {
  return html`<dl class="wide-terms">
    ${lines.map(
      ([word, line]) =>
        html`<div>
          <dt>${word}</dt>
          <dd>${line}</dd>
        </div>`,
    )}
  </dl>`;
}

function machinesOf({ records }: Results): Machine[] {
  const seen = records
    .filter((record) => record.type === 'boot')
    .flatMap(({ cell, levels, client }) => {
      const own = levels.map((facts) => ({ cell, name: `L${facts.level}`, facts }));
      return client === null ? own : own.concat({ cell, name: 'client', facts: client });
    });
  return [...Map.groupBy(seen, ({ name, facts }) => `${name}\n${lasting(facts)}`).values()]
    .flatMap((its) => {
      const [first] = its;
      return first === undefined
        ? []
        : { name: first.name, facts: first.facts, cells: [...new Set(its.map(({ cell }) => cell))] };
    })
    .toSorted((one, other) => one.name.localeCompare(other.name));
}

/** Without what differs at every boot: thread numbers, counts of exits, and memory to the byte. */
function lasting({
  guestHaltExits,
  pinned,
  takenMemory: _taken,
  qemuMemory: _memory,
  ...facts
}: LevelFacts): string {
  return JSON.stringify([
    facts,
    haltsOf({ guestHaltExits, ...facts }),
    pinned.map(({ vcpu, cpu }) => [vcpu, cpu]),
  ]);
}

const HALTS = {
  trapped: 'are trapped',
  passed: 'pass to L0 (virtual idle)',
  'passed if alone': 'pass to L0 while it has no other tasks to run (virtual idle)',
} as const;

/** What becomes of the HLTs of its guest; undefined without a guest. Older journals only have their number. */
function haltsOf({
  guestHalts,
  guestHaltExits,
}: Pick<LevelFacts, 'guestHalts' | 'guestHaltExits'>): string | undefined {
  if (guestHaltExits === undefined) return undefined;
  return HALTS[guestHalts ?? (guestHaltExits === 0 ? 'passed' : 'trapped')];
}

/** The facts that fit a table. Machines that don't differ in them share a row. */
function machineTable(machines: readonly Machine[]): Html {
  const columns: TableColumn<Machine>[] = [
    { heading: 'machine', cell: ({ name }) => name },
    { heading: 'kernel', cell: ({ facts }) => facts.kernelRelease },
    { heading: 'CPU', cell: ({ facts }) => `${facts.cpus} x ${facts.cpuModel}` },
    { heading: 'memory', cell: ({ facts }) => gibibytes(facts.memoryBytes) },
    { heading: 'clock source', cell: ({ facts }) => facts.clockSource },
    { heading: 'mitigations', cell: ({ facts }) => mitigations(facts) },
    { heading: 'QEMU', cell: ({ facts }) => facts.qemu?.version ?? 'none' },
    { heading: 'accelerator', cell: ({ facts }) => facts.qemu?.accelerator ?? 'none' },
    { heading: 'NIC', cell: ({ facts }) => facts.nic.driver },
  ];
  const alike = Map.groupBy(machines, (machine) => JSON.stringify(columns.map(({ cell }) => cell(machine))));
  const rows = [...alike.values()].flatMap((its) => {
    const [first] = its;
    if (first === undefined) return [];
    const { name, facts } = first;
    return { name, facts, cells: its.flatMap(({ cells }) => cells) };
  });
  const where: TableColumn<Machine> = { heading: 'in', cell: ({ cells }) => list(cells) };
  return dataTable('Machines', rows, [...columns, where], 'machines');
}

/** The cells' names, each without line breaks. */
function list(cells: readonly string[]): Html {
  return html`${cells.map((cell, index) => html`${index === 0 ? '' : ', '}<span class="cell">${cell}</span>`)}`;
}

/** From the kernel's command line. */
function mitigations({ commandLine }: LevelFacts): string {
  return /(?:^|\s)mitigations=(\S+)/.exec(commandLine)?.[1] ?? "the kernel's default";
}

function machineDetails({ name, facts, cells }: Machine): Html {
  const { qemu, nic, handsOn, kvm, pinned } = facts;
  const halts = haltsOf(facts);
  const lines: (readonly [string, string])[] = [
    ['kernel', facts.kernelRelease],
    ['command line', facts.commandLine],
    ...(facts.diskImage === undefined ? [] : [['disk image', imageText(facts.diskImage)] as const]),
    ['CPU', `${facts.cpus} x ${facts.cpuModel}`],
    ['memory', `${gibibytes(facts.memoryBytes)}, ${gibibytes(facts.swapBytes)} of swap`],
    ['clock source', facts.clockSource],
    ...(facts.takenMemory === undefined
      ? []
      : [['memory out of use', facts.takenMemory.map(takenText).join(', ')] as const]),
    ...(facts.qemuMemory === undefined
      ? []
      : [
          [
            'memory of its QEMU',
            Object.entries(facts.qemuMemory)
              .map(([node, bytes]) => `node ${node}: ${gibibytes(bytes)}`)
              .join(', '),
          ] as const,
        ]),
    ...(facts.tuning === undefined ? [] : [['tuning as found', tuningText(facts.tuning)] as const]),
    ['hypervisor it sees', facts.hypervisor],
    ['mitigations', mitigations(facts)],
    ['/dev/kvm', kvm.available ? `works, nested ${kvm.nested}` : 'none'],
    ['NIC', `${nic.device}, ${nic.driver}, ${nic.mac ?? ''}, ${nic.path}`],
    ...(handsOn
      ? [['assigns', `${handsOn.pciAddress} (${handsOn.identity}), ${handsOn.driver}`] as const]
      : []),
    ...(halts === undefined ? [] : [['HLTs of its guest', halts] as const]),
    ...(pinned.length === 0
      ? []
      : [['pinned', pinned.map(({ vcpu, cpu }) => `vCPU ${vcpu} to CPU ${cpu}`).join(', ')] as const]),
    ...(qemu ? [['QEMU', `${qemu.version}, accelerator ${qemu.accelerator}`] as const] : []),
  ];
  return html`<details class="environment">
    <summary>${name} in ${list(cells)}</summary>
    ${definitions(lines)}
    ${qemu === null ? '' : html`<pre tabindex="0" aria-label="${`QEMU's arguments of ${name} in ${cells.join(', ')}`}">${inLines(qemu.argv)}</pre>`}
  </details>`;
}

function imageText({ file, bytes, sha256 }: NonNullable<LevelFacts['diskImage']>): string {
  return `${file}, ${bytes} bytes${sha256 === undefined ? '' : `, SHA-256 ${sha256}`}`;
}

function takenText({ node, cpus, bytes }: NonNullable<LevelFacts['takenMemory']>[number]): string {
  return `node ${node} (${cpus === '' ? 'no CPUs' : `CPUs ${cpus}`}): ${gibibytes(bytes)}`;
}

/** One option with its value per line, quoted for a shell. */
function inLines(argv: readonly string[]): string {
  const lines: string[] = [];
  for (const [index, word] of argv.entries()) {
    if (index === 0 || word.startsWith('-')) lines.push(quoted(word));
    else lines.push(`${lines.pop() ?? ''} ${quoted(word)}`);
  }
  return lines.join(' \\\n  ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(bytes % 2 ** 30 === 0 ? 0 : 2)} GiB`;
}
