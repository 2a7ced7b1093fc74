/** Whether a machine is one that nestbench can work on. */
import { inBytes } from '../../lib/bytes.ts';
import { BOTH, bytes, type Check, said } from './check.ts';
import { ownFolder } from './own-folder.ts';

/** The artifact's image alone has 45 GB; nestbench's own, kernels and builds have a few. */
const DISK_BYTES = 10e9;
/** Journals of both machines are read together. */
const CLOCK_SECONDS = 1;

/** From /sys/class/net/NAME/carrier. */
const LINKS: Readonly<Record<string, string>> = { '0': 'without a link', '1': 'with a link' };

export const ACCESS_CHECKS: readonly Check[] = [
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
    // The link of an interface that is down is unknown; a run sets it up, and then waits for its link.
    look: (facts, at) => ({
      holds: facts['interface'] === 'yes' && facts['carrier'] !== '0',
      found:
        facts['interface'] === 'yes'
          ? `${at.interface}, ${LINKS[facts['carrier'] ?? ''] ?? 'not up'}, ${said(facts['addresses'], 'no address')}`
          : `no ${at.interface}; there are ${said(facts['interfaces']?.trim().replaceAll(' ', ', '))}`,
    }),
  },
  {
    name: 'SSH over another interface',
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
];
