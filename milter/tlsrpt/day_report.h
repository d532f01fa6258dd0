/* day_report - the report of a day to one next hop: RFC 8460 section 4. Pure.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_DAY_REPORT_H
#define MILTER_TLSRPT_DAY_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/io/tlsrpt_tally.h"

/* day_report_body - the lines of a policy as one text, by which equal policies
 * are equal; for free() */
char *day_report_body(const struct tlsrpt_outcome *outcome);

/* What is told of a failure: all that is known; result type, MX and count; or
 * result type and count. */
enum day_report_details {
	DAY_REPORT_FULL,
	DAY_REPORT_HOSTS,
	DAY_REPORT_TYPES,
};

/* Who reports, to whom, of which day. */
struct day_report {
	int64_t day;
	const char *domain;
	const char *organization; /* "" where nobody said */
	const char *contact;      /* an address; "" likewise */
	const char *store_id;     /* of the store that counted */
	enum day_report_details details;
};

/*
 * day_report_id - "20261128.1f0c22ab.d.ex@example.org": the same whenever it is
 * made, another from another store; the part behind "@" is the contact's domain
 */
enum { DAY_REPORT_ID_SIZE = 2 * LIMIT_DOMAIN_SIZE + 32 };
void
day_report_id(const struct day_report *report, char out[DAY_REPORT_ID_SIZE]);

/*
 * day_report_print - the JSON text, for free()
 *
 * tallies are in the order of store_tlsrpt_tallies, which is the report's.
 * Equal input gives equal octets.
 */
char *day_report_print(const struct day_report *report,
    struct tlsrpt_tally *const *tallies, size_t count);

#endif
