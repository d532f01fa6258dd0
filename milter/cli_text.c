/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli_text.h"

#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/judge/reasons.h"
#include "milter/action.h"
#include "milter/advice.h"
#include "milter/cli_postfix.h"
#include "milter/cli_print.h"
#include "milter/destinations.h"

enum { HEX_SHOWN = 32 };

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

static const char *
default_text(enum level level)
{
	return level == LEVEL_AUTO ? "auto: DANE, then MTA-STS"
				   : level_text(level);
}

static void
print_resolver(FILE *out, const struct settings *settings)
{
	const struct settings_list *list = &settings->nameservers;
	char line[LIMIT_CONF_LINE];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_add(&text, settings->resolver == DNS_EMBEDDED
			    ? "embedded, validates DNSSEC itself; asks "
			    : "system, validates DNSSEC; asks ");
	if (settings->recurse)
		text_add(&text, "the authoritative servers");
	else if (list->count == 0)
		text_add(&text, "those of /etc/resolv.conf");
	for (size_t i = 0; i < list->count; i++)
		text_addf(&text, "%s%s", i == 0 ? "" : ", ", list->items[i]);
	cli_print_text(out, "resolver", line);
}

/* The rule of the domain; those of hosts stand with the hosts. */
static void
print_domain_rule(FILE *out, const struct rule_list *rules, enum level level,
    const struct check *check)
{
	const struct rule *rule;
	char line[LIMIT_CONF_LINE];

	cli_print_label(out, "rule");
	if (rules == NULL) {
		fprintf(out, "put aside by --level %s\n", default_text(level));
		return;
	}
	rule =
	    rule_list_find(rules, check->facts->next_hop.host, clock_wall_s());
	if (rule == NULL) {
		fprintf(
		    out, "none; DefaultLevel %s\n", default_text(rules->level));
		return;
	}
	destinations_print(rule, line, sizeof(line));
	fprintf(out, "%s\n", line);
}

static void
print_next_hop(FILE *out, const struct facts *facts)
{
	char hop[NEXTHOP_TEXT_SIZE];

	if (facts->next_hop.mx_lookup &&
	    strcmp(facts->next_hop.host, facts->domain) == 0)
		return;
	nexthop_print(&facts->next_hop, hop);
	cli_print_label(out, "next hop");
	fprintf(out, "%s\n", hop);
}

static void
print_mx(FILE *out, const struct facts *facts)
{
	cli_print_label(out, "MX");
	if (facts->mx.state == LOOKUP_NOT_ASKED) {
		fprintf(out, "not asked: the host is given\n");
		return;
	}
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
			cli_print_label(out, "");
		fprintf(out, "%u %s (%s)\n", facts->hosts[i].preference,
		    facts->hosts[i].name, lookup_text(&facts->mx));
	}
}

static const char *
mta_sts_absence(const struct sts_facts *sts)
{
	switch (sts->record.outcome) {
	case STS_RECORD_ABSENT:
		return sts->txt.state == LOOKUP_NOT_ASKED
			   ? "not asked"
			   : "no policy is announced";
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

	cli_print_label(out, "MTA-STS");
	if (lookup_failed(&sts->txt)) {
		fprintf(out, "%s\n", lookup_text(&sts->txt));
	} else if (policy == NULL) {
		fprintf(out, "%s\n", mta_sts_absence(sts));
		if (sts->policy != NULL)
			cli_print_detail(out, "", sts->policy->detail);
		else if (sts->record.outcome == STS_RECORD_INVALID)
			cli_print_text(out, "", sts->record.why);
	} else {
		fprintf(out, "%s, id %s, max_age %us, %s\n",
		    sts_mode_text(policy->mode), sts->policy->id,
		    policy->max_age_s,
		    sts->cached ? "kept from before" : "fetched now");
		if (sts->failed != POLICY_NOT_FETCHED &&
		    sts->failed != POLICY_FETCHED) {
			cli_print_label(out, "");
			fprintf(out, "a newer one is not to be had: %s\n",
			    reason_text(policy_fetch_reason(sts->failed)));
		}
		for (size_t i = 0; i < policy->mx_count; i++) {
			cli_print_label(out, "");
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
		cli_print_text(out, "record", "valid");
	else if (sts->record.outcome == STS_RECORD_INVALID)
		cli_print_text(out, "record", sts->record.why);
	print_mta_sts(out, sts);
	for (size_t i = 0; i < verdict->host_count; i++) {
		const struct host_verdict *host = &verdict->hosts[i];

		cli_print_label(out, "host");
		fprintf(out, "%s: %s%s%s\n", check->facts->hosts[i].name,
		    sts_state_text(host->sts),
		    host->sts_reason == REASON_OK ? "" : ", ",
		    host->sts_reason == REASON_OK
			? ""
			: reason_text(host->sts_reason));
	}
	cli_print_label(out, "verdict");
	fprintf(out, "%s\n", sts_state_text(cli_worst_sts(verdict)));
	if (verdict->sts_reason != REASON_OK) {
		cli_print_text(out, "why", advice_for(verdict->sts_reason).why);
		cli_print_text(
		    out, "try", advice_for(verdict->sts_reason).what);
	}
}

static void
print_addresses(FILE *out, const struct host_facts *host)
{
	cli_print_part(out, "addresses");
	if (host->address_count == 0) {
		fprintf(out, "A %s\n", lookup_text(&host->a));
		cli_print_part(out, "");
		fprintf(out, "AAAA %s\n", lookup_text(&host->aaaa));
	}
	for (size_t i = 0; i < host->address_count; i++) {
		const struct lookup *lookup =
		    strchr(host->addresses[i].text, ':') == NULL ? &host->a
								 : &host->aaaa;

		if (i > 0)
			cli_print_part(out, "");
		fprintf(out, "%s (%s)\n", host->addresses[i].text,
		    lookup_text(lookup));
	}
	if (strcmp(host->expanded, host->name) != 0) {
		cli_print_part(out, "");
		fprintf(out, "the name is an alias of %s\n", host->expanded);
	}
	if (!lookup_failed(&host->tlsa))
		cli_print_detail(out, "", host->detail);
}

static bool
is_matched(const struct host_verdict *judged, size_t record)
{
	for (size_t i = 0; i < judged->address_count; i++)
		if (judged->addresses[i].matched == (int)record)
			return true;
	return false;
}

/* Whether certificates were held against the records. */
static bool
was_compared(const struct host_facts *host, const struct host_verdict *judged)
{
	for (size_t i = 0; i < host->address_count; i++)
		if (host->addresses[i].probe != NULL &&
		    host->addresses[i].probe->outcome == PROBE_TLS)
			return judged->dane == DANE_STATE_FAIL ||
			       judged->dane == DANE_STATE_PASS;
	return false;
}

static const char *
record_text(
    const struct host_facts *host, const struct host_verdict *judged, size_t i)
{
	const struct tlsa *record = &host->records.records[i];

	if (is_matched(judged, i))
		return "matches";
	if (!record->usable)
		return "not usable";
	if (!record->considered)
		return "weaker digest";
	return was_compared(host, judged) ? "no match" : "";
}

static void
print_tlsa(
    FILE *out, const struct host_facts *host, const struct host_verdict *judged)
{
	cli_print_part(out, "TLSA");
	if (host->records.count == 0) {
		fprintf(out, "%s\n", lookup_text(&host->tlsa));
		if (lookup_failed(&host->tlsa))
			cli_print_detail(out, "", host->detail);
		return;
	}
	if (strcmp(host->base_domain, host->name) != 0) {
		fprintf(out, "at %s\n", host->base_domain);
		cli_print_part(out, "");
	}
	for (size_t i = 0; i < host->records.count; i++) {
		const struct tlsa *record = &host->records.records[i];
		const char *word = record_text(host, judged, i);
		char hex[HEX_SHOWN + 1];

		if (i > 0)
			cli_print_part(out, "");
		text_hex(hex, sizeof(hex), record->data, record->size);
		fprintf(out, "%u %u %u %s%s%s%s\n", record->usage,
		    record->selector, record->mtype, hex,
		    2 * record->size >= sizeof(hex) ? "..." : "",
		    word[0] == '\0' ? "" : "  ", word);
	}
}

static void
print_date(FILE *out, const char *word, time_t at)
{
	char date[32];
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL &&
	    strftime(date, sizeof(date), "%Y-%m-%d", &tm) != 0)
		fprintf(out, ", %s %s", word, date);
}

static void
print_certificate(FILE *out, const struct x509_chain *chain)
{
	const char *subject = x509_subject(chain, 0);
	time_t now = clock_wall_s();

	cli_print_part(out, "");
	fprintf(out, "%.42s", subject[0] == '\0' ? "(no subject)" : subject);
	if (x509_not_before(chain, 0) > now)
		print_date(out, "not before", x509_not_before(chain, 0));
	else
		print_date(out,
		    x509_not_after(chain, 0) < now ? "expired" : "until",
		    x509_not_after(chain, 0));
	fprintf(out, ", chain of %zu\n", x509_count(chain));
}

/* What a TLSA record should hold for this certificate, cut as those are. */
static void
print_key(FILE *out, const struct x509_chain *chain)
{
	char hex[HEX_SHOWN + 1];
	uint8_t digest[32];

	x509_sha256(x509_spki(chain, 0), digest);
	text_hex(hex, sizeof(hex), digest, sizeof(digest));
	cli_print_part(out, "");
	fprintf(out, "its key is 3 1 1 %s...\n", hex);
}

/* Detail that the certificate itself shows is not told again. */
static void
print_probe(FILE *out, const struct probe_facts *probe,
    const struct address_verdict *judged)
{
	AUTO(x509_chain)
	struct x509_chain *chain =
	    probe->outcome == PROBE_TLS
		? x509_chain_new(probe->certs, probe->cert_count, NULL)
		: NULL;

	if (chain == NULL) {
		cli_print_detail(out, "", judged->detail);
		return;
	}
	print_certificate(out, chain);
	if (judged->reason == REASON_VALIDATION_FAILURE)
		print_key(out, chain);
	else if (judged->reason == REASON_CERTIFICATE_NOT_TRUSTED ||
		 judged->sts_reason == REASON_CERTIFICATE_NOT_TRUSTED)
		cli_print_detail(out, "", judged->detail);
}

static void
print_probes(
    FILE *out, const struct host_facts *host, const struct host_verdict *judged)
{
	for (size_t i = 0; i < host->address_count; i++) {
		const struct probe_facts *probe = host->addresses[i].probe;
		enum reason reason = judged->addresses[i].reason;

		cli_print_part(out, i == 0 ? "probe" : "");
		fprintf(out, "%s: ", host->addresses[i].text);
		if (probe == NULL) {
			fprintf(out, "not probed\n");
			continue;
		}
		fprintf(out, "%s%s%s\n", probe->tls,
		    probe->tls[0] == '\0' ? "" : ", ", reason_text(reason));
		print_probe(out, probe, &judged->addresses[i]);
	}
}

static void
print_host_rule(FILE *out, const struct rule *rule)
{
	char line[LIMIT_CONF_LINE];

	if (rule == NULL || !rule_is_of_host(rule))
		return;
	destinations_print(rule, line, sizeof(line));
	cli_print_part(out, "rule");
	fprintf(out, "%s\n", line);
}

static void
print_hosts(FILE *out, const struct check *check)
{
	for (size_t i = 0; i < check->verdict->host_count; i++) {
		const struct host_facts *host = &check->facts->hosts[i];
		const struct host_verdict *judged = &check->verdict->hosts[i];

		cli_print_label(out, "host");
		fprintf(out, "%s: %s\n", host->name,
		    host_outcome_text(judged->outcome));
		print_host_rule(out, judged->rule);
		print_addresses(out, host);
		print_tlsa(out, host, judged);
		print_probes(out, host, judged);
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
	fputc('\n', out);
	cli_print_label(out, "verdict");
	fprintf(out, "%s%s%s: %s", colour ? colour_of(verdict->result) : "",
	    result_text(verdict->result), colour ? "\033[0m" : "",
	    reason_text(verdict->reason));
	if (verdict->mx != NULL)
		fprintf(out, ", %s", verdict->mx);
	fputc('\n', out);
	cli_print_label(out, "");
	fprintf(out, "policy %s, level %s\n", policy_type_text(verdict->policy),
	    level_text(verdict->level));
}

/* Advice, with the domain in the place of DOMAIN. */
static void
print_advice(
    FILE *out, const char *name, const char *text, const struct check *check)
{
	const char *place = strstr(text, "DOMAIN");
	char line[1024];

	if (text[0] == '\0')
		return;
	if (place == NULL)
		snprintf(line, sizeof(line), "%s", text);
	else
		snprintf(line, sizeof(line), "%.*s%s%s", (int)(place - text),
		    text, check->domain, place + strlen("DOMAIN"));
	cli_print_text(out, name, line);
}

/* Beside the reason: who takes the mail after all, what testing hides, and
 * that MTA-STS might have more to say. */
static void
print_why(FILE *out, const struct check *check, const struct advice *advice)
{
	const struct verdict *verdict = check->verdict;

	print_advice(out, "why", advice->why, check);
	if (verdict->result == RESULT_SOFTFAIL &&
	    verdict->reason != REASON_STS_TESTING)
		cli_print_text(
		    out, "", "Another host or address takes the mail.");
	if (verdict->reason == REASON_STS_TESTING &&
	    verdict->sts_reason != REASON_OK)
		print_advice(
		    out, "", advice_for(verdict->sts_reason).why, check);
	if (verdict->detail != NULL && verdict->host_count == 0)
		cli_print_detail(out, "detail", verdict->detail);
}

/* Domains that posternd does not look at are looked at here all the same. */
static const char *
milter_text(const struct cli_view *view, const struct check *check)
{
	const struct settings *settings = view->settings;
	enum action action = action_for(settings, check->verdict);

	if (settings_lists_domain(&settings->internal_domains, check->domain))
		return "does not look at it: InternalDomains lists it";
	if (settings_lists_domain(&settings->exempt_domains, check->domain))
		return "does not look at it: ExemptDomains lists it";
	if (check->verdict->result == RESULT_SKIP)
		return "does not look at such addresses";
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

/* A line of the policy table: Postfix looks it up by the next hop. */
static void
print_postfix(
    FILE *out, const struct settings *settings, const struct check *check)
{
	char hop[NEXTHOP_TEXT_SIZE], value[1024], line[2048];

	if (check->facts->trouble != TROUBLE_NONE)
		return;
	nexthop_print(&check->facts->next_hop, hop);
	cli_postfix_policy(check, value, sizeof(value));
	if (value[0] != '\0') {
		snprintf(line, sizeof(line), "%s %s", hop, value);
		cli_print_text(out, "postfix", line);
	}
	cli_postfix_finger(settings, check, line, sizeof(line));
	if (line[0] != '\0')
		cli_print_text(out, "reproduce", line);
}

void
cli_text_check(FILE *out, const struct cli_view *view,
    const struct check *check, const char *asked)
{
	const struct verdict *verdict = check->verdict;
	struct advice advice = advice_of(verdict, check->facts);

	fprintf(out, "%s%s%s\n", view->colour ? "\033[1m" : "",
	    check->domain[0] == '\0' ? asked : check->domain,
	    view->colour ? "\033[0m" : "");
	print_resolver(out, view->settings);
	if (check->facts->trouble == TROUBLE_NONE) {
		print_domain_rule(out, view->rules, view->level, check);
		print_next_hop(out, check->facts);
		print_mx(out, check->facts);
		print_mta_sts(out, &check->facts->sts);
		print_hosts(out, check);
	}
	print_verdict(out, verdict, view->colour);
	print_why(out, check, &advice);
	print_advice(out, "who", advice.who, check);
	print_advice(out, "try", advice.what, check);
	cli_print_text(out, "posternd", milter_text(view, check));
	print_postfix(out, view->settings, check);
}

void
cli_text_line(FILE *out, const struct cli_view *view, const struct check *check,
    const char *asked)
{
	const struct verdict *verdict = check->verdict;
	const char *policy = verdict->policy == POLICY_TYPE_NONE
				 ? "-"
				 : policy_type_text(verdict->policy);

	fprintf(out, "%s%-9s%s  %-5s  %-34s  %s\n",
	    view->colour ? colour_of(verdict->result) : "",
	    result_text(verdict->result), view->colour ? "\033[0m" : "", policy,
	    check->domain[0] == '\0' ? asked : check->domain,
	    reason_text(verdict->reason));
}
