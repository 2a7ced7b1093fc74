/**
 * A host with hardware virtualization, for tests of that path: emulated with SVM, it boots nestbench's own kernel from a
 * disk with Debian, this checkout and its cache, runs shell commands, and stops.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { STOCK_VARIANT } from '../../../fixtures/variant.ts';
import { buildAll } from '../../../setup/build/build-all.ts';
import { wholeRoot } from '../../../setup/build/image/guest-root.ts';
import { cpuOption } from '../../../setup/stack/qemu-argv.ts';
import { EMULATED_CPU } from '../../../setup/testbed/emulated/emulated-qemu.ts';
import { measureTscKhz } from '../../../setup/testbed/emulated/tsc.ts';
import { REPOSITORY } from '../run.testing.ts';
import { importedCache } from './imported-cache.testing.ts';

/** For L2, its client, and a file system in memory for what they write. */
const MEMORY_MIB = 8192;
const CPUS = 2;

/** Where the checkout is there. */
const CHECKOUT = '/nestbench';

const PREAMBLE = `#!/bin/sh
export HOME=/root TERM=dumb PATH=${CHECKOUT}/node_modules/.bin:/usr/sbin:/usr/bin
ip link set lo up
cd ${CHECKOUT}
`;

/**
 * Runs shell commands on such a host.
 * @returns what they printed.
 */
export async function onSvmHost(
  commands: string,
  { seconds, signal, log }: { readonly seconds: number; readonly signal: AbortSignal; readonly log: string },
): Promise<string> {
  const built = await buildAll(signal, STOCK_VARIANT);
  const root = await wholeRoot(signal);
  const tscKhz = await measureTscKhz(signal);
  // Some gigabytes: /tmp may be in memory.
  const directory = mkdtempSync(path.join(process.env['TMPDIR'] ? tmpdir() : '/var/tmp', 'nb-svm-'));
  try {
    writeFileSync(path.join(directory, 'commands'), `${PREAMBLE}${commands}\nbusybox reboot -f\n`);
    const cache = await importedCache(directory, signal);
    const guest = path.join(REPOSITORY, 'setup/build/image/guest');
    const script = path.join(import.meta.dirname, 'make-svm-host.sh');
    await execa('sh', ['-eu', script, root.tar, REPOSITORY, cache, guest], {
      cwd: directory,
      cancelSignal: signal,
    });
    const argv = [
      ['-M', 'q35', '-bios', 'qboot.rom', '-accel', 'tcg,thread=multi', '-cpu', cpuOption(EMULATED_CPU)],
      ['-smp', `${CPUS}`, '-m', `${MEMORY_MIB}M`, '-nodefaults', '-no-user-config', '-display', 'none'],
      ['-no-reboot', '-kernel', built.kernel.vmlinux, '-append', commandLine(tscKhz)],
      ['-drive', 'if=none,id=disk,file=disk.erofs,format=raw,readonly=on'],
      ['-device', 'virtio-blk-pci,drive=disk', '-device', 'virtio-serial-pci'],
      ['-chardev', `file,id=console,path=${log}`, '-device', 'virtconsole,chardev=console'],
      ['-object', 'rng-random,id=random,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=random'],
    ].flat();
    // Without a throw at its end of time: what was printed until then says how far it came.
    await execa(built.emulator.program, argv, {
      cwd: directory,
      stdin: 'ignore',
      cancelSignal: signal,
      timeout: seconds * 1000,
      reject: false,
    });
    return readFileSync(log, 'utf8').replaceAll('\r', '');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** With nesting on, and a rate of the TSC that its KVM trusts (docs/emulated-testbed.md). */
function commandLine(tscKhz: number | undefined): string {
  return [
    'quiet console=hvc0 panic=-1 mitigations=off nokaslr no_timer_check tsc=reliable random.trust_cpu=on',
    'cryptomgr.notests pci=lastbus=0 root=/dev/vda rootfstype=erofs ro init=/usr/sbin/nestbench-init',
    `${tscKhz === undefined ? '' : `tsc_early_khz=${tscKhz} `}kvm.tsc_tolerance_ppm=100000 kvm_amd.nested=1`,
  ].join(' ');
}
