#!/bin/sh -eu
# Packs the guests' image into ./image.FORMAT, in the toolchain's root and under fakeroot: pack-image.sh FORMAT
#   FORMAT      erofs or ext4
#   ./left-out  tar's patterns for what stays out
#   /root.tar   the root file system
#   /guest      our programs for the guest (nestbench-NAME; NAME.c is compiled)
#   /micro      the source of the microbenchmarks' guest program
#   /vmlinux    the kernel
# This file is part of the image's hash: whatever changes here makes a new image.
format=$1
umask 022
mkdir root

tar --extract --file=/root.tar --directory=root --numeric-owner --same-owner --preserve-permissions \
  --anchored --wildcards --wildcards-match-slash --exclude-from=left-out
# Mount points that the init scripts need on a read-only file system.
mkdir -p root/overlay root/seed root/usr/sbin
for file in /guest/*; do
  case $file in
    *.h) ;;
    # Static: a process that starts often then starts fastest.
    *.c)
      name=${file##*/}
      gcc -O2 -static -s -Wall -Wextra -o "root/usr/sbin/nestbench-${name%.c}" "$file"
      ;;
    *) install -D -m 755 "$file" "root/usr/sbin/nestbench-${file##*/}" ;;
  esac
done
# The guest program of the microbenchmarks: without a C library, and without the compiler's defaults for programs that have one.
micro=$(mktemp -d)
gcc -m64 -c -o "$micro/start.o" /micro/start.S
gcc -m64 -O1 -ffreestanding -fno-pic -mno-red-zone -mgeneral-regs-only -fno-stack-protector -fcf-protection=none \
  -fno-asynchronous-unwind-tables -Wall -Wextra -c -o "$micro/micro.o" /micro/micro.c
ld -n -z noexecstack --no-warn-rwx-segments -T /micro/micro.lds -o "$micro/micro" "$micro/start.o" "$micro/micro.o"
install -D -m 644 "$micro/micro" root/usr/lib/nestbench/micro
rm -r "$micro"
install -D -m 644 /vmlinux root/boot/vmlinux
# Every command over SSH starts root's shell: the small one, which reads no startup files.
sed -i 's|^root:.*|root:x:0:0:root:/root:/usr/sbin/nestbench-shell|' root/etc/passwd
echo /usr/sbin/nestbench-shell >>root/etc/shells

# With fixed times and names, equal inputs make equal bytes.
export SOURCE_DATE_EPOCH=0
uuid=00000000-0000-4000-8000-000000000000
find root -exec touch --no-dereference --date=@0 {} +
case $format in
  # Not compressed: what every level has to unpack costs more than what it has to read. An L2 stack booted in 17.3 and
  # 22.0 s from an image with lz4, and in 13.8 and 16.6 s without (interleaved); it grows from 89 to 177 MB.
  erofs) mkfs.erofs --quiet -T "$SOURCE_DATE_EPOCH" -U "$uuid" image.erofs root ;;
  # Features that every ext4 knows (ext4(5)), and none that only a writer needs. It is made larger than need be, and cut.
  ext4)
    size=$(du --summarize --block-size=1M root | cut -f 1)
    mkfs.ext4 -q -F -m 0 -b 4096 -O none,dir_index,ext_attr,extent,filetype,flex_bg,large_file,sparse_super \
      -U "$uuid" -E "hash_seed=$uuid" -d root image.ext4 "$((size + size / 4 + 16))M"
    resize2fs -M image.ext4 2>resize.log || { cat resize.log >&2; exit 1; }
    rm resize.log
    ;;
esac
rm -rf root
