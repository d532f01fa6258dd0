/* SPDX-License-Identifier: BSD-2-Clause */
/* Internet.nl's mail test, by the names of its batch API, 14 July 2026: there
 * is none of MTA-STS or of TLS reports. */
#include <string.h>

#include "milter/cli/advise/checklist.h"

/* Signed at all: what is bogus is signed, and not valid. */
static bool
is_signed_state(enum chain_state state)
{
	return state == CHAIN_SECURE || chain_is_bogus(state) ||
	       state == CHAIN_UNSUPPORTED;
}

static void
answer_exists(
    struct check_answer *answer, const char *name, enum chain_state state)
{
	check_say(answer,
	    state == CHAIN_ERROR     ? CHECK_NOT_TESTED
	    : is_signed_state(state) ? CHECK_PASS
				     : CHECK_FAIL,
	    "%s: %s", name, chain_state_text(state));
}

static void
answer_valid(
    struct check_answer *answer, const char *name, enum chain_state state)
{
	check_say(answer,
	    state == CHAIN_ERROR     ? CHECK_NOT_TESTED
	    : state == CHAIN_SECURE  ? CHECK_PASS
	    : is_signed_state(state) ? CHECK_FAIL
				     : CHECK_NOT_APPLICABLE,
	    "%s: %s", name, chain_state_text(state));
}

static void
check_domain_exist(const struct sight *sight, struct check_answer *answer)
{
	answer_exists(answer, sight->chain_facts.zone, sight->chain);
}

static void
check_domain_valid(const struct sight *sight, struct check_answer *answer)
{
	answer_valid(answer, sight->chain_facts.zone, sight->chain);
}

/* The worst of the hosts counts. */
static void
worst_of_hosts(const struct sight *sight, struct check_answer *answer,
    void (*say)(struct check_answer *, const char *, enum chain_state))
{
	static const int badness[] = {
	    [CHECK_NOT_TESTED] = 3,
	    [CHECK_FAIL] = 4,
	    [CHECK_WARNING] = 2,
	    [CHECK_NOT_APPLICABLE] = 1,
	    [CHECK_PASS] = 0,
	};

	if (check_no_hosts(sight, answer))
		return;
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		struct check_answer one = {.result = CHECK_NOT_TESTED};

		say(&one, sight->facts->hosts[i].name, sight->hosts[i].chain);
		if (i == 0 || badness[one.result] > badness[answer->result])
			*answer = one;
	}
}

static void
check_mx_exist(const struct sight *sight, struct check_answer *answer)
{
	worst_of_hosts(sight, answer, answer_exists);
}

static void
check_mx_valid(const struct sight *sight, struct check_answer *answer)
{
	worst_of_hosts(sight, answer, answer_valid);
}

/* Keys and signatures of the leaf that was shown first. */
static void
check_leaf_key(const struct sight *sight, struct check_answer *answer)
{
	enum { RSA_BITS = 2048 };

	check_say(answer, CHECK_NOT_TESTED, "no certificate was seen");
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct host_facts *host = &sight->facts->hosts[i];
		const struct probe_facts *probe =
		    host->address_count == 0 ? NULL : host->addresses[0].probe;
		AUTO(x509_chain) struct x509_chain *chain = NULL;
		const char *type;
		unsigned bits;

		if (probe == NULL || probe->cert_count == 0)
			continue;
		chain = x509_chain_new(probe->certs, probe->cert_count, NULL);
		if (chain == NULL)
			continue;
		type = x509_key_type(chain, 0, &bits);
		if (strcmp(type, "RSA") == 0 && bits < RSA_BITS) {
			check_say(answer, CHECK_FAIL, "%s: %s %u", host->name,
			    type, bits);
			return;
		}
		check_say(
		    answer, CHECK_PASS, "%s: %s %u", host->name, type, bits);
	}
}

static void
check_ipv6_address(const struct sight *sight, struct check_answer *answer)
{
	size_t with = 0;

	if (check_no_hosts(sight, answer))
		return;
	for (size_t i = 0; i < sight->facts->host_count; i++)
		with += sight->facts->hosts[i].ipv6_count > 0;
	check_say(answer,
	    with > 0 && with == sight->facts->host_count ? CHECK_PASS
							 : CHECK_FAIL,
	    "%zu of %zu MX hosts have an IPv6 address", with,
	    sight->facts->host_count);
}

static void
check_ipv6_reach(const struct sight *sight, struct check_answer *answer)
{
	if (check_no_hosts(sight, answer))
		return;
	check_say(answer, CHECK_NOT_APPLICABLE, "no IPv6 address");
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct host_facts *host = &sight->facts->hosts[i];

		for (size_t j = 0; j < host->address_count; j++) {
			const struct address_facts *at = &host->addresses[j];

			if (strchr(at->text, ':') == NULL)
				continue;
			if (at->probe == NULL || !at->probe->connected) {
				/* this host may have no route */
				check_say(answer, CHECK_NOT_TESTED,
				    "not reached from here: %s", at->text);
				return;
			}
			check_say(answer, CHECK_PASS, "%s", at->text);
		}
	}
}

#define CHAINS "looked up with DNSSEC"
#define PROBED "connected to every address of every MX host"
#define NO_CIPHERS "not tested: one handshake does not show all it would take"
#define OUTSIDE "outside transport: not looked at"

static const struct check_spec specs[] = {
    {"mail_dnssec_mailto_exist", CHECK_MUST, "the domain is signed", CHAINS,
	check_domain_exist, false},
    {"mail_dnssec_mailto_valid", CHECK_MUST, "its signatures are valid", CHAINS,
	check_domain_valid, false},
    {"mail_dnssec_mx_exist", CHECK_MUST, "zones of MX hosts are signed", CHAINS,
	check_mx_exist, false},
    {"mail_dnssec_mx_valid", CHECK_MUST, "their signatures are valid", CHAINS,
	check_mx_valid, false},
    {"mail_starttls_tls_available", CHECK_MUST, "STARTTLS", PROBED,
	check_starttls, false},
    {"mail_starttls_tls_version", CHECK_MUST, "TLS version",
	"the version negotiated; whether older ones are taken is not tested",
	check_tls_version, false},
    {"mail_starttls_dane_exist", CHECK_MUST, "TLSA records exist", CHAINS,
	check_tlsa_everywhere, false},
    {"mail_starttls_dane_valid", CHECK_MUST, "TLSA records match", PROBED,
	check_tlsa_matches, false},
    {"mail_starttls_dane_rollover", CHECK_NOTE, "a second TLSA record", CHAINS,
	check_tlsa_spare, false},
    {"mail_starttls_cert_chain", CHECK_NOTE, "a chain to a public CA", PROBED,
	check_certificates, false},
    {"mail_starttls_cert_domain", CHECK_NOTE, "names in the certificate",
	PROBED, check_certificates, false},
    {"mail_starttls_cert_pubkey", CHECK_MUST, "key of the certificate",
	"of the certificate that was shown", check_leaf_key, false},
    {"mail_starttls_cert_sig", CHECK_MUST, "signature of the certificate",
	NO_CIPHERS, NULL, false},
    {"mail_starttls_tls_ciphers", CHECK_MUST, "ciphers", NO_CIPHERS, NULL,
	false},
    {"mail_starttls_tls_cipherorder", CHECK_MUST, "their order", NO_CIPHERS,
	NULL, false},
    {"mail_starttls_tls_keyexchange", CHECK_MUST, "key exchange", NO_CIPHERS,
	NULL, false},
    {"mail_starttls_tls_keyexchangehash", CHECK_SHOULD,
	"hash of the key exchange", NO_CIPHERS, NULL, false},
    {"mail_starttls_tls_compress", CHECK_MUST, "no compression", NO_CIPHERS,
	NULL, false},
    {"mail_starttls_tls_secreneg", CHECK_MUST, "secure renegotiation",
	NO_CIPHERS, NULL, false},
    {"mail_starttls_tls_0rtt", CHECK_MUST, "no early data", NO_CIPHERS, NULL,
	false},
    {"mail_starttls_tls_extendedmastersecret", CHECK_MUST,
	"extended master secret", NO_CIPHERS, NULL, false},
    {"mail_starttls_caa", CHECK_SHOULD, "CAA records", OUTSIDE, NULL, false},
    {"mail_ipv6_mx_address", CHECK_MUST, "MX hosts have IPv6 addresses", CHAINS,
	check_ipv6_address, false},
    {"mail_ipv6_mx_reach", CHECK_MUST, "and are in reach there",
	"connected, if this host has a route", check_ipv6_reach, false},
    {"mail_ipv6_ns_address", CHECK_MUST, "name servers have IPv6 addresses",
	OUTSIDE, NULL, false},
    {"mail_ipv6_ns_reach", CHECK_MUST, "and are in reach there", OUTSIDE, NULL,
	false},
    {"mail_auth_spf_exist", CHECK_MUST, "SPF", OUTSIDE, NULL, false},
    {"mail_auth_spf_policy", CHECK_MUST, "SPF policy", OUTSIDE, NULL, false},
    {"mail_auth_dkim_exist", CHECK_MUST, "DKIM", OUTSIDE, NULL, false},
    {"mail_auth_dmarc_exist", CHECK_MUST, "DMARC", OUTSIDE, NULL, false},
    {"mail_auth_dmarc_policy", CHECK_MUST, "DMARC policy", OUTSIDE, NULL,
	false},
    {"mail_rpki_exists", CHECK_MUST, "RPKI", OUTSIDE, NULL, false},
    {"mail_rpki_valid", CHECK_MUST, "RPKI is valid", OUTSIDE, NULL, false},
};

void
checklist_add_nl(struct checklist *list, const struct sight *sight)
{
	checklist_run(
	    list, STANDARD_NL, specs, sizeof(specs) / sizeof(specs[0]), sight);
}
