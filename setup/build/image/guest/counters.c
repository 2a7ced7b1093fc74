/*
 * Answers each line on a Unix socket with one line of JSON: what KVM has counted, how much CPU time each process has
 * had, and when that was; and sleeps in between, so that a measured command has the machine to itself.
 *
 *	counters SOCKET KVM_DIRECTORY
 *
 *	exits io_exits
 *	{"nanoseconds":T,"kvm":{"exits":N,"io_exits":N},"processes":[[PID,"NAME",KERNEL,NANOSECONDS],...]}
 *
 * The request names the counters: files of KVM_DIRECTORY, which is /sys/kernel/debug/kvm, each the sum over all virtual
 * machines. One that is not there is left out. KERNEL is 1 for a thread of the kernel. The CPU time of a process is that
 * of all its threads, those that have ended included, in nanoseconds, from its CPU clock (clock_getcpuclockid(3));
 * /proc/PID/stat would tell ticks of 10 ms.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "listen.h"

/* Of /proc/PID/stat, field 9 (proc(5)), and include/linux/sched.h. */
#define PF_KTHREAD 0x00200000

static unsigned long long nanoseconds(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time) != 0)
		return 0;
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

/* Reads a small file whole. Returns whether there was anything, and ends it with a NUL. */
static int contents(int directory, const char *path, char *text, size_t size)
{
	int file = openat(directory, path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (file < 0)
		return 0;
	length = read(file, text, size - 1);
	close(file);
	if (length <= 0)
		return 0;
	text[length] = '\0';
	return 1;
}

/* Opens each file every time: debugfs lets none be read from its beginning again (simple_attr_open in fs/libfs.c). */
static void write_counters(FILE *out, int directory, char *names)
{
	const char *comma = "";

	for (char *name = strtok(names, " "); name != NULL; name = strtok(NULL, " ")) {
		char text[32], *end;
		unsigned long long value;

		if (!contents(directory, name, text, sizeof(text)))
			continue;
		value = strtoull(text, &end, 10);
		if (end == text || strcmp(end, "\n") != 0)
			continue;
		fprintf(out, "%s\"%s\":%llu", comma, name, value);
		comma = ",";
	}
}

/* Returns whether the process is still there to be written about. */
static int write_process(FILE *out, int proc, int pid, const char *comma)
{
	char path[32], text[512], *name, *end;
	unsigned long flags;
	clockid_t clock;

	snprintf(path, sizeof(path), "%d/stat", pid);
	if (!contents(proc, path, text, sizeof(text)))
		return 0;
	/* The name stands in parentheses, and may hold some itself. */
	name = strchr(text, '(');
	end = strrchr(text, ')');
	/* ") S ppid pgrp session tty tpgid flags" */
	if (name == NULL || end == NULL || sscanf(end, ") %*c %*d %*d %*d %*d %*d %lu", &flags) != 1)
		return 0;
	if (clock_getcpuclockid(pid, &clock) != 0)
		return 0;
	fprintf(out, "%s[%d,", comma, pid);
	write_string(out, name + 1, end - name - 1);
	fprintf(out, ",%d,%llu]", flags & PF_KTHREAD ? 1 : 0, nanoseconds(clock));
	return 1;
}

static void write_processes(FILE *out)
{
	DIR *proc = opendir("/proc");
	const char *comma = "";
	struct dirent *entry;

	if (proc == NULL)
		err(1, "/proc");
	while ((entry = readdir(proc)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) && write_process(out, dirfd(proc), atoi(entry->d_name), comma))
			comma = ",";
	closedir(proc);
}

/* Of KVM_DIRECTORY; -1 without KVM: then every counter is left out. */
static int kvm;

static void write_answer(FILE *out, char *names)
{
	fprintf(out, "{\"nanoseconds\":%llu,\"kvm\":{", nanoseconds(CLOCK_MONOTONIC));
	write_counters(out, kvm, names);
	fputs("},\"processes\":[", out);
	write_processes(out);
	fputs("]}\n", out);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(1, "usage: counters SOCKET KVM_DIRECTORY");
	signal(SIGPIPE, SIG_IGN);
	kvm = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	answer_lines(listen_at(argv[1]), write_answer);
}
