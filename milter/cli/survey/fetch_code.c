/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/fetch_code.h"

#include <string.h>

/* The words that a detail has, which text_clean has been at, and what they come
 * to; the first that fits. */
struct telling_words {
	const char *words, *code;
};

static const char *
code_by_words(
    const char *detail, const struct telling_words *rows, const char *rest)
{
	for (; rows->words != NULL; rows++)
		if (strstr(detail, rows->words) != NULL)
			return rows->code;
	return rest;
}

static const char *
code_of_certificate(const char *detail)
{
	static const struct telling_words rows[] = {
	    {"dNSName", "cert-name"},
	    {"expired", "cert-expired"},
	    {NULL, NULL},
	};

	return code_by_words(detail, rows, "cert-untrusted");
}

static const char *
code_of_status(const char *detail)
{
	static const struct telling_words rows[] = {
	    {"HTTP_status_3", "http-3xx"},
	    {"HTTP_status_4", "http-4xx"},
	    {"HTTP_status_5", "http-5xx"},
	    {NULL, NULL},
	};

	return code_by_words(detail, rows, "http-other");
}

/* By the first mistake of sts_policy_parse. */
static const char *
code_of_text(const char *detail)
{
	static const struct telling_words rows[] = {
	    {"64_KiB", "too-big"},
	    {"empty", "empty"},
	    {"Content-Type", "charset"},
	    {"byte_order_mark", "charset"},
	    {"UTF-16", "charset"},
	    {"octets_that", "charset"},
	    {"version", "version"},
	    {"no_mode", "mode"},
	    {"mode_is", "mode"},
	    {"max_age", "max-age"},
	    {"no_mx", "no-mx"},
	    {"mx_is", "mx-syntax"},
	    {"too_many_mx", "mx-syntax"},
	    {":_blank", "blank-line"},
	    {NULL, NULL},
	};

	return code_by_words(detail, rows, "syntax");
}

const char *
fetch_code(const struct policy_facts *policy)
{
	if (policy == NULL || policy->fetch == POLICY_WEBPKI_INVALID)
		return policy == NULL ? ""
				      : code_of_certificate(policy->detail);
	switch (policy->how) {
	case COUNTS_FETCH_DNS:
		return "dns";
	case COUNTS_FETCH_CONNECT:
		return "connect";
	case COUNTS_FETCH_TIMEOUT:
		return "timeout";
	case COUNTS_FETCH_TLS:
		return "tls";
	case COUNTS_FETCH_HTTP:
		return code_of_status(policy->detail);
	case COUNTS_FETCH_INVALID:
		return code_of_text(policy->detail);
	case COUNTS_FETCH_NONE:
	case COUNTS_FETCH_UNCHANGED:
	case COUNTS_FETCH_OK:
		break;
	}
	return "";
}
