/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/judge/chain.h"
#include "common/proto/public_suffix.h"
#include "milter/cli/survey/fetch_code.h"

static const char *
word_of_security(const struct lookup *lookup)
{
	if (lookup->state == LOOKUP_BOGUS)
		return "bogus";
	if (lookup->state == LOOKUP_NOT_ASKED || lookup_failed(lookup))
		return "error";
	return lookup->secure ? "secure" : "insecure";
}

static const char *
word_of_fault(enum reason reason)
{
	return reason == REASON_OK ? "" : reason_text(reason);
}

static void
record_names(struct record *record, const struct facts *facts,
    const struct providers *providers)
{
	const char **fields = record->row.fields;
	const char *dot = strrchr(facts->domain, '.');
	const struct provider *provider = NULL;
	char own[LIMIT_DOMAIN_SIZE];
	struct text text;

	text_copy(record->domain, sizeof(record->domain), facts->domain);
	text_copy(record->tld, sizeof(record->tld),
	    dot == NULL ? facts->domain : dot + 1);
	text_init(&text, record->hosts, sizeof(record->hosts));
	for (size_t i = 0; i < facts->host_count; i++) {
		const char *host = facts->hosts[i].name;

		text_addf(&text, "%s%s", i == 0 ? "" : " ", host);
		record->own_host |= strcmp(host, facts->domain) == 0;
	}
	fields[SURVEY_CLASS] = "unknown";
	if (facts->host_count > 0) {
		if (facts->hosts[0].literal)
			text_copy(record->site, sizeof(record->site),
			    facts->hosts[0].name);
		else
			public_suffix_site(facts->hosts[0].name, record->site);
		public_suffix_site(facts->domain, own);
		provider = providers_find(providers, facts->hosts[0].name);
		fields[SURVEY_CLASS] = strcmp(record->site, own) == 0
					   ? "self"
					   : provider_class_text(provider);
	}
	text_copy(record->provider, sizeof(record->provider),
	    provider == NULL ? "" : provider->name);
	snprintf(record->mx_count, sizeof(record->mx_count), "%zu",
	    facts->host_count);
	record->row.domain = record->domain;
	fields[SURVEY_TLD] = record->tld;
	fields[SURVEY_SITE] = record->site;
	fields[SURVEY_HOSTS] = record->hosts;
	fields[SURVEY_PROVIDER] = record->provider;
	fields[SURVEY_MX_COUNT] = record->mx_count;
}

/* As many as there is room for: no MX set has so many hosts. */
static void
record_patterns(struct record *record, const struct sts_policy *policy)
{
	struct text text;

	text_init(&text, record->patterns, sizeof(record->patterns));
	for (size_t i = 0; i < policy->mx_count; i++) {
		if (text.len + strlen(policy->mx[i]) + 1 >=
		    sizeof(record->patterns))
			break;
		text_addf(&text, "%s%s", i == 0 ? "" : " ", policy->mx[i]);
	}
	record->row.fields[SURVEY_STS_MX] = record->patterns;
}

static void
record_sts(struct record *record, const struct facts *facts,
    const struct standing *standing)
{
	const struct policy_facts *policy = facts->sts.policy;
	const char **fields = record->row.fields;

	text_copy(record->id, sizeof(record->id), facts->sts.record.id);
	fields[SURVEY_STS_RECORD] = standing_record_text(standing->sts_record);
	fields[SURVEY_STS_WHY] = standing->sts_why;
	fields[SURVEY_STS_ID] = record->id;
	fields[SURVEY_STS_POLICY] = standing_policy_text(standing->sts_policy);
	fields[SURVEY_STS_FETCH] = fetch_code(policy);
	fields[SURVEY_STS_FAULT] = word_of_fault(standing->sts_fault);
	fields[SURVEY_STS_COVER] = standing_share_text(standing->sts_cover);
	fields[SURVEY_STS_HEALTH] = standing_health_text(standing->sts_health);
	if (standing->sts_policy != STANDING_POLICY_FETCHED)
		return;
	snprintf(record->max_age, sizeof(record->max_age), "%" PRIu32,
	    policy->policy->max_age_s);
	record_patterns(record, policy->policy);
	fields[SURVEY_STS_WILDCARD] = policy->wildcard ? "1" : "0";
	fields[SURVEY_STS_MODE] = sts_mode_text(standing->sts_mode);
	fields[SURVEY_STS_MAX_AGE] = record->max_age;
}

/* Why mail would be queued, by who sends it. */
static void
record_whys(struct record *record, const struct standing *standing)
{
	struct text text;

	text_init(&text, record->whys, sizeof(record->whys));
	for (int i = 0; i < OUTLOOK_SENDERS; i++) {
		bool queued = standing->ends[i] == OUTLOOK_QUEUED ||
			      standing->ends[i] == OUTLOOK_LOOKUP;

		text_addf(&text, "%s%s", i == 0 ? "" : " ",
		    queued ? reason_text(standing->reasons[i]) : "-");
	}
	record->row.fields[SURVEY_WHYS] = record->whys;
}

static void
record_rest(struct record *record, const struct check *check,
    const struct standing *standing)
{
	const char **fields = record->row.fields;

	fields[SURVEY_MX_STATE] = standing_mx_text(standing->mx);
	fields[SURVEY_MX_SECURE] = standing->mx_secure ? "1" : "0";
	fields[SURVEY_DNSSEC] = word_of_security(&check->facts->mx);
	fields[SURVEY_HOSTS_SECURE] =
	    standing_share_text(standing->hosts_secure);
	record->dane = standing->dane;
	record->mx = check->facts->mx;
	fields[SURVEY_DANE] = standing_dane_text(standing->dane);
	fields[SURVEY_DANE_HEALTH] =
	    standing_health_text(standing->dane_health);
	fields[SURVEY_DANE_FAULT] = word_of_fault(standing->dane_fault);
	fields[SURVEY_PROTECTION] =
	    standing_protection_text(standing->protection);
	for (int i = 0; i < OUTLOOK_SENDERS; i++)
		fields[SURVEY_MAY + i] = outlook_end_text(standing->ends[i]);
	fields[SURVEY_CUT] = check->facts->more_hosts ? "1" : "0";
	record_whys(record, standing);
	fields[SURVEY_RESULT] = result_text(check->verdict->result);
	fields[SURVEY_REASON] = reason_text(check->verdict->reason);
	fields[SURVEY_DEPTH] = check->facts->probed ? "probe" : "dns";
}

static void
set_exempt(struct record *record)
{
	record->row.fields[SURVEY_RESULT] = result_text(RESULT_SKIP);
	record->row.fields[SURVEY_REASON] = reason_text(REASON_EXEMPT);
	record->row.failing = false;
}

/* What a survey knows of a probe beside what it showed. */
static void
record_probes(struct record *record, const struct facts *facts)
{
	const char **fields = record->row.fields;
	struct text text;
	bool inferred = false, spared = false;

	text_init(&text, record->inferred_at, sizeof(record->inferred_at));
	for (size_t i = 0; i < facts->host_count; i++)
		for (size_t j = 0; j < facts->hosts[i].address_count; j++) {
			const struct address_facts *address =
			    &facts->hosts[i].addresses[j];

			if (address->probe == NULL)
				continue;
			record->put_off |= address->probe->put_off;
			spared |= address->probe->spared;
			if (!address->probe->inferred)
				continue;
			text_addf(
			    &text, "%s%s", inferred ? " " : "", address->text);
			inferred = true;
		}
	fields[SURVEY_INFERRED] = inferred ? "1" : "0";
	fields[SURVEY_INFERRED_AT] = record->inferred_at;
	if (spared)
		set_exempt(record);
}

void
record_make(struct record *record, const struct check *check,
    const struct x509_store *roots, const struct providers *providers)
{
	const struct standing_extra nothing = {.own_tlsa = false};
	struct standing standing =
	    standing_make(check->facts, &nothing, roots, check->judged_s);

	memset(record, 0, sizeof(*record));
	for (int i = 0; i < SURVEY_FIELDS; i++)
		record->row.fields[i] = "";
	record->row.time = check->judged_s;
	record->row.failing = check->verdict->result == RESULT_TEMPERROR;
	record_names(record, check->facts, providers);
	record_sts(record, check->facts, &standing);
	record_rest(record, check, &standing);
	record_probes(record, check->facts);
}

void
record_spare(struct record *record, const char *domain,
    const struct x509_store *roots, const struct providers *providers)
{
	AUTO(facts) struct facts *facts = facts_new();
	AUTO(verdict) struct verdict *verdict = NULL;
	struct check check = {
	    .domain = domain, .facts = facts, .judged_s = clock_wall_s()};

	text_copy(facts->domain, sizeof(facts->domain), domain);
	facts->trouble = TROUBLE_NAME_INVALID; /* nothing was looked up */
	verdict = outlook_judge(facts, OUTLOOK_AUTO, roots, check.judged_s);
	check.verdict = verdict;
	record_make(record, &check, roots, providers);
	set_exempt(record);
}

static void
record_reports(struct record *record, const struct further_answers *answers)
{
	const char *why = answers->reports_why;

	snprintf(record->rua, sizeof(record->rua), "%s%s%s",
	    answers->by_mail ? "mailto" : "",
	    answers->by_mail && answers->by_https ? " " : "",
	    answers->by_https ? "https" : "");
	record->row.fields[SURVEY_TLSRPT] =
	    standing_record_text(answers->reports);
	record->row.fields[SURVEY_TLSRPT_WHY] = why == NULL ? "" : why;
	record->row.fields[SURVEY_RUA] = record->rua;
}

/* How the MX records are, or their denial, the zone is; its keys are not asked
 * for. */
static const char *
chain_of(const struct record *record, const struct further_answers *answers)
{
	struct chain_facts facts = {.soa = record->mx, .ds = answers->ds};

	if (lookup_denied(&record->mx))
		facts.soa.state = LOOKUP_DATA;
	return chain_state_text(chain_state_of(&facts));
}

void
record_further(
    struct record *record, const struct further_answers *answers, bool extra)
{
	struct standing_extra beside = {.insecure_tlsa = answers->insecure_tlsa,
	    .own_tlsa = answers->own_tlsa && !record->own_host};

	record_reports(record, answers);
	record->row.fields[SURVEY_DANE] =
	    standing_dane_text(standing_dane_beside(record->dane, &beside));
	if (!extra)
		return;
	text_copy(
	    record->dns_host, sizeof(record->dns_host), answers->dns_host);
	record->row.fields[SURVEY_CHAIN] = chain_of(record, answers);
	record->row.fields[SURVEY_DNS_HOST] = record->dns_host;
}
