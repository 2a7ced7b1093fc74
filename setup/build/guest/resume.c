/*
 * Makes good what a machine can't know when it goes on from a snapshot: what time it is, and that every other machine
 * that came from the same snapshot has the same random numbers ahead of it.
 *
 *	resume SEED NANOSECONDS
 *
 * mixes SEED, hexadecimal digits, into the kernel's random numbers and has them made anew from it (RNDADDENTROPY and
 * RNDRESEEDCRNG of random(4)), and sets the clock to NANOSECONDS since 1970. It prints, a fact a line, the boot id of the
 * kernel, by which it is known that it is the one that was saved, and how far its clock was behind:
 *
 *	bootId=9d2a5c08-...
 *	behindSeconds=12.345678901
 */
#include <err.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_SEED 64

static void mix_in(const char *seed)
{
	struct {
		struct rand_pool_info info;
		unsigned char bytes[LONGEST_SEED];
	} pool;
	size_t size = strlen(seed) / 2;
	int random = open("/dev/urandom", O_RDWR | O_CLOEXEC);

	if (random < 0)
		err(1, "/dev/urandom");
	if (size == 0 || size > LONGEST_SEED)
		errx(1, "a seed has 1 to %d bytes", LONGEST_SEED);
	for (size_t i = 0; i < size; i++)
		if (sscanf(seed + 2 * i, "%2hhx", (unsigned char *)pool.info.buf + i) != 1)
			errx(1, "the seed is no hexadecimal number");
	pool.info.entropy_count = 8 * size;
	pool.info.buf_size = size;
	if (ioctl(random, RNDADDENTROPY, &pool) != 0)
		err(1, "RNDADDENTROPY");
	if (ioctl(random, RNDRESEEDCRNG) != 0)
		err(1, "RNDRESEEDCRNG");
	close(random);
}

static long long now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_REALTIME, &time) != 0)
		err(1, "clock_gettime");
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

int main(int argc, char **argv)
{
	char boot_id[64];
	struct timespec time;
	long long wanted, behind;
	FILE *file;

	if (argc != 3)
		errx(2, "usage: resume SEED NANOSECONDS");
	mix_in(argv[1]);
	wanted = atoll(argv[2]);
	behind = wanted - now();
	time.tv_sec = wanted / 1000000000;
	time.tv_nsec = wanted % 1000000000;
	if (clock_settime(CLOCK_REALTIME, &time) != 0)
		err(1, "clock_settime");
	file = fopen("/proc/sys/kernel/random/boot_id", "r");
	if (file == NULL || fgets(boot_id, sizeof(boot_id), file) == NULL)
		err(1, "the boot id");
	printf("bootId=%sbehindSeconds=%.9f\n", boot_id, behind / 1e9);
	return 0;
}
