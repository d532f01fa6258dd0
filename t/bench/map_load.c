/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MTAs that do nothing but ask at a map socket: several connections in one
 * epoll loop, so many requests under way on each.  The keys are the lines of a
 * file; each connection begins at another of them.  If there are enough for all
 * requests, each is asked for once, by whichever connection is next.
 *
 * Prints the seconds that it took, the median and the 99th percentile of the
 * time for an answer in microseconds, and how many answers were "OK",
 * "NOTFOUND", and something else.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 64,
	DEPTH_MAX = 128,
	KEYS_MAX = 200000,
	IN_SIZE = 256 * 1024,
	OUT_SIZE = 64 * 1024,
	LINE_SIZE = 1024,
};

struct request {
	char *octets;
	size_t length;
};

struct connection {
	int fd;
	size_t key;          /* the next one */
	size_t first, asked; /* of the times: requests under way */
	double sent_us[DEPTH_MAX];
	size_t in_length;
	char in[IN_SIZE];
};

static struct {
	const char *map;
	unsigned port, connections, depth, count;
	struct request *requests;
	size_t request_count;
	unsigned begun, answered; /* requests */
	unsigned ok, not_found, other;
	float *taken_us;
} load = {.map = "QUERY", .connections = 8, .depth = 1, .count = 100000};

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void
read_keys(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[LINE_SIZE];

	if (file == NULL)
		err(1, "%s", path);
	load.requests = calloc(KEYS_MAX, sizeof(*load.requests));
	if (load.requests == NULL)
		err(1, NULL);
	while (fgets(line, sizeof(line), file) != NULL) {
		struct request *request = &load.requests[load.request_count++];
		size_t length = strcspn(line, "\n") + 1 + strlen(load.map);
		int made;

		if (load.request_count > KEYS_MAX)
			errx(1, "too many keys");
		line[strcspn(line, "\n")] = '\0';
		made = asprintf(
		    &request->octets, "%zu:%s %s,", length, load.map, line);
		if (made < 0)
			err(1, NULL);
		request->length = (size_t)made;
	}
	fclose(file);
	if (load.request_count == 0)
		errx(1, "no keys");
}

static const struct request *
next_request(struct connection *c)
{
	size_t key = c->key;

	if (load.count <= load.request_count)
		return &load.requests[load.begun];
	c->key = (c->key + 1) % load.request_count;
	return &load.requests[key];
}

/* As many requests as are missing, in one write. */
static void
ask_more(struct connection *c)
{
	char out[OUT_SIZE];
	size_t length = 0;
	double now = now_us();

	while (c->asked < load.depth && load.begun < load.count) {
		const struct request *request;

		if (length + LINE_SIZE > sizeof(out))
			break;
		request = next_request(c);
		memcpy(out + length, request->octets, request->length);
		length += request->length;
		c->sent_us[(c->first + c->asked++) % DEPTH_MAX] = now;
		load.begun++;
	}
	if (length > 0 &&
	    send(c->fd, out, length, MSG_NOSIGNAL) != (ssize_t)length)
		err(1, "send");
}

static void
count_answer(struct connection *c, const char *text, double now)
{
	if (memcmp(text, "OK ", 3) == 0)
		load.ok++;
	else if (memcmp(text, "NOT", 3) == 0)
		load.not_found++;
	else
		load.other++;
	if (c->asked == 0)
		errx(1, "an answer to nothing");
	load.taken_us[load.answered++] =
	    (float)(now - c->sent_us[c->first % DEPTH_MAX]);
	c->first++;
	c->asked--;
}

static void
take_answers(struct connection *c)
{
	ssize_t got =
	    read(c->fd, c->in + c->in_length, sizeof(c->in) - c->in_length);
	double now = now_us();
	size_t at = 0;

	if (got <= 0)
		err(1, "the server closed the connection");
	c->in_length += (size_t)got;
	while (at < c->in_length) {
		size_t size = 0, head = at;

		while (head < c->in_length && c->in[head] != ':')
			size = size * 10 + (size_t)(c->in[head++] - '0');
		if (head + size + 2 > c->in_length)
			break;
		if (size < 3 || c->in[head + 1 + size] != ',')
			errx(1, "an answer that is none");
		count_answer(c, c->in + head + 1, now);
		at = head + size + 2;
	}
	memmove(c->in, c->in + at, c->in_length - at);
	c->in_length -= at;
}

static int
open_connection(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)load.port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(1, "port %u", load.port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* The microseconds that it took. */
static double
ask_all(struct connection *list)
{
	int poll = epoll_create1(0);
	double begun_us = now_us();

	for (unsigned i = 0; i < load.connections; i++) {
		struct epoll_event event = {
		    .events = EPOLLIN, .data.ptr = &list[i]};

		epoll_ctl(poll, EPOLL_CTL_ADD, list[i].fd, &event);
		ask_more(&list[i]);
	}
	while (load.answered < load.count) {
		struct epoll_event events[CONNECTIONS_MAX];
		int ready = epoll_wait(poll, events, CONNECTIONS_MAX, -1);

		for (int i = 0; i < ready; i++) {
			take_answers(events[i].data.ptr);
			ask_more(events[i].data.ptr);
		}
	}
	return now_us() - begun_us;
}

static int
compare(const void *a, const void *b)
{
	const float *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void
read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "c:d:m:n:p:")) != -1) {
		unsigned number = (unsigned)strtoul(optarg, NULL, 10);

		if (option == 'c')
			load.connections = number;
		else if (option == 'd')
			load.depth = number;
		else if (option == 'm')
			load.map = optarg;
		else if (option == 'n')
			load.count = number;
		else if (option == 'p')
			load.port = number;
	}
	if (optind + 1 != argc || load.connections < 1 ||
	    load.connections > CONNECTIONS_MAX || load.depth < 1 ||
	    load.depth > DEPTH_MAX)
		errx(64, "usage: map_load [-c CONNECTIONS] [-d DEPTH] "
			 "[-m MAP] [-n LOOKUPS] -p PORT KEYS");
}

int
main(int argc, char **argv)
{
	struct connection *list;
	double us;

	read_options(argc, argv);
	read_keys(argv[optind]);
	list = calloc(load.connections, sizeof(*list));
	load.taken_us = calloc(load.count, sizeof(*load.taken_us));
	if (list == NULL || load.taken_us == NULL)
		err(1, NULL);
	for (unsigned i = 0; i < load.connections; i++) {
		list[i].fd = open_connection();
		list[i].key = i * load.request_count / load.connections;
	}
	us = ask_all(list);
	qsort(load.taken_us, load.count, sizeof(*load.taken_us), compare);
	printf("%.6f %.1f %.1f %u %u %u\n", us / 1e6,
	    (double)load.taken_us[load.count / 2],
	    (double)load.taken_us[load.count / 100 * 99], load.ok,
	    load.not_found, load.other);
	return 0;
}
