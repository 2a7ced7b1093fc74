/**
 * Loaded into every worker before anything else. The terminal's Ctrl-C reaches the workers too; only the main process
 * answers it, by cancelling, so that machines are ended in order.
 */
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
