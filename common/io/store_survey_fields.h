/* store_survey_fields - what is found of a domain, and in which table of a
 * survey's file it stands. Plain data. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_FIELDS_H
#define COMMON_IO_STORE_SURVEY_FIELDS_H

/* What is found of a domain, a word each; those up to SURVEY_INFERRED are
 * the columns of CSV, in its order. */
enum survey_field {
	SURVEY_TLD,
	SURVEY_MX_STATE,
	SURVEY_MX_SECURE,
	SURVEY_MX_COUNT,
	SURVEY_SITE,
	SURVEY_PROVIDER,
	SURVEY_CLASS,
	SURVEY_DNSSEC,
	SURVEY_DANE,
	SURVEY_DANE_HEALTH,
	SURVEY_DANE_FAULT,
	SURVEY_STS_RECORD,
	SURVEY_STS_POLICY,
	SURVEY_STS_FETCH,
	SURVEY_STS_MODE,
	SURVEY_STS_MAX_AGE,
	SURVEY_STS_COVER,
	SURVEY_STS_HEALTH,
	SURVEY_TLSRPT,
	SURVEY_PROTECTION,
	SURVEY_MAY,
	SURVEY_ENCRYPT,
	SURVEY_DANE_SENDER,
	SURVEY_STS_SENDER,
	SURVEY_AUTO,
	SURVEY_DANE_ONLY,
	SURVEY_SECURE,
	SURVEY_RESULT,
	SURVEY_REASON,
	SURVEY_DEPTH,
	SURVEY_INFERRED, /* "1": some of it is */
	SURVEY_HOSTS,    /* with a blank between */
	SURVEY_HOSTS_SECURE,
	SURVEY_STS_WHY,
	SURVEY_STS_ID,
	SURVEY_TLSRPT_WHY,
	SURVEY_RUA,
	SURVEY_INFERRED_AT,  /* these addresses */
	SURVEY_STS_MX,       /* patterns of the policy, with a blank between */
	SURVEY_STS_FAULT,    /* a reason */
	SURVEY_STS_WILDCARD, /* "1": of the policy host's certificate */
	SURVEY_CHAIN,        /* of the domain's zone; "": nobody asked */
	SURVEY_DNS_HOST,     /* who has its name servers; likewise */
	SURVEY_CUT,          /* "1": it has more hosts than were looked at */
	SURVEY_WHYS, /* by sender, a blank between: why it queues, or "-" */
};
enum {
	SURVEY_FIELDS = SURVEY_WHYS + 1,
	SURVEY_CSV_FIELDS = SURVEY_INFERRED + 1
};

enum survey_table {
	SURVEY_DOMAIN,  /* the names, and what is of one alone */
	SURVEY_FINDING, /* words of which there are few */
	SURVEY_MXSET,
	SURVEY_POLICY,
	SURVEY_ANY_TABLE,
};
enum { SURVEY_TABLES = SURVEY_ANY_TABLE };

/* survey_field_name - of the column; a constant */
const char *survey_field_name(enum survey_field field);

/* survey_field_table - where it stands; survey_table_name - a constant */
enum survey_table survey_field_table(enum survey_field field);
const char *survey_table_name(enum survey_table table);

#endif
