/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: the facts are judged once for each kind of sender, and what
 * each host then is tells how DANE and MTA-STS fare.  The words of
 * standing_text are those of postern-json(7).
 */
#include "common/judge/standing.h"

#include <string.h>

#include "common/judge/reasons.h"

/* What the hosts of a kind come to. */
struct host_tally {
	size_t kept, failed;
	enum reason fault; /* of the first that failed */
};

bool
standing_host_has_dane(const struct host_facts *host)
{
	return host->tlsa.state == LOOKUP_DATA && host->tlsa.secure &&
	       tlsa_set_usable(&host->records) > 0;
}

bool
standing_takes_mail(const struct standing *standing)
{
	return standing->mx == STANDING_MX_RECORDS ||
	       standing->mx == STANDING_MX_IMPLICIT;
}

static bool
has_any_address(const struct facts *facts)
{
	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];

		if (host->address_count > 0 || lookup_failed(&host->a) ||
		    lookup_failed(&host->aaaa))
			return true;
	}
	return false;
}

static enum standing_mx
mx_standing(const struct facts *facts)
{
	if (facts->trouble != TROUBLE_NONE || lookup_failed(&facts->mx))
		return STANDING_MX_ERROR;
	if (facts->mx.state == LOOKUP_NXDOMAIN)
		return STANDING_MX_NXDOMAIN;
	if (facts->null_mx)
		return STANDING_MX_NULL;
	if (!has_any_address(facts))
		return STANDING_MX_NO_ADDRESS;
	return facts->mx.state == LOOKUP_DATA ? STANDING_MX_RECORDS
					      : STANDING_MX_IMPLICIT;
}

static enum standing_share
part_of_all(size_t part, size_t whole)
{
	if (whole == 0)
		return STANDING_NA;
	if (part == 0)
		return STANDING_NOTHING;
	return part == whole ? STANDING_ALL : STANDING_SOME;
}

static enum standing_share
secure_hosts(const struct facts *facts)
{
	size_t secure = 0;

	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];

		secure += host->a.secure || host->aaaa.secure;
	}
	return part_of_all(secure, facts->host_count);
}

static bool
has_failed_lookup(const struct host_facts *host)
{
	return lookup_failed(&host->tlsa) || lookup_failed(&host->a) ||
	       lookup_failed(&host->aaaa);
}

/* Records that nobody relies on are of less than any that somebody does. */
enum standing_dane
standing_dane_beside(
    enum standing_dane dane, const struct standing_extra *extra)
{
	if (dane != STANDING_DANE_NONE && dane != STANDING_DANE_ERROR)
		return dane;
	if (extra->insecure_tlsa)
		return STANDING_DANE_INSECURE;
	return extra->own_tlsa ? STANDING_DANE_MISPLACED : dane;
}

/* The first that holds, in the order of what is best. */
static enum standing_dane
dane_standing(
    const struct facts *facts, const struct standing_extra *extra, size_t with)
{
	bool secure = false, insecure = false,
	     failed =
		 facts->trouble != TROUBLE_NONE || lookup_failed(&facts->mx);

	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];

		secure |= host->tlsa.state == LOOKUP_DATA && host->tlsa.secure;
		insecure |=
		    host->tlsa.state == LOOKUP_DATA && !host->tlsa.secure;
		failed |= has_failed_lookup(host);
	}
	if (with > 0 && with == facts->host_count)
		return facts_mx_is_vouched(facts) ? STANDING_DANE_FULL
						  : STANDING_DANE_HALF;
	if (with > 0)
		return STANDING_DANE_PARTIAL;
	if (secure)
		return STANDING_DANE_UNUSABLE;
	if (insecure)
		return STANDING_DANE_INSECURE;
	return standing_dane_beside(
	    failed ? STANDING_DANE_ERROR : STANDING_DANE_NONE, extra);
}

static enum standing_health
tally_health(const struct host_tally *tally)
{
	if (tally->failed == 0)
		return tally->kept == 0 ? STANDING_UNKNOWN : STANDING_OK;
	return tally->kept == 0 ? STANDING_BROKEN : STANDING_DEGRADED;
}

static void
note_fault(struct host_tally *tally, enum reason reason)
{
	if (tally->failed++ == 0)
		tally->fault = reason;
}

/* By what a sender with DANE alone makes of the hosts that have it. */
static void
set_dane_health(struct standing *standing, const struct facts *facts,
    const struct verdict *verdict)
{
	struct host_tally tally = {0, 0, REASON_OK};

	standing->dane_health = STANDING_NO_HEALTH;
	if (standing->dane_hosts == 0)
		return;
	for (size_t i = 0; verdict->hosts != NULL && i < facts->host_count;
	     i++) {
		const struct host_verdict *host = &verdict->hosts[i];

		if (!standing_host_has_dane(&facts->hosts[i]))
			continue;
		if (host->outcome == HOST_FAIL)
			note_fault(&tally, host->reason);
		else if (host->probed && host_is_good(host->outcome))
			tally.kept++;
		if (host->mixed)
			note_fault(&tally, host->mixed_reason);
	}
	standing->dane_health = tally_health(&tally);
	standing->dane_fault = tally.fault;
}

static enum standing_record
sts_record_standing(const struct sts_facts *sts)
{
	if (lookup_failed(&sts->txt))
		return STANDING_RECORD_ERROR;
	switch (sts->record.outcome) {
	case STS_RECORD_VALID:
		return STANDING_RECORD_VALID;
	case STS_RECORD_MANY:
	case STS_RECORD_INVALID:
		return STANDING_RECORD_INVALID;
	case STS_RECORD_ABSENT:
		break;
	}
	return STANDING_RECORD_NONE;
}

/* V41 */
static const char *
sts_record_why(const struct sts_record *record)
{
	if (record->outcome == STS_RECORD_MANY)
		return "multiple";
	if (record->outcome != STS_RECORD_INVALID)
		return "";
	if (strcmp(record->why, "no id") == 0)
		return "no-id";
	return strncmp(record->why, "id ", 3) == 0 ? "bad-id" : "syntax";
}

static enum standing_policy
sts_policy_standing(const struct facts *facts, enum standing_record record)
{
	if (sts_facts_policy(&facts->sts) != NULL)
		return STANDING_POLICY_FETCHED;
	if (facts->sts.policy != NULL &&
	    facts->sts.policy->fetch != POLICY_NOT_FETCHED)
		return STANDING_POLICY_FAILED;
	return record == STANDING_RECORD_VALID ? STANDING_POLICY_SKIPPED
					       : STANDING_POLICY_NONE;
}

static enum standing_share
covered_hosts(const struct facts *facts, const struct sts_policy *policy)
{
	size_t covered = 0;

	if (policy == NULL || policy->mode == STS_MODE_NONE)
		return STANDING_NA;
	for (size_t i = 0; i < facts->host_count; i++)
		covered += sts_policy_names(policy, facts->hosts[i].name);
	return part_of_all(covered, facts->host_count);
}

/* By what a sender with MTA-STS alone makes of all hosts. */
static void
set_sts_health(struct standing *standing, const struct facts *facts,
    const struct verdict *verdict)
{
	struct host_tally tally = {0, 0, REASON_OK};

	standing->sts_health = STANDING_NO_HEALTH;
	if (standing->sts_policy == STANDING_POLICY_FAILED) {
		standing->sts_health = STANDING_BROKEN;
		standing->sts_fault =
		    policy_fetch_reason(facts->sts.policy->fetch);
	}
	if (standing->sts_policy != STANDING_POLICY_FETCHED ||
	    standing->sts_mode == STS_MODE_NONE)
		return;
	for (size_t i = 0; verdict->hosts != NULL && i < facts->host_count;
	     i++) {
		const struct host_verdict *host = &verdict->hosts[i];

		if (host->sts == STS_STATE_FAIL ||
		    host->sts == STS_STATE_TESTING_FAIL)
			note_fault(&tally, host->sts_reason);
		else if (host->sts == STS_STATE_PASS && host->probed)
			tally.kept++;
	}
	standing->sts_health = tally_health(&tally);
	/* what is tested stops no mail */
	if (standing->sts_health == STANDING_BROKEN &&
	    standing->sts_mode == STS_MODE_TESTING)
		standing->sts_health = STANDING_DEGRADED;
	standing->sts_fault = tally.fault;
}

static void
set_sts(struct standing *standing, const struct facts *facts)
{
	const struct sts_policy *policy = sts_facts_policy(&facts->sts);

	standing->sts_record = sts_record_standing(&facts->sts);
	standing->sts_why = sts_record_why(&facts->sts.record);
	standing->sts_policy = sts_policy_standing(facts, standing->sts_record);
	if (policy != NULL)
		standing->sts_mode = policy->mode;
	standing->sts_cover = covered_hosts(facts, policy);
}

/* V50 */
void
standing_add_reports(
    struct standing *standing, const struct standing_extra *extra)
{
	const struct tlsrpt_record *record = &extra->tlsrpt_record;

	standing->tlsrpt_why = "";
	standing->tlsrpt_record = STANDING_RECORD_NONE;
	if (extra->tlsrpt.state == LOOKUP_NOT_ASKED ||
	    lookup_failed(&extra->tlsrpt)) {
		standing->tlsrpt_record = STANDING_RECORD_ERROR;
		return;
	}
	switch (record->outcome) {
	case TLSRPT_RECORD_VALID:
		standing->tlsrpt_record = STANDING_RECORD_VALID;
		break;
	case TLSRPT_RECORD_MANY:
		standing->tlsrpt_record = STANDING_RECORD_INVALID;
		standing->tlsrpt_why = "multiple";
		break;
	case TLSRPT_RECORD_NO_RUA:
		standing->tlsrpt_record = STANDING_RECORD_INVALID;
		standing->tlsrpt_why =
		    record->named == 0 ? "no-rua" : "no-usable-rua";
		break;
	case TLSRPT_RECORD_ABSENT:
		if (!record->other)
			break;
		standing->tlsrpt_record = STANDING_RECORD_INVALID;
		standing->tlsrpt_why = "not-tlsrpt";
		break;
	}
}

static enum standing_protection
protection_of(const struct standing *standing)
{
	bool dane = standing->dane == STANDING_DANE_FULL;
	bool fetched = standing->sts_policy == STANDING_POLICY_FETCHED;
	bool enforced = fetched && standing->sts_mode == STS_MODE_ENFORCE;

	if (standing->mx == STANDING_MX_ERROR)
		return STANDING_PROTECTION_UNKNOWN;
	if (!standing_takes_mail(standing))
		return STANDING_PROTECTION_NA;
	if (dane || enforced)
		return !dane      ? STANDING_STS
		       : enforced ? STANDING_BOTH
				  : STANDING_DANE;
	if (fetched && standing->sts_mode == STS_MODE_TESTING)
		return STANDING_STS_TESTING;
	/* a policy that nobody saw may be there, and be enforced */
	if (standing->sts_record == STANDING_RECORD_ERROR ||
	    standing->sts_policy == STANDING_POLICY_SKIPPED)
		return STANDING_PROTECTION_UNKNOWN;
	if (standing->dane == STANDING_DANE_HALF ||
	    standing->dane == STANDING_DANE_PARTIAL)
		return STANDING_PARTIAL;
	return standing->dane == STANDING_DANE_ERROR
		   ? STANDING_PROTECTION_UNKNOWN
		   : STANDING_NEITHER;
}

static void
judge_senders(struct standing *standing, const struct facts *facts,
    const struct x509_store *store, time_t now)
{
	for (int i = 0; i < OUTLOOK_SENDERS; i++) {
		enum outlook_sender sender = (enum outlook_sender)i;
		AUTO(verdict)
		struct verdict *verdict =
		    outlook_judge(facts, sender, store, now);

		standing->ends[i] = outlook_end_of(verdict);
		standing->reasons[i] = verdict->reason;
		if (sender == OUTLOOK_DANE)
			set_dane_health(standing, facts, verdict);
		if (sender == OUTLOOK_STS)
			set_sts_health(standing, facts, verdict);
	}
}

struct standing
standing_make(const struct facts *facts, const struct standing_extra *extra,
    const struct x509_store *store, time_t now)
{
	struct standing standing = {.mx = mx_standing(facts),
	    .mx_secure = facts_mx_is_vouched(facts),
	    .hosts_secure = secure_hosts(facts),
	    .dane_fault = REASON_OK,
	    .sts_fault = REASON_OK};

	for (size_t i = 0; i < facts->host_count; i++)
		standing.dane_hosts += standing_host_has_dane(&facts->hosts[i]);
	standing.dane = dane_standing(facts, extra, standing.dane_hosts);
	set_sts(&standing, facts);
	standing_add_reports(&standing, extra);
	judge_senders(&standing, facts, store, now);
	standing.protection = protection_of(&standing);
	return standing;
}
