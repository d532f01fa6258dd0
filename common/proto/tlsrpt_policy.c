/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/tlsrpt_parse.h"

static const char *const detail_keys[] = {"result-type", "sending-mta-ip",
    "receiving-mx-hostname", "receiving-mx-helo", "receiving-ip",
    "failed-session-count", "additional-information", "additional-info-uri",
    "failure-reason-code", NULL};
static const char *const policy_keys[] = {"policy-type", "policy-string",
    "policy-domain", "mx-host", "mx-host-pattern", NULL};
static const char *const outer_keys[] = {
    "policy", "summary", "failure-details", NULL};
static const char *const summary_keys[] = {
    "total-successful-session-count", "total-failure-session-count", NULL};

/* A text by its name, or by the one that others have for it. */
static char *
either_text(struct tlsrpt_parsing *parsing, const json_t *object,
    const char *key, const char *other)
{
	char *text = tlsrpt_text(object, key);

	if (json_object_get(object, other) != NULL)
		tlsrpt_note(parsing, TLSRPT_OTHER_KEY);
	return text != NULL ? text : tlsrpt_text(object, other);
}

static int
read_detail(struct tlsrpt_parsing *parsing, json_t *object,
    struct tlsrpt_failure *detail)
{
	char *word = tlsrpt_text(object, "result-type");

	detail->word = word == NULL ? xstrdup("") : word;
	detail->result = tlsrpt_result_of(detail->word);
	if (detail->result == TLSRPT_RESULT_OTHER)
		tlsrpt_note(parsing, TLSRPT_UNKNOWN_WORD);
	detail->sending_ip =
	    tlsrpt_address(tlsrpt_text(object, "sending-mta-ip"));
	detail->mx = tlsrpt_name(tlsrpt_text(object, "receiving-mx-hostname"));
	detail->helo = tlsrpt_text(object, "receiving-mx-helo");
	detail->receiving_ip =
	    tlsrpt_address(tlsrpt_text(object, "receiving-ip"));
	detail->information = either_text(
	    parsing, object, "additional-information", "additional-info-uri");
	detail->reason = tlsrpt_text(object, "failure-reason-code");
	detail->others = tlsrpt_others(parsing, object, detail_keys);
	return tlsrpt_count(
	    parsing, object, "failed-session-count", &detail->count);
}

static int
read_details(struct tlsrpt_parsing *parsing, const json_t *value,
    struct tlsrpt_policy *policy)
{
	size_t count = json_array_size(value);
	uint64_t sum = 0;

	if (value == NULL && policy->failed > 0)
		tlsrpt_note(parsing, TLSRPT_NO_LIST);
	if (value != NULL && !json_is_array(value) && !json_is_null(value))
		return err_set(
		    parsing->err, ERR_DATA, "failure-details is no array");
	if (count > LIMIT_REPORT_DETAILS - parsing->details)
		return err_set(parsing->err, ERR_DATA, "over %d details",
		    LIMIT_REPORT_DETAILS);
	parsing->details += count;
	policy->details = xcalloc(count, sizeof(*policy->details));
	for (size_t i = 0; i < count; i++) {
		json_t *object = json_array_get(value, i);

		policy->detail_count++;
		if (read_detail(parsing, object, &policy->details[i]) != 0)
			return -1;
		sum = tlsrpt_count_add(sum, policy->details[i].count);
	}
	if (sum > policy->failed)
		tlsrpt_note(parsing, TLSRPT_MORE_DETAILS);
	return 0;
}

/* The mode that "mode: enforce" of the strings names. */
static const char *
mode_of_strings(const struct tlsrpt_list *strings)
{
	static const char *const modes[] = {"enforce", "testing", "none"};
	static const char key[] = "mode:";

	for (size_t i = 0; i < strings->count; i++) {
		const char *value = strings->items[i];

		if (strncasecmp(value, key, sizeof(key) - 1) != 0)
			continue;
		value += sizeof(key) - 1;
		value += strspn(value, " \t");
		for (size_t j = 0; j < sizeof(modes) / sizeof(modes[0]); j++)
			if (strcasecmp(value, modes[j]) == 0)
				return modes[j];
	}
	return "";
}

static int
read_patterns(struct tlsrpt_parsing *parsing, const json_t *object,
    struct tlsrpt_policy *policy)
{
	const json_t *value = json_object_get(object, "mx-host");

	if (value == NULL) {
		value = json_object_get(object, "mx-host-pattern");
		if (value != NULL)
			tlsrpt_note(parsing, TLSRPT_OTHER_KEY);
		else if (policy->type == TLSRPT_POLICY_STS)
			tlsrpt_note(parsing, TLSRPT_NO_LIST);
	}
	return tlsrpt_strings(parsing, value, &policy->mx);
}

/* The domain that the report is about, where a policy names none. */
static char *
domain_instead(struct tlsrpt_parsing *parsing)
{
	tlsrpt_note(parsing, TLSRPT_NO_DOMAIN);
	if (parsing->report->domain[0] == '\0')
		tlsrpt_hints_of_id(
		    parsing->report->id, parsing->report->domain);
	return xstrdup(parsing->report->domain);
}

static int
read_inner(struct tlsrpt_parsing *parsing, json_t *object,
    struct tlsrpt_policy *policy)
{
	char *word = tlsrpt_text(object, "policy-type");

	policy->word = word == NULL ? xstrdup("") : word;
	policy->type = tlsrpt_policy_type_of(policy->word);
	if (policy->type == TLSRPT_POLICY_OTHER)
		tlsrpt_note(parsing, TLSRPT_UNKNOWN_WORD);
	policy->domain = tlsrpt_name(tlsrpt_text(object, "policy-domain"));
	if (policy->domain == NULL)
		policy->domain = domain_instead(parsing);
	if (tlsrpt_strings(parsing, json_object_get(object, "policy-string"),
		&policy->strings) != 0 ||
	    read_patterns(parsing, object, policy) != 0)
		return -1;
	policy->mode = policy->type == TLSRPT_POLICY_STS
			   ? mode_of_strings(&policy->strings)
			   : "";
	policy->others = tlsrpt_others(parsing, object, policy_keys);
	return 0;
}

int
tlsrpt_policy_parse(struct tlsrpt_parsing *parsing, json_t *object)
{
	json_t *summary = json_object_get(object, "summary");
	struct tlsrpt_report *report = parsing->report;
	struct tlsrpt_policy *policy = &report->policies[report->policy_count];

	if (!json_is_object(object))
		return err_set(parsing->err, ERR_DATA, "a policy is no object");
	/* from here on it is freed with the report */
	report->policy_count++;
	if (read_inner(parsing, json_object_get(object, "policy"), policy) != 0)
		return -1;
	policy->outer_others = tlsrpt_others(parsing, object, outer_keys);
	policy->summary_others = tlsrpt_others(parsing, summary, summary_keys);
	if (tlsrpt_count(
		parsing, summary, summary_keys[0], &policy->succeeded) != 0 ||
	    tlsrpt_count(parsing, summary, summary_keys[1], &policy->failed) !=
		0)
		return -1;
	return read_details(
	    parsing, json_object_get(object, "failure-details"), policy);
}
