/* postfix - what postconf(1) says of this host's Postfix.  The main thread
 * only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_HOST_POSTFIX_H
#define MILTER_CLI_HOST_POSTFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "milter/cli/host/postfix_list.h"

enum { POSTFIX_PATH_SIZE = 512, POSTFIX_NAME_SIZE = 64 };

struct postfix;

/*
 * postfix_ask - main.cf and master.cf as Postfix itself reads them
 *
 * NULL with err: LOCAL when there is no postconf or it fails, TEMP at the
 * deadline.  Each later question has a time of its own, and there is none after
 * one that was not answered.
 */
void postfix_free(struct postfix *postfix);
struct postfix *
postfix_ask(int64_t deadline_ms, struct err *err) OWNED(postfix_free);
AUTO_DEFINE(postfix);

/* postfix_get - a parameter with all $names replaced, borrowed; "" if unknown
 */
const char *postfix_get(const struct postfix *postfix, const char *parameter);

/* postfix_raw - a parameter as main.cf has it, its $names as they stand */
const char *postfix_raw(const struct postfix *postfix, const char *parameter);

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

/* postfix_has - whether there is a service of that name */
bool postfix_has(const struct postfix *postfix, const char *service);

/*
 * postfix_get_of - a parameter as a service has it: by its "-o", by main.cf,
 * or by an "-o" of a parameter that main.cf names in it
 *
 * Postfix does the replacing.  Borrowed; NULL when it cannot be asked.
 */
const char *postfix_get_of(struct postfix *postfix,
    const struct postfix_service *service, const char *parameter);

/* postfix_own - what stands at an "-o" of the service, or NULL */
const char *postfix_own(const struct postfix *postfix,
    const struct postfix_service *service, const char *parameter);

/*
 * postfix_try - what postfix_get_of would give if the parameter had another
 * value, in main.cf or at the "-o" that the service has now
 *
 * For free().  NULL when it cannot be asked.
 */
char *
postfix_try(struct postfix *postfix, const struct postfix_service *service,
    const char *parameter, const char *value) OWNED(free);

/* postfix_default - what it is where nobody sets it, for free(); NULL when it
 * cannot be asked */
char *
postfix_default(struct postfix *postfix, const char *parameter) OWNED(free);

/* Whether a milter of a list is one listener.  The better the later. */
enum postfix_reach {
	POSTFIX_UNSURE,   /* it cannot be told */
	POSTFIX_ANOTHER,  /* it is another */
	POSTFIX_SHUT_OUT, /* it is ours, but a chroot hides it */
	POSTFIX_REACHES,
};

/*
 * postfix_reach - whether a milter, its $names replaced, is at socket, which
 * is written as posternd's Socket
 *
 * Unix paths are read as the service sees them: below the queue directory when
 * it is chrooted, or when they are relative.
 */
enum postfix_reach postfix_reach(const struct postfix *postfix, bool chrooted,
    const struct postfix_milter *milter, const char *socket);

#endif
