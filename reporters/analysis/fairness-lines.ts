/** Fairness in words: the largest value of each kind, and where it occurred. */
import {
  type Fairness,
  fairnessOf,
  GAP_LIMIT_SECONDS,
  GAP_LIMIT_SHARE,
  HARNESS_LIMIT,
  HARNESS_LIMIT_SECONDS,
  OTHERS_LIMIT,
  placesOf,
  type Watched,
} from './fairness.ts';
import type { Results } from '../model/experiment-results.ts';
import { sum } from '../model/sum.ts';

export interface FairnessLine {
  readonly text: string;
  readonly over: boolean;
}

/** One line for each kind; empty if none is known. */
export function fairnessLines(results: Results): FairnessLine[] {
  const all = fairnessOf(results);
  return [
    ...worst(all, ({ harnessShare }) => harnessShare, {
      what: "the harness's share of L0 during a sample",
      show: (share) => `${(share * 100).toFixed(2)} %`,
      limit: `${HARNESS_LIMIT * 100} % and ${HARNESS_LIMIT_SECONDS * 1000} ms`,
    }),
    ...worst(all, ({ gapSeconds }) => gapSeconds, {
      what: 'the gap between two samples',
      show: (seconds) => `${(seconds * 1000).toFixed(0)} ms`,
      limit: `${GAP_LIMIT_SECONDS * 1000} ms and ${GAP_LIMIT_SHARE * 100} % of the sample`,
    }),
    ...worst(all, ({ othersShare }) => othersShare, {
      what: "others' share of the host's CPUs during a sample",
      show: (share) => `${(share * 100).toFixed(1)} %`,
      limit: `${OTHERS_LIMIT * 100} %`,
    }),
    ...worst(all, ({ waitShare }) => waitShare, {
      what: "how long QEMU's threads waited for a CPU of the host, as a share of the time in which they were runnable",
      show: (share) => `${(share * 100).toFixed(1)} %`,
      limit: 'none: threads of client and server also wait for each other',
    }),
  ];
}

function worst(
  all: readonly Fairness[],
  watchedIn: (one: Fairness) => Watched | null,
  words: { readonly what: string; readonly show: (value: number) => string; readonly limit: string },
): FairnessLine[] {
  const known = all.flatMap((one) => {
    const watched = watchedIn(one);
    return watched === null ? [] : { one, watched };
  });
  const [highest] = known.toSorted((one, other) => other.watched.max.value - one.watched.max.value);
  if (highest === undefined) return [];
  const { cell, benchmark, run } = highest.one;
  const over = known.filter(({ watched }) => watched.over > 0);
  const samples = sum(known.map(({ watched }) => watched.samples));
  const where = `${cell.name} ${benchmark}, run ${run.run}, iteration ${highest.watched.max.iteration}`;
  const verdict =
    over.length === 0
      ? `(limit ${words.limit})`
      : `OVER THE LIMIT of ${words.limit} in ${sum(over.map(({ watched }) => watched.over))} of ${samples} (${placesOf(over.map(({ one }) => one))})`;
  return [
    {
      text: `${words.what}: at most ${words.show(highest.watched.max.value)} ${verdict}; ${where}`,
      over: over.length > 0,
    },
  ];
}
