/** Checks which mechanisms of direct virtual hardware a machine's kernel really has on, before its guest is started. */
import { maskOf, mechanismsOf } from '../../fixtures/configurations/mechanisms.ts';
import type { LevelFacts } from '../../fixtures/records.ts';
import { UnsuitableError } from '../lib/errors.ts';
import type { Machine } from '../machine/machine.ts';
import { DVH_PARAMETER } from './kernel-command-line.ts';
import type { MachinePlan } from './machine-plan.ts';

const FILE = `/sys/module/${DVH_PARAMETER.replace('.', '/parameters/')}`;

/** On a processor without SVM the parameter is there, and nothing reads it. */
const READ = `grep -qw svm /proc/cpuinfo || exit 0; cat ${FILE} 2>/dev/null || :`;

/**
 * Reads the mask; does nothing if none is planned.
 * @throws NESTBENCH_CHECK_FAILED if it is not as planned, or as the variant sets it.
 */
export async function readDvhMask(
  plan: MachinePlan,
  machine: Machine,
  signal: AbortSignal,
): Promise<Pick<LevelFacts, 'dvhMask'>> {
  const { dvhMask, deadlineSeconds } = plan;
  if (dvhMask === undefined) return {};
  const said = (await machine.check(['sh', '-c', READ], { signal, deadlineSeconds })).trim();
  const fault = maskFault(plan, said);
  if (fault === undefined) return said === '' ? {} : { dvhMask: Number(said) };
  throw new UnsuitableError({ message: `${fault} Nothing is measured on it.`, machine: plan.name });
}

/**
 * @param said the parameter's value; empty if the kernel has none.
 * @returns what is wrong, and what to do; undefined if nothing is.
 */
export function maskFault(
  { name, dvhMask: wanted = 0, kernelParameters }: Pick<MachinePlan, 'name' | 'dvhMask' | 'kernelParameters'>,
  said: string,
): string | undefined {
  if (said === '' && wanted === 0) return undefined;
  if (said === '')
    return `The cell needs direct virtual hardware at ${name}, whose KVM has none: there is no ${FILE}, or the processor has no SVM. Use nestbench's own kernel, or build yours with the patches of setup/build/kernel/dvh.`;
  const found = Number(said);
  const byVariant = kernelParameters.findLast(
    ({ text, from }) => from === 'variant' && text.startsWith(`${DVH_PARAMETER}=`),
  );
  // A variant may turn it on in other cells: then that is what is compared (module-parameters.ts has read it).
  if (found === wanted || (wanted === 0 && byVariant !== undefined)) return undefined;
  const differs = `${name} has ${DVH_PARAMETER}=${said} (${inWords(found)}), and the cell needs ${wanted} (${inWords(wanted)}).`;
  if (byVariant !== undefined) return `${differs} Take ${byVariant.text} out of the variant.`;
  return (found & wanted) === found
    ? `${differs} Its kernel lacks the rest: use nestbench's own.`
    : `${differs} Use nestbench's own kernel.`;
}

function inWords(mask: number): string {
  return mask === maskOf([]) ? 'off' : mechanismsOf(mask).join(', ');
}
