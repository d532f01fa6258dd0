/* service - what messages are served by: settings and an engine, both replaced
 * by a reload.  Any thread where nothing else is said. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_SERVICE_H
#define MILTER_SERVE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/engine/engine.h"
#include "milter/conf/settings.h"

struct service_generation;

/* The settings and the engine that a message began with.  It keeps them to its
 * end, also when others have taken their place by then. */
struct service_hold {
	struct settings *settings;
	struct engine *engine;
	struct service_generation *generation; /* of the engine */
};

/* Who counts what checks have found: see own_sessions.h, which is of a higher
 * floor. */
struct service_watch {
	void (*looked)(const struct facts *facts, const struct check *check);
	policies_failed *fetch_failed;
	bool keep_refusals;
};

/* service_watch - tell these of all checks; before service_open */
void service_watch(const struct service_watch *watch);

/*
 * service_open - serve by these settings from here on
 *
 * Once, in the main thread, after fork and before libmilter serves.  Fails as
 * engine_new does.
 */
int service_open(struct settings *settings, struct err *err);

/*
 * service_reload - serve the messages that begin from now on by other settings
 *
 * If nothing that the engine depends on has changed, it stays, with all that it
 * remembers.  Else *renewed is true: there is a new engine, and the old one
 * ends after its last message.  An engine depends on its options and, where the
 * nameservers are from there, on resolv.conf.
 * On failure, as of engine_new, the old settings and engine stay.  The main
 * thread only.
 */
int service_reload(struct settings *settings, bool *renewed, struct err *err);

/*
 * service_follow - the same with the settings in force, if resolv.conf names
 * other nameservers than when the engine was made
 *
 * True when it does.  Then *renewed is false, and err set, if no new engine
 * could be made; that is told once for each change of the file.  The main
 * thread only.
 */
bool service_follow(bool *renewed, struct err *err);

/* service_follows - whether resolv.conf counts */
bool service_follows(void);

/* service_test_resolver - log it if the resolver does not answer; takes up to
 * ten seconds */
void service_test_resolver(void);

/*
 * service_turn - a number that is another one when what was found before may
 * not be told any more: other settings or another engine are in force, or what
 * is remembered was flushed
 *
 * service_forget - begin another turn: what was remembered counts no more
 */
unsigned service_turn(void);
void service_forget(void);

/* service_policies - tells when another policy is in force for a domain */
struct policy_turns;
const struct policy_turns *service_policies(void);

/* service_begin - a message begins: false when none may any more */
bool service_begin(struct service_hold *held);
void service_end(struct service_hold *held);

/*
 * service_hold - what is in force, for who asks about it and is no message
 *
 * Until service_let_go an engine that was replaced does not end.  Not after
 * service_close.
 */
void service_hold(struct service_hold *held);
void service_let_go(struct service_hold *held);

/* service_accepts - whether messages may begin */
bool service_accepts(void);

/* service_active - messages between their begin and end */
unsigned service_active(void);

/* service_tally - what all engines did so far */
const struct counts *service_tally(void);

/* service_settings - those in force; the caller drops them */
struct settings *service_settings(void) OWNED(settings_free);

/*
 * service_drain - begin no message any more, and wait for those that are
 * active: true when there is none left, false at deadline_ms (clock_mono_ms)
 */
bool service_drain(int64_t deadline_ms);

/*
 * service_close - end the engine, and those that were replaced
 *
 * After service_drain succeeded.  False when one still runs at deadline_ms.
 */
bool service_close(int64_t deadline_ms);

#endif
