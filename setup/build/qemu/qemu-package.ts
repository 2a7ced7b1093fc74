/**
 * Builds a QEMU from git for the levels of a physical testbed: one program, which runs guests with KVM and uses the
 * image's firmware.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { qemuHas } from '../../../fixtures/qemu-version.ts';
import type { QemuSource, TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { FOR_QEMU_PACKAGES } from '../package-list.ts';
import { chooseBuilder } from '../builder/builder.ts';
import { cached, type Workplace } from '../cache/build-cache.ts';
import { exportSource, type GitSource, resolveSource, sourceFile, sourceSetting } from '../git-source.ts';
import { compileQemu, type QemuRecipe } from './qemu-recipe.ts';

interface QemuPackage {
  readonly program: string;
  /** From its VERSION file. */
  readonly version: string;
  readonly commit: string;
  readonly hash: string;
  readonly dvh: DvhOfQemu;
}

/** What a QEMU has of the artifact's mechanisms, by its own help. */
export interface DvhOfQemu {
  /** Posted interrupts of its vIOMMU: the property `intpost` of intel-iommu. */
  readonly postedInterrupts: boolean;
  /** The option `-dvh`. v3.1.0-dvh has none: its mechanisms are those of the kernel. */
  readonly option: boolean;
}

/** Increase it whenever the steps below change their result. */
const RECIPE = 2;
const PROGRAM = 'qemu-system-x86_64';
/** The program's help on its vIOMMU and on its options. */
const IOMMU_HELP = 'intel-iommu.help';
const OPTIONS_HELP = 'options.help';

/**
 * All devices, but only the features that a level's guest uses: the image may lack other libraries that the builder
 * has.
 */
const CONFIGURE = [
  '--target-list=x86_64-softmmu',
  '--prefix=/opt/nestbench',
  '--disable-install-blobs',
  '--firmwarepath=/usr/share/qemu:/usr/share/seabios',
  '--without-default-features',
  '--enable-system',
  '--enable-kvm',
  '--enable-tcg',
  '--enable-vhost-kernel',
  '--enable-vhost-net',
  '--enable-fdt=system',
];
/**
 * The same for versions before 6.2, which detect every feature separately; only those that its configure knows are
 * used.
 */
const VINTAGE_CONFIGURE = [
  '--target-list=x86_64-softmmu',
  '--prefix=/opt/nestbench',
  '--firmwarepath=/usr/share/qemu:/usr/share/seabios',
  '--enable-kvm',
  '--enable-vhost-net',
];
/** `werror`: newer compilers warn of what older sources do. */
const VINTAGE_WITHOUT = `
  attr auth-pam bluez brlapi bzip2 cap-ng capstone crypto-afalg curl curses debug-info docs gcrypt gettext glusterfs
  gnutls gtk guest-agent iconv jemalloc keyring libdaxctl libiscsi libnfs libpmem libssh libssh2 libudev libusb libxml2
  linux-aio linux-io-uring lzfse lzo mpath netmap nettle numa opengl pvrdma rbd rdma replication sdl seccomp sheepdog
  slirp smartcard snappy spice tcmalloc tools tpm u2f usb-redir user vde virglrenderer virtfs virtiofsd vnc vte vxhs
  werror xen xfsctl xkbcommon zstd
`
  .trim()
  .split(/\s+/);

/** All but firmware's sources, which are most of them: the image provides the firmware. */
const SUBMODULES = ['.', ':(exclude)roms/'];
/** Before Meson, nothing else that is a submodule is compiled. */
const SUBMODULES_BEFORE_MESON = ['ui/keycodemapdb'];

/** What Meson would download during the build, without a network (QEMU's subprojects/*.wrap, from 8.1 on). */
const WRAPS = ['keycodemapdb'];

/**
 * The QEMU from the cache, or built now.
 * @throws NESTBENCH_BUILD_FAILED with the tools' own errors.
 */
export async function buildQemuPackage(
  wanted: QemuSource,
  signal: AbortSignal,
  say: (sentence: string) => void,
  where: TestbedDescription['builder'],
): Promise<QemuPackage> {
  const source = await resolveSource(wanted, signal, say);
  const version = (await sourceFile(source, 'VERSION', signal)).trim();
  const vintage = !qemuHas(version, 'mesonFlags');
  const builder = await chooseBuilder(where, vintage ? 'vintage' : 'current', signal, say);
  const flags = vintage ? vintageFlags(await sourceFile(source, 'configure', signal)) : CONFIGURE;
  const configure = [...flags, ...(wanted.configure ?? [])];
  const { directory, hash } = await cached({
    name: 'qemu-package',
    inputs: { recipe: RECIPE, commit: source.commit, compiler: builder.identity, configure },
    signal,
    build: async (workplace) => {
      const place = await builder.open(workplace, FOR_QEMU_PACKAGES);
      await compileQemu(packageRecipe({ ...source, version }, configure, workplace), place, workplace);
      const { commit, url, ref } = source;
      return { version, commit, url, ref, compiler: `gcc ${place.gcc}` };
    },
  });
  const dvh = await readDvh(directory);
  return { program: path.join(directory, PROGRAM), version, commit: source.commit, hash, dvh };
}

export async function readDvh(directory: string): Promise<DvhOfQemu> {
  const read = (file: string): Promise<string> => readFile(path.join(directory, file), 'utf8');
  return {
    postedInterrupts: /^ *intpost=/m.test(await read(IOMMU_HELP)),
    option: /^-dvh\b/m.test(await read(OPTIONS_HELP)),
  };
}

/**
 * @param script the source's configure, which rejects unknown flags.
 */
export function vintageFlags(script: string): string[] {
  const known = new Set([...script.matchAll(/^ +--disable-([\w-]+)\)/gm)].map(([, name]) => name));
  // From 5.2 on it finds Python itself, and does not accept another together with the host's Meson.
  const python = /\bmeson\b/.test(script) ? [] : ['--python=python3'];
  const without = VINTAGE_WITHOUT.filter((name) => known.has(name)).map((name) => `--disable-${name}`);
  return [...VINTAGE_CONFIGURE, ...python, ...without];
}

/** Before 5.2 each target has a directory of its own. */
const KEEP = `built=qemu/build/${PROGRAM}
[ -e "$built" ] || built=qemu/build/x86_64-softmmu/${PROGRAM}
strip -o ${PROGRAM} "$built"
chmod 755 ${PROGRAM}
./${PROGRAM} -device intel-iommu,help >${IOMMU_HELP}
./${PROGRAM} -help >${OPTIONS_HELP}
[ ! -e qemu/build/config.log ] || cp qemu/build/config.log .
rm -rf qemu`;

export function packageRecipe(
  source: GitSource & { readonly version: string },
  configure: readonly string[],
  tool: LayOut,
): QemuRecipe {
  const submodules = qemuHas(source.version, 'meson') ? SUBMODULES : SUBMODULES_BEFORE_MESON;
  return {
    source: `${source.ref} (${source.commit.slice(0, 12)})`,
    async unpack(_, tree) {
      await exportSource(source, tree, { ...tool, submodules });
      await exportWraps(source, tree, tool);
    },
    configure,
    compile: ['make', `--jobs=${availableParallelism()}`],
    keep: ['sh', '-euc', KEEP],
  };
}

type LayOut = Pick<Workplace, 'log' | 'signal'>;

/** Writes what Meson would clone, at the commit that its wrap file pins (Meson's manual, Wrap dependency system). */
async function exportWraps(source: GitSource, tree: string, tool: LayOut): Promise<void> {
  for (const name of WRAPS) {
    const setting = (key: string): Promise<string> =>
      sourceSetting(source, `subprojects/${name}.wrap`, `wrap-git.${key}`, tool.signal);
    const [url, ref] = [await setting('url'), await setting('revision')];
    if (url === '' || ref === '') continue;
    const pinned = await resolveSource({ url, ref }, tool.signal, () => {});
    await exportSource(pinned, path.join(tree, 'subprojects', name), tool);
  }
}
