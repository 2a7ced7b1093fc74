/**
 * The format of an export: a tar, compressed with zstd. Its first member is `manifest.json`; the others are the
 * artefacts' directories, named as in the cache.
 */
import { createHash } from 'node:crypto';
import { execa } from 'execa';
import { z } from 'zod';
import { CommandError, NoSpaceError } from '../../lib/errors.ts';
import { aborted, lastLines } from '../../lib/error-text.ts';
import { PROVENANCE_FILE } from './build-cache.ts';
import { toolEnvironment } from '../tool.ts';

/** Increase it when an import of this version can no longer read what an export writes. */
export const FORMAT = 1;

export const MANIFEST = 'manifest.json';

/** Usually about 20 KB: the versions of a few hundred packages. */
export const MAX_MANIFEST_BYTES = 1024 * 1024;

const exportedArtefact = z.object({
  /** A part of a file's name, not a path. */
  name: z.string().regex(/^[a-z\d]+(-[a-z\d]+)*$/),
  hash: z.string().regex(/^[\da-f]{16}$/),
  /** With only its provenance, an artefact's name and versions are known, but nothing can be built in it. */
  contents: z.enum(['whole', 'provenance']),
  /** From its provenance. */
  facts: z.record(z.string(), z.string()),
  /** Of its own tar ({@link digestOf}), like the hash. */
  bytes: z.number().int().positive(),
  sha256: z.string().regex(/^[\da-f]{64}$/),
});
export type ExportedArtefact = z.infer<typeof exportedArtefact>;

/** An artefact to export. */
export type ArtefactToExport = Omit<ExportedArtefact, 'bytes' | 'sha256'>;

/** What every version of the format has. */
export const anyManifest = z.object({ format: z.number().int(), nestbench: z.string() });

export const manifestRecord = anyManifest.extend({
  format: z.literal(FORMAT),
  madeAt: z.iso.datetime(),
  artefacts: z.array(exportedArtefact).min(1),
});
export type Manifest = z.infer<typeof manifestRecord>;

export function labelOf({ name, hash }: Pick<ExportedArtefact, 'name' | 'hash'>): string {
  return `${name}-${hash}`;
}

export function memberOf(artefact: Pick<ArtefactToExport, 'name' | 'hash' | 'contents'>): string {
  const label = labelOf(artefact);
  return artefact.contents === 'whole' ? label : `${label}/${PROVENANCE_FILE}`;
}

/** Starts an archive tool, which ends when this process does. Read its output as it comes. */
export function archiver(argv: readonly string[], signal: AbortSignal) {
  return execa('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    cancelSignal: signal,
    reject: false,
    extendEnv: false,
    env: toolEnvironment(),
    encoding: 'buffer',
    buffer: { stdout: false },
  });
}

/**
 * Makes a tar that is reproducible except for times, wherever and by whomever it is made: everything in the cache
 * belongs to this user.
 */
export const CREATE_TAR = [
  'tar',
  '--create',
  '--format=gnu',
  '--sort=name',
  '--numeric-owner',
  '--owner=0',
  '--group=0',
];

/**
 * @throws {NestbenchError} with the tool's own message if it failed.
 */
export function assertEnded(
  { exitCode, stderr }: { exitCode?: number | undefined; stderr: Uint8Array },
  purpose: string,
  signal: AbortSignal,
): void {
  if (signal.aborted) throw aborted(signal, purpose);
  if (exitCode === 0) return;
  const output = lastLines(Buffer.from(stderr).toString());
  const isFull = output.includes('No space left on device');
  const message = `${purpose} failed: ${output === '' ? `tar exited with ${exitCode}` : output}`;
  const details = { message, machine: 'host', output, exitCode: exitCode ?? null };
  throw isFull ? new NoSpaceError(details) : new CommandError(details);
}

/** Size and SHA-256 of an artefact, as a tar with all times set to 0: covers names, modes, links and contents. */
export async function digestOf(
  directory: string,
  artefact: Pick<ArtefactToExport, 'name' | 'hash' | 'contents'>,
  signal: AbortSignal,
): Promise<Pick<ExportedArtefact, 'bytes' | 'sha256'>> {
  const argv = [...CREATE_TAR, '--mtime=@0', `--directory=${directory}`, memberOf(artefact)];
  const tar = archiver(argv, signal);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of tar.stdout) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  assertEnded(await tar, `Reading ${labelOf(artefact)} in ${directory}`, signal);
  return { bytes, sha256: hash.digest('hex') };
}
