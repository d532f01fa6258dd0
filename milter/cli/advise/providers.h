/* providers - who stands behind a mail host or a name server, by the suffix of
 * its name: etc/providers. For words alone, no verdict rests on it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_PROVIDERS_H
#define MILTER_CLI_ADVISE_PROVIDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/base/own.h"

/* The admin's own, which counts instead of the one that is installed. */
#define PROVIDERS_OWN "/etc/postern/providers"

enum provider_class {
	PROVIDER_UNKNOWN,
	PROVIDER_MAILBOX,
	PROVIDER_GATEWAY,
	PROVIDER_FORWARDER,
	PROVIDER_HOSTER,
	PROVIDER_DNS, /* a row of a name server */
};

/* What customers get. */
enum provider_offer {
	PROVIDER_NOT_KNOWN,
	PROVIDER_NO,
	PROVIDER_PARTIAL,  /* of dnssec: some of its zones */
	PROVIDER_CUSTOMER, /* if they publish it themselves */
	PROVIDER_OPTIN,    /* if they ask for it */
	PROVIDER_YES,
};

enum { PROVIDER_WORD_SIZE = 32, PROVIDER_SUFFIX_SIZE = 64 };

struct provider {
	char suffix[PROVIDER_SUFFIX_SIZE]; /* ".example.com" */
	char name[PROVIDER_WORD_SIZE];
	enum provider_class class;
	char asof[8]; /* "2026-02" */
	char source[PROVIDER_WORD_SIZE];
	enum provider_offer dane, sts, dnssec;
};

struct providers;

/*
 * providers_parse - read the text of such a file, which length octets are of
 *
 * DATA with the line and what is wrong in it: no word is passed over.  At most
 * LIMIT_PROVIDERS rows.
 */
void providers_free(struct providers *providers);
struct providers *providers_parse(
    const char *text, size_t length, struct err *err) OWNED(providers_free);
AUTO_DEFINE(providers);

/* providers_load - PROVIDERS_OWN, or the one installed; where there is neither
 * an empty table.  LOCAL when it cannot be read, DATA as above */
struct providers *providers_load(struct err *err) OWNED(providers_free);

/* providers_find, providers_find_dns - the row for a host's normalised name;
 * the longest suffix counts.  Borrowed, or NULL */
const struct provider *
providers_find(const struct providers *providers, const char *host);
const struct provider *
providers_find_dns(const struct providers *providers, const char *server);

size_t providers_count(const struct providers *providers);

/* provider_class_text - "mailbox"; of NULL "unknown" */
const char *provider_class_text(const struct provider *provider);

#endif
