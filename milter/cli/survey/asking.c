/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one thread takes names from the file, starts a check for each
 * and what is asked beside it, no more at once than jobs nor more often than
 * the nameservers are to be asked, and writes what comes back.  A worker that
 * ends a check makes the record of it; who comes last, the check or what stands
 * beside it, puts the item on the list of those that are done.  A transaction
 * is of a thousand records or a second, so that who is killed has lost no more.
 * When the names are through, those that failed are asked about again, in
 * rounds.
 *
 * A name of which a host is to be asked later is not written: the round is gone
 * through again, until there is none.  So it is with names of which something
 * was inferred that does not hold.
 */
#include "milter/cli/survey/asking.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/xalloc.h"
#include "milter/cli/progress.h"
#include "milter/cli/survey/explaining.h"

enum {
	BATCH = 256,
	TICK_MS = 100,
	COMMIT_ROWS = 1000,
	COMMIT_MS = 1000,
	SECOND_MS = 1000,

	/* Before a round is gone through again, and ever longer where that
	 * brought nothing: a host is left alone for ten minutes */
	PASS_MIN_MS = 2 * SECOND_MS,
	PASS_MAX_MS = 60 * SECOND_MS,
};

struct asked {
	struct asked_run *run;
	struct asked *next;  /* of those that are done */
	struct asked **slot; /* of those that run */
	survey_name domain;
	_Atomic unsigned parts; /* that are to come: check, and beside it */
	struct further_answers answers;
	struct record record;
	struct host_lines *hosts; /* NULL: nothing was looked up */
};

struct asked_run {
	const struct asking *asking;
	struct lock lock;
	struct cond changed;
	struct asked *done; /* under the lock */

	/* The rest is of the one thread. */
	struct asked **running; /* jobs of them, NULL where there is none */
	size_t running_count;
	survey_name names[BATCH], after;
	size_t name_count, name_at;
	int tries;
	uint64_t begun;
	int64_t begun_ms, committed_ms;
	size_t written; /* since the last commit */
	uint64_t kept;  /* records, in all */
	uint64_t later; /* names that are to be asked about later, of this pass
			 */
	uint64_t put_off; /* and in all */
	bool open;        /* a transaction is */
	bool no_more;     /* names in this round */
	bool dead;        /* the resolver is, since: */
	time_t dead_since;
	int status;
	struct cli_progress progress;
	struct explaining *explaining; /* any thread */
};

/* --- one name --- */

static void
part_is_done(struct asked *asked)
{
	struct asked_run *run = asked->run;

	if (atomic_fetch_sub(&asked->parts, 1) != 1)
		return;
	lock_take(&run->lock);
	asked->next = run->done;
	run->done = asked;
	cond_signal(&run->changed);
	lock_drop(&run->lock);
}

static void
further_is_done(void *arg)
{
	part_is_done(arg);
}

/* By a worker: the check is only lent. */
static void
take_check(void *arg, const struct check *check, bool cached)
{
	struct asked *asked = arg;
	const struct asking *asking = asked->run->asking;

	(void)cached;
	record_make(&asked->record, check, asking->roots, asking->providers);
	if (check->facts->mx.state == LOOKUP_SERVFAIL)
		explaining_note(asked->run->explaining, asked->domain);
	asked->hosts = host_lines_make(check, asking->roots);
	further_ask_hosts(asking->further, check->facts, &asked->answers,
	    further_is_done, asked);
}

/* Nothing is asked of it. */
static void
spare_name(struct asked *asked)
{
	const struct asking *asking = asked->run->asking;

	record_spare(
	    &asked->record, asked->domain, asking->roots, asking->providers);
	asked->parts = 1;
	part_is_done(asked);
}

static void
ask_name(struct asked *asked, const char *domain)
{
	const struct asking *asking = asked->run->asking;
	struct engine_query like = {.level = LEVEL_AUTO,
	    .dns_only = asking->dns_only,
	    .all_hosts = !asking->dns_only};

	further_ask(
	    asking->further, domain, &asked->answers, further_is_done, asked);
	cli_engine_submit(asking->cli, &like, domain, take_check, asked);
}

static void
start_name(struct asked_run *run, const char *domain)
{
	struct asked *asked = xcalloc(1, sizeof(*asked));

	asked->run = run;
	memcpy(asked->domain, domain, sizeof(asked->domain));
	asked->parts = 2;
	asked->slot = run->running;
	while (*asked->slot != NULL)
		asked->slot++;
	*asked->slot = asked;
	run->running_count++;
	run->begun++;
	dns_pace_begin(run->asking->pace);
	if (exclude_has_domain(run->asking->exclude, domain))
		spare_name(asked);
	else
		ask_name(asked, domain);
}

static void
drop_asked(struct asked *asked)
{
	*asked->slot = NULL;
	asked->run->running_count--;
	host_lines_free(asked->hosts);
	free(asked);
}

/* --- keeping --- */

/* Once: what runs still may fail again at each turn until it has ended. */
static int
say_not_kept(struct asked_run *run, const struct err *err)
{
	if (run->status == 0)
		run->status =
		    cli_fail(EX_IOERR, "cannot keep answers: %s", err->text);
	return -1;
}

static int
commit_records(struct asked_run *run)
{
	struct err err;

	if (!run->open)
		return 0;
	run->open = false;
	run->written = 0;
	run->committed_ms = clock_mono_ms();
	return store_survey_commit(run->asking->survey, &err) == 0
		   ? 0
		   : say_not_kept(run, &err);
}

/* A host is to be asked later, or what was inferred does not hold. */
static bool
is_for_later(const struct asked_run *run, const struct record *record)
{
	return record->put_off ||
	       probing_disproved(run->asking->probing, record->inferred_at);
}

static void
write_hosts(struct asked_run *run, const struct asked *asked)
{
	const struct host_lines *lines = asked->hosts;
	time_t now = asked->record.row.time;
	struct err err;

	for (size_t i = 0; lines != NULL && i < lines->count; i++) {
		struct survey_host host = {
		    lines->names[i], lines->facts[i], lines->probed[i]};

		if (store_survey_host_put(run->asking->hosts, &host, now,
			now - PROBING_KEEP_S, &err) != 0) {
			say_not_kept(run, &err);
			return;
		}
	}
}

static void
write_record(struct asked_run *run, struct asked *asked)
{
	struct err err;

	record_further(&asked->record, &asked->answers,
	    further_has_extra(run->asking->further));
	asked->record.row.domain = asked->domain;
	if (is_for_later(run, &asked->record)) {
		run->later++;
		run->put_off++;
		return;
	}
	if (run->status != 0)
		return;
	run->kept++;
	if (!run->open && store_survey_begin(run->asking->survey, &err) != 0) {
		say_not_kept(run, &err);
		return;
	}
	run->open = true;
	run->written++;
	if (store_survey_put(run->asking->survey, &asked->record.row, &err) !=
	    0)
		say_not_kept(run, &err);
	else
		write_hosts(run, asked);
}

static struct asked *
take_done(struct asked_run *run)
{
	struct asked *done;

	lock_take(&run->lock);
	if (run->done == NULL)
		cond_wait_until(
		    &run->changed, &run->lock, clock_mono_ms() + TICK_MS);
	done = run->done;
	run->done = NULL;
	lock_drop(&run->lock);
	return done;
}

static void
write_done(struct asked_run *run)
{
	struct asked *done = take_done(run);
	int64_t reopened;
	struct err err;

	if (probing_reopen(run->asking->probing, &reopened, &err) != 0 ||
	    probing_failed(run->asking->probing, &err))
		say_not_kept(run, &err);
	else
		run->later += (uint64_t)reopened;
	while (done != NULL) {
		struct asked *next = done->next;

		write_record(run, done);
		drop_asked(done);
		done = next;
	}
	if (run->written >= COMMIT_ROWS ||
	    clock_mono_ms() - run->committed_ms >= COMMIT_MS)
		commit_records(run);
}

/* --- all of them --- */

static bool
scan_is_over(const struct asked_run *run)
{
	const struct asking *asking = run->asking;

	return run->status != 0 || cli_progress_is_stopped() ||
	       (asking->limit > 0 &&
		   run->begun - run->put_off >= asking->limit) ||
	       run->dead;
}

/* Whether another may begin at the rate that is wanted. */
static bool
is_time_for_one(const struct asked_run *run)
{
	uint64_t took_ms = (uint64_t)(clock_mono_ms() - run->begun_ms);

	return (run->asking->rate == 0 ||
		   run->begun <= took_ms * run->asking->rate / SECOND_MS) &&
	       dns_pace_may_begin(run->asking->pace);
}

/* The next name of the round, or NULL when there is none. */
static const char *
next_name(struct asked_run *run)
{
	struct err err;
	int count;

	if (run->name_at < run->name_count)
		return run->names[run->name_at++];
	if (run->no_more)
		return NULL;
	count = store_survey_todo(run->asking->survey, run->after, run->tries,
	    run->names, BATCH, &err);
	if (count < 0) {
		say_not_kept(run, &err);
		return NULL;
	}
	run->name_count = (size_t)count;
	run->no_more = run->name_count < BATCH;
	run->name_at = 0;
	if (run->name_count == 0)
		return NULL;
	memcpy(run->after, run->names[run->name_count - 1], sizeof(run->after));
	return run->names[run->name_at++];
}

/* What is told once, and what ends the run. */
static void
look_at_pace(struct asked_run *run)
{
	char text[DNS_PACE_TEXT_SIZE];

	explaining_go_on(run->explaining);
	while (dns_pace_is_slowed(run->asking->pace, text))
		cli_fail(0,
		    "%s fails on more than half of what it is asked: it is "
		    "asked half as often, until it bears that",
		    text);
	run->dead =
	    run->dead || dns_pace_is_dead(run->asking->pace, &run->dead_since);
}

static void
run_round(struct asked_run *run, unsigned tries)
{
	const char *name = "";

	run->tries = (int)tries;
	run->after[0] = '\0';
	run->name_count = run->name_at = 0;
	run->no_more = false;
	while (run->running_count > 0 || (name != NULL && !scan_is_over(run))) {
		while (name != NULL && !scan_is_over(run) &&
		       run->running_count < run->asking->jobs &&
		       is_time_for_one(run)) {
			name = next_name(run);
			if (name != NULL)
				start_name(run, name);
		}
		if (run->status != 0 || cli_progress_is_stopped())
			engine_put_off(run->asking->cli->engine);
		cli_progress_draw(&run->progress, run->kept);
		further_end_late(run->asking->further);
		write_done(run);
		look_at_pace(run);
	}
	commit_records(run);
}

/* False when Ctrl-C came. */
static bool
wait_before_pass(struct asked_run *run, int64_t wait_ms)
{
	int64_t until_ms = clock_mono_ms() + wait_ms;

	lock_take(&run->lock);
	while (clock_mono_ms() < until_ms && !cli_progress_is_stopped())
		cond_wait_until(
		    &run->changed, &run->lock, clock_mono_ms() + TICK_MS);
	lock_drop(&run->lock);
	return !cli_progress_is_stopped();
}

/* A round, until no name of it is left for later. */
static void
run_passes(struct asked_run *run, unsigned tries)
{
	int64_t wait_ms = PASS_MIN_MS;

	/* of names that failed once most do again, by themselves */
	dns_pace_judge(run->asking->pace, tries == 0);
	for (;;) {
		uint64_t kept = run->kept;

		run->later = 0;
		run_round(run, tries);
		if (run->later == 0 || scan_is_over(run))
			return;
		if (run->kept > kept)
			wait_ms = PASS_MIN_MS;
		if (!wait_before_pass(run, wait_ms))
			return;
		wait_ms = 2 * wait_ms > PASS_MAX_MS ? PASS_MAX_MS : 2 * wait_ms;
	}
}

static void
run_rounds(struct asked_run *run)
{
	run_passes(run, 0);
	for (unsigned i = 1; i <= run->asking->retries && !scan_is_over(run);
	     i++) {
		struct err err;
		int count = store_survey_todo(
		    run->asking->survey, "", (int)i, run->names, 1, &err);

		if (count < 0) {
			say_not_kept(run, &err);
			return;
		}
		if (count == 0 ||
		    !wait_before_pass(
			run, (int64_t)run->asking->retry_wait_s * SECOND_MS))
			continue;
		run_passes(run, i);
	}
	/* inference that was found wrong meanwhile */
	if (!scan_is_over(run))
		run_passes(run, 0);
}

/* How it ended; a resolver that died must not leave what it did not say. */
static int
end_scan(struct asked_run *run)
{
	struct survey_totals totals = {.names = 0};
	struct err err;

	if (run->status != 0)
		return run->status;
	if (run->dead) {
		if (store_survey_undo(
			run->asking->survey, run->dead_since, &err) != 0)
			say_not_kept(run, &err);
		return cli_fail(EX_UNAVAILABLE,
		    "the resolver answers no more; run it again when it does");
	}
	if (store_survey_total(run->asking->survey, &totals, &err) != 0) {
		say_not_kept(run, &err);
		return run->status;
	}
	if (totals.done == totals.names)
		return 0;
	return cli_fail(EX_TEMPFAIL,
	    "stopped, with %lld names left: run it again",
	    (long long)(totals.names - totals.done));
}

int
asking_run(const struct asking *asking)
{
	struct asked_run *run = xcalloc(1, sizeof(*run));
	struct survey_totals totals = {.names = 0};
	int status;

	run->asking = asking;
	run->running = xcalloc(asking->jobs, sizeof(struct asked *));
	run->begun_ms = run->committed_ms = clock_mono_ms();
	lock_init(&run->lock);
	cond_init(&run->changed);
	store_survey_total(asking->survey, &totals, NULL);
	cli_progress_begin(&run->progress, "asking", "domains", 1,
	    (uint64_t)(totals.names - totals.done));
	run->explaining = explaining_new(asking->further, asking->pace);
	run_rounds(run);
	explaining_free(run->explaining);
	cli_progress_end(&run->progress);
	status = end_scan(run);
	cond_fini(&run->changed);
	lock_fini(&run->lock);
	free(run->running);
	free(run);
	return status;
}
