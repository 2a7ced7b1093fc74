#!/bin/sh -eu
# Runs a command in another root file system, in mount, network, UTS and PID namespaces of its own, which end with it:
# inside.sh ROOT DIRECTORY [INSIDE OUTSIDE]... -- COMMAND...
#   DIRECTORY       where the command starts, inside
#   INSIDE OUTSIDE  a path inside, and the file or directory of the host that is to be seen there
root=$1 directory=$2
shift 2
umask 022
hostname nestbench
# The root is read-only to what runs in it, as others share it.
mount --bind "$root" "$root"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
while [ "$1" != -- ]; do
  if [ -d "$2" ]; then mkdir -p "$root$1"; else
    mkdir -p "$root${1%/*}"
    [ -e "$root$1" ] || : >"$root$1"
  fi
  mount --bind "$2" "$root$1"
  shift 2
done
shift
mount -o remount,bind,ro "$root"
# Not by exec: the first process of a PID namespace ignores the TERM that the command has to end by.
chroot "$root" env --ignore-environment --chdir="$directory" \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 "$@"
