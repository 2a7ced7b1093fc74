/** What /proc says of this process. */
import { expect, test } from 'vitest';
import { pidNamespace } from './proc.ts';

test('the pid namespace has a name, also if the kernel has only one', () => {
  expect(pidNamespace()).toMatch(/^pid:\[[1-9]\d*\]$/);
  // As of nestbench's own kernel, whose /proc/PID/ns has no pid.
  expect(pidNamespace('/proc/self/ns/nosuch')).toBe('pid:[0]');
});
