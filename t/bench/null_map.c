/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that a server of a socketmap could do: one epoll loop, a read and a
 * write for what has come, and the same answer to everything.  What the kernel
 * and the client cost is what this costs.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_SIZE = 64 * 1024, OUT_SIZE = 64 * 1024, READY = 64 };

struct client {
	int fd;
	size_t length;
	char in[IN_SIZE];
};

static const char answer[] = "9:NOTFOUND ,";
static int poll_fd;

static void
add_client(int listening)
{
	struct client *client = calloc(1, sizeof(*client));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

	if (client == NULL)
		err(1, NULL);
	client->fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
	if (client->fd < 0)
		err(1, "accept");
	epoll_ctl(poll_fd, EPOLL_CTL_ADD, client->fd, &event);
}

/* The octets of the first netstring, or 0 if it is not whole. */
static size_t
whole_request(const char *data, size_t length)
{
	size_t size = 0, head = 0;

	while (head < length && data[head] != ':')
		size = size * 10 + (size_t)(data[head++] - '0');
	return head + size + 2 <= length ? head + size + 2 : 0;
}

static void
serve(struct client *client)
{
	ssize_t got = read(client->fd, client->in + client->length,
	    sizeof(client->in) - client->length);
	char out[OUT_SIZE];
	size_t at = 0, due = 0, used;

	if (got <= 0) {
		close(client->fd);
		free(client);
		return;
	}
	client->length += (size_t)got;
	while (
	    (used = whole_request(client->in + at, client->length - at)) > 0 &&
	    due + sizeof(answer) <= sizeof(out)) {
		memcpy(out + due, answer, sizeof(answer) - 1);
		due += sizeof(answer) - 1;
		at += used;
	}
	memmove(client->in, client->in + at, client->length - at);
	client->length -= at;
	if (due > 0 && send(client->fd, out, due, MSG_NOSIGNAL) != (ssize_t)due)
		err(1, "send");
}

static int
listen_at(unsigned port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, READY) < 0)
		err(1, "port %u", port);
	return fd;
}

int
main(int argc, char **argv)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	int listening;

	if (argc != 2)
		errx(64, "usage: null_map PORT");
	listening = listen_at((unsigned)strtoul(argv[1], NULL, 10));
	poll_fd = epoll_create1(0);
	epoll_ctl(poll_fd, EPOLL_CTL_ADD, listening, &event);
	for (;;) {
		struct epoll_event events[READY];
		int ready = epoll_wait(poll_fd, events, READY, -1);

		for (int i = 0; i < ready; i++) {
			if (events[i].data.ptr == NULL)
				add_client(listening);
			else
				serve(events[i].data.ptr);
		}
	}
}
