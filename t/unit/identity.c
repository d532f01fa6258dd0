/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "t/unit/tap.h"

static void
users_and_groups_are_found_by_name(void **state)
{
	struct identity who;
	struct err err = {.text = ""};

	(void)state;
	assert_int_equal(identity_find("root", &who, &err), 0);
	assert_string_equal(who.name, "root");
	assert_int_equal(who.uid, 0);
	assert_int_equal(who.gid, 0);
	assert_in_range(who.count, 1, IDENTITY_GROUPS);
	assert_int_equal(identity_find("nobody:root", &who, &err), 0);
	assert_string_equal(who.name, "nobody");
	assert_int_not_equal(who.uid, 0);
	assert_int_equal(who.gid, 0);
	assert_int_equal(who.groups[0], 0);
}

static void
who_is_not_there_is_said(void **state)
{
	struct identity who;
	struct err err = {.kind = ERR_TEMP};

	(void)state;
	assert_int_equal(identity_find("no-such-user", &who, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_string_equal(err.text, "there is no user \"no-such-user\"");
	assert_int_equal(identity_find("root:no-such-group", &who, &err), -1);
	assert_string_equal(err.text, "there is no group \"no-such-group\"");
	assert_int_equal(identity_find("", &who, &err), -1);
	assert_int_equal(identity_find(":root", &who, &err), -1);
}

/* What nobody may, when root asks; else nobody can tell. */
static int
told(int errno_of_nobody)
{
	return geteuid() == 0 ? errno_of_nobody : IDENTITY_UNKNOWN;
}

static void
what_another_may_is_tried_as_the_other(void **state)
{
	char dir[] = "/tmp/postern-identity-XXXXXX", path[64];
	struct identity nobody;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/below", dir);
	assert_int_equal(identity_find("nobody", &nobody, NULL), 0);
	assert_int_equal(identity_access(&nobody, "/", R_OK), told(0));
	assert_int_equal(identity_access(&nobody, dir, R_OK), told(EACCES));
	assert_int_equal(identity_access(&nobody, path, F_OK), told(EACCES));
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(identity_access(&nobody, path, F_OK), told(ENOENT));
	assert_int_equal(identity_access(&nobody, dir, W_OK), told(EACCES));
	assert_int_equal(rmdir(dir), 0);
}

static void
a_socket_is_tried_by_a_connection(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char dir[] = "/tmp/postern-identity-XXXXXX", longer[200];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct identity nobody;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "%.64s/socket", dir);
	assert_int_equal(identity_find("nobody", &nobody, NULL), 0);
	assert_int_equal(identity_connect(&nobody, at.sun_path), told(ENOENT));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(chmod(at.sun_path, 0666), 0);
	assert_int_equal(
	    identity_connect(&nobody, at.sun_path), told(ECONNREFUSED));
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(identity_connect(&nobody, at.sun_path), told(0));
	assert_int_equal(chmod(at.sun_path, 0600), 0);
	assert_int_equal(identity_connect(&nobody, at.sun_path), told(EACCES));
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(identity_connect(&nobody, longer), told(ENAMETOOLONG));
	close(fd);
	assert_int_equal(unlink(at.sun_path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest identity[] = {
	    cmocka_unit_test(users_and_groups_are_found_by_name),
	    cmocka_unit_test(who_is_not_there_is_said),
	    cmocka_unit_test(what_another_may_is_tried_as_the_other),
	    cmocka_unit_test(a_socket_is_tried_by_a_connection),
	};

	return RUN_TESTS(identity);
}
