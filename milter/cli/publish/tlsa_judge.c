/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/clock.h"
#include "common/judge/reasons.h"
#include "milter/cli/print.h"
#include "milter/cli/publish/own.h"
#include "milter/cli/publish/tlsa_check.h"

enum { SOON_S = 14 * CLOCK_DAY_S };

/* Where a finding goes. */
struct judging {
	struct seen *seen;
	time_t now;
	bool any_tlsa; /* at some host, secure and usable */
};

#define ADD(judging, level, code, host, ...) \
	findings_add(&(judging)->seen->findings, level, code, host, __VA_ARGS__)

/* --- lookups --- */

/* Every sender that validates sees what is bogus, or a server that answers TLSA
 * queries with an error; silence may be ours alone. */
static void
judge_lookup(struct judging *j, const struct lookup *lookup, const char *host,
    const char *what, const char *detail)
{
	char plain[LIMIT_DETAIL_SIZE];
	bool theirs =
	    lookup->state == LOOKUP_BOGUS ||
	    (lookup->state == LOOKUP_SERVFAIL && strcmp(what, "TLSA") == 0);

	ADD(j, theirs ? FINDING_FAIL : FINDING_UNKNOWN,
	    reason_text(lookup_reason(lookup)), host,
	    "the %s lookup failed%s%s%s", what,
	    theirs ? ", and DANE senders defer" : "",
	    detail[0] == '\0' ? "" : ": ", cli_plain_detail(detail, plain));
}

static void
judge_mx_security(struct judging *j)
{
	const struct facts *facts = j->seen->check->facts;

	if (lookup_failed(&facts->mx))
		judge_lookup(j, &facts->mx, "", "MX", facts->detail);
	else if (facts->mx.state == LOOKUP_NXDOMAIN)
		ADD(j, FINDING_UNKNOWN, "nxdomain", "", "no such domain");
	else if (facts->null_mx)
		ADD(j, FINDING_WARNING, "null-mx", "",
		    "the domain takes no mail");
	else if (facts->host_count == 0)
		ADD(j, FINDING_UNKNOWN, "no-address", "", "no mail host");
	else if (facts_mx_is_insecure(facts))
		ADD(j, FINDING_WARNING, "insecure-mx", "",
		    "the MX records are not signed: who forges them leads "
		    "senders away from the hosts that have TLSA");
}

/* Whether the host has an address to speak of. */
static bool
judge_addresses(struct judging *j, const struct host_facts *host)
{
	if (host->address_count > 0)
		return true;
	if (lookup_failed(&host->a))
		judge_lookup(j, &host->a, host->name, "A", host->detail);
	else if (lookup_failed(&host->aaaa))
		judge_lookup(j, &host->aaaa, host->name, "AAAA", host->detail);
	else
		ADD(j, FINDING_WARNING, "no-address", host->name,
		    "it has no address");
	return false;
}

/* --- records --- */

static bool
is_protected(const struct host_facts *host)
{
	return tlsa_set_usable(&host->records) > 0;
}

static void
judge_absence(struct judging *j, const struct seen_host *host)
{
	const struct host_facts *facts = host->facts;
	const struct lookup *address =
	    facts->a.state == LOOKUP_DATA ? &facts->a : &facts->aaaa;

	if (host->unheeded)
		ADD(j, FINDING_WARNING, "tlsa-insecure", facts->name,
		    "TLSA records are there, and senders ignore them: %s not "
		    "signed, or without a DS record",
		    address->secure ? "their zone is"
				    : "the host's addresses are");
	else if (j->any_tlsa)
		ADD(j, FINDING_WARNING, "no-tlsa", facts->name,
		    "no TLSA records, while other hosts have them: mail is "
		    "not protected when it goes here");
	else
		ADD(j, FINDING_WARNING, "no-tlsa", facts->name,
		    "no TLSA records: DANE does not protect mail to it");
}

/* Whether an address may show a key of a type that could not be looked at. */
static bool
is_unsure_host(const struct seen_host *host)
{
	for (size_t i = 0; i < host->facts->address_count; i++)
		if (host->addresses[i].unsure)
			return true;
	return false;
}

static void
judge_record(struct judging *j, const struct seen_host *host, size_t number)
{
	const struct tlsa *record = &host->facts->records.records[number];
	const char *name = host->facts->name;
	char what[64], hex[17];

	text_hex(hex, sizeof(hex), record->data, record->size);
	snprintf(what, sizeof(what), "%u %u %u %s%s", record->usage,
	    record->selector, record->mtype, hex,
	    2 * record->size >= sizeof(hex) ? "..." : "");
	if (!record->usable) {
		ADD(j, FINDING_WARNING, "record-unusable", name,
		    "%s does not count: %s", what, tlsa_fault(record));
		return;
	}
	if (!record->considered)
		ADD(j, FINDING_NOTE, "record-outdone", name,
		    "%s does not count beside a stronger digest", what);
	else if (seen_tls(host) > 0 && seen_matches(host, number) == 0)
		ADD(j, FINDING_NOTE, "record-unmatched", name,
		    "%s matches nothing that is shown: %s", what,
		    is_unsure_host(host)
			? "but not all types of key could be seen"
			: "the next key's, or stale");
	if (record->usage == TLSA_DANE_EE && record->selector == TLSA_CERT)
		ADD(j, FINDING_WARNING, "usage-3-0", name,
		    "%s breaks at the next renewal, unless it is changed in "
		    "time; 3 1 1 outlives renewals with the same key",
		    what);
}

static void
judge_records(struct judging *j, const struct seen_host *host)
{
	const struct host_facts *facts = host->facts;

	if (lookup_failed(&facts->tlsa) || lookup_failed(&facts->cname)) {
		judge_lookup(j,
		    lookup_failed(&facts->tlsa) ? &facts->tlsa : &facts->cname,
		    facts->name, "TLSA", facts->detail);
		return;
	}
	if (facts->records.count == 0) {
		judge_absence(j, host);
		return;
	}
	for (size_t i = 0; i < facts->records.count; i++)
		judge_record(j, host, i);
	if (!is_protected(facts))
		ADD(j, FINDING_WARNING, "tlsa-unusable", facts->name,
		    "no record counts: senders encrypt, and authenticate "
		    "nobody");
}

/* --- what the addresses show --- */

/* Of the chain the first to end. */
static time_t
chain_ends(const struct x509_chain *chain)
{
	time_t ends = x509_not_after(chain, 0);

	for (size_t i = 1; i < x509_count(chain); i++)
		if (x509_not_after(chain, i) < ends)
			ends = x509_not_after(chain, i);
	return ends;
}

/* RFC 7671 section 5.1 and 5.2: dates count for DANE-TA alone. */
static void
judge_dates(struct judging *j, const struct seen_host *host,
    const struct seen_address *address, const struct x509_chain *chain,
    int matched)
{
	const struct tlsa_set *records = &host->facts->records;
	bool anchored =
	    matched >= 0 && records->records[matched].usage == TLSA_DANE_TA;
	time_t ends = anchored ? chain_ends(chain) : x509_not_after(chain, 0);
	char date[CLI_TIME_SIZE];

	/* one that matches nothing has another fault */
	if (ends - j->now > SOON_S ||
	    (matched < 0 && is_protected(host->facts)))
		return;
	ADD(j, anchored ? FINDING_WARNING : FINDING_NOTE, "certificate-expires",
	    host->facts->name, "%s: the certificate %s %s%s",
	    address->facts->text, ends < j->now ? "is over since" : "ends",
	    cli_time(ends, date),
	    anchored       ? ", and with usage 2 mail stops then"
	    : matched >= 0 ? ", which does not matter to usage 3"
			   : "");
}

/* The first record that a chain fits, or -1. */
static int
first_match(const struct tlsa_set *records, const bool *matches)
{
	for (size_t i = 0; i < records->count; i++)
		if (matches[i] && records->records[i].considered)
			return (int)i;
	return -1;
}

/* Which of its certificates a host shows is the sender's choice in TLS 1.3. */
static void
judge_other(struct judging *j, const struct seen_host *host,
    const struct seen_address *address, const struct seen_other *other)
{
	const struct tlsa_set *records = &host->facts->records;
	int matched = first_match(records, other->matches);

	if (matched < 0 && is_protected(host->facts))
		ADD(j, FINDING_WARNING, "key-unmatched", host->facts->name,
		    "%s: no record fits its %s certificate, and senders that "
		    "are shown that one do not deliver there",
		    address->facts->text, other->type);
	else
		judge_dates(j, host, address, other->chain, matched);
}

static void
judge_address(struct judging *j, const struct seen_host *host,
    const struct seen_address *address)
{
	const struct address_verdict *judged = address->judged;
	const char *reason = reason_text(seen_reason(address));
	const char *colon = judged->detail[0] == '\0' ? "" : ": ";
	char plain[LIMIT_DETAIL_SIZE];

	cli_plain_detail(judged->detail, plain);
	if (judged->outcome == HOST_FAIL)
		ADD(j, FINDING_FAIL, reason, host->facts->name,
		    "%s: %s, and DANE senders do not deliver there%s%s",
		    address->facts->text, reason, colon, plain);
	else if (judged->outcome == HOST_SKIP)
		ADD(j, seen_tls(host) > 0 ? FINDING_WARNING : FINDING_UNKNOWN,
		    reason, host->facts->name, "%s could not be seen: %s%s%s",
		    address->facts->text, reason, colon, plain);
	else if (address->chain == NULL)
		ADD(j, FINDING_WARNING, reason, host->facts->name,
		    "%s: %s, so mail goes in the clear", address->facts->text,
		    reason);
	if (address->chain != NULL)
		judge_dates(j, host, address, address->chain, judged->matched);
	for (size_t i = 0; i < address->other_count; i++)
		judge_other(j, host, address, &address->others[i]);
}

static bool
show_one_leaf(const struct seen_address *a, const struct seen_address *b)
{
	struct der left = x509_cert(a->chain, 0),
		   right = x509_cert(b->chain, 0);

	return left.size == right.size &&
	       memcmp(left.data, right.data, left.size) == 0;
}

static void
judge_agreement(struct judging *j, const struct seen_host *host)
{
	const struct seen_address *first = NULL;

	for (size_t i = 0; i < host->facts->address_count; i++) {
		const struct seen_address *address = &host->addresses[i];

		if (address->chain == NULL)
			continue;
		if (first == NULL)
			first = address;
		if (show_one_leaf(first, address))
			continue;
		ADD(j, FINDING_WARNING, "addresses-differ", host->facts->name,
		    "%s and %s show different certificates", first->facts->text,
		    address->facts->text);
		return;
	}
}

static void
judge_host(struct judging *j, const struct seen_host *host)
{
	if (!judge_addresses(j, host->facts))
		return;
	judge_records(j, host);
	for (size_t i = 0; i < host->facts->address_count; i++)
		judge_address(j, host, &host->addresses[i]);
	judge_agreement(j, host);
}

void
seen_judge(struct seen *seen, time_t now)
{
	const struct facts *facts = seen->check->facts;
	struct judging j = {.seen = seen, .now = now};
	enum reason reason = seen->check->verdict->reason;

	if (facts->trouble != TROUBLE_NONE) {
		ADD(&j, FINDING_UNKNOWN, reason_text(reason), "",
		    "could not be looked at: %s", reason_text(reason));
		return;
	}
	for (size_t i = 0; i < facts->host_count; i++)
		j.any_tlsa |= is_protected(&facts->hosts[i]);
	judge_mx_security(&j);
	for (size_t i = 0; i < facts->host_count; i++)
		judge_host(&j, &seen->hosts[i]);
}
