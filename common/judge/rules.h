/* rules - what the admin wants of destinations, as the judge needs it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_RULES_H
#define COMMON_JUDGE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/proto/x509.h"

/* Postfix's words (TLS_README), AUTO for DANE and then MTA-STS. */
enum level {
	LEVEL_AUTO,
	LEVEL_NONE,
	LEVEL_MAY,
	LEVEL_ENCRYPT,
	LEVEL_DANE,      /* DANE where there is TLSA, else may; no MTA-STS */
	LEVEL_DANE_ONLY, /* DANE or failure; no MTA-STS */
	LEVEL_SECURE,    /* WebPKI with the MX host name, or one of match */
	LEVEL_HALF_DANE, /* in verdicts only: TLSA under an insecure MX */
};

/* What a rule is for, the most specific first. */
enum rule_scope {
	RULE_DOMAIN,   /* "name" */
	RULE_BELOW,    /* ".name": what is below it */
	RULE_MX,       /* "mx:name" */
	RULE_MX_BELOW, /* "mx:.name" */
	RULE_ANY,      /* "*" */
};

enum {
	RULE_KEY_SIZE = LIMIT_DOMAIN_SIZE + sizeof("mx:."),

	/* No action of its own: that of the settings */
	RULE_NO_ACTION = -1,
};

/* A rule for destinations.  Immutable once listed and counted: rule_ref,
 * rule_free. */
struct rule {
	_Atomic unsigned refs;
	uint64_t id; /* of this rule and no other of the process */
	enum rule_scope scope;
	char key[RULE_KEY_SIZE];          /* as in the file, normalised */
	char name[LIMIT_DOMAIN_SIZE + 1]; /* of it: "name", ".name", "" */
	unsigned line;
	enum level level;
	bool no_dane, no_sts; /* LEVEL_AUTO: without this part */
	int on_fail;          /* of the front end, or RULE_NO_ACTION */
	int on_temperror;
	_Atomic unsigned told; /* of the front end: what was said of it once */
	time_t ends_s;         /* from then on it is ignored; 0: never */
	char until[11];        /* the last day, "2027-03-31", or "" */

	/* LEVEL_SECURE: names for the certificate, ".name" for what is below
	 * it, or the words hostname, nexthop, dot-nexthop; none is hostname */
	size_t match_count;
	char **match;
};

void rule_free(struct rule *rule); /* drops one reference */
struct rule *rule_new(void) OWNED(rule_free);
struct rule *rule_ref(struct rule *rule); /* NULL is fine */
AUTO_DEFINE(rule);

bool rule_in_effect(const struct rule *rule, time_t now);

/* rule_word - its key as a value of a log line, which has no "*" */
const char *rule_word(const struct rule *rule);

/* rule_is_of_host - whether it is judged host by host */
bool rule_is_of_host(const struct rule *rule);

/*
 * All rules, and what holds without one.  Immutable once sorted and counted:
 * rule_list_ref, rule_list_free.
 */
struct rule_list {
	_Atomic unsigned refs;
	uint64_t id;
	enum level level; /* without a rule; ENCRYPT is a floor below AUTO */
	size_t count;
	struct rule **rules; /* sorted: the most specific first */
};

void rule_list_free(struct rule_list *list);
struct rule_list *rule_list_new(enum level level) OWNED(rule_list_free);
struct rule_list *rule_list_ref(struct rule_list *list); /* NULL is fine */
AUTO_DEFINE(rule_list);

/* rule_list_add - keep rule, which is the list's from here on; rule_list_sort
 * - when all are in, before any is looked for */
void rule_list_add(struct rule_list *list, struct rule *rule);
void rule_list_sort(struct rule_list *list);

/* rule_list_get - the rule with just this name, in effect or not, or NULL */
struct rule *rule_list_get(
    const struct rule_list *list, enum rule_scope scope, const char *name);

/*
 * rule_list_find, rule_list_find_host - the rule in effect for a next-hop
 * domain; and for an MX host, among the rules for hosts
 *
 * Names are normalised.  Borrowed, or NULL.
 */
struct rule *
rule_list_find(const struct rule_list *list, const char *domain, time_t now);
struct rule *
rule_list_find_host(const struct rule_list *list, const char *host, time_t now);

/* level_text, level_parse - the word; -1 for one that is not a rule's level.
 * Read in any case, and as the words of Exchange: opportunistic, mandatory.
 * level_word - one after the other of those that are read, then NULL */
const char *level_text(enum level level);
int level_parse(const char *word, enum level *out);
const char *level_word(size_t i);

#endif
