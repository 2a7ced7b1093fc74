/*
 * Prints a checksum of a file: of its 4 KiB blocks that are not all zeros, each with its place. Holes are not read, and
 * a copy of the file without them has the same checksum. It finds accidents, not forgeries.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096
#define BLOCKS 256
#define WORDS (BLOCK / sizeof(uint64_t))

static uint64_t buffer[BLOCKS][WORDS];

/* A step of FxHash, the hash of Firefox: no slower than a CRC by the CPU, and every CPU has it. */
static uint64_t add(uint64_t sum, uint64_t word) {
  return ((sum << 5 | sum >> 59) ^ word) * 0x517cc1b727220a95;
}

static uint64_t add_block(uint64_t sum, off_t at, const uint64_t *block) {
  uint64_t any = 0;
  for (size_t i = 0; i < WORDS; i++) any |= block[i];
  if (!any) return sum;
  sum = add(sum, at);
  for (size_t i = 0; i < WORDS; i++) sum = add(sum, block[i]);
  return sum;
}

static int fail(const char *file, const char *why) {
  fprintf(stderr, "checksum: %s: %s\n", file, why);
  return 1;
}

int main(int argc, char **argv) {
  const char *file = argc == 2 ? argv[1] : "";
  struct stat status;
  int fd = open(file, O_RDONLY);
  if (fd < 0 || fstat(fd, &status) < 0) return fail(file, strerror(errno));
  if (!S_ISREG(status.st_mode)) return fail(file, "it is not a regular file");
  uint64_t sum = 0;
  for (off_t data, at = 0; (data = lseek(fd, at, SEEK_DATA)) >= 0;) {
    off_t hole = lseek(fd, data, SEEK_HOLE);
    if (hole < 0) return fail(file, strerror(errno));
    /* The blocks of the file system may be smaller. */
    at = data - data % BLOCK;
    while (at < hole) {
      ssize_t got = pread(fd, buffer, sizeof buffer, at);
      if (got < 0) return fail(file, strerror(errno));
      if (got == 0) break;
      if (got % BLOCK) memset((char *)buffer + got, 0, BLOCK - got % BLOCK);
      for (int i = 0; i * BLOCK < got; i++, at += BLOCK) sum = add_block(sum, at, buffer[i]);
    }
  }
  if (errno != ENXIO) return fail(file, strerror(errno));
  printf("%016llx\n", (unsigned long long)sum);
  return 0;
}
