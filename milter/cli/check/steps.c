/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/check/steps.h"

#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/reasons.h"
#include "milter/cli/check/sight.h"
#include "milter/cli/print.h"
#include "milter/conf/destinations.h"

enum {
	HEX_SHOWN = 32,
	SUBJECT_BESIDE = 30, /* octets that leave room for dates */
};

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
	return "announced, but it cannot be fetched";
}

void
cli_steps_mta_sts(FILE *out, const struct sts_facts *sts)
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
		else if (sts->record.why != NULL && sts->record.why[0] != '\0')
			cli_print_text(out, "", sts->record.why);
	} else {
		fprintf(out, "%s, id %s, max_age %us, %s\n",
		    sts_mode_text(policy->mode), sts->policy->id,
		    policy->max_age_s,
		    sts->cached ? "kept from before" : "fetched now");
		if (sts->failed != POLICY_NOT_FETCHED &&
		    sts->failed != POLICY_FETCHED) {
			cli_print_label(out, "");
			fprintf(out, "a newer one cannot be fetched: %s\n",
			    reason_text(policy_fetch_reason(sts->failed)));
		}
		for (size_t i = 0; i < policy->mx_count; i++) {
			cli_print_label(out, "");
			fprintf(out, "mx %s\n", policy->mx[i]);
		}
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
		    host->addresses[i].probe->cert_count > 0)
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
print_tlsa_step(
    FILE *out, const struct tlsa *record, const char *word, bool verbose)
{
	size_t whole = 2 * record->size + 1;
	size_t size = verbose || whole < HEX_SHOWN + 1 ? whole : HEX_SHOWN + 1;
	char *hex = xmalloc(size);

	text_hex(hex, size, record->data, record->size);
	fprintf(out, "%u %u %u %s%s%s%s\n", record->usage, record->selector,
	    record->mtype, hex, size < whole ? "..." : "",
	    word[0] == '\0' ? "" : "  ", word);
	free(hex);
}

static void
print_tlsa(FILE *out, const struct host_facts *host,
    const struct host_verdict *judged, bool verbose)
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
		if (i > 0)
			cli_print_part(out, "");
		print_tlsa_step(out, &host->records.records[i],
		    record_text(host, judged, i), verbose);
	}
}

static void
print_date(FILE *out, const char *word, time_t at)
{
	char date[32];
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL &&
	    strftime(date, sizeof(date), "%Y-%m-%d", &tm) != 0)
		fprintf(out, "%s %s, ", word, date);
}

/* A long one has the line to itself. */
static void
print_subject(FILE *out, const char *subject)
{
	cli_print_part(out, "");
	fprintf(out, "%.60s", subject[0] == '\0' ? "(no subject)" : subject);
	if (strlen(subject) <= SUBJECT_BESIDE) {
		fputs(", ", out);
		return;
	}
	fputc('\n', out);
	cli_print_part(out, "");
}

static void
print_certificate(FILE *out, const struct x509_chain *chain)
{
	time_t now = clock_wall_s();

	print_subject(out, x509_subject(chain, 0));
	if (x509_not_before(chain, 0) > now)
		print_date(out, "not before", x509_not_before(chain, 0));
	else
		print_date(out,
		    x509_not_after(chain, 0) < now ? "expired" : "until",
		    x509_not_after(chain, 0));
	fprintf(out, "chain of %zu\n", x509_count(chain));
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
    const struct address_verdict *judged, bool verbose)
{
	AUTO(x509_chain)
	struct x509_chain *chain =
	    probe->cert_count > 0
		? x509_chain_new(probe->certs, probe->cert_count, NULL)
		: NULL;

	if (chain == NULL) {
		cli_print_detail(out, "", judged->detail);
		return;
	}
	print_certificate(out, chain);
	if (verbose)
		cli_sight_chain(out, chain);
	else if (judged->reason == REASON_VALIDATION_FAILURE)
		print_key(out, chain);
	else if (judged->reason == REASON_CERTIFICATE_NOT_TRUSTED ||
		 judged->sts_reason == REASON_CERTIFICATE_NOT_TRUSTED)
		cli_print_detail(out, "", judged->detail);
}

static void
print_probes(FILE *out, const struct host_facts *host,
    const struct host_verdict *judged, bool verbose)
{
	for (size_t i = 0; i < host->address_count; i++) {
		const struct probe_facts *probe = host->addresses[i].probe;
		enum reason reason = judged->addresses[i].reason;

		cli_print_part(out, i == 0 ? "probe" : "");
		fprintf(out, "%s: ", host->addresses[i].text);
		if (probe == NULL) {
			fprintf(out, "%s\n",
			    reason == REASON_NOT_TRIED
				? "mail does not get to it"
				: "not probed");
			continue;
		}
		fprintf(out, "%s%s%s", probe->tls,
		    probe->tls[0] == '\0' ? "" : ", ", reason_text(reason));
		if (verbose)
			fprintf(out, ", %u ms", probe->ms);
		fputc('\n', out);
		if (verbose)
			cli_sight_session(out, &probe->sight);
		print_probe(out, probe, &judged->addresses[i], verbose);
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

static const char *
colour_of_host(enum host_outcome outcome)
{
	switch (outcome) {
	case HOST_SECURE_DANE:
	case HOST_HALF_DANE:
	case HOST_STS_OK:
		return cli_print_colour(RESULT_PASS);
	case HOST_ENCRYPT_ONLY:
	case HOST_NO_POLICY:
		break;
	case HOST_SKIP:
		return cli_print_colour(RESULT_TEMPERROR);
	case HOST_FAIL:
		return cli_print_colour(RESULT_FAIL);
	}
	return cli_print_colour(RESULT_NONE);
}

/* A host that was not asked may well have a policy, which DNS tells of. */
static const char *
host_text(const struct host_verdict *judged)
{
	return judged->outcome == HOST_NO_POLICY &&
		       judged->reason == REASON_NOT_PROBED
		   ? "not probed"
		   : host_outcome_text(judged->outcome);
}

static void
print_hosts(FILE *out, const struct check *check, const struct cli_view *view)
{
	for (size_t i = 0; i < check->verdict->host_count; i++) {
		const struct host_facts *host = &check->facts->hosts[i];
		const struct host_verdict *judged = &check->verdict->hosts[i];

		cli_print_label(out, "host");
		fprintf(out, "%s: %s%s%s\n", host->name,
		    view->colour ? colour_of_host(judged->outcome) : "",
		    host_text(judged), view->colour ? CLI_PRINT_PLAIN : "");
		print_host_rule(out, judged->rule);
		print_addresses(out, host);
		print_tlsa(out, host, judged, view->verbose);
		print_probes(out, host, judged, view->verbose);
	}
}

void
cli_steps_all(FILE *out, const struct cli_view *view, const struct check *check)
{
	if (view->judged == NULL)
		print_resolver(out, view->settings);
	else
		cli_print_text(out, "facts", view->judged);
	if (check->facts->trouble != TROUBLE_NONE)
		return;
	print_domain_rule(out, view->rules, view->level, check);
	print_next_hop(out, check->facts);
	print_mx(out, check->facts);
	cli_steps_mta_sts(out, &check->facts->sts);
	print_hosts(out, check, view);
}
