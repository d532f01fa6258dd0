/* record - what a survey keeps of one domain, in words. Plain data. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_RECORD_H
#define MILTER_CLI_SURVEY_RECORD_H

#include "common/engine/check.h"
#include "common/io/store_survey.h"
#include "common/judge/standing.h"
#include "milter/cli/advise/providers.h"
#include "milter/cli/survey/further.h"

/* Addresses at which something was inferred, that are kept of one domain. */
enum { INFERRED_ADDRESSES = 32 };

/* A row, and the memory of its words. */
struct record {
	struct survey_row row;
	char domain[LIMIT_DOMAIN_SIZE];
	char tld[LIMIT_DOMAIN_SIZE], site[LIMIT_DOMAIN_SIZE];
	char mx_count[12], max_age[12];
	char provider[PROVIDER_WORD_SIZE];
	char id[LIMIT_STS_ID + 1];
	char hosts[LIMIT_MX_HOSTS * LIMIT_DOMAIN_SIZE];
	char rua[16];
	char whys[OUTLOOK_SENDERS * 40]; /* no reason is so long */
	char inferred_at[INFERRED_ADDRESSES * INET6_ADDRSTRLEN];
	bool put_off; /* some host is to be asked later: it is not whole */
	char patterns[LIMIT_SURVEY_ROW];
	char dns_host[LIMIT_DOMAIN_SIZE];

	/* for what comes later */
	struct lookup mx;
	enum standing_dane dane;
	bool own_host; /* the domain is one of its mail hosts */
};

/* record_make - of a check at level auto, all but what record_further adds;
 * record stays where it is */
void record_make(struct record *record, const struct check *check,
    const struct x509_store *roots, const struct providers *providers);

/* record_spare - of a domain that is to be left alone; the same */
void record_spare(struct record *record, const char *domain,
    const struct x509_store *roots, const struct providers *providers);

/* record_further - and what was asked beside the check; extra: of the domain's
 * zone as well */
void record_further(
    struct record *record, const struct further_answers *answers, bool extra);

#endif
