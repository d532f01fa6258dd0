/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/publish/own.h"
#include "milter/cli/publish/rollover_look.h"

enum { STATE_MAX = 4096, DIGEST_SIZE = 2 * 32 + 1 };

/* What one rollover is known by: the records, and what comes next. */
static void
identify_rollover(const struct x509_key *next, char out[DIGEST_SIZE])
{
	uint8_t digest[32];

	x509_sha256(
	    next->chain == NULL ? next->spki : x509_cert(next->chain, 0),
	    digest);
	text_hex(out, DIGEST_SIZE, digest, sizeof(digest));
}

/* What a file says. */
struct state {
	const char *owner, *next;
	json_int_t ttl_s;  /* the longest of this rollover */
	json_int_t last_s; /* at the last look; -1: no server told */
	json_int_t since;  /* 0: not known */
	int changed;
	int before; /* a TTL from before the records changed is in ttl_s */
};

static bool
is_ttl(json_int_t ttl_s)
{
	return ttl_s >= 0 && ttl_s <= UINT32_MAX;
}

static int
read_state(struct state *out, const char *path, json_t *state)
{
	json_int_t schema;

	*out = (struct state){.last_s = -1, .before = -1};
	if (json_unpack(state, "{s:I, s:s, s:s, s:I, s?I, s:I, s?b, s?b}",
		"schema", &schema, "owner", &out->owner, "next", &out->next,
		"ttl", &out->ttl_s, "last", &out->last_s, "since", &out->since,
		"changed", &out->changed, "before", &out->before) != 0 ||
	    schema != 1 || !is_ttl(out->ttl_s) ||
	    (out->last_s != -1 && !is_ttl(out->last_s)) || out->since < 0)
		return cli_fail(
		    EX_DATAERR, "%s: not a state file of this verb", path);
	return 0;
}

static void
take_ttl(struct rollover_facts *facts, json_int_t ttl_s, bool before)
{
	if ((uint32_t)ttl_s > facts->ttl_s)
		facts->ttl_s = (uint32_t)ttl_s;
	facts->before_known |= before;
}

/* The same rollover goes on.  A time in the future is of a clock that was
 * ahead: all that is sure is that it was seen before now. */
static void
go_on_with(struct rollover_look *look, const struct state *state, time_t now)
{
	struct rollover_facts *facts = &look->facts;

	take_ttl(facts, state->ttl_s,
	    state->before == -1 ? state->changed : state->before);
	look->changed = state->changed != 0;
	if (state->since == 0 || facts->since_known)
		return;
	facts->since_known = true;
	facts->since = state->since > now ? now + 1 : (time_t)state->since;
}

/* Of another rollover nothing counts but the TTL that its last look found: it
 * is of the RRset that stood before this one. */
static int
take_state(
    struct rollover_look *look, const char *path, json_t *object, time_t now)
{
	char digest[DIGEST_SIZE];
	struct state state;
	int status = read_state(&state, path, object);

	if (status != 0 || strcmp(state.owner, look->owner) != 0)
		return status;
	identify_rollover(look->next, digest);
	if (strcmp(state.next, digest) == 0)
		go_on_with(look, &state, now);
	else if (state.last_s != -1)
		take_ttl(&look->facts, state.last_s, true);
	return 0;
}

static int
load_state(struct rollover_look *look, const char *path, time_t now)
{
	json_t *state;
	struct err err;
	size_t length;
	char *text;
	int status;

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	text = cli_read_file(path, STATE_MAX, &length, &err);
	if (text == NULL)
		return cli_fail(err.kind == ERR_LOCAL ? EX_NOINPUT : EX_DATAERR,
		    "%s", err.text);
	state = json_loadb(text, length, 0, NULL);
	free(text);
	status = take_state(look, path, state, now);
	json_decref(state);
	return status;
}

/* Whole or not at all: a new file takes the place of the old one. */
static int
save_state(
    const struct rollover_look *look, const char *path, json_int_t last_s)
{
	const struct rollover_facts *facts = &look->facts;
	size_t size = strlen(path) + sizeof(".new");
	char *fresh = xmalloc(size), digest[DIGEST_SIZE];
	json_t *state;
	int rc;

	identify_rollover(look->next, digest);
	snprintf(fresh, size, "%s.new", path);
	state = json_pack("{s:i, s:s, s:s, s:I, s:I, s:I, s:b, s:b}", "schema",
	    1, "owner", look->owner, "next", digest, "ttl",
	    (json_int_t)facts->ttl_s, "last", last_s, "since",
	    facts->since_known ? (json_int_t)facts->since : (json_int_t)0,
	    "changed", look->changed, "before", facts->before_known);
	rc = json_dump_file(state, fresh, JSON_INDENT(1));
	json_decref(state);
	if (rc == 0)
		rc = rename(fresh, path);
	free(fresh);
	return rc == 0 ? 0
		       : cli_fail(EX_CANTCREAT, "%s: cannot be written: %s",
			     path, strerror(errno));
}

int
rollover_remember(struct rollover_look *look, const char *path, time_t now)
{
	struct rollover_facts *facts = &look->facts;
	json_int_t last_s = facts->servers > 0 ? (json_int_t)facts->ttl_s : -1;
	int status = load_state(look, path, now);

	if (status != 0)
		return status;
	if (look->old_seen) {
		look->changed = true;
		facts->before_known = true; /* its TTL was just seen */
	}
	/* what fits both keys now did not always, and caches may have that */
	facts->same &= !look->changed;
	if (!rollover_is_ready(facts)) {
		facts->since_known = false; /* whoever said so */
	} else if (!facts->since_known) {
		facts->since_known = true;
		facts->since = now + 1; /* this second is not over */
	}
	return save_state(look, path, last_s);
}
