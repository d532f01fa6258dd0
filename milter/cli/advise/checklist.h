/* checklist - which requirement of a standard a domain meets, with evidence.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_CHECKLIST_H
#define MILTER_CLI_ADVISE_CHECKLIST_H

#include "milter/cli/advise/sight.h"

enum standard {
	STANDARD_RFC, /* what the RFCs demand, and good practice */
	STANDARD_BSI, /* TR-03108 version 2.0 */
	STANDARD_NL,  /* Internet.nl's mail test */
};
enum { STANDARDS = STANDARD_NL + 1 };

enum check_level { CHECK_MUST, CHECK_SHOULD, CHECK_NOTE };

enum check_result {
	CHECK_NOT_TESTED,
	CHECK_FAIL,
	CHECK_WARNING,
	CHECK_NOT_APPLICABLE,
	CHECK_PASS,
};

enum { CHECKS_MAX = 64, CHECK_EVIDENCE_SIZE = 768 };

struct check_row {
	enum standard standard;
	const char *id, *title, *how; /* constants */
	enum check_level level;
	enum check_result result;
	bool unseen; /* not tested, though a program could have */
	char evidence[CHECK_EVIDENCE_SIZE];
};

struct checklist {
	size_t count;
	struct check_row rows[CHECKS_MAX];
};

/* checklist_add_rfc and its like - all requirements of the standard, each
 * once, in its order */
void checklist_add_rfc(struct checklist *list, const struct sight *sight);
void checklist_add_bsi(struct checklist *list, const struct sight *sight);
void checklist_add_nl(struct checklist *list, const struct sight *sight);

/* checklist_add_sending - BSI's of a host that sends, which the sight has */
void checklist_add_sending(struct checklist *list, const struct sight *sight);

/* What a requirement comes to, while it is made. */
struct check_answer {
	enum check_result result;
	bool unseen;
	char evidence[CHECK_EVIDENCE_SIZE];
};
typedef void check_test(const struct sight *sight, struct check_answer *answer);

struct check_spec {
	const char *id;
	enum check_level level;
	const char *title, *how;
	check_test *test;  /* NULL: not tested; how says what to show */
	bool without_mail; /* also of a domain that takes none */
};

/* checklist_run - a row for each spec */
void checklist_run(struct checklist *list, enum standard standard,
    const struct check_spec *specs, size_t count, const struct sight *sight);

/* checklist_status - 0 every must met, 1 only what should be is open, 2 a must
 * fails, 3 one could not be tested */
int checklist_status(const struct checklist *list);

const char *standard_text(enum standard standard);
const char *check_level_text(enum check_level level);
const char *check_result_text(enum check_result result);
const char *checklist_status_text(int status);

/* --- tests that standards share --- */

/* say - result and evidence of an answer */
void check_say(struct check_answer *answer, enum check_result result,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* check_no_hosts - whether there are none to be looked at; check_no_answer -
 * whether it is not known what TLSA records each has: answered then */
bool check_no_hosts(const struct sight *sight, struct check_answer *answer);
bool check_no_answer(const struct sight *sight, struct check_answer *answer);

check_test check_starttls, check_tls_version, check_certificates;
check_test check_tlsa_everywhere, check_tlsa_matches, check_tlsa_spare;
check_test check_domain_signed, check_hosts_signed;

#endif
