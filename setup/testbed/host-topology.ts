/** The CPUs of the host that this process may use: their cores and NUMA nodes (sysfs). */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { HostCpu } from '../../fixtures/host-cpus.ts';
import { InputError } from '../lib/errors.ts';

const CPUS = 'sys/devices/system/cpu';
const NODES = 'sys/devices/system/node';

/**
 * Without the efficient cores of a hybrid processor, which are slower: sysfs lists them as the CPUs of a PMU of their
 * own (tools/perf/Documentation/intel-hybrid.txt).
 */
const EFFICIENT_CPUS = 'sys/devices/cpu_atom/cpus';

/** For tests, a larger host than this one as a list of CPUs. Each is a core, and may be in the list again. */
export function describedCpus(): string | undefined {
  return process.env['NESTBENCH_HOST_CPUS'] || undefined;
}

const LIST = /^\d+(-\d+)?(,\d+(-\d+)?)*$/;

/** @throws {InputError} NESTBENCH_UNKNOWN_SETTING for a NESTBENCH_HOST_CPUS that is no list of CPUs. */
export async function readHostCpus(root = '/'): Promise<HostCpu[]> {
  const described = root === '/' ? describedCpus() : undefined;
  if (described !== undefined) {
    if (!LIST.test(described)) {
      throw new InputError(
        'NESTBENCH_UNKNOWN_SETTING',
        `NESTBENCH_HOST_CPUS is "${described}", but must be a list of CPUs such as 0-3,8. It is for nestbench's own tests.`,
      );
    }
    return numbersIn(described).map((cpu, core) => ({ cpu, core, node: 0 }));
  }
  const read = (file: string): Promise<string> => readFile(path.join(root, file), 'utf8').catch(() => '');
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(await read('proc/self/status'))?.[1] ?? '';
  const efficient = new Set(numbersIn(await read(EFFICIENT_CPUS)));
  const nodeOf = new Map<number, number>();
  for (const file of globSync(`${NODES}/node*/cpulist`, { cwd: root })) {
    const node = Number(/node(\d+)/.exec(file)?.[1]);
    for (const cpu of numbersIn(await read(file))) nodeOf.set(cpu, node);
  }
  const cpus: HostCpu[] = [];
  for (const cpu of numbersIn(allowed)) {
    if (efficient.has(cpu)) continue;
    const [core = cpu] = numbersIn(await read(`${CPUS}/cpu${cpu}/topology/thread_siblings_list`));
    cpus.push({ cpu, core, node: nodeOf.get(cpu) ?? 0 });
  }
  return cpus;
}

/** The numbers of a list such as `0-3,8`. */
function numbersIn(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(range) ?? [];
    if (first === undefined) return [];
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
  });
}
