/** Facts about a physical machine and its setup, read by one command that changes nothing. */
import { pairsOf } from '../../lib/lines.ts';
import type { Machine } from '../../machine/machine.ts';
import { PROBE_GRUBENV } from './grub.ts';
import { folderFault } from './own-folder.ts';
import { FACT_FUNCTIONS, TUNING_FACTS } from './tuning-facts.ts';

/** By name, as the machine reports them; a missing feature is empty, and what could not be read is absent. */
export type MachineFacts = Readonly<Record<string, string>>;

const SECONDS = 60;

/**
 * Prints `name=value` lines. In plain POSIX shell, because nothing of nestbench is there yet. $1: the interface of the
 * private network, $2: the directory that nestbench may use. Reports ports on which a program listens, on all addresses
 * or on one, by TCP over IPv4 or IPv6: state 0A of /proc/net/tcp (proc(5)).
 */
const SCRIPT = String.raw`
${FACT_FUNCTIONS}
sys=/sys/class/net/$1
say os "$(. /etc/os-release; echo "$PRETTY_NAME")"
say release "$(uname -r)"
say machine "$(uname -m)"
say cpuModel "$(sed -n '0,/^model name/s/^model name[^:]*: //p' /proc/cpuinfo)"
say cpus "$(nproc --all)"
say onlineCpus "$(nproc)"
flags=$(grep -m 1 -o -w -E 'vmx|svm' /proc/cpuinfo)
say flags "$flags"
say kvm "$(if [ -w /dev/kvm ]; then echo yes; fi)"
# A kernel with both modules built in has both parameters.
case $flags in vmx) module=kvm_intel ;; *) module=kvm_amd ;; esac
say nested "$(cat "/sys/module/$module/parameters/nested" 2>/dev/null)"
say bootId "$(cat /proc/sys/kernel/random/boot_id)"
say kvmModule "$(if modinfo kvm_amd >/dev/null 2>&1 || [ -d /sys/module/kvm ]; then echo yes; fi)"
say iommuGroups "$(ls /sys/kernel/iommu_groups 2>/dev/null | wc -l)"
say interface "$(if [ -e "$sys" ]; then echo yes; fi)"
say interfaces "$(ls /sys/class/net)"
# Except for the bridge of a killed run, which the next run removes.
master=$(basename "$(readlink "$sys/master" 2>/dev/null)" 2>/dev/null)
if [ "$master" = "$(cat /run/nestbench/bridge 2>/dev/null)" ]; then master=; fi
say master "$master"
say carrier "$(cat "$sys/carrier" 2>/dev/null)"
say addresses "$(ip -o -4 address show dev "$1" 2>/dev/null | sed -n 's/.* inet \([0-9.]*\).*/\1/p')"
say sshOver "$(ip -o route get "$(cut -d ' ' -f 1 /run/nestbench-ssh-connection)" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p')"
say cardDriver "$(basename "$(readlink "$sys/device/driver")" 2>/dev/null)"
say cardAddress "$(basename "$(readlink "$sys/device")" 2>/dev/null)"
say virtualFunctions "$(cat "$sys/device/sriov_totalvfs" 2>/dev/null)"
# Except for those of a killed run, which the next run removes.
say virtualFunctionsThere "$(if [ ! -e /run/nestbench/functions ]; then cat "$sys/device/sriov_numvfs" 2>/dev/null; fi)"
# The card's configuration space says where they will be, on every kernel (sriov_offset is of Linux 4.15 and later). Extended
# capabilities begin at 256, each with its ID, 16 for SR-IOV, and where the next one is; First VF Offset is 20 bytes on. By
# the specification (9.3.3.9) it may differ once there are functions, so machine/set-up checks it.
word() { number=$(od -A n -v -t u2 -j "$1" -N 2 "$sys/device/config" | tr -d ' '); echo $((number + 0)); }
if [ -e "$sys/device/sriov_totalvfs" ]; then
  at=256
  while [ "$at" -ge 256 ] && [ "$(word "$at")" != 16 ]; do at=$(($(word $((at + 2))) >> 4)); done
  if [ "$at" -ge 256 ]; then say firstFunctionOffset "$(word $((at + 20)))"; fi
fi
${TUNING_FACTS}
# Of these "nothing" is what is wanted, so it has to be known.
if [ -r /proc/swaps ]; then say swaps "$(tail -n +2 /proc/swaps | cut -d ' ' -f 1)"; fi
say memoryKibibytes "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
at=$2
while [ ! -d "$at" ]; do at=$(dirname "$at"); done
# What nestbench itself left there, such as the disks of the last cell, makes room for the next.
own=$(du --summarize --block-size=1 "$2/nestbench" 2>/dev/null | cut -f 1)
[ -n "$own" ] || own=0
say freeBytes "$(($(df --output=avail --block-size=1 "$at" | tail -n 1) + own))"
say bootFreeBytes "$(df --output=avail --block-size=1 /boot | tail -n 1 | tr -d ' ')"
say hugepages "$(if [ -w /proc/sys/vm/nr_hugepages ]; then cat /proc/sys/vm/nr_hugepages; fi)"
say grub "$(for each in update-grub grub-reboot grub-set-default grub-editenv; do command -v "$each"; done | wc -l)"
say grubenvOn "$(${PROBE_GRUBENV})"
say grubEnvironment "$(if [ -w /boot/grub/grubenv ]; then echo yes; fi)"
say initramfs "$(command -v update-initramfs)"
if has ps && has awk; then say busy "$(ps -e -o pcpu=,etimes=,comm= | awk '$1 >= 10 && $2 >= 10 { printf "%s (%s %%) ", $3, $1 }')"; fi
if has awk && [ -r /proc/net/tcp ]; then say listening "$(awk '$4 == "0A" { print $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null | sed 's/.*://' | sort -u)"; fi
say seconds "$(date +%s.%N)"
`;

/**
 * @returns its facts; `offsetSeconds` is how far its clock is ahead of this host's, with an error of half the duration
 * of the request.
 */
export async function readMachineFacts(
  machine: Machine,
  place: { readonly interface: string; readonly directory: string },
  signal: AbortSignal,
): Promise<MachineFacts> {
  const before = Date.now();
  const text = await machine.check(['sh', '-c', SCRIPT, 'sh', place.interface, place.directory], {
    signal,
    deadlineSeconds: SECONDS,
  });
  const after = Date.now();
  const { seconds, memoryKibibytes, ...facts } = pairsOf(text);
  const folder = await folderFault(machine, place.directory, signal);
  return {
    ...facts,
    folderFault: folder,
    // The "kB" of /proc/meminfo are 1024 bytes (proc(5)).
    ...(isNumber(memoryKibibytes) && { memoryBytes: String(Number(memoryKibibytes) * 1024) }),
    // It reads the clock last.
    ...(isNumber(seconds) && { offsetSeconds: String(Number(seconds) - after / 1000) }),
    askedSeconds: String((after - before) / 1000),
  };
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && text !== '' && Number.isFinite(Number(text));
}
