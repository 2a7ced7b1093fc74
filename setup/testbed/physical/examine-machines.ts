/** The doctor's checks of a physical testbed: both machines, and what has to be built for them. */
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { sentenceOf } from '../../lib/errors.ts';
import { connectOpenssh } from '../../machine/ssh/openssh.ts';
import { failureOf, type Finding, finding } from '../diagnose.ts';
import { checkMachine, checkTwo } from './checks.ts';
import { targetOf } from './testbed-file.ts';
import { type MachineFacts, readMachineFacts } from './machine-facts.ts';
import { examineImages } from './own-image.ts';
import { examineSources } from './examine-sources.ts';

/** A running machine answers soon; one that is booting can be checked again by hand. */
const CONNECT_SECONDS = 30;

export async function examineMachines(testbed: TestbedDescription, signal: AbortSignal): Promise<Finding[]> {
  const [client, server, images, sources] = await Promise.all([
    examineMachine('client', testbed, signal),
    examineMachine('server', testbed, signal),
    findImages(testbed),
    examineSources(testbed, signal),
  ]);
  const two =
    client.facts === undefined || server.facts === undefined ? [] : [checkTwo(client.facts, server.facts)];
  return [...client.findings, ...two, ...server.findings, ...images, ...sources];
}

/** Disk images of the user's that levels boot. */
async function findImages(testbed: TestbedDescription): Promise<Finding[]> {
  const files = Object.values(testbed.images).flatMap((image) => image?.file ?? []);
  if (files.length === 0) return [];
  const why = await failureOf(async () => void (await examineImages(testbed)));
  return [finding('disk images', 'raw disk images with ext4', files.join(', '), why ?? '')];
}

async function examineMachine(
  name: 'client' | 'server',
  testbed: TestbedDescription,
  signal: AbortSignal,
): Promise<{ readonly findings: Finding[]; readonly facts?: MachineFacts }> {
  const described = testbed[name];
  const ssh = { machine: name, check: 'SSH', needed: 'a root login that asks for nothing' };
  try {
    await using machine = await connectOpenssh({
      ...targetOf(testbed, name),
      signal,
      deadlineSeconds: CONNECT_SECONDS,
    });
    const facts = await readMachineFacts(machine, described, signal);
    const found: Finding = { ...ssh, verdict: 'right', found: described.ssh, fix: '' };
    return { findings: [found, ...checkMachine(name, facts, testbed)], facts };
  } catch (error) {
    const sentence = sentenceOf(error);
    if (sentence === undefined) throw error;
    return { findings: [{ ...ssh, verdict: 'wrong', found: 'none', fix: sentence }] };
  }
}
