/** Debian packages that the emulated testbed needs on the host, and what for. */

export interface HostPackage {
  readonly name: string;
  readonly for: string;
  /** A program or file that shows it is there, where dpkg can't be asked. */
  readonly shownBy: string;
  /** Installed packages that do as well, as dpkg-query's pattern. */
  readonly orAny?: string;
  /** Only an ordinary user needs it. */
  readonly onlyWithoutRoot?: true;
  /** Only a run in virtual time needs it, which has an emulator of its own. */
  readonly onlyInVirtualTime?: true;
}

/** Found by building in a Debian 12 that held only git, Node and npm. All other tools in use are essential there. */
export const HOST_PACKAGES: readonly HostPackage[] = [
  { name: 'qemu-system-x86', for: 'the emulated server and client', shownBy: 'qemu-system-x86_64' },
  {
    name: 'linux-source',
    for: "the kernel's source",
    shownBy: '/usr/src/linux-source-*.tar.xz',
    // The meta package only depends on one of these.
    orAny: 'linux-source-*',
  },
  { name: 'gcc', for: 'compiling the kernel', shownBy: 'gcc' },
  { name: 'libc6-dev', for: "the kernel's build tools", shownBy: '/usr/include/stdio.h' },
  { name: 'libelf-dev', for: "the kernel's objtool", shownBy: '/usr/include/libelf.h' },
  { name: 'make', for: 'building the kernel', shownBy: 'make' },
  { name: 'patch', for: "a variant's changes of the kernel", shownBy: 'patch' },
  { name: 'bc', for: 'building the kernel', shownBy: 'bc' },
  { name: 'bison', for: "the kernel's kconfig", shownBy: 'bison' },
  { name: 'flex', for: "the kernel's kconfig", shownBy: 'flex' },
  { name: 'xz-utils', for: "unpacking the kernel's source", shownBy: 'xz' },
  { name: 'mmdebstrap', for: "the guests' root file system", shownBy: 'mmdebstrap' },
  {
    name: 'debian-archive-keyring',
    for: "checking the guests' packages",
    shownBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
  },
  { name: 'erofs-utils', for: "packing the guests' image", shownBy: 'mkfs.erofs' },
  { name: 'e2fsprogs', for: 'packing the image of a physical testbed', shownBy: 'mkfs.ext4' },
  { name: 'zstd', for: 'snapshots of stacks', shownBy: 'zstd' },
  {
    name: 'uidmap',
    for: "owners of files in the guests' root file system, without being root",
    shownBy: 'newuidmap',
    onlyWithoutRoot: true,
  },
  ...(
    [
      ['dpkg-dev', "unpacking QEMU's source", 'dpkg-source'],
      ['ninja-build', 'building QEMU', 'ninja'],
      ['meson', 'configuring QEMU', 'meson'],
      ['pkg-config', "finding QEMU's libraries", 'pkg-config'],
      ['libglib2.0-dev', 'QEMU itself', '/usr/include/glib-2.0/glib.h'],
      ['libpixman-1-dev', 'QEMU itself', '/usr/include/pixman-1/pixman.h'],
      ['libfdt-dev', 'QEMU itself', '/usr/include/libfdt.h'],
      ['libslirp-dev', "QEMU's network for SSH", '/usr/include/slirp/libslirp.h'],
    ] as const
  ).map(([name, what, shownBy]): HostPackage => ({ name, for: what, shownBy, onlyInVirtualTime: true })),
];
