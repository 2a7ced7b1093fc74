/*
 * Runs a program for each TCP connection to a port, with the connection as its standard input and output:
 *
 *	serve PORT PROGRAM [ARG]...
 *
 * A Dropbear that listens itself takes no more than 5 connections of one address that have not logged in
 * (MAX_UNAUTH_PER_IP, default_options.h), and all that come through QEMU's user-mode network have one address. As
 * `dropbear -i` it has no such limit, so idle connections do not keep others out.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (argc < 3)
		errx(1, "usage: serve PORT PROGRAM [ARG]...");
	address.sin_port = htons(atoi(argv[1]));
	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, SOMAXCONN) != 0)
		err(1, "port %s", argv[1]);
	/* The kernel buries the children. */
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int connection = accept(listener, NULL, NULL);

		if (connection < 0)
			continue;
		if (fork() == 0) {
			signal(SIGCHLD, SIG_DFL);
			/* Ignored where a shell has started this in the background. */
			signal(SIGINT, SIG_DFL);
			signal(SIGQUIT, SIG_DFL);
			dup2(connection, STDIN_FILENO);
			dup2(connection, STDOUT_FILENO);
			if (connection > STDERR_FILENO)
				close(connection);
			execvp(argv[2], argv + 2);
			err(127, "%s", argv[2]);
		}
		close(connection);
	}
}
