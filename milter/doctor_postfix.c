/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/doctor.h"
#include "milter/postfix.h"

enum {
	LIST_SIZE = 160,
	ADDRESS_SIZE = 300,
	DAY_MS = 24 * 60 * 60 * 1000,

	/* session.c waits so long over all RCPTs of a message */
	MESSAGE_AUTO_MS = 60 * 1000,
};

#define RELOAD "postfix reload"

/* --- who asks posternd --- */

/* Services by how they come to us. */
struct callers {
	const struct doctor *doctor;
	const char *parameter;
	struct text reach, shut_out, others;
	char reach_array[LIST_SIZE], shut_out_array[LIST_SIZE];
	char others_array[LIST_SIZE];
};

static void
add_name(struct text *list, const char *name)
{
	text_addf(list, "%s%s", list->len == 0 ? "" : ", ", name);
}

static void
note_caller(void *arg, const struct postfix_service *service)
{
	struct callers *callers = arg;
	const struct doctor *doctor = callers->doctor;
	struct text *list = NULL;

	switch (postfix_reach(doctor->postfix, service->chrooted,
	    postfix_get_of(doctor->postfix, service, callers->parameter),
	    doctor->settings->socket)) {
	case POSTFIX_REACHES:
		list = &callers->reach;
		break;
	case POSTFIX_ANOTHER:
		list = &callers->others;
		break;
	case POSTFIX_SHUT_OUT:
		list = &callers->shut_out;
		break;
	}
	add_name(list, service->name);
}

static void
find_callers(struct callers *callers, const struct doctor *doctor,
    const char *program, const char *type, const char *parameter)
{
	callers->doctor = doctor;
	callers->parameter = parameter;
	text_init(&callers->reach, callers->reach_array, LIST_SIZE);
	text_init(&callers->shut_out, callers->shut_out_array, LIST_SIZE);
	text_init(&callers->others, callers->others_array, LIST_SIZE);
	postfix_each(doctor->postfix, program, type, note_caller, callers);
}

/* Our Socket as Postfix writes it. */
static void
print_address(const struct settings *settings, char out[ADDRESS_SIZE])
{
	const char *rest = strchr(settings->socket, ':') + 1;
	size_t port = strcspn(rest, "@");

	if (rest[0] == '/')
		snprintf(out, ADDRESS_SIZE, "unix:%s", rest);
	else
		snprintf(out, ADDRESS_SIZE, "inet:%s:%.*s",
		    rest[port] == '@' ? rest + port + 1 : "localhost",
		    (int)port, rest);
}

/* In main.cf, or where a service has a list of its own. */
static void
mend_list(const struct callers *callers, struct doctor_finding *found)
{
	const struct doctor *doctor = callers->doctor;
	const char *parameter = callers->parameter;
	const char *now = postfix_get(doctor->postfix, parameter);
	char address[ADDRESS_SIZE];

	print_address(doctor->settings, address);
	if (postfix_reach(doctor->postfix, false, now,
		doctor->settings->socket) == POSTFIX_REACHES)
		doctor_mend(found, "postconf -P '%.*s/%s = %s'",
		    (int)strcspn(callers->others_array, ","),
		    callers->others_array, parameter, address);
	else
		doctor_mend(found, "postconf -e '%s = %.200s%s%s'", parameter,
		    now, now[0] == '\0' ? "" : " ", address);
	doctor_mend(found, RELOAD);
}

void
doctor_smtpd_milters(struct doctor *doctor, struct doctor_finding *found)
{
	struct callers callers;

	find_callers(&callers, doctor, "smtpd", "inet", "smtpd_milters");
	if (callers.reach.len > 0) {
		doctor_say(found, DOCTOR_OK, "%s ask%s posternd%s%s%s",
		    callers.reach_array,
		    strchr(callers.reach_array, ',') == NULL ? "s" : "",
		    callers.others.len == 0 ? "" : " (not ",
		    callers.others_array, callers.others.len == 0 ? "" : ")");
	} else if (callers.shut_out.len > 0) {
		doctor_say(
		    found, DOCTOR_OK, "%s: see chroot", callers.shut_out_array);
	} else if (callers.others.len > 0) {
		doctor_say(found, DOCTOR_FAIL,
		    "no smtpd asks posternd: mail by SMTP is not looked at "
		    "(%s)",
		    callers.others_array);
		mend_list(&callers, found);
	} else {
		doctor_say(found, DOCTOR_SKIP, "master.cf has no smtpd");
	}
}

void
doctor_chroot(struct doctor *doctor, struct doctor_finding *found)
{
	struct callers callers;
	const char *queue = postfix_get(doctor->postfix, "queue_directory");

	find_callers(&callers, doctor, "smtpd", "inet", "smtpd_milters");
	if (callers.shut_out.len == 0)
		find_callers(
		    &callers, doctor, "cleanup", "unix", "non_smtpd_milters");
	if (callers.shut_out.len == 0) {
		doctor_say(found, DOCTOR_OK,
		    "no chroot hides the socket from a service that asks");
		return;
	}
	doctor_say(found, DOCTOR_FAIL,
	    "%s: the chroot %s hides %s; a socket below it, or a port, is seen",
	    callers.shut_out_array, queue,
	    strchr(doctor->settings->socket, ':') + 1);
	doctor_mend(found, "Socket inet:8891@127.0.0.1    # in postern.conf, "
			   "then restart posternd");
	doctor_mend(
	    found, "postconf -e '%s = inet:127.0.0.1:8891'", callers.parameter);
	doctor_mend(found, RELOAD);
}

void
doctor_non_smtpd_milters(struct doctor *doctor, struct doctor_finding *found)
{
	struct callers callers;

	find_callers(&callers, doctor, "cleanup", "unix", "non_smtpd_milters");
	if (callers.reach.len > 0) {
		doctor_say(
		    found, DOCTOR_OK, "%s asks posternd", callers.reach_array);
	} else if (callers.shut_out.len > 0) {
		doctor_say(
		    found, DOCTOR_OK, "%s: see chroot", callers.shut_out_array);
	} else {
		doctor_say(found, DOCTOR_WARN,
		    "mail by sendmail(1) on this host is not looked at");
		mend_list(&callers, found);
	}
}

/* --- what Postfix makes of it --- */

void
doctor_default_action(struct doctor *doctor, struct doctor_finding *found)
{
	const char *action =
	    postfix_get(doctor->postfix, "milter_default_action");

	if (strcmp(action, "reject") == 0) {
		doctor_say(found, DOCTOR_WARN,
		    "reject: while posternd is down, mail is refused for "
		    "good");
		doctor_mend(
		    found, "postconf -e 'milter_default_action = tempfail'");
		doctor_mend(found, RELOAD);
		return;
	}
	doctor_say(found, DOCTOR_OK, "%s: while posternd is down, mail %s",
	    action,
	    strcmp(action, "accept") == 0     ? "goes out unseen"
	    : strcmp(action, "tempfail") == 0 ? "waits at the client"
					      : "is kept");
}

static int
postfix_time_ms(const struct doctor *doctor, const char *parameter)
{
	int ms;

	return text_duration_ms(
		   postfix_get(doctor->postfix, parameter), DAY_MS, &ms) == 0
		   ? ms
		   : DAY_MS;
}

/* Postfix must wait longer for an answer than posternd for a verdict. */
static bool
is_longer(const struct doctor *doctor, struct doctor_finding *found,
    const char *parameter, int wait_ms, const char *keyword)
{
	if (postfix_time_ms(doctor, parameter) > wait_ms)
		return true;
	doctor_say(found, DOCTOR_WARN,
	    "%s = %s is no longer than %s, %d s: Postfix gives up before "
	    "posternd answers",
	    parameter, postfix_get(doctor->postfix, parameter), keyword,
	    wait_ms / 1000);
	doctor_mend(
	    found, "postconf -e '%s = %ds'", parameter, wait_ms / 1000 + 30);
	doctor_mend(found, RELOAD);
	return false;
}

void
doctor_timeouts(struct doctor *doctor, struct doctor_finding *found)
{
	const struct settings *settings = doctor->settings;
	int message_ms = settings->message_wait_ms == MESSAGE_WAIT_AUTO
			     ? MESSAGE_AUTO_MS
			     : settings->message_wait_ms;

	if (is_longer(doctor, found, "milter_command_timeout",
		settings->rcpt_wait_ms, "RcptWait") &&
	    is_longer(doctor, found, "milter_content_timeout", message_ms,
		"MessageWait"))
		doctor_say(
		    found, DOCTOR_OK, "Postfix waits longer than posternd");
}

static bool
is_one_of(const char *word, const char *const words[])
{
	for (; *words != NULL; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

void
doctor_tls_level(struct doctor *doctor, struct doctor_finding *found)
{
	static const char *const enforcing[] = {
	    "dane", "dane-only", "verify", "secure", "fingerprint", NULL};
	static const char *const trying[] = {"may", "encrypt", NULL};
	const char *level =
	    postfix_get(doctor->postfix, "smtp_tls_security_level");

	if (is_one_of(level, enforcing)) {
		doctor_say(found, DOCTOR_OK, "%s", level);
		return;
	}
	if (is_one_of(level, trying))
		doctor_say(found, DOCTOR_WARN,
		    "%s: posternd looks before the mail goes out, but at "
		    "delivery Postfix authenticates nobody",
		    level);
	else
		doctor_say(found, DOCTOR_FAIL,
		    "%s: mail leaves without TLS, whatever posternd finds",
		    level[0] == '\0' ? "not set" : level);
	doctor_mend(found, "postconf -e 'smtp_tls_security_level = dane' "
			   "'smtp_dns_support_level = dnssec'");
	doctor_mend(found, RELOAD);
}

void
doctor_dns_support(struct doctor *doctor, struct doctor_finding *found)
{
	const char *level =
	    postfix_get(doctor->postfix, "smtp_tls_security_level");
	const char *support =
	    postfix_get(doctor->postfix, "smtp_dns_support_level");

	if (strncmp(level, "dane", 4) != 0) {
		doctor_say(
		    found, DOCTOR_SKIP, "smtp_tls_security_level is not dane");
	} else if (strcmp(support, "dnssec") == 0) {
		doctor_say(found, DOCTOR_OK, "dnssec");
	} else {
		doctor_say(found, DOCTOR_FAIL,
		    "%s: without dnssec Postfix's DANE does nothing",
		    support[0] == '\0' ? "not set" : support);
		doctor_mend(
		    found, "postconf -e 'smtp_dns_support_level = dnssec'");
		doctor_mend(found, RELOAD);
	}
}
