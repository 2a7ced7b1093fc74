import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hostMachine } from '../../../machine/host.ts';
import { temporaryDirectory } from '../../../lib/temporary.testing.ts';
import { resume } from './resume-machine.ts';

/** The request to a machine that answers `said`, and the result. */
async function asked(said: string): Promise<{ request: string; behindSeconds: Promise<number> }> {
  const socket = path.join(temporaryDirectory(), 'resume');
  const request = Promise.withResolvers<string>();
  const server = createServer((client) => {
    client.once('data', (chunk) => {
      request.resolve(String(chunk));
      client.end(said);
    });
  });
  onTestFinished(() => void server.close());
  server.listen(socket);
  await once(server, 'listening');
  const { signal } = new AbortController();
  const behindSeconds = resume(hostMachine(), 'the-saved', { signal, deadlineSeconds: 10, socket });
  behindSeconds.catch(() => {});
  return { request: await request.promise, behindSeconds };
}

test('a machine gets random numbers and the time, and reports how far its clock was behind', async () => {
  const before = Date.now();
  const { request, behindSeconds } = await asked('{"bootId":"the-saved","behindSeconds":12.5}\n');
  const [, seed, nanoseconds] = /^([0-9a-f]{64}) (\d+)\n$/.exec(request) ?? [];
  expect(seed).toBeDefined();
  const milliseconds = Number(BigInt(nanoseconds ?? 0) / 1_000_000n);
  expect(milliseconds).toBeGreaterThanOrEqual(before);
  expect(milliseconds).toBeLessThanOrEqual(Date.now());
  expect(await behindSeconds).toBe(12.5);
  const { request: another } = await asked('{}');
  expect(another.slice(0, 64)).not.toBe(seed);
});

test.each([
  [
    '{"bootId":"another","behindSeconds":0}',
    'another kernel answers than the one that was saved (boot id the-saved)',
  ],
  [
    '{"fault":"RNDADDENTROPY: Operation not permitted"}',
    'its clock and its random numbers could not be set (RNDADDENTROPY: Operation not permitted)',
  ],
  ['', 'its clock and its random numbers could not be set (it gave no answer)'],
  ['{"bootId":"the-sa', 'its clock and its random numbers could not be set (it gave no answer)'],
])('one that answers %j is not a resumed machine', async (said, why) => {
  const { behindSeconds } = await asked(said);
  await expect(behindSeconds).rejects.toMatchObject({
    code: 'NESTBENCH_CHECK_FAILED',
    message: `host was to resume from a snapshot, but ${why}.`,
  });
});
