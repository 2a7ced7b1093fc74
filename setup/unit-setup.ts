/** Before the unit tests: they start real QEMUs and build tools, so the host must have them. */
import { ensurePackages } from './host/packages.ts';

export default async function setup(): Promise<void> {
  await ensurePackages(new AbortController().signal);
}
