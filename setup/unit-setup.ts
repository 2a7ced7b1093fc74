/** Before tests of what is built: the toolchain is made once, and not by each of them. Other tools come by .ci/run. */
import { buildToolchain } from './build/toolchain/toolchain.ts';

export default async function setup(): Promise<void> {
  await buildToolchain(new AbortController().signal);
}
