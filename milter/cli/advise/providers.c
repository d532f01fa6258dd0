/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/providers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

#define BLANKS " \t"

struct providers {
	size_t count;
	struct provider *rows;
};

static const char *const classes[] = {
    [PROVIDER_UNKNOWN] = "unknown",
    [PROVIDER_MAILBOX] = "mailbox",
    [PROVIDER_GATEWAY] = "gateway",
    [PROVIDER_FORWARDER] = "forwarder",
    [PROVIDER_HOSTER] = "hoster",
    [PROVIDER_DNS] = "dns",
};

/* Which words an offer may have. */
static const struct offer_row {
	const char *key;
	enum provider_offer offers[4]; /* up to NOT_KNOWN */
} offer_rows[] = {
    {"dane=", {PROVIDER_YES, PROVIDER_OPTIN, PROVIDER_NO}},
    {"sts=", {PROVIDER_YES, PROVIDER_CUSTOMER, PROVIDER_NO}},
    {"dnssec=", {PROVIDER_YES, PROVIDER_PARTIAL, PROVIDER_NO}},
};
enum { OFFER_DANE, OFFER_STS, OFFER_DNSSEC, OFFERS };

static const char *const offer_words[] = {
    [PROVIDER_NOT_KNOWN] = "",
    [PROVIDER_NO] = "no",
    [PROVIDER_PARTIAL] = "partial",
    [PROVIDER_CUSTOMER] = "customer",
    [PROVIDER_OPTIN] = "optin",
    [PROVIDER_YES] = "yes",
};

void
providers_free(struct providers *providers)
{
	if (providers == NULL)
		return;
	free(providers->rows);
	free(providers);
}

size_t
providers_count(const struct providers *providers)
{
	return providers->count;
}

const char *
provider_class_text(const struct provider *provider)
{
	return classes[provider == NULL ? PROVIDER_UNKNOWN : provider->class];
}

/* --- reading --- */

/* A copy of a word that fits, is not empty, and has but letters, digits and
 * these. */
static bool
take_word_of(char *to, size_t size, const char *word, const char *these)
{
	if (word == NULL || word[0] == '\0')
		return false;
	for (const char *c = word; *c != '\0'; c++)
		if (!text_is_alnum(*c) && strchr(these, *c) == NULL)
			return false;
	return text_copy(to, size, word);
}

static bool
take_plain_word(char *to, size_t size, const char *word)
{
	return take_word_of(to, size, word, ".-_*");
}

/* ".example.com"; for a name server a label may end with "*". */
static const char *
take_provider_suffix(struct provider *row, const char *word)
{
	const char *star = strchr(word, '*');

	if (!take_plain_word(row->suffix, sizeof(row->suffix), word) ||
	    word[0] != '.' || word[1] == '\0' || strstr(word, "..") != NULL)
		return "the suffix is a dot, and a name of up to 62 octets";
	if (star != NULL && (row->class != PROVIDER_DNS || star[1] != '\0'))
		return "\"*\" may end the suffix of a name server alone";
	text_lower(row->suffix);
	return NULL;
}

static const char *
take_provider_class(struct provider *row, const char *word)
{
	for (int i = PROVIDER_MAILBOX; word != NULL && i <= PROVIDER_HOSTER;
	     i++)
		if (strcmp(word, classes[i]) == 0) {
			row->class = (enum provider_class)i;
			return NULL;
		}
	return "the class is mailbox, gateway, forwarder or hoster";
}

/* "2026-02" */
static bool
is_month(const char *word)
{
	size_t digits = strspn(word, "0123456789");

	return strlen(word) == 7 && digits == 4 && word[4] == '-' &&
	       strspn(word + 5, "0123456789") == 2;
}

static const char *
take_provider_offer(struct provider *row, const char *word)
{
	enum provider_offer *places[OFFERS] = {
	    [OFFER_DANE] = &row->dane,
	    [OFFER_STS] = &row->sts,
	    [OFFER_DNSSEC] = &row->dnssec,
	};

	for (int i = 0; i < OFFERS; i++) {
		size_t length = strlen(offer_rows[i].key);

		if (strncmp(word, offer_rows[i].key, length) != 0 ||
		    (i == OFFER_DNSSEC) != (row->class == PROVIDER_DNS))
			continue;
		for (size_t j = 0; offer_rows[i].offers[j] != 0; j++)
			if (strcmp(word + length,
				offer_words[offer_rows[i].offers[j]]) == 0) {
				*places[i] = offer_rows[i].offers[j];
				return NULL;
			}
	}
	return "no such offer";
}

/* The words of a line that has some; NULL, or what is wrong. */
static const char *
read_provider(char *line, struct provider *row)
{
	char *rest = NULL, *word = strtok_r(line, BLANKS, &rest);
	const char *fault;

	row->class =
	    strncmp(word, "ns:", 3) == 0 ? PROVIDER_DNS : PROVIDER_UNKNOWN;
	fault = take_provider_suffix(
	    row, word + (row->class == PROVIDER_DNS ? 3 : 0));
	if (fault != NULL)
		return fault;
	if (!take_plain_word(
		row->name, sizeof(row->name), strtok_r(NULL, BLANKS, &rest)))
		return "the name is a word of up to 31 octets";
	if (row->class != PROVIDER_DNS)
		fault = take_provider_class(row, strtok_r(NULL, BLANKS, &rest));
	if (fault != NULL)
		return fault;
	word = strtok_r(NULL, BLANKS, &rest);
	if (word == NULL || !is_month(word))
		return "when it was looked up is a month, as 2026-02";
	text_copy(row->asof, sizeof(row->asof), word);
	if (!take_word_of(row->source, sizeof(row->source),
		strtok_r(NULL, BLANKS, &rest), ".-_:/"))
		return "the source is a word of up to 31 octets";
	while (fault == NULL && (word = strtok_r(NULL, BLANKS, &rest)) != NULL)
		fault = take_provider_offer(row, word);
	if (fault == NULL && row->class == PROVIDER_DNS &&
	    row->dnssec == PROVIDER_NOT_KNOWN)
		return "dnssec= is missing";
	return fault;
}

static const char *
add_provider(struct providers *providers, char *line)
{
	struct provider row = {.class = PROVIDER_UNKNOWN};
	const char *fault;

	line[strcspn(line, "#\r")] = '\0';
	if (line[strspn(line, BLANKS)] == '\0')
		return NULL;
	if (providers->count == LIMIT_PROVIDERS)
		return "too many rows";
	fault = read_provider(line, &row);
	if (fault == NULL)
		providers->rows[providers->count++] = row;
	return fault;
}

struct providers *
providers_parse(const char *text, size_t length, struct err *err)
{
	AUTO(providers)
	struct providers *providers = xcalloc(1, sizeof(*providers));
	struct providers *whole;
	char *copy = xstrndup(text, length), *rest = copy, *line;
	const char *fault = NULL;
	unsigned number = 0;

	providers->rows = xcalloc(LIMIT_PROVIDERS, sizeof(*providers->rows));
	if (strlen(copy) != length)
		fault = "there is a NUL in the file";
	while (fault == NULL && (line = strsep(&rest, "\n")) != NULL) {
		number++;
		fault = add_provider(providers, line);
	}
	free(copy);
	if (fault != NULL) {
		err_set(err, ERR_DATA, "line %u: %s", number, fault);
		return NULL;
	}
	whole = providers;
	providers = NULL;
	return whole;
}

/* NULL without an error where there is no such file. */
static char *
read_table(const char *path, size_t *length, struct err *err)
{
	FILE *in = fopen(path, "re");
	char *text;

	err_set(err, ERR_LOCAL, "%s", "");
	if (in == NULL && errno == ENOENT)
		return NULL;
	if (in == NULL) {
		err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno));
		return NULL;
	}
	text = xmalloc(LIMIT_PROVIDERS_OCTETS + 1);
	*length = fread(text, 1, LIMIT_PROVIDERS_OCTETS + 1, in);
	if (ferror(in) || *length > LIMIT_PROVIDERS_OCTETS) {
		err_set(err, ERR_LOCAL, "%s: %s", path,
		    ferror(in) ? "cannot be read" : "too large");
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

struct providers *
providers_load(struct err *err)
{
	static const char *const paths[] = {
	    PROVIDERS_OWN, POSTERN_DATA "/providers"};
	struct err why;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		size_t length = 0;
		char *text = read_table(paths[i], &length, &why);
		struct providers *providers;

		if (text == NULL && why.text[0] != '\0') {
			err_set(err, why.kind, "%s", why.text);
			return NULL;
		}
		if (text == NULL)
			continue;
		providers = providers_parse(text, length, &why);
		free(text);
		if (providers == NULL)
			err_set(err, why.kind, "%s: %s", paths[i], why.text);
		return providers;
	}
	return providers_parse("", 0, err);
}

/* --- looking up --- */

/* How much of a name server's suffix fits, that ends with "*": as far as there,
 * anywhere in the name behind a label. */
static bool
fits_star(const char *suffix, const char *name)
{
	size_t length = strlen(suffix) - 1;

	for (const char *at = strchr(name, '.'); at != NULL;
	     at = strchr(at + 1, '.'))
		if (strncmp(at, suffix, length) == 0)
			return true;
	return false;
}

static bool
fits_suffix(const struct provider *row, const char *name)
{
	size_t length = strlen(row->suffix), whole = strlen(name);

	if (row->suffix[length - 1] == '*')
		return fits_star(row->suffix, name);
	return whole > length &&
	       strcmp(name + whole - length, row->suffix) == 0;
}

static const struct provider *
longest_fit(const struct providers *providers, const char *name, bool dns)
{
	const struct provider *best = NULL;

	for (size_t i = 0; i < providers->count; i++) {
		const struct provider *row = &providers->rows[i];

		if ((row->class == PROVIDER_DNS) == dns &&
		    fits_suffix(row, name) &&
		    (best == NULL ||
			strlen(row->suffix) > strlen(best->suffix)))
			best = row;
	}
	return best;
}

const struct provider *
providers_find(const struct providers *providers, const char *host)
{
	return longest_fit(providers, host, false);
}

const struct provider *
providers_find_dns(const struct providers *providers, const char *server)
{
	return longest_fit(providers, server, true);
}
