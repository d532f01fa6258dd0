/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_survey_fields.h"

static const struct {
	const char *name;
	enum survey_table table;
} survey_fields[] = {
    [SURVEY_TLD] = {"tld", SURVEY_DOMAIN},
    [SURVEY_MX_STATE] = {"mx_state", SURVEY_FINDING},
    [SURVEY_MX_SECURE] = {"mx_secure", SURVEY_FINDING},
    [SURVEY_MX_COUNT] = {"mx_count", SURVEY_FINDING},
    [SURVEY_SITE] = {"site", SURVEY_MXSET},
    [SURVEY_PROVIDER] = {"provider", SURVEY_MXSET},
    [SURVEY_CLASS] = {"class", SURVEY_MXSET},
    [SURVEY_DNSSEC] = {"dnssec", SURVEY_FINDING},
    [SURVEY_DANE] = {"dane", SURVEY_FINDING},
    [SURVEY_DANE_HEALTH] = {"dane_health", SURVEY_FINDING},
    [SURVEY_DANE_FAULT] = {"dane_fault", SURVEY_FINDING},
    [SURVEY_STS_RECORD] = {"sts_record", SURVEY_FINDING},
    [SURVEY_STS_POLICY] = {"sts_policy", SURVEY_FINDING},
    [SURVEY_STS_FETCH] = {"sts_fetch", SURVEY_FINDING},
    [SURVEY_STS_FAULT] = {"sts_fault", SURVEY_FINDING},
    [SURVEY_STS_MODE] = {"sts_mode", SURVEY_FINDING},
    [SURVEY_STS_MAX_AGE] = {"sts_max_age", SURVEY_POLICY},
    [SURVEY_STS_COVER] = {"sts_cover", SURVEY_FINDING},
    [SURVEY_STS_HEALTH] = {"sts_health", SURVEY_FINDING},
    [SURVEY_TLSRPT] = {"tlsrpt", SURVEY_FINDING},
    [SURVEY_PROTECTION] = {"protection", SURVEY_FINDING},
    [SURVEY_MAY] = {"may", SURVEY_FINDING},
    [SURVEY_ENCRYPT] = {"encrypt", SURVEY_FINDING},
    [SURVEY_DANE_SENDER] = {"dane_sender", SURVEY_FINDING},
    [SURVEY_STS_SENDER] = {"sts_sender", SURVEY_FINDING},
    [SURVEY_AUTO] = {"auto", SURVEY_FINDING},
    [SURVEY_DANE_ONLY] = {"dane_only", SURVEY_FINDING},
    [SURVEY_SECURE] = {"secure", SURVEY_FINDING},
    [SURVEY_RESULT] = {"result", SURVEY_FINDING},
    [SURVEY_REASON] = {"reason", SURVEY_FINDING},
    [SURVEY_DEPTH] = {"depth", SURVEY_FINDING},
    [SURVEY_INFERRED] = {"inferred", SURVEY_FINDING},
    [SURVEY_HOSTS] = {"hosts", SURVEY_MXSET},
    [SURVEY_HOSTS_SECURE] = {"hosts_secure", SURVEY_FINDING},
    [SURVEY_STS_WHY] = {"sts_why", SURVEY_FINDING},
    [SURVEY_STS_ID] = {"sts_id", SURVEY_POLICY},
    [SURVEY_TLSRPT_WHY] = {"tlsrpt_why", SURVEY_FINDING},
    [SURVEY_RUA] = {"rua", SURVEY_FINDING},
    [SURVEY_INFERRED_AT] = {"inferred_at", SURVEY_DOMAIN},
    [SURVEY_STS_MX] = {"sts_mx", SURVEY_POLICY},
    [SURVEY_STS_WILDCARD] = {"sts_wildcard", SURVEY_POLICY},
    [SURVEY_CHAIN] = {"chain", SURVEY_FINDING},
    [SURVEY_DNS_HOST] = {"dns_host", SURVEY_DOMAIN},
    [SURVEY_CUT] = {"cut", SURVEY_FINDING},
    [SURVEY_WHYS] = {"whys", SURVEY_FINDING},
};

const char *
survey_field_name(enum survey_field field)
{
	return survey_fields[field].name;
}

enum survey_table
survey_field_table(enum survey_field field)
{
	return survey_fields[field].table;
}

const char *
survey_table_name(enum survey_table table)
{
	static const char *const names[] = {
	    "domain", "finding", "mxset", "policy"};

	return names[table];
}
