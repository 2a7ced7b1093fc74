/** What a physical testbed has to be for its numbers to mean anything: each with what was found, what is needed, and how to fix it. */
import { BENCHMARK_PORTS } from '../../../fixtures/benchmarks/index.ts';
import { MEMORY_SCALES, physicalBytesFor, physicalSizingFor } from '../../../fixtures/sizing.ts';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { inBytes } from '../../lib/bytes.ts';
import type { Finding, Verdict } from '../diagnose.ts';
import { cardOf } from './card.ts';
import { whyNotOnce } from './grub.ts';
import type { MachineFacts } from './machine-facts.ts';
import { ownFolder } from './own-folder.ts';

/** A finding of one of the two machines. */
export interface MachineFinding extends Finding {
  readonly machine: 'client' | 'server';
}

/** The artifact's image alone has 45 GB; ours, kernels and builds have a few. */
const DISK_BYTES = 10e9;
const BOOT_BYTES = 300e6;
const [PAPER_MIB] = MEMORY_SCALES;
/** Of the server, from which a run takes the paper's sizes. */
const PAPER_BYTES = physicalBytesFor(PAPER_MIB);
/** 10 CPUs for three levels (maxcpus of the artifact's tables); 6 for one. */
const CPUS = { min: 6, max: 10 };
/** Journals of both machines are read side by side. */
const CLOCK_SECONDS = 1;

interface Check {
  readonly name: string;
  /** Facts without which nothing is known of it; what is not known is not right. */
  readonly by: readonly string[];
  readonly on: readonly MachineFinding['machine'][];
  readonly needed: string;
  /** Of what is wrong where it does not hold. */
  readonly otherwise: Exclude<Verdict, 'right'>;
  readonly fix: string;
  readonly look: (facts: MachineFacts, at: Place) => { readonly holds: boolean; readonly found: string };
}

interface Place {
  readonly interface: string;
  readonly directory: string;
  readonly virtualFunctions: number;
}

/** As /sys/class/net/NAME/carrier has it. */
const LINKS: Readonly<Record<string, string>> = { '0': 'without a link', '1': 'with a link' };

const SERVER = ['server'] as const;
const BOTH = ['client', 'server'] as const;
const bytes = (facts: MachineFacts, key: string): number => Number(facts[key]);
const said = (text: string | undefined, otherwise = 'nothing'): string =>
  text === undefined || text === '' ? otherwise : text;

const CHECKS: readonly Check[] = [
  {
    name: 'operating system',
    by: ['machine'],
    on: BOTH,
    needed: 'Linux on x86-64',
    otherwise: 'wrong',
    fix: 'nestbench builds and boots x86-64 kernels alone.',
    look: ({ os, release, machine }) => ({
      holds: machine === 'x86_64',
      found: `${said(os)}, Linux ${said(release)}, ${said(machine)}`,
    }),
  },
  {
    name: 'clock',
    by: ['offsetSeconds', 'askedSeconds'],
    on: BOTH,
    needed: `within ${CLOCK_SECONDS} s of this host's`,
    otherwise: 'wrong',
    fix: 'Let it keep time: apt-get install systemd-timesyncd, or chrony.',
    look: ({ offsetSeconds, askedSeconds }) => ({
      holds: Math.abs(Number(offsetSeconds)) <= CLOCK_SECONDS + Number(askedSeconds),
      found: `${Number(offsetSeconds).toFixed(2)} s off`,
    }),
  },
  {
    name: 'private network',
    by: ['interface', 'carrier'],
    on: BOTH,
    needed: 'the interface of the testbed file, with a link',
    otherwise: 'wrong',
    fix: 'Name the right one in the testbed file ("interface"), plug the cable in, or: ip link set dev NAME up',
    // Of an interface that is down nobody knows; a run takes it up, and waits for its link then.
    look: (facts, at) => ({
      holds: facts['interface'] === 'yes' && facts['carrier'] !== '0',
      found:
        facts['interface'] === 'yes'
          ? `${at.interface}, ${LINKS[facts['carrier'] ?? ''] ?? 'not up'}, ${said(facts['addresses'], 'no address')}`
          : `no ${at.interface}; there are ${said(facts['interfaces']?.trim().replaceAll(' ', ', '))}`,
    }),
  },
  {
    name: 'SSH beside it',
    by: ['sshOver', 'master'],
    on: BOTH,
    needed:
      'SSH over another interface than that of the private network, which is a port of no bridge or bond',
    otherwise: 'wrong',
    fix: 'Reach the machine over its other network ("ssh" in the testbed file): the private one is set up again by each cell, and nothing else may be on it.',
    look: ({ sshOver, master = '' }, at) => ({
      holds: said(sshOver, at.interface) !== at.interface && master === '',
      found: master === '' ? said(sshOver, 'not known') : `${at.interface} is a port of ${master}`,
    }),
  },
  {
    name: 'disk',
    by: ['freeBytes'],
    on: BOTH,
    needed: `${inBytes(DISK_BYTES)} where "directory" is`,
    otherwise: 'wrong',
    fix: 'Make room, or let "directory" in the testbed file name a roomier place.',
    look: (facts, at) => ({
      holds: bytes(facts, 'freeBytes') >= DISK_BYTES,
      found: `${inBytes(bytes(facts, 'freeBytes'))} at ${at.directory}`,
    }),
  },
  {
    name: 'folder',
    by: ['folderFault'],
    on: BOTH,
    needed: `nestbench's own folder in "directory", or none of that name`,
    otherwise: 'wrong',
    fix: 'Move what is there, or choose another "directory" in the testbed file.',
    look: ({ folderFault }, at) => ({
      holds: folderFault === '',
      found: said(folderFault, ownFolder(at.directory)),
    }),
  },
  {
    name: 'virtualization',
    by: ['flags', 'kvm', 'kvmModule'],
    on: SERVER,
    needed: "vmx or svm, and KVM's modules",
    otherwise: 'wrong',
    fix: "Turn it on in the firmware's setup (VT-x, or SVM), and see that KVM is there: modprobe kvm_intel, or kvm_amd",
    look: ({ flags, kvm, kvmModule }) => ({
      holds: flags !== '' && (kvm === 'yes' || kvmModule === 'yes'),
      found: `${said(flags, 'neither vmx nor svm')}, ${kvm === 'yes' ? '/dev/kvm' : kvmModule === 'yes' ? 'KVM as a module that is not loaded' : 'no KVM'}`,
    }),
  },
  {
    name: 'nesting',
    by: ['nested'],
    on: SERVER,
    needed: "KVM's nested parameter on, for L2 and L3",
    otherwise: 'some cells',
    fix: "nestbench asks for it on the kernel's command line where it installs the kernel; else: options kvm_intel nested=1, in /etc/modprobe.d",
    look: ({ nested }) => ({ holds: /^[Y1]/.test(nested ?? ''), found: said(nested, 'KVM is not loaded') }),
  },
  {
    name: 'IOMMU',
    by: ['iommuGroups'],
    on: SERVER,
    needed: 'IOMMU groups, for the passthrough cells',
    otherwise: 'some cells',
    fix: 'Turn VT-d (or AMD-Vi) on in the firmware; nestbench asks for intel_iommu=on where a cell needs it.',
    look: ({ iommuGroups }) => ({
      holds: Number(iommuGroups) > 0,
      found: `${said(iommuGroups, '0')} groups`,
    }),
  },
  {
    name: 'SR-IOV',
    by: ['virtualFunctions', 'virtualFunctionsThere'],
    on: SERVER,
    needed:
      'as many virtual functions of the interface as the testbed file says, and a driver for them, for the passthrough cells',
    otherwise: 'some cells',
    fix: 'Turn SR-IOV on in the firmware, take a card that has it, take away what others made of it (echo 0 >sriov_numvfs), or leave the passthrough cells out.',
    look: (facts, at) => {
      const card = cardOf(facts, at);
      return 'whyNot' in card
        ? { holds: false, found: card.whyNot }
        : {
            holds: true,
            found: `${said(facts['virtualFunctions'])} possible, the first at ${card.firstFunction}, for ${card.guestDriver}`,
          };
    },
  },
  {
    name: 'CPUs',
    by: ['cpus'],
    on: SERVER,
    needed: `${CPUS.max} for L3, ${CPUS.min} for L1`,
    otherwise: 'some cells',
    fix: 'A smaller machine takes a smaller sizing, which is printed with the numbers.',
    look: ({ cpus, onlineCpus }) => ({
      holds: Number(cpus) >= CPUS.max,
      found: `${said(cpus)}, ${said(onlineCpus)} of them online`,
    }),
  },
  {
    name: 'memory',
    by: ['memoryBytes', 'cpus'],
    on: SERVER,
    needed: `${inBytes(PAPER_BYTES)} for the paper's ${PAPER_MIB / 1024} GiB of the level under test, so that L3 has room beside what runs on the server itself`,
    otherwise: 'some cells',
    fix: 'A smaller machine takes a smaller sizing, which is printed with the numbers.',
    look: (facts) => {
      const { memoryMiB } = physicalSizingFor({
        cpus: Number(facts['cpus']),
        memoryBytes: bytes(facts, 'memoryBytes'),
      });
      return {
        holds: memoryMiB === PAPER_MIB,
        found: `${inBytes(bytes(facts, 'memoryBytes'))}: the level under test gets ${inBytes(memoryMiB * 2 ** 20)}`,
      };
    },
  },
  {
    name: 'hugepages',
    by: ['hugepages'],
    on: SERVER,
    needed: "the kernel's hugepages, by which L0's memory is held to the table's size",
    otherwise: 'wrong',
    fix: 'Boot a kernel with CONFIG_HUGETLBFS.',
    look: ({ hugepages }) => ({
      holds: hugepages !== '',
      found: hugepages === '' ? 'none' : `there, ${said(hugepages)} taken`,
    }),
  },
  {
    name: 'boot loader',
    by: ['grub', 'grubEnvironment', 'grubenvOn', 'initramfs', 'bootFreeBytes'],
    on: BOTH,
    needed:
      'GRUB as Debian and Ubuntu have it, with /boot where GRUB can write, update-initramfs, and room in /boot',
    otherwise: 'wrong',
    fix: 'apt-get install grub-pc (or grub-efi-amd64) initramfs-tools; remove unused kernels; put /boot on ext4 without LVM or RAID, where GRUB can clear a choice for one start.',
    look: (facts) => ({
      holds:
        facts['grub'] === '4' &&
        facts['grubEnvironment'] === 'yes' &&
        whyNotOnce(facts['grubenvOn'] ?? '') === undefined &&
        facts['initramfs'] !== '' &&
        bytes(facts, 'bootFreeBytes') >= BOOT_BYTES,
      found: [
        facts['grub'] === '4' ? 'GRUB' : "not all of GRUB's programs",
        facts['grubEnvironment'] === 'yes' ? whyNotOnce(facts['grubenvOn'] ?? '') : 'no /boot/grub/grubenv',
        facts['initramfs'] === '' ? 'no update-initramfs' : 'update-initramfs',
        `${inBytes(bytes(facts, 'bootFreeBytes'))} in /boot`,
      ]
        .filter((clause) => clause !== undefined)
        .join(', '),
    }),
  },
  {
    name: 'CPU frequency',
    by: ['governors', 'noTurbo', 'boost'],
    on: BOTH,
    needed: 'the governor "performance", turbo off',
    otherwise: 'unquiet',
    fix: 'npm run tune -- on',
    look: ({ governors, noTurbo, boost }) => ({
      holds: /^(performance ?)?$/.test(governors ?? '') && noTurbo !== '0' && boost !== '1',
      found:
        governors === '' && noTurbo === '' && boost === ''
          ? 'not the system’s to set'
          : `governor ${said(governors?.trim(), 'none')}, turbo ${noTurbo === '0' || boost === '1' ? 'on' : 'off'}`,
    }),
  },
  {
    name: 'swap',
    by: ['swaps'],
    on: BOTH,
    needed: 'none',
    otherwise: 'unquiet',
    fix: 'npm run tune -- on',
    look: ({ swaps }) => ({ holds: swaps === '', found: said(swaps?.trim(), 'none') }),
  },
  {
    name: 'irqbalance',
    by: ['irqbalance'],
    on: BOTH,
    needed: 'not running',
    otherwise: 'unquiet',
    fix: 'npm run tune -- on',
    look: ({ irqbalance }) => ({
      holds: irqbalance === '',
      found: irqbalance === '' ? 'not running' : 'running',
    }),
  },
  {
    name: 'services',
    by: ['listening'],
    on: SERVER,
    needed: `nothing of the machine's own that listens where the servers of benchmarks do (${BENCHMARK_PORTS.join(', ')}), for l0-baseline`,
    otherwise: 'some cells',
    fix: 'Stop its service: ss --listening --tcp --processes shows which program it is.',
    look: ({ listening = '' }) => {
      const theirs = new Set(listening.split(' ').map((port) => Number.parseInt(port, 16)));
      const taken = BENCHMARK_PORTS.filter((port) => theirs.has(port));
      return {
        holds: taken.length === 0,
        found: taken.length === 0 ? 'none in the way' : `one listens on ${taken.join(', ')}`,
      };
    },
  },
  {
    name: 'other work',
    by: ['busy'],
    on: BOTH,
    needed: 'no process that takes a tenth of a CPU',
    otherwise: 'unquiet',
    fix: 'End it, or wait for its end.',
    look: ({ busy }) => ({ holds: busy === '', found: said(busy?.trim(), 'none') }),
  },
];

/** Aliases of one host have the same boot id (random(4)). */
export function checkTwo(client: MachineFacts, server: MachineFacts): MachineFinding {
  const [one, other] = [client['bootId'], server['bootId']];
  const isKnown = said(one, '') !== '' && said(other, '') !== '';
  const holds = isKnown && one !== other;
  return {
    machine: 'server',
    check: 'two machines',
    verdict: holds ? 'right' : 'wrong',
    found: holds ? 'another than the client' : isKnown ? 'the same host as the client' : 'not known',
    needed: 'another machine than the client',
    fix: holds ? '' : 'Let "ssh" of client and server in the testbed file name two machines.',
  };
}

/** All that is to be said of one machine of the testbed. */
export function checkMachine(
  machine: MachineFinding['machine'],
  facts: MachineFacts,
  testbed: TestbedDescription,
): MachineFinding[] {
  const place: Place = {
    interface: testbed[machine].interface,
    directory: testbed[machine].directory,
    virtualFunctions: testbed.server.virtualFunctions,
  };
  return CHECKS.filter(({ on }) => on.includes(machine)).map(
    ({ name, by, needed, otherwise, fix, look }): MachineFinding => {
      const unknown = by.filter((fact) => facts[fact] === undefined);
      const { holds, found } =
        unknown.length === 0
          ? look(facts, place)
          : { holds: false, found: `not known: the machine did not say ${unknown.join(', ')}` };
      const verdict = holds ? 'right' : otherwise;
      return { machine, check: name, verdict, found, needed, fix: holds ? '' : fix };
    },
  );
}
