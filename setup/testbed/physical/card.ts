/** The server's network card, from the server's own facts. */
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { type ServerCard, serverCard } from '../../../fixtures/virtual-functions.ts';
import type { MachineFacts } from './machine-facts.ts';

/**
 * @param facts of the server.
 */
export function cardOf(
  facts: MachineFacts,
  { interface: name, virtualFunctions }: Pick<TestbedDescription['server'], 'interface' | 'virtualFunctions'>,
): ServerCard {
  return serverCard({
    interface: name,
    driver: facts['cardDriver'] ?? '',
    pciAddress: facts['cardAddress'] ?? '',
    possible: Number(facts['virtualFunctions'] ?? 0),
    wanted: virtualFunctions,
    there: Number(facts['virtualFunctionsThere'] ?? 0),
    firstOffset: Number(facts['firstFunctionOffset'] ?? Number.NaN),
  });
}
