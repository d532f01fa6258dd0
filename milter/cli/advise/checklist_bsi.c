/* SPDX-License-Identifier: BSD-2-Clause */
/* BSI TR-03108 "Secure Email Transport", version 2.0, table 1 and chapter 4. */
#include "milter/cli/advise/checklist.h"

enum { LONG_TTL_S = 3600 };

/* 05-M */
static void
check_inbound_dane(const struct sight *sight, struct check_answer *answer)
{
	check_domain_signed(sight, answer);
	if (answer->result == CHECK_PASS)
		check_hosts_signed(sight, answer);
	if (answer->result == CHECK_PASS)
		check_tlsa_everywhere(sight, answer);
	if (answer->result == CHECK_PASS)
		check_tlsa_matches(sight, answer);
	if (answer->result != CHECK_PASS)
		return;
	check_tlsa_spare(sight, answer);
	if (answer->result != CHECK_PASS)
		return;
	for (size_t i = 0; i < sight->facts->host_count; i++)
		if (sight->facts->hosts[i].tlsa.ttl_s > LONG_TTL_S) {
			check_say(answer, CHECK_WARNING, "%s: TTL %u",
			    sight->facts->hosts[i].name,
			    sight->facts->hosts[i].tlsa.ttl_s);
			return;
		}
	check_say(answer, CHECK_PASS,
	    "secure zones; usable TLSA records that match at %zu hosts",
	    sight->standing.dane_hosts);
}

/* 07-R */
static void
check_inbound_sts(const struct sight *sight, struct check_answer *answer)
{
	const struct standing *standing = &sight->standing;

	if (standing->sts_policy != STANDING_POLICY_FETCHED)
		check_say(answer,
		    standing->sts_record == STANDING_RECORD_ERROR
			? CHECK_NOT_TESTED
			: CHECK_FAIL,
		    "record %s, policy %s",
		    standing_record_text(standing->sts_record),
		    standing_policy_text(standing->sts_policy));
	else if (standing->sts_mode != STS_MODE_NONE &&
		 check_no_hosts(sight, answer))
		return;
	else if (standing->sts_mode == STS_MODE_NONE ||
		 standing->sts_cover != STANDING_ALL)
		check_say(answer, CHECK_FAIL, "mode: %s, hosts covered: %s",
		    sts_mode_text(standing->sts_mode),
		    standing_share_text(standing->sts_cover));
	else
		check_say(answer,
		    standing->sts_mode == STS_MODE_ENFORCE ? CHECK_PASS
							   : CHECK_WARNING,
		    "mode: %s", sts_mode_text(standing->sts_mode));
}

/* 08-R, what of it a domain shows: RFC 8461 section 4.1 lets a wildcard be. */
static void
check_policy_wildcard(const struct sight *sight, struct check_answer *answer)
{
	const struct policy_facts *policy = sight->facts->sts.policy;

	answer->result = CHECK_NOT_TESTED;
	if (policy != NULL && policy->wildcard)
		check_say(answer, CHECK_WARNING,
		    "the certificate of mta-sts.%s has its name by a wildcard, "
		    "which senders by this guideline should not accept",
		    sight->facts->domain);
}

/* 10-M: by mail, and not by https */
static void
check_inbound_reports(const struct sight *sight, struct check_answer *answer)
{
	const struct tlsrpt_record *record = &sight->extra.tlsrpt_record;

	if (sight->standing.tlsrpt_record == STANDING_RECORD_ERROR) {
		check_say(answer, CHECK_NOT_TESTED, "the lookup failed");
		return;
	}
	if (sight->standing.tlsrpt_record != STANDING_RECORD_VALID) {
		check_say(answer, CHECK_FAIL, "no valid record: %s",
		    standing_record_text(sight->standing.tlsrpt_record));
		return;
	}
	for (size_t i = 0; i < record->count; i++)
		if (record->rua[i].scheme == TLSRPT_HTTPS) {
			check_say(answer, CHECK_FAIL, "https is named: %s",
			    record->rua[i].target);
			return;
		}
	if (sight->reports_protected)
		check_say(answer, CHECK_WARNING,
		    "mailto: %s; mail to %s is under DANE or an enforced "
		    "policy itself, so that reports on what is broken may not "
		    "arrive",
		    record->rua[0].target, record->rua[0].host);
	else
		check_say(
		    answer, CHECK_PASS, "mailto: %s", record->rua[0].target);
}

/* 12-R: the issuers, for who looks at it */
static void
check_issuer(const struct sight *sight, struct check_answer *answer)
{
	answer->result = CHECK_NOT_TESTED;
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct host_facts *host = &sight->facts->hosts[i];
		const struct probe_facts *probe =
		    host->address_count == 0 ? NULL : host->addresses[0].probe;
		AUTO(x509_chain) struct x509_chain *chain = NULL;

		if (probe == NULL || probe->cert_count == 0)
			continue;
		chain = x509_chain_new(probe->certs, probe->cert_count, NULL);
		if (chain == NULL)
			continue;
		check_say(answer, CHECK_NOT_TESTED, "%s: issued by %s",
		    host->name, x509_issuer(chain, 0));
		break;
	}
	answer->unseen = false;
}

#define SENDING "of the sending side, which this looks at nothing of: show "
#define ORGANISATION "no program can see it: show an auditor "

static const struct check_spec specs[] = {
    {"01-M", CHECK_MUST, "secure connections of mail programs",
	"IMAP and submission are not looked at: show their configuration", NULL,
	false},
    {"02-R", CHECK_SHOULD, "compatibility of mail programs",
	"not looked at: show which are supported", NULL, false},
    {"03-M", CHECK_MUST, "inbound: STARTTLS, TLS 1.2, forward secrecy",
	"connected to every address; the list of all ciphers by TR-03116-4 is "
	"not tested",
	check_tls_version, false},
    {"04-M", CHECK_MUST, "outbound: TLS, a validating resolver",
	SENDING "\"postern advise --sending\"", NULL, false},
    {"05-M", CHECK_MUST, "inbound: DANE",
	"chains of trust, TLSA records, and every address", check_inbound_dane,
	false},
    {"06-M", CHECK_MUST, "outbound: DANE",
	SENDING "\"postern advise --sending\"", NULL, false},
    {"07-R", CHECK_SHOULD, "inbound: MTA-STS",
	"record and policy beside the MX records", check_inbound_sts, false},
    {"08-R", CHECK_SHOULD, "outbound: MTA-STS",
	SENDING "\"postern advise --sending\"; of a domain its policy host's "
		"certificate is looked at",
	check_policy_wildcard, true},
    {"09-M", CHECK_MUST, "sending TLS reports",
	SENDING "\"postern advise --sending\"", NULL, false},
    {"10-M", CHECK_MUST, "receiving TLS reports, by mail",
	"the record at _smtp._tls", check_inbound_reports, false},
    {"11-R", CHECK_SHOULD, "evaluating TLS reports",
	ORGANISATION "what \"postern tlsrpt read\" says of them", NULL, false},
    {"12-R", CHECK_SHOULD, "certificates of a secure CA",
	ORGANISATION "the CA's audits", check_issuer, false},
    {"13-M", CHECK_MUST, "a security concept", ORGANISATION "the paper", NULL,
	false},
    {"14-M", CHECK_MUST, "data protection", ORGANISATION "the paper", NULL,
	false},
    {"15-M", CHECK_MUST, "mandatory reporting",
	ORGANISATION "how incidents are reported", NULL, false},
    {"16-M", CHECK_MUST, "transparency", ORGANISATION "what users are told",
	NULL, false},
};

void
checklist_add_bsi(struct checklist *list, const struct sight *sight)
{
	checklist_run(
	    list, STANDARD_BSI, specs, sizeof(specs) / sizeof(specs[0]), sight);
}
