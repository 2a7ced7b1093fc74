/** Checks the machines of a physical testbed: what they have to be for their numbers to mean anything. */
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { type MachineFinding, type Place, said } from './check.ts';
import { ACCESS_CHECKS } from './check-access.ts';
import { HARDWARE_CHECKS } from './check-hardware.ts';
import { QUIET_CHECKS } from './check-quiet.ts';
import type { MachineFacts } from './machine-facts.ts';

/** In the order in which `npm run doctor` prints them. */
const CHECKS = [...ACCESS_CHECKS, ...HARDWARE_CHECKS, ...QUIET_CHECKS];

/** Aliases of one host have the same boot id (random(4)). */
export function checkTwo(client: MachineFacts, server: MachineFacts): MachineFinding {
  const [one, other] = [client['bootId'], server['bootId']];
  const isKnown = said(one, '') !== '' && said(other, '') !== '';
  const holds = isKnown && one !== other;
  return {
    machine: 'server',
    check: 'two machines',
    verdict: holds ? 'right' : 'wrong',
    found: holds ? 'another than the client' : isKnown ? 'the same host as the client' : 'not known',
    needed: 'another machine than the client',
    fix: holds ? '' : 'Let "ssh" of client and server in the testbed file name two machines.',
  };
}

/** All findings about one machine of the testbed. */
export function checkMachine(
  machine: MachineFinding['machine'],
  facts: MachineFacts,
  testbed: TestbedDescription,
): MachineFinding[] {
  const place: Place = {
    interface: testbed[machine].interface,
    directory: testbed[machine].directory,
    virtualFunctions: testbed.server.virtualFunctions,
  };
  return CHECKS.filter(({ on }) => on.includes(machine)).map(
    ({ name, by, needed, otherwise, fix, look }): MachineFinding => {
      const unknown = by.filter((fact) => facts[fact] === undefined);
      const { holds, found } =
        unknown.length === 0
          ? look(facts, place)
          : { holds: false, found: `not known: the machine did not say ${unknown.join(', ')}` };
      const verdict = holds ? 'right' : otherwise;
      return { machine, check: name, verdict, found, needed, fix: holds ? '' : fix };
    },
  );
}
