/**
 * A level that boots a disk image of the user's: reached with the user's key once its own init has started sshd. A
 * script then mounts nestbench's image there, so that all programs are the same as at every other level.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { BENCHMARK_PORTS, SYSTEM_SERVICES } from '../../fixtures/benchmarks/index.ts';
import { PREFIX_LENGTH } from '../../fixtures/addresses.ts';
import { AnnotatedError, NestbenchError, UnsuitableError } from '../lib/errors.ts';
import { lastLines } from '../lib/error-text.ts';
import type { Phases } from '../lib/phase-clock.ts';
import { connectSsh } from '../machine/ssh/ssh.ts';
import type { MachinePlan } from './machine-plan.ts';
import type { MachineNetwork } from './network.ts';

/** Of nestbench's own sshd there; the image's has 22. */
export const TOOLS_PORT = 2222;
/** The root directory of measurements, there and on physical machines. */
export const TOOLS_ROOT = '/run/nestbench-mounts/root';

const SCRIPT = readFileSync(path.join(import.meta.dirname, 'enter-image.sh'), 'utf8');

export interface EnterOptions {
  /** Opens a stream to the image's own sshd. */
  readonly openOwn: (signal: AbortSignal) => Promise<Duplex>;
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/**
 * Resolves once nestbench's sshd runs there.
 * @throws NESTBENCH_DEADLINE if its own sshd does not let root in; NESTBENCH_CHECK_FAILED with what the image lacks.
 */
export async function enterImage(
  plan: MachinePlan,
  own: NonNullable<MachinePlan['own']>,
  options: EnterOptions,
): Promise<void> {
  const { name, address, network, runsGuests, deadlineSeconds } = plan;
  const { openOwn, phases, signal } = options;
  await using machine = await connectSsh({
    name,
    open: openOwn,
    username: 'root',
    privateKey: readFileSync(own.key, 'utf8'),
    signal,
    deadlineSeconds,
  }).catch((error: unknown) => {
    throw withNeeds(error, plan, own);
  });
  phases.lap(`${name}: its own init`);
  const words = [
    own.disks.image,
    own.format,
    own.disks.seed,
    name,
    `${address}/${PREFIX_LENGTH}`,
    bridgeWord(network.bridge),
    String(TOOLS_PORT),
    SYSTEM_SERVICES.join(' '),
    runsGuests
      ? ''
      : BENCHMARK_PORTS.map((port) => port.toString(16).toUpperCase().padStart(4, '0')).join(' '),
  ];
  const { exitCode, stderr } = await machine.run(['sh', '-c', SCRIPT, 'enter-image', ...words], {
    signal,
    deadlineSeconds,
  });
  phases.lap(`${name}: tools`);
  if (exitCode === 0) return;
  const output = lastLines(stderr);
  const why = /^nestbench: (.*)$/m.exec(stderr)?.[1] ?? output;
  throw new UnsuitableError({
    message: `${name} booted ${own.file}, but can't be measured: ${why}.`,
    machine: name,
    exitCode,
    output,
  });
}

/** The word of a script for what a machine's bridge connects. */
export function bridgeWord(bridge: MachineNetwork['bridge']): string {
  if (bridge === undefined) return 'none';
  return bridge === 'with-nic' ? 'interface' : bridge.routesTo.join(',');
}

/** nestbench can't see into the image, so its user has to. */
function withNeeds(
  error: unknown,
  { address }: MachinePlan,
  { file, key }: NonNullable<MachinePlan['own']>,
): unknown {
  if (!(error instanceof NestbenchError)) return error;
  return new AnnotatedError(error, {
    message: `${error.message} It boots ${file}, whose sshd must let root in with ${key}, and which must leave its first NIC the address ${address}.`,
  });
}
