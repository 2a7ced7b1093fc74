/**
 * nestbench's tools on a physical machine. The image that every guest boots from is mounted there, and is the root
 * directory of everything that is measured, so that a benchmark is the same program at L0, on the client and at every
 * level.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lastLines } from '../../lib/error-text.ts';
import { sha256OfFile } from '../../lib/sha256-of-file.ts';
import type { Machine } from '../../machine/machine.ts';
import { feedFile } from '../../machine/ssh/openssh.ts';
import type { OwnImage } from '../../stack/machine-plan.ts';
import { bridgeWord } from '../../stack/enter-image.ts';
import { dataOn, removeDataDisks } from './data-disks.ts';
import { machineScript, unprepared } from './machine-script.ts';
import { listOwn, ownFolder, removeOwn, writeArgv } from './own-folder.ts';
import { IMAGE_FORMAT, type PhysicalMachinePlan } from './physical-plan.ts';

const [SET_UP, TEAR_DOWN] = [machineScript('set-up'), machineScript('tear-down')];
/** A link takes up to ten seconds, and virtual functions as long. */
const SET_UP_SECONDS = 120;
/** It waits up to twenty seconds for what it ends. */
const TEAR_DOWN_SECONDS = 120;
const COMMAND_SECONDS = 60;

/** The image on this host, and its identity there. */
export interface DeployedImage {
  readonly file: string;
  readonly hash: string;
}

const IMAGES = 'images/';

function imageName({ hash }: Pick<DeployedImage, 'hash'>): string {
  return `${IMAGES}${hash}.${IMAGE_FORMAT}`;
}

/** The path of the image on a machine. */
export function imageOn(directory: string, image: Pick<DeployedImage, 'hash'>): string {
  return `${ownFolder(directory)}/${imageName(image)}`;
}

/**
 * Copies the image to the machine, unless it is already there; removes older ones.
 * @throws NESTBENCH_NO_SPACE; NESTBENCH_COMMAND_FAILED if the received file differs from the sent one.
 */
export async function deployImage(
  machine: Machine,
  { target, directory }: Pick<PhysicalMachinePlan, 'target' | 'directory'>,
  image: DeployedImage,
  options: { readonly signal: AbortSignal; readonly onStep?: ((text: string) => void) | undefined },
): Promise<void> {
  const { signal } = options;
  const name = imageName(image);
  const images = (await listOwn(machine, directory, signal)).filter((each) => each.startsWith(IMAGES));
  if (images.includes(name)) {
    const there = ['test', '-e', imageOn(directory, image)];
    if ((await machine.run(there, { signal, deadlineSeconds: COMMAND_SECONDS })).exitCode === 0) return;
  }
  options.onStep?.(`copying the image to ${machine.name}`);
  const sha256 = await sha256OfFile(image.file);
  // First, to free space.
  await removeOwn(machine, directory, images, signal);
  await feedFile({ ...target, name: machine.name }, image.file, writeArgv(directory, name, sha256), signal);
}

/** Disk images of the user's, by their checksum. They stay until another experiment needs others. */
const OWN_IMAGES = 'disks/';

function ownImageName({ sha256 }: OwnImage): string {
  return `${OWN_IMAGES}${sha256}.raw`;
}

/**
 * Copies the disk images that it has for its guests, unless they are already there; removes others.
 * @throws what {@link deployImage} throws.
 */
export async function deployOwnImages(
  machine: Machine,
  { target, directory, images }: Pick<PhysicalMachinePlan, 'target' | 'directory' | 'images'>,
  { signal, onStep }: Parameters<typeof deployImage>[3],
): Promise<void> {
  if (images.length === 0) return;
  const wanted = new Map(images.map(([, image]) => [ownImageName(image), image]));
  const there = (await listOwn(machine, directory, signal)).filter((each) => each.startsWith(OWN_IMAGES));
  await removeOwn(
    machine,
    directory,
    there.filter((name) => !wanted.has(name)),
    signal,
  );
  for (const [name, { file, bytes, sha256 }] of wanted) {
    const isThere = ['test', '-e', `${ownFolder(directory)}/${name}`];
    if ((await machine.run(isThere, { signal, deadlineSeconds: COMMAND_SECONDS })).exitCode === 0) continue;
    onStep?.(`copying ${path.basename(file)} (${Math.ceil(bytes / 1e6)} MB) to ${machine.name}`);
    await feedFile({ ...target, name: machine.name }, file, writeArgv(directory, name, sha256), signal);
  }
}

/**
 * Prepares the machine for the cell, until {@link tearDown}.
 * @param seed the file with the guests' keys.
 * @throws NESTBENCH_CHECK_FAILED, kind configuration, with the obstacle.
 */
export async function setUp(
  machine: Machine,
  plan: PhysicalMachinePlan,
  image: DeployedImage,
  seed: string,
  signal: AbortSignal,
): Promise<void> {
  const { network, name, virtualFunctions } = plan;
  const words = [
    imageOn(plan.directory, image),
    IMAGE_FORMAT,
    plan.interface,
    plan.addressWithPrefix,
    bridgeWord(network.bridge),
    name === 'l0' ? 'yes' : 'no',
    String(virtualFunctions),
    network.assigns?.pciAddress ?? '',
    network.assigns?.mac ?? '',
    plan.dataDirectory === undefined ? '' : dataOn(plan.directory),
    ...plan.images.map(([guest, own]) => `${guest}=${ownFolder(plan.directory)}/${ownImageName(own)}`),
  ];
  const { exitCode, stderr } = await machine.run(['sh', '-c', SET_UP, 'set-up', ...words], {
    signal,
    deadlineSeconds: SET_UP_SECONDS,
    input: readFileSync(seed).toString('base64'),
  });
  if (exitCode === 0) return;
  const output = lastLines(stderr);
  const why = /^nestbench: (.*)$/m.exec(stderr)?.[1] ?? output;
  throw unprepared(plan, why, { exitCode: exitCode ?? null, output });
}

/**
 * Undoes {@link setUp}, and ends what runs there.
 * @returns what was ended.
 */
export async function tearDown(machine: Machine, signal: AbortSignal): Promise<string[]> {
  const text = await machine.check(['sh', '-c', TEAR_DOWN, 'tear-down'], {
    signal,
    deadlineSeconds: TEAR_DOWN_SECONDS,
  });
  return text.split('\n').filter((line) => line !== '');
}

/**
 * Removes everything that {@link setUp} and {@link deployImage} put there.
 * @returns clauses that say what there was.
 */
export async function removeTools(
  machine: Machine,
  directory: string,
  signal: AbortSignal,
): Promise<string[]> {
  const ended = (await tearDown(machine, signal)).map((what) => `ended ${what}`);
  await removeDataDisks(machine, directory, signal);
  const images = (await listOwn(machine, directory, signal)).filter(
    (each) => each.startsWith(IMAGES) || each.startsWith(OWN_IMAGES),
  );
  if (images.length === 0) return ended;
  await removeOwn(machine, directory, images, signal);
  return [...ended, 'took the image away'];
}
