/** Makes a physical machine quiet for measurements, and restores exactly what it found. */
import { z } from 'zod';
import type { Machine } from '../../machine/machine.ts';
import { listOwn, readOwn, removeOwn, writeOwn } from './own-folder.ts';

/** The previous state: contents of files, swap areas, and services that were running. */
const tunedRecord = z.object({
  files: z.array(z.object({ file: z.string(), value: z.string() })),
  swaps: z.array(z.string()),
  services: z.array(z.string()),
});
export type Tuned = z.infer<typeof tunedRecord>;

const SECONDS = 120;

/** Files of the kernel, and the wanted values (Documentation/admin-guide/pm/cpufreq.rst, intel_pstate.rst). */
const WANTED: readonly { readonly pattern: string; readonly value: string }[] = [
  { pattern: '/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor', value: 'performance' },
  { pattern: '/sys/devices/system/cpu/intel_pstate/no_turbo', value: '1' },
  { pattern: '/sys/devices/system/cpu/cpufreq/boost', value: '0' },
];
/** It moves interrupts between CPUs at any time, even during a measurement. */
const SERVICES = ['irqbalance'];

const LIST = String.raw`for file; do if [ -w "$file" ]; then printf '%s\t%s\n' "$file" "$(cat "$file")"; fi; done`;
const WRITE = `printf '%s' "$2" >"$1"`;

const RECORD = 'tune-before.json';

/**
 * @returns what was changed, in words; empty if it is already tuned.
 */
export async function tune(machine: Machine, directory: string, signal: AbortSignal): Promise<string[]> {
  const check = (argv: readonly string[]): Promise<string> =>
    machine.check(argv, { signal, deadlineSeconds: SECONDS });
  const run = (argv: readonly string[]): ReturnType<Machine['run']> =>
    machine.run(argv, { signal, deadlineSeconds: SECONDS });
  if ((await listOwn(machine, directory, signal)).includes(RECORD)) return [];

  const changes: { file: string; value: string; wanted: string }[] = [];
  for (const { pattern, value: wanted } of WANTED) {
    // The shell, which expands the pattern, gets nothing that a user wrote.
    const text = await check(['sh', '-c', `set -- ${pattern}\n${LIST}`]);
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const [name = '', value = ''] = line.split('\t');
      if (value !== wanted) changes.push({ file: name, value, wanted });
    }
  }
  const swaps = (await check(['sh', '-c', 'tail -n +2 /proc/swaps | cut -d " " -f 1']))
    .split('\n')
    .filter(Boolean);
  const services: string[] = [];
  for (const service of SERVICES) {
    if ((await run(['systemctl', 'is-active', '--quiet', service])).exitCode === 0) services.push(service);
  }
  const record: Tuned = {
    files: changes.map(({ file: name, value }) => ({ file: name, value })),
    swaps,
    services,
  };
  // Before the first change, so that everything can be restored whatever happens.
  await writeOwn(machine, directory, RECORD, JSON.stringify(record), signal);
  for (const { file: name, wanted } of changes) await check(['sh', '-c', WRITE, 'sh', name, wanted]);
  for (const swap of swaps) await check(['swapoff', swap]);
  for (const service of services) await check(['systemctl', 'stop', service]);
  return [
    ...changes.map(({ file: name, value, wanted }) => `${name}: ${value} -> ${wanted}`),
    ...swaps.map((swap) => `swap on ${swap} off`),
    ...services.map((service) => `${service} stopped`),
  ];
}

/**
 * @returns what was restored, in words; empty if nothing was tuned.
 */
export async function untune(machine: Machine, directory: string, signal: AbortSignal): Promise<string[]> {
  const options = { signal, deadlineSeconds: SECONDS };
  const kept = await readOwn(machine, directory, RECORD, signal);
  if (kept === undefined) {
    await removeOwn(machine, directory, [RECORD], signal);
    return [];
  }
  const { files, swaps, services } = tunedRecord.parse(JSON.parse(kept));
  for (const { file: name, value } of files)
    await machine.check(['sh', '-c', WRITE, 'sh', name, value], options);
  for (const swap of swaps) await machine.check(['swapon', swap], options);
  for (const service of services) await machine.check(['systemctl', 'start', service], options);
  await removeOwn(machine, directory, [RECORD], signal);
  return [
    ...files.map(({ file: name, value }) => `${name}: ${value}`),
    ...swaps.map((swap) => `swap on ${swap} on`),
    ...services.map((service) => `${service} started`),
  ];
}
