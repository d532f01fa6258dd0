/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_hints.h"

#include <stdint.h>
#include <string.h>

#include "common/base/text.h"
#include "common/proto/domain.h"

enum { PIECE_SIZE = LIMIT_RAW_DOMAIN_SIZE };

/* A name with a dot that does not end in a number, as no address does. */
static void
take_report_domain(const char *text, char out[LIMIT_DOMAIN_SIZE])
{
	char name[LIMIT_DOMAIN_SIZE];
	const char *top;

	if (domain_normalise(text, name, NULL) != 0)
		return;
	top = strrchr(name, '.');
	if (top != NULL && top[1] >= 'a' && top[1] <= 'z')
		text_copy(out, LIMIT_DOMAIN_SIZE, name);
}

/* Without white space, and what a comment or list adds. */
static void
take_hint(const char *value, char out[LIMIT_DOMAIN_SIZE])
{
	char piece[PIECE_SIZE];

	if (out[0] == '\0' && text_copy(piece, sizeof(piece), value))
		take_report_domain(text_trim(piece), out);
}

void
tlsrpt_hints_domain(struct tlsrpt_hints *hints, const char *value)
{
	take_hint(value, hints->domain);
}

void
tlsrpt_hints_submitter(struct tlsrpt_hints *hints, const char *value)
{
	take_hint(value, hints->submitter);
}

void
tlsrpt_hints_subject(struct tlsrpt_hints *hints, const char *subject)
{
	static const char label[] = "Report-ID:";
	const char *id = strcasestr(subject, label);
	size_t length;

	if (id == NULL)
		return;
	id += sizeof(label) - 1;
	id += strspn(id, " \t\r\n");
	hints->subject_bare = *id != '<';
	id += *id == '<';
	length = strcspn(id, "> \t\r\n");
	if (length >= sizeof(hints->subject_id))
		length = sizeof(hints->subject_id) - 1;
	text_copy(hints->subject_id, length + 1, id);
}

/* The piece up to the next "!", which is left out of rest; false without it. */
static bool
next_piece(const char **rest, char out[PIECE_SIZE])
{
	size_t length = strcspn(*rest, "!");

	if ((*rest)[length] != '!' || length >= PIECE_SIZE)
		return false;
	text_copy(out, length + 1, *rest);
	*rest += length + 1;
	return true;
}

void
tlsrpt_hints_file(struct tlsrpt_hints *hints, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *rest = slash == NULL ? name : slash + 1;
	char submitter[PIECE_SIZE], domain[PIECE_SIZE], piece[PIECE_SIZE];
	uint32_t begin, end;

	if (!next_piece(&rest, submitter) || !next_piece(&rest, domain) ||
	    !next_piece(&rest, piece) ||
	    text_uint(piece, UINT32_MAX, &begin) != 0)
		return;
	text_copy(piece, sizeof(piece), rest);
	piece[strspn(piece, "0123456789")] = '\0';
	if (text_uint(piece, UINT32_MAX, &end) != 0)
		return;
	tlsrpt_hints_submitter(hints, submitter);
	tlsrpt_hints_domain(hints, domain);
	if (hints->begin == 0 && begin <= end) {
		hints->begin = (time_t)begin;
		hints->end = (time_t)end;
	}
}

void
tlsrpt_hints_of_id(const char *id, char out[LIMIT_DOMAIN_SIZE])
{
	char piece[PIECE_SIZE];
	char *rest;

	if (!text_copy(piece, sizeof(piece), id))
		return;
	piece[strcspn(piece, "@")] = '\0';
	rest = strpbrk(piece, "_!");
	rest = rest == NULL ? piece : rest + 1;
	/* "20261128.1f0c22ab.d.example": dates and sums go before it */
	while (strcspn(rest, "0123456789") < strcspn(rest, ".") &&
	       strchr(rest, '.') != NULL)
		rest = strchr(rest, '.') + 1;
	take_report_domain(rest, out);
}
