/** How an ordinary user gets files owned by root into an image: as root of a user namespace of one's own. */

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Wraps a command so that it may set owners freely. For an ordinary user it becomes root of a user namespace, with
 * the subordinate ids of /etc/subuid for everyone else, and with mounts of its own; root needs neither.
 */
export function asOwner(argv: readonly string[]): string[] {
  if (isRoot()) return [...argv];
  return ['unshare', '--map-root-user', '--map-auto', '--mount', '--', ...argv];
}
