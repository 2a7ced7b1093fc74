/** Which mechanisms of direct virtual hardware were on in which cells, as their boots found them. */
import { describeMechanisms } from '../../fixtures/configurations/mechanisms.ts';
import type { Results } from '../model/experiment-results.ts';

const NONE = 'none';

/** `timer, IPIs, virtual idle in l2-dvh, l3-dvh`; empty if none was on anywhere. */
export function describeDirectHardware({ records }: Pick<Results, 'records'>): string {
  const boots = records.filter((record) => record.type === 'boot');
  const cells = [...Map.groupBy(boots, ({ cell }) => cell)].map(([cell, its]) => {
    const words = its.map(({ mechanisms = [] }) => describeMechanisms(mechanisms) || NONE);
    return { cell, words: [...new Set(words)].join(' or ') };
  });
  const using = cells.filter(({ words }) => words !== NONE);
  return [...Map.groupBy(using, ({ words }) => words)]
    .map(([words, its]) => `${words} in ${its.map(({ cell }) => cell).join(', ')}`)
    .join('; ');
}
