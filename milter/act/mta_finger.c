/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "common/base/text.h"
#include "milter/act/mta_policy.h"

static const char *const system_store = "/etc/ssl/certs/ca-certificates.crt";

static const struct sts_policy *
finger_policy(const struct check *check)
{
	const struct facts *facts = check->facts;

	return facts->sts.policy == NULL ? NULL : facts->sts.policy->policy;
}

/* The names that the certificate may bear, each behind a blank.  A rule's
 * own names go before those of a policy, which it switches off. */
static void
add_finger_names(struct text *text, const struct check *check)
{
	const struct rule *rule = check->verdict->rule;
	const struct sts_policy *policy = finger_policy(check);

	if (check->verdict->policy == POLICY_TYPE_LOCAL) {
		if (rule == NULL || rule->match_count == 0)
			text_addf(text, " hostname");
		for (size_t i = 0; rule != NULL && i < rule->match_count; i++)
			text_addf(text, " %s", rule->match[i]);
		return;
	}
	for (size_t i = 0; policy != NULL && i < policy->mx_count; i++)
		text_addf(text, " %s",
		    policy->mx[i][0] == '*' ? policy->mx[i] + 1
					    : policy->mx[i]);
}

/* The host that the verdict speaks of, where Postfix would try another first.
 * For a certificate of the WebPKI always: its name has to be asked for. */
static bool
wants_host(const struct check *check, bool secure)
{
	const struct facts *facts = check->facts;

	return check->verdict->mx != NULL && facts->next_hop.mx_lookup &&
	       facts->host_count > 0 &&
	       (secure ||
		   strcmp(check->verdict->mx, facts->hosts[0].name) != 0);
}

static bool
is_secure(const struct verdict *verdict)
{
	return verdict->level == LEVEL_SECURE ||
	       verdict->reason == REASON_STS_TESTING;
}

/* Of a domain whose hosts are not known, what DANE wants may be seen. */
static const char *
level_to_ask(const struct check *check)
{
	const struct verdict *verdict = check->verdict;

	if (is_secure(verdict))
		return "secure";
	if (verdict->level == LEVEL_HALF_DANE ||
	    (verdict->host_count == 0 && verdict->level == LEVEL_MAY))
		return "dane";
	return level_text(verdict->level);
}

static bool
is_nowhere(const struct check *check)
{
	return check->facts->trouble != TROUBLE_NONE ||
	       reason_is_nowhere(check->verdict->reason);
}

void
mta_policy_finger(const struct settings *settings, const struct check *check,
    char *out, size_t size)
{
	const char *mx = check->verdict->mx;
	bool secure = is_secure(check->verdict);
	char hop[NEXTHOP_TEXT_SIZE];
	struct text text;

	text_init(&text, out, size);
	if (is_nowhere(check))
		return;
	nexthop_print(&check->facts->next_hop, hop);
	text_addf(&text, "posttls-finger -c -l %s", level_to_ask(check));
	if (secure)
		text_addf(&text, " -F %s -s %s",
		    settings->ca_file == NULL ? system_store
					      : settings->ca_file,
		    mx == NULL ? check->facts->next_hop.host : mx);
	if (wants_host(check, secure))
		text_addf(&text, " '[%s]'", mx);
	else
		text_addf(
		    &text, strchr(hop, '[') == NULL ? " %s" : " '%s'", hop);
	if (secure)
		add_finger_names(&text, check);
	if (text.cut)
		out[0] = '\0';
}

void
mta_policy_postmap(const struct settings *settings, const struct check *check,
    char *out, size_t size)
{
	char hop[NEXTHOP_TEXT_SIZE], copy[300];
	const char *socket, *scheme_end, *quote;
	struct text text;
	char *host;

	text_init(&text, out, size);
	if (settings->map_sockets.count == 0)
		return;
	socket = settings->map_sockets.items[0];
	scheme_end = strchr(socket, ':');
	nexthop_print(&check->facts->next_hop, hop);
	quote = strchr(hop, '[') == NULL ? "" : "'";
	text_addf(&text, "postmap -q %s%s%s socketmap:", quote, hop, quote);
	if (scheme_end[1] == '/') {
		text_addf(&text, "unix:%s:QUERY", scheme_end + 1);
	} else {
		text_copy(copy, sizeof(copy), scheme_end + 1);
		host = settings_cut_host(copy);
		text_addf(&text, "inet:%s:%s:QUERY",
		    host == NULL ? "localhost" : host, copy);
	}
	if (text.cut)
		out[0] = '\0';
}
