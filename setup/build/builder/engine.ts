/** The container engine of this host, found as testcontainers finds it. */
import type { getContainerRuntimeClient } from 'testcontainers';
import { reasonOf } from '../../lib/error-text.ts';

export type Engine = Awaited<ReturnType<typeof getContainerRuntimeClient>>;

/** Ours are ended by us, and after a kill -9 by the next build: a reaper would be one more image to be fetched. */
process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
/** Where ports of containers are; ours have none, and looking for it asks for networks and images. */
process.env['TESTCONTAINERS_HOST_OVERRIDE'] ??= 'localhost';

/** Whether an engine answers; with why none does. */
export async function findEngine(): Promise<
  { readonly ok: true; readonly client: Engine } | { readonly ok: false; readonly why: string }
> {
  try {
    // Loaded only here, as it is large; and it throws where the user has no home directory.
    const { getContainerRuntimeClient: connect } = await import('testcontainers');
    return { ok: true, client: await connect() };
  } catch (error) {
    return { ok: false, why: reasonOf(error) };
  }
}
