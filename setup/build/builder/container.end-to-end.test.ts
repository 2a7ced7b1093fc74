/** A container of a real engine, behind a proxy that keeps its output open, as Podman 4.3.1 sometimes does. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { runInContainer } from './container.ts';
import { findEngine } from './engine.ts';
import { baseTar, importImage, startEngine, whyNoEngine } from './engine.testing.ts';

const never = new AbortController().signal;
const BASE = 'nestbench-test-base:latest';

/** @returns its URL, for DOCKER_HOST. */
async function proxyWithoutEnds(engineUrl: string): Promise<string> {
  const socketPath = engineUrl.replace('unix://', '');
  const proxy = createServer((asked, answered) => {
    const { method, url, headers } = asked;
    const forwarded = request({ socketPath, method, path: url, headers }, (answer) => {
      answered.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(answered, { end: !/\/logs\b/.test(url ?? '') });
    });
    asked.pipe(forwarded);
  });
  const socket = path.join(temporaryDirectory(), 'proxy');
  proxy.listen(socket);
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `unix://${socket}`;
}

test('a tool ends with its container, even if the engine does not end its output', async ({ skip }) => {
  const whyNot = await whyNoEngine('dockerd');
  skip(whyNot !== undefined, whyNot);
  await using started = await startEngine(never, 'dockerd');
  vi.stubEnv('DOCKER_HOST', await proxyWithoutEnds(started.url));
  onTestFinished(() => void vi.unstubAllEnvs());
  const found = await findEngine();
  if (!found.ok) throw new Error(found.why);
  await importImage(found.client, await baseTar(never), BASE);
  const directory = temporaryDirectory();
  const log = path.join(directory, 'log');
  const options = { directory, log, asRoot: true, otherwise: '', purpose: 'trying', signal: never };
  const run = (command: string) => runInContainer(found.client, BASE, ['sh', '-c', command], options);
  expect(await run('echo one; echo two')).toEqual(['one', 'two']);
  expect(readFileSync(log, 'utf8')).toBe('$ sh -c echo one; echo two\none\ntwo\n');
  await expect(run('echo no >&2; exit 3')).rejects.toMatchObject({
    code: 'NESTBENCH_BUILD_FAILED',
    exitCode: 3,
  });
  expect(await found.client.container.dockerode.listContainers({ all: true })).toEqual([]);
});
