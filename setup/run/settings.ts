/** The settings that a user selects through the environment. Raw values get their defaults only here. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Accelerator, ACCELERATORS } from '../../fixtures/accelerator.ts';
import {
  DEFAULT_PROFILE,
  isProfileName,
  type Profile,
  PROFILE_NAMES,
  PROFILES,
} from '../../fixtures/profiles.ts';
import { type Clock, CLOCKS } from '../../fixtures/clock.ts';
import type { Variant } from '../../fixtures/variant.ts';
import { parseDuration } from '../lib/duration.ts';
import { InputError } from '../lib/errors.ts';
import { startName } from '../lib/start-name.ts';
import { testbedName } from './testbed-name.ts';
import { findVariant } from './find-variant.ts';

/** Vitest's `--shard=1/3`: counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface Settings {
  /** EXPERIMENT: the results' name; by default the start time. */
  readonly experiment: string;
  /** The folder of its results, under {@link resultsDirectory}: its name, plus the shard's for a shard. */
  readonly folder: string;
  /**
   * PROFILE: paper, quick, smoke or adaptive; with RUNS, the number of series, and TARGET, when one of adaptive ends.
   */
  readonly profile: Profile;
  /** VARIANT: what is measured instead of the default; by default stock. */
  readonly variant: Variant;
  /** RESULTS: the directory of all experiments; by default `results`. */
  readonly resultsDirectory: string;
  /** CLOCK: real or virtual; the default depends on what is measured. */
  readonly clock: Clock | undefined;
  /** ACCELERATOR: kvm or tcg; by default kvm if it works. */
  readonly accelerator: Accelerator | undefined;
  /** BOOT: warm, which restores a stack from its snapshot if there is one, or cold; by default warm. */
  readonly boot: BootKind;
  /** SNAPSHOT_GB: the maximum size of all snapshots together; by default 16 GB. */
  readonly snapshotBytes: number;
  /** PARALLEL: how many cells run side by side; by default as many as the host has room for. */
  readonly parallel: number | undefined;
  /** RESUME: completes what the experiment lacks, instead of adding to it. */
  readonly resume: Resume | undefined;
  /** WITHIN: in how many seconds the run has to end; by default it measures everything. */
  readonly withinSeconds: number | undefined;
  /** The settings that decide what is measured, as they were given; the journal keeps them. */
  readonly variables: Readonly<Record<string, string>>;
  /** WAIT: minutes to wait for a testbed that another run holds. */
  readonly waitMinutes: number;
  /** TESTBED: a testbed's name, or the file of a physical one; by default `emulated`. */
  readonly testbed: string;
}

export interface Resume {
  /** Whether what failed is measured again, too. */
  readonly retryFailed: boolean;
}

const RETRY_FAILED = 'retry-failed';

/** Those that a resumed run must have as the run before had them. */
const VARIABLES = [
  'PROFILE',
  'RUNS',
  'VARIANT',
  'TARGET',
  'BOOT',
  'CLOCK',
  'ACCELERATOR',
  'PARALLEL',
  'TESTBED',
];

/** Restored if there is a snapshot, and saved as one if not; or always booted, and not saved. */
export const BOOT_KINDS = ['warm', 'cold'] as const;
export type BootKind = (typeof BOOT_KINDS)[number];

/**
 * All thirteen cells took 9 GB on the two-core machine: this has space for some of a variant besides the stock ones.
 */
const DEFAULT_SNAPSHOT_GB = 16;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const DEFAULT_WAIT_MINUTES = 60;
const MAX_RUNS = 1000;
const MAX_PARALLEL = 100;
/** Percent. The stop rule's level was found for targets up to the maximum (fixtures/statistics/stop-rule.ts). */
const TARGETS = { min: 0.1, max: 10 };

/** The folder of a shard's results. Those of the other shards are put next to it before they are merged. */
export function shardFolder(experiment: string, { index, count }: Shard): string {
  return `${experiment}.shard-${index}-of-${count}`;
}

/** A variable's value. An empty one, as CI systems set for inputs left out, counts as not set. */
function valueOf(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}

/** nestbench's own options of a run. */
const OWN_OPTIONS = {
  cold: { type: 'boolean' },
  within: { type: 'string' },
  'retry-failed': { type: 'boolean' },
} as const;

/**
 * The environment as changed by the command line's own options: Vitest leaves everything after `--` to nestbench, as in
 * `npx vitest run suites/l2 -- --cold`, and rejects nestbench's options before it.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING for any other word.
 */
export function withOwnOptions(environment: NodeJS.ProcessEnv, argv: readonly string[]): NodeJS.ProcessEnv {
  const dashes = argv.indexOf('--');
  const args = dashes < 0 ? [] : argv.slice(dashes + 1);
  const { values, tokens } = parseArgs({
    args,
    options: OWN_OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const unknown = tokens.find((token) => token.kind !== 'option' || !Object.hasOwn(OWN_OPTIONS, token.name));
  if (unknown !== undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `There is no option "${args[unknown.index]}" of nestbench's own. The options after "--" are --cold, which is the same as BOOT=cold; --within 8h, the same as WITHIN=8h; and --retry-failed, the same as RESUME=${RETRY_FAILED}.`,
    );
  }
  return {
    ...environment,
    ...(values.cold === undefined ? {} : { BOOT: 'cold' }),
    ...(values.within === undefined ? {} : { WITHIN: String(values.within) }),
    ...(values['retry-failed'] === undefined ? {} : { RESUME: RETRY_FAILED }),
  };
}

/**
 * @throws {InputError} that names the variable, its value and the allowed values.
 */
export function resolveSettings(environment: NodeJS.ProcessEnv, now: Date, shard?: Shard): Settings {
  const experiment = valueOf(environment, 'EXPERIMENT') ?? startName(now);
  if (!NAME.test(experiment) || experiment === 'latest') {
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      `EXPERIMENT is "${experiment}": it must be a folder's name of letters, digits, ".", "_" and "-", other than "latest".`,
    );
  }
  if (shard !== undefined && valueOf(environment, 'EXPERIMENT') === undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      'The shards of an experiment share its name, and this one has none: EXPERIMENT=nightly npx vitest run suites --shard=1/2.',
    );
  }
  const profile = valueOf(environment, 'PROFILE') ?? DEFAULT_PROFILE;
  if (!isProfileName(profile)) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_PROFILE',
      `There is no profile "${profile}". PROFILE is one of ${PROFILE_NAMES.join(', ')}.`,
    );
  }
  const clock = clockOf(valueOf(environment, 'CLOCK'));
  const waitMinutes = Number(valueOf(environment, 'WAIT') ?? DEFAULT_WAIT_MINUTES);
  if (!Number.isFinite(waitMinutes) || waitMinutes < 0) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `WAIT is "${environment['WAIT']}": it must be the number of minutes to wait for a testbed that another run holds, 0 for none.`,
    );
  }
  return {
    experiment,
    folder: shard === undefined ? experiment : shardFolder(experiment, shard),
    profile: selectedProfile(PROFILES[profile], environment),
    variant: findVariant(valueOf(environment, 'VARIANT')),
    resultsDirectory: path.resolve(valueOf(environment, 'RESULTS') ?? 'results'),
    clock,
    accelerator: acceleratorOf(valueOf(environment, 'ACCELERATOR'), clock),
    boot: bootOf(valueOf(environment, 'BOOT') ?? 'warm'),
    snapshotBytes: snapshotBytesOf(valueOf(environment, 'SNAPSHOT_GB') ?? String(DEFAULT_SNAPSHOT_GB)),
    parallel: parallelOf(valueOf(environment, 'PARALLEL')),
    resume: resumeOf(valueOf(environment, 'RESUME'), valueOf(environment, 'EXPERIMENT')),
    withinSeconds: withinOf(valueOf(environment, 'WITHIN')),
    variables: Object.fromEntries(
      VARIABLES.flatMap((name) => {
        const value = valueOf(environment, name);
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    waitMinutes,
    testbed: testbedName(environment['TESTBED']),
  };
}

function parallelOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MAX_PARALLEL) return count;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `PARALLEL is "${text}": it must be how many cells run side by side, a whole number from 1 to ${MAX_PARALLEL}; without it they are as many as the host has room for.`,
  );
}

function resumeOf(text: string | undefined, experiment: string | undefined): Resume | undefined {
  if (text === undefined) return undefined;
  if (text !== '1' && text !== RETRY_FAILED) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `RESUME is "${text}": it must be 1, to measure what EXPERIMENT lacks, or ${RETRY_FAILED}, to measure what failed again, too.`,
    );
  }
  if (experiment !== undefined) return { retryFailed: text === RETRY_FAILED };
  throw new InputError(
    'NESTBENCH_UNKNOWN_EXPERIMENT',
    `RESUME is "${text}", but no EXPERIMENT is named that could be resumed: EXPERIMENT=name RESUME=1 npx vitest run suites/l2, or npm run resume -- name.`,
  );
}

function withinOf(text: string | undefined): number | undefined {
  const seconds = text === undefined ? undefined : parseDuration(text);
  if (text === undefined || seconds !== undefined) return seconds;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `WITHIN is "${text}": it must be how long the run may take, such as 90s, 30min or 8h.`,
  );
}

function clockOf(text: string | undefined): Clock | undefined {
  const clock = CLOCKS.find((one) => one === text);
  if (clock !== undefined || text === undefined) return clock;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `CLOCK is "${text}": it must be one of ${CLOCKS.join(', ')}; without it applications are measured in real time, and microbenchmarks on an emulated server in virtual time.`,
  );
}

function acceleratorOf(text: string | undefined, clock: Clock | undefined): Accelerator | undefined {
  const accelerator = ACCELERATORS.find((one) => one === text);
  if (accelerator === undefined && text !== undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `ACCELERATOR is "${text}": it must be one of ${ACCELERATORS.join(', ')}; without it the server runs on the host's hardware (kvm) if that works.`,
    );
  }
  if (accelerator === 'kvm' && clock === 'virtual') {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      'ACCELERATOR is "kvm" and CLOCK is "virtual", but virtual time counts the instructions of an emulated server. Leave out one of them.',
    );
  }
  return accelerator;
}

function bootOf(text: string): BootKind {
  const kind = BOOT_KINDS.find((one) => one === text);
  if (kind !== undefined) return kind;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `BOOT is "${text}": it must be one of ${BOOT_KINDS.join(', ')}.`,
  );
}

function snapshotBytesOf(text: string): number {
  const gigabytes = Number(text);
  if (Number.isFinite(gigabytes) && gigabytes >= 0) return gigabytes * 1e9;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `SNAPSHOT_GB is "${text}": it must be the maximum size of all snapshots together in GB, such as 16.`,
  );
}

function selectedProfile(profile: Profile, environment: NodeJS.ProcessEnv): Profile {
  const runs = valueOf(environment, 'RUNS');
  const target = valueOf(environment, 'TARGET');
  if (target !== undefined && profile.target === undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `TARGET is "${target}", but only PROFILE=adaptive ends a series by it, and this is ${profile.name}, which takes a fixed number of samples.`,
    );
  }
  return {
    ...profile,
    ...(runs === undefined ? {} : { runs: runsOf(runs) }),
    ...(target === undefined ? {} : { target: parseTarget(target) }),
  };
}

function runsOf(text: string): number {
  const runs = Number(text);
  if (/^\d+$/.test(text) && runs >= 1 && runs <= MAX_RUNS) return runs;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `RUNS is "${text}": it must be how many series of samples each benchmark takes, a whole number from 1 to ${MAX_RUNS}.`,
  );
}

/**
 * `2%` becomes 0.02. The sign is required: a bare 0.02 could be a share or a percentage.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING.
 */
export function parseTarget(text: string, name = 'TARGET'): number {
  const percent = Number(/^(\d+(?:\.\d+)?) ?%$/.exec(text)?.[1]);
  if (percent >= TARGETS.min && percent <= TARGETS.max) return percent / 100;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `${name} is "${text}": it is the half-width of the interval at which a series ends, in percent of its mean, from ${TARGETS.min}% to ${TARGETS.max}%, as "2%".`,
  );
}
