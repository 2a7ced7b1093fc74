/* Prints the rate of this host's TSC in kHz, measured against CLOCK_MONOTONIC_RAW. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Both clocks at one moment: of several tries, the one in which the least time passed between two looks. */
static void both(uint64_t *time, uint64_t *ticks)
{
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < 100; i++) {
		uint64_t before = nanoseconds();
		uint64_t count = __rdtsc();
		uint64_t after = nanoseconds();

		if (after - before < shortest) {
			shortest = after - before;
			*time = before + (after - before) / 2;
			*ticks = count;
		}
	}
}

int main(void)
{
	/* 50 ms at some 50 ns either side is an error of two millionths. */
	struct timespec pause = { 0, 50000000 };
	uint64_t time[2], ticks[2];

	both(&time[0], &ticks[0]);
	nanosleep(&pause, NULL);
	both(&time[1], &ticks[1]);
	printf("%.0f\n", (double)(ticks[1] - ticks[0]) * 1e6 / (double)(time[1] - time[0]));
	return 0;
}
