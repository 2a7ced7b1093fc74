/* How our programs for the guest answer: a line of JSON for each line that comes on a socket, one client at a time. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The names of all counters that Linux 6.1 has are a kilobyte (arch/x86/kvm/x86.c). */
#define LONGEST_REQUEST 4096

/* A process may call itself anything. */
static void write_string(FILE *out, const char *text, size_t length)
{
	putc('"', out);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = text[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void answer(int client, void (*write_answer)(FILE *out, char *request), char *request)
{
	char *text;
	size_t length, sent = 0;
	FILE *out = open_memstream(&text, &length);

	if (out == NULL)
		err(1, "open_memstream");
	write_answer(out, request);
	if (fclose(out) != 0)
		err(1, "open_memstream");
	while (sent < length) {
		ssize_t count = write(client, text + sent, length - sent);

		/* Whoever asked went away. */
		if (count < 0)
			break;
		sent += count;
	}
	free(text);
}

/* Whoever asks waits for each answer before asking again: a request is all that has come, once it has its newline. */
static void serve(int client, void (*write_answer)(FILE *out, char *request))
{
	char request[LONGEST_REQUEST];
	size_t length = 0;
	ssize_t count;

	while ((count = read(client, request + length, sizeof(request) - length)) > 0) {
		length += count;
		if (request[length - 1] == '\n') {
			request[length - 1] = '\0';
			answer(client, write_answer, request);
			length = 0;
		}
	}
}

static void answer_lines(int listener, void (*write_answer)(FILE *out, char *request))
{
	for (;;) {
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (client < 0)
			err(1, "accept");
		/* One at a time: there is one harness. */
		serve(client, write_answer);
		close(client);
	}
}
