/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/judge.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/fake/certs.h"
#include "t/unit/tap.h"

/* What a row says of a lookup. */
enum dns {
	SEC, /* data, secure */
	INS, /* data, insecure */
	NIL, /* denied, secure */
	BOG, /* bogus */
	ERR, /* SERVFAIL */
	TMO, /* no answer */
	NXD, /* no such name */
	NOT, /* not asked */
};

enum tlsa_kind {
	T_NIL,  /* no records, secure denial */
	T_OK,   /* 3 1 1 of the good leaf */
	T_BAD,  /* 3 1 1 of nothing */
	T_TA,   /* 2 0 1 of the root */
	T_PKIX, /* 1 1 1: unusable */
	T_INS,  /* records, insecure */
	T_BOG,
	T_ERR,
	T_TMO,
};

enum probe_kind {
	P_GOOD,    /* the host's name, chain to the root */
	P_NEXTHOP, /* the domain's name instead */
	P_OTHER,   /* some other name */
	P_SELF,    /* self-signed, the host's name */
	P_EXPIRED,
	P_CN,      /* no SAN, CN is the host */
	P_PLAIN,   /* no STARTTLS */
	P_454,     /* STARTTLS refused */
	P_ALERT,   /* handshake fails */
	P_CLOSED,  /* connection refused */
	P_SLOW,    /* no answer */
	P_PRIVATE, /* address blocked */
	P_OWN,     /* address of this host */
	P_SOURCE,  /* this host cannot leave from where it should */
	P_NOT,     /* not probed */
};

enum sts_kind {
	S_NIL,
	S_ENFORCE, /* mx1 and mx2 */
	S_ONLY_2,  /* enforce, mx2 alone */
	S_TESTING,
	S_TEST_2, /* testing, mx2 alone */
	S_MODE_NONE,
	S_ERROR,
	S_INVALID,
	S_WEBPKI,
};

struct host_row {
	unsigned preference; /* 0: no such host */
	enum dns addresses;
	enum tlsa_kind tlsa;
	enum probe_kind probe;
};

struct row {
	const char *id;
	enum dns mx;
	struct host_row hosts[2];
	enum sts_kind sts;
	enum level level;
	/* expected */
	enum result result;
	enum policy_type policy;
	enum level enforced;
	enum reason reason;
	const char *rt;
	const char *mx_name;
};

/* The certificates of all rows. */
static struct {
	struct cert_made *root;
	struct cert_made *leaf[2][P_CN + 1];
	struct x509_store *store;
} pki;

static const char *const host_names[2] = {"mx1.d.example", "mx2.d.example"};

static struct cert_made *
make_leaf(const char *host, enum probe_kind kind)
{
	struct cert_spec spec = {.issuer = pki.root, .names = {host}};

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
make_store(void)
{
	const struct cert_made *roots[] = {pki.root};
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

static void
a_next_hop_whose_mx_lookup_fails_is_named(void **state)
{
	struct judge_terms terms = {.level = LEVEL_AUTO};
	AUTO(facts) struct facts *facts = facts_new();
	AUTO(verdict) struct verdict *direct = NULL;
	AUTO(verdict) struct verdict *relayed = NULL;

	(void)state;
	text_copy(facts->domain, sizeof(facts->domain), "d.example");
	text_copy(
	    facts->next_hop.host, sizeof(facts->next_hop.host), "d.example");
	facts->mx.state = LOOKUP_BOGUS;
	direct = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(direct->reason, REASON_DNSSEC_INVALID);
	assert_null(direct->mx);
	text_copy(facts->next_hop.host, sizeof(facts->next_hop.host),
	    "corp.internal");
	relayed = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(relayed->result, RESULT_TEMPERROR);
	assert_string_equal(relayed->mx, "corp.internal");
}

static int
make_pki(void **state)
{
	struct cert_spec root = {.cn = "root", .ca = true};

	(void)state;
	pki.root = cert_make(&root);
	for (int host = 0; host < 2; host++)
		for (enum probe_kind kind = P_GOOD; kind <= P_CN; kind++)
			pki.leaf[host][kind] =
			    make_leaf(host_names[host], kind);
	pki.store = make_store();
	return 0;
}

static int
drop_pki(void **state)
{
	(void)state;
	for (int host = 0; host < 2; host++)
		for (enum probe_kind kind = P_GOOD; kind <= P_CN; kind++)
			cert_made_free(pki.leaf[host][kind]);
	cert_made_free(pki.root);
	x509_store_free(pki.store);
	return 0;
}

static struct lookup
lookup_of(enum dns dns)
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
set_tlsa(struct host_facts *host, int number, enum tlsa_kind kind)
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

	host->tlsa = lookup_of(lookups[kind]);
	if (kind == T_OK)
		certs_tlsa(&host->records, TLSA_DANE_EE, TLSA_SPKI,
		    TLSA_SHA2_256, pki.leaf[number][P_GOOD]);
	if (kind == T_BAD)
		tlsa_set_add_text(&host->records,
		    "3 1 1 00112233445566778899aabbccddeeff"
		    "00112233445566778899aabbccddeeff",
		    NULL);
	if (kind == T_TA)
		certs_tlsa(&host->records, TLSA_DANE_TA, TLSA_CERT,
		    TLSA_SHA2_256, pki.root);
	if (kind == T_PKIX)
		certs_tlsa(&host->records, TLSA_PKIX_EE, TLSA_SPKI,
		    TLSA_SHA2_256, pki.leaf[number][P_GOOD]);
	if (host->records.count == 0)
		return;
	tlsa_set_finish(&host->records);
	text_copy(host->base_domain, sizeof(host->base_domain), host->name);
}

static struct probe_facts *
make_probe(int number, enum probe_kind kind)
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
	chain[0] = cert_der(pki.leaf[number][kind]);
	chain[1] = cert_der(pki.root);
	probe_facts_set_certs(probe, chain, kind == P_SELF ? 1 : 2);
	return probe;
}

static void
set_host(struct facts *facts, int number, const struct host_row *row)
{
	struct host_facts *host = &facts->hosts[facts->host_count++];
	const char *name =
	    facts->mx.state == LOOKUP_DATA ? host_names[number] : "d.example";

	host->preference = row->preference;
	text_copy(host->name, sizeof(host->name), name);
	text_copy(host->expanded, sizeof(host->expanded), name);
	host->a = lookup_of(row->addresses);
	host->aaaa = lookup_of(row->addresses == SEC || row->addresses == INS
				   ? NIL
				   : row->addresses);
	set_tlsa(host, number, row->tlsa);
	if (host->a.state != LOOKUP_DATA)
		return;
	host->addresses = xcalloc(1, sizeof(*host->addresses));
	host->address_count = 1;
	host->addresses[0].probe = make_probe(number, row->probe);
}

static struct policy_facts *
make_policy(enum sts_kind kind)
{
	static const char *const bodies[] = {
	    [S_ENFORCE] = "version: STSv1\nmode: enforce\nmax_age: 86400\n"
			  "mx: mx1.d.example\nmx: mx2.d.example\n",
	    [S_ONLY_2] = "version: STSv1\nmode: enforce\nmax_age: 86400\n"
			 "mx: mx2.d.example\n",
	    [S_TESTING] = "version: STSv1\nmode: testing\nmax_age: 86400\n"
			  "mx: mx1.d.example\n",
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
	return policy;
}

/* As gather does when they come in. */
static void
note_lookups(struct facts *facts)
{
	facts_note(facts, &facts->mx);
	for (size_t i = 0; i < facts->host_count; i++) {
		facts_note(facts, &facts->hosts[i].a);
		facts_note(facts, &facts->hosts[i].aaaa);
		facts_note(facts, &facts->hosts[i].tlsa);
	}
}

static struct facts *
make_facts(const struct row *row)
{
	struct facts *facts = facts_new();

	facts->probed = row->hosts[0].probe != P_NOT;
	text_copy(facts->domain, sizeof(facts->domain), "d.example");
	text_copy(facts->expanded, sizeof(facts->expanded), "d.example");
	text_copy(
	    facts->next_hop.host, sizeof(facts->next_hop.host), "d.example");
	facts->mx = lookup_of(row->mx);
	facts->hosts = xcalloc(2, sizeof(*facts->hosts));
	for (int i = 0; i < 2; i++)
		if (row->hosts[i].preference != 0)
			set_host(facts, i, &row->hosts[i]);
	facts->sts.policy = make_policy(row->sts);
	note_lookups(facts);
	return facts;
}

/* As the settings have it. */
static enum insecure_mx insecure_mx = INSECURE_MX_DANE;

static struct verdict *
judge_row(const struct row *row)
{
	struct judge_terms terms = {.level = row->level,
	    .insecure_mx = insecure_mx,
	    .store = pki.store,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 30};
	AUTO(facts) struct facts *facts = make_facts(row);

	return judge(facts, &terms, CERTS_NOW);
}

static void
check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		AUTO(verdict) struct verdict *verdict = judge_row(row);

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

#define ONE(a, t, p)                \
	{                           \
		{                   \
			10, a, t, p \
		}                   \
	}
#define MX1 "mx1.d.example"
#define MX2 "mx2.d.example"
#define NOPE POLICY_TYPE_NONE
#define TLSA POLICY_TYPE_TLSA
#define STS POLICY_TYPE_STS
#define LOCAL POLICY_TYPE_LOCAL

static void
what_an_own_address_takes_comes_back(void **state)
{
	static const struct {
		const char *id;
		enum probe_kind first, second; /* P_NOT: there is none */
		bool comes_back;
	} rows[] = {
	    {"own", P_OWN, P_NOT, true},
	    {"inner", P_PRIVATE, P_NOT, false},
	    {"not seen", P_NOT, P_NOT, false},
	    {"backup", P_CLOSED, P_OWN, false},
	    {"primary", P_OWN, P_CLOSED, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {.id = rows[i].id,
		    .mx = SEC,
		    .hosts = {{10, SEC, T_NIL, rows[i].first},
			{20, SEC, T_NIL, rows[i].second}}};
		AUTO(verdict) struct verdict *verdict = NULL;

		if (rows[i].second == P_NOT)
			row.hosts[1].preference = 0;
		verdict = judge_row(&row);
		ROW(row.id, verdict->comes_back == rows[i].comes_back);
	}
}

static void
dane_decides_at_one_host(void **state)
{
	static const struct row rows[] = {
	    {"3 1 1 ok", SEC, ONE(SEC, T_OK, P_GOOD), 0, 0, RESULT_PASS, TLSA,
		LEVEL_DANE_ONLY, REASON_OK, "", MX1},
	    {"D06", SEC, ONE(SEC, T_BAD, P_GOOD), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE,
		"validation-failure", MX1},
	    {"D15", SEC, ONE(SEC, T_TA, P_NEXTHOP), 0, 0, RESULT_PASS, TLSA,
		LEVEL_DANE_ONLY, REASON_OK, "", MX1},
	    {"D16", SEC, ONE(SEC, T_TA, P_OTHER), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_DANE_ONLY, REASON_CERTIFICATE_HOST_MISMATCH,
		"certificate-host-mismatch", MX1},
	    {"D22", SEC, ONE(SEC, T_TA, P_EXPIRED), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_DANE_ONLY, REASON_CERTIFICATE_EXPIRED,
		"certificate-expired", MX1},
	    {"D35", SEC, ONE(SEC, T_PKIX, P_SELF), 0, 0, RESULT_NONE, TLSA,
		LEVEL_ENCRYPT, REASON_TLSA_UNUSABLE, "tlsa-invalid", MX1},
	    {"D43", SEC, ONE(SEC, T_PKIX, P_PLAIN), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_ENCRYPT, REASON_STARTTLS_NOT_SUPPORTED,
		"starttls-not-supported", MX1},
	    {"D44", SEC, ONE(SEC, T_OK, P_PLAIN), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_DANE_ONLY, REASON_STARTTLS_NOT_SUPPORTED,
		"starttls-not-supported", MX1},
	    {"D45", SEC, ONE(SEC, T_OK, P_454), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_DANE_ONLY, REASON_STARTTLS_NOT_SUPPORTED,
		"starttls-not-supported", MX1},
	    {"D46", SEC, ONE(SEC, T_OK, P_ALERT), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE,
		"validation-failure", MX1},
	    {"D51", SEC, ONE(SEC, T_NIL, P_SELF), 0, 0, RESULT_NONE, NOPE,
		LEVEL_MAY, REASON_NO_POLICY, "", MX1},
	    {"D51 plain", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, 0, RESULT_NONE,
		NOPE, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
	    {"D53", SEC, ONE(SEC, T_INS, P_SELF), 0, 0, RESULT_NONE, NOPE,
		LEVEL_MAY, REASON_NO_POLICY, "", MX1},
	    {"not probed", SEC, ONE(SEC, T_OK, P_NOT), 0, 0, RESULT_NONE, TLSA,
		LEVEL_DANE_ONLY, REASON_NOT_PROBED, "", MX1},
	    {"slow", SEC, ONE(SEC, T_OK, P_SLOW), 0, 0, RESULT_TEMPERROR, TLSA,
		LEVEL_DANE_ONLY, REASON_PROBE_TIMEOUT, "", MX1},
	    {"our own", SEC, ONE(SEC, T_NIL, P_OWN), 0, 0, RESULT_TEMPERROR,
		NOPE, LEVEL_MAY, REASON_ADDRESS_BLOCKED, "", MX1},
	    {"blocked", SEC, ONE(SEC, T_NIL, P_PRIVATE), 0, 0, RESULT_TEMPERROR,
		NOPE, LEVEL_MAY, REASON_ADDRESS_BLOCKED, "", MX1},
	    /* what was not asked, by our own fault, may be where mail goes */
	    {"source", SEC, ONE(SEC, T_OK, P_SOURCE), 0, 0, RESULT_TEMPERROR,
		TLSA, LEVEL_DANE_ONLY, REASON_SOURCE_UNUSABLE, "", MX1},
	    {"source, other good", SEC,
		{{10, SEC, T_NIL, P_SOURCE}, {10, SEC, T_OK, P_GOOD}}, 0, 0,
		RESULT_TEMPERROR, NOPE, LEVEL_MAY, REASON_SOURCE_UNUSABLE, "",
		MX1},
	    {"source, other good, first", SEC,
		{{10, SEC, T_OK, P_GOOD}, {10, SEC, T_NIL, P_SOURCE}}, 0, 0,
		RESULT_TEMPERROR, NOPE, LEVEL_MAY, REASON_SOURCE_UNUSABLE, "",
		MX2},
	    {"source, worse good", SEC,
		{{10, SEC, T_NIL, P_SOURCE}, {20, SEC, T_OK, P_GOOD}}, 0, 0,
		RESULT_TEMPERROR, NOPE, LEVEL_MAY, REASON_SOURCE_UNUSABLE, "",
		MX1},
	    {"worse source", SEC,
		{{10, SEC, T_OK, P_GOOD}, {20, SEC, T_OK, P_SOURCE}}, 0, 0,
		RESULT_PASS, TLSA, LEVEL_DANE_ONLY, REASON_OK, "", MX1},
	    {"source, other bad", SEC,
		{{10, SEC, T_OK, P_SOURCE}, {10, SEC, T_OK, P_OTHER}}, 0, 0,
		RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE,
		"validation-failure", MX2},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void
a_failed_lookup_is_never_a_fail(void **state)
{
	static const struct row rows[] = {
	    {"D54", SEC, ONE(SEC, T_BOG, P_GOOD), 0, 0, RESULT_TEMPERROR, TLSA,
		LEVEL_DANE, REASON_DNSSEC_INVALID, "dnssec-invalid", MX1},
	    {"D55", SEC, ONE(SEC, T_ERR, P_GOOD), 0, 0, RESULT_TEMPERROR, TLSA,
		LEVEL_DANE, REASON_DNS_SERVFAIL, "dnssec-invalid", MX1},
	    {"D56", SEC, ONE(SEC, T_TMO, P_GOOD), 0, 0, RESULT_TEMPERROR, TLSA,
		LEVEL_DANE, REASON_DNS_TIMEOUT, "dnssec-invalid", MX1},
	    {"D60", SEC, ONE(BOG, T_NIL, P_NOT), 0, 0, RESULT_TEMPERROR, NOPE,
		LEVEL_MAY, REASON_DNSSEC_INVALID, "", MX1},
	    {"D61", BOG, {{0}}, 0, 0, RESULT_TEMPERROR, NOPE, LEVEL_MAY,
		REASON_DNSSEC_INVALID, "", ""},
	    {"D62", ERR, {{0}}, 0, 0, RESULT_TEMPERROR, NOPE, LEVEL_MAY,
		REASON_DNS_SERVFAIL, "", ""},
	    {"D62 timeout", TMO, {{0}}, 0, 0, RESULT_TEMPERROR, NOPE, LEVEL_MAY,
		REASON_DNS_TIMEOUT, "", ""},
	    {"M73", SEC, ONE(SEC, T_ERR, P_GOOD), S_ENFORCE, 0,
		RESULT_TEMPERROR, TLSA, LEVEL_DANE, REASON_DNS_SERVFAIL,
		"dnssec-invalid", MX1},
	    {"M75", BOG, {{0}}, S_ENFORCE, 0, RESULT_TEMPERROR, NOPE, LEVEL_MAY,
		REASON_DNSSEC_INVALID, "", ""},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void
what_the_mta_bounces_is_none(void **state)
{
	static const struct row rows[] = {
	    {"D59", SEC, ONE(NIL, T_NIL, P_NOT), 0, 0, RESULT_NONE, NOPE,
		LEVEL_MAY, REASON_NO_ADDRESS, "", ""},
	    {"D71", NXD, {{0}}, 0, 0, RESULT_NONE, NOPE, LEVEL_MAY,
		REASON_NXDOMAIN, "", ""},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void
an_insecure_mx_is_half_dane(void **state)
{
	static const struct row rows[] = {
	    {"D63", INS, ONE(SEC, T_OK, P_GOOD), 0, 0, RESULT_PASS, TLSA,
		LEVEL_HALF_DANE, REASON_INSECURE_MX, "", MX1},
	    {"D64", INS, ONE(SEC, T_BAD, P_GOOD), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_HALF_DANE, REASON_VALIDATION_FAILURE,
		"validation-failure", MX1},
	    {"D65", INS, ONE(SEC, T_TA, P_NEXTHOP), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_HALF_DANE, REASON_CERTIFICATE_HOST_MISMATCH,
		"certificate-host-mismatch", MX1},
	    {"D66", INS, ONE(INS, T_NIL, P_SELF), 0, 0, RESULT_NONE, NOPE,
		LEVEL_MAY, REASON_NO_POLICY, "", MX1},
	    {"no MX", NIL, ONE(SEC, T_OK, P_GOOD), 0, 0, RESULT_PASS, TLSA,
		LEVEL_DANE_ONLY, REASON_OK, "", "d.example"},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

/* As Postfix with the map, Exim and Sendmail deliver. */
static void
a_policy_goes_before_tlsa_under_an_insecure_mx(void **state)
{
	static const struct row rows[] = {
	    {"stale TLSA, good certificate", INS, ONE(SEC, T_BAD, P_GOOD),
		S_ENFORCE, 0, RESULT_PASS, STS, LEVEL_SECURE, REASON_OK, "",
		MX1},
	    {"good TLSA, self-signed", INS, ONE(SEC, T_OK, P_SELF), S_ENFORCE,
		0, RESULT_FAIL, STS, LEVEL_SECURE,
		REASON_CERTIFICATE_NOT_TRUSTED, "certificate-not-trusted", MX1},
	    {"TLSA not to be had", INS, ONE(SEC, T_ERR, P_GOOD), S_ENFORCE, 0,
		RESULT_PASS, STS, LEVEL_SECURE, REASON_OK, "", MX1},
	    {"testing", INS, ONE(SEC, T_BAD, P_GOOD), S_TESTING, 0, RESULT_FAIL,
		TLSA, LEVEL_HALF_DANE, REASON_VALIDATION_FAILURE,
		"validation-failure", MX1},
	    {"secure MX", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE, 0,
		RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE,
		"validation-failure", MX1},
	};

	(void)state;
	insecure_mx = INSECURE_MX_POLICY;
	check_rows(rows, COUNT(rows));
	insecure_mx = INSECURE_MX_DANE;
}

static void
preference_beats_security(void **state)
{
	static const struct row rows[] = {
	    {"D91", SEC, {{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_NIL, P_SELF}},
		0, 0, RESULT_SOFTFAIL, TLSA, LEVEL_MAY,
		REASON_VALIDATION_FAILURE, "validation-failure", MX1},
	    {"D92", SEC, {{10, SEC, T_NIL, P_SELF}, {20, SEC, T_OK, P_GOOD}}, 0,
		0, RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
	    {"D93", SEC, {{10, SEC, T_ERR, P_GOOD}, {20, SEC, T_OK, P_GOOD}}, 0,
		0, RESULT_PASS, TLSA, LEVEL_DANE_ONLY, REASON_OK, "", MX2},
	    {"D94", SEC, {{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_BAD, P_GOOD}},
		0, 0, RESULT_FAIL, TLSA, LEVEL_DANE_ONLY,
		REASON_VALIDATION_FAILURE, "validation-failure", MX2},
	    {"D95", SEC, {{10, SEC, T_OK, P_CLOSED}, {20, SEC, T_OK, P_GOOD}},
		0, 0, RESULT_PASS, TLSA, LEVEL_DANE_ONLY, REASON_OK, "", MX2},
	    {"fail outweighs temperror", SEC,
		{{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_ERR, P_GOOD}}, 0, 0,
		RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE,
		"validation-failure", MX1},
	    {"equal: the weakest counts", SEC,
		{{10, SEC, T_OK, P_GOOD}, {10, SEC, T_NIL, P_SELF}}, 0, 0,
		RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "", MX2},
	    {"equal: one fails", SEC,
		{{10, SEC, T_OK, P_GOOD}, {10, SEC, T_BAD, P_GOOD}}, 0, 0,
		RESULT_SOFTFAIL, TLSA, LEVEL_DANE_ONLY,
		REASON_VALIDATION_FAILURE, "validation-failure", MX2},
	    {"a worse host is not reached", SEC,
		{{10, SEC, T_OK, P_GOOD}, {20, SEC, T_BAD, P_GOOD}}, 0, 0,
		RESULT_PASS, TLSA, LEVEL_DANE_ONLY, REASON_OK, "", MX1},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static const struct row sts_decides[] = {
    {"M01", SEC, ONE(SEC, T_NIL, P_GOOD), S_ENFORCE, 0, RESULT_PASS, STS,
	LEVEL_SECURE, REASON_OK, "", MX1},
    {"M17", SEC, ONE(SEC, T_NIL, P_GOOD), S_ERROR, 0, RESULT_NONE, STS,
	LEVEL_MAY, REASON_STS_POLICY_FETCH_ERROR, "sts-policy-fetch-error",
	MX1},
    {"M19", SEC, ONE(SEC, T_NIL, P_GOOD), S_WEBPKI, 0, RESULT_NONE, STS,
	LEVEL_MAY, REASON_STS_WEBPKI_INVALID, "sts-webpki-invalid", MX1},
    {"M23", SEC, ONE(SEC, T_NIL, P_GOOD), S_INVALID, 0, RESULT_NONE, STS,
	LEVEL_MAY, REASON_STS_POLICY_INVALID, "sts-policy-invalid", MX1},
    {"M50", SEC, {{10, SEC, T_NIL, P_GOOD}, {20, SEC, T_NIL, P_GOOD}}, S_ONLY_2,
	0, RESULT_SOFTFAIL, STS, LEVEL_SECURE, REASON_STS_MX_MISMATCH,
	"validation-failure", MX1},
    {"M51", SEC, ONE(SEC, T_NIL, P_GOOD), S_ONLY_2, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_STS_MX_MISMATCH, "validation-failure", MX1},
    {"M52", SEC, ONE(SEC, T_NIL, P_PLAIN), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_STARTTLS_NOT_SUPPORTED, "starttls-not-supported",
	MX1},
    {"M53", SEC, ONE(SEC, T_NIL, P_SELF), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_NOT_TRUSTED, "certificate-not-trusted",
	MX1},
    {"M54", SEC, ONE(SEC, T_NIL, P_EXPIRED), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_EXPIRED, "certificate-expired", MX1},
    {"M55", SEC, ONE(SEC, T_NIL, P_OTHER), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_HOST_MISMATCH,
	"certificate-host-mismatch", MX1},
    {"M57", SEC, ONE(SEC, T_NIL, P_NEXTHOP), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_HOST_MISMATCH,
	"certificate-host-mismatch", MX1},
    {"M58", SEC, ONE(SEC, T_NIL, P_CN), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_HOST_MISMATCH,
	"certificate-host-mismatch", MX1},
    {"M59 M51", SEC, ONE(SEC, T_NIL, P_GOOD), S_TEST_2, 0, RESULT_SOFTFAIL, STS,
	LEVEL_MAY, REASON_STS_TESTING, "validation-failure", MX1},
    {"M59 M52", SEC, ONE(SEC, T_NIL, P_PLAIN), S_TESTING, 0, RESULT_SOFTFAIL,
	STS, LEVEL_MAY, REASON_STS_TESTING, "starttls-not-supported", MX1},
    {"M59 M53", SEC, ONE(SEC, T_NIL, P_SELF), S_TESTING, 0, RESULT_SOFTFAIL,
	STS, LEVEL_MAY, REASON_STS_TESTING, "certificate-not-trusted", MX1},
    {"M60", SEC, ONE(SEC, T_NIL, P_PLAIN), S_MODE_NONE, 0, RESULT_NONE, NOPE,
	LEVEL_MAY, REASON_NO_POLICY, "", MX1},
    {"M71", SEC, ONE(SEC, T_OK, P_GOOD), S_ONLY_2, 0, RESULT_PASS, TLSA,
	LEVEL_DANE_ONLY, REASON_OK, "", MX1},
    {"M72", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE, 0, RESULT_FAIL, TLSA,
	LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE, "validation-failure", MX1},
    {"M74 ok", SEC, ONE(SEC, T_PKIX, P_GOOD), S_ENFORCE, 0, RESULT_PASS, STS,
	LEVEL_SECURE, REASON_OK, "tlsa-invalid", MX1},
    {"M74 bad", SEC, ONE(SEC, T_PKIX, P_SELF), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_NOT_TRUSTED, "certificate-not-trusted",
	MX1},
    {"M51 out of reach", SEC, ONE(SEC, T_NIL, P_CLOSED), S_ONLY_2, 0,
	RESULT_FAIL, STS, LEVEL_SECURE, REASON_STS_MX_MISMATCH,
	"validation-failure", MX1},
    {"M51 without a probe", SEC, ONE(SEC, T_NIL, P_NOT), S_ONLY_2, 0,
	RESULT_FAIL, STS, LEVEL_SECURE, REASON_STS_MX_MISMATCH,
	"validation-failure", MX1},
};

static void
mta_sts_decides_where_dane_does_not(void **state)
{
	(void)state;
	check_rows(sts_decides, COUNT(sts_decides));
}

static void
a_level_of_the_admin_is_kept_to(void **state)
{
	static const struct row rows[] = {
	    {"D96", SEC, ONE(SEC, T_NIL, P_GOOD), 0, LEVEL_DANE_ONLY,
		RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_DANE_REQUIRED,
		"dane-required", MX1},
	    {"dane-only, insecure MX", INS, ONE(SEC, T_OK, P_GOOD), 0,
		LEVEL_DANE_ONLY, RESULT_FAIL, TLSA, LEVEL_DANE_ONLY,
		REASON_DANE_REQUIRED, "dane-required", MX1},
	    {"dane falls back", SEC, ONE(SEC, T_NIL, P_SELF), S_ENFORCE,
		LEVEL_DANE, RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "",
		MX1},
	    {"may", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE, LEVEL_MAY,
		RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
	    {"encrypt", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, LEVEL_ENCRYPT,
		RESULT_FAIL, LOCAL, LEVEL_ENCRYPT,
		REASON_STARTTLS_NOT_SUPPORTED, "starttls-not-supported", MX1},
	    {"encrypt kept", SEC, ONE(SEC, T_NIL, P_SELF), 0, LEVEL_ENCRYPT,
		RESULT_NONE, LOCAL, LEVEL_ENCRYPT, REASON_OK, "", MX1},
	    {"secure", SEC, ONE(SEC, T_BAD, P_GOOD), 0, LEVEL_SECURE,
		RESULT_PASS, LOCAL, LEVEL_SECURE, REASON_OK, "", MX1},
	    {"secure, other name", SEC, ONE(SEC, T_NIL, P_OTHER), 0,
		LEVEL_SECURE, RESULT_FAIL, LOCAL, LEVEL_SECURE,
		REASON_CERTIFICATE_HOST_MISMATCH, "certificate-host-mismatch",
		MX1},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

/* A rule as it stands in the list; level AUTO and no name: none. */
struct rule_row {
	enum rule_scope scope;
	const char *name;
	enum level level;
	bool no_dane, no_sts;
	const char *match[2];
};

static struct rule_list *
make_list(enum level level, const struct rule_row terms[2])
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

struct ruled_row {
	struct row row;
	struct rule_row terms[2];
	const char *rule; /* expected: its name, or NULL */
};

static void
check_ruled_rows(const struct ruled_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i].row;
		AUTO(rule_list)
		struct rule_list *list = make_list(row->level, rows[i].terms);
		struct judge_terms terms = {.store = pki.store};
		AUTO(facts) struct facts *facts = make_facts(row);
		AUTO(verdict) struct verdict *verdict = NULL;

		terms_set(&terms, list, "d.example", CERTS_NOW);
		verdict = judge(facts, &terms, CERTS_NOW);
		ROW_TEXT(row->id, result_text(verdict->result),
		    result_text(row->result));
		ROW_TEXT(row->id, policy_type_text(verdict->policy),
		    policy_type_text(row->policy));
		ROW_TEXT(row->id, level_text(verdict->level),
		    level_text(row->enforced));
		ROW_TEXT(row->id, reason_text(verdict->reason),
		    reason_text(row->reason));
		ROW_TEXT(row->id,
		    verdict->rule == NULL ? "-" : verdict->rule->name,
		    rows[i].rule == NULL ? "-" : rows[i].rule);
	}
}

#define D_RULE_WITH(level, no_dane, no_sts, ...)                          \
	{                                                                 \
		{                                                         \
			RULE_DOMAIN, "d.example", level, no_dane, no_sts, \
			{                                                 \
				__VA_ARGS__                               \
			}                                                 \
		}                                                         \
	}
#define D_RULE(level) D_RULE_WITH(level, false, false, NULL)

static void
a_rule_decides_for_its_destination(void **state)
{
	static const struct ruled_row rows[] = {
	    {{"none", SEC, ONE(SEC, T_BAD, P_PLAIN), S_ENFORCE, LEVEL_AUTO,
		 RESULT_NONE, LOCAL, LEVEL_NONE, REASON_NO_POLICY, "", MX1},
		D_RULE(LEVEL_NONE), "d.example"},
	    {{"may", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE, LEVEL_ENCRYPT,
		 RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
		D_RULE(LEVEL_MAY), "d.example"},
	    {{"encrypt", SEC, ONE(SEC, T_BAD, P_PLAIN), 0, LEVEL_AUTO,
		 RESULT_FAIL, LOCAL, LEVEL_ENCRYPT,
		 REASON_STARTTLS_NOT_SUPPORTED, "", MX1},
		D_RULE(LEVEL_ENCRYPT), "d.example"},
	    {{"dane", SEC, ONE(SEC, T_NIL, P_PLAIN), S_ENFORCE, LEVEL_AUTO,
		 RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
		D_RULE(LEVEL_DANE), "d.example"},
	    {{"dane-only", SEC, ONE(SEC, T_NIL, P_GOOD), S_ENFORCE, LEVEL_AUTO,
		 RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_DANE_REQUIRED, "",
		 MX1},
		D_RULE(LEVEL_DANE_ONLY), "d.example"},
	    {{"auto, dane=no", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE,
		 LEVEL_AUTO, RESULT_PASS, STS, LEVEL_SECURE, REASON_OK, "",
		 MX1},
		D_RULE_WITH(LEVEL_AUTO, true, false, NULL), "d.example"},
	    {{"auto, sts=no", SEC, ONE(SEC, T_NIL, P_SELF), S_ENFORCE,
		 LEVEL_AUTO, RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "",
		 MX1},
		D_RULE_WITH(LEVEL_AUTO, false, true, NULL), "d.example"},
	    {{"auto, sts=no, a policy lost", SEC, ONE(SEC, T_NIL, P_GOOD),
		 S_ERROR, LEVEL_AUTO, RESULT_NONE, NOPE, LEVEL_MAY,
		 REASON_NO_POLICY, "", MX1},
		D_RULE_WITH(LEVEL_AUTO, false, true, NULL), "d.example"},
	    {{"dane=no, lookup failed", SEC, ONE(SEC, T_ERR, P_GOOD), 0,
		 LEVEL_AUTO, RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "",
		 MX1},
		D_RULE_WITH(LEVEL_AUTO, true, false, NULL), "d.example"},
	    {{"a rule of another", SEC, ONE(SEC, T_OK, P_GOOD), 0, LEVEL_AUTO,
		 RESULT_PASS, TLSA, LEVEL_DANE_ONLY, REASON_OK, "", MX1},
		{{RULE_BELOW, ".d.example", LEVEL_NONE, 0, 0, {0}}}, NULL},
	    {{"no MX to be had", ERR, {{0}}, 0, LEVEL_AUTO, RESULT_TEMPERROR,
		 NOPE, LEVEL_MAY, REASON_DNS_SERVFAIL, "", NULL},
		D_RULE(LEVEL_SECURE), "d.example"},
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

static void
secure_wants_the_names_of_its_match(void **state)
{
#define SECURE(id, probe, ok, ...)                                           \
	{                                                                    \
		{id, SEC, ONE(SEC, T_NIL, probe), 0, LEVEL_AUTO,             \
		    (ok) ? RESULT_PASS : RESULT_FAIL, LOCAL, LEVEL_SECURE,   \
		    (ok) ? REASON_OK : REASON_CERTIFICATE_HOST_MISMATCH, "", \
		    MX1},                                                    \
		    D_RULE_WITH(LEVEL_SECURE, false, false, __VA_ARGS__),    \
		    "d.example"                                              \
	}
	static const struct ruled_row rows[] = {
	    SECURE("no match", P_GOOD, true, NULL),
	    SECURE("no match, next hop", P_NEXTHOP, false, NULL),
	    SECURE("no match, CN", P_CN, false, NULL),
	    SECURE("below", P_GOOD, true, ".d.example"),
	    SECURE("below, the name itself", P_NEXTHOP, false, ".d.example"),
	    SECURE("other", P_OTHER, true, "other.example"),
	    SECURE("other, not the host", P_GOOD, false, "other.example"),
	    SECURE("the second", P_GOOD, true, "other.example", ".example"),
	    SECURE("hostname", P_GOOD, true, "nexthop", "hostname"),
	    SECURE("nexthop", P_NEXTHOP, true, "nexthop"),
	    SECURE("nexthop, not the host", P_GOOD, false, "nexthop"),
	    SECURE("dot-nexthop", P_GOOD, true, "dot-nexthop"),
	    SECURE("dot-nexthop, not it", P_NEXTHOP, false, "dot-nexthop"),
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

static void
rules_for_hosts_are_judged_host_by_host(void **state)
{
	static const struct ruled_row rows[] = {
	    {{"the first is let go", SEC,
		 {{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_OK, P_GOOD}}, 0,
		 LEVEL_AUTO, RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY,
		 "", MX1},
		{{RULE_MX, "mx1.d.example", LEVEL_MAY, 0, 0, {0}}},
		"mx1.d.example"},
	    {{"only the second has one", SEC,
		 {{10, SEC, T_NIL, P_CLOSED}, {20, SEC, T_NIL, P_GOOD}}, 0,
		 LEVEL_AUTO, RESULT_FAIL, TLSA, LEVEL_DANE_ONLY,
		 REASON_DANE_REQUIRED, "", MX2},
		{{RULE_MX, "mx2.d.example", LEVEL_DANE_ONLY, 0, 0, {0}}},
		"mx2.d.example"},
	    {{"all of a hoster", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, LEVEL_AUTO,
		 RESULT_FAIL, LOCAL, LEVEL_ENCRYPT,
		 REASON_STARTTLS_NOT_SUPPORTED, "", MX1},
		{{RULE_MX_BELOW, ".d.example", LEVEL_ENCRYPT, 0, 0, {0}}},
		".d.example"},
	    {{"above any", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, LEVEL_AUTO,
		 RESULT_FAIL, LOCAL, LEVEL_ENCRYPT,
		 REASON_STARTTLS_NOT_SUPPORTED, "", MX1},
		{{RULE_MX, "mx1.d.example", LEVEL_ENCRYPT, 0, 0, {0}},
		    {RULE_ANY, "", LEVEL_MAY, 0, 0, {0}}},
		"mx1.d.example"},
	    {{"below a domain's", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, LEVEL_AUTO,
		 RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
		{{RULE_MX, "mx1.d.example", LEVEL_ENCRYPT, 0, 0, {0}},
		    {RULE_DOMAIN, "d.example", LEVEL_MAY, 0, 0, {0}}},
		"d.example"},
	    {{"MTA-STS at one host", SEC, ONE(SEC, T_NIL, P_SELF), S_ENFORCE,
		 LEVEL_MAY, RESULT_FAIL, STS, LEVEL_SECURE,
		 REASON_CERTIFICATE_NOT_TRUSTED, "", MX1},
		{{RULE_MX, "mx1.d.example", LEVEL_AUTO, 0, 0, {0}}},
		"mx1.d.example"},
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

/* The forger chooses the host, and so the rule: MX1 is one of his choice. */
static void
a_forged_mx_finds_no_rule_that_lifts_what_would_hold(void **state)
{
#define FORGED(id, tlsa, probe, sts, level, ...)                        \
	{                                                               \
		id, INS, ONE(SEC, tlsa, probe), sts, level, __VA_ARGS__ \
	}
#define MX1_RULE(level, no_sts)                             \
	{                                                   \
		RULE_MX, "mx1.d.example", level, 0, no_sts, \
		{                                           \
			0                                   \
		}                                           \
	}
#define OMITTED RESULT_FAIL, STS, LEVEL_SECURE, REASON_STS_MX_MISMATCH, "", MX1
	static const struct ruled_row rows[] = {
	    {FORGED("none", T_NIL, P_PLAIN, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_NONE, 0)}, NULL},
	    {FORGED("may", T_NIL, P_PLAIN, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_MAY, 0)}, NULL},
	    {FORGED("encrypt", T_NIL, P_SELF, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_ENCRYPT, 0)}, NULL},
	    {FORGED("dane", T_NIL, P_PLAIN, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_DANE, 0)}, NULL},
	    {FORGED("secure", T_NIL, P_GOOD, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_SECURE, 0)}, NULL},
	    {FORGED("sts=no", T_NIL, P_GOOD, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_AUTO, 1)}, NULL},
	    {FORGED(
		 "its actions", T_NIL, P_GOOD, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_AUTO, 0)}, NULL},
	    {FORGED("not probed", T_NIL, P_NOT, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_MAY, 0)}, NULL},
	    {FORGED("above any", T_NIL, P_PLAIN, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_MAY, 0), {RULE_ANY, "", LEVEL_AUTO, 0, 0, {0}}},
		""},
	    {FORGED("dane-only by default", T_NIL, P_PLAIN, 0, LEVEL_DANE_ONLY,
		 RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_DANE_REQUIRED, "",
		 MX1),
		{MX1_RULE(LEVEL_MAY, 0)}, NULL},
	    {FORGED("names of the admin's", T_NIL, P_OTHER, 0, LEVEL_AUTO,
		 RESULT_FAIL, LOCAL, LEVEL_SECURE,
		 REASON_CERTIFICATE_HOST_MISMATCH, "", MX1),
		{MX1_RULE(LEVEL_MAY, 0),
		    {RULE_ANY, "", LEVEL_SECURE, 0, 0, {"nexthop"}}},
		""},
	    {FORGED("stricter", T_OK, P_GOOD, S_ONLY_2, LEVEL_AUTO, RESULT_FAIL,
		 TLSA, LEVEL_DANE_ONLY, REASON_DANE_REQUIRED, "", MX1),
		{MX1_RULE(LEVEL_DANE_ONLY, 0)}, NULL},
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

static void
a_rule_for_a_host_counts_where_the_host_is_vouched_for(void **state)
{
#define LET_GO RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY, "", MX1
	static const struct ruled_row rows[] = {
	    {FORGED("the policy names it", T_NIL, P_SELF, S_ENFORCE, LEVEL_AUTO,
		 LET_GO),
		{MX1_RULE(LEVEL_MAY, 0)}, MX1},
	    {FORGED("no more than tested", T_NIL, P_SELF, S_TEST_2, LEVEL_AUTO,
		 LET_GO),
		{MX1_RULE(LEVEL_MAY, 0)}, MX1},
	    {FORGED(
		 "encryption alone", T_NIL, P_PLAIN, 0, LEVEL_ENCRYPT, LET_GO),
		{MX1_RULE(LEVEL_MAY, 0)}, MX1},
	    {{"signed MX", SEC, ONE(SEC, T_NIL, P_PLAIN), S_ONLY_2, LEVEL_AUTO,
		 LET_GO},
		{MX1_RULE(LEVEL_MAY, 0)}, MX1},
	    {{"signed MX, dane-only", SEC, ONE(SEC, T_NIL, P_PLAIN), 0,
		 LEVEL_DANE_ONLY, LET_GO},
		{MX1_RULE(LEVEL_MAY, 0)}, MX1},
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

static void
the_default_level_holds_without_a_rule(void **state)
{
	static const struct ruled_row rows[] = {
	    {{"may", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE, LEVEL_MAY,
		 RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
		{{0}}, NULL},
	    {{"encrypt, plain", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, LEVEL_ENCRYPT,
		 RESULT_FAIL, LOCAL, LEVEL_ENCRYPT,
		 REASON_STARTTLS_NOT_SUPPORTED, "", MX1},
		{{0}}, NULL},
	    {{"encrypt, TLS", SEC, ONE(SEC, T_NIL, P_SELF), 0, LEVEL_ENCRYPT,
		 RESULT_NONE, LOCAL, LEVEL_ENCRYPT, REASON_OK, "", MX1},
		{{0}}, NULL},
	    {{"encrypt, not probed", SEC, ONE(SEC, T_NIL, P_NOT), 0,
		 LEVEL_ENCRYPT, RESULT_NONE, LOCAL, LEVEL_ENCRYPT,
		 REASON_NOT_PROBED, "", MX1},
		{{0}}, NULL},
	    {{"encrypt, DANE", SEC, ONE(SEC, T_BAD, P_GOOD), 0, LEVEL_ENCRYPT,
		 RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE,
		 "", MX1},
		{{0}}, NULL},
	    {{"encrypt, MTA-STS", SEC, ONE(SEC, T_NIL, P_GOOD), S_ENFORCE,
		 LEVEL_ENCRYPT, RESULT_PASS, STS, LEVEL_SECURE, REASON_OK, "",
		 MX1},
		{{0}}, NULL},
	    {{"encrypt, MTA-STS not kept", SEC, ONE(SEC, T_NIL, P_SELF),
		 S_ENFORCE, LEVEL_ENCRYPT, RESULT_FAIL, STS, LEVEL_SECURE,
		 REASON_CERTIFICATE_NOT_TRUSTED, "", MX1},
		{{0}}, NULL},
	    {{"encrypt, testing, plain", SEC, ONE(SEC, T_NIL, P_PLAIN),
		 S_TESTING, LEVEL_ENCRYPT, RESULT_FAIL, STS, LEVEL_ENCRYPT,
		 REASON_STARTTLS_NOT_SUPPORTED, "", MX1},
		{{0}}, NULL},
	    {{"dane-only", SEC, ONE(SEC, T_NIL, P_GOOD), 0, LEVEL_DANE_ONLY,
		 RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_DANE_REQUIRED, "",
		 MX1},
		{{0}}, NULL},
	    {{"secure", SEC, ONE(SEC, T_NIL, P_SELF), 0, LEVEL_SECURE,
		 RESULT_FAIL, LOCAL, LEVEL_SECURE,
		 REASON_CERTIFICATE_NOT_TRUSTED, "", MX1},
		{{0}}, NULL},
	    {{"auto is no floor", SEC, ONE(SEC, T_NIL, P_PLAIN), 0,
		 LEVEL_ENCRYPT, RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY,
		 "", MX1},
		D_RULE(LEVEL_AUTO), "d.example"},
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

static void
what_each_host_comes_to_is_told_in_one_line(void **state)
{
	const struct row two = {.mx = SEC,
	    .hosts = {{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_OK, P_GOOD}}};
	const struct row none = {.mx = NXD};
	struct judge_terms terms = {.store = pki.store};
	AUTO(facts) struct facts *facts = make_facts(&two);
	AUTO(facts) struct facts *no_facts = make_facts(&none);
	AUTO(verdict) struct verdict *verdict = NULL;
	AUTO(verdict) struct verdict *whole = NULL;
	AUTO(verdict) struct verdict *cut = NULL;
	AUTO(verdict) struct verdict *empty = NULL;
	enum { WALK_WORDS = 64 }; /* the room that a host's two words want */
	size_t room;

	(void)state;
	verdict = judge(facts, &terms, CERTS_NOW);
	assert_string_equal(verdict->walk,
	    MX1 "/fail/validation-failure," MX2 "/secure-dane/ok");
	memset(facts->hosts[0].name, 'x', LIMIT_DOMAIN);
	room = LIMIT_WALK_SIZE - LIMIT_DOMAIN -
	       strlen("/fail/validation-failure") - WALK_WORDS;
	memset(facts->hosts[1].name, 'x', room);
	facts->hosts[1].name[room] = '\0';
	whole = judge(facts, &terms, CERTS_NOW);
	assert_non_null(strstr(whole->walk, "x/secure-dane/ok"));
	facts->hosts[1].name[room] = 'x';
	facts->hosts[1].name[room + 1] = '\0';
	cut = judge(facts, &terms, CERTS_NOW);
	assert_string_equal(
	    cut->walk + LIMIT_DOMAIN, "/fail/validation-failure,+1");
	empty = judge(no_facts, &terms, CERTS_NOW);
	assert_null(empty->walk);
}

/* What the MTA was told to send elsewhere is judged by where it goes. */
static void
a_relay_without_a_policy_is_told_from_a_domain_without(void **state)
{
	static const struct {
		const char *domain;
		enum tlsa_kind tlsa;
		enum probe_kind probe;
		const char *reason;
	} rows[] = {
	    {"d.example", T_NIL, P_GOOD, "no-policy"},
	    {"other.example", T_NIL, P_GOOD, "relayed"},
	    {"other.example", T_NIL, P_NOT, "relayed"},
	    {"other.example", T_OK, P_GOOD, "ok"},
	    {"other.example", T_OK, P_NOT, "not-probed"},
	    {"other.example", T_BAD, P_GOOD, "validation-failure"},
	    {"other.example", T_NIL, P_CLOSED, "connect-failed"},
	};
	struct judge_terms terms = {.store = pki.store};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {
		    .mx = SEC, .hosts = ONE(SEC, rows[i].tlsa, rows[i].probe)};
		AUTO(facts) struct facts *facts = make_facts(&row);
		AUTO(verdict) struct verdict *verdict = NULL;

		text_copy(facts->domain, sizeof(facts->domain), rows[i].domain);
		verdict = judge(facts, &terms, CERTS_NOW);
		ROW_TEXT(rows[i].reason, reason_text(verdict->reason),
		    rows[i].reason);
		ROW_TEXT(rows[i].reason, verdict->mx, MX1);
	}
}

static void
dane_and_mta_sts_are_told_apart(void **state)
{
	static const struct {
		const char *id;
		enum tlsa_kind tlsa;
		enum probe_kind probe;
		enum sts_kind sts;
		const char *dane_state, *sts_state;
	} rows[] = {
	    {"M71", T_OK, P_GOOD, S_ONLY_2, "pass", "fail"},
	    {"M72", T_BAD, P_GOOD, S_ENFORCE, "fail", "pass"},
	    {"M73", T_ERR, P_GOOD, S_ENFORCE, "temperror", "pass"},
	    {"no answer", T_OK, P_SLOW, S_NIL, "temperror", "none"},
	    {"no answer, no DANE", T_NIL, P_SLOW, S_NIL, "none", "none"},
	    {"M74", T_PKIX, P_GOOD, S_ENFORCE, "encrypt", "pass"},
	    {"M59", T_NIL, P_SELF, S_TESTING, "none", "testing-fail"},
	    {"M17", T_OK, P_GOOD, S_ERROR, "pass", "error"},
	    {"M01", T_NIL, P_GOOD, S_ENFORCE, "none", "pass"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {.mx = SEC,
		    .hosts = ONE(SEC, rows[i].tlsa, rows[i].probe),
		    .sts = rows[i].sts};
		AUTO(verdict) struct verdict *verdict = judge_row(&row);

		ROW_TEXT(rows[i].id, dane_state_text(verdict->dane),
		    rows[i].dane_state);
		ROW_TEXT(rows[i].id, sts_state_text(verdict->sts),
		    rows[i].sts_state);
	}
}

static void
dane_is_undecided_without_the_mx_unless_it_does_not_count(void **state)
{
	struct row row = {.mx = BOG};
	AUTO(verdict) struct verdict *open = judge_row(&row);
	AUTO(verdict) struct verdict *waived = NULL;

	(void)state;
	assert_int_equal(open->dane, DANE_STATE_TEMPERROR);
	row.level = LEVEL_MAY;
	waived = judge_row(&row);
	assert_int_equal(waived->dane, DANE_STATE_NONE);
}

enum offer {
	OFFERED,
	SILENT,  /* EHLO inside TLS has no REQUIRETLS */
	DROPPED, /* nor any answer */
};

struct requiretls_row {
	const char *id;
	enum dns mx;
	struct host_row hosts[2];
	enum sts_kind sts;
	struct rule_row terms[2];
	enum offer offers[2];
	enum requiretls_state expected;
};

static void
set_offers(struct facts *facts, const enum offer offers[2])
{
	for (size_t i = 0; i < facts->host_count; i++) {
		struct probe_facts *probe =
		    facts->hosts[i].address_count == 0
			? NULL
			: facts->hosts[i].addresses[0].probe;

		if (probe == NULL)
			continue;
		probe->tls_ehlo = probe->tls_answered = offers[i] != DROPPED;
		probe->requiretls = offers[i] == OFFERED;
	}
}

static struct verdict *
judge_requiretls_row(const struct requiretls_row *row, bool requiretls)
{
	const struct row facts_row = {.mx = row->mx,
	    .hosts = {row->hosts[0], row->hosts[1]},
	    .sts = row->sts};
	AUTO(rule_list)
	struct rule_list *list = make_list(LEVEL_AUTO, row->terms);
	struct judge_terms terms = {.store = pki.store,
	    .requiretls = requiretls,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 30};
	AUTO(facts) struct facts *facts = make_facts(&facts_row);

	terms_set(&terms, list, "d.example", CERTS_NOW);
	set_offers(facts, row->offers);
	return judge(facts, &terms, CERTS_NOW);
}

#define NO_RULE           \
	{                 \
		{         \
			0 \
		}         \
	}
#define MET REQUIRETLS_MET
#define NOT_OFFERED REQUIRETLS_NOT_OFFERED
#define NO_AUTH REQUIRETLS_NO_AUTH
#define UNKNOWN REQUIRETLS_UNKNOWN
#define UNPROBED REQUIRETLS_UNPROBED

static void
check_requiretls(const struct requiretls_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		AUTO(verdict)
		struct verdict *verdict = judge_requiretls_row(&rows[i], true);
		AUTO(verdict)
		struct verdict *plain = judge_requiretls_row(&rows[i], false);

		if (verdict->requiretls != rows[i].expected)
			fail_msg(
			    "%s: %d", rows[i].id, (int)verdict->requiretls);
		ROW(rows[i].id, plain->requiretls == REQUIRETLS_NOT_ASKED);
		/* it has no part in the verdict itself */
		ROW(rows[i].id, verdict->result == plain->result &&
				    verdict->reason == plain->reason);
		/* while it is not met, another host may do */
		ROW(rows[i].id,
		    !verdict->settled ||
			(plain->settled && rows[i].expected == MET));
		ROW(rows[i].id, verdict->ttl_s <= plain->ttl_s);
		ROW(rows[i].id,
		    rows[i].expected == MET || verdict->ttl_s <= 300);
		ROW(rows[i].id,
		    rows[i].expected != UNKNOWN || verdict->ttl_s <= 30);
	}
}

static void
requiretls_wants_dane_or_a_certificate_for_the_name(void **state)
{
	static const struct requiretls_row rows[] = {
	    {"other leaf", SEC, ONE(SEC, T_OK, P_SELF), 0, NO_RULE, {0},
		NO_AUTH},
	    {"Q01", SEC, ONE(SEC, T_OK, P_GOOD), 0, NO_RULE, {0}, MET},
	    {"Q01 no MX", NIL, ONE(SEC, T_OK, P_GOOD), 0, NO_RULE, {0}, MET},
	    {"Q01 STS in testing", SEC, ONE(SEC, T_OK, P_GOOD), S_TESTING,
		NO_RULE, {0}, MET},
	    {"Q02", SEC, ONE(SEC, T_OK, P_GOOD), 0, NO_RULE, {SILENT},
		NOT_OFFERED},
	    {"Q04", SEC, ONE(SEC, T_NIL, P_GOOD), 0, NO_RULE, {0}, MET},
	    {"Q04 addresses insecure", SEC, ONE(INS, T_NIL, P_GOOD), 0, NO_RULE,
		{0}, MET},
	    {"Q04 no policy to be had", SEC, ONE(SEC, T_NIL, P_GOOD), S_ERROR,
		NO_RULE, {0}, MET},
	    {"Q04 mode none", SEC, ONE(SEC, T_NIL, P_GOOD), S_MODE_NONE,
		NO_RULE, {0}, MET},
	    {"Q04 not offered", SEC, ONE(SEC, T_NIL, P_GOOD), 0, NO_RULE,
		{SILENT}, NOT_OFFERED},
	    {"Q04 self-signed", SEC, ONE(SEC, T_NIL, P_SELF), 0, NO_RULE, {0},
		NO_AUTH},
	    {"Q04 other name", SEC, ONE(SEC, T_NIL, P_OTHER), 0, NO_RULE, {0},
		NO_AUTH},
	    {"Q04 the domain's name", SEC, ONE(SEC, T_NIL, P_NEXTHOP), 0,
		NO_RULE, {0}, NO_AUTH},
	    {"Q04 CN", SEC, ONE(SEC, T_NIL, P_CN), 0, NO_RULE, {0}, NO_AUTH},
	    {"Q04 expired", SEC, ONE(SEC, T_NIL, P_EXPIRED), 0, NO_RULE, {0},
		NO_AUTH},
	    {"Q04 plain", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, NO_RULE, {0},
		NO_AUTH},
	    {"Q07", SEC, ONE(SEC, T_PKIX, P_GOOD), 0, NO_RULE, {0}, NO_AUTH},
	    {"Q07 with a policy", SEC, ONE(SEC, T_PKIX, P_GOOD), S_ENFORCE,
		NO_RULE, {0}, MET},
	};

	(void)state;
	check_requiretls(rows, COUNT(rows));
}

static void
requiretls_wants_mta_sts_where_dns_is_insecure(void **state)
{
	static const struct requiretls_row rows[] = {
	    {"Q03", INS, ONE(SEC, T_NIL, P_GOOD), 0, NO_RULE, {0}, NO_AUTH},
	    {"Q03 not offered", INS, ONE(SEC, T_NIL, P_GOOD), 0, NO_RULE,
		{SILENT}, NO_AUTH},
	    {"Q05", INS, ONE(INS, T_NIL, P_GOOD), S_ENFORCE, NO_RULE, {0}, MET},
	    {"Q05 not offered", INS, ONE(INS, T_NIL, P_GOOD), S_ENFORCE,
		NO_RULE, {SILENT}, NOT_OFFERED},
	    {"Q05 not kept", INS, ONE(INS, T_NIL, P_SELF), S_ENFORCE, NO_RULE,
		{0}, NO_AUTH},
	    {"Q05 not named", SEC, ONE(INS, T_NIL, P_GOOD), S_ONLY_2, NO_RULE,
		{0}, NO_AUTH},
	    {"Q06", SEC, ONE(SEC, T_NIL, P_GOOD), S_TESTING, NO_RULE, {0},
		NO_AUTH},
	    {"Q06 insecure", INS, ONE(INS, T_NIL, P_GOOD), S_TESTING, NO_RULE,
		{0}, NO_AUTH},
	    {"Q08", INS, ONE(SEC, T_OK, P_GOOD), 0, NO_RULE, {0}, NO_AUTH},
	    {"Q08 with a policy", INS, ONE(SEC, T_OK, P_GOOD), S_ENFORCE,
		NO_RULE, {0}, MET},
	};

	(void)state;
	check_requiretls(rows, COUNT(rows));
}

static void
requiretls_is_met_by_one_host(void **state)
{
	static const struct requiretls_row rows[] = {
	    {"Q02 both", SEC,
		{{10, SEC, T_OK, P_GOOD}, {20, SEC, T_OK, P_GOOD}}, 0, NO_RULE,
		{SILENT, SILENT}, NOT_OFFERED},
	    {"Q09", SEC, {{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_OK, P_GOOD}}, 0,
		NO_RULE, {0, 0}, MET},
	    {"Q09 first not offered", SEC,
		{{10, SEC, T_OK, P_GOOD}, {20, SEC, T_OK, P_GOOD}}, 0, NO_RULE,
		{SILENT, OFFERED}, MET},
	    {"Q09 first opportunistic", SEC,
		{{10, SEC, T_NIL, P_SELF}, {20, SEC, T_OK, P_GOOD}}, 0, NO_RULE,
		{0, 0}, MET},
	    {"Q09 first down", SEC,
		{{10, SEC, T_OK, P_CLOSED}, {20, SEC, T_OK, P_GOOD}}, 0,
		NO_RULE, {0, 0}, MET},
	    {"first down, second not offered", SEC,
		{{10, SEC, T_OK, P_CLOSED}, {20, SEC, T_OK, P_GOOD}}, 0,
		NO_RULE, {0, SILENT}, UNKNOWN},
	};

	(void)state;
	check_requiretls(rows, COUNT(rows));
}

static void
requiretls_is_not_known_without_an_answer(void **state)
{
	static const struct requiretls_row rows[] = {
	    {"Q02 no answer", SEC, ONE(SEC, T_OK, P_GOOD), 0, NO_RULE,
		{DROPPED}, UNKNOWN},
	    {"TLSA lookup failed", SEC, ONE(SEC, T_ERR, P_GOOD), S_ENFORCE,
		NO_RULE, {0}, UNKNOWN},
	    {"MX lookup failed", BOG, {{0}}, S_ENFORCE, NO_RULE, {0}, UNKNOWN},
	    {"no answer", SEC, ONE(SEC, T_OK, P_SLOW), 0, NO_RULE, {0},
		UNKNOWN},
	    {"not probed", SEC, ONE(SEC, T_OK, P_NOT), 0, NO_RULE, {0},
		UNPROBED},
	    {"not probed, WebPKI may do", SEC, ONE(SEC, T_NIL, P_NOT), 0,
		NO_RULE, {0}, UNPROBED},
	    {"not probed, insecure MX", INS, ONE(SEC, T_OK, P_NOT), 0, NO_RULE,
		{0}, NO_AUTH},
	    {"not probed, not named", INS, ONE(SEC, T_NIL, P_NOT), S_ONLY_2,
		NO_RULE, {0}, NO_AUTH},
	    {"not probed, named", INS, ONE(SEC, T_NIL, P_NOT), S_ENFORCE,
		NO_RULE, {0}, UNPROBED},
	};

	(void)state;
	check_requiretls(rows, COUNT(rows));
}

static void
requiretls_heeds_rules(void **state)
{
	static const struct requiretls_row rows[] = {
	    {"rule: no TLS", SEC, ONE(SEC, T_OK, P_GOOD), 0, D_RULE(LEVEL_NONE),
		{0}, NO_AUTH},
	    {"rule: the admin's names", INS, ONE(SEC, T_NIL, P_OTHER), 0,
		D_RULE_WITH(LEVEL_SECURE, false, false, "other.example"), {0},
		MET},
	    {"rule: names of the DNS", INS, ONE(SEC, T_NIL, P_GOOD), 0,
		D_RULE_WITH(LEVEL_SECURE, false, false, "hostname"), {0},
		NO_AUTH},
	    {"rule: secure", INS, ONE(SEC, T_NIL, P_GOOD), 0,
		D_RULE(LEVEL_SECURE), {0}, NO_AUTH},
	    {"rule: DANE or nothing", SEC, ONE(SEC, T_NIL, P_GOOD), 0,
		D_RULE(LEVEL_DANE_ONLY), {0}, NO_AUTH},
	    {"rule: encrypt", SEC, ONE(SEC, T_NIL, P_GOOD), 0,
		D_RULE(LEVEL_ENCRYPT), {0}, MET},
	};

	(void)state;
	check_requiretls(rows, COUNT(rows));
}

/* The policy is kept, and its record or its body is not to be had. */
static void
a_kept_policy_counts_and_its_failure_is_told(void **state)
{
	static const struct {
		const char *id;
		enum policy_fetch failed;
		enum probe_kind probe;
		enum result result;
		const char *rt, *sts_reason;
	} rows[] = {
	    {"M03", POLICY_FETCH_ERROR, P_GOOD, RESULT_PASS,
		"sts-policy-fetch-error", "sts-policy-fetch-error"},
	    {"M62", POLICY_INVALID, P_GOOD, RESULT_PASS, "sts-policy-invalid",
		"sts-policy-invalid"},
	    {"M62 webpki", POLICY_WEBPKI_INVALID, P_SELF, RESULT_FAIL,
		"certificate-not-trusted", "certificate-not-trusted"},
	    {"fresh", POLICY_NOT_FETCHED, P_GOOD, RESULT_PASS, "", "ok"},
	};
	struct judge_terms terms = {.store = pki.store, .verdict_ttl_s = 3600};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {.mx = SEC,
		    .hosts = ONE(SEC, T_NIL, rows[i].probe),
		    .sts = S_ENFORCE};
		AUTO(facts) struct facts *facts = make_facts(&row);
		AUTO(verdict) struct verdict *verdict = NULL;

		facts->sts.cached = true;
		facts->sts.failed = rows[i].failed;
		verdict = judge(facts, &terms, CERTS_NOW);
		ROW(rows[i].id, verdict->result == rows[i].result);
		ROW_TEXT(rows[i].id, verdict->rt, rows[i].rt);
		ROW_TEXT(rows[i].id, reason_text(verdict->sts_reason),
		    rows[i].sts_reason);
	}
}

static void
a_verdict_lives_no_longer_than_its_facts(void **state)
{
	static const struct row two = {.mx = SEC,
	    .hosts = {{10, SEC, T_OK, P_SLOW}, {20, SEC, T_OK, P_GOOD}}};
	static const struct row good = {
	    .mx = SEC, .hosts = ONE(SEC, T_OK, P_GOOD)};
	struct judge_terms terms = {.store = pki.store,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 30};
	static const struct {
		uint32_t tlsa_ttl_s;
		bool skipped; /* a host was out of reach */
		time_t policy_left_s;
		uint32_t expected_s;
	} rows[] = {{86400, false, 86400, 3600}, {600, false, 86400, 600},
	    {5, false, 86400, 30}, {86400, true, 86400, 300},
	    {86400, false, 50, 50}, {86400, false, -5, 30}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(facts)
		struct facts *facts =
		    make_facts(rows[i].skipped ? &two : &good);
		struct verdict *verdict;

		facts->hosts[0].tlsa.ttl_s = rows[i].tlsa_ttl_s;
		facts_note(facts, &facts->hosts[0].tlsa);
		facts->sts.policy = make_policy(S_ENFORCE);
		facts->sts.policy->fetched_s =
		    CERTS_NOW - 86400 + rows[i].policy_left_s;
		verdict = judge(facts, &terms, CERTS_NOW);
		assert_int_equal(verdict->ttl_s, rows[i].expected_s);
		verdict_free(verdict);
	}
}

/* The zero of what is decided is never good. */
static void
what_nobody_filled_in_does_not_pass(void **state)
{
	static const struct host_verdict host;
	static const struct address_verdict address;
	static const struct verdict verdict;
	const struct row row = {.mx = SEC, .hosts = ONE(SEC, T_OK, P_GOOD)};
	struct judge_terms terms = {.store = pki.store};
	AUTO(facts) struct facts *nothing = facts_new();
	AUTO(facts) struct facts *bare = make_facts(&row);
	AUTO(verdict) struct verdict *of_nothing = NULL;
	AUTO(verdict) struct verdict *of_bare = NULL;
	AUTO(verdict) struct verdict *of_unasked = NULL;
	struct host_facts *bared = &bare->hosts[0];

	(void)state;
	assert_false(host_is_good(host.outcome));
	assert_int_not_equal(host.reason, REASON_OK);
	assert_int_not_equal(host.dane, DANE_STATE_PASS);
	assert_int_not_equal(host.sts, STS_STATE_PASS);
	assert_int_not_equal(host.requiretls, REQUIRETLS_MET);
	assert_false(host_is_good(address.outcome));
	assert_int_not_equal(address.reason, REASON_OK);
	assert_true(result_is_worse(verdict.result, RESULT_TEMPERROR));
	of_nothing = judge(nothing, &terms, CERTS_NOW);
	assert_int_equal(of_nothing->result, RESULT_TEMPERROR);
	assert_int_equal(of_nothing->reason, REASON_INTERNAL_ERROR);
	bared->tlsa = (struct lookup){.state = LOOKUP_NOT_ASKED};
	of_unasked = judge(bare, &terms, CERTS_NOW);
	assert_int_equal(of_unasked->result, RESULT_TEMPERROR);
	assert_int_equal(of_unasked->reason, REASON_INTERNAL_ERROR);
	bared->tlsa = lookup_of(SEC);
	probe_facts_free(bared->addresses[0].probe);
	free(bared->addresses);
	bared->addresses = NULL;
	bared->address_count = 0;
	of_bare = judge(bare, &terms, CERTS_NOW);
	assert_int_equal(of_bare->result, RESULT_TEMPERROR);
	assert_int_equal(of_bare->reason, REASON_DNS_SERVFAIL);
}

/* One host and what it let us see, against what would be demanded of it. */
struct session_row {
	const char *id;
	enum tlsa_kind tlsa;
	enum sts_kind sts;
	enum level level;
	enum probe_kind leaf;
	enum result result;
	enum reason reason;
	const char *dane, *sts_state;
};

static struct verdict *
judge_session(
    const struct session_row *row, enum probe_outcome outcome, bool answered)
{
	const struct row like = {.mx = SEC,
	    .hosts = ONE(SEC, row->tlsa, row->leaf),
	    .sts = row->sts};
	struct judge_terms terms = {.store = pki.store, .level = row->level};
	AUTO(facts) struct facts *facts = make_facts(&like);
	struct probe_facts *probe = facts->hosts[0].addresses[0].probe;

	probe->outcome = outcome;
	probe->tls_ehlo = false;
	probe->tls_answered = answered;
	return judge(facts, &terms, CERTS_NOW);
}

static void
check_sessions(const struct session_row *rows, size_t count,
    enum probe_outcome outcome, bool answered)
{
	for (size_t i = 0; i < count; i++) {
		const struct session_row *row = &rows[i];
		AUTO(verdict)
		struct verdict *verdict = judge_session(row, outcome, answered);

		ROW_TEXT(row->id, result_text(verdict->result),
		    result_text(row->result));
		ROW_TEXT(row->id, reason_text(verdict->reason),
		    reason_text(row->reason));
		ROW_TEXT(row->id, dane_state_text(verdict->dane), row->dane);
		ROW_TEXT(row->id, sts_state_text(verdict->sts), row->sts_state);
	}
}

/* What smtp(8) finds wrong with a certificate it finds before anybody could
 * let it in. */
#define WRONG_WHATEVER_FOLLOWS                                                 \
	{"DANE, other key", T_BAD, 0, 0, P_GOOD, RESULT_FAIL,                  \
	    REASON_VALIDATION_FAILURE, "fail", "none"},                        \
	    {"DANE-TA, other name", T_TA, 0, 0, P_OTHER, RESULT_FAIL,          \
		REASON_CERTIFICATE_HOST_MISMATCH, "fail", "none"},             \
	    {"MTA-STS, self-signed", T_NIL, S_ENFORCE, 0, P_SELF, RESULT_FAIL, \
		REASON_CERTIFICATE_NOT_TRUSTED, "none", "fail"},               \
	{                                                                      \
		"secure, other name", T_NIL, 0, LEVEL_SECURE, P_OTHER,         \
		    RESULT_FAIL, REASON_CERTIFICATE_HOST_MISMATCH, "none",     \
		    "none"                                                     \
	}

static void
a_host_that_lets_nobody_in_after_tls_is_out_of_reach(void **state)
{
	static const struct session_row rows[] = {
	    WRONG_WHATEVER_FOLLOWS,
	    {"DANE", T_OK, 0, 0, P_GOOD, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, "temperror", "none"},
	    {"MTA-STS", T_NIL, S_ENFORCE, 0, P_GOOD, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, "none", "none"},
	    {"encrypt", T_NIL, 0, LEVEL_ENCRYPT, P_SELF, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, "none", "none"},
	    {"unusable records", T_PKIX, 0, 0, P_SELF, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, "temperror", "none"},
	};
	static const struct session_row no_policy[] = {
	    {"no policy", T_NIL, 0, 0, P_SELF, RESULT_NONE, REASON_NO_POLICY,
		"none", "none"},
	    {"testing", T_NIL, S_TESTING, 0, P_GOOD, RESULT_NONE,
		REASON_NO_POLICY, "none", "none"},
	    {"testing, self-signed", T_NIL, S_TESTING, 0, P_SELF,
		RESULT_SOFTFAIL, REASON_STS_TESTING, "none", "testing-fail"},
	};
	static const struct session_row refused[] = {{"no policy", T_NIL, 0, 0,
	    P_SELF, RESULT_TEMPERROR, REASON_CONNECT_FAILED, "none", "none"}};

	(void)state;
	check_sessions(rows, COUNT(rows), PROBE_TLS_REFUSED, false);
	check_sessions(rows, COUNT(rows), PROBE_TLS_REFUSED, true);
	/* a finished handshake is not yet the host's yes */
	check_sessions(rows, COUNT(rows), PROBE_TLS, false);
	/* smtp(8) comes back in the clear, but not after a no */
	check_sessions(no_policy, COUNT(no_policy), PROBE_TLS_REFUSED, false);
	check_sessions(refused, COUNT(refused), PROBE_TLS_REFUSED, true);
}

static void
tls_that_only_we_cannot_finish_is_no_fail_and_no_pass(void **state)
{
	static const struct session_row rows[] = {
	    WRONG_WHATEVER_FOLLOWS,
	    {"DANE", T_OK, 0, 0, P_GOOD, RESULT_NONE, REASON_TLS_UNSUPPORTED,
		"temperror", "none"},
	    {"DANE-TA", T_TA, 0, 0, P_GOOD, RESULT_NONE, REASON_TLS_UNSUPPORTED,
		"temperror", "none"},
	    {"MTA-STS", T_NIL, S_ENFORCE, 0, P_GOOD, RESULT_NONE,
		REASON_TLS_UNSUPPORTED, "none", "none"},
	    {"secure", T_NIL, 0, LEVEL_SECURE, P_GOOD, RESULT_NONE,
		REASON_TLS_UNSUPPORTED, "none", "none"},
	    {"encrypt", T_NIL, 0, LEVEL_ENCRYPT, P_SELF, RESULT_NONE,
		REASON_TLS_UNSUPPORTED, "none", "none"},
	    {"no policy", T_NIL, 0, 0, P_SELF, RESULT_NONE, REASON_NO_POLICY,
		"none", "none"},
	};

	(void)state;
	check_sessions(rows, COUNT(rows), PROBE_TLS_UNSUPPORTED, false);
}

static void
a_certificate_seen_before_time_ran_out_counts(void **state)
{
	static const struct session_row rows[] = {
	    WRONG_WHATEVER_FOLLOWS,
	    {"DANE", T_OK, 0, 0, P_GOOD, RESULT_TEMPERROR, REASON_PROBE_TIMEOUT,
		"temperror", "none"},
	    {"MTA-STS", T_NIL, S_ENFORCE, 0, P_GOOD, RESULT_TEMPERROR,
		REASON_PROBE_TIMEOUT, "none", "none"},
	};

	(void)state;
	check_sessions(rows, COUNT(rows), PROBE_TIMEOUT, false);
}

/* The good leaf as version 1, with its extensions: OpenSSL takes it. */
static struct probe_facts *
make_version_1_probe(uint8_t octets[4096])
{
	static const uint8_t version_3[] = {0xa0, 3, 2, 1, 2};
	struct der leaf = cert_der(pki.leaf[0][P_GOOD]);
	struct der chain[] = {{octets, leaf.size}, cert_der(pki.root)};
	struct probe_facts *probe = probe_facts_new(PROBE_TLS_UNSUPPORTED);
	uint8_t *version;

	assert_true(leaf.size <= 4096);
	memcpy(octets, leaf.data, leaf.size);
	version = memmem(octets, leaf.size, version_3, sizeof(version_3));
	assert_non_null(version);
	version[4] = 0;
	probe_facts_set_certs(probe, chain, COUNT(chain));
	return probe;
}

static void
a_leaf_that_our_library_cannot_read_is_compared_by_its_octets(void **state)
{
	static const struct {
		const char *id;
		enum tlsa_kind tlsa;
		enum sts_kind sts;
		enum result result;
		enum reason reason;
	} rows[] = {
	    {"its key", T_OK, 0, RESULT_NONE, REASON_TLS_UNSUPPORTED},
	    {"another key", T_BAD, 0, RESULT_FAIL, REASON_VALIDATION_FAILURE},
	    {"trust anchor", T_TA, 0, RESULT_TEMPERROR, REASON_TLS_UNSUPPORTED},
	    {"MTA-STS", T_NIL, S_ENFORCE, RESULT_TEMPERROR,
		REASON_TLS_UNSUPPORTED},
	    {"no policy", T_NIL, 0, RESULT_NONE, REASON_NO_POLICY},
	};
	struct judge_terms terms = {.store = pki.store};
	uint8_t octets[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row row = {.mx = SEC,
		    .hosts = ONE(SEC, rows[i].tlsa, P_GOOD),
		    .sts = rows[i].sts};
		AUTO(facts) struct facts *facts = make_facts(&row);
		AUTO(verdict) struct verdict *verdict = NULL;
		struct address_facts *address = &facts->hosts[0].addresses[0];

		probe_facts_free(address->probe);
		address->probe = make_version_1_probe(octets);
		verdict = judge(facts, &terms, CERTS_NOW);
		ROW_TEXT(rows[i].id, result_text(verdict->result),
		    result_text(rows[i].result));
		ROW_TEXT(rows[i].id, reason_text(verdict->reason),
		    reason_text(rows[i].reason));
	}
}

static void
mta_sts_is_told_of_the_host_that_decides(void **state)
{
	static const struct {
		const char *id;
		struct host_row hosts[2];
		enum sts_kind sts;
		const char *dane, *sts_state;
	} rows[] = {
	    {"the second is out of reach",
		{{10, SEC, T_NIL, P_OTHER}, {20, SEC, T_NIL, P_CLOSED}},
		S_ENFORCE, "none", "fail"},
	    {"the second is not to be looked up",
		{{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_ERR, P_GOOD}}, S_ENFORCE,
		"fail", "pass"},
	    {"the first is out of reach",
		{{10, SEC, T_NIL, P_CLOSED}, {20, SEC, T_NIL, P_OTHER}},
		S_ENFORCE, "none", "fail"},
	    {"the second takes the mail",
		{{10, SEC, T_NIL, P_OTHER}, {20, SEC, T_NIL, P_GOOD}},
		S_ENFORCE, "none", "pass"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {.mx = SEC,
		    .hosts = {rows[i].hosts[0], rows[i].hosts[1]},
		    .sts = rows[i].sts};
		AUTO(verdict) struct verdict *verdict = judge_row(&row);

		ROW_TEXT(
		    rows[i].id, dane_state_text(verdict->dane), rows[i].dane);
		ROW_TEXT(rows[i].id, sts_state_text(verdict->sts),
		    rows[i].sts_state);
	}
}

/* Lookups that stand nowhere in the facts count as well: one of another TLSA
 * name, that of the record of MTA-STS. */
static void
a_lookup_that_failed_lets_a_verdict_live_shortly(void **state)
{
	static const struct {
		const char *id;
		struct lookup lookup;
		uint32_t expected_s;
	} rows[] = {
	    {"denied", {LOOKUP_NODATA, true, 120}, 120},
	    {"no such name", {LOOKUP_NXDOMAIN, true, 7200}, 3600},
	    {"SERVFAIL", {LOOKUP_SERVFAIL, false, 0}, 45},
	    {"bogus", {LOOKUP_BOGUS, false, 0}, 45},
	    {"no answer", {LOOKUP_TIMEOUT, false, 0}, 45},
	    {"not asked", {LOOKUP_NOT_ASKED, false, 0}, 3600},
	};
	const struct row row = {.mx = SEC, .hosts = ONE(SEC, T_OK, P_GOOD)};
	struct judge_terms terms = {.store = pki.store,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 45};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(facts) struct facts *facts = make_facts(&row);
		AUTO(verdict) struct verdict *verdict = NULL;

		facts_note(facts, &rows[i].lookup);
		verdict = judge(facts, &terms, CERTS_NOW);
		assert_int_equal(verdict->result, RESULT_PASS);
		if (verdict->ttl_s != rows[i].expected_s)
			fail_msg("%s: %u", rows[i].id, verdict->ttl_s);
	}
}

/* Of the host's addresses, all with the chain of the first. */
static void
add_addresses(struct host_facts *host, size_t count)
{
	struct probe_facts *probe = host->addresses[0].probe;

	host->addresses =
	    xrealloc(host->addresses, count, sizeof(*host->addresses));
	for (size_t i = 1; i < count; i++) {
		host->addresses[i] = host->addresses[0];
		probe_facts_ref(probe);
	}
	host->address_count = count;
}

static void
a_chain_is_checked_once_however_often_it_is_judged(void **state)
{
	const struct row row = {
	    .mx = SEC, .hosts = ONE(SEC, T_TA, P_GOOD), .sts = S_ENFORCE};
	struct judge_terms terms = {.store = pki.store};
	AUTO(facts) struct facts *facts = make_facts(&row);

	(void)state;
	add_addresses(&facts->hosts[0], LIMIT_HOST_ADDRESSES);
	for (int i = 0; i < LIMIT_SIGNATURE_CHECKS; i++) {
		AUTO(verdict)
		struct verdict *verdict = judge(facts, &terms, CERTS_NOW);

		assert_int_equal(verdict->result, RESULT_PASS);
	}
}

static struct verdict *
judge_pair(enum probe_kind better, enum probe_kind worse, bool untried)
{
	const struct row row = {.mx = SEC,
	    .hosts = {{10, SEC, T_OK, better}, {20, SEC, T_OK, worse}}};
	AUTO(facts) struct facts *facts = make_facts(&row);
	struct judge_terms terms = {.store = pki.store,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 30};

	facts->hosts[1].addresses[0].untried = untried;
	return judge(facts, &terms, CERTS_NOW);
}

static void
a_host_that_mail_never_gets_to_does_not_count(void **state)
{
	static const struct {
		const char *id;
		enum probe_kind better, worse;
		bool untried;
		enum result result;
		enum reason reason, of_worse;
	} rows[] = {
	    {"tried", P_CLOSED, P_GOOD, false, RESULT_PASS, REASON_OK,
		REASON_OK},
	    {"good", P_CLOSED, P_GOOD, true, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, REASON_NOT_TRIED},
	    {"bad", P_CLOSED, P_OTHER, true, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, REASON_NOT_TRIED},
	    {"needless", P_GOOD, P_NOT, true, RESULT_PASS, REASON_OK,
		REASON_NOT_TRIED},
	    {"no help", P_OTHER, P_GOOD, true, RESULT_FAIL,
		REASON_VALIDATION_FAILURE, REASON_NOT_TRIED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(verdict)
		struct verdict *verdict =
		    judge_pair(rows[i].better, rows[i].worse, rows[i].untried);

		ROW_TEXT(rows[i].id, result_text(verdict->result),
		    result_text(rows[i].result));
		ROW_TEXT(rows[i].id, reason_text(verdict->reason),
		    reason_text(rows[i].reason));
		ROW_TEXT(rows[i].id, reason_text(verdict->hosts[1].reason),
		    reason_text(rows[i].of_worse));
		ROW(rows[i].id,
		    rows[i].better != P_GOOD || verdict->ttl_s == 3600);
	}
}

/* The leaf, and the root over and over. */
static struct probe_facts *
make_long_probe(size_t count)
{
	struct probe_facts *probe = probe_facts_new(PROBE_TLS);
	struct der chain[LIMIT_CHAIN_CERTS];

	chain[0] = cert_der(pki.leaf[0][P_GOOD]);
	for (size_t i = 1; i < count; i++)
		chain[i] = cert_der(pki.root);
	probe_facts_set_certs(probe, chain, count);
	probe->tls_ehlo = probe->tls_answered = true;
	return probe;
}

/* As many bare keys as are tried, none of which has signed anything. */
static void
add_strange_keys(struct host_facts *host)
{
	const struct cert_spec spec = {.cn = "stranger", .ca = true};

	tlsa_set_fini(&host->records);
	for (int i = 0; i < LIMIT_BARE_KEYS; i++) {
		AUTO(cert_made) struct cert_made *stranger = cert_make(&spec);

		certs_tlsa(&host->records, TLSA_DANE_TA, TLSA_SPKI, TLSA_FULL,
		    stranger);
	}
	tlsa_set_finish(&host->records);
}

static void
what_is_too_costly_to_check_is_no_failure(void **state)
{
	const struct row row = {.mx = SEC,
	    .hosts = {{10, SEC, T_TA, P_GOOD}, {10, SEC, T_TA, P_GOOD}}};
	struct judge_terms terms = {.store = pki.store};
	AUTO(facts) struct facts *facts = make_facts(&row);
	AUTO(verdict) struct verdict *verdict = NULL;

	(void)state;
	for (size_t i = 0; i < facts->host_count; i++) {
		struct host_facts *host = &facts->hosts[i];

		add_addresses(host, 2);
		add_strange_keys(host);
		for (size_t k = 0; k < 2; k++) {
			probe_facts_free(host->addresses[k].probe);
			host->addresses[k].probe =
			    make_long_probe(LIMIT_CHAIN_CERTS - 2 * i - k);
		}
	}
	verdict = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(verdict->hosts[0].outcome, HOST_FAIL);
	assert_int_equal(verdict->hosts[1].outcome, HOST_SKIP);
	assert_int_equal(verdict->hosts[1].reason, REASON_TOO_COSTLY);
	facts->host_count = 1; /* the first alone is dear as well */
	verdict_free(verdict);
	verdict = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(verdict->reason, REASON_CERTIFICATE_NOT_TRUSTED);
	facts->host_count = 2;
}

int
main(void)
{
	const struct CMUnitTest judge[] = {
	    cmocka_unit_test(a_next_hop_whose_mx_lookup_fails_is_named),
	    cmocka_unit_test(what_an_own_address_takes_comes_back),
	    cmocka_unit_test(dane_decides_at_one_host),
	    cmocka_unit_test(a_failed_lookup_is_never_a_fail),
	    cmocka_unit_test(what_the_mta_bounces_is_none),
	    cmocka_unit_test(an_insecure_mx_is_half_dane),
	    cmocka_unit_test(a_policy_goes_before_tlsa_under_an_insecure_mx),
	    cmocka_unit_test(preference_beats_security),
	    cmocka_unit_test(mta_sts_decides_where_dane_does_not),
	    cmocka_unit_test(a_level_of_the_admin_is_kept_to),
	    cmocka_unit_test(a_rule_decides_for_its_destination),
	    cmocka_unit_test(secure_wants_the_names_of_its_match),
	    cmocka_unit_test(rules_for_hosts_are_judged_host_by_host),
	    cmocka_unit_test(
		a_forged_mx_finds_no_rule_that_lifts_what_would_hold),
	    cmocka_unit_test(
		a_rule_for_a_host_counts_where_the_host_is_vouched_for),
	    cmocka_unit_test(the_default_level_holds_without_a_rule),
	    cmocka_unit_test(what_each_host_comes_to_is_told_in_one_line),
	    cmocka_unit_test(
		a_relay_without_a_policy_is_told_from_a_domain_without),
	    cmocka_unit_test(dane_and_mta_sts_are_told_apart),
	    cmocka_unit_test(
		dane_is_undecided_without_the_mx_unless_it_does_not_count),
	    cmocka_unit_test(
		requiretls_wants_dane_or_a_certificate_for_the_name),
	    cmocka_unit_test(requiretls_wants_mta_sts_where_dns_is_insecure),
	    cmocka_unit_test(requiretls_is_met_by_one_host),
	    cmocka_unit_test(requiretls_is_not_known_without_an_answer),
	    cmocka_unit_test(requiretls_heeds_rules),
	    cmocka_unit_test(a_kept_policy_counts_and_its_failure_is_told),
	    cmocka_unit_test(a_verdict_lives_no_longer_than_its_facts),
	    cmocka_unit_test(a_lookup_that_failed_lets_a_verdict_live_shortly),
	    cmocka_unit_test(what_nobody_filled_in_does_not_pass),
	    cmocka_unit_test(
		a_host_that_lets_nobody_in_after_tls_is_out_of_reach),
	    cmocka_unit_test(
		tls_that_only_we_cannot_finish_is_no_fail_and_no_pass),
	    cmocka_unit_test(a_certificate_seen_before_time_ran_out_counts),
	    cmocka_unit_test(
		a_leaf_that_our_library_cannot_read_is_compared_by_its_octets),
	    cmocka_unit_test(mta_sts_is_told_of_the_host_that_decides),
	    cmocka_unit_test(
		a_chain_is_checked_once_however_often_it_is_judged),
	    cmocka_unit_test(a_host_that_mail_never_gets_to_does_not_count),
	    cmocka_unit_test(what_is_too_costly_to_check_is_no_failure),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(judge, make_pki, drop_pki);
}
