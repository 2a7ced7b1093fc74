/** Containers of a real engine, behind a proxy that answers as Podman 4.3.1 sometimes does. */
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
/** Podman's words for a container that ends while it is inspected. */
const ENDED_MEANWHILE = JSON.stringify({ message: 'read /proc/22935/cgroup: no such process' });

/**
 * Never ends a container's output, and does not inspect containers.
 * @returns its URL, for DOCKER_HOST, and how many inspections it refused.
 */
async function proxy(engineUrl: string) {
  const socketPath = engineUrl.replace('unix://', '');
  const refused: string[] = [];
  const server = createServer((asked, answered) => {
    const { method, url = '', headers } = asked;
    if (/\/containers\/\w+\/json$/.test(url)) {
      refused.push(url);
      answered.writeHead(500, { 'content-type': 'application/json' }).end(ENDED_MEANWHILE);
      return;
    }
    const forwarded = request({ socketPath, method, path: url, headers }, (answer) => {
      answered.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(answered, { end: !/\/logs\b/.test(url) });
    });
    asked.pipe(forwarded);
  });
  const socket = path.join(temporaryDirectory(), 'proxy');
  server.listen(socket);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `unix://${socket}`, refused };
}

test('a tool’s output and exit code are complete, whatever its engine leaves open or cannot inspect', async ({
  skip,
}) => {
  const whyNot = await whyNoEngine('dockerd');
  skip(whyNot !== undefined, whyNot);
  await using started = await startEngine(never, 'dockerd');
  const { url, refused } = await proxy(started.url);
  vi.stubEnv('DOCKER_HOST', url);
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
  expect(refused).toHaveLength(2);
  expect(await found.client.container.dockerode.listContainers({ all: true })).toEqual([]);
});
