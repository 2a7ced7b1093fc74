#!/bin/sh -eu
# Leaves of a built QEMU, in qemu/build, what runs on any Linux host: bin/ and share/qemu/, where QEMU looks for its
# firmware by its own path, zstd with its libraries, and checksum.
mkdir -p bin lib share/qemu
strip -o bin/qemu-system-x86_64 qemu/build/qemu-system-x86_64
cc -O2 -Wall -static -s -o bin/checksum "${0%/*}/checksum.c"
cp qemu/build/config.status .
# qboot starts PVH kernels, by the option ROM of QEMU's -kernel; SeaBIOS starts disks.
for each in qboot.rom pvh.bin linuxboot_dma.bin kvmvapic.bin; do cp "/usr/share/qemu/$each" share/qemu/; done
cp /usr/share/seabios/bios-256k.bin share/qemu/
# Debian has no static zstd.
cp /usr/bin/zstd lib/
ldd /usr/bin/zstd | sed -n 's,.* => \(/[^ ]*\) .*,\1,p; s,^[[:space:]]*\(/[^ ]*ld-linux[^ ]*\) .*,\1,p' | xargs -I{} cp --dereference {} lib/
cat >bin/zstd <<'END'
#!/bin/sh
lib=${0%/*}/../lib
exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$lib/zstd" "$@"
END
chmod +x bin/zstd
rm -rf qemu qemu_*
