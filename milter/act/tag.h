/* tag - the header field that says what was found, and whom it may name.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_ACT_TAG_H
#define MILTER_ACT_TAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "common/base/own.h"
#include "common/judge/action.h"
#include "common/judge/verdict.h"
#include "milter/conf/settings.h"

/* One "d=" item. */
struct tag_item {
	const char *domain; /* normalised, or an address literal */
	const struct verdict *verdict;
};

struct tag {
	const char *authserv_id;
	const char *queue_id; /* as tag_queue_id gives it */
	enum result result;
	enum action action; /* none, tag or hold */
	size_t count;       /* any number: what is over the limit is "more" */
	const struct tag_item *items;
};

/* tag_print - the value of the field, folded with newline and space */
char *tag_print(const struct tag *tag) OWNED(free);

enum { TAG_QUEUE_ID_SIZE = 33 };

/*
 * tag_queue_id - the MTA's queue id in the form that tag and log promise
 *
 * Octets that have no place there become "-"; text NULL or empty is NOQUEUE.
 */
void tag_queue_id(char out[TAG_QUEUE_ID_SIZE], const char *text);

/* tag_is_field - whether a header field has this name, in any case; there may
 * be white space behind it (RFC 5322 section 4.5.3) */
bool tag_is_field(const char *field_name, const char *name);

/* tag_is_recipients - whether a header field of this name lists recipients */
bool tag_is_recipients(const char *field_name);

/*
 * tag_each_domain - the domain of each address in the value of such a field
 *
 * Calls found with each domain, not normalised, in the order of the value.
 * Comments, quoted strings, groups, routes and folds are read as RFC 5322
 * section 3.4 and 4.4 say; what is no address is passed over.
 */
typedef void tag_found(void *arg, const char *domain);
void tag_each_domain(const char *value, tag_found *found, void *arg);

#endif
