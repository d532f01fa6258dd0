/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/mta_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/enforcement.h"

enum {
	/* Beside names: the words of a reply, and of each name in it */
	REPLY_WORDS = 512,
	NAME_WORDS = 64,
	NAME_COPIES = 3, /* match, mx_host_pattern, policy_string */

	/* Sendmail's macros: of more octets than 254 it defers, a reply of more
	 * than some 1,040 it takes for none, and delivers */
	SENDMAIL_MATCH = 250,
};

/* --- names --- */

/* Which names are meant: patterns, or hosts. */
struct names {
	size_t count;
	const char *items[LIMIT_STS_MX + LIMIT_MX_HOSTS];
};

static void
list_names(const struct enforcement *e, struct names *out)
{
	out->count = 0;
	if (e->answer == ENFORCE_HOSTS) {
		for (size_t i = 0; i < e->host_count; i++)
			if (e->hosts[i].named &&
			    (e->hosts[i].dane == ENFORCE_HOST_NONE ||
				e->hosts[i].dane == ENFORCE_HOST_UNUSABLE))
				out->items[out->count++] = e->hosts[i].name;
		return;
	}
	for (size_t i = 0; i < e->name_count && i < LIMIT_STS_MX; i++)
		out->items[out->count++] = e->names[i];
}

/* ".example" for "*.example": what a certificate may bear. */
static const char *
match_of(const char *name)
{
	return name[0] == '*' ? name + 1 : name;
}

static size_t
size_for(const struct enforcement *e)
{
	size_t size = REPLY_WORDS + LIMIT_DOMAIN_SIZE;

	for (size_t i = 0; i < e->name_count; i++)
		size += NAME_COPIES * strlen(e->names[i]) + NAME_WORDS;
	for (size_t i = 0; i < e->host_count; i++)
		size += NAME_COPIES * strlen(e->hosts[i].name) + NAME_WORDS;
	return size + (e->where == NULL ? 0 : strlen(e->where));
}

/* --- a next hop --- */

static void
add_secure(struct text *text, const struct names *names)
{
	text_add(text, "OK secure");
	for (size_t i = 0; i < names->count; i++)
		text_addf(text, "%s%s", i == 0 ? " match=" : ":",
		    match_of(names->items[i]));
	text_add(text, " servername=hostname");
}

static void
add_temp(struct text *text, const struct enforcement *e)
{
	text_addf(text, "TEMP %s", reason_text(e->reason));
	if (e->where != NULL)
		text_addf(text, ": %.160s", e->where);
}

/* For TLSRPT the policy as it was read, which is not always as it was written:
 * TLSRPT_README of Postfix. */
static void
add_attributes(struct text *text, const struct enforcement *e,
    const struct names *hosts, bool with_policy)
{
	text_addf(text, " policy_type=sts policy_domain=%s", e->domain);
	for (size_t i = 0; i < hosts->count; i++)
		text_addf(text, " mx_host_pattern=%s", hosts->items[i]);
	if (!with_policy)
		return;
	text_add(text, " { policy_string = version: STSv1 }"
		       " { policy_string = mode: enforce }");
	for (size_t i = 0; i < e->name_count; i++)
		text_addf(text, " { policy_string = mx: %s }", e->names[i]);
	text_addf(
	    text, " { policy_string = max_age: %u }", (unsigned)e->max_age_s);
}

static void
add_secure_policy(
    struct text *text, enum mta_dialect dialect, const struct enforcement *e)
{
	struct names names;
	size_t start = text->len;

	list_names(e, &names);
	add_secure(text, &names);
	if (dialect != MTA_POSTFIX_TLSRPT || e->domain == NULL)
		return;
	start = text->len;
	add_attributes(text, e, &names, true);
	if (text->len <= LIMIT_MAP_REPLY)
		return;
	text->len = start;
	add_attributes(text, e, &names, false);
	if (text->len <= LIMIT_MAP_REPLY)
		return;
	text->len = start;
	text->s[start] = '\0';
}

static void
add_postfix(
    struct text *text, enum mta_dialect dialect, const struct enforcement *e)
{
	struct names names;

	switch (e->answer) {
	case ENFORCE_TEMP:
		add_temp(text, e);
		break;
	case ENFORCE_NOTHING:
		text_add(text, MTA_POLICY_NOTHING);
		break;
	case ENFORCE_NONE:
		text_add(text, "OK none");
		break;
	case ENFORCE_MAY:
		text_add(text, "OK may");
		break;
	case ENFORCE_ENCRYPT:
		text_add(text, "OK encrypt");
		break;
	case ENFORCE_DANE:
		text_add(text, "OK dane");
		break;
	case ENFORCE_DANE_ONLY:
		text_add(text, "OK dane-only");
		break;
	case ENFORCE_NAMES:
		list_names(e, &names);
		add_secure(text, &names);
		break;
	case ENFORCE_POLICY:
	case ENFORCE_HOSTS:
		add_secure_policy(text, dialect, e);
		break;
	}
}

/* --- Sendmail --- */

static bool
names_a_host(const struct enforcement *e, const char *pattern)
{
	char *copy = xstrdup(pattern);
	struct sts_policy one = {.mx_count = 1, .mx = &copy};
	bool found = false;

	for (size_t i = 0; i < e->host_count; i++)
		found |= sts_policy_names(&one, e->hosts[i].name);
	free(copy);
	return found;
}

static size_t
match_length(const struct names *names)
{
	size_t length = 0;

	for (size_t i = 0; i < names->count; i++)
		length += strlen(match_of(names->items[i])) + (i > 0);
	return length;
}

/* Of a long list, those patterns that name a host. */
static void
drop_idle_patterns(const struct enforcement *e, struct names *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->count; i++)
		if (names_a_host(e, names->items[i]))
			names->items[kept++] = names->items[i];
	names->count = kept;
}

static void
add_short_list(
    struct text *text, const struct enforcement *e, struct names *names)
{
	if (match_length(names) > SENDMAIL_MATCH && e->level == LEVEL_AUTO)
		drop_idle_patterns(e, names);
	if (match_length(names) > SENDMAIL_MATCH || names->count == 0)
		text_addf(text, "TEMP %s: policy too long for Sendmail",
		    reason_text(REASON_INTERNAL_ERROR));
	else
		add_secure(text, names);
}

/* Sendmail knows none of Postfix's words for names.  Without a list it wants
 * the name of the server. */
static void
add_rule_names(
    struct text *text, const struct enforcement *e, const char *domain)
{
	char below[LIMIT_DOMAIN_SIZE + 1];
	struct names names = {.count = 0};

	snprintf(below, sizeof(below), ".%s", domain);
	for (size_t i = 0; i < e->name_count && i < LIMIT_STS_MX; i++) {
		const char *name = e->names[i];

		if (strcmp(name, "hostname") == 0) {
			text_add(text, "OK secure servername=hostname");
			return;
		}
		names.items[names.count++] =
		    strcmp(name, "nexthop") == 0       ? domain
		    : strcmp(name, "dot-nexthop") == 0 ? below
						       : name;
	}
	add_short_list(text, e, &names);
}

static enum reason
sts_reason_of(const struct enforcement *e)
{
	return e->answer == ENFORCE_TEMP && e->where == NULL ? e->reason
							     : REASON_DEADLINE;
}

/* MTA-STS and rules of level secure; DANE is Sendmail's own affair. */
static void
add_sendmail(struct text *text, const struct enforcement *e, const char *domain)
{
	struct names names = {.count = 0};

	if (e->level == LEVEL_SECURE) {
		add_rule_names(text, e, domain);
	} else if (e->level == LEVEL_AUTO && e->sts == ENFORCE_STS_ENFORCE) {
		for (size_t i = 0; i < e->name_count; i++)
			names.items[names.count++] = e->names[i];
		add_short_list(text, e, &names);
	} else if (e->level == LEVEL_AUTO && e->sts == ENFORCE_STS_UNKNOWN) {
		text_addf(text, "TEMP %s", reason_text(sts_reason_of(e)));
	} else {
		text_add(text, MTA_POLICY_NOTHING);
	}
}

char *
mta_policy_reply(
    enum mta_dialect dialect, const struct enforcement *e, const char *domain)
{
	size_t size = size_for(e);
	char *reply = xmalloc(size);
	struct text text;

	text_init(&text, reply, size);
	switch (dialect) {
	case MTA_POSTFIX:
	case MTA_POSTFIX_TLSRPT:
		add_postfix(&text, dialect, e);
		break;
	case MTA_SENDMAIL:
		add_sendmail(&text, e, domain);
		break;
	}
	return reply;
}

char *
mta_policy_temp(enum reason reason)
{
	struct enforcement e = {.answer = ENFORCE_TEMP, .reason = reason};

	return mta_policy_reply(MTA_POSTFIX, &e, "");
}

/* --- for people --- */

char *
mta_policy_data(const struct settings *settings, const struct check *check)
{
	static const char ok[] = "OK ";
	char *reply;

	if (settings_lists_domain(&settings->internal_domains, check->domain) ||
	    settings_lists_domain(&settings->exempt_domains, check->domain))
		return xstrdup("");
	reply = mta_policy_reply(
	    MTA_POSTFIX, check->enforcement, check->facts->next_hop.host);
	if (strcmp(reply, MTA_POLICY_NOTHING) == 0)
		reply[0] = '\0';
	else if (strncmp(reply, ok, strlen(ok)) == 0)
		memmove(
		    reply, reply + strlen(ok), strlen(reply + strlen(ok)) + 1);
	return reply;
}
