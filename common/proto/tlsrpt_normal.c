/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>

#include "common/base/clock.h"
#include "common/proto/tlsrpt_report.h"

/* What is unknown is absent, never "" nor null. */
static void
put_known(json_t *object, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		json_object_set_new(object, key, json_string(text));
}

static void
put_sessions(json_t *object, const char *key, uint64_t count)
{
	json_object_set_new(object, key, json_integer((json_int_t)count));
}

/* Keys of the reporter's own stand behind ours. */
static void
put_others(json_t *object, json_t *others)
{
	if (others != NULL)
		json_object_update_missing(object, others);
}

static json_t *
strings_json(const struct tlsrpt_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *
range_json(const struct tlsrpt_report *report)
{
	char begin[CLOCK_PRINT_SIZE], end[CLOCK_PRINT_SIZE];

	clock_print(report->begin, begin);
	clock_print(report->end, end);
	return json_pack(
	    "{s:s, s:s}", "start-datetime", begin, "end-datetime", end);
}

static json_t *
detail_json(const struct tlsrpt_failure *detail)
{
	json_t *object = json_object();

	put_known(object, "result-type",
	    detail->result == TLSRPT_RESULT_OTHER
		? detail->word
		: tlsrpt_result_text(detail->result));
	put_known(object, "sending-mta-ip", detail->sending_ip);
	put_known(object, "receiving-mx-hostname", detail->mx);
	put_known(object, "receiving-mx-helo", detail->helo);
	put_known(object, "receiving-ip", detail->receiving_ip);
	put_sessions(object, "failed-session-count", detail->count);
	put_known(object, "additional-information", detail->information);
	put_known(object, "failure-reason-code", detail->reason);
	put_others(object, detail->others);
	return object;
}

static json_t *
inner_json(const struct tlsrpt_policy *policy)
{
	json_t *object = json_object();

	put_known(object, "policy-type",
	    policy->type == TLSRPT_POLICY_OTHER
		? policy->word
		: tlsrpt_policy_type_text(policy->type));
	json_object_set_new(
	    object, "policy-string", strings_json(&policy->strings));
	put_known(object, "policy-domain", policy->domain);
	if (policy->type == TLSRPT_POLICY_STS || policy->mx.count > 0)
		json_object_set_new(
		    object, "mx-host", strings_json(&policy->mx));
	put_others(object, policy->others);
	return object;
}

static json_t *
entry_json(const struct tlsrpt_policy *policy)
{
	json_t *object = json_object(), *summary = json_object();
	json_t *details = json_array();

	put_sessions(
	    summary, "total-successful-session-count", policy->succeeded);
	put_sessions(summary, "total-failure-session-count", policy->failed);
	put_others(summary, policy->summary_others);
	for (size_t i = 0; i < policy->detail_count; i++)
		json_array_append_new(
		    details, detail_json(&policy->details[i]));
	json_object_set_new(object, "policy", inner_json(policy));
	json_object_set_new(object, "summary", summary);
	json_object_set_new(object, "failure-details", details);
	put_others(object, policy->outer_others);
	return object;
}

json_t *
tlsrpt_report_json(const struct tlsrpt_report *report)
{
	json_t *object = json_object(), *policies = json_array();

	put_known(object, "organization-name", report->organization);
	json_object_set_new(object, "date-range", range_json(report));
	put_known(object, "contact-info", report->contact);
	put_known(object, "report-id", report->id);
	for (size_t i = 0; i < report->policy_count; i++)
		json_array_append_new(
		    policies, entry_json(&report->policies[i]));
	json_object_set_new(object, "policies", policies);
	put_others(object, report->others);
	return object;
}
