/** Limits the server's memory to the cell's, until `tearDown`. */
import type { LevelFacts } from '../../../fixtures/records.ts';
import type { Machine } from '../../machine/machine.ts';
import { machineScript, unprepared } from './machine-script.ts';
import { parseMemory, type ServerMemory, sharesOf } from './memory-nodes.ts';
import type { PhysicalMachinePlan } from './physical-plan.ts';

const TAKE_MEMORY = machineScript('take-memory');
/** Huge pages of a large machine's memory are cleared one by one. */
const SECONDS = 300;
/** Free memory that is in pieces gives fewer huge pages: up to a tenth more may be left than planned. */
const TOLERANCE = 0.1;

/**
 * Takes what the cell's L0 does not have, by the rule of {@link sharesOf}. What one node lacks, the next ones give.
 * @returns what was taken of which node.
 * @throws NESTBENCH_CHECK_FAILED, kind configuration, if it has too little, or can't give up enough.
 */
export async function limitMemory(
  machine: Machine,
  plan: PhysicalMachinePlan,
  signal: AbortSignal,
): Promise<Pick<LevelFacts, 'takenMemory'>> {
  if (!plan.isSized) return {};
  const { memoryMiB } = plan;
  const run = (...words: string[]): Promise<string> =>
    machine.check(['sh', '-c', TAKE_MEMORY, 'take-memory', ...words], { signal, deadlineSeconds: SECONDS });
  const read = async (): Promise<ServerMemory> => parseMemory(await run('read'));
  const { availableKiB, hugePageKiB, nodes } = await read();
  const wanted = Math.floor((availableKiB - memoryMiB * 1024) / hugePageKiB);
  if (wanted < 0)
    throw unprepared(plan, `it has ${inMiB(availableKiB)} MiB available, and the cell needs ${memoryMiB}`);
  const takenMemory: NonNullable<LevelFacts['takenMemory']> = [];
  let untouched = nodes;
  let rest = wanted;
  for (let [share] = sharesOf({ hugePageKiB, nodes }, rest); share !== undefined;) {
    const { node } = share;
    const taken = Number(await run('write', node.name, String(share.pages)));
    takenMemory.push({ node: node.name, cpus: node.cpus, bytes: taken * hugePageKiB * 1024 });
    rest -= taken;
    untouched = untouched.filter((each) => each !== node);
    [share] = sharesOf({ hugePageKiB, nodes: untouched }, rest);
  }
  const left = inMiB((await read()).availableKiB);
  if (left <= memoryMiB * (1 + TOLERANCE)) return { takenMemory };
  throw unprepared(
    plan,
    `only ${wanted - rest} of ${wanted} huge pages could be taken, so ${left} MiB are left where the cell is to have ${memoryMiB}: reboot it`,
  );
}

function inMiB(kibibytes: number): number {
  return Math.floor(kibibytes / 1024);
}
