/** What a person chose through the environment: raw values meet their defaults here and nowhere else. */
import path from 'node:path';
import {
  DEFAULT_PROFILE,
  isProfileName,
  type Profile,
  PROFILE_NAMES,
  PROFILES,
} from '../fixtures/profiles.ts';
import type { Variant } from '../fixtures/variant.ts';
import { InputError } from './errors.ts';
import { findVariant } from './variant.ts';

export interface Settings {
  /** EXPERIMENT: the results' name; else the start time. */
  readonly experiment: string;
  /** PROFILE: paper, quick or smoke. */
  readonly profile: Profile;
  /** VARIANT: what is measured in the place of the default; else stock. */
  readonly variant: Variant;
  /** RESULTS: the directory of all experiments; else `results`. */
  readonly resultsDirectory: string;
  /** WAIT: minutes to wait for a testbed that another run holds. */
  readonly waitMinutes: number;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const DEFAULT_WAIT_MINUTES = 60;

/** A variable's value; one that is set to nothing, as CI systems do with inputs left out, is not set. */
function valueOf(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}

/** @throws {InputError} that names the variable, what it holds and what it may hold. */
export function resolveSettings(environment: NodeJS.ProcessEnv, now: Date): Settings {
  const experiment =
    valueOf(environment, 'EXPERIMENT') ?? now.toISOString().slice(0, 19).replaceAll(':', '-');
  if (!NAME.test(experiment) || experiment === 'latest') {
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      `EXPERIMENT is "${experiment}": an experiment's name is a folder's name of letters, digits, ".", "_" and "-", and not "latest".`,
    );
  }
  const profile = valueOf(environment, 'PROFILE') ?? DEFAULT_PROFILE;
  if (!isProfileName(profile)) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_PROFILE',
      `There is no profile "${profile}". PROFILE is one of ${PROFILE_NAMES.join(', ')}.`,
    );
  }
  const waitMinutes = Number(valueOf(environment, 'WAIT') ?? DEFAULT_WAIT_MINUTES);
  if (!Number.isFinite(waitMinutes) || waitMinutes < 0) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `WAIT is "${environment['WAIT']}": it is the number of minutes to wait for a testbed that another run holds, 0 for none.`,
    );
  }
  return {
    experiment,
    profile: PROFILES[profile],
    variant: findVariant(valueOf(environment, 'VARIANT')),
    resultsDirectory: path.resolve(valueOf(environment, 'RESULTS') ?? 'results'),
    waitMinutes,
  };
}
