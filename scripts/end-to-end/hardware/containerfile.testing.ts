/**
 * The Containerfile, built by an engine, and the doctor and a run in it, as root and as its ordinary user. Its base image
 * is made of the toolchain, because no registry is reachable from where the tests run.
 */
import { PassThrough } from 'node:stream';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Engine, findEngine } from '../../../setup/build/builder/engine.ts';
import {
  type EngineProgram,
  importImage,
  startEngine,
  whyNoEngine,
} from '../../../setup/build/builder/engine.testing.ts';
import { buildToolchain } from '../../../setup/build/toolchain/toolchain.ts';
import { temporaryDirectory } from '../../../setup/lib/temporary.testing.ts';
import { REPOSITORY } from '../run.testing.ts';
import { importedCache } from './imported-cache.testing.ts';

const never = new AbortController().signal;
const IMAGE = 'nestbench-test';

/** What docs/hosts.md names for building. */
const RIGHTS = { CapAdd: ['SYS_ADMIN'] };

/** The tests with an engine of this program; skipped if it is not installed. */
export async function testContainerfile(program: EngineProgram): Promise<void> {
  const whyNot = await whyNoEngine(program);
  const cleanup = new AsyncDisposableStack();
  let engine: Engine;

  beforeAll(async () => {
    if (whyNot !== undefined) return;
    const started = await startEngine(never, program);
    cleanup.use(started);
    vi.stubEnv('DOCKER_HOST', started.url);
    const found = await findEngine();
    if (!found.ok) throw new Error(found.why);
    engine = found.client;
    await buildImage(engine);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await cleanup.disposeAsync();
  });
  beforeEach(({ skip }) => skip(whyNot !== undefined, whyNot));

  test.each(['root', 'nestbench'])('as %s a run can make the toolchain', async (user) => {
    const said = await run(engine, user, 'id -un; sudo id -un 2>&1 | tail -n 1; npm run --silent doctor');
    expect(said).toMatch(new RegExp(`^${user}\nroot\n`, 'm'));
    expect(said).toMatch(/ Node +ok +v24\./);
    expect(said).toMatch(/ namespaces +ok +allowed/);
    expect(said).toMatch(/ packages +ok +all installed/);
    expect(said).not.toMatch(/ cache +WRONG/);
  });

  test.each(['root', 'nestbench'])(
    'as %s without these rights the doctor says how to give them',
    async (user) => {
      expect(await run(engine, user, 'npm run --silent doctor', { rights: {} })).toMatch(
        /in a container, start it with --cap-add SYS_ADMIN/i,
      );
    },
  );

  test.each([
    ['root', '/root', 'npx vitest run'],
    // The checkout belongs to root, who runs this test.
    ['nestbench', '/home/nestbench', 'npx vitest --configLoader runner run'],
  ])('as %s without these rights a run with an imported cache measures', async (user, home, vitest) => {
    const cache = await importedCache(temporaryDirectory(), never);
    if (user !== 'root') await execa('chown', ['--recursive', '1000:1000', cache]);
    const said = await run(
      engine,
      user,
      // Into a file: the terminal would get progress.
      `PROFILE=smoke RESULTS=/tmp/results ${vitest} suites/l0 --project l0-baseline -t hackbench >/tmp/said 2>&1
       echo "exit code $?"; cat /tmp/said`,
      { rights: {}, binds: [`${cache}:${home}/.cache/nestbench`] },
    );
    expect(said).toMatch(/^exit code 0$/m);
    expect(said).toMatch(/^l0-baseline +[\d.]+/m);
  });
}

async function buildImage(engine: Engine): Promise<void> {
  const { dockerode } = engine.container;
  const { root } = await buildToolchain(never);
  const tar = execa('tar', ['--create', `--directory=${root}`, '.'], { buffer: false });
  await importImage(engine, tar.stdout, 'debian:trixie-slim');
  // The host's network: the engine of the tests has none.
  const progress = await dockerode.buildImage(
    { context: REPOSITORY, src: ['Containerfile'] },
    { dockerfile: 'Containerfile', t: IMAGE, networkmode: 'host' },
  );
  await new Promise<void>((resolve, reject) => {
    dockerode.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
  });
}

async function run(
  engine: Engine,
  user: string,
  command: string,
  { rights = RIGHTS, binds = [] }: { readonly rights?: object; readonly binds?: readonly string[] } = {},
): Promise<string> {
  let output = '';
  const stream = new PassThrough().on('data', (chunk: Buffer) => (output += chunk.toString()));
  // The first line is empty: before it Podman 4.3.1 repeats the body of the request to attach.
  await engine.container.dockerode.run(IMAGE, ['sh', '-c', `echo; ${command}`], stream, {
    User: user,
    Tty: true,
    Env: ['NO_COLOR=1'],
    HostConfig: { AutoRemove: true, Binds: [`${REPOSITORY}:/nestbench`, ...binds], ...rights },
  });
  return output.replaceAll('\r', '');
}
