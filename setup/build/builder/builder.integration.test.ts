import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { chooseBuilder } from './builder.ts';

const never = new AbortController().signal;
/** An engine on its usual socket is found whatever DOCKER_HOST says. */
const HAS_ENGINE = existsSync('/var/run/docker.sock');

test('this host builds with its own compiler, which is its identity', async () => {
  const builder = await chooseBuilder('host', 'current', never, () => {});
  const gcc = (await execa('gcc', ['-dumpfullversion'])).stdout;
  expect(builder).toMatchObject({ kind: 'host', identity: `gcc ${gcc}` });
  const place = await builder.open({ task: 'a build', directory: '/', log: '/dev/null', signal: never }, []);
  expect(place.gcc).toBe(gcc);
});

test.skipIf(HAS_ENGINE)('without an engine, a requested container is an error, which says so', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock');
  vi.stubEnv('XDG_RUNTIME_DIR', '/nonexistent');
  const said: string[] = [];
  const choose = (wanted: 'auto' | 'container') =>
    chooseBuilder(wanted, 'current', never, (sentence) => void said.push(sentence));
  await expect(choose('container')).rejects.toMatchObject({
    code: 'NESTBENCH_BUILD_FAILED',
    kind: 'configuration',
    message: expect.stringContaining('no container engine answers'),
  });
  expect((await choose('auto')).kind).toBe('host');
  expect(said).toEqual([]);
  vi.unstubAllEnvs();
});
