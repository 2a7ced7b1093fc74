/** The errors of building, and of the cache that what was built is kept in. */
import { NestbenchError, NoSpaceError } from '../lib/errors.ts';

/** A tool or a container that a build needs failed. */
export class BuildError extends NestbenchError {
  override readonly code = 'NESTBENCH_BUILD_FAILED';
  override readonly kind = 'infrastructure';
}

/** The request cannot be built from this source or on this host. One of them has to change. */
export class UnbuildableError extends NestbenchError {
  override readonly code = 'NESTBENCH_BUILD_FAILED';
  override readonly kind = 'configuration';
}

/** The cache's disk has not enough room. */
export class CacheFullError extends NoSpaceError {
  constructor(facts: {
    /** What was tried and how much room there is, without a full stop. */
    readonly found: string;
    /** A sentence on what became of it. */
    readonly outcome?: string;
    readonly cause?: unknown;
  }) {
    const { found, outcome, cause } = facts;
    const advice = 'Make room, or set XDG_CACHE_HOME to a directory on a larger disk.';
    const message = [`${found}.`, advice, ...(outcome === undefined ? [] : [outcome])].join(' ');
    super({ message, machine: 'host', cause });
  }
}

/** A build or a run uses the cache. */
export class CacheBusyError extends NestbenchError {
  override readonly code = 'NESTBENCH_TESTBED_BUSY';
  override readonly kind = 'configuration';
}
