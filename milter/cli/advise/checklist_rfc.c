/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/cli/advise/checklist.h"

enum { WEEK_S = 604800, YEAR_S = 31557600 };

static const struct sts_policy *
policy_seen(const struct sight *sight)
{
	const struct policy_facts *policy = sight->facts->sts.policy;

	return policy == NULL ? NULL : policy->policy;
}

/* R2 */
static void
check_tlsa_usable(const struct sight *sight, struct check_answer *answer)
{
	size_t records = 0;

	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct host_facts *host = &sight->facts->hosts[i];

		for (size_t j = 0; j < host->records.count; j++) {
			const struct tlsa *record = &host->records.records[j];

			records++;
			if (record->usable)
				continue;
			check_say(answer, CHECK_FAIL, "%s: %u %u %u: %s",
			    host->name, record->usage, record->selector,
			    record->mtype, tlsa_fault(record));
			return;
		}
	}
	if (check_no_answer(sight, answer))
		return;
	if (records == 0)
		check_say(
		    answer, CHECK_NOT_APPLICABLE, "there are no TLSA records");
	else
		check_say(answer, CHECK_PASS, "all of %zu records", records);
}

/* R2: the selector 0 changes with each renewal. */
static void
check_tlsa_renewal(const struct sight *sight, struct check_answer *answer)
{
	check_tlsa_usable(sight, answer);
	if (answer->result != CHECK_PASS)
		return;
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct host_facts *host = &sight->facts->hosts[i];

		for (size_t j = 0; j < host->records.count; j++)
			if (host->records.records[j].selector == TLSA_CERT) {
				check_say(answer, CHECK_WARNING,
				    "%s: %u 0 %u is of a certificate, and "
				    "fails when it is renewed",
				    host->name, host->records.records[j].usage,
				    host->records.records[j].mtype);
				return;
			}
	}
}

/* R5 */
static void
check_all_zones(const struct sight *sight, struct check_answer *answer)
{
	check_domain_signed(sight, answer);
	if (answer->result == CHECK_PASS)
		check_hosts_signed(sight, answer);
}

/* A record with what is told of one that is valid, and why another is not. */
static void
say_record(struct check_answer *answer, enum standing_record record,
    const char *valid, const char *why)
{
	switch (record) {
	case STANDING_RECORD_VALID:
		check_say(answer, CHECK_PASS, "%s", valid);
		return;
	case STANDING_RECORD_INVALID:
		check_say(answer, CHECK_FAIL, "%s", why);
		return;
	case STANDING_RECORD_NONE:
		check_say(answer, CHECK_FAIL, "there is none");
		return;
	case STANDING_RECORD_ERROR:
		break;
	}
	check_say(answer, CHECK_NOT_TESTED, "the lookup failed");
}

/* R6 */
static void
check_sts_record(const struct sight *sight, struct check_answer *answer)
{
	char valid[LIMIT_STS_ID + 4];

	snprintf(valid, sizeof(valid), "id=%s", sight->facts->sts.record.id);
	say_record(
	    answer, sight->standing.sts_record, valid, sight->standing.sts_why);
}

/* R7 */
static void
check_sts_fetch(const struct sight *sight, struct check_answer *answer)
{
	const struct policy_facts *policy = sight->facts->sts.policy;

	switch (sight->standing.sts_policy) {
	case STANDING_POLICY_FETCHED:
		check_say(answer, CHECK_PASS,
		    "https://mta-sts.%s/.well-known/mta-sts.txt",
		    sight->facts->domain);
		return;
	case STANDING_POLICY_FAILED:
		check_say(answer, CHECK_FAIL, "%s: %s",
		    reason_text(sight->standing.sts_fault), policy->detail);
		return;
	case STANDING_POLICY_SKIPPED:
		check_say(answer, CHECK_NOT_TESTED, "it was not fetched");
		return;
	case STANDING_POLICY_NONE:
		break;
	}
	check_say(answer, CHECK_NOT_APPLICABLE, "no record tells of one");
}

static bool
covers_any(const struct sight *sight, const char *pattern)
{
	char *patterns[1] = {NULL};
	struct sts_policy one = {.mx_count = 1, .mx = patterns};
	char copy[LIMIT_DOMAIN_SIZE + 2];

	if (strlen(pattern) >= sizeof(copy))
		return false;
	memcpy(copy, pattern, strlen(pattern) + 1);
	patterns[0] = copy;
	for (size_t i = 0; i < sight->facts->host_count; i++)
		if (sts_policy_names(&one, sight->facts->hosts[i].name))
			return true;
	return false;
}

static void
say_uncovered(const struct sight *sight, const struct sts_policy *policy,
    struct check_answer *answer)
{
	char names[SIGHT_NAMES_SIZE];
	struct text text;

	text_init(&text, names, sizeof(names));
	for (size_t i = 0; i < sight->facts->host_count; i++)
		if (!sts_policy_names(policy, sight->facts->hosts[i].name))
			text_addf(&text, "%s%s", text.len == 0 ? "" : ", ",
			    sight->facts->hosts[i].name);
	check_say(answer, CHECK_FAIL, "hosts covered: %s; not %s",
	    standing_share_text(sight->standing.sts_cover), names);
}

/* R8 */
static void
check_sts_cover(const struct sight *sight, struct check_answer *answer)
{
	const struct sts_policy *policy = policy_seen(sight);

	if (policy == NULL || policy->mode == STS_MODE_NONE) {
		check_say(answer, CHECK_NOT_APPLICABLE, "there is no policy");
		return;
	}
	if (check_no_hosts(sight, answer))
		return;
	if (sight->standing.sts_cover != STANDING_ALL) {
		say_uncovered(sight, policy, answer);
		return;
	}
	for (size_t i = 0; i < policy->mx_count; i++)
		if (!covers_any(sight, policy->mx[i])) {
			check_say(answer, CHECK_WARNING,
			    "mx: %s covers no MX host", policy->mx[i]);
			return;
		}
	check_say(answer, CHECK_PASS, "%zu hosts by %zu patterns",
	    sight->facts->host_count, policy->mx_count);
}

/* R9 */
static void
check_sts_enforce(const struct sight *sight, struct check_answer *answer)
{
	const struct sts_policy *policy = policy_seen(sight);

	if (policy == NULL) {
		check_say(answer, CHECK_NOT_APPLICABLE, "there is no policy");
		return;
	}
	check_say(answer,
	    policy->mode == STS_MODE_ENFORCE && policy->max_age_s >= WEEK_S &&
		    policy->max_age_s <= YEAR_S
		? CHECK_PASS
		: CHECK_WARNING,
	    "mode: %s, max_age: %u", sts_mode_text(policy->mode),
	    policy->max_age_s);
}

/* R10: of two looks, those of posternd before and this one */
static void
check_sts_renewal(const struct sight *sight, struct check_answer *answer)
{
	const struct sight_memory *memory = &sight->memory;
	bool same_id = memory->past.same_id_s != 0;
	time_t changed =
	    same_id ? memory->past.same_id_s : memory->past.renewed_s;
	char seen[CLOCK_PRINT_SIZE];

	clock_print(changed, seen);
	if (policy_seen(sight) == NULL)
		check_say(answer, CHECK_NOT_APPLICABLE, "there is no policy");
	else if (!memory->any)
		check_say(answer, CHECK_NOT_TESTED, "%s", memory->why);
	else if (changed == 0)
		check_say(answer, CHECK_NOT_APPLICABLE,
		    "posternd here has seen no change of the policy");
	else if (same_id)
		check_say(answer, CHECK_FAIL,
		    "it changed under the same id: seen %s", seen);
	else
		check_say(answer, CHECK_PASS,
		    "it changed with a new id: seen %s", seen);
}

/* R11 */
static void
check_tlsrpt(const struct sight *sight, struct check_answer *answer)
{
	const struct tlsrpt_record *record = &sight->extra.tlsrpt_record;

	say_record(answer, sight->standing.tlsrpt_record, record->rua[0].target,
	    sight->standing.tlsrpt_why);
}

/* R12 */
static void
check_tls_public(const struct sight *sight, struct check_answer *answer)
{
	check_tls_version(sight, answer);
	if (answer->result == CHECK_PASS)
		check_certificates(sight, answer);
}

/* R13 */
static void
check_no_alias(const struct sight *sight, struct check_answer *answer)
{
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct host_facts *host = &sight->facts->hosts[i];

		if (strcmp(host->name, host->expanded) != 0) {
			check_say(answer, CHECK_WARNING, "%s is an alias of %s",
			    host->name, host->expanded);
			return;
		}
	}
	if (!check_no_hosts(sight, answer))
		check_say(answer, CHECK_PASS, "no MX host is an alias");
}

/* R14 */
static void
check_null_mx(const struct sight *sight, struct check_answer *answer)
{
	if (standing_takes_mail(&sight->standing))
		check_say(answer, CHECK_NOT_APPLICABLE, "it takes mail");
	else if (sight->standing.mx == STANDING_MX_NULL)
		check_say(answer, CHECK_PASS, "null MX");
	else if (sight->standing.mx == STANDING_MX_ERROR)
		check_say(answer, CHECK_NOT_TESTED, "the MX lookup failed");
	else
		check_say(answer, CHECK_FAIL, "%s, and no null MX",
		    standing_mx_text(sight->standing.mx));
}

/* R15 */
static void
check_both_agree(const struct sight *sight, struct check_answer *answer)
{
	const struct sts_policy *policy = policy_seen(sight);

	if (policy == NULL || policy->mode == STS_MODE_NONE) {
		check_say(
		    answer, CHECK_NOT_APPLICABLE, "not both are published");
		return;
	}
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct host_facts *host = &sight->facts->hosts[i];

		if (standing_host_has_dane(host) &&
		    !sts_policy_names(policy, host->name)) {
			check_say(answer, CHECK_FAIL,
			    "%s has TLSA records, and is not in the policy",
			    host->name);
			return;
		}
	}
	if (check_no_answer(sight, answer))
		return;
	if (sight->standing.dane_hosts == 0)
		check_say(
		    answer, CHECK_NOT_APPLICABLE, "not both are published");
	else
		check_say(answer, CHECK_PASS,
		    "all hosts with TLSA are in the policy");
}

#define DNS_LOOKUP "looked up with DNSSEC"
#define CONNECTED "connected to every address of every MX host"

static const struct check_spec specs[] = {
    {"R1", CHECK_SHOULD, "TLSA records at every MX host", DNS_LOOKUP,
	check_tlsa_everywhere, false},
    {"R2", CHECK_MUST, "all TLSA records can be used, and last", DNS_LOOKUP,
	check_tlsa_renewal, false},
    {"R3", CHECK_MUST, "TLSA records match at every address", CONNECTED,
	check_tlsa_matches, false},
    {"R4", CHECK_SHOULD, "a second TLSA record, for the next key", DNS_LOOKUP,
	check_tlsa_spare, false},
    {"R5", CHECK_SHOULD, "zones of the domain and of its MX hosts are secure",
	DNS_LOOKUP, check_all_zones, false},
    {"R6", CHECK_SHOULD, "one valid record at _mta-sts", DNS_LOOKUP,
	check_sts_record, false},
    {"R7", CHECK_MUST, "the MTA-STS policy can be fetched",
	"fetched by HTTPS, with the certificate checked", check_sts_fetch,
	false},
    {"R8", CHECK_MUST, "the policy covers all MX hosts, and nothing else",
	"MX records beside the policy", check_sts_cover, false},
    {"R9", CHECK_SHOULD, "mode enforce, max_age of a week or more",
	"read in the policy", check_sts_enforce, false},
    {"R10", CHECK_SHOULD, "a new id whenever the policy changes",
	"compared with what posternd here has kept; without that, compare id "
	"and policy before and after a change",
	check_sts_renewal, false},
    {"R11", CHECK_SHOULD, "TLS reports are asked for", DNS_LOOKUP, check_tlsrpt,
	false},
    {"R12", CHECK_SHOULD,
	"TLS 1.2, and a public certificate with name and dates", CONNECTED,
	check_tls_public, false},
    {"R13", CHECK_SHOULD, "no MX host is an alias (RFC 2181)", DNS_LOOKUP,
	check_no_alias, false},
    {"R14", CHECK_SHOULD, "a null MX where no mail is taken", DNS_LOOKUP,
	check_null_mx, true},
    {"R15", CHECK_MUST, "DANE and MTA-STS do not contradict",
	"TLSA records beside the policy", check_both_agree, false},
};

void
checklist_add_rfc(struct checklist *list, const struct sight *sight)
{
	checklist_run(
	    list, STANDARD_RFC, specs, sizeof(specs) / sizeof(specs[0]), sight);
}
