/*
 * Prints a checksum of a file: CRC-32C of its 4 KiB blocks that are not all zeros, each with its place. Holes are not
 * read, and a copy of the file without them has the same checksum.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 4096
#define BLOCKS 256
#define WORDS (BLOCK / sizeof(uint64_t))

static uint64_t buffer[BLOCKS][WORDS];

/* SSE4.2, which every CPU has that runs 64-bit guests since 2008, computes it. */
__attribute__((target("sse4.2"))) static uint64_t add(uint64_t sum, off_t at, const uint64_t *block) {
  uint64_t any = 0;
  for (size_t i = 0; i < WORDS; i++) any |= block[i];
  if (!any) return sum;
  sum = __builtin_ia32_crc32di(sum, at);
  for (size_t i = 0; i < WORDS; i++) sum = __builtin_ia32_crc32di(sum, block[i]);
  return sum;
}

static int fail(const char *file) {
  fprintf(stderr, "checksum: %s: %s\n", file, strerror(errno));
  return 1;
}

int main(int argc, char **argv) {
  const char *file = argc == 2 ? argv[1] : "";
  int fd = open(file, O_RDONLY);
  if (fd < 0) return fail(file);
  uint64_t sum = 0xffffffff;
  for (off_t data, at = 0; (data = lseek(fd, at, SEEK_DATA)) >= 0;) {
    off_t hole = lseek(fd, data, SEEK_HOLE);
    if (hole < 0) return fail(file);
    /* A file system's blocks may be smaller. */
    if (data - data % BLOCK > at) at = data - data % BLOCK;
    while (at < hole) {
      ssize_t got = pread(fd, buffer, sizeof buffer, at);
      if (got < 0) return fail(file);
      if (got == 0) break;
      if (got % BLOCK) memset((char *)buffer + got, 0, BLOCK - got % BLOCK);
      for (int i = 0; i * BLOCK < got; i++, at += BLOCK) sum = add(sum, at, buffer[i]);
    }
    if (at < hole) break;
  }
  if (errno != ENXIO) return fail(file);
  printf("%08x\n", (uint32_t)~sum);
  return 0;
}
