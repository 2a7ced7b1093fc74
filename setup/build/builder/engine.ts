/** The container engine of this host, found as testcontainers finds it. */
import type { getContainerRuntimeClient } from 'testcontainers';
import { reasonOf } from '../../lib/error-text.ts';

export type Engine = Awaited<ReturnType<typeof getContainerRuntimeClient>>;

/** Where ports of containers are: nestbench's have none, and to find out testcontainers asks for networks and an image. */
const PORTS_ARE_AT = 'TESTCONTAINERS_HOST_OVERRIDE';

/** Whether an engine answers; with why none does. */
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

/** Shared by two who ask at the same time, as the variable is this process's. */
let connecting: Promise<Engine> | undefined;

async function connect(): Promise<Engine> {
  // Loaded only here, as it is large; and it throws where the user has no home directory.
  const { getContainerRuntimeClient } = await import('testcontainers');
  const given = process.env[PORTS_ARE_AT];
  process.env[PORTS_ARE_AT] = given ?? 'localhost';
  try {
    return await getContainerRuntimeClient();
  } finally {
    if (given === undefined) delete process.env[PORTS_ARE_AT];
  }
}
