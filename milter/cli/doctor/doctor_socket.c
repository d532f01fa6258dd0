/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/identity.h"
#include "common/base/text.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_connect.h"
#include "milter/cli/host/postfix.h"
#include "milter/conf/settings.h"

enum { MILTER_MS = 5000, NAME_SIZE = 33, WRITABLE_BY_ALL = 0002 };

/* How posternd is started where nobody said otherwise. */
#define START "systemctl start posternd"

/* Whether a milter answers the offer that every MTA begins with. */
static bool
is_milter(int fd)
{
	/* length, SMFIC_OPTNEG, version 6, all actions, all protocol steps:
	 * libmilter hangs up where a milter wants more */
	static const unsigned char offer[17] = {[3] = 13,
	    [4] = 'O',
	    [8] = 6,
	    [11] = 0x01,
	    [12] = 0xff,
	    [14] = 0x1f,
	    [15] = 0xff,
	    [16] = 0xff};
	static const unsigned char quit[5] = {[3] = 1, [4] = 'Q'};
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	unsigned char answer[5];
	bool answers;

	answers =
	    send(fd, offer, sizeof(offer), MSG_NOSIGNAL) == sizeof(offer) &&
	    poll(&poll_fd, 1, MILTER_MS) == 1 &&
	    recv(fd, answer, sizeof(answer), 0) == sizeof(answer) &&
	    answer[4] == 'O';
	if (answers && send(fd, quit, sizeof(quit), MSG_NOSIGNAL) < 0)
		return false;
	return answers;
}

/* A unit makes a folder below /run, and no other by itself. */
static bool
is_off_run(const char *socket)
{
	const char *path = strchr(socket, ':') + 1;

	return path[0] == '/' && strncmp(path, "/run/", 5) != 0;
}

static void
say_no_listener(
    const struct doctor *doctor, struct doctor_finding *found, int error)
{
	if (error == EACCES || error == EPERM) {
		doctor_blind(
		    found, "%s: %s", doctor->settings->socket, strerror(error));
		return;
	}
	doctor_say(found, DOCTOR_FAIL, "%s: %s; posternd does not run",
	    doctor->settings->socket, strerror(error));
	doctor_mend(found, START);
	if (is_off_run(doctor->settings->socket))
		doctor_mend(found,
		    "postern setup    # if it does not start: what the socket "
		    "needs there, a folder and a unit that lets posternd "
		    "write in it");
}

/* Who may connect stands in the mode. */
static void
look_at_mode(
    const struct doctor *doctor, struct doctor_finding *found, const char *path)
{
	struct stat status;
	const struct passwd *owner;
	const struct group *group;
	char user[NAME_SIZE] = "?", group_name[NAME_SIZE] = "?";

	if (stat(path, &status) < 0) {
		say_no_listener(doctor, found, errno);
		return;
	}
	owner = getpwuid(status.st_uid);
	if (owner != NULL)
		text_copy(user, sizeof(user), owner->pw_name);
	group = getgrgid(status.st_gid);
	if (group != NULL)
		text_copy(group_name, sizeof(group_name), group->gr_name);
	if ((status.st_mode & WRITABLE_BY_ALL) == 0) {
		doctor_say(found, DOCTOR_OK, "%s answers, mode %04o, %s:%s",
		    path, (unsigned)(status.st_mode & 07777), user, group_name);
		return;
	}
	doctor_say(found, DOCTOR_WARN,
	    "%s has mode %04o: everyone on this host may ask posternd", path,
	    (unsigned)(status.st_mode & 07777));
	doctor_mend(found, "UMask 007    # in %s, then restart posternd",
	    doctor_conf_file(doctor));
}

void
doctor_socket(struct doctor *doctor, struct doctor_finding *found)
{
	const char *rest = strchr(doctor->settings->socket, ':') + 1;
	int fd = doctor_connect(doctor->settings->socket);
	bool answers;

	if (fd < 0) {
		say_no_listener(doctor, found, errno);
		return;
	}
	answers = is_milter(fd);
	close(fd);
	if (!answers) {
		doctor_say(found, DOCTOR_FAIL,
		    "%s accepts, but no milter answers",
		    doctor->settings->socket);
		doctor_mend(found, "systemctl restart posternd");
	} else if (rest[0] == '/') {
		look_at_mode(doctor, found, rest);
	} else {
		doctor_say(
		    found, DOCTOR_OK, "%s answers", doctor->settings->socket);
	}
}

static void
say_shut_out(const struct doctor *doctor, struct doctor_finding *found,
    const struct identity *who, const char *path, int error)
{
	struct identity daemon;

	doctor_say(found, DOCTOR_FAIL, "%s cannot connect to %s: %s", who->name,
	    path, strerror(error));
	if (identity_find(doctor->settings->user, &daemon, NULL) == 0) {
		const struct group *group = getgrgid(daemon.gid);

		doctor_mend(found, "adduser %s %s    # the socket's group",
		    who->name, group == NULL ? daemon.name : group->gr_name);
		doctor_mend(found, "postfix reload");
	}
	doctor_mend(found,
	    "UMask 007    # in %s if it is another, then restart posternd",
	    doctor_conf_file(doctor));
}

void
doctor_socket_user(struct doctor *doctor, struct doctor_finding *found)
{
	const char *path = strchr(doctor->settings->socket, ':') + 1;
	struct identity who;
	struct err err;
	int error;

	if (path[0] != '/') {
		doctor_say(found, DOCTOR_OK, "%s has no mode",
		    doctor->settings->socket);
		return;
	}
	if (identity_find(
		postfix_get(doctor->postfix, "mail_owner"), &who, &err) != 0) {
		doctor_blind(found, "%s", err.text);
		return;
	}
	error = identity_connect(&who, path);
	if (error == IDENTITY_UNKNOWN)
		doctor_blind(
		    found, "only root can see what %s may do", who.name);
	else if (error == EACCES || error == EPERM)
		say_shut_out(doctor, found, &who, path, error);
	else if (error != 0)
		doctor_say(found, DOCTOR_SKIP, "%s: %s", path, strerror(error));
	else
		doctor_say(
		    found, DOCTOR_OK, "%s may connect to %s", who.name, path);
}
