/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/proto/tlsrpt_json.h"
#include "common/base/xalloc.h"
#include "common/proto/x509.h"

uint64_t
tlsrpt_count_add(uint64_t a, uint64_t b)
{
	return a >= TLSRPT_COUNT_MAX || b >= TLSRPT_COUNT_MAX - a
		   ? TLSRPT_COUNT_MAX
		   : a + b;
}

static void
free_detail(struct tlsrpt_failure *detail)
{
	free(detail->word);
	free(detail->sending_ip);
	free(detail->mx);
	free(detail->helo);
	free(detail->receiving_ip);
	free(detail->information);
	free(detail->reason);
	json_decref(detail->others);
}

static void
free_strings(struct tlsrpt_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

static void
free_policy(struct tlsrpt_policy *policy)
{
	for (size_t i = 0; i < policy->detail_count; i++)
		free_detail(&policy->details[i]);
	free(policy->details);
	free_strings(&policy->strings);
	free_strings(&policy->mx);
	free(policy->word);
	free(policy->domain);
	json_decref(policy->others);
	json_decref(policy->outer_others);
	json_decref(policy->summary_others);
}

void
tlsrpt_report_free(struct tlsrpt_report *report)
{
	if (report == NULL)
		return;
	for (size_t i = 0; i < report->policy_count; i++)
		free_policy(&report->policies[i]);
	free(report->policies);
	free(report->organization);
	free(report->contact);
	free(report->id);
	json_decref(report->others);
	free(report);
}

const char *
tlsrpt_report_reporter(const struct tlsrpt_report *report)
{
	if (report->submitter[0] != '\0')
		return report->submitter;
	return report->organization == NULL ? "" : report->organization;
}

const char *
tlsrpt_report_about(
    const struct tlsrpt_report *report, const struct tlsrpt_policy *policy)
{
	return policy->type == TLSRPT_POLICY_TLSA && report->domain[0] != '\0'
		   ? report->domain
		   : policy->domain;
}

void
tlsrpt_digest(const void *octets, size_t size, char out[TLSRPT_DIGEST_SIZE])
{
	uint8_t digest[32];

	x509_sha256((struct der){.data = octets, .size = size}, digest);
	text_hex(out, TLSRPT_DIGEST_SIZE, digest, sizeof(digest));
}

/* Of the parts of a key, none of which has a line end. */
static char *
key_text(const struct tlsrpt_report *report, size_t *size)
{
	char *text = NULL, *reporter;
	FILE *out = open_memstream(&text, size);

	if (out == NULL)
		abort();
	reporter = xstrdup(tlsrpt_report_reporter(report));
	text_lower(reporter);
	fprintf(out, "%s\n%s\n%lld\n%lld\n", reporter, report->id,
	    (long long)report->begin, (long long)report->end);
	for (size_t i = 0; i < report->policy_count; i++)
		fprintf(out, "%s\n", report->policies[i].domain);
	free(reporter);
	if (fclose(out) != 0)
		abort();
	return text;
}

void
tlsrpt_report_key(const struct tlsrpt_report *report,
    char key[TLSRPT_DIGEST_SIZE], char content[TLSRPT_DIGEST_SIZE])
{
	json_t *json = tlsrpt_report_json(report);
	char *text = json_dumps(json, JSON_COMPACT);
	size_t size;

	if (text == NULL)
		abort();
	tlsrpt_digest(text, strlen(text), content);
	free(text);
	json_decref(json);
	text = key_text(report, &size);
	tlsrpt_digest(text, size, key);
	free(text);
}

void
tlsrpt_quirks_text(uint32_t quirks, char out[TLSRPT_QUIRKS_SIZE])
{
	struct text text;

	text_init(&text, out, TLSRPT_QUIRKS_SIZE);
	for (unsigned i = 1; i < TLSRPT_QUIRKS; i++)
		if ((quirks & TLSRPT_QUIRK(i)) != 0)
			text_addf(&text, "%sT%02u", text.len > 0 ? " " : "", i);
}

struct tlsrpt_report *
tlsrpt_report_load(const char *octets, size_t size, struct err *err)
{
	struct tlsrpt_hints hints = {.domain = ""};
	struct tlsrpt_report *report = NULL;
	bool mended;
	json_t *object = tlsrpt_json_load(octets, size, &mended, err);

	if (object != NULL)
		report = tlsrpt_report_parse(object, &hints, err);
	json_decref(object);
	return report;
}
