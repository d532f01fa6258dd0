/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_sockets.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/xalloc.h"

/*
 * How it works: to open, watch and close a socket costs several times what the
 * question itself does, so a socket is kept, with its event.
 *
 * 1. dns_sockets_take connects one.  The kernel gives it a port at that moment,
 *    as it does to a new one.
 * 2. dns_sockets_give takes the connection back.  With it goes the port, so
 *    that no question has one of an earlier question, and nothing can arrive.
 *    What did arrive is read and dropped.
 * 3. A socket that cannot be brought into that state is closed.
 */

/* Datagrams that one question may leave behind; who sends more than that, to a
 * port that he had to guess, costs us a new socket. */
enum { LEFT_BEHIND = 16 };

SLIST_HEAD(socket_list, dns_socket);

struct dns_socket {
	SLIST_ENTRY(dns_socket) next; /* spare */
	struct dns_sockets *sockets;
	sa_family_t family;
	int fd;
	struct event *event;
	void *asker; /* NULL: spare */
};

struct dns_sockets {
	struct event_base *base;
	dns_socket_ready *ready;
	unsigned most_spare;
	struct spare {
		struct socket_list list;
		unsigned count;
	} v4, v6;
	unsigned taken;
};

static struct spare *
spare_of(struct dns_sockets *sockets, sa_family_t family)
{
	return family == AF_INET6 ? &sockets->v6 : &sockets->v4;
}

static void
close_spare(struct dns_socket *socket)
{
	if (socket->event != NULL)
		event_free(socket->event);
	if (socket->fd >= 0)
		close(socket->fd);
	free(socket);
}

/* Whether nothing is left in it to be read, be it an error. */
static bool
drain_socket(const struct dns_socket *socket)
{
	char octet;

	for (int i = 0; i < LEFT_BEHIND; i++)
		if (recv(socket->fd, &octet, sizeof(octet), MSG_DONTWAIT) < 0 &&
		    (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
	return false;
}

static void
on_dns_socket(evutil_socket_t fd, short what, void *arg)
{
	struct dns_socket *socket = arg;

	(void)fd;
	(void)what;
	/* a datagram may have been on its way while the port was let go */
	if (socket->asker == NULL)
		drain_socket(socket);
	else
		socket->sockets->ready(socket->asker);
}

/* 0, or an errno. */
static int
open_watched(struct dns_socket *made, struct event_base *base)
{
	made->fd =
	    socket(made->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (made->fd < 0)
		return errno;
	made->event = event_new(
	    base, made->fd, EV_READ | EV_PERSIST, on_dns_socket, made);
	if (made->event == NULL || event_add(made->event, NULL) < 0)
		return ENOMEM;
	return 0;
}

/* 0, or an errno. */
static int
find_socket(
    struct dns_sockets *sockets, sa_family_t family, struct dns_socket **out)
{
	struct spare *spare = spare_of(sockets, family);
	struct dns_socket *found = SLIST_FIRST(&spare->list);
	int error;

	if (found == NULL) {
		found = xcalloc(1, sizeof(*found));
		found->sockets = sockets;
		found->family = family;
		error = open_watched(found, sockets->base);
		if (error != 0) {
			close_spare(found);
			return error;
		}
	} else {
		assert(spare->count > 0);
		SLIST_REMOVE_HEAD(&spare->list, next);
		spare->count--;
	}
	*out = found;
	return 0;
}

int
dns_sockets_take(struct dns_sockets *sockets, const struct dns_nameserver *at,
    void *asker, struct dns_socket **out)
{
	struct dns_socket *found;
	int error = find_socket(sockets, at->address.ss_family, &found);

	assert(asker != NULL);
	if (error != 0)
		return error;
	sockets->taken++;
	found->asker = asker;
	if (connect(found->fd, (const struct sockaddr *)&at->address,
		at->size) < 0) {
		error = errno;
		dns_sockets_give(sockets, found);
		return error;
	}
	*out = found;
	return 0;
}

/* Without a peer, a port and anything to be read. */
static bool
reset_socket(const struct dns_socket *socket)
{
	static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	return connect(socket->fd, &nobody, sizeof(nobody)) == 0 &&
	       drain_socket(socket);
}

void
dns_sockets_give(struct dns_sockets *sockets, struct dns_socket *socket)
{
	struct spare *spare = spare_of(sockets, socket->family);

	assert(socket->asker != NULL && sockets->taken > 0);
	sockets->taken--;
	socket->asker = NULL;
	if (spare->count >= sockets->most_spare || !reset_socket(socket)) {
		close_spare(socket);
		return;
	}
	SLIST_INSERT_HEAD(&spare->list, socket, next);
	spare->count++;
}

int
dns_socket_fd(const struct dns_socket *socket)
{
	return socket->fd;
}

struct dns_sockets *
dns_sockets_new(
    struct event_base *base, unsigned spare, dns_socket_ready *ready)
{
	struct dns_sockets *sockets = xcalloc(1, sizeof(*sockets));

	assert(base != NULL && ready != NULL);
	sockets->base = base;
	sockets->ready = ready;
	sockets->most_spare = spare;
	SLIST_INIT(&sockets->v4.list);
	SLIST_INIT(&sockets->v6.list);
	return sockets;
}

static void
close_all_spare(struct spare *spare)
{
	struct dns_socket *socket;

	while ((socket = SLIST_FIRST(&spare->list)) != NULL) {
		SLIST_REMOVE_HEAD(&spare->list, next);
		close_spare(socket);
	}
}

void
dns_sockets_free(struct dns_sockets *sockets)
{
	if (sockets == NULL)
		return;
	assert(sockets->taken == 0);
	close_all_spare(&sockets->v4);
	close_all_spare(&sockets->v6);
	free(sockets);
}
