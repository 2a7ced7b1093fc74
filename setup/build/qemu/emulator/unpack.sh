#!/bin/sh -eu
# Lays out QEMU's source in qemu/, with libslirp's inside, as Debian patches both, and our own patches on top:
# unpack.sh PATCHES-AND-DEVICES
ours=$1
dpkg-source --no-check --extract /usr/src/qemu_*.dsc qemu
# Debian has no static libslirp.
slirp=qemu/subprojects/slirp
mkdir "$slirp"
tar --extract --file="$(echo /usr/src/libslirp_*.orig.tar.*)" --directory="$slirp" --strip-components=1
tar --extract --file="$(echo /usr/src/libslirp_*.debian.tar.*)" --directory="$slirp"
if [ -e "$slirp/debian/patches/series" ]; then
  while read -r name; do patch --strip=1 --directory="$slirp" --input="debian/patches/$name"; done <"$slirp/debian/patches/series"
fi
for each in "$ours"/*.patch; do patch --strip=1 --forward --directory=qemu --input="$each"; done
cp "$ours/devices.mak" qemu/configs/devices/x86_64-softmmu/nestbench.mak
mkdir qemu/build
