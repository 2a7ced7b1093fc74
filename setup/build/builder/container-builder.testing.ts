/**
 * Builds in containers of a real engine, with a toy that is built like a kernel, and what can go wrong. A test file for
 * each engine: testcontainers stays with the first that it found.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { KernelSource } from '../../../fixtures/testbed-description.ts';
import { processArgv } from '../../lib/proc.ts';
import { processesWith, uniqueSleep } from '../../lib/processes.testing.ts';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { chooseBuilder } from './builder.ts';
import { processNamespace, runInContainer } from './container.ts';
import { containerBuilder } from './container-builder.ts';
import { type Engine, findEngine } from './engine.ts';
import { baseTar, type EngineProgram, importImage, startEngine, whyNoEngine } from './engine.testing.ts';
import { buildKernelPackage } from '../kernel/kernel-package.ts';

const never = new AbortController().signal;
const BASE = 'nestbench-test-base:latest';
const SLEEP = uniqueSleep();
/** Like Linux's makefile, as far as nestbench uses it. Its image records who built it, and on which network. */
const MAKEFILE = `
VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 0
defconfig:
	echo CONFIG_MODULES=y >.config
olddefconfig:
	test -e .config
bzImage:
	mkdir -p arch/x86/boot include/config
	{ gcc -dumpfullversion; id -u; ls /sys/class/net; } >arch/x86/boot/bzImage
	echo 6.1.0-toy >include/config/kernel.release
	test ! -e fail || { echo 'toy.c:1: error: it is to fail' >&2; exit 3; }
	test ! -e hang || sleep ${SLEEP}
modules:
modules_install:
	mkdir -p $(INSTALL_MOD_PATH)/lib/modules/6.1.0-toy
	touch $(INSTALL_MOD_PATH)/lib/modules/6.1.0-toy/modules.order
`;

/** Whether a container sleeps: its processes are this host's too. */
function isSleeping(): boolean {
  return processesWith(SLEEP).some((pid) => processArgv(pid)[0] === 'sleep');
}

async function untilSleeping(): Promise<void> {
  await vi.waitFor(() => expect(isSleeping()).toBe(true), { timeout: 60_000, interval: 100 });
}

/** Dockerfiles based on the test's own image. */
function dockerfiles(lines = 'RUN gcc --version'): string {
  const directory = temporaryDirectory();
  for (const vintage of ['current', 'vintage'])
    writeFileSync(path.join(directory, `${vintage}.Dockerfile`), `FROM ${BASE}\n${lines}\n`);
  return directory;
}

async function toy(...files: string[]): Promise<KernelSource> {
  const url = temporaryDirectory();
  writeFileSync(path.join(url, 'Makefile'), MAKEFILE);
  for (const file of files) writeFileSync(path.join(url, file), '');
  const git = (...words: string[]) =>
    execa('git', ['-C', url, '-c', 'user.name=t', '-c', 'user.email=t@localhost', ...words]);
  await git('init', '--quiet', '--initial-branch=v6.1-toy');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=toy');
  return { url, ref: 'v6.1-toy' };
}

/** The tests with an engine of this program; skipped if it is not installed. */
export async function testBuilds(program: EngineProgram): Promise<void> {
  const whyNot = await whyNoEngine(program);
  const cleanup = new AsyncDisposableStack();
  let engine: Engine;
  let engineUrl: string;

  beforeAll(async () => {
    if (whyNot !== undefined) return;
    const started = await startEngine(never, program);
    cleanup.use(started);
    engineUrl = started.url;
    vi.stubEnv('DOCKER_HOST', engineUrl);
    const found = await findEngine();
    if (!found.ok) throw new Error(found.why);
    engine = found.client;
    await importImage(engine, await baseTar(never), BASE);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await cleanup.disposeAsync();
  });
  beforeEach(({ skip }) => skip(whyNot !== undefined, whyNot));
  afterEach(async () => {
    if (whyNot !== undefined) return;
    const left = await engine.container.dockerode.listContainers({ all: true });
    if (left.length > 0)
      throw new Error(`the test left containers: ${left.map(({ Command }) => Command).join(', ')}`);
  });

  test('a container builds with its own compiler, without a network, and the result belongs to this user', async () => {
    temporaryCache();
    const said: string[] = [];
    const say = (sentence: string): void => void said.push(sentence);
    const source = await toy();
    const images = dockerfiles();
    const built = await buildKernelPackage(source, never, say, 'container', images);
    expect(readFileSync(built.image, 'utf8')).toMatch(/^12\.\d+\.\d+\n0\nlo\n$/);
    expect(built.release).toBe('6.1.0-toy');
    expect(statSync(built.image).uid).toBe(process.getuid?.());
    // From the cache, and different from this host's.
    expect((await buildKernelPackage(source, never, say, 'container', images)).hash).toBe(built.hash);
    const onHost = await buildKernelPackage(source, never, say, 'host', images);
    expect(onHost.hash).not.toBe(built.hash);
    expect(said).toEqual([]);
  });

  test("a failed build reports the compiler's own message", async () => {
    temporaryCache();
    const building = buildKernelPackage(await toy('fail'), never, () => {}, 'container', dockerfiles());
    await expect(building).rejects.toMatchObject({
      code: 'NESTBENCH_BUILD_FAILED',
      message: expect.stringMatching(/exited with 2 in a container:\n(.*\n)*toy\.c:1: error: it is to fail/),
    });
  });

  test('an aborted build leaves no container', async () => {
    temporaryCache();
    const stop = new AbortController();
    const building = buildKernelPackage(await toy('hang'), stop.signal, () => {}, 'container', dockerfiles());
    // It fails with the reason if it ends before it sleeps.
    await Promise.race([untilSleeping(), building]);
    stop.abort();
    await expect(building).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
  });

  test('an image that can’t be made is reported with the reason, and no older one is used instead', async () => {
    const directory = dockerfiles();
    const { identity } = await containerBuilder(engine, 'current', never, directory);
    expect(identity).toMatch(/^image sha256:[0-9a-f]{64}$/);
    // The same once it exists.
    expect((await containerBuilder(engine, 'current', never, directory)).identity).toBe(identity);
    const failing = dockerfiles('RUN echo no such package >&2; exit 7');
    await expect(containerBuilder(engine, 'current', never, failing)).rejects.toMatchObject({
      code: 'NESTBENCH_BUILD_FAILED',
      message: expect.stringMatching(/no such package(.*\n)*.*(returned a non-zero code:|exit status) 7/),
    });
    // If requested, it is an error; with `auto`, a message.
    await expect(chooseBuilder('container', 'current', never, () => {}, failing)).rejects.toThrow(
      /(code:|status) 7/,
    );
    const said: string[] = [];
    const instead = await chooseBuilder('auto', 'current', never, (text) => void said.push(text), failing);
    expect(instead.kind).toBe('host');
    expect(said[0]).toMatch(
      /^This host's compilers build instead of a container, because the builder's image could not be built:/,
    );
  });

  test('a tool that can’t be started leaves no container', async () => {
    const directory = temporaryDirectory();
    const options = { directory, asRoot: true, otherwise: 'Try again.', purpose: 'trying', signal: never };
    const failing = runInContainer(engine, BASE, ['nosuch'], {
      ...options,
      log: path.join(directory, 'log'),
    });
    await expect(failing).rejects.toThrow(
      /^No container could be started to build in: .*nosuch.* Try again\.$/s,
    );
  });

  test('the next build removes the containers of a killed one, and nobody else’s', async () => {
    const directory = temporaryDirectory();
    const log = path.join(directory, 'log');
    const script = `
    import { findEngine } from '${import.meta.dirname}/engine.ts';
    import { runInContainer } from '${import.meta.dirname}/container.ts';
    const { client } = await findEngine();
    const options = { directory: '${directory}', log: '${log}', asRoot: true, otherwise: '', purpose: '' };
    await runInContainer(client, '${BASE}', ['sleep', '${SLEEP}'], { ...options, signal: new AbortController().signal });`;
    const build = execa(process.execPath, ['--input-type=module', '--eval', script], {
      reject: false,
      env: { DOCKER_HOST: engineUrl },
    });
    await untilSleeping();
    const { dockerode } = engine.container;
    const others = [undefined, 'another host', `${processNamespace()} ${process.pid}`].map(async (owner) => {
      const container = await dockerode.createContainer({
        Image: BASE,
        Cmd: ['true'],
        ...(owner && { Labels: { 'nestbench.owner': `${owner} 4194305:1` } }),
      });
      return container.id;
    });
    const kept = new Set(await Promise.all(others));
    await containerBuilder(engine, 'current', never, dockerfiles());
    expect(isSleeping()).toBe(true);
    build.kill('SIGKILL');
    await build;
    expect(isSleeping()).toBe(true);
    await containerBuilder(engine, 'current', never, dockerfiles());
    const left = (await dockerode.listContainers({ all: true })).map(({ Id }) => Id);
    expect(new Set(left)).toEqual(kept);
    for (const id of left) await dockerode.getContainer(id).remove({ force: true });
  });
}
