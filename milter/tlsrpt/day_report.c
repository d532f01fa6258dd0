/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/day_report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/x509.h"

enum { MAX_ID_DOMAIN = 200 };

/* --- the lines of a policy --- */

static json_t *
json_lines(const struct tlsrpt_lines *lines)
{
	json_t *array = json_array();

	for (size_t i = 0; i < lines->count; i++)
		json_array_append_new(array, json_string(lines->lines[i]));
	return array;
}

char *
day_report_body(const struct tlsrpt_outcome *outcome)
{
	json_t *both = json_array();
	char *text;

	json_array_append_new(both, json_lines(&outcome->strings));
	json_array_append_new(both, json_lines(&outcome->mx));
	text = json_dumps(both, JSON_COMPACT);
	json_decref(both);
	return text;
}

/* Of a body, its strings (0) or its MX patterns (1); none where they were left
 * out. */
static json_t *
body_part(const char *body, size_t part)
{
	json_t *both = json_loads(body, 0, NULL);
	json_t *lines = json_array_get(both, part);

	lines = json_is_array(lines) ? json_incref(lines) : json_array();
	json_decref(both);
	return lines;
}

/* --- the report --- */

/* The first second of a day, or the last. */
static void
day_time(int64_t day, bool end, char out[CLOCK_PRINT_SIZE])
{
	clock_print(
	    (time_t)(day * CLOCK_DAY_S + (end ? CLOCK_DAY_S - 1 : 0)), out);
}

static const char *
contact_domain(const char *contact)
{
	const char *at = strrchr(contact, '@');

	return at == NULL ? "localhost" : at + 1;
}

void
day_report_id(const struct day_report *report, char out[DAY_REPORT_ID_SIZE])
{
	char input[LIMIT_DOMAIN_SIZE + 160], date[CLOCK_PRINT_SIZE], hex[9];
	uint8_t digest[32];

	snprintf(input, sizeof(input), "%s %" PRId64 " %s", report->store_id,
	    report->day, report->domain);
	x509_sha256(
	    (struct der){(const uint8_t *)input, strlen(input)}, digest);
	text_hex(hex, sizeof(hex), digest, 4);
	day_time(report->day, false, date);
	snprintf(out, DAY_REPORT_ID_SIZE, "%.4s%.2s%.2s.%s.%.*s@%.*s", date,
	    date + 5, date + 8, hex, (int)MAX_ID_DOMAIN, report->domain,
	    (int)LIMIT_DOMAIN, contact_domain(report->contact));
}

/* What is not known is not there. */
static void
set_known(json_t *object, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_object_set_new(object, key, json_string(text));
}

static json_t *
json_failures(
    const struct tlsrpt_failures *failures, enum day_report_details details)
{
	const struct tlsrpt_detail *detail = &failures->detail;
	bool full = details == DAY_REPORT_FULL;
	json_t *object = json_object();

	json_object_set_new(object, "result-type",
	    json_string(tlsrpt_result_text(detail->result)));
	if (full)
		set_known(object, "sending-mta-ip", detail->sending);
	if (details != DAY_REPORT_TYPES)
		set_known(object, "receiving-mx-hostname", detail->mx);
	if (full) {
		set_known(object, "receiving-mx-helo", detail->helo);
		set_known(object, "receiving-ip", detail->receiving);
	}
	json_object_set_new(object, "failed-session-count",
	    json_integer((json_int_t)failures->count));
	if (full) {
		set_known(object, "additional-information", detail->info);
		set_known(object, "failure-reason-code", detail->reason);
	}
	return object;
}

static bool
same_for_report(const struct tlsrpt_detail *a, const struct tlsrpt_detail *b,
    enum day_report_details details)
{
	if (a->result != b->result)
		return false;
	if (details == DAY_REPORT_TYPES)
		return true;
	if (strcmp(a->mx, b->mx) != 0)
		return false;
	return details == DAY_REPORT_HOSTS ||
	       (strcmp(a->sending, b->sending) == 0 &&
		   strcmp(a->receiving, b->receiving) == 0 &&
		   strcmp(a->helo, b->helo) == 0 &&
		   strcmp(a->info, b->info) == 0 &&
		   strcmp(a->reason, b->reason) == 0);
}

/* Each detail once: their sources, and what is left out, tell rows apart that
 * look the same in the report. */
static json_t *
json_details(const struct tlsrpt_tally *tally, enum day_report_details details)
{
	json_t *array = json_array();
	bool *done = xcalloc(tally->failure_count + 1, sizeof(*done));

	for (size_t i = 0; i < tally->failure_count; i++) {
		struct tlsrpt_failures sum = tally->failures[i];

		for (size_t j = i + 1; j < tally->failure_count && !done[i];
		     j++) {
			const struct tlsrpt_failures *other =
			    &tally->failures[j];

			if (done[j] || !same_for_report(&sum.detail,
					   &other->detail, details))
				continue;
			sum.count += other->count;
			done[j] = true;
		}
		if (!done[i])
			json_array_append_new(
			    array, json_failures(&sum, details));
	}
	free(done);
	return array;
}

static json_t *
json_one_policy(const struct tlsrpt_tally *tally)
{
	json_t *object = json_object();

	json_object_set_new(object, "policy-type",
	    json_string(tlsrpt_policy_type_text(tally->type)));
	json_object_set_new(object, "policy-string", body_part(tally->body, 0));
	json_object_set_new(
	    object, "policy-domain", json_string(tally->policy_domain));
	if (tally->type == TLSRPT_POLICY_STS)
		json_object_set_new(
		    object, "mx-host", body_part(tally->body, 1));
	return object;
}

static json_t *
json_tally(const struct tlsrpt_tally *tally, enum day_report_details details)
{
	json_t *object = json_object(), *summary = json_object();

	json_object_set_new(summary, "total-successful-session-count",
	    json_integer((json_int_t)tally->ok));
	json_object_set_new(summary, "total-failure-session-count",
	    json_integer((json_int_t)tally->failed));
	json_object_set_new(object, "policy", json_one_policy(tally));
	json_object_set_new(object, "summary", summary);
	json_object_set_new(
	    object, "failure-details", json_details(tally, details));
	return object;
}

char *
day_report_print(const struct day_report *report,
    struct tlsrpt_tally *const *tallies, size_t count)
{
	json_t *root = json_object(), *range = json_object();
	json_t *policies = json_array();
	char id[DAY_REPORT_ID_SIZE], begin[CLOCK_PRINT_SIZE],
	    end[CLOCK_PRINT_SIZE];
	char *text;

	day_time(report->day, false, begin);
	day_time(report->day, true, end);
	day_report_id(report, id);
	json_object_set_new(range, "start-datetime", json_string(begin));
	json_object_set_new(range, "end-datetime", json_string(end));
	json_object_set_new(
	    root, "organization-name", json_string(report->organization));
	json_object_set_new(root, "date-range", range);
	json_object_set_new(root, "contact-info", json_string(report->contact));
	json_object_set_new(root, "report-id", json_string(id));
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    policies, json_tally(tallies[i], report->details));
	json_object_set_new(root, "policies", policies);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}
