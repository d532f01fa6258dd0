/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An MTA that does nothing but talk to a milter: several connections side by
 * side, message after message to one recipient.  Prints the seconds it took;
 * with -l, the median and the 99th percentile of the answers to RCPT, in
 * microseconds, instead.
 */
#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	MILTER_VERSION = 6,
	ALL_ACTIONS = 0x1ff,
	ALL_STEPS = 0x1fffff,
	CONNECTIONS_MAX = 64,
	PACKET_MAX = 64 * 1024,
};

struct connection {
	pthread_t thread;
	int fd;
	unsigned number;
	unsigned messages;
	double *rcpt_us; /* of each message, or NULL */
	size_t begin, end;
	size_t out;
	char buffer[PACKET_MAX]; /* received: begin to end */
	char packet[PACKET_MAX]; /* to be sent: out octets */
};

static const char *path = "/run/postern/milter.sock";
static const char *domain = "warm-1.test";

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* One more packet to be sent; words end with NULL. */
static void
put(struct connection *c, char code, const char *const *words)
{
	size_t at = c->out + 5;
	uint32_t size;

	for (; words != NULL && *words != NULL; words++) {
		size_t length = strlen(*words) + 1;

		if (at + length > sizeof(c->packet))
			errx(1, "packet too long");
		memcpy(c->packet + at, *words, length);
		at += length;
	}
	size = htonl((uint32_t)(at - c->out - 4));
	memcpy(c->packet + c->out, &size, 4);
	c->packet[c->out + 4] = code;
	c->out = at;
}

/* Macros: the step stands before the words, without a NUL. */
static void
put_macros(struct connection *c, char step, const char *const *words)
{
	size_t at = c->out + 5;
	uint32_t size;

	put(c, 'D', NULL);
	c->packet[at++] = step;
	for (; *words != NULL; words++) {
		size_t length = strlen(*words) + 1;

		memcpy(c->packet + at, *words, length);
		at += length;
	}
	size = htonl((uint32_t)(at - (c->out - 5) - 4));
	memcpy(c->packet + c->out - 5, &size, 4);
	c->out = at;
}

static void
flush(struct connection *c)
{
	for (size_t sent = 0; sent < c->out;) {
		ssize_t count = write(c->fd, c->packet + sent, c->out - sent);

		if (count < 0)
			err(1, "write");
		sent += (size_t)count;
	}
	c->out = 0;
}

static void
need(struct connection *c, size_t octets)
{
	if (octets > sizeof(c->buffer))
		errx(1, "answer too long");
	if (c->begin + octets > sizeof(c->buffer)) {
		memmove(c->buffer, c->buffer + c->begin, c->end - c->begin);
		c->end -= c->begin;
		c->begin = 0;
	}
	while (c->end - c->begin < octets) {
		ssize_t count =
		    read(c->fd, c->buffer + c->end, sizeof(c->buffer) - c->end);

		if (count <= 0)
			errx(1, "the filter closed the connection");
		c->end += (size_t)count;
	}
}

static char
receive(struct connection *c)
{
	uint32_t size;
	char code;

	need(c, 4);
	memcpy(&size, c->buffer + c->begin, 4);
	size = ntohl(size);
	c->begin += 4;
	need(c, size);
	code = c->buffer[c->begin];
	c->begin += size;
	if (c->begin == c->end)
		c->begin = c->end = 0;
	return code;
}

static void
await(struct connection *c, char wanted)
{
	char code = receive(c);

	if (code != wanted)
		errx(1, "answer \"%c\", not \"%c\"", code, wanted);
}

static void
negotiate(struct connection *c)
{
	uint32_t words[] = {
	    htonl(MILTER_VERSION), htonl(ALL_ACTIONS), htonl(ALL_STEPS)};

	put(c, 'O', NULL);
	memcpy(c->packet + c->out, words, sizeof(words));
	c->out += sizeof(words);
	words[0] = htonl(1 + sizeof(words));
	memcpy(c->packet, words, 4);
	flush(c);
	await(c, 'O');
}

/* As long as a header that has passed a gate or two. */
static void
put_headers(struct connection *c)
{
	static const char *const headers[][3] = {
	    {"Received",
		"from app.sender.test (app.sender.test [192.0.2.1])\n"
		"\tby gate.test (Postfix) with ESMTP id 4h5QLG1x3hz2jkk\n"
		"\tfor <user@warm-1.test>; Sun, 22 Nov 2026 09:00:00 +0000"},
	    {"Date", "Sun, 22 Nov 2026 09:00:00 +0000"},
	    {"From", "App <app@sender.test>"},
	    {"To", "User <user@warm-1.test>"},
	    {"Subject", "outbound"},
	    {"Message-Id", "<20261122090000.1@sender.test>"},
	    {"MIME-Version", "1.0"},
	    {"Content-Type", "text/plain; charset=us-ascii"},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		put(c, 'L', headers[i]);
}

static void
send_message(struct connection *c, unsigned number)
{
	char id[32], rcpt[300];
	const char *mail_macros[] = {"j", "gate.test", NULL};
	const char *rcpt_macros[] = {"{rcpt_addr}", rcpt, "{rcpt_mailer}",
	    "smtp", "{rcpt_host}", domain, NULL};
	const char *end_macros[] = {"i", id, NULL};
	const char *mail[] = {"<app@sender.test>", NULL};
	const char *to[] = {rcpt, NULL};
	double begun_us;
	char code;

	snprintf(id, sizeof(id), "Q%ux%u", c->number, number);
	snprintf(rcpt, sizeof(rcpt), "<user@%s>", domain);
	put_macros(c, 'M', mail_macros);
	put(c, 'M', mail);
	flush(c);
	await(c, 'c');
	put_macros(c, 'R', rcpt_macros);
	put(c, 'R', to);
	begun_us = now_us();
	flush(c);
	await(c, 'c');
	if (c->rcpt_us != NULL)
		c->rcpt_us[number] = now_us() - begun_us;
	put_headers(c);
	put_macros(c, 'E', end_macros);
	put(c, 'E', NULL);
	flush(c);
	while ((code = receive(c)) != 'c')
		if (strchr("iphm", code) == NULL)
			errx(1, "answer \"%c\" at the end", code);
}

static void *
run(void *arg)
{
	struct connection *c = arg;

	for (unsigned i = 0; i < c->messages; i++)
		send_message(c, i);
	put(c, 'Q', NULL);
	flush(c);
	close(c->fd);
	return NULL;
}

static struct connection *
open_connection(unsigned number, unsigned messages, bool timed)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (c == NULL)
		err(1, NULL);
	c->number = number;
	c->messages = messages;
	if (timed)
		c->rcpt_us = calloc(messages, sizeof(double));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "%s", path);
	negotiate(c);
	return c;
}

static int
compare(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void
print_latency(struct connection **list, unsigned count)
{
	size_t each = list[0]->messages, all = count * each;
	double *us = calloc(all, sizeof(*us));

	if (us == NULL)
		err(1, NULL);
	for (unsigned i = 0; i < count; i++)
		memcpy(us + i * each, list[i]->rcpt_us, each * sizeof(*us));
	qsort(us, all, sizeof(*us), compare);
	printf("%.1f %.1f\n", us[all / 2], us[all * 99 / 100]);
	free(us);
}

int
main(int argc, char **argv)
{
	struct connection *list[CONNECTIONS_MAX];
	unsigned connections = 4, messages = 1000;
	bool timed = false;
	double begun_us;
	int option;

	while ((option = getopt(argc, argv, "c:d:ln:s:")) != -1) {
		switch (option) {
		case 'c':
			connections = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'd':
			domain = optarg;
			break;
		case 'l':
			timed = true;
			break;
		case 'n':
			messages = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			path = optarg;
			break;
		default:
			errx(64, "usage: client [-l] [-c CONNECTIONS] "
				 "[-d DOMAIN] [-n MESSAGES] [-s SOCKET]");
		}
	}
	if (connections < 1 || connections > CONNECTIONS_MAX)
		errx(64, "connections: 1 to %d", CONNECTIONS_MAX);
	for (unsigned i = 0; i < connections; i++)
		list[i] = open_connection(i, messages / connections, timed);
	begun_us = now_us();
	for (unsigned i = 0; i < connections; i++)
		if (pthread_create(&list[i]->thread, NULL, run, list[i]) != 0)
			errx(1, "no thread");
	for (unsigned i = 0; i < connections; i++)
		pthread_join(list[i]->thread, NULL);
	if (timed)
		print_latency(list, connections);
	else
		printf("%.6f\n", (now_us() - begun_us) / 1e6);
	return 0;
}
