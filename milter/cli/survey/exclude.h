/* exclude - whom a survey is to leave alone. Any thread, once it is read. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_EXCLUDE_H
#define MILTER_CLI_SURVEY_EXCLUDE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/base/own.h"

/*
 * exclude_read - read a list of so many octets, with a zero behind; text is
 * changed
 *
 * A line is a domain, ".SUFFIX" for it and all below, "mx:SUFFIX" for mail
 * hosts likewise, or an address or network of mail hosts, "192.0.2.0/24"; what
 * stands behind "#" does not count, nor what UTF-8 files of some begin with. An
 * IPv4 address may be written as one of IPv6.  DATA for a line that is none of
 * that, and for a zero octet: what is behind it must not go unheeded.
 */
struct exclude;
void exclude_free(struct exclude *exclude);
struct exclude *
exclude_read(char *text, size_t length, struct err *err) OWNED(exclude_free);
AUTO_DEFINE(exclude);

/* exclude_has_domain - normalised; exclude_has_host - or its address; both
 * false where exclude is NULL */
bool exclude_has_domain(const struct exclude *exclude, const char *domain);
bool exclude_has_host(
    const struct exclude *exclude, const char *host, const char *address);

#endif
