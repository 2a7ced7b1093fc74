/** Makes sure that the host has the required programs, and installs them if it may. */
import { globSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { cacheDirectory } from './cache/build-cache.ts';
import { takeLock } from '../lib/lock.ts';
import { PackageMissingError } from '../lib/errors.ts';
import { aborted, errorCode, lastLines } from '../lib/error-text.ts';
import { reportProgress } from '../lib/task-progress.ts';
import type { HostPackage } from './package-list.ts';

/** How long to wait for another apt or dpkg, such as unattended-upgrades, to free its lock: five minutes. */
const LOCK_SECONDS = 300;
/** Older lists name versions that the mirrors may have dropped. */
const STALE_MS = 24 * 60 * 60 * 1000;
const APT_LISTS = '/var/lib/apt/lists';

/**
 * Installs the missing packages of a list in package-list.ts, if this process is root or sudo needs no password.
 * @throws {NestbenchError} NESTBENCH_PACKAGE_MISSING with the command for an administrator to run, otherwise.
 */
export async function ensurePackages(signal: AbortSignal, list: readonly HostPackage[]): Promise<void> {
  const needed = neededPackages(list);
  if ((await missingPackages(needed)).length === 0) return;
  // The second of two concurrent runs finds everything installed; apt itself does not wait for another's update.
  await using held = new AsyncDisposableStack();
  held.use(await takeLock(path.join(cacheDirectory(), 'locks', 'packages.lock'), { signal }));
  const missing = await missingPackages(needed);
  if (missing.length === 0) return;
  const prefix = await rootPrefix();
  if (prefix === undefined) throw uninstallable(missing);
  reportProgress({ task: 'packages', text: `installing ${missing.join(', ')}`, state: 'running' });
  if (await listsAreStale()) await apt(['update'], prefix, missing, signal);
  await apt(['install', '--yes', '--no-install-recommends', ...missing], prefix, missing, signal);
  reportProgress({ task: 'packages', text: `installed ${missing.join(', ')}`, state: 'done' });
}

/**
 * The same check before it matters; installs nothing.
 * @throws {NestbenchError} NESTBENCH_PACKAGE_MISSING if {@link ensurePackages} would.
 */
export async function assertInstallable(list: readonly HostPackage[]): Promise<void> {
  const missing = await missingPackages(neededPackages(list));
  if (missing.length > 0 && (await rootPrefix()) === undefined) throw uninstallable(missing);
}

function uninstallable(missing: readonly string[]): PackageMissingError {
  return new PackageMissingError({
    message: `These Debian packages are missing, and this user is not root and has no sudo without a password: ${missing.join(', ')}. Run: ${installCommand(missing)}`,
    machine: 'host',
  });
}

export function installCommand(packages: readonly string[]): string {
  return `sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}`;
}

/** The part of a list that this user needs. */
export function neededPackages(list: readonly HostPackage[]): HostPackage[] {
  return list.filter(({ onlyWithoutRoot }) => onlyWithoutRoot === undefined || process.getuid?.() !== 0);
}

/** Packages that are not installed. Without dpkg, looks for programs, and throws if one is missing. */
export async function missingPackages(needed: readonly HostPackage[]): Promise<string[]> {
  const names = needed.map(({ name }) => name);
  const format = '${db:Status-Status} ${Package}\\n';
  // It exits with 1 if one is unknown, which is also an answer.
  const query = await execa('dpkg-query', ['--show', '--showformat', format, ...names], { reject: false });
  if (query.code === 'ENOENT') {
    assertPrograms(needed);
    return [];
  }
  const installed = new Set(
    query.stdout
      .split('\n')
      .filter((line) => line.startsWith('installed '))
      .map((line) => line.slice('installed '.length)),
  );
  return names.filter((name) => !installed.has(name));
}

/** Not Debian: only names what is missing. */
function assertPrograms(needed: readonly HostPackage[]): void {
  const directories = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':');
  const missing = needed.filter(({ shownBy }) => {
    const patterns = shownBy.startsWith('/')
      ? [shownBy]
      : directories.map((directory) => path.join(directory, shownBy));
    return patterns.every((pattern) => globSync(pattern).length === 0);
  });
  if (missing.length === 0) return;
  const list = missing.map((one) => `${one.shownBy} (for ${one.for})`).join(', ');
  throw new PackageMissingError({
    message: `This is not a Debian or Ubuntu host, or PATH lacks its dpkg-query, so nestbench can't install what it needs. Missing: ${list}. Install them with this system's package manager${inFedora(missing)}.`,
    machine: 'host',
  });
}

/** A part of the sentence above. What Fedora lacks, mmdebstrap, its Podman runs in a container. */
function inFedora(missing: readonly HostPackage[]): string {
  const names = missing.map(({ fedora }) => fedora ?? 'podman');
  const socket = names.includes('podman') ? ' && systemctl --user enable --now podman.socket' : '';
  return ` (in Fedora: sudo dnf install ${[...new Set(names)].join(' ')}${socket})`;
}

/** The command prefix for root: empty, sudo, or undefined without either. */
async function rootPrefix(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  const sudo = await execa('sudo', ['-n', 'true'], { reject: false });
  return sudo.exitCode === 0 ? ['sudo', '-n'] : undefined;
}

async function listsAreStale(): Promise<boolean> {
  try {
    const names = await readdir(APT_LISTS);
    if (!names.some((name) => name.includes('_Packages'))) return true;
    // apt gives the lists the server's times; the directory has the time of the last update.
    const times = await Promise.all(
      [APT_LISTS, path.join(APT_LISTS, 'partial')].map(async (directory) => (await stat(directory)).mtimeMs),
    );
    return Date.now() - Math.max(...times) > STALE_MS;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EACCES') return true;
    throw error;
  }
}

/**
 * Runs apt-get as root. An abort does not kill it, because a killed dpkg leaves the host's packages broken; it sends
 * SIGINT, which apt obeys during downloads and defers during installation. Behind sudo the signal may not reach it;
 * then it is waited for.
 */
async function apt(
  words: readonly string[],
  prefix: readonly string[],
  missing: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) throw aborted(signal, 'installing packages', { machine: 'host' });
  const argv = [
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'LC_ALL=C.UTF-8',
    'apt-get',
    '--option',
    `DPkg::Lock::Timeout=${LOCK_SECONDS}`,
    ...words,
  ];
  const [file = '', ...rest] = argv;
  const subprocess = execa(file, rest, {
    reject: false,
    all: true,
    stdin: 'ignore',
    detached: true,
    cleanup: false,
  });
  const interrupt = (): void => {
    subprocess.kill('SIGINT');
  };
  signal.addEventListener('abort', interrupt, { once: true });
  const { exitCode, all } = await subprocess;
  signal.removeEventListener('abort', interrupt);
  if (signal.aborted) throw aborted(signal, 'installing packages', { machine: 'host', argv });
  if (exitCode === 0) return;
  const output = lastLines(all);
  const unknown = notInRelease(all);
  const advice =
    unknown.length === 0
      ? `Read its output, then run: ${installCommand(missing)}`
      : `This release of Debian or Ubuntu does not have ${unknown.join(', ')}, but a container does: start Docker or Podman's socket, and leave "builder: host" out of the testbed file`;
  throw new PackageMissingError({
    message: `apt-get ${words[0]} failed (exit code ${exitCode}), so these packages are still missing: ${missing.join(', ')}. ${advice}\n${output}`,
    machine: 'host',
    output,
    exitCode,
  });
}

/** From apt's errors. */
function notInRelease(output: string): string[] {
  const errors = output.matchAll(
    /^E: (?:Unable to locate package (\S+)|Package '(\S+)' has no installation candidate)$/gm,
  );
  return [...errors].map(([, unknown, gone]) => unknown ?? gone ?? '');
}
