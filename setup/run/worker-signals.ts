/**
 * Loaded into every worker first. The terminal's Ctrl-C also reaches the workers; only the main process handles it, by
 * cancelling, so that machines are shut down in order.
 */
import { cancel, CANCEL_SIGNAL } from './cancellation.ts';

for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

process.on(CANCEL_SIGNAL, () => cancel('by a signal while it started'));
