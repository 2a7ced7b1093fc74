/** Which mechanisms of direct virtual hardware are on for the level under test of a booted stack. */
import type { Configuration } from '../../fixtures/configurations/configuration.ts';
import { type AnyMechanism, mechanismsOf } from '../../fixtures/configurations/mechanisms.ts';
import type { LevelFacts } from '../../fixtures/records.ts';
import type { MachineNeeds } from './machine-plan.ts';

/** A level, as planned and as found. */
interface Level {
  readonly plan: Pick<MachineNeeds, 'runsGuests' | 'dvhKnobs'>;
  readonly facts: Pick<LevelFacts, 'dvhMask'>;
}

/**
 * Those that every level that runs guests has on. Interrupts are posted only of an assigned device. Virtual idle is as
 * planned: the boot of a level has checked it (assign.ts), and a guest program is started so.
 */
export function mechanismsOn(
  levels: readonly Level[],
  { assigned, virtualIdle = false }: Pick<Configuration, 'assigned' | 'virtualIdle'>,
): AnyMechanism[] {
  // Those of the artifact are in its knobs.
  if (levels.some(({ plan }) => plan.dvhKnobs !== undefined)) return [];
  const masks = levels.filter(({ plan }) => plan.runsGuests).map(({ facts }) => facts.dvhMask ?? 0);
  // With fewer than two, the level under test is not nested: L0 emulates its hardware in any case.
  const mask = masks.length < 2 ? 0 : masks.reduce((all, one) => all & one);
  const on = mechanismsOf(mask).filter((name) => name !== 'posted' || assigned !== undefined);
  return [...on, ...(virtualIdle ? (['idle'] as const) : [])];
}
