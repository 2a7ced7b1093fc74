/** Governor, turbo and irqbalance of physical machines, as their boots found them: nothing is assumed, or required. */
import type { LevelFacts } from '../../fixtures/records.ts';
import type { Results } from '../model/experiment-results.ts';

type Tuning = NonNullable<LevelFacts['tuning']>;

const UNKNOWN = 'unknown';

/** `governor performance, turbo off, irqbalance stopped`. */
export function tuningText({ governors, turbo, irqbalance }: Tuning): string {
  return [
    `governor ${governors?.join(' and ') ?? UNKNOWN}`,
    `turbo ${turbo ?? UNKNOWN}`,
    `irqbalance ${irqbalance ?? UNKNOWN}`,
  ].join(', ');
}

/**
 * `server: governor powersave, ...; client: ...`. With its cells if boots found different values; empty if no boot
 * recorded any.
 */
export function describeTuning({ records }: Pick<Results, 'records'>): string {
  const found = records.flatMap((record) => {
    if (record.type !== 'boot') return [];
    const server = record.levels.find(({ level }) => level === 0)?.tuning;
    const client = record.client?.tuning;
    return [
      ...(server === undefined ? [] : [{ machine: 'server', cell: record.cell, text: tuningText(server) }]),
      ...(client === undefined ? [] : [{ machine: 'client', cell: record.cell, text: tuningText(client) }]),
    ];
  });
  return [...Map.groupBy(found, ({ machine }) => machine)]
    .flatMap(([machine, its]) => {
      const texts = [...Map.groupBy(its, ({ text }) => text)];
      return texts.map(([text, where]) => {
        const cells = new Set(where.map(({ cell }) => cell));
        return `${machine}: ${text}${texts.length > 1 ? ` (${[...cells].join(', ')})` : ''}`;
      });
    })
    .join('; ');
}
