/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/datagram.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/proto/domain.h"
#include "common/proto/tlsrpt_record.h"

/* The library's own bound is 2048 levels; each costs stack. */
static bool
is_shallow(const char *octets, size_t size)
{
	bool text = false;
	int depth = 0;

	for (size_t i = 0; i < size; i++) {
		char c = octets[i];

		if (text && c == '\\')
			i++;
		else if (c == '"')
			text = !text;
		else if (!text && (c == '[' || c == '{'))
			depth++;
		else if (!text && (c == ']' || c == '}'))
			depth--;
		if (depth > LIMIT_TLSRPT_DEPTH)
			return false;
	}
	return true;
}

/* A member that may be absent; false if it is of another type. */
static bool
text_member(const json_t *object, const char *key, const char **out)
{
	const json_t *value = json_object_get(object, key);

	*out = json_string_value(value);
	return value == NULL || *out != NULL;
}

static bool
array_member(const json_t *object, const char *key, size_t most, json_t **out)
{
	*out = json_object_get(object, key);
	return *out == NULL ||
	       (json_is_array(*out) && json_array_size(*out) <= most);
}

static bool
policy_lines(const json_t *policy, const char *key, struct tlsrpt_lines *out)
{
	json_t *array;
	const json_t *line;
	size_t i;

	if (!array_member(policy, key, LIMIT_TLSRPT_LINES, &array))
		return false;
	json_array_foreach (array, i, line) {
		if (!json_is_string(line))
			return false;
		tlsrpt_lines_add(out, json_string_value(line));
	}
	return true;
}

static bool
add_detail(const json_t *object, struct tlsrpt_outcome *outcome)
{
	const json_t *number = json_object_get(object, "c");
	struct tlsrpt_raw_detail raw;
	char code[40];

	if (!json_is_object(object) || !json_is_integer(number) ||
	    !text_member(object, "s", &raw.sending) ||
	    !text_member(object, "r", &raw.receiving) ||
	    !text_member(object, "n", &raw.mx) ||
	    !text_member(object, "h", &raw.helo) ||
	    !text_member(object, "a", &raw.info) ||
	    !text_member(object, "f", &raw.reason))
		return false;
	raw.result = tlsrpt_result_from_code(json_integer_value(number));
	if (raw.result == TLSRPT_RESULT_OTHER) {
		raw.result = TLSRPT_VALIDATION_FAILURE;
		snprintf(code, sizeof(code), "code-%lld",
		    (long long)json_integer_value(number));
		raw.reason = code;
	}
	tlsrpt_outcome_add(outcome, &raw);
	return true;
}

static bool
add_details(const json_t *policy, struct tlsrpt_outcome *outcome)
{
	json_t *array;
	const json_t *detail;
	size_t i;

	if (!array_member(
		policy, "failure-details", LIMIT_TLSRPT_DETAILS, &array))
		return false;
	json_array_foreach (array, i, detail) {
		if (!add_detail(detail, outcome))
			return false;
	}
	return true;
}

static bool
note_policy(const json_t *policy, struct tlsrpt_session *session)
{
	const json_t *number = json_object_get(policy, "policy-type");
	const json_t *failed = json_object_get(policy, "f");
	enum tlsrpt_policy_type type;
	struct tlsrpt_outcome *outcome;
	const char *domain;

	if (!json_is_object(policy) || !json_is_integer(number) ||
	    (failed != NULL && !json_is_integer(failed)) ||
	    !text_member(policy, "policy-domain", &domain))
		return false;
	type = tlsrpt_policy_type_from_code(json_integer_value(number));
	if (type == TLSRPT_POLICY_OTHER)
		return false;
	outcome = tlsrpt_session_add(session, type);
	outcome->failed = json_integer_value(failed) != 0;
	if (!policy_lines(policy, "policy-string", &outcome->strings) ||
	    !policy_lines(policy, "mx-host", &outcome->mx) ||
	    !add_details(policy, outcome))
		return false;
	tlsrpt_outcome_finish(outcome, domain, session->domain);
	return true;
}

static struct tlsrpt_session *
read_session(const json_t *root, const char *domain)
{
	AUTO(tlsrpt_session)
	struct tlsrpt_session *session = tlsrpt_session_new(domain);
	struct tlsrpt_session *whole;
	json_t *policies;
	const json_t *policy;
	size_t i;

	if (!array_member(root, "policies", LIMIT_TLSRPT_POLICIES, &policies) ||
	    json_array_size(policies) == 0)
		return NULL;
	json_array_foreach (policies, i, policy) {
		if (!note_policy(policy, session))
			return NULL;
	}
	whole = session;
	session = NULL;
	return whole;
}

static bool
is_version_1(const json_t *root)
{
	const json_t *version = json_object_get(root, "dpv");
	const char *word = json_string_value(version);

	return version == NULL || (word != NULL && strcmp(word, "1") == 0);
}

static bool
names_destination(const char *record)
{
	struct sts_txt txt = {record, strlen(record)};

	return tlsrpt_record_select(&txt, 1, NULL, NULL).outcome ==
	       TLSRPT_RECORD_VALID;
}

static enum datagram_outcome
read_root(const json_t *root, struct tlsrpt_session **out)
{
	const char *domain, *record;
	char name[LIMIT_DOMAIN_SIZE];
	struct tlsrpt_session *session;

	if (!json_is_object(root))
		return DATAGRAM_MALFORMED;
	if (!is_version_1(root))
		return DATAGRAM_VERSION;
	if (!text_member(root, "d", &domain) || domain == NULL ||
	    !text_member(root, "pr", &record) || record == NULL ||
	    domain_normalise(domain, name, NULL) != 0)
		return DATAGRAM_MALFORMED;
	session = read_session(root, name);
	if (session == NULL)
		return DATAGRAM_MALFORMED;
	if (!names_destination(record)) {
		tlsrpt_session_free(session);
		return DATAGRAM_NO_RUA;
	}
	*out = session;
	return DATAGRAM_GOOD;
}

enum datagram_outcome
datagram_read(const char *octets, size_t size, struct tlsrpt_session **out)
{
	enum datagram_outcome outcome;
	json_t *root;

	if (size > LIMIT_TLSRPT_DATAGRAM || !is_shallow(octets, size))
		return DATAGRAM_MALFORMED;
	root = json_loadb(octets, size, JSON_REJECT_DUPLICATES, NULL);
	if (root == NULL)
		return DATAGRAM_MALFORMED;
	outcome = read_root(root, out);
	json_decref(root);
	return outcome;
}
