/*
 * Answers each line on a Unix socket with one line of JSON: what makes a sample worthless although the tool ended well. Which
 * processes of this machine a signal has killed since it was last asked, how often the kernel ran out of memory and killed one
 * since it booted, and when it booted, in seconds of its own time of day: that changes only when the time of day is set.
 *
 *	incidents SOCKET [FILE]
 *
 *	{"killed":[["hackbench",9,40]],"oomKills":40,"bootedAt":1764416000.123456}
 *
 * The kernel accounts for every process that ends in FILE (acct(5)), and this program reads the records when it is asked:
 * in between it sleeps. At most MOST different names and signals are told. Without FILE, or where the kernel has no process
 * accounting, "killed" is null; where /proc/vmstat does not have the counter, "oomKills" is.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/acct.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "listen.h"

#define MOST 16
#define READINGS 5
/* Of ac_exitcode, which is what wait(2) tells. */
#define SIGNAL_BITS 0x7f

struct killed {
	char name[ACCT_COMM + 1];
	int signal;
	unsigned long count;
};

static void add(struct killed *killed, size_t *length, const struct acct_v3 *record)
{
	int signal = record->ac_exitcode & SIGNAL_BITS;

	if (signal == 0)
		return;
	for (size_t i = 0; i < *length; i++) {
		if (killed[i].signal == signal && strncmp(killed[i].name, record->ac_comm, ACCT_COMM) == 0) {
			killed[i].count++;
			return;
		}
	}
	if (*length == MOST)
		return;
	killed[*length] = (struct killed){ .signal = signal, .count = 1 };
	memcpy(killed[*length].name, record->ac_comm, ACCT_COMM);
	++*length;
}

/* Reads on from where it stopped, and gives back the memory of what it read: the kernel appends, whatever the size is. */
static size_t read_records(int file, struct killed *killed)
{
	struct acct_v3 records[64];
	size_t length = 0;
	ssize_t count;
	off_t at;

	while ((count = read(file, records, sizeof(records))) > 0)
		for (size_t i = 0; i < count / sizeof(*records); i++)
			if ((records[i].ac_version & 0x0f) == 3)
				add(killed, &length, &records[i]);
	at = lseek(file, 0, SEEK_CUR);
	if (at > 0)
		fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, at);
	return length;
}

static void write_killed(FILE *out, int file)
{
	struct killed killed[MOST];
	size_t length = read_records(file, killed);

	putc('[', out);
	for (size_t i = 0; i < length; i++) {
		fputs(i == 0 ? "[" : ",[", out);
		write_string(out, killed[i].name, strlen(killed[i].name));
		fprintf(out, ",%d,%lu]", killed[i].signal, killed[i].count);
	}
	putc(']', out);
}

/* Of proc(5): "oom_kill 0" in /proc/vmstat, since Linux 4.13. */
static void write_oom_kills(FILE *out)
{
	FILE *vmstat = fopen("/proc/vmstat", "re");
	char line[128];
	unsigned long long count;
	int is_known = 0;

	while (!is_known && vmstat != NULL && fgets(line, sizeof(line), vmstat) != NULL)
		is_known = sscanf(line, "oom_kill %llu", &count) == 1;
	if (is_known)
		fprintf(out, "%llu", count);
	else
		fputs("null", out);
	if (vmstat != NULL)
		fclose(vmstat);
}

static double read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/*
 * The time of day when this machine booted. A reading of the time of day is as good as the two of the other clock around it are
 * near: of some, the best.
 */
static void write_booted_at(FILE *out)
{
	double booted_at = 0, nearest = INFINITY;

	for (int i = 0; i < READINGS; i++) {
		double before = read_clock(CLOCK_BOOTTIME);
		double now = read_clock(CLOCK_REALTIME);
		double apart = read_clock(CLOCK_BOOTTIME) - before;

		if (apart < nearest) {
			nearest = apart;
			booted_at = now - before - apart / 2;
		}
	}
	fprintf(out, "%.6f", booted_at);
}

static int accounting = -1;

static void write_answer(FILE *out, char *request)
{
	(void)request;
	fputs("{\"killed\":", out);
	if (accounting < 0)
		fputs("null", out);
	else
		write_killed(out, accounting);
	fputs(",\"oomKills\":", out);
	write_oom_kills(out);
	fputs(",\"bootedAt\":", out);
	write_booted_at(out);
	fputs("}\n", out);
}

/* Returns the records from now on; -1 where the kernel keeps none. */
static int account(const char *path)
{
	int file = open(path, O_RDONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (file < 0)
		err(1, "%s", path);
	if (acct(path) == 0)
		return file;
	warn("process accounting in %s", path);
	close(file);
	return -1;
}

/* Nobody would read what the kernel goes on to write. */
static void stop(int signal)
{
	(void)signal;
	acct(NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 3)
		errx(2, "usage: incidents SOCKET [FILE]");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, stop);
	if (argc == 3)
		accounting = account(argv[2]);
	answer_lines(listen_at(argv[1]), write_answer);
}
