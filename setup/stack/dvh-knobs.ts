/** Sets the mechanisms of a DVH kernel before the next level is started. A kernel without them is rejected. */
import type { DvhKnobs } from '../../fixtures/configurations/configuration.ts';
import type { LevelFacts } from '../../fixtures/records.ts';
import { UnsuitableError } from '../lib/errors.ts';
import { pairsOf } from '../lib/lines.ts';
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
 * Sets a level's knobs, if it has any.
 * @throws NESTBENCH_CHECK_FAILED if the kernel lacks one that should be on, or does not keep a value.
 */
export async function setDvhKnobs(level: UpMachine, signal: AbortSignal): Promise<UpMachine> {
  const { plan, machine, facts } = level;
  if (plan.dvhKnobs === undefined) return level;
  const words = Object.entries(plan.dvhKnobs).map(([name, value]) => `${name}=${value}`);
  const said = await machine.check(['sh', '-c', SET, 'sh', ...words], {
    signal,
    deadlineSeconds: plan.deadlineSeconds,
  });
  const result = parseKnobs(plan.dvhKnobs, said);
  if (result.ok) return { ...level, facts: { ...facts, ...(result.found && { dvhKnobs: result.found }) } };
  throw new UnsuitableError({
    message: `${plan.name} runs ${facts.kernelRelease}, ${result.fault}. It is not the requested configuration, so nothing is measured on it.`,
    machine: plan.name,
    output: said,
  });
}

/**
 * A knob that should be off may be missing. One that reads back nothing, as those of earlier DVH kernels do
 * (kvm/timer_opt), can't be proved by its file.
 * @param said one line per existing knob, such as `virtual_ipi=Y`: debugfs' own format for a boolean.
 * @returns their values, undefined if there is none; or what is wrong.
 */
export function parseKnobs(
  wanted: DvhKnobs,
  said: string,
):
  | { readonly ok: true; readonly found: LevelFacts['dvhKnobs'] }
  | { readonly ok: false; readonly fault: string } {
  const found = pairsOf(said);
  const entries = Object.entries(wanted);
  const there = entries.filter(([name]) => found[name] !== undefined);
  const missing = entries.filter(([name, value]) => found[name] === undefined && value === 'y');
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(', ');
    return { ok: false, fault: `which has no ${names} in ${DVH_DIRECTORY}` };
  }
  const other = there.filter(([name, value]) => found[name] !== '' && found[name]?.toLowerCase() !== value);
  if (other.length === 0) {
    const read = there.map(([name, value]) => [name, found[name] === '' ? 'unreadable' : value] as const);
    return { ok: true, found: read.length === 0 ? undefined : Object.fromEntries(read) };
  }
  const ignored = other.map(([name, value]) => `${name}=${value} (it has ${found[name]})`);
  return { ok: false, fault: `which does not take ${ignored.join(', ')}` };
}
