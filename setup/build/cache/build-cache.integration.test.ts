import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { BuildError } from '../build-errors.ts';
import { cached, emptyCache, holdCache, type Recipe, sweepCache } from './build-cache.ts';
import { hashOf } from '../../lib/hash.ts';
import { eventsOf } from '../../lib/task-progress.testing.ts';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';

const never = new AbortController().signal;

function recipe(build: Recipe['build'], signal = never): Recipe {
  return { name: 'thing', inputs: { a: 1 }, build, signal };
}

test('builds once, keeps the provenance, and finds it again', async () => {
  const cache = temporaryCache();
  let builds = 0;
  const make = recipe(async ({ directory, log }) => {
    builds++;
    writeFileSync(path.join(directory, 'made'), 'whole');
    writeFileSync(log, 'what the tools said');
    return { version: '2' };
  });
  const first = await cached(make);
  expect(await cached(make)).toEqual(first);
  expect(builds).toBe(1);
  expect(first.directory).toBe(path.join(cache, `thing-${hashOf({ a: 1 })}`));
  expect(readdirSync(first.directory).toSorted()).toEqual(['build.log', 'made', 'provenance.json']);
  const provenance: unknown = JSON.parse(readFileSync(path.join(first.directory, 'provenance.json'), 'utf8'));
  expect(provenance).toMatchObject({ name: 'thing', inputs: { a: 1 }, facts: { version: '2' } });
});

test('an entry with only its provenance is enough for its facts, and is built again for its contents', async () => {
  const cache = temporaryCache();
  const script = `
    import { rmSync, writeFileSync } from 'node:fs';
    import { cached, cachedWhole } from ${JSON.stringify(path.join(import.meta.dirname, 'build-cache.ts'))};
    let gcc = 13;
    const build = async ({ directory }) => {
      writeFileSync(directory + '/made', 'whole');
      return { gcc: String(++gcc), make: '4', ['only' + gcc]: '1' };
    };
    const recipe = { name: 'thing', inputs: { a: 1 }, build, signal: new AbortController().signal };
    const { directory } = await cachedWhole(recipe, 'made');
    rmSync(directory + '/made');
    await cached(recipe);
    await cachedWhole(recipe, 'made');
    await cachedWhole(recipe, 'made');`;
  const events = await eventsOf(script, { XDG_CACHE_HOME: path.dirname(cache) });
  expect(events.map(({ text, lasting }) => ({ text, lasting }))).toEqual([
    {
      text: 'rebuilt, because the import had only its provenance; its versions have changed: gcc 14 is 15, only14 is gone, only15 1 is new',
      lasting: true,
    },
  ]);
  const { directory, facts } = await cached(recipe(async () => ({})));
  expect(facts).toMatchObject({ gcc: '15' });
  expect(readdirSync(directory).toSorted()).toEqual(['made', 'provenance.json']);
});

/** Replaces the system's sync by one that takes longer than any disk of a test. */
function slowSync(does: string): Readonly<Record<string, string>> {
  const programs = temporaryDirectory();
  writeFileSync(path.join(programs, 'sync'), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
  return { PATH: `${programs}:${process.env['PATH'] ?? ''}` };
}

test('a wait for the disk is reported, and so is its end', async () => {
  const environment = { XDG_CACHE_HOME: path.dirname(temporaryCache()), ...slowSync('sleep 2') };
  const events = await eventsOf(buildsFor(0), environment);
  expect(events.map(({ task, text, state }) => ({ task, text, state }))).toEqual([
    { task: 'thing', text: 'flushing to disk', state: 'running' },
    { task: 'thing', text: 'flushed to disk', state: 'done' },
  ]);
});

test('what the disk does not accept is not an artefact', async () => {
  const cache = temporaryCache();
  const { PATH = '' } = slowSync('echo "sync: error syncing: Input/output error" >&2; exit 1');
  vi.stubEnv('PATH', PATH);
  await expect(cached(recipe(async () => ({})))).rejects.toThrow(
    /^\/.*thing-.* was not written to the disk: sync: error syncing: Input\/output error\. Check whether/,
  );
  expect(readdirSync(cache).filter((name) => name.startsWith('thing'))).toEqual([]);
});

test('a failed build leaves only its log, and the next one builds again', async () => {
  const cache = temporaryCache();
  const failing = recipe(async ({ directory, log }) => {
    writeFileSync(path.join(directory, 'made'), 'half');
    writeFileSync(log, 'what the tools said');
    throw new BuildError({ message: 'no luck' });
  });
  await expect(cached(failing)).rejects.toThrow('no luck');
  const label = `thing-${hashOf({ a: 1 })}`;
  expect(readdirSync(cache).filter((name) => name.startsWith('thing'))).toEqual([]);
  expect(readFileSync(path.join(cache, 'logs', `${label}.log`), 'utf8')).toBe('what the tools said');
  const { directory } = await cached(recipe(async () => ({})));
  expect(existsSync(path.join(directory, 'made'))).toBe(false);
});

test('the progress of a build ends with it, whatever its artefact is called', async () => {
  const script = `
    import { cached } from ${JSON.stringify(path.join(import.meta.dirname, 'build-cache.ts'))};
    import { reportProgress } from ${JSON.stringify(path.join(import.meta.dirname, '../../lib/task-progress.ts'))};
    const stopping = new AbortController();
    const build = async ({ task, signal }) => {
      reportProgress({ task, text: 'configuring', state: 'running' });
      stopping.abort(new Error('stopped by SIGINT'));
      signal.throwIfAborted();
    };
    const recipe = { name: 'thing', task: 'the whole', inputs: {}, build, signal: stopping.signal };
    await cached(recipe).catch(() => {});`;
  const events = await eventsOf(script, { XDG_CACHE_HOME: path.dirname(temporaryCache()) });
  expect(events.map(({ task, text, state }) => ({ task, text, state }))).toEqual([
    { task: 'the whole', text: 'configuring', state: 'running' },
    { task: 'the whole', text: 'stopped by SIGINT', state: 'failed' },
  ]);
});

test('a second builder waits for the first', async () => {
  temporaryCache();
  let builds = 0;
  const make = recipe(async ({ directory }) => {
    builds++;
    await new Promise((resolve) => setTimeout(resolve, 100));
    writeFileSync(path.join(directory, 'made'), 'whole');
    return {};
  });
  const [first, second] = await Promise.all([cached(make), cached(make)]);
  expect(builds).toBe(1);
  expect(second).toEqual(first);
});

/** The text of a program that builds for so long; `call` gets the artefact. */
function buildsFor(milliseconds: number, call = 'cached(recipe)'): string {
  return `
    import { writeFileSync } from 'node:fs';
    import { cached, cachedWhole } from ${JSON.stringify(path.join(import.meta.dirname, 'build-cache.ts'))};
    const build = async ({ directory }) => {
      console.log('building');
      await new Promise((r) => setTimeout(r, ${milliseconds}));
      writeFileSync(directory + '/made', 'whole');
      return {};
    };
    const recipe = { name: 'thing', inputs: { a: 1 }, build, signal: new AbortController().signal };
    await ${call};`;
}

test.each([
  ['what another process builds', 'cached(recipe)', false],
  ['what another process builds again', "cachedWhole(recipe, 'made')", true],
])('a wait for %s is reported, and so is its end', async (_, call, hasProvenance) => {
  const cache = temporaryCache();
  if (hasProvenance) await cached(recipe(async () => ({})));
  const environment = { XDG_CACHE_HOME: path.dirname(cache) };
  const other = spawn(process.execPath, ['--input-type=module', '--eval', buildsFor(3000, call)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  await once(other.stdout, 'data');
  const events = await eventsOf(buildsFor(0, call), environment);
  expect(events.map(({ task, state }) => ({ task, state }))).toEqual([
    { task: 'thing', state: 'running' },
    { task: 'thing', state: 'done' },
  ]);
});

test('what a killed build left is removed, and what is being built is not', async () => {
  const cache = temporaryCache();
  const script = `
    import { cached } from ${JSON.stringify(path.join(import.meta.dirname, 'build-cache.ts'))};
    const build = async () => { console.log('building'); await new Promise((r) => setTimeout(r, 60_000)); return {}; };
    await cached({ name: 'thing', inputs: { a: 1 }, build, signal: new AbortController().signal });`;
  const other = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(other.stdout, 'data');
  const building = `thing-${hashOf({ a: 1 })}.building-${other.pid}`;
  expect(await sweepCache()).toEqual([]);
  expect(readdirSync(cache)).toContain(building);
  await expect(emptyCache()).rejects.toMatchObject({ code: 'NESTBENCH_TESTBED_BUSY' });
  await expect(emptyCache()).rejects.toThrow(`process ${other.pid}`);
  other.kill('SIGKILL');
  await once(other, 'exit');
  await expect.poll(sweepCache, { timeout: 5000 }).toEqual([building]);
  expect(readdirSync(cache)).not.toContain(building);
});

test('emptying prints how much it freed, and is rejected while a run holds the cache', async () => {
  const cache = temporaryCache();
  expect(await emptyCache()).toBe(0);
  mkdirSync(path.join(cache, 'kernel-1'), { recursive: true });
  writeFileSync(path.join(cache, 'kernel-1/vmlinux'), Buffer.alloc(1_000_000));
  {
    await using run = await holdCache(never);
    await expect(emptyCache()).rejects.toThrow(`process ${process.pid}`);
    expect(run.file).toBe(path.join(cache, 'lock'));
  }
  expect(await emptyCache()).toBeGreaterThanOrEqual(1_000_000);
  expect(readdirSync(cache)).toEqual(['lock']);
});

test('what two builds of one process need is built once, and neither says that it waits for the other', async () => {
  const script = `
    import { cached } from ${JSON.stringify(path.join(import.meta.dirname, 'build-cache.ts'))};
    import { reportProgress } from ${JSON.stringify(path.join(import.meta.dirname, '../../lib/task-progress.ts'))};
    import { setTimeout as sleep } from 'node:timers/promises';
    const recipe = { name: 'thing', inputs: {}, signal: new AbortController().signal, build: async () => {
      reportProgress({ task: 'thing', text: 'built', state: 'running' });
      await sleep(500);
      return {};
    } };
    await Promise.all([cached(recipe), cached(recipe)]);`;
  const events = await eventsOf(script, { XDG_CACHE_HOME: path.dirname(temporaryCache()) });
  expect(events.map(({ text }) => text)).toEqual(['built']);
});
