/** Whether a machine has the hardware and the boot loader that the cells need. */
import { MEMORY_SCALES, physicalBytesFor, physicalSizingFor } from '../../../fixtures/sizing.ts';
import { inBytes } from '../../lib/bytes.ts';
import { cardOf } from './card.ts';
import { BOTH, bytes, type Check, said, SERVER } from './check.ts';
import { whyNotOnce } from './grub.ts';

const BOOT_BYTES = 300e6;
const [PAPER_MIB] = MEMORY_SCALES;
/** Memory of the server with which a run uses the paper's sizes. */
const PAPER_BYTES = physicalBytesFor(PAPER_MIB);
/** 10 CPUs for three levels (maxcpus of the artifact's tables); 6 for one. */
const CPUS = { min: 6, max: 10 };

export const HARDWARE_CHECKS: readonly Check[] = [
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
    needed: `${inBytes(PAPER_BYTES)} for the paper's ${PAPER_MIB / 1024} GiB of the level under test, so that L3 has room in addition to what runs on the server itself`,
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
];
