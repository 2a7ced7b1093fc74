/** Where Debian's packages and their sources come from, independent of the host's own apt. */
import type { Suite } from '../../../fixtures/variant.ts';

export const MIRROR = 'http://deb.debian.org/debian';
export const SECURITY_MIRROR = 'http://deb.debian.org/debian-security';
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Lines of sources.list for packages and their sources, with security updates. */
export function sourcesOf(suite: Suite): string[] {
  return ['deb', 'deb-src'].flatMap((type) => [
    `${type} ${MIRROR} ${suite} main`,
    `${type} ${SECURITY_MIRROR} ${suite}-security main`,
  ]);
}

/** Names and versions from dpkg's own status file, /var/lib/dpkg/status. */
export function packageVersions(status: string): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const paragraph of status.split('\n\n')) {
    const name = /^Package: (.+)$/m.exec(paragraph)?.[1];
    const version = /^Version: (.+)$/m.exec(paragraph)?.[1];
    if (name !== undefined && version !== undefined) versions[name] = version;
  }
  return versions;
}
