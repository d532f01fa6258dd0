/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli_text.h"

#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "milter/action.h"
#include "milter/advice.h"
#include "milter/cli_json.h"
#include "milter/destinations.h"

enum { LABEL_WIDTH = 10, WRAP_WIDTH = 64 };

/* A line of a step; the label stands on the first line of a step only. */
static void
label(FILE *out, const char *name)
{
	fprintf(out, "  %-*s  ", LABEL_WIDTH, name);
}

/* Words of text, wrapped behind the label. */
static void
paragraph(FILE *out, const char *name, const char *text)
{
	size_t column = 0;

	label(out, name);
	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (column > 0 && column + 1 + length > WRAP_WIDTH) {
			fputc('\n', out);
			label(out, "");
			column = 0;
		}
		column += (size_t)fprintf(
		    out, "%s%.*s", column > 0 ? " " : "", (int)length, text);
		text += length + strspn(text + length, " ");
	}
	fputc('\n', out);
}

static const char *
lookup_text(const struct lookup *lookup)
{
	switch (lookup->state) {
	case LOOKUP_NOT_ASKED:
		return "not asked";
	case LOOKUP_DATA:
		return lookup->secure ? "secure" : "insecure";
	case LOOKUP_NODATA:
		return lookup->secure ? "none (secure)" : "none (insecure)";
	case LOOKUP_NXDOMAIN:
		return "no such name";
	case LOOKUP_BOGUS:
		return "bogus: DNSSEC validation failed";
	case LOOKUP_SERVFAIL:
		return "failed: the server answered with an error";
	case LOOKUP_TIMEOUT:
		return "failed: no answer in time";
	}
	return "";
}

static void
print_rule(FILE *out, const struct rule *rule)
{
	char line[LIMIT_CONF_LINE];

	destinations_print(rule, line, sizeof(line));
	label(out, "rule");
	fprintf(out, "%s\n", line);
}

/* The rule of the domain; those of hosts stand with the hosts. */
static void
print_domain_rule(
    FILE *out, const struct rule_list *rules, const struct check *check)
{
	const struct rule *rule;

	if (rules == NULL) {
		label(out, "rule");
		fprintf(out, "put aside by --level\n");
		return;
	}
	rule =
	    rule_list_find(rules, check->facts->next_hop.host, clock_wall_s());
	if (rule != NULL) {
		print_rule(out, rule);
		return;
	}
	label(out, "rule");
	fprintf(out, "none, default level %s\n", level_text(rules->level));
}

static void
print_mx(FILE *out, const struct facts *facts)
{
	label(out, "MX");
	if (facts->mx.state != LOOKUP_DATA) {
		fprintf(out, "%s\n", lookup_text(&facts->mx));
		return;
	}
	if (facts->null_mx)
		fprintf(out, "null MX: the domain takes no mail\n");
	else if (facts->host_count == 0)
		fprintf(out, "no usable host name\n");
	for (size_t i = 0; i < facts->host_count; i++) {
		if (i > 0)
			label(out, "");
		fprintf(out, "%u %s (%s)\n", facts->hosts[i].preference,
		    facts->hosts[i].name, lookup_text(&facts->mx));
	}
}

static const char *
mta_sts_absence(const struct sts_facts *sts)
{
	switch (sts->record.outcome) {
	case STS_RECORD_ABSENT:
		return "no policy is announced";
	case STS_RECORD_MANY:
		return "several records: as if there were none";
	case STS_RECORD_INVALID:
		return "the record is invalid: as if there were none";
	case STS_RECORD_VALID:
		break;
	}
	return "announced, but not to be had";
}

static void
print_mta_sts(FILE *out, const struct sts_facts *sts)
{
	const struct sts_policy *policy =
	    sts->policy == NULL ? NULL : sts->policy->policy;

	label(out, "MTA-STS");
	if (lookup_failed(&sts->txt)) {
		fprintf(out, "%s\n", lookup_text(&sts->txt));
	} else if (policy == NULL) {
		fprintf(out, "%s\n", mta_sts_absence(sts));
		if (sts->policy != NULL && sts->policy->detail[0] != '\0') {
			label(out, "");
			fprintf(out, "%s\n", sts->policy->detail);
		}
	} else {
		fprintf(out, "%s, id %s, max_age %us\n",
		    sts_mode_text(policy->mode), sts->policy->id,
		    policy->max_age_s);
		for (size_t i = 0; i < policy->mx_count; i++) {
			label(out, "");
			fprintf(out, "mx %s\n", policy->mx[i]);
		}
	}
}

enum sts_state
cli_worst_sts(const struct verdict *verdict)
{
	enum sts_state worst = verdict->sts;

	for (size_t i = 0; i < verdict->host_count; i++)
		if (verdict->hosts[i].sts > worst)
			worst = verdict->hosts[i].sts;
	return worst;
}

void
cli_text_sts_check(FILE *out, const struct check *check, const char *asked)
{
	const struct verdict *verdict = check->verdict;
	const struct sts_facts *sts = &check->facts->sts;

	fprintf(out, "%s\n", check->domain[0] == '\0' ? asked : check->domain);
	if (sts->record.outcome == STS_RECORD_VALID)
		paragraph(out, "record", "valid");
	else if (sts->record.outcome == STS_RECORD_INVALID)
		paragraph(out, "record", sts->record.why);
	print_mta_sts(out, sts);
	for (size_t i = 0; i < verdict->host_count; i++) {
		const struct host_verdict *host = &verdict->hosts[i];

		label(out, "host");
		fprintf(out, "%s: %s%s%s\n", check->facts->hosts[i].name,
		    sts_state_text(host->sts),
		    host->sts_reason == REASON_OK ? "" : ", ",
		    host->sts_reason == REASON_OK
			? ""
			: reason_text(host->sts_reason));
	}
	label(out, "verdict");
	fprintf(out, "%s\n", sts_state_text(cli_worst_sts(verdict)));
	if (verdict->sts_reason != REASON_OK) {
		paragraph(out, "why", advice_for(verdict->sts_reason).why);
		paragraph(out, "try", advice_for(verdict->sts_reason).what);
	}
}

static void
print_addresses(FILE *out, const struct host_facts *host)
{
	label(out, "addresses");
	if (host->address_count == 0)
		fprintf(out, "A %s, AAAA %s\n", lookup_text(&host->a),
		    lookup_text(&host->aaaa));
	for (size_t i = 0; i < host->address_count; i++) {
		const struct lookup *lookup =
		    strchr(host->addresses[i].text, ':') == NULL ? &host->a
								 : &host->aaaa;

		if (i > 0)
			label(out, "");
		fprintf(out, "%s (%s)\n", host->addresses[i].text,
		    lookup_text(lookup));
	}
	if (strcmp(host->expanded, host->name) != 0) {
		label(out, "");
		fprintf(out, "the name is an alias of %s\n", host->expanded);
	}
}

static bool
is_matched(const struct host_verdict *judged, size_t record)
{
	for (size_t i = 0; i < judged->address_count; i++)
		if (judged->addresses[i].matched == (int)record)
			return true;
	return false;
}

static void
print_tlsa(
    FILE *out, const struct host_facts *host, const struct host_verdict *judged)
{
	label(out, "TLSA");
	if (host->records.count == 0) {
		fprintf(out, "%s\n", lookup_text(&host->tlsa));
		return;
	}
	for (size_t i = 0; i < host->records.count; i++) {
		const struct tlsa *record = &host->records.records[i];
		char hex[33];

		if (i > 0)
			label(out, "");
		text_hex(hex, sizeof(hex), record->data, record->size);
		fprintf(out, "%u %u %u %s%s%s\n", record->usage,
		    record->selector, record->mtype, hex,
		    2 * record->size >= sizeof(hex) ? "..." : "",
		    is_matched(judged, i) ? "  matches"
		    : !record->usable     ? "  not usable"
		    : !record->considered ? "  a stronger digest counts"
					  : "");
	}
}

static void
print_certificate(FILE *out, const struct probe_facts *probe)
{
	AUTO(x509_chain)
	struct x509_chain *chain =
	    x509_chain_new(probe->certs, probe->cert_count, NULL);
	char date[32];
	struct tm tm;
	time_t until;

	if (chain == NULL)
		return;
	until = x509_not_after(chain, 0);
	if (gmtime_r(&until, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%d", &tm) == 0)
		date[0] = '\0';
	label(out, "");
	fprintf(out, "%.50s, until %s, chain of %zu\n",
	    x509_subject(chain, 0)[0] == '\0' ? "(no subject)"
					      : x509_subject(chain, 0),
	    date, x509_count(chain));
}

static void
print_probes(
    FILE *out, const struct host_facts *host, const struct host_verdict *judged)
{
	for (size_t i = 0; i < host->address_count; i++) {
		const struct probe_facts *probe = host->addresses[i].probe;

		label(out, i == 0 ? "probe" : "");
		if (probe == NULL) {
			fprintf(
			    out, "%s: not probed\n", host->addresses[i].text);
			continue;
		}
		fprintf(out, "%s: %s%s%s\n", host->addresses[i].text,
		    probe->tls, probe->tls[0] == '\0' ? "" : ", ",
		    reason_text(judged->addresses[i].reason));
		print_certificate(out, probe);
		if (judged->addresses[i].detail[0] != '\0') {
			label(out, "");
			fprintf(out, "%s\n", judged->addresses[i].detail);
		}
	}
}

static void
print_steps(FILE *out, const struct rule_list *rules, const struct check *check)
{
	const struct facts *facts = check->facts;

	print_domain_rule(out, rules, check);
	print_mx(out, facts);
	print_mta_sts(out, &facts->sts);
	for (size_t i = 0; i < facts->host_count; i++) {
		label(out, "host");
		fprintf(out, "%s: %s\n", facts->hosts[i].name,
		    host_outcome_text(check->verdict->hosts[i].outcome));
		if (check->verdict->hosts[i].rule != NULL &&
		    rule_is_of_host(check->verdict->hosts[i].rule))
			print_rule(out, check->verdict->hosts[i].rule);
		print_addresses(out, &facts->hosts[i]);
		print_tlsa(out, &facts->hosts[i], &check->verdict->hosts[i]);
		print_probes(out, &facts->hosts[i], &check->verdict->hosts[i]);
	}
}

static const char *
colour_of(enum result result)
{
	switch (result) {
	case RESULT_PASS:
		return "\033[32m";
	case RESULT_FAIL:
		return "\033[31m";
	case RESULT_SOFTFAIL:
	case RESULT_TEMPERROR:
		return "\033[33m";
	case RESULT_NONE:
	case RESULT_SKIP:
		break;
	}
	return "\033[1m";
}

static void
print_verdict(FILE *out, const struct verdict *verdict, bool colour)
{
	label(out, "verdict");
	fprintf(out, "%s%s%s (%s), policy %s, level %s\n",
	    colour ? colour_of(verdict->result) : "",
	    result_text(verdict->result), colour ? "\033[0m" : "",
	    reason_text(verdict->reason), policy_type_text(verdict->policy),
	    level_text(verdict->level));
	if (verdict->mx != NULL && verdict->result != RESULT_PASS) {
		label(out, "at");
		fprintf(out, "%s\n", verdict->mx);
	}
}

static const char *
milter_text(enum action action)
{
	switch (action) {
	case ACTION_NONE:
		return "lets the message pass, and says so in the tag";
	case ACTION_TAG:
		return "tags the message and lets it pass";
	case ACTION_HOLD:
		return "holds the message in quarantine";
	case ACTION_DEFER:
		return "defers the recipient (4xx)";
	case ACTION_REJECT:
		return "rejects the recipient (5xx)";
	}
	return "";
}

void
cli_text_check(FILE *out, const struct settings *settings,
    const struct rule_list *rules, const struct check *check, const char *asked,
    bool colour)
{
	const struct verdict *verdict = check->verdict;
	struct advice advice = advice_for(verdict->reason);
	char postfix[1024];

	fprintf(out, "%s\n", check->domain[0] == '\0' ? asked : check->domain);
	if (check->facts->trouble == TROUBLE_NONE)
		print_steps(out, rules, check);
	print_verdict(out, verdict, colour);
	paragraph(out, "why", advice.why);
	if (verdict->detail != NULL && verdict->host_count == 0)
		paragraph(out, "detail", verdict->detail);
	if (advice.who[0] != '\0')
		paragraph(out, "who", advice.who);
	if (advice.what[0] != '\0')
		paragraph(out, "try", advice.what);
	paragraph(out, "posternd", milter_text(action_for(settings, verdict)));
	cli_postfix_policy(check, postfix, sizeof(postfix));
	if (postfix[0] != '\0')
		paragraph(out, "postfix", postfix);
}
