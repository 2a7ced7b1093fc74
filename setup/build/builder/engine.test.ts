import { expect, onTestFinished, test, vi } from 'vitest';
import { findEngine } from './engine.ts';

test.each([undefined, 'docker.example.org'])('keeps the environment unchanged (%s)', async (override) => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock');
  vi.stubEnv('TESTCONTAINERS_HOST_OVERRIDE', override);
  vi.stubEnv('TESTCONTAINERS_RYUK_DISABLED', undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  const before = { ...process.env };
  await Promise.all([findEngine(), findEngine()]);
  expect(process.env).toEqual(before);
});
