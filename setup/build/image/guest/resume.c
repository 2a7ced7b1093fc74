/*
 * Makes good what a machine can't know when it goes on from a snapshot: what time it is, and that every other machine
 * that came from the same snapshot has the same random numbers ahead of it.
 *
 *	resume SOCKET
 *
 * waits on a Unix socket, from when the machine boots, and so does in every snapshot: a program that would have to be
 * started is three times as slow, on a level whose every instruction is new to the emulator. It is asked by one line,
 *
 *	SEED NANOSECONDS
 *
 * mixes SEED, hexadecimal digits, into the kernel's random numbers and has them made anew from it (RNDADDENTROPY and
 * RNDRESEEDCRNG of random(4)), and sets the clock to NANOSECONDS since 1970. It answers with a line of JSON that has the
 * boot id of the kernel, by which it is known that it is the one that was saved, and how far its clock was behind; or
 * with what went wrong.
 *
 *	{"bootId":"9d2a5c08-...","behindSeconds":12.345678901}
 *	{"fault":"RNDADDENTROPY: Operation not permitted"}
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "listen.h"

#define LONGEST_SEED 64
/* A seed, a time, and what is between them. */
#define LONGEST_REQUEST (2 * LONGEST_SEED + 32)
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* What went wrong, and with what; NULL where nothing did. */
static const char *mix_in(const char *seed)
{
	struct {
		struct rand_pool_info info;
		unsigned char bytes[LONGEST_SEED];
	} pool;
	size_t size = strlen(seed) / 2;
	const char *fault = NULL;
	int random;

	if (size == 0 || size > LONGEST_SEED) {
		errno = EINVAL;
		return "the seed";
	}
	for (size_t i = 0; i < size; i++) {
		if (sscanf(seed + 2 * i, "%2hhx", (unsigned char *)pool.info.buf + i) != 1) {
			errno = EINVAL;
			return "the seed";
		}
	}
	random = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	if (random < 0)
		return "/dev/urandom";
	pool.info.entropy_count = 8 * size;
	pool.info.buf_size = size;
	if (ioctl(random, RNDADDENTROPY, &pool) != 0)
		fault = "RNDADDENTROPY";
	else if (ioctl(random, RNDRESEEDCRNG) != 0)
		fault = "RNDRESEEDCRNG";
	close(random);
	return fault;
}

static const char *set_clock(long long wanted, double *behind_seconds)
{
	struct timespec now, time = { wanted / 1000000000, wanted % 1000000000 };

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return "clock_gettime";
	*behind_seconds = (wanted - (now.tv_sec * 1000000000ll + now.tv_nsec)) / 1e9;
	return clock_settime(CLOCK_REALTIME, &time) == 0 ? NULL : "clock_settime";
}

static const char *read_boot_id(char *boot_id, size_t size)
{
	FILE *file = fopen(BOOT_ID, "re");
	int is_read = file != NULL && fgets(boot_id, size, file) != NULL;

	if (file != NULL)
		fclose(file);
	if (!is_read)
		return BOOT_ID;
	boot_id[strcspn(boot_id, "\n")] = '\0';
	return NULL;
}

static const char *resume(const char *seed, long long wanted, char *boot_id, size_t size, double *behind_seconds)
{
	const char *fault = mix_in(seed);

	if (fault == NULL)
		fault = set_clock(wanted, behind_seconds);
	return fault != NULL ? fault : read_boot_id(boot_id, size);
}

static void serve(int client)
{
	char request[LONGEST_REQUEST], seed[2 * LONGEST_SEED + 1], boot_id[64];
	size_t length = 0;
	ssize_t count;
	long long wanted;
	double behind_seconds;
	const char *fault = "the request";

	while ((count = read(client, request + length, sizeof(request) - 1 - length)) > 0) {
		length += count;
		if (request[length - 1] == '\n')
			break;
	}
	request[length] = '\0';
	errno = EINVAL;
	/* 128 digits are 2 * LONGEST_SEED. */
	if (sscanf(request, "%128[0-9a-f] %lld", seed, &wanted) == 2)
		fault = resume(seed, wanted, boot_id, sizeof(boot_id), &behind_seconds);
	if (fault == NULL)
		dprintf(client, "{\"bootId\":\"%s\",\"behindSeconds\":%.9f}\n", boot_id, behind_seconds);
	else
		dprintf(client, "{\"fault\":\"%s: %s\"}\n", fault, strerror(errno));
}

int main(int argc, char **argv)
{
	int listener;

	if (argc != 2)
		errx(2, "usage: resume SOCKET");
	signal(SIGPIPE, SIG_IGN);
	listener = listen_at(argv[1]);
	for (;;) {
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		/* Whoever asked went away; the next one is answered. */
		if (client < 0)
			continue;
		serve(client);
		close(client);
	}
}
