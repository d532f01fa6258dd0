/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_parse.h"

#include <jansson.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"

enum { HOUR_S = 3600, MINUTE_S = 60 };

static const char *const report_keys[] = {"organization-name", "date-range",
    "contact-info", "report-id", "policies", NULL};

bool
tlsrpt_json_is_report(const json_t *value)
{
	return json_object_get(value, "report-id") != NULL ||
	       json_object_get(value, "policies") != NULL;
}

/* Two digits up to most, or -1. */
static int
zone_digits(const char *text, int most)
{
	int number;

	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return -1;
	number = (text[0] - '0') * 10 + text[1] - '0';
	return number <= most ? number : -1;
}

/* "Z", "+02:00", "-0130", or nothing; -1 for anything else. */
static int
parse_zone(const char *text, int *offset_s, bool *zoned)
{
	int hours, minutes, sign = *text == '-' ? -1 : 1;

	*offset_s = 0;
	*zoned = *text != '\0';
	if (!*zoned || strcasecmp(text, "z") == 0)
		return 0;
	if (*text != '+' && *text != '-')
		return -1;
	hours = zone_digits(++text, 23);
	if (hours < 0)
		return -1;
	text += 2;
	text += *text == ':';
	minutes = zone_digits(text, 59);
	if (minutes < 0 || text[2] != '\0')
		return -1;
	*offset_s = sign * (hours * HOUR_S + minutes * MINUTE_S);
	return 0;
}

int
tlsrpt_time_parse(const char *text, time_t *out, bool *zoned)
{
	struct tm tm = {.tm_isdst = 0}, given;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int offset_s;
	time_t at;

	if (rest == NULL)
		rest = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
	if (rest == NULL) /* also for a year of more than four digits */
		return -1;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (parse_zone(rest, &offset_s, zoned) != 0)
		return -1;
	given = tm;
	at = timegm(&tm);
	/* the 31st of February */
	if (tm.tm_mday != given.tm_mday || at - offset_s < 0)
		return -1;
	*out = at - offset_s;
	return 0;
}

static int
read_datetime(struct tlsrpt_parsing *parsing, const json_t *range,
    const char *key, time_t *out)
{
	const char *text = json_string_value(json_object_get(range, key));
	bool zoned;

	if (text == NULL || tlsrpt_time_parse(text, out, &zoned) != 0)
		return -1;
	if (!zoned)
		tlsrpt_note(parsing, TLSRPT_NO_ZONE);
	return 0;
}

/* A day's end is its last second, as most reporters have it. */
static int
read_range(struct tlsrpt_parsing *parsing, const json_t *object)
{
	const json_t *range = json_object_get(object, "date-range");
	struct tlsrpt_report *report = parsing->report;

	if (read_datetime(parsing, range, "start-datetime", &report->begin) !=
		0 ||
	    read_datetime(parsing, range, "end-datetime", &report->end) != 0) {
		if (parsing->hints->begin == 0)
			return err_set(parsing->err, ERR_DATA,
			    "no date-range that can be read");
		tlsrpt_note(parsing, TLSRPT_MISSING);
		report->begin = parsing->hints->begin;
		report->end = parsing->hints->end;
	}
	if (report->end < report->begin)
		return err_set(
		    parsing->err, ERR_DATA, "date-range ends before it begins");
	if (report->end > report->begin && report->end % CLOCK_DAY_S == 0) {
		tlsrpt_note(parsing, TLSRPT_NEXT_MIDNIGHT);
		report->end--;
	}
	return 0;
}

/* Whose report it is: what the mail says goes before what its text says. */
static void
read_reporter(struct tlsrpt_parsing *parsing, const json_t *object)
{
	struct tlsrpt_report *report = parsing->report;

	report->organization = tlsrpt_text(object, "organization-name");
	report->contact = tlsrpt_text(object, "contact-info");
	if (report->contact == NULL)
		tlsrpt_note(parsing, TLSRPT_NO_CONTACT);
	text_copy(report->submitter, sizeof(report->submitter),
	    parsing->hints->submitter);
	text_copy(
	    report->domain, sizeof(report->domain), parsing->hints->domain);
	if (report->organization != NULL)
		return;
	tlsrpt_note(parsing, TLSRPT_MISSING);
	if (report->submitter[0] != '\0')
		report->organization = xstrdup(report->submitter);
}

static void
read_report_id(struct tlsrpt_parsing *parsing, const json_t *object)
{
	const struct tlsrpt_hints *hints = parsing->hints;
	char digest[TLSRPT_DIGEST_SIZE];
	char *text;

	parsing->report->id = tlsrpt_text(object, "report-id");
	if (parsing->report->id == NULL) {
		tlsrpt_note(parsing, TLSRPT_MISSING);
		text = json_dumps(object, JSON_COMPACT);
		tlsrpt_digest(text, strlen(text), digest);
		free(text);
		parsing->report->id = xstrdup(digest);
	} else if (hints->subject_id[0] != '\0' &&
		   strcmp(hints->subject_id, parsing->report->id) != 0) {
		tlsrpt_note(parsing, TLSRPT_SUBJECT_ID);
	}
	if (hints->subject_id[0] != '\0' && hints->subject_bare)
		tlsrpt_note(parsing, TLSRPT_SUBJECT_BARE);
}

static int
compare_strings(const struct tlsrpt_list *a, const struct tlsrpt_list *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		int order = strcmp(a->items[i], b->items[i]);

		if (order != 0)
			return order;
	}
	return a->count < b->count ? -1 : a->count > b->count;
}

/* A type that we do not know goes last. */
static int
type_order(enum tlsrpt_policy_type type)
{
	return type == TLSRPT_POLICY_OTHER ? TLSRPT_POLICY_TYPES : (int)type;
}

static int
compare_policies(const void *a, const void *b)
{
	const struct tlsrpt_policy *left = a, *right = b;
	int order = type_order(left->type) - type_order(right->type);

	if (order == 0)
		order = strcmp(left->domain, right->domain);
	return order != 0 ? order
			  : compare_strings(&left->strings, &right->strings);
}

static int
read_policies(struct tlsrpt_parsing *parsing, const json_t *object)
{
	const json_t *value = json_object_get(object, "policies");
	struct tlsrpt_report *report = parsing->report;
	size_t count = json_array_size(value);

	if (!json_is_array(value))
		return err_set(parsing->err, ERR_DATA, "no policies");
	if (count > LIMIT_REPORT_POLICIES)
		return err_set(parsing->err, ERR_DATA, "over %d policies",
		    LIMIT_REPORT_POLICIES);
	report->policies = xcalloc(count, sizeof(*report->policies));
	for (size_t i = 0; i < count; i++)
		if (tlsrpt_policy_parse(parsing, json_array_get(value, i)) != 0)
			return -1;
	qsort(report->policies, report->policy_count, sizeof(*report->policies),
	    compare_policies);
	return 0;
}

/* Without a header field: policies but for TLSA are of the domain itself. */
static void
guess_domain(struct tlsrpt_report *report)
{
	for (size_t i = 0; i < report->policy_count; i++) {
		const struct tlsrpt_policy *policy = &report->policies[i];

		if (report->domain[0] == '\0' &&
		    policy->type != TLSRPT_POLICY_TLSA)
			domain_normalise(policy->domain, report->domain, NULL);
	}
	if (report->domain[0] == '\0')
		tlsrpt_hints_of_id(report->id, report->domain);
}

struct tlsrpt_report *
tlsrpt_report_parse(
    json_t *object, const struct tlsrpt_hints *hints, struct err *err)
{
	struct tlsrpt_report *report = xcalloc(1, sizeof(*report));
	struct tlsrpt_parsing parsing = {
	    .report = report, .hints = hints, .err = err};

	read_reporter(&parsing, object);
	read_report_id(&parsing, object);
	if (read_range(&parsing, object) != 0 ||
	    read_policies(&parsing, object) != 0) {
		tlsrpt_report_free(report);
		return NULL;
	}
	report->others = tlsrpt_others(&parsing, object, report_keys);
	guess_domain(report);
	return report;
}
