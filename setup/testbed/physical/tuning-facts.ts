/** What may change a physical machine's speed between two samples, as found. It is read, and never changed here. */
import type { LevelFacts } from '../../../fixtures/records.ts';
import { pairsOf } from '../../lib/lines.ts';
import type { Machine } from '../../machine/machine.ts';

const SECONDS = 60;

/** A part of what machine-facts.ts reads. */
type TuningFacts = Readonly<Record<string, string>>;

/** Functions for shell scripts: prints a fact as `name=value`, and says whether a program is there. */
export const FACT_FUNCTIONS = String.raw`
say() { printf '%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ')"; }
has() { command -v "$1" >/dev/null; }`;

/**
 * Files of Documentation/admin-guide/pm/cpufreq.rst and intel_pstate.rst. That irqbalance does not run has to be known,
 * so without pgrep there is no such fact.
 */
export const TUNING_FACTS = String.raw`
say governors "$(cat /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor 2>/dev/null | sort -u)"
say noTurbo "$(cat /sys/devices/system/cpu/intel_pstate/no_turbo 2>/dev/null)"
say boost "$(cat /sys/devices/system/cpu/cpufreq/boost 2>/dev/null)"
if has pgrep; then say irqbalance "$(pgrep -x irqbalance)"; fi`;

export async function readTuning(
  machine: Machine,
  signal: AbortSignal,
): Promise<NonNullable<LevelFacts['tuning']>> {
  const argv = ['sh', '-c', FACT_FUNCTIONS + TUNING_FACTS];
  return tuningOf(pairsOf(await machine.check(argv, { signal, deadlineSeconds: SECONDS })));
}

/** Without what the machine does not tell. */
export function tuningOf(facts: TuningFacts): NonNullable<LevelFacts['tuning']> {
  const { governors: words = '', irqbalance } = facts;
  const governors = words.split(' ').filter((word) => word !== '');
  const turbo = turboOf(facts);
  return {
    ...(governors.length > 0 && { governors }),
    ...(turbo !== undefined && { turbo }),
    ...(irqbalance !== undefined && { irqbalance: irqbalance === '' ? 'stopped' : 'running' }),
  };
}

/** By intel_pstate's file, or that of the other drivers; undefined if there is neither. */
function turboOf({ noTurbo, boost }: TuningFacts): 'on' | 'off' | undefined {
  if (noTurbo === '0' || boost === '1') return 'on';
  return noTurbo === '1' || boost === '0' ? 'off' : undefined;
}
