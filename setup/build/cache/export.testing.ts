/** Minimal artefacts, and exports of them, including hostile ones. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { type Artefact, cached } from './build-cache.ts';
import { exportCache } from './export-cache.ts';
import { type ArtefactToExport, digestOf, type Manifest, MANIFEST } from './export-format.ts';

export const never = new AbortController().signal;

/** Makes an artefact of these files in the cache. */
export async function artefact(
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Artefact & ArtefactToExport> {
  const made = await cached({
    name,
    inputs,
    signal: never,
    build: async ({ directory }) => {
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
        writeFileSync(path.join(directory, file), content);
      }
      return { version: '1' };
    },
  });
  return { ...made, name, contents: 'whole' };
}

/** Exports them to a temporary file. */
export async function exported(artefacts: readonly ArtefactToExport[]): Promise<string> {
  const file = path.join(temporaryDirectory(), 'cache.tar.zst');
  await exportCache(file, { nestbench: '0.1.0', artefacts, force: false, signal: never });
  return file;
}

/** How a hostile export differs from a good one of an artefact `thing` with a file `made`. */
export interface Hostile {
  /** Changes the unpacked artefact before the manifest is made from it. */
  readonly tree?: (directory: string) => void;
  readonly manifest?: (manifest: Manifest) => unknown;
  /**
   * tar's options and members, run in the directory of the manifest and the artefact; by default those of a good
   * export.
   */
  readonly tar?: (label: string) => readonly string[];
}

/** An export by an attacker who knows the format. */
export async function hostileExport({ tree, manifest, tar }: Hostile): Promise<string> {
  const { directory, ...one } = await artefact('thing', { made: 'whole', 'sub/file': '1' });
  const place = temporaryDirectory();
  const label = path.basename(directory);
  renameSync(directory, path.join(place, label));
  tree?.(path.join(place, label));
  const good: Manifest = {
    format: 1,
    nestbench: '0.1.0',
    madeAt: new Date(0).toISOString(),
    artefacts: [{ ...one, ...(await digestOf(place, one, never)) }],
  };
  writeFileSync(path.join(place, MANIFEST), JSON.stringify(manifest?.(good) ?? good));
  const archive = path.join(place, 'x.tar');
  const members = tar?.(label) ?? [MANIFEST, label];
  execFileSync('tar', ['--create', '--format=gnu', `--file=${archive}`, ...members], { cwd: place });
  const file = path.join(temporaryDirectory(), 'hostile.tar.zst');
  writeFileSync(file, zstdCompressSync(readFileSync(archive)));
  return file;
}

/**
 * The output of a program for which `directory` is a disk of that size, in its own mount namespace. `work` is its text.
 */
export function onSmallDisk(directory: string, bytes: number, work: string): string {
  const mount = `mount -t tmpfs -o size=${bytes} tmpfs "$0" && exec "$@"`;
  const argv = ['--mount', '--map-root-user', 'sh', '-euc', mount, directory];
  const program = [process.execPath, '--input-type=module', '--eval', work];
  return execFileSync('unshare', [...argv, ...program], { encoding: 'utf8' });
}

/** The text of a program that exports `artefacts` to `file`. */
export function exporting(file: string, artefacts: readonly ArtefactToExport[]): string {
  const options = { nestbench: '0.1.0', artefacts, force: false };
  return `
    const { exportCache } = await import(${JSON.stringify(path.join(import.meta.dirname, 'export-cache.ts'))});
    const signal = new AbortController().signal;
    await exportCache(${JSON.stringify(file)}, { ...${JSON.stringify(options)}, signal });`;
}

/** The text of a program that imports `file`. */
export function importing(file: string): string {
  return `
    const { importCache } = await import(${JSON.stringify(path.join(import.meta.dirname, 'import-cache.ts'))});
    await importCache(${JSON.stringify(file)}, new AbortController().signal);`;
}

/** The text of a program that does `work`, then prints why it failed and the names in `directory`. */
export function failing(work: string, directory: string): string {
  return `
    const { readdirSync } = await import('node:fs');
    try { ${work} } catch (error) { console.log(error.code, error.message); }
    console.log(readdirSync(${JSON.stringify(directory)}).join(' '));`;
}

/** 64 MiB that do not compress: enough work to be interrupted in the middle. */
export function random(bytes = 64 * 1024 * 1024): Buffer {
  // The limit of getRandomValues.
  const piece = 65_536;
  return Buffer.concat(
    Array.from({ length: Math.ceil(bytes / piece) }, () => crypto.getRandomValues(Buffer.alloc(piece))),
  );
}
