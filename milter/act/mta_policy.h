/* mta_policy - what is to be enforced, in the words of each MTA. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_ACT_MTA_POLICY_H
#define MILTER_ACT_MTA_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/engine/check.h"
#include "milter/conf/settings.h"

/* Who asks a socketmap. */
enum mta_dialect {
	MTA_POSTFIX,        /* smtp_tls_policy_maps */
	MTA_POSTFIX_TLSRPT, /* the same of Postfix 3.10 and later, with the
			       attributes for TLSRPT */
	MTA_SENDMAIL,       /* FEATURE(sts) */
};
enum { MTA_DIALECTS = MTA_SENDMAIL + 1 };

/*
 * mta_policy_reply - a reply of the socketmap: "OK dane-only", "NOTFOUND ",
 * "TEMP reason"
 *
 * domain: of the next hop, normalised.  Printable ASCII, LIMIT_MAP_REPLY octets
 * at most, for free().  Nothing in it was written by DNS, a policy host or the
 * one who asks, but host names that passed our parsers.
 */
char *mta_policy_reply(
    enum mta_dialect dialect, const struct enforcement *e, const char *domain);

/* mta_policy_temp - "TEMP reason", likewise */
char *mta_policy_temp(enum reason reason);

/* MTA_POLICY_NOTHING - the reply for what is not looked at */
#define MTA_POLICY_NOTHING "NOTFOUND "

/*
 * mta_policy_line - the same for one host, or where host is NULL for any, as a
 * line for Exim, without its end
 *
 * host: a name or an address, as it came.  For free().
 */
char *
mta_policy_line(const struct enforcement *e, const char *host, uint32_t ttl_s);

/* mta_policy_line_temp, mta_policy_line_skip - the line for what could not be
 * looked at, or is not; for free() */
char *mta_policy_line_temp(enum reason reason);
char *mta_policy_line_skip(enum reason reason);

/*
 * mta_policy_data - what people are shown of a check: the value that a line of
 * smtp_tls_policy_maps would have
 *
 * "" where there is none, "TEMP reason" where the map has Postfix wait.  For
 * free().  The check has its enforcement.
 */
char *
mta_policy_data(const struct settings *settings, const struct check *check);

/* mta_policy_postmap - the command that asks the first MapSocket of the
 * settings for the same, fit for a shell; "" where there is none */
void mta_policy_postmap(const struct settings *settings,
    const struct check *check, char *out, size_t size);

/* mta_policy_finger - a posttls-finger(1) command that shows what the host of
 * the verdict does, fit for a shell; "" where there is nothing to connect to */
void mta_policy_finger(const struct settings *settings,
    const struct check *check, char *out, size_t size);

#endif
