/** Debian packages that nestbench needs on the host, and what for. Builds in the toolchain need none of them. */

export interface HostPackage {
  readonly name: string;
  /** Its name in Fedora; absent if Fedora does not have it. */
  readonly fedora?: string;
  readonly for: string;
  /** A program or file that shows that it is installed, if there is no dpkg. */
  readonly shownBy: string;
  /** Only ordinary users need it. */
  readonly onlyWithoutRoot?: true;
}

/** For the toolchain and the guests' root file system, unless a container engine makes them. */
export const FOR_MMDEBSTRAP: readonly HostPackage[] = [
  // Only the smallest containers lack it.
  { name: 'mount', fedora: 'util-linux', for: "the toolchain's root", shownBy: 'mount' },
  { name: 'mmdebstrap', for: 'the toolchain and the guests', shownBy: 'mmdebstrap' },
  {
    name: 'debian-archive-keyring',
    fedora: 'debian-keyring',
    for: 'checking the packages of both',
    shownBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
  },
  {
    name: 'uidmap',
    fedora: 'shadow-utils',
    for: 'owners of files, without being root',
    shownBy: 'newuidmap',
    onlyWithoutRoot: true,
  },
];

/** For a physical testbed's kernels and QEMUs, if this host's compilers build them. */
export const FOR_COMPILING: readonly HostPackage[] = [
  { name: 'gcc', fedora: 'gcc', for: 'compiling', shownBy: 'gcc' },
  { name: 'libc6-dev', fedora: 'glibc-devel', for: 'compiling', shownBy: '/usr/include/stdio.h' },
  { name: 'make', fedora: 'make', for: 'building', shownBy: 'make' },
];
export const FOR_KERNEL_PACKAGES: readonly HostPackage[] = [
  {
    name: 'libelf-dev',
    fedora: 'elfutils-libelf-devel',
    for: "the kernel's objtool",
    shownBy: '/usr/include/libelf.h',
  },
  { name: 'bc', fedora: 'bc', for: 'building the kernel', shownBy: 'bc' },
  { name: 'bison', fedora: 'bison', for: "the kernel's kconfig", shownBy: 'bison' },
  { name: 'flex', fedora: 'flex', for: "the kernel's kconfig", shownBy: 'flex' },
  { name: 'openssl', fedora: 'openssl', for: 'the key that signs kernel modules', shownBy: 'openssl' },
  {
    name: 'libssl-dev',
    fedora: 'openssl-devel',
    for: "the kernel's signing tool",
    shownBy: '/usr/include/openssl/opensslv.h',
  },
];
/** Static libraries, because the image has none of them. */
export const FOR_MEMTIER_PACKAGES: readonly HostPackage[] = [
  { name: 'g++', fedora: 'gcc-c++', for: 'memtier_benchmark', shownBy: 'g++' },
  { name: 'autoconf', fedora: 'autoconf', for: 'configuring memtier_benchmark', shownBy: 'autoreconf' },
  { name: 'automake', fedora: 'automake', for: 'configuring memtier_benchmark', shownBy: 'automake' },
  { name: 'pkg-config', fedora: 'pkgconf-pkg-config', for: 'finding its libraries', shownBy: 'pkg-config' },
  {
    name: 'libevent-dev',
    fedora: 'libevent-devel',
    for: 'memtier_benchmark',
    shownBy: '/usr/include/event.h',
  },
  { name: 'libpcre3-dev', fedora: 'pcre-devel', for: 'memtier_benchmark', shownBy: '/usr/include/pcre.h' },
  { name: 'zlib1g-dev', fedora: 'zlib-devel', for: 'memtier_benchmark', shownBy: '/usr/include/zlib.h' },
];
export const FOR_QEMU_PACKAGES: readonly HostPackage[] = [
  { name: 'ninja-build', fedora: 'ninja-build', for: 'building QEMU', shownBy: 'ninja' },
  { name: 'meson', fedora: 'meson', for: 'configuring QEMU', shownBy: 'meson' },
  {
    name: 'pkg-config',
    fedora: 'pkgconf-pkg-config',
    for: "finding QEMU's libraries",
    shownBy: 'pkg-config',
  },
  {
    name: 'libglib2.0-dev',
    fedora: 'glib2-devel',
    for: 'QEMU itself',
    shownBy: '/usr/include/glib-2.0/glib.h',
  },
  {
    name: 'libpixman-1-dev',
    fedora: 'pixman-devel',
    for: 'QEMU itself',
    shownBy: '/usr/include/pixman-1/pixman.h',
  },
  { name: 'libfdt-dev', fedora: 'libfdt-devel', for: 'QEMU itself', shownBy: '/usr/include/libfdt.h' },
];
