#!/bin/sh
# Makes a level that booted a disk image of the user's one of the testbed's: nestbench's image as a root directory of its own, the
# level's place on the network, and an sshd in that directory. Runs as root of the user's image, of which it only needs a shell,
# mount and chroot; everything else is nestbench's. Nothing is undone: the level ends with its QEMU.
#   enter-image IMAGE FORMAT SEED NAME ADDRESS/PREFIX BRIDGE PORT SERVICES PORTS
#   IMAGE, SEED  the devices of nestbench's image and of the keys
#   BRIDGE       interface: guests' taps join br0, which has the level's NIC in it and the address; addresses, separated by commas:
#                br0 is between those guests and this level alone; none
#   PORT         of the sshd
#   SERVICES     the image's own, which are stopped
#   PORTS        what must then be free, in hexadecimal
# Its faults are sentences on standard error that begin with "nestbench: ".
set -eu
image=$1 format=$2 seed=$3 name=$4 address=$5 bridge=$6 port=$7 services=$8 ports=$9
mounts=/run/nestbench-mounts
root=$mounts/root

fail() {
  echo "nestbench: $*" >&2
  exit 1
}

# What is still starting would be measured.
if [ -d /run/systemd/system ]; then
  while :; do
    case $(systemctl is-system-running 2>/dev/null) in initializing | starting) sleep 1 ;; *) break ;; esac
  done
fi
for service in $services; do service "$service" stop >/dev/null 2>&1 || true; done
swapoff -a || true
# Out of the limits and weights that its init gives to a login.
if [ -e /sys/fs/cgroup/cgroup.procs ]; then
  echo $$ >/sys/fs/cgroup/cgroup.procs
else
  # Version 1 has a tree for each controller.
  for tree in /sys/fs/cgroup/*/cgroup.procs; do [ ! -w "$tree" ] || echo $$ >"$tree" || true; done
fi

mkdir -p "$mounts/image" "$mounts/overlay" "$root"
mount -t "$format" -o ro "$image" "$mounts/image" || fail "its kernel $(uname -r) does not mount an $format image"
mount -t tmpfs tmpfs "$mounts/overlay"
mkdir "$mounts/overlay/upper" "$mounts/overlay/work"
mount -t overlay -o "lowerdir=$mounts/image,upperdir=$mounts/overlay/upper,workdir=$mounts/overlay/work" overlay "$root" ||
  fail "its kernel $(uname -r) does not mount an overlay (CONFIG_OVERLAY_FS)"
[ -d /sys/kernel/debug/block ] || mount -t debugfs debugfs /sys/kernel/debug || true
mount -t proc proc "$root/proc"
for each in /sys /dev; do mount --rbind "$each" "$root$each"; done
mount -t tmpfs tmpfs "$root/run"
mkdir "$root/run/nestbench"
inside() {
  chroot "$root" /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
inside tar xf "$seed" -C /
inside hostname "$name"

for each in $ports; do
  ! inside grep -q -i "^ *[0-9]*: [0-9A-F]*:$each [0-9A-F:]* 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null ||
    fail "something in it listens on port $((0x$each)), where a benchmark's server has to: turn it off in the image"
done

nic=$(inside ip -o -4 addr show | inside grep -F " $address " | inside cut -d ' ' -f 2)
[ -n "$nic" ] || fail "no NIC of it has the address $address"
if [ "$bridge" = interface ]; then
  # At once, for the SSH connection that this comes over. The bridge keeps this MAC when a tap joins it.
  inside busybox brctl addbr br0
  inside ip link set br0 address "$(cat "/sys/class/net/$nic/address")"
  inside busybox brctl addif br0 "$nic"
  inside ip addr flush dev "$nic"
  inside ip addr add "$address" dev br0
  inside ip link set br0 up
elif [ "$bridge" != none ]; then
  inside busybox brctl addbr br0
  inside ip link set br0 up
  for guest in $(echo "$bridge" | inside tr , ' '); do inside ip route add "$guest" dev br0 src "${address%/*}"; done
fi

# Not by the function: the shell would wait for it, and keep the SSH session's output open.
setsid chroot "$root" /usr/sbin/nestbench-incidents /run/nestbench/incidents /run/nestbench/accounting </dev/null >/dev/null 2>&1 &
inside dropbear -r "/etc/dropbear/host_key_$name" -s -m -K 0 -p "$port" </dev/null >/dev/null 2>&1 ||
  fail "no sshd of nestbench's starts on its port $port"
