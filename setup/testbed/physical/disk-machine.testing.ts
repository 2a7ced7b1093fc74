/**
 * Machines that know nothing of nestbench, for tests of the physical testbed: each boots its own disk image, which has
 * Debian, GRUB and sshd, and is reached like any machine on a network. Nothing depends on their being emulated.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { cached } from '../../build/cache/build-cache.ts';
import { buildEmulator } from '../../build/qemu/emulator.ts';
import { runTool } from '../../build/tool.ts';
import type { OpensshTarget } from '../../machine/ssh/openssh-command.ts';
import { generateKeyPair } from '../../machine/ssh/ssh.ts';
import { freePort } from '../../machine/ssh/sshd.testing.ts';
import { waitUntil } from '../../lib/wait.ts';
import { cpuOption } from '../../stack/qemu-argv.ts';
import { EMULATED_CPU } from '../emulated/emulated-qemu.ts';

/** In addition to nestbench's own: programs that make a disk image. */
const TOOLS = ['sfdisk', 'losetup', 'partx', 'mkfs.ext4', 'mmdebstrap'];

/** Why there can be no such machines; undefined if there can. */
export async function whyNoDiskMachines(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'loop devices need root';
  for (const tool of TOOLS) {
    const { exitCode } = await execa('sh', ['-c', 'command -v "$1"', 'sh', tool], { reject: false });
    if (exitCode !== 0)
      return `there is no ${tool} (Debian: fdisk, mount, util-linux, e2fsprogs, mmdebstrap)`;
  }
  const { exitCode, stderr } = await execa('losetup', ['--find'], { reject: false });
  return exitCode === 0 ? undefined : `there is no loop device: ${stderr}`;
}

/** The machine's own network card comes first, then that of the private network. */
const OWN_INTERFACE = 'enp0s3';

const PACKAGES = [
  ['systemd-sysv', 'udev', 'grub-pc', 'openssh-server', 'ifupdown'],
  ['iproute2', 'kmod', 'initramfs-tools', 'e2fsprogs', 'zstd', 'procps'],
].flat();

/** The network card of the private network, and what a machine needs for it. */
const CARDS = {
  virtio: { interface: 'enp0s4', kernel: 'linux-image-cloud-amd64' },
  /** Intel's 82576, with virtual functions, behind a vIOMMU. The cloud kernel has no driver for it. */
  igb: { interface: 'enp1s0', kernel: 'linux-image-amd64' },
} as const;
type Card = keyof typeof CARDS;

/**
 * $1: the directory to work in, $2: packages. Partitions are registered by hand, because the kernel may not know
 * partition tables.
 */
const MAKE_IMAGE = String.raw`
set -eu
cd "$1"
truncate --size=12G disk.raw
echo 'start=2048, type=83, bootable' | sfdisk --quiet --label dos disk.raw
loop=$(losetup --find --show disk.raw)
finish() {
  for each in dev proc sys ''; do umount "root/$each" 2>/dev/null || true; done
  partx --delete "$loop" 2>/dev/null || true
  losetup --detach "$loop"
  rm -f "$loop"p1
}
trap finish EXIT
partx --add "$loop" 2>/dev/null || true
[ -e "$loop"p1 ] || mknod "$loop"p1 b $(tr : ' ' <"/sys/class/block/$(basename "$loop")p1/dev")
mkfs.ext4 -q -F "$loop"p1
mkdir root
mount "$loop"p1 root
mmdebstrap --mode=root --variant=minbase --include="$2" --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  bookworm root http://deb.debian.org/debian
uuid=$(blkid --match-tag UUID --output value "$loop"p1)
echo "UUID=$uuid / ext4 rw 0 1" >root/etc/fstab
# no_timer_check: on a loaded host an emulated timer may not tick in time for the kernel's check, which then panics.
cat >root/etc/default/grub <<END
GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX="console=ttyS0,115200 tsc=reliable no_timer_check"
GRUB_TERMINAL=console
GRUB_DISABLE_OS_PROBER=true
END
cat >root/etc/network/interfaces <<END
auto lo
iface lo inet loopback
auto ${OWN_INTERFACE}
iface ${OWN_INTERFACE} inet static
  address 10.0.2.15/24
END
rm -f root/etc/ssh/ssh_host_*
for each in dev proc sys; do mount --bind "/$each" "root/$each"; done
chroot root grub-install --target=i386-pc "$loop"
chroot root update-grub
# Without udev here, GRUB does not find the file system's UUID.
sed -i "s#root=$(echo "$loop")p1#root=UUID=$uuid#" root/boot/grub/grub.cfg
`;

/** The image that all of them start from, made from Debian's packages. */
export async function baseImage(signal: AbortSignal, card: Card = 'virtio'): Promise<string> {
  const packages = [...PACKAGES, CARDS[card].kernel];
  const { directory } = await cached({
    name: 'disk-machine',
    inputs: { recipe: 1, packages, script: MAKE_IMAGE },
    signal,
    build: async ({ directory: place, log, signal: within }) => {
      await runTool(['sh', '-c', MAKE_IMAGE, 'sh', place, packages.join(',')], {
        purpose: 'making a disk image',
        log,
        signal: within,
      });
      rmSync(path.join(place, 'root'), { recursive: true, force: true });
      return {};
    },
  });
  return path.join(directory, 'disk.raw');
}

export interface DiskMachine extends AsyncDisposable {
  readonly target: OpensshTarget & { readonly name: string };
  /** An OpenSSH client's configuration, in the machine's own directory. */
  readonly configuration: string;
  /** The port of this host on which its sshd answers. */
  readonly port: number;
  readonly interface: string;
  /** What its console has printed, and where that is kept. */
  console(): string;
  readonly consoleFile: string;
}

export interface DiskMachineOptions {
  readonly name: string;
  readonly memoryMiB?: number;
  /** Of the private network. */
  readonly card?: Card;
  /** The other end of the private network's wire; without it, the card has no cable. */
  readonly wire?: { readonly local: string; readonly remote: string };
  readonly signal: AbortSignal;
}

/** However slowly GRUB, a Debian kernel and systemd come up on an emulated machine; alone it takes 25 s. */
const UP_SECONDS = 300;

/** Boots one; resolves once its sshd answers. It has its own disk, which is removed with it. */
export async function bootDiskMachine({
  name,
  memoryMiB = 3072,
  card = 'virtio',
  wire,
  signal,
}: DiskMachineOptions): Promise<DiskMachine> {
  const base = await baseImage(signal, card);
  const directory = mkdtempSync(path.join(tmpdir(), `nb-disk-${name}-`));
  const file = (its: string, text: string): string => {
    writeFileSync(path.join(directory, its), text, { mode: 0o600 });
    return path.join(directory, its);
  };
  const [host, user] = [generateKeyPair(), generateKeyPair()];
  const disk = path.join(directory, 'disk.raw');
  await execa('cp', ['--sparse=always', '--reflink=auto', base, disk]);
  await addKeys(directory, disk, host, user.publicKey, name);
  const port = await freePort();
  const consoleFile = path.join(directory, 'console.log');
  writeFileSync(consoleFile, '');
  const argv = [
    [(await buildEmulator(signal)).program],
    [
      '-M',
      'q35',
      '-accel',
      'tcg,thread=multi',
      '-cpu',
      cpuOption(EMULATED_CPU),
      '-smp',
      '2',
      '-m',
      String(memoryMiB),
    ],
    ['-nodefaults', '-no-user-config', '-display', 'none', '-serial', `file:${consoleFile}`],
    [
      '-drive',
      `if=none,id=disk,file=${disk},format=raw,cache=unsafe`,
      '-device',
      'virtio-blk-pci,drive=disk',
    ],
    ['-netdev', `user,id=own,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ['-device', 'virtio-net-pci,netdev=own,romfile=,addr=3'],
    ['-netdev', privateNetwork(wire), ...privateCard(card, macOf(name))],
    ['-device', 'virtio-rng-pci'],
  ].flat();
  const [program = '', ...words] = argv;
  const qemu = spawn(program, words, { stdio: 'ignore' });
  const kill = (): void => void qemu.kill('SIGKILL');
  process.once('exit', kill);
  const configuration = file(
    'ssh_config',
    `Host ${name}
  HostName 127.0.0.1
  Port ${port}
  User root
  IdentityFile ${file('user_key', user.privateKey)}
  IdentitiesOnly yes
  GlobalKnownHostsFile /dev/null
  UserKnownHostsFile ${file('known_hosts', `[127.0.0.1]:${port} ${host.publicKey}\n`)}
`,
  );
  const machine: DiskMachine = {
    target: { name, destination: name, configuration },
    configuration,
    port,
    interface: CARDS[card].interface,
    console: () => readFileSync(consoleFile, 'utf8'),
    consoleFile,
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      if (qemu.exitCode === null && qemu.signalCode === null) {
        kill();
        await once(qemu, 'exit');
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
  try {
    await waitUntil(
      'its login prompt',
      () => {
        if (qemu.exitCode !== null) throw new Error(`QEMU ended with ${qemu.exitCode}`);
        return / login: /.test(machine.console()) || undefined;
      },
      { machine: name, deadlineSeconds: UP_SECONDS, intervalMs: 200, signal },
    );
    return machine;
  } catch (error) {
    const said = machine.console().slice(-2000);
    await machine[Symbol.asyncDispose]();
    throw new Error(`${String(error)}\n${said}`, { cause: error });
  }
}

/** Two machines on one wire need different ones. */
function macOf(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 3);
  return `52:54:00:${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

/** The machine's card, and what assigning its functions needs, as in setup/stack/qemu-parts.ts. */
function privateCard(card: Card, mac: string): string[] {
  return card === 'virtio'
    ? ['-device', `virtio-net-pci,netdev=private,romfile=,addr=4,mac=${mac}`]
    : [
        ['-device', 'intel-iommu,intremap=on,aw-bits=39'],
        ['-device', 'pcie-root-port,id=root-port,chassis=1,addr=4'],
        ['-device', `igb,netdev=private,romfile=,bus=root-port,mac=${mac}`],
      ].flat();
}

/** QEMU's -netdev: Unix sockets are the wire, as on the emulated testbed. */
function privateNetwork(wire: DiskMachineOptions['wire']): string {
  if (wire === undefined) return 'hubport,id=private,hubid=0';
  const { local, remote } = wire;
  return `dgram,id=private,local.type=unix,local.path=${local},remote.type=unix,remote.path=${remote}`;
}

/** Gives it what an installer would: its name, its host key, and its authorized keys. */
async function addKeys(
  directory: string,
  disk: string,
  host: ReturnType<typeof generateKeyPair>,
  userKey: string,
  name: string,
): Promise<void> {
  const root = path.join(directory, 'root');
  mkdirSync(root);
  // The first partition begins at sector 2048.
  await execa('mount', ['-o', `loop,offset=${2048 * 512}`, disk, root]);
  try {
    const put = (its: string, text: string, mode: number): void => {
      const at = path.join(root, its);
      if (!existsSync(path.dirname(at))) mkdirSync(path.dirname(at), { recursive: true, mode: 0o700 });
      writeFileSync(at, text, { mode });
    };
    put('etc/hostname', `${name}\n`, 0o644);
    put('etc/ssh/ssh_host_ed25519_key', host.privateKey, 0o600);
    put('etc/ssh/ssh_host_ed25519_key.pub', `${host.publicKey}\n`, 0o644);
    put('root/.ssh/authorized_keys', `${userKey}\n`, 0o600);
  } finally {
    await execa('umount', [root]);
  }
}
