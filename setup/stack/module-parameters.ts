/**
 * Checks that a machine's kernel accepted a variant's module parameters: the kernel ignores an unknown name silently,
 * and its command line shows it all the same.
 */
import type { LevelFacts } from '../../fixtures/records.ts';
import { UnsuitableError } from '../lib/errors.ts';
import type { Machine } from '../machine/machine.ts';
import type { MachinePlan } from './machine-plan.ts';

/** As in sysfs: `kvm_amd.npt=0` is 0 in parameters/npt of module kvm_amd. */
const MODULE_PARAMETER = /^([\w-]+)\.([\w-]+)=(.*)$/;

/**
 * Reads the parameters that the variant added.
 * @returns their values as the kernel has them, by name; only those of modules can be read again.
 * @throws NESTBENCH_CHECK_FAILED where the kernel has no such parameter, or another value.
 */
export async function readModuleParameters(
  plan: MachinePlan,
  machine: Machine,
  signal: AbortSignal,
): Promise<Pick<LevelFacts, 'moduleParameters'>> {
  const values: Record<string, string> = {};
  for (const { text: word, from } of plan.kernelParameters) {
    if (from !== 'variant') continue;
    const [, module, parameter, wanted] = MODULE_PARAMETER.exec(word) ?? [];
    if (module === undefined || parameter === undefined || wanted === undefined) continue;
    const file = `/sys/module/${module.replaceAll('-', '_')}/parameters/${parameter.replaceAll('-', '_')}`;
    const { exitCode, stdout } = await machine.run(['cat', file], {
      signal,
      deadlineSeconds: plan.deadlineSeconds,
    });
    const found = stdout.trim();
    if (exitCode !== 0 || asSysfsHasIt(found) !== asSysfsHasIt(wanted)) {
      const what = exitCode === 0 ? `has it as "${found}"` : `has no such parameter (${file})`;
      throw new UnsuitableError({
        message: `The variant sets ${word} on ${plan.name}, but its kernel ${what}. Nothing is measured on it.`,
        machine: plan.name,
      });
    }
    values[`${module}.${parameter}`] = found;
  }
  return Object.keys(values).length === 0 ? {} : { moduleParameters: values };
}

/** A boolean is written as 1, y or on, and read as Y (param_get_bool in kernel/params.c of Linux 6.1). */
function asSysfsHasIt(value: string): string {
  if (/^(1|y|on)$/i.test(value)) return 'Y';
  return /^(0|n|off)$/i.test(value) ? 'N' : value;
}
