/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policies, findings and days each have a table of keys (names): what a key
 * leads to stands in an array under the key's number.  A table that is full
 * takes no new key, and left_out counts what has no place then.  totals_end
 * sorts the findings, after which there are no keys for them.
 */
#include "milter/cli/tlsrpt/totals.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum { DAY_SIZE = 11 };

/* What cannot stand in a text of JSON that was mended. */
#define BETWEEN "\x1f"

void
totals_init(struct totals *totals)
{
	memset(totals, 0, sizeof(*totals));
	names_init(&totals->reporters, LIMIT_TLSRPT_REPORTERS);
	names_init(&totals->policy_keys, LIMIT_TLSRPT_ROWS);
	names_init(&totals->finding_keys, LIMIT_TLSRPT_ROWS);
	names_init(&totals->days, LIMIT_TLSRPT_DAYS);
}

static void
free_finding(struct total_finding *finding)
{
	free(finding->word);
	free(finding->mx);
	free(finding->reason);
	free(finding->reporters);
	free(finding->sender);
}

void
totals_fini(struct totals *totals)
{
	for (size_t i = 0; i < totals->policy_count; i++) {
		free(totals->policies[i].domain);
		free(totals->policies[i].policy_domain);
		free(totals->policies[i].word);
		free(totals->policies[i].worst);
	}
	for (size_t i = 0; i < totals->finding_count; i++)
		free_finding(&totals->findings[i]);
	free(totals->policies);
	free(totals->findings);
	free(totals->by_day);
	names_fini(&totals->reporters);
	names_fini(&totals->policy_keys);
	names_fini(&totals->finding_keys);
	names_fini(&totals->days);
}

/* How much of a text is kept: whole characters of UTF-8. */
static int
cut_length(const char *text)
{
	size_t length = strnlen(text, LIMIT_TLSRPT_SHOWN + 1);

	if (length <= LIMIT_TLSRPT_SHOWN)
		return (int)length;
	length = LIMIT_TLSRPT_SHOWN;
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return (int)length;
}

char *
totals_cut(const char *text)
{
	return text == NULL ? xstrdup("")
			    : xstrndup(text, (size_t)cut_length(text));
}

void *
totals_room(void *items, size_t count, size_t size)
{
	/* at each power of two there is room for as many again */
	if ((count & (count - 1)) != 0)
		return items;
	return xrealloc(items, count == 0 ? 1 : 2 * count, size);
}

/* The number of a key made of parts, which are cut as what is kept of them. */
static uint32_t
key_number(struct names *names, const char *const parts[], size_t count)
{
	char *key = NULL;
	size_t size;
	uint32_t number;
	FILE *out = open_memstream(&key, &size);

	if (out == NULL)
		abort();
	for (size_t i = 0; i < count; i++) {
		const char *part = parts[i] == NULL ? "" : parts[i];

		fprintf(out, "%.*s" BETWEEN, cut_length(part), part);
	}
	if (fclose(out) != 0)
		abort();
	number = names_add(names, key);
	free(key);
	return number;
}

/* The number of the row of a policy, which is new or there; NAMES_NONE where
 * there is no room. */
static uint32_t
policy_number(struct totals *totals, const struct tlsrpt_report *report,
    const struct tlsrpt_policy *policy)
{
	const char *about = tlsrpt_report_about(report, policy);
	const char *word = policy->type == TLSRPT_POLICY_OTHER
			       ? policy->word
			       : tlsrpt_policy_type_text(policy->type);
	const char *parts[] = {about, word, policy->mode, policy->domain};
	uint32_t number = key_number(&totals->policy_keys, parts, 4);

	if (number == NAMES_NONE || number < totals->policy_count)
		return number;
	totals->policies = totals_room(
	    totals->policies, totals->policy_count, sizeof(*totals->policies));
	totals->policies[totals->policy_count++] =
	    (struct total_policy){.domain = totals_cut(about),
		.policy_domain = totals_cut(policy->domain),
		.word = totals_cut(word),
		.type = policy->type,
		.mode = policy->mode,
		.worst = xstrdup("")};
	return number;
}

static struct total_finding *
find_finding(
    struct totals *totals, uint32_t policy, const struct tlsrpt_failure *detail)
{
	char digits[16];
	const char *parts[] = {
	    digits, detail->word, detail->mx, detail->reason};
	uint32_t number;

	snprintf(digits, sizeof(digits), "%" PRIu32, policy);
	number = key_number(&totals->finding_keys, parts, 4);
	if (number == NAMES_NONE)
		return NULL;
	if (number < totals->finding_count)
		return &totals->findings[number];
	totals->findings = totals_room(
	    totals->findings, totals->finding_count, sizeof(*totals->findings));
	totals->findings[totals->finding_count++] =
	    (struct total_finding){.policy = policy,
		.result = detail->result,
		.word = totals_cut(detail->word),
		.mx = totals_cut(detail->mx),
		.reason = totals_cut(detail->reason)};
	return &totals->findings[number];
}

static void
add_reporter(struct total_finding *finding, uint32_t reporter)
{
	for (size_t i = 0; i < finding->reporter_count; i++)
		if (finding->reporters[i] == reporter)
			return;
	if (reporter == NAMES_NONE ||
	    finding->reporter_count == LIMIT_TLSRPT_FINDING_REPORTERS)
		return;
	finding->reporters = xrealloc(finding->reporters,
	    finding->reporter_count + 1, sizeof(*finding->reporters));
	finding->reporters[finding->reporter_count++] = reporter;
}

static void
add_sender(struct total_finding *finding, const char *address)
{
	if (address == NULL || finding->several_senders)
		return;
	if (finding->sender == NULL)
		finding->sender = totals_cut(address);
	else
		finding->several_senders =
		    strncmp(finding->sender, address, LIMIT_TLSRPT_SHOWN) != 0;
}

/* One report, while it is added. */
struct adding {
	struct totals *totals;
	const struct tlsrpt_report *report;
	uint32_t reporter;
};

static void
add_finding(const struct adding *adding, uint32_t policy,
    const struct tlsrpt_failure *detail)
{
	struct total_finding *finding =
	    find_finding(adding->totals, policy, detail);

	if (finding == NULL) {
		adding->totals->left_out++;
		return;
	}
	if (finding->count == 0 || adding->report->begin < finding->first)
		finding->first = adding->report->begin;
	if (finding->count == 0 || adding->report->end > finding->last)
		finding->last = adding->report->end;
	finding->count = tlsrpt_count_add(finding->count, detail->count);
	add_reporter(finding, adding->reporter);
	add_sender(finding, detail->sending_ip);
}

/* Details, and what the summary has beyond them. */
static void
add_findings(const struct adding *adding, uint32_t number,
    const struct tlsrpt_policy *policy)
{
	char none[] = "", found[] = "no-policy-found";
	uint64_t sum = 0;

	for (size_t i = 0; i < policy->detail_count; i++) {
		const struct tlsrpt_failure *detail = &policy->details[i];

		sum = tlsrpt_count_add(sum, detail->count);
		add_finding(adding, number, detail);
	}
	if (policy->failed > sum)
		add_finding(adding, number,
		    &(struct tlsrpt_failure){
			.word = none, .count = policy->failed - sum});
	if (policy->type == TLSRPT_POLICY_NONE && policy->failed == 0 &&
	    policy->succeeded > 0)
		add_finding(adding, number,
		    &(struct tlsrpt_failure){
			.word = found, .count = policy->succeeded});
}

static void
add_day(const struct adding *adding, const struct tlsrpt_policy *policy)
{
	struct totals *totals = adding->totals;
	char stamp[CLOCK_PRINT_SIZE];
	uint32_t before = totals->days.count, number;

	clock_print(adding->report->begin, stamp);
	stamp[DAY_SIZE - 1] = '\0';
	number = names_add(&totals->days, stamp);
	if (number == NAMES_NONE) {
		totals->left_out++;
		return;
	}
	if (number == before) {
		totals->by_day = xrealloc(totals->by_day, totals->days.count,
		    sizeof(*totals->by_day));
		totals->by_day[number] = (struct total_day){.failed = 0};
	}
	totals->by_day[number].succeeded = tlsrpt_count_add(
	    totals->by_day[number].succeeded, policy->succeeded);
	totals->by_day[number].failed =
	    tlsrpt_count_add(totals->by_day[number].failed, policy->failed);
}

bool
total_policy_is_enforced(const struct total_policy *policy)
{
	return policy->type == TLSRPT_POLICY_TLSA ||
	       (policy->type == TLSRPT_POLICY_STS &&
		   strcmp(policy->mode, "enforce") == 0);
}

static void
add_policy_total(
    const struct adding *adding, const struct tlsrpt_policy *policy)
{
	struct totals *totals = adding->totals;
	struct total_policy alike = {
	    .type = policy->type, .mode = policy->mode};
	uint32_t number = policy_number(totals, adding->report, policy);
	struct total_policy *row;

	if (policy->failed > 0 && total_policy_is_enforced(&alike))
		totals->failed_enforced = true;
	else if (policy->failed > 0)
		totals->failed_else = true;
	add_day(adding, policy);
	if (number == NAMES_NONE) {
		totals->left_out++;
		return;
	}
	row = &totals->policies[number];
	row->succeeded = tlsrpt_count_add(row->succeeded, policy->succeeded);
	row->failed = tlsrpt_count_add(row->failed, policy->failed);
	add_findings(adding, number, policy);
}

bool
totals_concerns(const struct tlsrpt_report *report,
    const struct tlsrpt_policy *policy, const char *domain)
{
	return domain == NULL ||
	       strcmp(tlsrpt_report_about(report, policy), domain) == 0 ||
	       strcmp(policy->domain, domain) == 0;
}

void
totals_add(struct totals *totals, const struct tlsrpt_report *report,
    const char *domain)
{
	const char *reporter = tlsrpt_report_reporter(report);
	struct adding adding = {.totals = totals, .report = report};
	char *name = totals_cut(reporter[0] == '\0' ? "not named" : reporter);

	adding.reporter = names_add(&totals->reporters, name);
	free(name);
	if (totals->report_count == 0 || report->begin < totals->first)
		totals->first = report->begin;
	if (totals->report_count == 0 || report->end > totals->last)
		totals->last = report->end;
	totals->report_count++;
	for (size_t i = 0; i < report->policy_count; i++)
		if (totals_concerns(report, &report->policies[i], domain))
			add_policy_total(&adding, &report->policies[i]);
}

uint32_t *
totals_days(const struct totals *totals)
{
	uint32_t *numbers =
	    xmalloc((totals->days.count + 1) * sizeof(*numbers));

	/* few, and mostly in order already */
	for (uint32_t i = 0; i < totals->days.count; i++) {
		uint32_t at = i;

		while (at > 0 && strcmp(totals->days.items[numbers[at - 1]],
				     totals->days.items[i]) > 0) {
			numbers[at] = numbers[at - 1];
			at--;
		}
		numbers[at] = i;
	}
	return numbers;
}
