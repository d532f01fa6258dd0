/* totals - what TLS reports come to together: by policy, by what failed, by
 * day. Bounded, whatever there is of them. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TLSRPT_TOTALS_H
#define MILTER_CLI_TLSRPT_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/proto/tlsrpt_report.h"
#include "milter/cli/review/names.h"

/* Texts are from outside, cut at LIMIT_TLSRPT_SHOWN. */
struct total_policy {
	char *domain, *policy_domain, *word;
	enum tlsrpt_policy_type type;
	const char *mode; /* "" but for MTA-STS */
	uint64_t succeeded, failed;
	uint64_t most; /* sessions of the finding with most of them */
	char *worst;   /* its result type, or "" */
};

/* What failed of a policy at a host, for a reason. */
struct total_finding {
	uint32_t policy; /* its number */
	enum tlsrpt_result result;
	/* the word is "" where a report has a count and no details, and
	 * no-policy-found where nothing failed, though there is a policy */
	char *word, *mx, *reason;
	uint64_t count;
	time_t first, last;  /* seconds of the first and the last day */
	uint32_t *reporters; /* numbers, LIMIT_TLSRPT_FINDING_REPORTERS */
	size_t reporter_count;
	char *sender;         /* an address of theirs, or NULL */
	bool several_senders; /* there are others */
	bool only_host;       /* no other of the domain has this result */
};

struct total_day {
	uint64_t succeeded, failed;
};

struct totals {
	size_t report_count;
	time_t first, last; /* the first and last second of all reports */
	struct names reporters, policy_keys, finding_keys, days;
	struct total_policy *policies; /* by number */
	struct total_finding *findings;
	struct total_day *by_day; /* of names days */
	size_t policy_count, finding_count;
	uint64_t left_out;    /* policies and details for which is no room */
	bool failed_enforced; /* under TLSA records, or a policy to enforce */
	bool failed_else;
};

/* totals_cut - what is kept of a text, whole characters of UTF-8; for free() */
char *totals_cut(const char *text);

/* totals_room - the array with room for one more behind count of them, where it
 * is only ever asked for that */
void *totals_room(void *items, size_t count, size_t size);

void totals_init(struct totals *totals);
void totals_fini(struct totals *totals);

/* totals_concerns - whether a policy of report is about domain, or has it for
 * its own; NULL: every one does */
bool totals_concerns(const struct tlsrpt_report *report,
    const struct tlsrpt_policy *policy, const char *domain);

/* totals_add - the policies of a report that concern domain */
void totals_add(struct totals *totals, const struct tlsrpt_report *report,
    const char *domain);

/*
 * totals_end - after the last report: findings with what weighs most first
 *
 * Enforced ones go first, then by sessions, then by reporters.
 */
void totals_end(struct totals *totals);

/* total_policy_is_enforced - whether a sender that fails sends no mail */
bool total_policy_is_enforced(const struct total_policy *policy);

/* totals_policies - the policies by domain, those with most sessions first, for
 * free(): numbers */
uint32_t *totals_policies(const struct totals *totals);

/* totals_days - the days in order, for free(): numbers of by_day */
uint32_t *totals_days(const struct totals *totals);

#endif
