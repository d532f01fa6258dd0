/* postfix - what postconf(1) says of this host's Postfix.  The main thread
 * only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_POSTFIX_H
#define MILTER_POSTFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"

enum { POSTFIX_PATH_SIZE = 512, POSTFIX_NAME_SIZE = 64 };

struct postfix;

/*
 * postfix_ask - main.cf and master.cf as Postfix itself reads them
 *
 * NULL with err, LOCAL, when there is no postconf or it fails.
 */
void postfix_free(struct postfix *postfix);
struct postfix *
postfix_ask(int64_t deadline_ms, struct err *err) OWNED(postfix_free);
AUTO_DEFINE(postfix);

/* postfix_get - a parameter with all $names replaced, borrowed; "" if unknown
 */
const char *postfix_get(const struct postfix *postfix, const char *parameter);

/* One service of master.cf. */
struct postfix_service {
	char name[POSTFIX_NAME_SIZE]; /* as postconf -F has it: "smtp/inet" */
	bool chrooted;
};

/*
 * postfix_each - call each for the services that run a program ("smtpd")
 *
 * of a type ("inet", "unix"); NULL: any.
 */
typedef void postfix_found(void *arg, const struct postfix_service *service);
void postfix_each(const struct postfix *postfix, const char *program,
    const char *type, postfix_found *each, void *arg);

/* postfix_get_of - a parameter as a service has it, by its "-o" or by main.cf
 */
const char *postfix_get_of(const struct postfix *postfix,
    const struct postfix_service *service, const char *parameter);

/* Whether an entry of smtpd_milters reaches a listener. */
enum postfix_reach {
	POSTFIX_REACHES,
	POSTFIX_ANOTHER,  /* it names another listener, or none */
	POSTFIX_SHUT_OUT, /* it names ours, but a chroot hides it */
};

/*
 * postfix_reach - whether a list of milters leads to socket, which is written
 * as posternd's Socket
 *
 * Unix paths are read as the service sees them: below the queue directory when
 * it is chrooted, or when they are relative.
 */
enum postfix_reach postfix_reach(const struct postfix *postfix, bool chrooted,
    const char *milters, const char *socket);

#endif
