/** The container engine of this host, found like testcontainers does. */
import type { getContainerRuntimeClient } from 'testcontainers';
import { reasonOf } from '../../lib/error-text.ts';

export type Engine = Awaited<ReturnType<typeof getContainerRuntimeClient>>;

/**
 * The address of containers' ports. nestbench's have none, but testcontainers would look up networks and an image for
 * it.
 */
const PORTS_ARE_AT = 'TESTCONTAINERS_HOST_OVERRIDE';

/** Whether an engine answers; if not, why. */
export async function findEngine(): Promise<
  { readonly ok: true; readonly client: Engine } | { readonly ok: false; readonly why: string }
> {
  try {
    return { ok: true, client: await (connecting ??= connect()) };
  } catch (error) {
    return { ok: false, why: reasonOf(error) };
  } finally {
    connecting = undefined;
  }
}

/** Shared by concurrent callers, because the variable is global to the process. */
let connecting: Promise<Engine> | undefined;

async function connect(): Promise<Engine> {
  // Loaded only here, because it is large, and throws if the user has no home directory.
  const { getContainerRuntimeClient } = await import('testcontainers');
  const given = process.env[PORTS_ARE_AT];
  process.env[PORTS_ARE_AT] = given ?? 'localhost';
  try {
    return await getContainerRuntimeClient();
  } finally {
    if (given === undefined) delete process.env[PORTS_ARE_AT];
  }
}
