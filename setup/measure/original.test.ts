import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Benchmark } from '../../fixtures/benchmarks/benchmark.ts';
import { apache } from '../../fixtures/benchmarks/apache.ts';
import { sha256 } from '../lib/hash.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { withOriginal } from './original.ts';

const never = new AbortController().signal;
const PAGE = '<html>GCC, pages of straße and more</html>\n';
const target = { address: '10.10.1.100', cpus: 1, clientCpus: 1 };

/** Apache with its original on a test server. */
async function serve(
  answer: RequestListener,
): Promise<AsyncDisposable & { benchmark: Benchmark; url: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/index.html`;
  const { original } = apache;
  if (original === undefined) throw new Error('apache has no original');
  return {
    url,
    benchmark: { ...apache, original: { ...original, url } },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function served(benchmark: Benchmark): { page: string | undefined; bytes: number | undefined } {
  const { sizes } = benchmark;
  const files = benchmark.service?.(sizes.paper, target, '').before ?? [];
  const page = files.find(({ argv }) => argv.some((word) => word.endsWith('/index.html')))?.input;
  return { page, bytes: sizes.paper['pageBytes'] };
}

test('the paper profile serves the original if it can be downloaded, and knows its length in bytes', async () => {
  await using server = await serve((_, response) => void response.end(PAGE));
  const { benchmark, original, missing } = await withOriginal(
    server.benchmark,
    'paper',
    never,
    temporaryDirectory(),
  );
  expect(served(benchmark)).toEqual({ page: PAGE, bytes: Buffer.byteLength(PAGE) });
  expect({ original, missing }).toEqual({
    original: { url: server.url, sha256: sha256(PAGE) },
    missing: undefined,
  });
});

test('it is downloaded once, so that every cell has the same', async () => {
  let asked = 0;
  const directory = temporaryDirectory();
  await using server = await serve((_, response) => void response.end(`page ${++asked}`));
  for (let n = 0; n < 2; n++) {
    const { benchmark } = await withOriginal(server.benchmark, 'paper', never, directory);
    expect(served(benchmark).page).toBe('page 1');
  }
  expect(asked).toBe(1);
});

test.each(['quick', 'smoke'] as const)('the %s profile downloads nothing', async (profile) => {
  await using server = await serve(() => {
    throw new Error('nobody should ask');
  });
  const found = await withOriginal(server.benchmark, profile, never, temporaryDirectory());
  expect(found).toEqual({ benchmark: server.benchmark, original: undefined, missing: undefined });
});

test.each([
  ['an error', 404, 'no such page', /answered 404/],
  ['nothing', 200, '', /answered with nothing/],
])('if the answer is %s, it serves its own page and says why', async (_what, status, text, why) => {
  const directory = path.join(temporaryDirectory(), 'originals');
  await using server = await serve((_, response) => void response.writeHead(status).end(text));
  const { benchmark, original, missing } = await withOriginal(server.benchmark, 'paper', never, directory);
  expect(served(benchmark)).toEqual({ page: served(apache).page, bytes: 41_984 });
  expect(original).toBeUndefined();
  expect(missing).toMatch(why);
  expect(existsSync(directory)).toBe(false);
});

test('without a server, it says that it was refused', async () => {
  const gone = await serve(() => {});
  await gone[Symbol.asyncDispose]();
  const { missing } = await withOriginal(gone.benchmark, 'paper', never, temporaryDirectory());
  expect(missing).toMatch(/^http:.*index\.html: .*ECONNREFUSED/);
});

test('an abort during the download is thrown as its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('stopped');
  await using server = await serve(() => controller.abort(reason));
  await expect(withOriginal(server.benchmark, 'paper', controller.signal, temporaryDirectory())).rejects.toBe(
    reason,
  );
});
