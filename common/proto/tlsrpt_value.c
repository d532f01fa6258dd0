/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "common/proto/tlsrpt_parse.h"

void
tlsrpt_note(struct tlsrpt_parsing *parsing, enum tlsrpt_quirk quirk)
{
	parsing->report->quirks |= TLSRPT_QUIRK(quirk);
}

char *
tlsrpt_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL || text[0] == '\0' ? NULL : xstrdup(text);
}

char *
tlsrpt_name(char *text)
{
	char name[LIMIT_DOMAIN_SIZE];

	if (text == NULL || domain_normalise(text, name, NULL) != 0)
		return text;
	free(text);
	return xstrdup(name);
}

char *
tlsrpt_address(char *text)
{
	char plain[INET6_ADDRSTRLEN];
	struct in6_addr six;

	/* one of IPv4 has no other spelling */
	if (text == NULL || inet_pton(AF_INET6, text, &six) != 1)
		return text;
	if (IN6_IS_ADDR_V4MAPPED(&six))
		inet_ntop(AF_INET, &six.s6_addr[12], plain, sizeof(plain));
	else
		inet_ntop(AF_INET6, &six, plain, sizeof(plain));
	free(text);
	return xstrdup(plain);
}

/* A number that somebody wrote as a text or with a point: -1 if it is none. */
static int
odd_number(const json_t *value, long long *out)
{
	const char *text = json_string_value(value);
	double number = json_real_value(value);
	char *end = NULL;

	if (text != NULL && (text[0] < '0' || text[0] > '9') && text[0] != '-')
		return -1;
	if (text != NULL)
		number = strtod(text, &end);
	else if (!json_is_real(value))
		return -1;
	if ((end != NULL && *end != '\0') || number != trunc(number) ||
	    fabs(number) > (double)TLSRPT_COUNT_MAX * 2)
		return -1;
	*out = (long long)number;
	return 0;
}

int
tlsrpt_count(struct tlsrpt_parsing *parsing, const json_t *object,
    const char *key, uint64_t *out)
{
	const json_t *value = json_object_get(object, key);
	long long number = json_integer_value(value);

	*out = 0;
	if (value == NULL || json_is_null(value)) {
		tlsrpt_note(parsing, TLSRPT_NO_COUNT);
		return 0;
	}
	if (!json_is_integer(value)) {
		if (odd_number(value, &number) != 0)
			return err_set(
			    parsing->err, ERR_DATA, "%s is no count", key);
		tlsrpt_note(parsing, TLSRPT_COUNT_FORM);
	}
	if (number < 0)
		return err_set(parsing->err, ERR_DATA, "%s is negative", key);
	if ((uint64_t)number > TLSRPT_COUNT_MAX)
		return err_set(parsing->err, ERR_DATA, "%s is over 2^53", key);
	*out = (uint64_t)number;
	return 0;
}

/* A copy behind the others; at each power of two there is room for as many
 * again. */
static void
add_list_piece(struct tlsrpt_list *list, const char *piece)
{
	if ((list->count & (list->count - 1)) == 0)
		list->items = xrealloc(list->items,
		    list->count == 0 ? 1 : 2 * list->count,
		    sizeof(*list->items));
	list->items[list->count++] = xstrdup(piece);
}

/* The pieces of a text between separators, without space and empty ones.  What
 * is made of each is larger than it by far, as of values of JSON. */
static int
add_pieces(struct tlsrpt_parsing *parsing, struct tlsrpt_list *list,
    const char *text, const char *separators)
{
	char *copy = xstrdup(text), *rest = copy, *piece;

	while ((piece = strsep(&rest, separators)) != NULL &&
	       parsing->pieces <= LIMIT_REPORT_VALUES) {
		piece = text_trim(piece);
		if (piece[0] != '\0' && parsing->pieces++ < LIMIT_REPORT_VALUES)
			add_list_piece(list, piece);
	}
	free(copy);
	return parsing->pieces <= LIMIT_REPORT_VALUES
		   ? 0
		   : err_set(parsing->err, ERR_DATA,
			 "policies of over %d lines", LIMIT_REPORT_VALUES);
}

int
tlsrpt_strings(struct tlsrpt_parsing *parsing, const json_t *value,
    struct tlsrpt_list *out)
{
	const char *text = json_string_value(value);
	int rc = 0;

	if (text != NULL) {
		tlsrpt_note(parsing, TLSRPT_STRING_LIST);
		rc = add_pieces(parsing, out, text, ";\r\n");
	}
	for (size_t i = 0; i < json_array_size(value) && rc == 0; i++) {
		text = json_string_value(json_array_get(value, i));
		if (text == NULL)
			continue;
		if (strpbrk(text, "\r\n") != NULL)
			tlsrpt_note(parsing, TLSRPT_STRING_LIST);
		rc = add_pieces(parsing, out, text, "\r\n");
	}
	return rc;
}

static bool
is_key_of(const char *key, const char *const known[])
{
	for (size_t i = 0; known[i] != NULL; i++)
		if (strcmp(key, known[i]) == 0)
			return true;
	return false;
}

json_t *
tlsrpt_others(
    struct tlsrpt_parsing *parsing, json_t *object, const char *const known[])
{
	json_t *others = NULL, *value;
	const char *key;

	json_object_foreach(object, key, value)
	{
		if (is_key_of(key, known))
			continue;
		if (others == NULL)
			others = json_object();
		json_object_set(others, key, value);
		tlsrpt_note(parsing, TLSRPT_UNKNOWN_WORD);
	}
	return others;
}
