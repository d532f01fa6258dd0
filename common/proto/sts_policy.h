/* sts_policy - the body of an MTA-STS policy. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_STS_POLICY_H
#define COMMON_PROTO_STS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"

enum sts_mode { STS_MODE_NONE, STS_MODE_TESTING, STS_MODE_ENFORCE };

/* What was lenient in reading it, for a note to its publisher. */
enum sts_note {
	STS_NOTE_MAX_AGE_CLAMPED = 1,
	STS_NOTE_TRAILING_BLANK_LINES = 2,
	STS_NOTE_DUPLICATE_KEY = 4, /* but mx, which may be repeated */
	STS_NOTE_UNKNOWN_KEY = 8,
};

struct sts_policy {
	enum sts_mode mode;
	uint32_t max_age_s; /* at most LIMIT_STS_MAX_AGE_S */
	unsigned notes;     /* of enum sts_note */
	size_t mx_count;
	char **mx; /* patterns, lower case: a name, or "*." and a name */
};

/*
 * sts_policy_parse - read a policy, body counted in octets
 *
 * DATA with the line and the rule broken when it is no valid policy; the text
 * never quotes the body unescaped.
 * RFC 8461 section 3.2; max_age above the maximum is clamped, the first of a
 * key that occurs twice counts, blank lines are allowed at the end only.
 */
void sts_policy_free(struct sts_policy *policy);
struct sts_policy *sts_policy_parse(
    const char *body, size_t length, struct err *err) OWNED(sts_policy_free);
AUTO_DEFINE(sts_policy);

/* A mistake, as err's text would have it; borrowed. */
typedef void sts_mistake(void *arg, const char *text);

/* sts_policy_lint - all that keeps a body from being a policy, in its order, at
 * most LIMIT_CONF_FAULTS; how many: 0 for a policy */
size_t
sts_policy_lint(const char *body, size_t length, sts_mistake *each, void *arg);

/*
 * sts_policy_names - whether a pattern of the policy names the MX host
 *
 * host is the name in the MX record, normalised, not expanded.
 * RFC 8461 section 4.1 - "*." stands for exactly one label.
 */
bool sts_policy_names(const struct sts_policy *policy, const char *host);

/* sts_policy_print - the body of a policy, for free(): what sts_policy_parse
 * reads, if its names are normalised */
char *sts_policy_print(const struct sts_policy *policy);

/* sts_media_type - whether a Content-Type says text/plain, parameters or no;
 * NULL is absent.  RFC 8461 section 3.2 */
bool sts_media_type(const char *content_type);

/* sts_mode_text - "enforce", "testing", "none" */
const char *sts_mode_text(enum sts_mode mode);

#endif
