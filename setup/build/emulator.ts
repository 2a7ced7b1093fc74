/**
 * Builds the QEMU that emulates the server of virtual time: that of Debian 12, with one fault of it mended by which
 * guests of guests stop there (emulator/deliver-interrupts-once.patch). In real time the fault is so rare that the
 * QEMU that the host has serves.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { NestbenchError } from '../errors.ts';
import { tell } from '../progress.ts';
import { cached, type Workplace } from './cache.ts';
import { KEYRING, MIRROR, SECURITY_MIRROR } from './debian.ts';
import { ninjaProgress } from './ninja-progress.ts';
import { runTool, type ToolOptions } from './tool.ts';

export interface Emulator {
  readonly program: string;
  /** Debian's version of the source: `1:7.2+dfsg-7+deb12u18`. */
  readonly version: string;
  readonly hash: string;
}

/** To be raised whenever the steps below change what they make. */
const RECIPE = 1;

/** Its QEMU 7.2 is what all that is known of the emulated server was measured with (setup/testbed/emulation.md). */
const SUITE = 'bookworm';
const PATCH = path.join(import.meta.dirname, 'emulator/deliver-interrupts-once.patch');
const PROGRAM = 'qemu-system-x86_64';

/** All devices that Debian's has, and of the features around them only what the emulated server uses. */
const CONFIGURE = [
  '--target-list=x86_64-softmmu',
  '--without-default-features',
  '--enable-system',
  '--enable-tcg',
  '--enable-slirp',
  '--enable-fdt=system',
  '--disable-debug-info',
  // The firmware is that of the host's packages. QEMU looks below its own directory for what has the same prefix as it.
  '--prefix=/opt/nestbench',
  '--disable-install-blobs',
  '--firmwarepath=/usr/share/qemu:/usr/share/seabios',
];

/**
 * The emulator from the cache, or built now.
 * @throws {NestbenchError} NESTBENCH_BUILD_FAILED with the tools' own errors.
 */
export async function buildEmulator(signal: AbortSignal): Promise<Emulator> {
  const patch = await readFile(PATCH, 'utf8');
  const inputs = { recipe: RECIPE, suite: SUITE, configure: CONFIGURE, patch };
  const { directory, hash, facts } = await cached({
    name: 'emulator',
    inputs,
    signal,
    build: compileEmulator,
  });
  return { program: path.join(directory, PROGRAM), version: facts['version'] ?? '', hash };
}

async function compileEmulator({ directory, log, signal }: Workplace): Promise<{ version: string }> {
  const tool: Omit<ToolOptions, 'purpose'> = { log, signal, cwd: directory };
  tell({ task: 'emulator', text: "fetching QEMU's source", state: 'running', fraction: 0 });
  const description = await fetchSource(directory, tool);
  const version = /^Version: (.+)$/m.exec(await readFile(description, 'utf8'))?.[1] ?? 'unknown';

  const tree = path.join(directory, 'qemu');
  // apt has checked it against the archive's signed index.
  await runTool(['dpkg-source', '--no-check', '--extract', description, tree], {
    ...tool,
    purpose: "unpacking QEMU's source",
  });
  await runTool(['patch', '--strip=1', '--forward', `--input=${PATCH}`], {
    ...tool,
    cwd: tree,
    purpose: "mending QEMU's source",
  });
  tell({ task: 'emulator', text: 'configuring QEMU', state: 'running', fraction: 0 });
  const build = path.join(tree, 'build');
  await mkdir(build);
  await runTool(['../configure', ...CONFIGURE, `--with-pkgversion=Debian ${version}, patched by nestbench`], {
    ...tool,
    cwd: build,
    purpose: 'configuring QEMU',
  });
  await compile({ ...tool, cwd: build });
  await runTool(['strip', '-o', path.join(directory, PROGRAM), path.join(build, PROGRAM)], {
    ...tool,
    purpose: 'stripping QEMU',
  });
  await copyFile(path.join(build, 'config.status'), path.join(directory, 'config.status'));
  for (const name of await readdir(directory)) {
    if (name !== PROGRAM && name !== 'config.status')
      await rm(path.join(directory, name), { recursive: true });
  }
  tell({ task: 'emulator', text: 'QEMU is built', state: 'done', fraction: 1 });
  return { version };
}

/** By an apt of its own, whatever sources the host's has. @returns the source package's description, a .dsc file. */
export async function fetchSource(
  directory: string,
  tool: Omit<ToolOptions, 'purpose'>,
  suite = SUITE,
): Promise<string> {
  const apt = path.join(directory, 'apt');
  await mkdir(path.join(apt, 'lists/partial'), { recursive: true });
  await mkdir(path.join(apt, 'cache/archives/partial'), { recursive: true });
  const list = path.join(apt, 'sources.list');
  const source = `deb-src [signed-by=${KEYRING}]`;
  await writeFile(
    list,
    `${source} ${MIRROR} ${suite} main\n${source} ${SECURITY_MIRROR} ${suite}-security main\n`,
  );
  const options = [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=-',
    `Dir::State::Lists=${apt}/lists`,
    `Dir::Cache=${apt}/cache`,
    // Root's apt would else fetch as a user who may not look into the cache.
    'APT::Sandbox::User=root',
    'Acquire::Retries=3',
  ].flatMap((option) => ['--option', option]);
  const purpose = "fetching QEMU's source";
  await runTool(['apt-get', ...options, 'update'], { ...tool, purpose });
  await runTool(['apt-get', ...options, 'source', '--download-only', 'qemu'], { ...tool, purpose });
  const description = (await readdir(directory)).find((name) => name.endsWith('.dsc'));
  if (description !== undefined) return path.join(directory, description);
  throw new NestbenchError(
    'NESTBENCH_BUILD_FAILED',
    'infrastructure',
    `Debian's archive has no source of QEMU for ${suite}. The whole log is ${tool.log}`,
    { machine: 'host' },
  );
}

async function compile(tool: Omit<ToolOptions, 'purpose'>): Promise<void> {
  await runTool(['ninja', `-j${availableParallelism()}`, PROGRAM], {
    ...tool,
    purpose: 'building QEMU',
    onLine: ninjaProgress('emulator', 'compiling QEMU for virtual time'),
  });
}
