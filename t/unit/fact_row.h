/* fact_row - a row of a table as facts for the judge, and what he is to say of
 * it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_FACT_ROW_H
#define T_UNIT_FACT_ROW_H

#include "common/judge/judge.h"
#include "t/fake/certs.h"

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
	S_TEST_BOTH,
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
extern struct fact_pki {
	struct cert_made *root;
	struct cert_made *leaf[2][P_CN + 1];
	struct x509_store *store;
} fact_pki;

int fact_pki_make(void **state);
int fact_pki_drop(void **state);

/* What the words of a row stand for; no policy is NULL. */
struct lookup fact_row_lookup(enum dns dns);
struct policy_facts *fact_row_policy(enum sts_kind kind);

/* fact_row_make - of d.example, as gather would have learnt them */
struct facts *fact_row_make(const struct row *row) OWNED(facts_free);

/* What the judge is told of insecure MX records. */
extern enum insecure_mx fact_row_insecure_mx;

/* fact_row_judge - the verdict, by certificates of fact_pki; fact_rows_check -
 * that each is as its row says */
struct verdict *fact_row_judge(const struct row *row) OWNED(verdict_free);
void fact_rows_check(const struct row *rows, size_t count);

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

/* A rule as it stands in the list; level AUTO and no name: none. */
struct rule_row {
	enum rule_scope scope;
	const char *name;
	enum level level;
	bool no_dane, no_sts;
	const char *match[2];
};

/* fact_row_rules - a list of the rows; the level is for all other hosts */
struct rule_list *
fact_row_rules(enum level level, const struct rule_row terms[2]);

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

#endif
