/** Where Debian's packages and their sources come from, however a person's own apt is set up. */
export const MIRROR = 'http://deb.debian.org/debian';
export const SECURITY_MIRROR = 'http://deb.debian.org/debian-security';
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
