/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/fact_row.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

struct fact_pki fact_pki;

static const char *const host_names[2] = {"mx1.d.example", "mx2.d.example"};

static struct cert_made *
make_row_leaf(const char *host, enum probe_kind kind)
{
	struct cert_spec spec = {.issuer = fact_pki.root, .names = {host}};

	if (kind == P_NEXTHOP)
		spec.names[0] = "d.example";
	if (kind == P_OTHER)
		spec.names[0] = "other.example";
	if (kind == P_SELF)
		spec.issuer = NULL;
	if (kind == P_EXPIRED)
		spec.flaws = CERTS_EXPIRED;
	if (kind == P_CN) {
		spec.names[0] = NULL;
		spec.cn = host;
	}
	return cert_make(&spec);
}

static struct x509_store *
make_row_store(void)
{
	const struct cert_made *roots[] = {fact_pki.root};
	char *pem = certs_pem(roots, 1), path[] = "/tmp/judge-XXXXXX";
	struct x509_store *store;
	int fd = mkstemp(path);
	ssize_t length = (ssize_t)strlen(pem);

	assert_true(fd >= 0);
	assert_true(write(fd, pem, (size_t)length) == length);
	close(fd);
	free(pem);
	store = x509_store_load(path, NULL);
	unlink(path);
	assert_non_null(store);
	return store;
}

int
fact_pki_make(void **state)
{
	struct cert_spec root = {.cn = "root", .ca = true};

	(void)state;
	fact_pki.root = cert_make(&root);
	for (int host = 0; host < 2; host++)
		for (enum probe_kind kind = P_GOOD; kind <= P_CN; kind++)
			fact_pki.leaf[host][kind] =
			    make_row_leaf(host_names[host], kind);
	fact_pki.store = make_row_store();
	return 0;
}

int
fact_pki_drop(void **state)
{
	(void)state;
	for (int host = 0; host < 2; host++)
		for (enum probe_kind kind = P_GOOD; kind <= P_CN; kind++)
			cert_made_free(fact_pki.leaf[host][kind]);
	cert_made_free(fact_pki.root);
	x509_store_free(fact_pki.store);
	return 0;
}

struct lookup
fact_row_lookup(enum dns dns)
{
	static const struct lookup lookups[] = {
	    [SEC] = {LOOKUP_DATA, true, 3600},
	    [INS] = {LOOKUP_DATA, false, 3600},
	    [NIL] = {LOOKUP_NODATA, true, 3600},
	    [BOG] = {LOOKUP_BOGUS, false, 0},
	    [ERR] = {LOOKUP_SERVFAIL, false, 0},
	    [TMO] = {LOOKUP_TIMEOUT, false, 0},
	    [NXD] = {LOOKUP_NXDOMAIN, true, 3600},
	    [NOT] = {LOOKUP_NOT_ASKED, false, 0},
	};

	return lookups[dns];
}

static void
set_row_tlsa(struct host_facts *host, int number, enum tlsa_kind kind)
{
	static const enum dns lookups[] = {[T_NIL] = NIL,
	    [T_OK] = SEC,
	    [T_BAD] = SEC,
	    [T_TA] = SEC,
	    [T_PKIX] = SEC,
	    [T_INS] = INS,
	    [T_BOG] = BOG,
	    [T_ERR] = ERR,
	    [T_TMO] = TMO};

	host->tlsa = fact_row_lookup(lookups[kind]);
	if (kind == T_OK)
		certs_tlsa(&host->records, TLSA_DANE_EE, TLSA_SPKI,
		    TLSA_SHA2_256, fact_pki.leaf[number][P_GOOD]);
	if (kind == T_BAD)
		tlsa_set_add_text(&host->records,
		    "3 1 1 00112233445566778899aabbccddeeff"
		    "00112233445566778899aabbccddeeff",
		    NULL);
	if (kind == T_TA)
		certs_tlsa(&host->records, TLSA_DANE_TA, TLSA_CERT,
		    TLSA_SHA2_256, fact_pki.root);
	if (kind == T_PKIX)
		certs_tlsa(&host->records, TLSA_PKIX_EE, TLSA_SPKI,
		    TLSA_SHA2_256, fact_pki.leaf[number][P_GOOD]);
	if (host->records.count == 0)
		return;
	tlsa_set_finish(&host->records);
	text_copy(host->base_domain, sizeof(host->base_domain), host->name);
}

static struct probe_facts *
make_row_probe(int number, enum probe_kind kind)
{
	static const enum probe_outcome outcomes[] = {
	    [P_PLAIN] = PROBE_NO_STARTTLS,
	    [P_454] = PROBE_STARTTLS_REFUSED,
	    [P_ALERT] = PROBE_TLS_FAILED,
	    [P_CLOSED] = PROBE_CONNECT_FAILED,
	    [P_SLOW] = PROBE_TIMEOUT,
	    [P_PRIVATE] = PROBE_BLOCKED,
	    [P_OWN] = PROBE_OWN,
	    [P_SOURCE] = PROBE_NO_SOURCE};
	struct probe_facts *probe;
	struct der chain[2];

	if (kind == P_NOT)
		return NULL;
	if (kind > P_CN)
		return probe_facts_new(outcomes[kind]);
	probe = probe_facts_new(PROBE_TLS);
	probe->tls_ehlo = probe->tls_answered = true;
	chain[0] = cert_der(fact_pki.leaf[number][kind]);
	chain[1] = cert_der(fact_pki.root);
	probe_facts_set_certs(probe, chain, kind == P_SELF ? 1 : 2);
	return probe;
}

static void
set_row_host(struct facts *facts, int number, const struct host_row *row)
{
	struct host_facts *host = &facts->hosts[facts->host_count++];
	const char *name =
	    facts->mx.state == LOOKUP_DATA ? host_names[number] : "d.example";

	host->preference = row->preference;
	text_copy(host->name, sizeof(host->name), name);
	text_copy(host->expanded, sizeof(host->expanded), name);
	host->a = fact_row_lookup(row->addresses);
	host->aaaa = fact_row_lookup(
	    row->addresses == SEC || row->addresses == INS ? NIL
							   : row->addresses);
	set_row_tlsa(host, number, row->tlsa);
	if (host->a.state != LOOKUP_DATA)
		return;
	host->addresses = xcalloc(1, sizeof(*host->addresses));
	host->address_count = 1;
	text_copy(host->addresses[0].text, INET6_ADDRSTRLEN, "192.0.2.1");
	host->addresses[0].probe = make_row_probe(number, row->probe);
}

struct policy_facts *
fact_row_policy(enum sts_kind kind)
{
	static const char *const bodies[] = {
	    [S_ENFORCE] = "version: STSv1\nmode: enforce\nmax_age: 86400\n"
			  "mx: mx1.d.example\nmx: mx2.d.example\n",
	    [S_ONLY_2] = "version: STSv1\nmode: enforce\nmax_age: 86400\n"
			 "mx: mx2.d.example\n",
	    [S_TESTING] = "version: STSv1\nmode: testing\nmax_age: 86400\n"
			  "mx: mx1.d.example\n",
	    [S_TEST_BOTH] = "version: STSv1\nmode: testing\nmax_age: 86400\n"
			    "mx: mx1.d.example\nmx: mx2.d.example\n",
	    [S_TEST_2] = "version: STSv1\nmode: testing\nmax_age: 86400\n"
			 "mx: mx2.d.example\n",
	    [S_MODE_NONE] = "version: STSv1\nmode: none\nmax_age: 86400\n",
	};
	static const enum policy_fetch fetches[] = {
	    [S_ERROR] = POLICY_FETCH_ERROR,
	    [S_INVALID] = POLICY_INVALID,
	    [S_WEBPKI] = POLICY_WEBPKI_INVALID};
	struct policy_facts *policy;

	if (kind == S_NIL)
		return NULL;
	if (kind > S_MODE_NONE)
		return policy_facts_new(fetches[kind]);
	policy = policy_facts_new(POLICY_FETCHED);
	policy->policy =
	    sts_policy_parse(bodies[kind], strlen(bodies[kind]), NULL);
	assert_non_null(policy->policy);
	policy->body = xstrdup(bodies[kind]);
	return policy;
}

/* As gather does when they come in. */
static void
note_row_lookups(struct facts *facts)
{
	facts_note(facts, &facts->mx);
	for (size_t i = 0; i < facts->host_count; i++) {
		facts_note(facts, &facts->hosts[i].a);
		facts_note(facts, &facts->hosts[i].aaaa);
		facts_note(facts, &facts->hosts[i].tlsa);
	}
}

struct facts *
fact_row_make(const struct row *row)
{
	struct facts *facts = facts_new();

	facts->probed = row->hosts[0].probe != P_NOT;
	text_copy(facts->domain, sizeof(facts->domain), "d.example");
	text_copy(facts->expanded, sizeof(facts->expanded), "d.example");
	text_copy(
	    facts->next_hop.host, sizeof(facts->next_hop.host), "d.example");
	facts->mx = fact_row_lookup(row->mx);
	facts->hosts = xcalloc(2, sizeof(*facts->hosts));
	for (int i = 0; i < 2; i++)
		if (row->hosts[i].preference != 0)
			set_row_host(facts, i, &row->hosts[i]);
	facts->sts.policy = fact_row_policy(row->sts);
	note_row_lookups(facts);
	return facts;
}

enum insecure_mx fact_row_insecure_mx = INSECURE_MX_DANE;

struct verdict *
fact_row_judge(const struct row *row)
{
	struct judge_terms terms = {.level = row->level,
	    .insecure_mx = fact_row_insecure_mx,
	    .store = fact_pki.store,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 30};
	AUTO(facts) struct facts *facts = fact_row_make(row);

	return judge(facts, &terms, CERTS_NOW);
}

void
fact_rows_check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		AUTO(verdict) struct verdict *verdict = fact_row_judge(row);

		ROW_TEXT(row->id, result_text(verdict->result),
		    result_text(row->result));
		ROW_TEXT(row->id, reason_text(verdict->reason),
		    reason_text(row->reason));
		ROW_TEXT(row->id, policy_type_text(verdict->policy),
		    policy_type_text(row->policy));
		ROW_TEXT(row->id, level_text(verdict->level),
		    level_text(row->enforced));
		ROW_TEXT(row->id, verdict->rt, row->rt);
		ROW_TEXT(row->id, verdict->mx == NULL ? "" : verdict->mx,
		    row->mx_name);
	}
}

struct rule_list *
fact_row_rules(enum level level, const struct rule_row terms[2])
{
	struct rule_list *list = rule_list_new(level);

	for (size_t i = 0; i < 2 && terms[i].name != NULL; i++) {
		struct rule *rule = rule_new();

		rule->scope = terms[i].scope;
		text_copy(rule->name, sizeof(rule->name), terms[i].name);
		text_copy(rule->key, sizeof(rule->key), terms[i].name);
		rule->level = terms[i].level;
		rule->no_dane = terms[i].no_dane;
		rule->no_sts = terms[i].no_sts;
		while (rule->match_count < 2 &&
		       terms[i].match[rule->match_count] != NULL) {
			rule->match = xrealloc(
			    rule->match, rule->match_count + 1, sizeof(char *));
			rule->match[rule->match_count] =
			    xstrdup(terms[i].match[rule->match_count]);
			rule->match_count++;
		}
		rule_list_add(list, rule);
	}
	rule_list_sort(list);
	return list;
}
