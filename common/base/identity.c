/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/text.h"

/* What is to be tried: mode is access(2)'s, or a connection. */
struct attempt {
	const struct identity *who;
	const char *path;
	int mode;
};

enum { CONNECT = -1 };

int
identity_find(const char *user, struct identity *out, struct err *err)
{
	char name[160];
	char *colon;
	const struct passwd *passwd;
	const struct group *group;

	text_copy(name, sizeof(name), user);
	colon = strchr(name, ':');
	if (colon != NULL)
		*colon++ = '\0';
	passwd = getpwnam(name);
	if (passwd == NULL)
		return err_set(
		    err, ERR_LOCAL, "there is no user \"%.64s\"", name);
	text_copy(out->name, sizeof(out->name), name);
	out->uid = passwd->pw_uid;
	out->gid = passwd->pw_gid;
	if (colon != NULL) {
		group = getgrnam(colon);
		if (group == NULL)
			return err_set(err, ERR_LOCAL,
			    "there is no group \"%.64s\"", colon);
		out->gid = group->gr_gid;
	}
	out->count = IDENTITY_GROUPS;
	if (getgrouplist(name, out->gid, out->groups, &out->count) < 0)
		out->count = IDENTITY_GROUPS;
	return 0;
}

static int
try_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, rc;

	if (strlen(path) >= sizeof(address.sun_path))
		return ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	rc = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0
		 ? errno
		 : 0;
	close(fd);
	return rc;
}

static int
try_now(const struct attempt *attempt)
{
	if (attempt->mode == CONNECT)
		return try_connect(attempt->path);
	return access(attempt->path, attempt->mode) == 0 ? 0 : errno;
}

/*
 * In the child, which may have been forked beside other threads: system calls
 * only.  The C library's setresuid would look for those threads.
 */
static void __attribute__((noreturn)) try_as(const struct attempt *attempt)
{
	const struct identity *who = attempt->who;

	if (syscall(SYS_setgroups, who->count, who->groups) < 0 ||
	    syscall(SYS_setresgid, who->gid, who->gid, who->gid) < 0 ||
	    syscall(SYS_setresuid, who->uid, who->uid, who->uid) < 0)
		_exit(UINT8_MAX);
	_exit(try_now(attempt));
}

static int
try_in_child(const struct attempt *attempt)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		try_as(attempt);
	if (child < 0)
		return IDENTITY_UNKNOWN;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return IDENTITY_UNKNOWN;
	return WIFEXITED(status) && WEXITSTATUS(status) != UINT8_MAX
		   ? WEXITSTATUS(status)
		   : IDENTITY_UNKNOWN;
}

static int
try_access(const struct attempt *attempt)
{
	if (geteuid() == 0)
		return try_in_child(attempt);
	return geteuid() == attempt->who->uid ? try_now(attempt)
					      : IDENTITY_UNKNOWN;
}

int
identity_access(const struct identity *who, const char *path, int mode)
{
	struct attempt attempt = {.who = who, .path = path, .mode = mode};

	return try_access(&attempt);
}

int
identity_connect(const struct identity *who, const char *path)
{
	struct attempt attempt = {.who = who, .path = path, .mode = CONNECT};

	return try_access(&attempt);
}
