import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { watchRuntime } from './watch-runtime.ts';

/** A runtime directory with these sockets, and what is said of it. */
async function watched(...sockets: string[]): Promise<{ runtime: string; said: Promise<string> }> {
  const runtime = path.join(temporaryDirectory(), 'testbed');
  mkdirSync(runtime);
  writeFileSync(path.join(runtime, 'l0.pid'), '1');
  for (const name of sockets) {
    const server = createServer().listen(path.join(runtime, name));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
  }
  const gone = Promise.withResolvers<string>();
  const watcher = watchRuntime(runtime, ({ message }) =>
    gone.resolve(message.replaceAll(runtime, 'RUNTIME')),
  );
  onTestFinished(() => watcher[Symbol.dispose]());
  // Something else comes and goes.
  rmSync(path.join(runtime, 'l0.pid'));
  return { runtime, said: gone.promise };
}

test('a socket of the wire that is removed is named, and what it means', async () => {
  const { runtime, said } = await watched('l0.qmp', 'wire.client');
  rmSync(path.join(runtime, 'wire.client'));
  expect(await said).toBe(
    'wire.client in the runtime directory RUNTIME was removed while the machines ran, so client and server no longer reach each other over the wire. Keep what cleans up temporary files away from there, or set TMPDIR to another place.',
  );
});

test('the directory itself is named', async () => {
  const { runtime, said } = await watched('l0.qmp');
  rmSync(runtime, { recursive: true });
  expect(await said).toMatch(/RUNTIME.* removed while/);
});
