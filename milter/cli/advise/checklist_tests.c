/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests that more than one standard has. */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/cli/advise/checklist.h"

bool
check_no_hosts(const struct sight *sight, struct check_answer *answer)
{
	if (sight->facts->host_count > 0)
		return false;
	if (sight->standing.mx == STANDING_MX_ERROR)
		check_say(answer, CHECK_NOT_TESTED,
		    "no mail host is known: the MX lookup failed");
	else
		check_say(answer, CHECK_NOT_APPLICABLE, "no mail hosts");
	return true;
}

static bool
has_no_answer(const struct host_facts *host)
{
	return lookup_failed(&host->a) || lookup_failed(&host->aaaa) ||
	       lookup_failed(&host->tlsa);
}

bool
check_no_answer(const struct sight *sight, struct check_answer *answer)
{
	if (check_no_hosts(sight, answer))
		return true;
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct host_facts *host = &sight->facts->hosts[i];

		if (!has_no_answer(host))
			continue;
		check_say(answer, CHECK_NOT_TESTED, "%s: a lookup failed",
		    host->name);
		return true;
	}
	return false;
}

/* Of all addresses of all hosts: which are as they should be. */
struct address_tally {
	size_t good, bad;
	struct text failing; /* "host [address]: what", cut */
	size_t unseen;
	struct text dark; /* those that could not be seen */
	char words[2][CHECK_EVIDENCE_SIZE / 2];
};

/* A word on what is wrong with a probe, "" if nothing; NULL: it was not seen */
typedef const char *probe_fault(const struct probe_facts *probe);

static void
note_address(struct text *text, const struct host_facts *host,
    const struct address_facts *address, const char *what)
{
	text_addf(text, "%s%s [%s]%s%s", text->len == 0 ? "" : "; ", host->name,
	    address->text, what[0] == '\0' ? "" : ": ", what);
}

static void
tally_address(struct address_tally *tally, const struct host_facts *host,
    const struct address_facts *address, probe_fault *fault_of)
{
	const struct probe_facts *probe = address->probe;
	const char *fault = probe == NULL ? NULL : fault_of(probe);

	if (fault == NULL) {
		tally->unseen++;
		note_address(&tally->dark, host, address,
		    probe == NULL ? "not probed" : probe->detail);
	} else if (fault[0] != '\0') {
		tally->bad++;
		note_address(&tally->failing, host, address, fault);
	} else {
		tally->good++;
	}
}

/* with_dane: of hosts that have it. */
static void
tally_addresses(struct address_tally *tally, const struct sight *sight,
    probe_fault *fault_of, bool with_dane)
{
	memset(tally, 0, sizeof(*tally));
	text_init(&tally->failing, tally->words[0], sizeof(tally->words[0]));
	text_init(&tally->dark, tally->words[1], sizeof(tally->words[1]));
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct host_facts *host = &sight->facts->hosts[i];

		if (with_dane && !standing_host_has_dane(host))
			continue;
		for (size_t j = 0; j < host->address_count; j++)
			tally_address(
			    tally, host, &host->addresses[j], fault_of);
	}
}

static void
answer_addresses(const struct sight *sight, struct check_answer *answer,
    probe_fault *fault_of, const char *what)
{
	struct address_tally tally;

	tally_addresses(&tally, sight, fault_of, false);
	if (tally.bad > 0)
		check_say(answer, CHECK_FAIL, "%s", tally.failing.s);
	else if (tally.unseen > 0)
		check_say(answer, CHECK_NOT_TESTED, "could not be seen: %s",
		    tally.dark.s);
	else if (tally.good == 0)
		check_say(answer, CHECK_NOT_TESTED, "no address is known");
	else
		check_say(answer, CHECK_PASS, "%s at %zu of %zu addresses",
		    what, tally.good, tally.good);
}

static const char *
starttls_fault(const struct probe_facts *probe)
{
	switch (probe->outcome) {
	case PROBE_TLS:
	case PROBE_TLS_REFUSED:
	case PROBE_TLS_UNSUPPORTED:
		return "";
	case PROBE_NO_STARTTLS:
		return "STARTTLS is not offered";
	case PROBE_STARTTLS_REFUSED:
		return "STARTTLS is refused";
	case PROBE_TLS_FAILED:
		return "the TLS handshake fails";
	case PROBE_NOT_DONE:
	case PROBE_REFUSED:
	case PROBE_NOT_SMTP:
	case PROBE_CONNECT_FAILED:
	case PROBE_TIMEOUT:
	case PROBE_NO_SOURCE:
	case PROBE_BLOCKED:
	case PROBE_OWN:
		break;
	}
	return NULL;
}

void
check_starttls(const struct sight *sight, struct check_answer *answer)
{
	answer_addresses(sight, answer, starttls_fault, "STARTTLS and TLS");
}

/* TLS 1.2 and later, with forward secrecy. */
static const char *
version_fault(const struct probe_facts *probe)
{
	const char *fault = starttls_fault(probe);
	bool new = strcmp(probe->tls, "TLS1.3") == 0;

	if (fault == NULL || fault[0] != '\0')
		return fault;
	if (!new &&strcmp(probe->tls, "TLS1.2") != 0)
		return "a version before TLS 1.2";
	return new || probe->sight.group[0] != '\0' ||
		       strstr(probe->sight.cipher, "DHE") != NULL
		   ? ""
		   : "no forward secrecy";
}

void
check_tls_version(const struct sight *sight, struct check_answer *answer)
{
	answer_addresses(sight, answer, version_fault,
	    "TLS 1.2 or newer with forward secrecy");
}

void
check_certificates(const struct sight *sight, struct check_answer *answer)
{
	char names[SIGHT_NAMES_SIZE];

	sight_hosts_text(sight, sight_fails_secure, names);
	if (names[0] != '\0') {
		check_say(answer, CHECK_FAIL, "%s: %s", names,
		    reason_text(sight->secure->reason));
		return;
	}
	sight_hosts_text(sight, sight_is_unseen, names);
	if (names[0] != '\0' || sight->facts->host_count == 0)
		check_say(
		    answer, CHECK_NOT_TESTED, "could not be seen: %s", names);
	else
		check_say(answer, CHECK_PASS,
		    "a chain to a public CA, the name, and dates, at each of "
		    "%zu hosts",
		    sight->facts->host_count);
}

/* A host that is known to have none. */
static bool
lacks_tlsa_for_sure(const struct sight *sight)
{
	for (size_t i = 0; i < sight->facts->host_count; i++)
		if (sight_lacks_tlsa(sight, i) &&
		    !has_no_answer(&sight->facts->hosts[i]))
			return true;
	return false;
}

void
check_tlsa_everywhere(const struct sight *sight, struct check_answer *answer)
{
	enum standing_dane dane = sight->standing.dane;
	char names[SIGHT_NAMES_SIZE];

	sight_hosts_text(sight, sight_lacks_tlsa, names);
	if (dane == STANDING_DANE_FULL)
		check_say(answer, CHECK_PASS,
		    "secure and usable TLSA records at each of %zu hosts",
		    sight->standing.dane_hosts);
	else if (dane == STANDING_DANE_ERROR)
		check_say(answer, CHECK_NOT_TESTED, "lookups failed");
	else if (names[0] != '\0' && !lacks_tlsa_for_sure(sight) &&
		 check_no_answer(sight, answer))
		return;
	else
		check_say(answer, CHECK_FAIL, "%s%s%s%s",
		    dane == STANDING_DANE_NONE ? "" : standing_dane_text(dane),
		    dane == STANDING_DANE_NONE ? "" : ": ",
		    names[0] == '\0' ? "the MX records are not secure"
				     : "no usable TLSA record at ",
		    names);
}

/* "; its key is RSA 2048": a host may have one of each kind, and shows one. */
static void
add_key_words(struct text *text, const struct probe_facts *probe)
{
	AUTO(x509_chain) struct x509_chain *chain = NULL;
	const char *type;
	unsigned bits;

	if (probe == NULL || probe->cert_count == 0)
		return;
	chain = x509_chain_new(probe->certs, probe->cert_count, NULL);
	if (chain == NULL)
		return;
	type = x509_key_type(chain, 0, &bits);
	text_addf(
	    text, ", the certificate shown has a key of %s %u", type, bits);
}

/* Each address of a host with TLSA records that does not keep them. */
static void
say_mismatches(const struct sight *sight, struct check_answer *answer)
{
	const struct verdict *verdict = sight->verdict;
	char words[CHECK_EVIDENCE_SIZE / 2];
	struct text text;

	text_init(&text, words, sizeof(words));
	for (size_t i = 0; verdict->hosts != NULL && i < verdict->host_count;
	     i++) {
		const struct host_facts *host = &sight->facts->hosts[i];
		const struct host_verdict *judged = &verdict->hosts[i];

		for (size_t j = 0;
		     standing_host_has_dane(host) && j < judged->address_count;
		     j++) {
			if (judged->addresses[j].outcome != HOST_FAIL)
				continue;
			note_address(&text, host, &host->addresses[j],
			    reason_text(judged->addresses[j].reason));
			add_key_words(&text, host->addresses[j].probe);
		}
	}
	check_say(answer, CHECK_FAIL, "%s: %s",
	    standing_health_text(sight->standing.dane_health),
	    text.len > 0 ? words : reason_text(sight->standing.dane_fault));
}

/* Those that answered keep them; the others may not. */
static void
say_matches(const struct sight *sight, struct check_answer *answer)
{
	struct address_tally tally;

	tally_addresses(&tally, sight, starttls_fault, true);
	if (tally.unseen > 0)
		check_say(answer, CHECK_NOT_TESTED, "could not be seen: %s",
		    tally.dark.s);
	else
		check_say(answer, CHECK_PASS,
		    "the certificates of all addresses match");
}

void
check_tlsa_matches(const struct sight *sight, struct check_answer *answer)
{
	const struct standing *standing = &sight->standing;

	switch (standing->dane_health) {
	case STANDING_OK:
		say_matches(sight, answer);
		return;
	case STANDING_BROKEN:
	case STANDING_DEGRADED:
		say_mismatches(sight, answer);
		return;
	case STANDING_NO_HEALTH:
		if (!check_no_answer(sight, answer))
			check_say(answer, CHECK_NOT_APPLICABLE,
			    "there are no usable TLSA records");
		return;
	case STANDING_UNKNOWN:
		break;
	}
	check_say(answer, CHECK_NOT_TESTED, "no address could be seen");
}

/* Two records at each host, so that a key can change. */
void
check_tlsa_spare(const struct sight *sight, struct check_answer *answer)
{
	size_t hosts = 0;

	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct host_facts *host = &sight->facts->hosts[i];

		if (!standing_host_has_dane(host))
			continue;
		hosts++;
		if (tlsa_set_usable(&host->records) < 2) {
			check_say(answer, CHECK_WARNING, "%s has one record",
			    host->name);
			return;
		}
	}
	if (check_no_answer(sight, answer))
		return;
	if (hosts == 0)
		check_say(answer, CHECK_NOT_APPLICABLE,
		    "there are no usable TLSA records");
	else
		check_say(answer, CHECK_PASS,
		    "two records or more at %zu hosts", hosts);
}

static void
answer_chain(
    struct check_answer *answer, const char *name, enum chain_state state)
{
	if (state == CHAIN_SECURE)
		check_say(answer, CHECK_PASS, "%s: secure", name);
	else
		check_say(answer,
		    state == CHAIN_ERROR ? CHECK_NOT_TESTED : CHECK_FAIL,
		    "%s: %s", name, chain_state_text(state));
}

void
check_domain_signed(const struct sight *sight, struct check_answer *answer)
{
	answer_chain(answer, sight->chain_facts.zone, sight->chain);
}

/* The first that is not secure. */
void
check_hosts_signed(const struct sight *sight, struct check_answer *answer)
{
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct sight_host *host = &sight->hosts[i];

		answer_chain(answer, sight->facts->hosts[i].name, host->chain);
		if (host->chain != CHAIN_SECURE)
			return;
	}
	if (!check_no_hosts(sight, answer))
		check_say(answer, CHECK_PASS, "the zones of %zu hosts: secure",
		    sight->facts->host_count);
}
