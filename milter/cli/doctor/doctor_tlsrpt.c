/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: what keeps sessions from being counted is looked for in the
 * order in which it happens to one: who is to tell of it, whether Postfix can
 * and wants to, where it sends what it tells, whether that comes in, and what
 * is lost on the way.  The first that is wrong is the finding.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/identity.h"
#include "common/base/text.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_delivery.h"
#include "milter/cli/doctor/doctor_edit.h"
#include "milter/cli/doctor/doctor_map.h"
#include "milter/cli/host/postfix.h"

#define ENABLE "smtp_tlsrpt_enable"
#define SOCKET_NAME "smtp_tlsrpt_socket_name"
#define QLEN "/proc/sys/net/unix/max_dgram_qlen"

enum {
	/* Postfix's versions, as doctor_map_version has them */
	WITH_TLSRPT = 31000,
	WITHOUT_REQUIRED_NO = 31004, /* "TLS-Required: No" is not told of */
	WITH_NAMES_LOGGED = 31006,

	/* Sessions that wait in the kernel until posternd takes them */
	LEAST_QLEN = 64,
};

/* Which service of smtp(8), and what is looked at with it. */
struct telling {
	struct doctor *doctor;
	struct doctor_finding *found;
	struct postfix_service service;
	bool any;
};

static void
note_telling(void *arg, const struct postfix_service *service)
{
	struct telling *telling = arg;

	if (!telling->any)
		telling->service = *service;
	telling->any = true;
}

static const char *
value_of(const struct telling *telling, const char *parameter)
{
	const char *value = postfix_get_of(
	    telling->doctor->postfix, &telling->service, parameter);

	return value == NULL ? "" : value;
}

/* --- who tells --- */

/* What follows where no MTA tells of its sessions. */
static void
say_failures_alone(struct telling *telling, const char *why)
{
	doctor_say(telling->found, DOCTOR_WARN,
	    "%s: only failures are counted, of mail that posternd refuses and "
	    "of policies; reports of them alone are not sent unless "
	    "TLSReportSources names them without mta",
	    why);
}

static bool
say_no_source(struct telling *telling)
{
	const struct settings *settings = telling->doctor->settings;

	if ((settings->tls_report_sources & TLS_SOURCE_MTA) == 0) {
		doctor_say(telling->found, DOCTOR_OK,
		    "TLSReportSources leaves out mta: failures alone are "
		    "counted");
		return true;
	}
	if (settings->tls_report_socket != NULL)
		return false;
	say_failures_alone(telling, "TLSReportSocket is not set");
	doctor_mend(telling->found,
	    "TLSReportSocket unix:%s/postern/tlsrpt.sock    # %s, with "
	    "Postfix 3.10 or later",
	    postfix_get(telling->doctor->postfix, "queue_directory"),
	    doctor_conf_file(telling->doctor));
	return true;
}

static bool
say_too_old(struct telling *telling)
{
	unsigned version = doctor_map_version(telling->doctor);
	char why[120];

	if (version == 0 || version >= WITH_TLSRPT)
		return false;
	snprintf(why, sizeof(why),
	    "Postfix %.40s tells of no sessions, as 3.10 does",
	    postfix_get(telling->doctor->postfix, "mail_version"));
	say_failures_alone(telling, why);
	doctor_mend(telling->found,
	    "TLSReportSources refused,policy    # %s, to have those sent",
	    doctor_conf_file(telling->doctor));
	return true;
}

/* --- whether Postfix wants to --- */

static void
mend_telling(struct telling *telling, const char *parameter, const char *value)
{
	doctor_edit_parameter(telling->doctor, telling->found,
	    &telling->service, parameter, value);
	doctor_edit_reload(telling->found);
}

static bool
say_not_enabled(struct telling *telling)
{
	enum doctor_strength strength;

	if (strcasecmp(value_of(telling, ENABLE), "yes") != 0) {
		doctor_say(telling->found, DOCTOR_WARN,
		    "%s: " ENABLE " is not yes: Postfix tells of no session",
		    telling->service.name);
		mend_telling(telling, ENABLE, "yes");
		return true;
	}
	doctor_level_of(telling->doctor->postfix, &telling->service, &strength);
	if (strength != DOCTOR_STRENGTH_NONE)
		return false;
	doctor_say(telling->found, DOCTOR_WARN,
	    "%s: smtp_tls_security_level has no TLS, so that there is no "
	    "session to tell of",
	    telling->service.name);
	mend_telling(telling, "smtp_tls_security_level", "may");
	return true;
}

/* --- where it sends it --- */

/* The path that is meant, as it is seen outside of a chroot; false where the
 * chroot hides it. */
static bool
find_told_path(
    const struct telling *telling, const char *name, char *out, size_t size)
{
	const char *queue =
	    postfix_get(telling->doctor->postfix, "queue_directory");
	size_t length = strlen(queue);

	if (name[0] != '/') {
		snprintf(out, size, "%s/%s", queue, name);
		return true;
	}
	snprintf(out, size, "%s", name);
	return !telling->service.chrooted ||
	       (strncmp(name, queue, length) == 0 && name[length] == '/');
}

/* The name that smtp(8) can use for the socket, "" for none. */
static void
print_usable(const struct telling *telling, char *out, size_t size)
{
	const char *path = telling->doctor->settings->tls_report_socket;
	const char *queue =
	    postfix_get(telling->doctor->postfix, "queue_directory");
	size_t length = strlen(queue);

	if (strncmp(path, queue, length) == 0 && path[length] == '/')
		snprintf(out, size, "%s", path + length + 1);
	else
		snprintf(
		    out, size, "%s", telling->service.chrooted ? "" : path);
}

static bool
say_another_socket(struct telling *telling)
{
	const char *ours = telling->doctor->settings->tls_report_socket;
	const char *name = value_of(telling, SOCKET_NAME);
	char path[POSTFIX_PATH_SIZE], usable[POSTFIX_PATH_SIZE];
	bool seen = find_told_path(telling, name, path, sizeof(path));

	if (seen && name[0] != '\0' && strcmp(path, ours) == 0)
		return false;
	doctor_say(telling->found, DOCTOR_FAIL,
	    name[0] == '\0' ? "%s: " SOCKET_NAME
			      " is not set: nothing that Postfix tells comes in"
	    : seen ? "%s: " SOCKET_NAME
		     " = %.120s is not TLSReportSocket (%.120s)"
		   : "%s: " SOCKET_NAME
		     " = %.120s is hidden by its chroot (%.120s)",
	    telling->service.name, name, ours);
	print_usable(telling, usable, sizeof(usable));
	if (usable[0] != '\0')
		mend_telling(telling, SOCKET_NAME, usable);
	else
		doctor_mend(telling->found,
		    "TLSReportSocket unix:%s/postern/tlsrpt.sock    # %s, "
		    "which smtp(8) sees as postern/tlsrpt.sock",
		    postfix_get(telling->doctor->postfix, "queue_directory"),
		    doctor_conf_file(telling->doctor));
	return true;
}

/* --- whether it comes in --- */

/* A program that collects there already is left alone by posternd. */
static bool
say_another_collector(struct telling *telling)
{
	const struct settings *settings = telling->doctor->settings;
	struct identity who;
	struct stat status;

	if (stat(settings->tls_report_socket, &status) != 0 ||
	    identity_find(settings->user, &who, NULL) != 0 ||
	    status.st_uid == who.uid || status.st_uid == 0)
		return false;
	doctor_say(telling->found, DOCTOR_FAIL,
	    "%s is the socket of another program, which posternd leaves alone",
	    settings->tls_report_socket);
	doctor_mend(telling->found,
	    "# stop that collector, or give TLSReportSocket another path");
	return true;
}

/* posternd makes the socket, but not its folder. */
static void
mend_no_socket(struct telling *telling, const char *path)
{
	const char *user = telling->doctor->settings->user;
	const char *colon = strchr(user, ':');
	char folder[POSTFIX_PATH_SIZE];
	char *slash;

	text_copy(folder, sizeof(folder), path);
	slash = strrchr(folder, '/');
	if (slash != NULL)
		*slash = '\0';
	if (slash != NULL && access(folder, F_OK) != 0)
		doctor_mend(telling->found,
		    "install -d -o %.*s -g %s -m 750 %s",
		    (int)strcspn(user, ":"), user,
		    colon == NULL ? user : colon + 1, folder);
	doctor_mend(telling->found, "systemctl restart posternd");
}

/* A socket for datagrams refuses a stream, once it is reached. */
static bool
say_unreachable(struct telling *telling)
{
	const char *path = telling->doctor->settings->tls_report_socket;
	struct identity who;
	struct err err;
	int error;

	if (identity_find(postfix_get(telling->doctor->postfix, "mail_owner"),
		&who, &err) != 0) {
		doctor_blind(telling->found, "%s", err.text);
		return true;
	}
	error = identity_connect(&who, path);
	if (error == IDENTITY_UNKNOWN) {
		doctor_blind(telling->found, "only root can see what %s may do",
		    who.name);
		return true;
	}
	if (error == 0 || error == EPROTOTYPE)
		return false;
	doctor_say(telling->found, DOCTOR_FAIL,
	    "%s cannot send to %s: %s: no session is counted", who.name, path,
	    strerror(error));
	if (error == EACCES || error == EPERM)
		doctor_mend(telling->found,
		    "adduser %s postern    # the socket's group; then postfix "
		    "reload",
		    who.name);
	else
		mend_no_socket(telling, path);
	return true;
}

/* --- what is lost --- */

static bool
say_short_queue(struct telling *telling)
{
	char text[32] = "";
	int fd = open(QLEN, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	long length = strtol(text, NULL, 10);

	if (fd >= 0)
		close(fd);
	if (size <= 0 || length >= LEAST_QLEN)
		return false;
	doctor_say(telling->found, DOCTOR_WARN,
	    "net.unix.max_dgram_qlen is %ld: of a burst of sessions some are "
	    "lost, which Postfix logs",
	    length);
	doctor_mend(telling->found,
	    "sysctl -w net.unix.max_dgram_qlen=512    # and in "
	    "/etc/sysctl.d; then restart posternd");
	return true;
}

static void
say_counted(struct telling *telling)
{
	unsigned version = doctor_map_version(telling->doctor);

	doctor_say(telling->found, DOCTOR_OK, "Postfix tells posternd of %s%s",
	    "its sessions",
	    version != 0 && version < WITHOUT_REQUIRED_NO
		? "; before 3.10.4 also of those for mail with TLS-Required: "
		  "No, as reports are"
	    : version < WITH_NAMES_LOGGED
		? "; from 3.10.6 on it logs hosts that a policy does not name"
		: "");
}

void
doctor_tlsrpt(struct doctor *doctor, struct doctor_finding *found)
{
	struct telling telling = {.doctor = doctor, .found = found};

	postfix_each(doctor->postfix, "smtp", "unix", note_telling, &telling);
	if (say_no_source(&telling) || say_too_old(&telling))
		return;
	if (!telling.any) {
		doctor_blind(found, "cannot tell which smtp(8) there is");
		return;
	}
	if (say_not_enabled(&telling) || say_another_socket(&telling) ||
	    say_another_collector(&telling) || say_unreachable(&telling) ||
	    say_short_queue(&telling))
		return;
	say_counted(&telling);
}
