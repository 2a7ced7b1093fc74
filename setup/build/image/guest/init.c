/*
 * The first process of every machine: puts a writable overlay in memory over the read-only image, and goes on there.
 * It is not a shell script, because a shell starts a process for each mount, which is what counts three levels deep.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define START "/usr/sbin/nestbench-start"
#define CONSOLE "/dev/hvc0"
#define READ_AHEAD "sys/block/vda/queue/read_ahead_kb"

static void mount_new(const char *type, const char *place, const char *options)
{
	if (mount(type, place, type, 0, options) != 0)
		err(1, "mounting %s at %s", type, place);
}

static void make(const char *directory)
{
	if (mkdir(directory, 0755) != 0 && errno != EEXIST)
		err(1, "making %s", directory);
}

/* By default 128 KB are read at a time, and each request crosses every level. */
static void read_more_at_a_time(void)
{
	int file = open(READ_AHEAD, O_WRONLY);

	if (file == -1 || write(file, "1024", 4) != 4)
		warn("writing %s", READ_AHEAD);
	if (file != -1)
		close(file);
}

int main(void)
{
	int console;

	mount_new("tmpfs", "/overlay", NULL);
	make("/overlay/upper");
	make("/overlay/work");
	make("/overlay/root");
	mount_new("overlay", "/overlay/root", "lowerdir=/,upperdir=/overlay/upper,workdir=/overlay/work");
	if (chdir("/overlay/root") != 0)
		err(1, "entering /overlay/root");
	mount_new("proc", "proc", NULL);
	mount_new("sysfs", "sys", NULL);
	read_more_at_a_time();
	mount_new("devtmpfs", "dev", NULL);
	make("dev/pts");
	make("dev/shm");
	mount_new("devpts", "dev/pts", NULL);
	mount_new("tmpfs", "dev/shm", NULL);
	mount_new("tmpfs", "run", NULL);
	make("run/sshd");
	make("run/nestbench");
	make("overlay");
	if (syscall(SYS_pivot_root, ".", "overlay") != 0 || chroot(".") != 0 || chdir("/") != 0)
		err(1, "making the overlay the root");
	console = open(CONSOLE, O_RDWR);
	if (console == -1)
		err(1, "opening %s", CONSOLE);
	for (int descriptor = 0; descriptor < 3; descriptor++)
		dup2(console, descriptor);
	if (console > 2)
		close(console);
	execl(START, START, (char *)NULL);
	err(1, "starting %s", START);
}
