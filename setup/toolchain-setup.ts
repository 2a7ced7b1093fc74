/** Builds the toolchain once before tests that need it. `.ci/run` installs the other tools. */
import { buildToolchain } from './build/toolchain/toolchain.ts';

export default async function setup(): Promise<void> {
  await buildToolchain(new AbortController().signal);
}
