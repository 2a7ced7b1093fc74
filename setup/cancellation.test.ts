import { beforeEach, expect, test, vi } from 'vitest';

/** What a worker has: the module once for the suites, and once more for the runner. */
async function copies(): Promise<[typeof import('./cancellation.ts'), typeof import('./cancellation.ts')]> {
  const first = await import('./cancellation.ts');
  vi.resetModules();
  return [first, await import('./cancellation.ts')];
}

beforeEach(() => {
  vi.resetModules();
  globalThis.nestbenchCancellation = undefined;
});

test('nothing is cancelled before somebody cancels', async () => {
  const [first, second] = await copies();
  expect([first.cancellation().aborted, second.cancellation().aborted]).toEqual([false, false]);
});

test('what the runner cancels reaches the suites, though they have another copy of the module', async () => {
  const [suites, runner] = await copies();
  expect(suites).not.toBe(runner);
  runner.cancel('keyboard-input');
  expect(suites.cancellation().aborted).toBe(true);
  expect(runner.cancellation().aborted).toBe(true);
});

test('the reason is an error of ours that says why and where the samples are', async () => {
  const [suites, runner] = await copies();
  runner.cancel('keyboard-input');
  expect(suites.cancellation().reason).toMatchObject({
    name: 'NestbenchError',
    code: 'NESTBENCH_ABORTED',
    kind: 'infrastructure',
    message: 'The run was stopped (keyboard-input). What was measured until then is in the journal.',
  });
});

test('each copy’s reason is of that copy’s own error class', async () => {
  const [suites, runner] = await copies();
  const { NestbenchError } = await import('./errors.ts');
  runner.cancel('test-failure');
  // The last import of the errors is the runner's; the suites have their own.
  expect(runner.cancellation().reason).toBeInstanceOf(NestbenchError);
  expect(suites.cancellation().reason).not.toBeInstanceOf(NestbenchError);
});

test('the first reason stays', async () => {
  const [suites, runner] = await copies();
  runner.cancel('keyboard-input');
  suites.cancel('test-failure');
  expect(suites.cancellation().reason).toHaveProperty('message', expect.stringContaining('keyboard-input'));
});
