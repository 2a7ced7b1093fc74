/** What /proc says of this process. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { listeningPort, pidNamespace } from './proc.ts';

test('the pid namespace has a name, also if the kernel has only one', () => {
  expect(pidNamespace()).toMatch(/^pid:\[[1-9]\d*\]$/);
  // As of nestbench's own kernel, whose /proc/PID/ns has no pid.
  expect(pidNamespace('/proc/self/ns/nosuch')).toBe('pid:[0]');
});

test('a port on which a process listens is known, and none once it has closed it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  expect(address).toMatchObject({ port: listeningPort(process.pid) });
  server.close();
  await once(server, 'close');
  expect(address).not.toMatchObject({ port: listeningPort(process.pid) });
});
