/* tlsrpt_parse - what the parsing of a TLS report is made of: values of JSON
 * that may be missing or of another form. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_TLSRPT_PARSE_H
#define COMMON_PROTO_TLSRPT_PARSE_H

#include "common/proto/tlsrpt_report.h"

/* One report while it is parsed. */
struct tlsrpt_parsing {
	struct tlsrpt_report *report;
	const struct tlsrpt_hints *hints;
	size_t details; /* of all policies so far */
	size_t pieces;  /* of their lists, likewise */
	struct err *err;
};

/* tlsrpt_note - that such a quirk was seen */
void tlsrpt_note(struct tlsrpt_parsing *parsing, enum tlsrpt_quirk quirk);

/* tlsrpt_text - a copy of a text that is not empty, or NULL */
char *tlsrpt_text(const struct json_t *object, const char *key);

/* tlsrpt_name, tlsrpt_address - the same, normalised where it is one; text is
 * taken over, and may be NULL */
char *tlsrpt_name(char *text);
char *tlsrpt_address(char *text);

/* tlsrpt_count - a count: 0, or -1 with err; missing is 0 */
int tlsrpt_count(struct tlsrpt_parsing *parsing, const struct json_t *object,
    const char *key, uint64_t *out);

/* tlsrpt_strings - a list of texts: 0, or -1 with err; a string is a list of
 * one, and is split at ends of lines, and at ";" where it is alone */
int tlsrpt_strings(struct tlsrpt_parsing *parsing, const struct json_t *value,
    struct tlsrpt_list *out);

/* tlsrpt_others - a new object of the keys that are not in known, which ends
 * with NULL; NULL where there is none */
struct json_t *tlsrpt_others(struct tlsrpt_parsing *parsing,
    struct json_t *object, const char *const known[]);

/* tlsrpt_policy_parse - the next policy of the report, which has room for it,
 * zeroed: 0, or -1 with err */
int tlsrpt_policy_parse(struct tlsrpt_parsing *parsing, struct json_t *object);

#endif
