/** What a file is. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';

const CHUNK_BYTES = 2 ** 20;

/** A file's size and its SHA-256. */
export async function measureFile(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: CHUNK_BYTES }), hash);
  return { bytes: statSync(file).size, sha256: hash.digest('hex') };
}
