/** Adaptive stopping in words. */
import type { StopRecord } from '../../fixtures/records.ts';
import { type Stopping, stoppingOf } from '../analysis/stopping.ts';
import { formatPercent } from '../model/numbers.ts';
import type { Results } from '../model/experiment-results.ts';
import { count } from '../../setup/lib/count.ts';

/** How many series reached their target, and which did not and how far they came. Empty if no series had a rule. */
export function stoppingLines(results: Results): string[] {
  const all = stoppingOf(results);
  const ended = all.flatMap(({ stop }) => stop ?? []);
  const reached = ended.filter(({ reason }) => reason === 'target reached');
  if (all.length === 0) return [];
  const targets = [...new Set(all.map(({ rule }) => formatPercent(rule.target)))].join(' or ');
  const samples = reached.map((stop) => stop.samples).toSorted((one, other) => one - other);
  const many = samples[0] === samples.at(-1) ? `${samples[0]}` : `${samples[0]} to ${samples.at(-1)}`;
  const saved = all.reduce((sum, { rule, stop }) => sum + (stop === null ? 0 : rule.most - stop.samples), 0);
  const short = all.filter(({ stop }) => stop?.reason !== 'target reached');
  return [
    `half-width of at most ${targets} of the mean: reached in ${reached.length} of ${all.length} series` +
      (reached.length === 0 ? '' : `, with ${count(samples.at(-1) ?? 0, 'sample').replace(/^\d+/, many)}`) +
      (saved === 0 ? '' : `; ${saved} fewer samples than the maximum`),
    ...(short.length === 0 ? [] : [`not reached: ${short.map(shortfall).join('; ')}`]),
    ...doubted(
      all,
      'correlated',
      'samples resemble their predecessor, so the interval is narrower than it should be',
    ),
    ...doubted(all, 'outlier', 'a sample is far from all others'),
    ADAPTIVE_LIMIT,
  ];
}

/** `npm run bench:validity` measures how often. */
export const ADAPTIVE_LIMIT =
  "the interval holds for independent, nearly normal samples; with 5 samples, a rare slow one (1 in 20) is missed in 77 of 100 series, and correlation can't show; if you expect either, use PROFILE=paper, or quick with RUNS";

function doubted(all: readonly Stopping[], doubt: StopRecord['doubt'], why: string): string[] {
  const its = all.filter(({ stop }) => stop?.doubt === doubt);
  const where = its.map(({ cell, benchmark, run }) => `${cell.name} ${benchmark}, run ${run}`);
  return its.length === 0 ? [] : [`all samples taken, because ${why}: ${where.join('; ')}`];
}

function shortfall({ cell, benchmark, run, stop }: Stopping): string {
  const where = `${cell.name} ${benchmark}, run ${run}`;
  if (stop === null) return `${where} (cut short)`;
  const reach = stop.halfWidth === null ? 'no interval' : `± ${formatPercent(stop.halfWidth)}`;
  return `${where} (${reach} with ${count(stop.samples, 'sample')}, the maximum)`;
}
