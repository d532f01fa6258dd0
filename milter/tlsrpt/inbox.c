/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one thread does nothing but recvmmsg into buffers of its own,
 * and queues copies.  The kernel keeps few datagrams (net.unix.max_dgram_qlen,
 * which is 10 where nobody has raised it), so nothing else may keep that thread
 * busy: what a datagram says is found out by whoever takes it.
 *
 * SO_PASSCRED has the kernel say who sent each, without the sender's doing.
 * inbox_free shuts the socket down, which ends the thread's wait.
 */
#include "milter/tlsrpt/inbox.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum {
	INBOX_MODE = 0660,
	AT_ONCE = 8,                    /* datagrams of one call */
	BUFFER = LIMIT_TLSRPT_DATAGRAM, /* MSG_TRUNC says if it was longer */
	RECEIVE_BUFFER = 4 * LIMIT_TLSRPT_DATAGRAM,
};

struct waiting {
	STAILQ_ENTRY(waiting) next;
	struct inbox_datagram datagram;
};

struct inbox {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int fd;
	dev_t device; /* of the socket, once it is bound */
	ino_t inode;
	bool bound;
	bool running;
	pthread_t thread;
	struct lock lock;
	struct cond came;
	/* with lock */
	STAILQ_HEAD(, waiting) queue;
	size_t count, octets;
	struct inbox_lost lost;
	bool ending;
	bool nudged;
};

/* --- the thread --- */

static void
queue_datagram(struct inbox *inbox, const struct inbox_datagram *datagram)
{
	struct waiting *waiting = NULL;
	bool room;

	lock_take(&inbox->lock);
	room = inbox->count < LIMIT_TLSRPT_WAITING &&
	       inbox->octets + datagram->size <= LIMIT_TLSRPT_WAITING_OCTETS;
	inbox->lost.full += !room;
	lock_drop(&inbox->lock);
	if (!room)
		return;
	waiting = xcalloc(1, sizeof(*waiting));
	waiting->datagram = *datagram;
	waiting->datagram.octets = xmemdup(datagram->octets, datagram->size);
	lock_take(&inbox->lock);
	STAILQ_INSERT_TAIL(&inbox->queue, waiting, next);
	inbox->count++;
	inbox->octets += datagram->size;
	cond_signal(&inbox->came);
	lock_drop(&inbox->lock);
}

static void
note_cut(struct inbox *inbox)
{
	lock_take(&inbox->lock);
	inbox->lost.cut++;
	lock_drop(&inbox->lock);
}

/* The sender; nobody, who is no member of anything, where the kernel does not
 * tell. */
static void
find_sender(struct msghdr *message, struct inbox_datagram *out)
{
	struct ucred sender;

	out->uid = (uid_t)-1;
	out->gid = (gid_t)-1;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL;
	     at = CMSG_NXTHDR(message, at)) {
		if (at->cmsg_level != SOL_SOCKET ||
		    at->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&sender, CMSG_DATA(at), sizeof(sender));
		out->uid = sender.uid;
		out->gid = sender.gid;
	}
}

/* What one call may bring. */
struct receiving {
	struct mmsghdr messages[AT_ONCE];
	struct iovec parts[AT_ONCE];
	union {
		char room[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control[AT_ONCE];
	char *buffers; /* BUFFER octets for each */
};

static void
prepare_receiving(struct receiving *receiving)
{
	memset(receiving->messages, 0, sizeof(receiving->messages));
	for (size_t i = 0; i < AT_ONCE; i++) {
		struct msghdr *message = &receiving->messages[i].msg_hdr;

		receiving->parts[i].iov_base = receiving->buffers + i * BUFFER;
		receiving->parts[i].iov_len = BUFFER;
		message->msg_iov = &receiving->parts[i];
		message->msg_iovlen = 1;
		message->msg_control = receiving->control[i].room;
		message->msg_controllen = sizeof(receiving->control[i].room);
	}
}

static void
take_received(struct inbox *inbox, struct receiving *receiving, size_t number)
{
	struct mmsghdr *message = &receiving->messages[number];
	struct inbox_datagram datagram = {.at = clock_wall_s(),
	    .size = message->msg_len,
	    .octets = receiving->buffers + number * BUFFER};

	if ((message->msg_hdr.msg_flags & MSG_TRUNC) != 0) {
		note_cut(inbox);
		return;
	}
	find_sender(&message->msg_hdr, &datagram);
	if (datagram.size > 0)
		queue_datagram(inbox, &datagram);
}

static bool
is_closing(struct inbox *inbox)
{
	bool ending;

	lock_take(&inbox->lock);
	ending = inbox->ending;
	lock_drop(&inbox->lock);
	return ending;
}

static void *
run_inbox(void *arg)
{
	struct inbox *inbox = arg;
	struct receiving receiving;

	receiving.buffers = xmalloc((size_t)AT_ONCE * BUFFER);
	while (!is_closing(inbox)) {
		int count;

		prepare_receiving(&receiving);
		count = recvmmsg(inbox->fd, receiving.messages, AT_ONCE,
		    MSG_WAITFORONE, NULL);
		for (int i = 0; i < count; i++)
			take_received(inbox, &receiving, (size_t)i);
		if (count < 0 && errno != EINTR && errno != EAGAIN)
			usleep(100 * 1000); /* ENOMEM, or the end is near */
	}
	free(receiving.buffers);
	return NULL;
}

/* --- the socket --- */

static int
fail_inbox(const char *path, const char *what, struct err *err)
{
	return err_set(
	    err, ERR_LOCAL, "%.150s: %s: %s", path, what, strerror(errno));
}

/* A socket that is there goes where it is certain that nobody listens: what
 * refuses us otherwise may be in use. */
static int
clear_place(const struct sockaddr_un *address, struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct stat status;
	int rc, number;

	if (fd < 0)
		return fail_inbox(address->sun_path, "socket", err);
	rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	number = rc == 0 ? 0 : errno;
	close(fd);
	if (number == ENOENT)
		return 0;
	if (number != ECONNREFUSED)
		return err_set(err, ERR_LOCAL,
		    "%.150s: another program listens there", address->sun_path);
	if (lstat(address->sun_path, &status) != 0)
		return fail_inbox(address->sun_path, "lstat", err);
	if (!S_ISSOCK(status.st_mode))
		return err_set(
		    err, ERR_LOCAL, "%.150s: not a socket", address->sun_path);
	if (unlink(address->sun_path) != 0)
		return fail_inbox(address->sun_path, "unlink", err);
	return 0;
}

static int
bind_inbox(struct inbox *inbox, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int size = RECEIVE_BUFFER, yes = 1;
	struct stat status;

	text_copy(address.sun_path, sizeof(address.sun_path), inbox->path);
	if (clear_place(&address, err) != 0)
		return -1;
	inbox->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (inbox->fd < 0)
		return fail_inbox(inbox->path, "socket", err);
	/* less than wanted will do */
	setsockopt(inbox->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(inbox->fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) !=
	    0)
		return fail_inbox(inbox->path, "SO_PASSCRED", err);
	if (bind(inbox->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return fail_inbox(inbox->path, "bind", err);
	inbox->bound = lstat(inbox->path, &status) == 0;
	if (!inbox->bound || chmod(inbox->path, INBOX_MODE) != 0)
		return fail_inbox(inbox->path, "chmod", err);
	inbox->device = status.st_dev;
	inbox->inode = status.st_ino;
	return 0;
}

/* Signals are for the main thread. */
static int
start_inbox(struct inbox *inbox, struct err *err)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&inbox->thread, NULL, run_inbox, inbox);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	inbox->running = rc == 0;
	return rc == 0 ? 0 : err_set(err, ERR_LOCAL, "cannot start a thread");
}

struct inbox *
inbox_open(const char *path, struct err *err)
{
	struct inbox *inbox = xcalloc(1, sizeof(*inbox));

	inbox->fd = -1;
	STAILQ_INIT(&inbox->queue);
	lock_init(&inbox->lock);
	cond_init(&inbox->came);
	if (!text_copy(inbox->path, sizeof(inbox->path), path)) {
		err_set(err, ERR_LOCAL, "%.150s: too long for a socket", path);
		inbox_free(inbox);
		return NULL;
	}
	if (bind_inbox(inbox, err) != 0 || start_inbox(inbox, err) != 0) {
		inbox_free(inbox);
		return NULL;
	}
	return inbox;
}

void
inbox_wake(struct inbox *inbox)
{
	lock_take(&inbox->lock);
	inbox->ending = true;
	cond_broadcast(&inbox->came);
	lock_drop(&inbox->lock);
}

void
inbox_nudge(struct inbox *inbox)
{
	lock_take(&inbox->lock);
	inbox->nudged = true;
	cond_broadcast(&inbox->came);
	lock_drop(&inbox->lock);
}

static void
remove_socket(const struct inbox *inbox)
{
	struct stat status;

	if (inbox->bound && lstat(inbox->path, &status) == 0 &&
	    status.st_dev == inbox->device && status.st_ino == inbox->inode)
		unlink(inbox->path);
}

void
inbox_free(struct inbox *inbox)
{
	struct waiting *waiting;

	if (inbox == NULL)
		return;
	inbox_wake(inbox);
	remove_socket(inbox);
	if (inbox->running) {
		shutdown(inbox->fd, SHUT_RDWR);
		pthread_join(inbox->thread, NULL);
	}
	if (inbox->fd >= 0)
		close(inbox->fd);
	while ((waiting = STAILQ_FIRST(&inbox->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&inbox->queue, next);
		free(waiting->datagram.octets);
		free(waiting);
	}
	cond_fini(&inbox->came);
	lock_fini(&inbox->lock);
	free(inbox);
}

/* --- taking --- */

static struct waiting *
take_locked(struct inbox *inbox) HOLDS(inbox->lock)
{
	struct waiting *waiting = STAILQ_FIRST(&inbox->queue);

	if (waiting == NULL)
		return NULL;
	assert(inbox->count > 0 && inbox->octets >= waiting->datagram.size);
	STAILQ_REMOVE_HEAD(&inbox->queue, next);
	inbox->count--;
	inbox->octets -= waiting->datagram.size;
	return waiting;
}

int
inbox_take(struct inbox *inbox, int64_t deadline_ms, struct inbox_datagram *out,
    struct inbox_lost *lost)
{
	struct waiting *waiting;

	lock_take(&inbox->lock);
	while (STAILQ_EMPTY(&inbox->queue) && !inbox->ending && !inbox->nudged)
		if (!cond_wait_until(&inbox->came, &inbox->lock, deadline_ms))
			break;
	waiting = take_locked(inbox);
	inbox->nudged = inbox->nudged && waiting != NULL;
	*lost = inbox->lost;
	memset(&inbox->lost, 0, sizeof(inbox->lost));
	lock_drop(&inbox->lock);
	if (waiting == NULL)
		return 0;
	*out = waiting->datagram;
	free(waiting);
	return 1;
}
