/** What can be said of a testbed before anything is measured on it. Nothing is changed by it. */
import path from 'node:path';
import { LEVELS } from '../../fixtures/matrix.ts';
import { memoryMiBAt, sizingFor } from '../../fixtures/sizing.ts';
import type { TestbedDescription } from '../../fixtures/testbed.ts';
import { STOCK_VARIANT } from '../../fixtures/variant.ts';
import { checkoutFault } from '../lib/checkout-path.ts';
import { isAllBuilt } from '../build/build-all.ts';
import { cacheDirectory } from '../build/cache/build-cache.ts';
import { findEngine } from '../build/builder/engine.ts';
import { assertOwnership } from '../build/toolchain/namespace.ts';
import { NestbenchError } from '../lib/errors.ts';
import { cacheFault, placeFaults, whyUnusable } from '../lib/places.ts';
import { FOR_MMDEBSTRAP } from '../build/package-list.ts';
import { installCommand, missingPackages, neededPackages } from '../build/host-packages.ts';
import { checkResources, describeHost, hostVirtualization } from './host-resources.ts';
import { connectOpenssh } from '../machine/ssh/openssh.ts';
import { targetOf } from './physical/description.ts';
import { checkMachine, checkTwo, type Finding as MachineFinding } from './physical/checks.ts';
import { type MachineFacts, readMachineFacts } from './physical/machine-facts.ts';
import { examineSources } from './physical/sources.ts';
import { BUILD_BYTES } from './emulated/build-testbed.ts';

export interface Finding extends Omit<MachineFinding, 'machine'> {
  readonly machine: MachineFinding['machine'] | 'host';
}

const CHECKOUT = path.resolve(import.meta.dirname, '../..');

const DEEPEST = LEVELS.at(-1) ?? 0;

/** A machine that answers answers soon; one that is just booting is looked at again by hand. */
const CONNECT_SECONDS = 30;

/** Both machines, looked at side by side, and what is to be built for them. */
export async function examinePhysical(testbed: TestbedDescription, signal: AbortSignal): Promise<Finding[]> {
  const [client, server, sources] = await Promise.all([
    examineMachine('client', testbed, signal),
    examineMachine('server', testbed, signal),
    examineSources(testbed, signal),
  ]);
  const two =
    client.facts === undefined || server.facts === undefined ? [] : [checkTwo(client.facts, server.facts)];
  return [...client.findings, ...two, ...server.findings, ...sources];
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
    if (!(error instanceof NestbenchError) || error.kind === 'bug') throw error;
    return { findings: [{ ...ssh, verdict: 'wrong', found: 'none', fix: error.message }] };
  }
}

/** Where a run started here keeps things, on any testbed. */
export function examinePlaces(resultsDirectory: string, junitFile: string | undefined): Finding[] {
  const faults = placeFaults(resultsDirectory, junitFile).map(({ place, fault, variable }) =>
    finding(place, 'a place that can be written to', fault, `set ${variable} to another place`),
  );
  const named = checkoutFault(CHECKOUT);
  if (named !== undefined)
    faults.push(finding('checkout', 'a path that Vite can read', named, 'move the checkout'));
  const checkout = whyUnusable(CHECKOUT);
  if (checkout !== undefined)
    faults.push(
      finding(
        'checkout',
        'a checkout that can be written to, or --configLoader runner',
        checkout,
        'add --configLoader runner to each npx vitest',
      ),
    );
  if (faults.length > 0) return faults;
  return [finding('places', 'places that can be written to', 'cache, temporary files, results', '')];
}

/** This host, as the emulated testbed needs it. */
export async function examineEmulated(): Promise<Finding[]> {
  const host = describeHost();
  const sizing = sizingFor(host);
  const { accelerator, reason } = await hostVirtualization();
  const server = memoryMiBAt(sizing, 0, DEEPEST) + sizing.memoryMiB;
  const room = await failureOf(async () => {
    // Else a finding of its own says what is wrong with it.
    if (cacheFault() !== undefined) return;
    await checkResources({
      cacheDirectory: cacheDirectory(),
      cacheBytes: BUILD_BYTES,
      memoryBytes: server * 2 ** 20,
    });
  });
  return [
    finding('CPUs', 'one; with more, levels have more', `${host.cpus}, ${host.cpuModel}`, ''),
    finding(
      'virtualization',
      'none: the server is emulated where there is none',
      `${accelerator}. ${reason}`,
      '',
    ),
    finding(
      'room',
      `disk for builds, and memory for L3: ${server} MiB`,
      room === undefined ? 'there is' : 'too little',
      room ?? '',
    ),
    await examinePackages(),
  ];
}

/** mmdebstrap and what an ordinary user needs for it, an engine that runs it in a container, or a cache without need of it. */
async function examinePackages(): Promise<Finding> {
  const needed =
    'mmdebstrap, which a run installs where it may, a container engine, or an import into the cache';
  let missing: readonly string[] = [];
  const fault = await failureOf(async () => {
    missing = await missingPackages(neededPackages(FOR_MMDEBSTRAP));
    if (missing.length === 0) await assertOwnership();
  });
  if (fault === undefined && missing.length === 0) return finding('packages', needed, 'all installed', '');
  if ((await findEngine()).ok) return finding('packages', needed, 'a container engine answers', '');
  if (cacheFault() === undefined && (await isAllBuilt(STOCK_VARIANT)))
    return finding('packages', needed, 'none needed: the cache has what a run boots from', '');
  const found = fault === undefined ? `missing: ${missing.join(', ')}` : 'neither';
  return finding('packages', needed, found, fault ?? installCommand(missing));
}

function finding(check: string, needed: string, found: string, fix: string): Finding {
  return { machine: 'host', check, verdict: fix === '' ? 'right' : 'wrong', found, needed, fix };
}

async function failureOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof NestbenchError && error.kind !== 'bug') return error.message;
    throw error;
  }
}
