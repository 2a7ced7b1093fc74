#!/bin/sh -eu
# Packs the guests' image into ./image.FORMAT:
# pack-image.sh ROOT_TAR LEFT_OUT GUEST_DIRECTORY PROGRAM_DIRECTORY VMLINUX MEMORY FORMAT
#   LEFT_OUT         a file of tar's patterns for what stays out
#   GUEST_DIRECTORY  our programs for the guest (nestbench-NAME; NAME.c is compiled)
#   PROGRAM_DIRECTORY  the source of the microbenchmarks' guest program
#   MEMORY           yes to unpack in memory: in a user namespace files belong to ids that the user outside can't
#                    delete, and a tmpfs goes with the namespace
#   FORMAT           erofs or ext4
# This file is part of the image's hash: whatever changes here makes a new image.
tar=$1 left_out=$2 guest=$3 program=$4 vmlinux=$5 memory=$6 format=$7
umask 022
mkdir root
if [ "$memory" = yes ]; then mount -t tmpfs -o mode=755 tmpfs root; fi

tar --extract --file="$tar" --directory=root --numeric-owner --same-owner --preserve-permissions \
  --anchored --wildcards --wildcards-match-slash --exclude-from="$left_out"
# Mount points that the init scripts need on a read-only file system.
mkdir -p root/overlay root/seed root/usr/sbin
for file in "$guest"/*; do
  case $file in
    *.h) ;;
    # Static: the guest's C library is another Debian's than the host's.
    *.c)
      name=${file##*/}
      gcc -O2 -static -s -Wall -Wextra -o "root/usr/sbin/nestbench-${name%.c}" "$file"
      ;;
    *) install -D -m 755 "$file" "root/usr/sbin/nestbench-${file##*/}" ;;
  esac
done
# The guest program of the microbenchmarks: without a C library, and with nothing of this host's compiler defaults.
micro=$(mktemp -d)
gcc -m64 -c -o "$micro/start.o" "$program/start.S"
gcc -m64 -O1 -ffreestanding -fno-pic -mno-red-zone -mgeneral-regs-only -fno-stack-protector -fcf-protection=none \
  -fno-asynchronous-unwind-tables -Wall -Wextra -c -o "$micro/micro.o" "$program/micro.c"
ld -n -z noexecstack --no-warn-rwx-segments -T "$program/micro.lds" -o "$micro/micro" "$micro/start.o" "$micro/micro.o"
install -D -m 644 "$micro/micro" root/usr/lib/nestbench/micro
rm -r "$micro"
install -D -m 644 "$vmlinux" root/boot/vmlinux
# Every command over SSH starts root's shell: the small one, which reads no startup files.
sed -i 's|^root:.*|root:x:0:0:root:/root:/usr/sbin/nestbench-shell|' root/etc/passwd
echo /usr/sbin/nestbench-shell >>root/etc/shells

case $format in
  # Not compressed: what every level has to unpack costs more than what it has to read. An L2 stack booted in 17.3 and
  # 22.0 s from an image with lz4, and in 13.8 and 16.6 s without (interleaved); it grows from 89 to 177 MB. Without
  # --quiet mkfs.erofs 1.5 prints a line a file.
  erofs) mkfs.erofs --quiet image.erofs root ;;
  # Features that every ext4 knows (ext4(5)), whatever this host's mke2fs would add; and none that only a writer needs. It
  # is made larger than need be, and cut.
  ext4)
    size=$(du --summarize --block-size=1M root | cut -f 1)
    mkfs.ext4 -q -F -m 0 -b 4096 -O none,dir_index,ext_attr,extent,filetype,flex_bg,large_file,sparse_super \
      -d root image.ext4 "$((size + size / 4 + 16))M"
    resize2fs -M image.ext4 2>resize.log || { cat resize.log >&2; exit 1; }
    rm resize.log
    ;;
esac
if [ "$memory" = yes ]; then umount root; fi
rm -rf root
