/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/host.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/host_address.h"
#include "common/judge/host_case.h"
#include "common/judge/reasons.h"
#include "common/judge/requiretls.h"

/* What its addresses come to, or what keeps an MTA from them. */
struct choice {
	enum host_outcome outcome;
	enum reason reason;
	bool by_tlsa; /* a TLSA lookup failed */
	bool mixed;
	enum reason mixed_reason;
	const char *detail;
};

/* --- lookups --- */

static bool
has_data(const struct host_facts *host)
{
	return host->a.state == LOOKUP_DATA || host->aaaa.state == LOOKUP_DATA;
}

/*
 * RFC 7672 section 2.1.2 and 2.2.2: why the host cannot be used, whatever it
 * would show; OK if it can.  No address, no host; a failed lookup is no denial,
 * but one family that answers is enough.  Data without an address in it is a
 * malformed answer, and so an error (section 2.1.1).
 */
static enum reason
address_lookup_fault(const struct host_facts *host)
{
	if (host->address_count > 0)
		return REASON_OK;
	if (lookup_failed(&host->a))
		return lookup_reason(&host->a);
	if (lookup_failed(&host->aaaa))
		return lookup_reason(&host->aaaa);
	return has_data(host) ? REASON_DNS_SERVFAIL : REASON_NO_ADDRESS;
}

static enum reason
tlsa_lookup_fault(const struct host_case *c)
{
	if (c->dane != DEMAND_UNKNOWN)
		return REASON_OK;
	if (lookup_failed(&c->host->cname))
		return lookup_reason(&c->host->cname);
	if (lookup_failed(&c->host->tlsa))
		return lookup_reason(&c->host->tlsa);
	return REASON_INTERNAL_ERROR; /* nobody asked */
}

/* --- the choice --- */

/* A good one counts over one that is not, and of two alike the weaker. */
static bool
counts_over(const struct address_verdict *a, const struct address_verdict *b)
{
	bool good = host_is_good(a->outcome);

	if (good != host_is_good(b->outcome))
		return good;
	return host_is_weaker(a->outcome, b->outcome);
}

/* The weakest good address; where none is good, one that fails.  NULL if none
 * is tried. */
static const struct address_verdict *
choose_address(const struct address_verdict *addresses, size_t count)
{
	const struct address_verdict *chosen = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct address_verdict *a = &addresses[i];

		if (a->reason != REASON_NOT_TRIED &&
		    (chosen == NULL || counts_over(a, chosen)))
			chosen = a;
	}
	return chosen;
}

/* The first address that fails, or NULL. */
static const struct address_verdict *
first_failed(const struct address_verdict *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (addresses[i].outcome == HOST_FAIL)
			return &addresses[i];
	return NULL;
}

/* An address that this host could not even ask, by a fault of its own, while
 * the MTA may well reach it: NULL if there is none. */
static const struct address_verdict *
first_unseen(const struct address_verdict *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (addresses[i].reason == REASON_SOURCE_UNUSABLE)
			return &addresses[i];
	return NULL;
}

static struct choice
choose_verdict(
    const struct host_case *c, const struct address_verdict *addresses)
{
	size_t count = c->host->address_count;
	enum reason no_address = address_lookup_fault(c->host);
	enum reason no_tlsa = tlsa_lookup_fault(c);
	const struct address_verdict *chosen = choose_address(addresses, count);
	const struct address_verdict *failed, *unseen;

	if (no_address != REASON_OK)
		return (struct choice){.outcome = HOST_SKIP,
		    .reason = no_address,
		    .detail =
			no_address == REASON_NO_ADDRESS ? "" : c->host->detail};
	if (chosen == NULL)
		return (struct choice){.outcome = HOST_SKIP,
		    .reason = REASON_NOT_TRIED,
		    .detail = ""};
	if (no_tlsa != REASON_OK)
		return (struct choice){.outcome = HOST_SKIP,
		    .reason = no_tlsa,
		    .by_tlsa = no_tlsa != REASON_INTERNAL_ERROR,
		    .detail = c->host->detail};
	/* RFC 7672 section 6: with DANE a must, anything less is a failure */
	if (c->demand.level == LEVEL_DANE_ONLY &&
	    (c->dane != DEMAND_VERIFY || c->half))
		return (struct choice){.outcome = HOST_FAIL,
		    .reason = REASON_DANE_REQUIRED,
		    .detail = ""};
	failed = first_failed(addresses, count);
	unseen = first_unseen(addresses, count);
	if (unseen != NULL && host_is_good(chosen->outcome))
		return (struct choice){.outcome = HOST_SKIP,
		    .reason = unseen->reason,
		    .detail = unseen->detail};
	return (struct choice){.outcome = chosen->outcome,
	    .reason = chosen->reason,
	    .mixed = host_is_good(chosen->outcome) && failed != NULL,
	    .mixed_reason = failed == NULL ? REASON_OK : failed->reason,
	    .detail = chosen->detail};
}

/* --- what is told beside it --- */

/* Which policy is the host's, and what an MTA enforces under it. */
struct label {
	enum policy_type policy;
	enum level level;
};

static struct label
label_of(const struct host_case *c)
{
	bool encrypt = c->dane == DEMAND_ENCRYPT || c->demand.encrypt;

	if (c->demand.level == LEVEL_DANE_ONLY)
		return (struct label){POLICY_TYPE_TLSA, LEVEL_DANE_ONLY};
	if (c->dane == DEMAND_VERIFY)
		return (struct label){POLICY_TYPE_TLSA,
		    c->half ? LEVEL_HALF_DANE : LEVEL_DANE_ONLY};
	if (c->sts != NULL)
		return (struct label){POLICY_TYPE_STS, case_enforces_webpki(c)
							   ? LEVEL_SECURE
						       : encrypt ? LEVEL_ENCRYPT
								 : LEVEL_MAY};
	if (c->dane == DEMAND_ENCRYPT)
		return (struct label){POLICY_TYPE_TLSA, LEVEL_ENCRYPT};
	if (c->demand.encrypt)
		return (struct label){POLICY_TYPE_LOCAL, LEVEL_ENCRYPT};
	if (c->demand.level != LEVEL_AUTO && c->demand.level != LEVEL_DANE)
		return (struct label){POLICY_TYPE_LOCAL, c->demand.level};
	return (struct label){POLICY_TYPE_NONE, LEVEL_MAY};
}

static bool
any_probed(const struct host_facts *host)
{
	for (size_t i = 0; i < host->address_count; i++)
		if (host->addresses[i].probe != NULL)
			return true;
	return false;
}

/* DANE alone, as if there were no MTA-STS. */
static enum dane_state
dane_state_of(const struct host_case *c, const struct choice *choice)
{
	bool denied = choice->reason == REASON_NO_ADDRESS;

	if (!c->demand.dane)
		return DANE_STATE_NONE;
	if (c->dane == DEMAND_UNKNOWN ||
	    (c->host->address_count == 0 && !denied))
		return DANE_STATE_TEMPERROR;
	if (c->demand.level == LEVEL_DANE_ONLY && choice->outcome == HOST_FAIL)
		return DANE_STATE_FAIL;
	if (c->dane == DEMAND_NONE || !any_probed(c->host))
		return DANE_STATE_NONE;
	if (choice->outcome == HOST_SKIP ||
	    choice->reason == REASON_TLS_UNSUPPORTED)
		return DANE_STATE_TEMPERROR;
	if (c->dane == DEMAND_ENCRYPT)
		return DANE_STATE_ENCRYPT;
	return choice->outcome == HOST_FAIL ? DANE_STATE_FAIL : DANE_STATE_PASS;
}

/* MTA-STS alone: one address that keeps the policy will do. */
struct sts_part {
	enum sts_state state;
	enum reason reason;
};

static struct sts_part
sts_part_of(const struct address_verdict *addresses, size_t count)
{
	struct sts_part part = {STS_STATE_NONE, REASON_OK};

	for (size_t i = 0; i < count; i++) {
		if (addresses[i].sts == STS_STATE_PASS)
			return (struct sts_part){STS_STATE_PASS, REASON_OK};
		if (addresses[i].sts != STS_STATE_NONE)
			part = (struct sts_part){
			    addresses[i].sts, addresses[i].sts_reason};
	}
	return part;
}

/* RFC 8460 section 4.3: the result type of a failure, and of records that are
 * there but unusable whatever stands in for them.  Section 4.3.4: that nobody
 * answered is none. */
static const char *
result_type(const struct host_case *c, const struct choice *choice)
{
	if (choice->by_tlsa)
		return choice->reason == REASON_DNS_TIMEOUT ? ""
							    : "dnssec-invalid";
	if (choice->outcome == HOST_FAIL ||
	    choice->reason == REASON_TLSA_UNUSABLE)
		return reason_rt(choice->reason);
	if (dane_state_of(c, choice) == DANE_STATE_ENCRYPT &&
	    tlsa_set_usable(&c->host->records) == 0)
		return reason_rt(REASON_TLSA_UNUSABLE);
	return "";
}

static struct host_verdict
tell_host_verdict(const struct host_case *c, struct address_verdict *addresses)
{
	size_t count = c->host->address_count;
	struct choice choice = choose_verdict(c, addresses);
	struct label label = choice.by_tlsa
				 ? (struct label){POLICY_TYPE_TLSA, LEVEL_DANE}
				 : label_of(c);
	struct sts_part sts = sts_part_of(addresses, count);
	struct host_verdict verdict = {.outcome = choice.outcome,
	    .policy = label.policy,
	    .level = label.level,
	    .rule = rule_ref(c->demand.rule),
	    .sts_counts = c->demand.sts,
	    .reason = choice.reason,
	    .rt = result_type(c, &choice),
	    .probed = any_probed(c->host),
	    .mixed = choice.mixed,
	    .mixed_reason = choice.mixed_reason,
	    .dane = dane_state_of(c, &choice),
	    .sts = sts.state,
	    .sts_reason = sts.reason,
	    .address_count = count,
	    .addresses = addresses};

	text_copy(verdict.detail, sizeof(verdict.detail), choice.detail);
	verdict.requiretls = requiretls_of_host(&verdict);
	return verdict;
}

struct host_verdict
host_judge(const struct facts *facts, const struct host_facts *host,
    const struct judge_terms *terms, time_t now)
{
	struct host_case c = host_case_of(facts, host, terms, now);
	struct address_verdict *addresses =
	    xcalloc(host->address_count, sizeof(*addresses));

	for (size_t i = 0; i < host->address_count; i++)
		addresses[i] = host_address_judge(&c, &host->addresses[i]);
	return tell_host_verdict(&c, addresses);
}
