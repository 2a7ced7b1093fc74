/*
 * Root's login shell: /bin/sh in a session and process group of its own. OpenSSH makes one for every command; Dropbear
 * leaves a command in its own group, where it could not be ended with all that it started (setup/machine/ssh/ssh-command.ts).
 */
#include <err.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argc;
	setsid();
	argv[0] = "sh";
	execv("/bin/sh", argv);
	err(127, "/bin/sh");
}
