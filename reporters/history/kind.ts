/** What results can be compared with, as the store keeps it: equal for what may stand in one series. And in words. */
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
  sizes: z.array(z.record(z.string(), z.number())).optional(),
});
type Kind = z.infer<typeof kindSchema>;

/** Equal for what may stand in one series: `npm run compare` refuses or warns of what differs here. */
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
    sizes: row?.sizes.map(sorted),
  } satisfies Kind);
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** @throws {z.ZodError} for what {@link kindOf} did not make. */
export function readKind(kind: string): Kind {
  return kindSchema.parse(JSON.parse(kind));
}

/** Where it was measured and how much, which all benchmarks of an experiment share. Never without what emulates. */
export function placeOf(kind: string): string {
  const { testbed: its, accelerator, profile, target, host, variant } = readKind(kind);
  return [
    describeTestbed({ testbed: { kind: its, accelerator } }),
    `profile ${profile}${target === undefined ? '' : ` to ± ${target * 100} %`}`,
    host,
    ...(variant === undefined ? [] : [`variant ${variant}`]),
  ].join('; ');
}

/** What of `kind` is not so in all of `kinds`: `loops 100`, `loader memaslap`. Nothing of what its place tells. */
export function distinctionOf(kind: string, kinds: readonly string[]): string {
  const others = kinds.map((each) => new Set(detailsOf(each)));
  return detailsOf(kind)
    .filter((detail) => others.some((details) => !details.has(detail)))
    .join(', ');
}

function detailsOf(kind: string): string[] {
  const { settings, unit, loader, sizes = [] } = readKind(kind);
  return [
    `in ${unit}`,
    ...(loader === undefined ? [] : [`loader ${loader}`]),
    ...sizes.flatMap((each) => Object.entries(each).map(([name, value]) => `${name} ${value}`)),
    ...Object.entries(settings).map(([name, value]) => `${name} ${value}`),
  ];
}
