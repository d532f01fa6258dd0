/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli_own.h"
#include "milter/cli_rollover.h"

enum { STATE_MAX = 4096, DIGEST_SIZE = 2 * 32 + 1 };

/* What one rollover is known by: the records, and what comes next. */
static void
identify(const struct x509_key *next, char out[DIGEST_SIZE])
{
	uint8_t digest[32];

	x509_sha256(
	    next->chain == NULL ? next->spki : x509_cert(next->chain, 0),
	    digest);
	text_hex(out, DIGEST_SIZE, digest, sizeof(digest));
}

/* Of another rollover nothing counts. */
static int
take_state(struct rollover_look *look, const char *path, json_t *state)
{
	const char *owner, *next;
	char digest[DIGEST_SIZE];
	json_int_t schema, ttl_s, since;
	int changed = 0;

	if (json_unpack(state, "{s:I, s:s, s:s, s:I, s:I, s?b}", "schema",
		&schema, "owner", &owner, "next", &next, "ttl", &ttl_s, "since",
		&since, "changed", &changed) != 0 ||
	    schema != 1 || ttl_s < 0 || ttl_s > UINT32_MAX || since < 0)
		return cli_fail(
		    EX_DATAERR, "%s: not a state file of this verb", path);
	identify(look->next, digest);
	if (strcmp(owner, look->owner) != 0 || strcmp(next, digest) != 0)
		return 0;
	if ((uint32_t)ttl_s > look->facts.ttl_s)
		look->facts.ttl_s = (uint32_t)ttl_s;
	if (since > 0 && !look->facts.since_known) {
		look->facts.since_known = true;
		look->facts.since = (time_t)since;
	}
	look->changed = changed != 0;
	return 0;
}

static int
load(struct rollover_look *look, const char *path)
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
	status = take_state(look, path, state);
	json_decref(state);
	return status;
}

/* Whole or not at all: a new file takes the place of the old one. */
static int
save(const struct rollover_look *look, const char *path)
{
	size_t size = strlen(path) + sizeof(".new");
	char *fresh = xmalloc(size), digest[DIGEST_SIZE];
	json_t *state;
	int rc;

	identify(look->next, digest);
	snprintf(fresh, size, "%s.new", path);
	state = json_pack("{s:i, s:s, s:s, s:I, s:I, s:b}", "schema", 1,
	    "owner", look->owner, "next", digest, "ttl",
	    (json_int_t)look->facts.ttl_s, "since",
	    look->facts.since_known ? (json_int_t)look->facts.since
				    : (json_int_t)0,
	    "changed", look->changed);
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
	int status = load(look, path);

	if (status != 0)
		return status;
	/* what fits both keys now did not always, and caches may have that */
	look->facts.same &= !look->changed;
	if (!rollover_is_ready(&look->facts)) {
		look->facts.since_known = false; /* whoever said so */
		look->changed = true;
	} else if (!look->facts.since_known) {
		look->facts.since_known = true;
		look->facts.since = now + 1; /* this second is not over */
	}
	return save(look, path);
}
