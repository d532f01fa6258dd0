/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "milter/serve/report.h"
#include "milter/tlsrpt/inbox_tries.h"
#include "t/unit/tap.h"

static char inbox_dir[64];
static struct sockaddr_un there = {.sun_family = AF_UNIX};

static int
make_inbox_dir(void **state)
{
	(void)state;
	snprintf(inbox_dir, sizeof(inbox_dir), "/tmp/inbox-XXXXXX");
	assert_non_null(mkdtemp(inbox_dir));
	snprintf(there.sun_path, sizeof(there.sun_path), "%s/s", inbox_dir);
	return 0;
}

static int
drop_inbox_dir(void **state)
{
	(void)state;
	unlink(there.sun_path);
	return rmdir(inbox_dir);
}

static int
open_sender(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&there, sizeof(there)), 0);
	return fd;
}

static int
take_soon(
    struct inbox *inbox, struct inbox_datagram *out, struct inbox_lost *lost)
{
	return inbox_take(inbox, clock_mono_ms() + 5000, out, lost);
}

static void
datagrams_come_in_their_order_with_who_sent_them(void **state)
{
	struct inbox *inbox = inbox_open(there.sun_path, NULL);
	int fd = open_sender();
	struct inbox_datagram datagram;
	struct inbox_lost lost;
	struct stat status;
	char text[16];

	(void)state;
	assert_int_equal(stat(there.sun_path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	for (int i = 0; i < 20; i++) {
		int size = snprintf(text, sizeof(text), "number %d", i);

		assert_int_equal(send(fd, text, (size_t)size, 0), size);
		assert_int_equal(take_soon(inbox, &datagram, &lost), 1);
		assert_int_equal(datagram.size, size);
		assert_memory_equal(datagram.octets, text, (size_t)size);
		assert_int_equal(datagram.uid, getuid());
		assert_int_equal(datagram.gid, getgid());
		free(datagram.octets);
	}
	assert_int_equal(
	    inbox_take(inbox, clock_mono_ms(), &datagram, &lost), 0);
	close(fd);
	inbox_free(inbox);
	assert_int_equal(access(there.sun_path, F_OK), -1);
}

/* H02: 256 KiB and no more */
static void
what_is_too_long_is_lost_and_counted(void **state)
{
	struct inbox *inbox = inbox_open(there.sun_path, NULL);
	int fd = open_sender(), size = 4 * LIMIT_TLSRPT_DATAGRAM;
	char *octets = xcalloc(1, LIMIT_TLSRPT_DATAGRAM + 1);
	struct inbox_datagram datagram;
	struct inbox_lost lost;

	(void)state;
	/* past net.core.wmem_max, for which one has to be root */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) ==
	    0)
		assert_int_equal(send(fd, octets, LIMIT_TLSRPT_DATAGRAM + 1, 0),
		    LIMIT_TLSRPT_DATAGRAM + 1);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_int_equal(take_soon(inbox, &datagram, &lost), 1);
	assert_int_equal(datagram.size, 1);
	free(datagram.octets);
	assert_int_equal(lost.cut, getuid() == 0);
	assert_int_equal(lost.full, 0);
	free(octets);
	close(fd);
	inbox_free(inbox);
}

/* F02 */
static void
what_has_no_room_is_lost_and_counted(void **state)
{
	enum { MORE = 100 };
	struct inbox *inbox = inbox_open(there.sun_path, NULL);
	int fd = open_sender();
	struct inbox_datagram datagram;
	struct inbox_lost lost, sum = {0, 0};
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < LIMIT_TLSRPT_WAITING + MORE; i++)
		assert_int_equal(send(fd, "x", 1, 0), 1);
	while (taken + sum.full < LIMIT_TLSRPT_WAITING + MORE) {
		assert_int_equal(take_soon(inbox, &datagram, &lost), 1);
		free(datagram.octets);
		taken++;
		sum.full += lost.full;
	}
	assert_in_range(sum.full, 1, MORE);
	close(fd);
	inbox_free(inbox);
}

/* F01 */
static void
only_a_socket_that_nobody_listens_at_is_replaced(void **state)
{
	struct inbox *inbox = inbox_open(there.sun_path, NULL);
	struct err err = {.text = ""};
	int fd;

	(void)state;
	assert_null(inbox_open(there.sun_path, &err));
	assert_non_null(strstr(err.text, "another program listens there"));
	assert_int_equal(access(there.sun_path, F_OK), 0);
	inbox_free(inbox);

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&there, sizeof(there)), 0);
	close(fd);
	inbox = inbox_open(there.sun_path, NULL);
	assert_non_null(inbox);
	inbox_free(inbox);

	fd = open(there.sun_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	assert_null(inbox_open(there.sun_path, &err));
	assert_non_null(strstr(err.text, "not a socket"));
	unlink(there.sun_path);
	assert_null(inbox_open("/nowhere/at/all", &err));
}

static unsigned troubles;

void
report_tlsrpt_trouble(const char *reason, const char *detail)
{
	assert_string_equal(reason, "socket");
	assert_non_null(strstr(detail, "another program listens there"));
	troubles++;
}

/* F01 */
static void
a_socket_that_others_have_is_asked_for_each_minute(void **state)
{
	struct inbox *other = inbox_open(there.sun_path, NULL), *inbox;
	struct inbox_tries tries;
	gid_t group = (gid_t)-1;

	(void)state;
	inbox_tries_init(&tries, there.sun_path);
	assert_null(inbox_tries_open(&tries, &group));
	assert_int_equal(troubles, 1);
	clock_shift(61);
	assert_null(inbox_tries_open(&tries, &group));
	assert_int_equal(troubles, 1);
	inbox_free(other);
	assert_null(inbox_tries_open(&tries, &group));
	clock_shift(61);
	inbox = inbox_tries_open(&tries, &group);
	assert_non_null(inbox);
	assert_int_equal(group, getegid());
	inbox_free(inbox);
	inbox_tries_fini(&tries);
}

/* H01: what somebody puts beside a datagram is not kept */
static void
a_datagram_with_open_files_leaves_none_open(void **state)
{
	struct inbox *inbox = inbox_open(there.sun_path, NULL);
	int fd = open_sender(), ends[2], files[8];
	union {
		char room[CMSG_SPACE(sizeof(files))];
		struct cmsghdr align;
	} control;
	struct iovec part = {.iov_base = (char[]){'x'}, .iov_len = 1};
	struct msghdr message = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof(control.room)};
	struct cmsghdr *at;
	struct inbox_datagram datagram;
	struct inbox_lost lost;
	char octet;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	for (size_t i = 0; i < COUNT(files); i++)
		files[i] = ends[1];
	memset(&control, 0, sizeof(control));
	at = CMSG_FIRSTHDR(&message);
	at->cmsg_level = SOL_SOCKET;
	at->cmsg_type = SCM_RIGHTS;
	at->cmsg_len = CMSG_LEN(sizeof(files));
	memcpy(CMSG_DATA(at), files, sizeof(files));
	assert_int_equal(sendmsg(fd, &message, 0), 1);
	assert_int_equal(take_soon(inbox, &datagram, &lost), 1);
	assert_int_equal(datagram.uid, getuid());
	free(datagram.octets);
	/* nobody holds the end that is written to */
	close(ends[1]);
	assert_int_equal(read(ends[0], &octet, 1), 0);
	close(ends[0]);
	close(fd);
	inbox_free(inbox);
}

/* F02: more goes in than is taken, until some of it is lost */
static void
what_waits_is_bounded_by_its_octets_too(void **state)
{
	enum { EACH = 64 * 1024 };
	enum { FIT = LIMIT_TLSRPT_WAITING_OCTETS / EACH };
	struct inbox *inbox = inbox_open(there.sun_path, NULL);
	char *octets = xcalloc(1, EACH);
	int fd = open_sender(), sent = 0, taken = 0;
	struct inbox_datagram datagram;
	struct inbox_lost lost = {0, 0};

	(void)state;
	while (lost.full == 0) {
		for (int i = 0; i < 2; i++)
			assert_int_equal(send(fd, octets, EACH, 0), EACH);
		sent += 2;
		assert_int_equal(take_soon(inbox, &datagram, &lost), 1);
		free(datagram.octets);
		taken++;
	}
	assert_in_range(sent - taken, FIT, 2 * FIT);
	free(octets);
	close(fd);
	inbox_free(inbox);
}

static void
who_waits_is_woken(void **state)
{
	struct inbox *inbox = inbox_open(there.sun_path, NULL);
	struct inbox_datagram datagram;
	struct inbox_lost lost;

	(void)state;
	inbox_nudge(inbox);
	assert_int_equal(inbox_take(inbox, INT64_MAX, &datagram, &lost), 0);
	assert_int_equal(
	    inbox_take(inbox, clock_mono_ms() + 1, &datagram, &lost), 0);
	inbox_wake(inbox);
	assert_int_equal(inbox_take(inbox, INT64_MAX, &datagram, &lost), 0);
	inbox_free(inbox);
}

int
main(void)
{
	const struct CMUnitTest inbox[] = {
	    cmocka_unit_test(datagrams_come_in_their_order_with_who_sent_them),
	    cmocka_unit_test(what_is_too_long_is_lost_and_counted),
	    cmocka_unit_test(what_has_no_room_is_lost_and_counted),
	    cmocka_unit_test(only_a_socket_that_nobody_listens_at_is_replaced),
	    cmocka_unit_test(
		a_socket_that_others_have_is_asked_for_each_minute),
	    cmocka_unit_test(a_datagram_with_open_files_leaves_none_open),
	    cmocka_unit_test(what_waits_is_bounded_by_its_octets_too),
	    cmocka_unit_test(who_waits_is_woken),
	};

	return RUN_TESTS_WITH(inbox, make_inbox_dir, drop_inbox_dir);
}
