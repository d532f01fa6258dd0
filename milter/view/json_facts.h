/* json_facts - what was learnt of a destination, as JSON that can be judged
 * again: postern-json(7). */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_FACTS_H
#define MILTER_VIEW_JSON_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/judge/facts.h"
#include "common/judge/terms.h"

struct json_t; /* of jansson */

/* Facts, and all else that a verdict follows from. */
struct facts_file {
	struct facts *facts;
	struct judge_terms terms; /* they were judged by; its rule, list and
				     store are of the two below */
	struct rule_list *rules;  /* NULL: a level alone counted */
	struct x509_store *roots; /* that may have issued the chains */
	enum level level;         /* that counted, or of the rules */
	time_t judged_s;
	unsigned ms; /* that the check took */
	char asked[LIMIT_RAW_DOMAIN_SIZE];
};

/* What json_facts needs beside facts; all borrowed. */
struct facts_told {
	const struct judge_terms *terms;
	time_t judged_s;
	unsigned ms;
	const char *asked; /* printable ASCII */
};

/*
 * json_facts - the object, which facts_file_read reads
 *
 * Of the terms' rules it has those that apply to the next hop and its hosts,
 * and of its store the roots that may have issued a chain.
 */
struct json_t *
json_facts(const struct facts *facts, const struct facts_told *told);

/*
 * facts_file_read - read the object at the begin of text, however hostile: the
 * facts, or an answer of check that has them as its member "facts"
 *
 * length octets; *used gets how many of them it took, with the white space
 * before it.  DATA, with the place, when there is none or it is not as
 * json_facts makes them: too large, too deep, with a key twice, or with
 * anything that gathering facts could not have come to.  All text that people
 * are shown is printable ASCII.
 */
void facts_file_free(struct facts_file *file);
struct facts_file *facts_file_read(const char *text, size_t length,
    size_t *used, struct err *err) OWNED(facts_file_free);
AUTO_DEFINE(facts_file);

/* json_phases - how long each part of a probe took that there was */
struct json_t *json_phases(const struct probe_sight *sight);

/* facts_file_judge_at - have its rules be those of the time at, as a check made
 * then has them */
void facts_file_judge_at(struct facts_file *file, time_t at);

/*
 * The words, each a constant; of a number that is none, NULL.  Those of the
 * settings are InsecureMX's and PartialDANE's.
 */
const char *facts_lookup_word(int state);
const char *facts_probe_word(int outcome);
const char *facts_phase_word(int phase);
const char *facts_fetch_word(int fetch);
const char *facts_trouble_word(int trouble);
const char *facts_insecure_mx_word(int insecure_mx);
const char *facts_partial_dane_word(int partial_dane);

#endif
