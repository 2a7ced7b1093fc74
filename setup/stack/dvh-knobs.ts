/** The mechanisms of a DVH kernel, turned on before the next level is started; a kernel without them is not taken for one. */
import type { DvhKnobs } from '../../fixtures/configurations/configuration.ts';
import { NestbenchError } from '../errors.ts';
import { pairsOf } from '../machine/lines.ts';
import type { UpMachine } from './machine-boot.ts';

/** Where the artifact's kernels have them. */
export const DVH_DIRECTORY = '/sys/kernel/debug/dvh';

/** Writes each `NAME=VALUE` of its arguments, and prints what the kernel has then. */
const SET = `for each in "$@"; do
  file=${DVH_DIRECTORY}/\${each%%=*}
  [ -e "$file" ] || continue
  echo "\${each#*=}" >"$file"
  echo "\${each%%=*}=$(cat "$file")"
done`;

/**
 * Sets a level's knobs, where it is to have any.
 * @throws NESTBENCH_CHECK_FAILED where the kernel has not all of them, or does not take what was written.
 */
export async function setDvhKnobs(level: UpMachine, signal: AbortSignal): Promise<UpMachine> {
  const { plan, machine, facts } = level;
  const { dvhKnobs } = plan;
  if (dvhKnobs === undefined) return level;
  const words = Object.entries(dvhKnobs).map(([name, value]) => `${name}=${value}`);
  const said = await machine.check(['sh', '-c', SET, 'sh', ...words], {
    signal,
    deadlineSeconds: plan.deadlineSeconds,
  });
  const fault = knobsFault(dvhKnobs, said);
  if (fault === undefined) return { ...level, facts: { ...facts, dvhKnobs: { ...dvhKnobs } } };
  throw new NestbenchError(
    'NESTBENCH_CHECK_FAILED',
    'configuration',
    `${plan.name} runs ${facts.kernelRelease}, ${fault}. Without DVH its numbers would be another configuration's: nothing is measured.`,
    { machine: plan.name, output: said },
  );
}

/**
 * @param said a line a knob that there is, as `virtual_ipi=Y`: debugfs' own way to show a boolean.
 * @returns what is wrong, undefined where nothing is.
 */
export function knobsFault(wanted: DvhKnobs, said: string): string | undefined {
  const found = pairsOf(said);
  const entries = Object.entries(wanted);
  const missing = entries.filter(([name]) => found[name] === undefined).map(([name]) => name);
  if (missing.length > 0) return `which has no ${missing.join(', ')} in ${DVH_DIRECTORY}`;
  const other = entries.filter(([name, value]) => found[name]?.toLowerCase() !== value);
  return other.length === 0
    ? undefined
    : `which does not take ${other.map(([name, value]) => `${name}=${value} (it has ${found[name]})`).join(', ')}`;
}
