/**
 * Which results are comparable, as the history stores it: equal for results that may be in one series. Also in words.
 */
import { STORAGES } from '../../fixtures/storage.ts';
import { z } from 'zod';
import { type ExperimentRecord, experimentRecord } from '../../fixtures/records.ts';
import type { BenchmarkRow } from '../model/benchmark-row.ts';
import { describeTestbed } from '../analysis/heading.ts';

const { testbed } = experimentRecord.shape;
const kindSchema = z.object({
  testbed: testbed.shape.kind,
  accelerator: testbed.shape.accelerator,
  settings: testbed.shape.settings,
  profile: z.string(),
  target: z.number().optional(),
  host: z.string(),
  variant: z.string().optional(),
  unit: z.string(),
  loader: z.string().optional(),
  /** Absent for memory, as in records from before there was a choice. */
  storage: z.enum(STORAGES).optional(),
  sizes: z.array(z.record(z.string(), z.number())).optional(),
});
export type Kind = z.infer<typeof kindSchema>;

/** Equal for results that may be in one series. `npm run compare` rejects or warns of what differs here. */
export function kindOf(
  { testbed: { kind, accelerator, settings }, profile, target, host, variant }: ExperimentRecord,
  unit: string,
  row?: BenchmarkRow,
): string {
  return JSON.stringify({
    testbed: kind,
    accelerator,
    settings: sorted(settings),
    profile,
    target,
    host: `${host.cpuModel}, ${host.cpus} CPUs`,
    variant: variant?.name,
    unit,
    loader: row?.loader ?? undefined,
    storage: row?.storage === 'disk' ? row.storage : undefined,
    sizes: row?.sizes.map(sorted),
  } satisfies Kind);
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * @throws {z.ZodError} for text that {@link kindOf} did not write.
 */
export function readKind(kind: string): Kind {
  return kindSchema.parse(JSON.parse(kind));
}

/**
 * Where and how much was measured, which all benchmarks of an experiment share. Always includes what emulates the
 * server.
 */
export function placeOf(kind: string): string {
  const { testbed: its, accelerator, profile, target, host, variant } = readKind(kind);
  return [
    describeTestbed({ testbed: { kind: its, accelerator } }),
    `profile ${profile}${target === undefined ? '' : ` to ± ${target * 100} %`}`,
    host,
    ...(variant === undefined ? [] : [`variant ${variant}`]),
  ].join('; ');
}

/**
 * How `kind` differs from the others in `kinds`: `loops 100`, `loader memaslap`. Leaves out what {@link placeOf} has.
 */
export function distinctionOf(kind: string, kinds: readonly string[]): string {
  const others = kinds.map((each) => new Set(detailsOf(each)));
  return detailsOf(kind)
    .filter((detail) => others.some((details) => !details.has(detail)))
    .join(', ');
}

function detailsOf(kind: string): string[] {
  const { settings, unit, loader, storage, sizes = [] } = readKind(kind);
  return [
    `in ${unit}`,
    ...(loader === undefined ? [] : [`loader ${loader}`]),
    ...(storage === undefined ? [] : [`storage ${storage}`]),
    ...sizes.flatMap((each) => Object.entries(each).map(([name, value]) => `${name} ${value}`)),
    ...Object.entries(settings).map(([name, value]) => `${name} ${value}`),
  ];
}
