/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_report.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/proto/tlsrpt_json.h"
#include "t/fuzz/fuzz.h"

static void
check_policy(const struct tlsrpt_policy *policy)
{
	uint64_t sum = 0;

	assert(policy->succeeded <= TLSRPT_COUNT_MAX);
	assert(policy->failed <= TLSRPT_COUNT_MAX);
	for (size_t i = 0; i < policy->detail_count; i++)
		sum = tlsrpt_count_add(sum, policy->details[i].count);
	assert(sum <= TLSRPT_COUNT_MAX);
	for (size_t i = 0; i < policy->strings.count; i++)
		assert(strpbrk(policy->strings.items[i], "\r\n") == NULL);
}

/* What was read once is read the same again, and as nothing odd but what is
 * missing or of its own. */
static void
check_normal(const struct tlsrpt_report *report)
{
	static const struct tlsrpt_hints none;
	json_t *json = tlsrpt_report_json(report);
	struct tlsrpt_report *again = tlsrpt_report_parse(json, &none, NULL);
	char key[TLSRPT_DIGEST_SIZE], content[TLSRPT_DIGEST_SIZE];
	char other[TLSRPT_DIGEST_SIZE], rest[TLSRPT_DIGEST_SIZE];

	assert(again != NULL);
	assert((again->quirks & (TLSRPT_QUIRK(TLSRPT_NO_ZONE) |
				    TLSRPT_QUIRK(TLSRPT_STRING_LIST) |
				    TLSRPT_QUIRK(TLSRPT_COUNT_FORM) |
				    TLSRPT_QUIRK(TLSRPT_NO_COUNT))) == 0);
	tlsrpt_report_key(report, key, content);
	tlsrpt_report_key(again, other, rest);
	assert(strcmp(content, rest) == 0);
	tlsrpt_report_free(again);
	json_decref(json);
}

static void
try_report(json_t *object, const struct tlsrpt_hints *hints)
{
	struct tlsrpt_report *report;
	struct err err;

	fuzz_err_init(&err);
	report = tlsrpt_report_parse(object, hints, &err);
	if (report == NULL) {
		fuzz_check_refusal(&err);
		return;
	}
	assert(report->id != NULL && report->begin <= report->end);
	assert(report->policy_count <= LIMIT_REPORT_POLICIES);
	if (report->domain[0] != '\0')
		fuzz_check_domain(report->domain);
	for (size_t i = 0; i < report->policy_count; i++)
		check_policy(&report->policies[i]);
	check_normal(report);
	tlsrpt_report_free(report);
}

/* The input is JSON; its octets are also the name of a file around it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tlsrpt_hints hints = {.begin = 0};
	char *name = fuzz_string(data, size);
	bool mended;
	struct err err;
	json_t *value;

	fuzz_err_init(&err);
	value = tlsrpt_json_load((const char *)data, size, &mended, &err);
	tlsrpt_hints_file(&hints, name);
	tlsrpt_hints_subject(&hints, name);
	free(name);
	if (value == NULL) {
		fuzz_check_refusal(&err);
		return 0;
	}
	if (tlsrpt_json_is_report(value))
		try_report(value, &hints);
	for (size_t i = 0; i < json_array_size(value); i++)
		if (tlsrpt_json_is_report(json_array_get(value, i)))
			try_report(json_array_get(value, i), &hints);
	json_decref(value);
	return 0;
}
