/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/map_answers.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/engine/engine.h"
#include "common/judge/enforcement.h"
#include "milter/serve/map_report.h"
#include "milter/serve/report.h"
#include "common/sts/policy_turns.h"
#include "milter/serve/service.h"
#include "milter/serve/tally.h"
#include "t/unit/tap.h"

/*
 * In place of the service and its engine: a check ends when the test says so,
 * with the answer and the life that the test gives it.
 */
enum { ASKED_MAX = 8, TTL_S = 1000, DAY_S = CLOCK_DAY_S };

static struct {
	struct event_base *base;
	struct settings *settings;
	unsigned turn, holds;
	bool at_once;
	enum enforce_answer answer;
	enum reason reason;
	uint32_t ttl_s;
	enum result result;
	struct policy_turns policies;
	size_t asked;
	bool ahead, of_mta; /* of the last that was asked */
	struct {
		engine_done *done;
		void *arg;
	} waiting[ASKED_MAX];
	size_t woken;
	char replies[4096]; /* each behind the one before */
} scene;

unsigned
service_turn(void)
{
	return scene.turn;
}

const struct policy_turns *
service_policies(void)
{
	return &scene.policies;
}

void
service_hold(struct service_hold *held)
{
	scene.holds++;
	*held = (struct service_hold){.settings = settings_ref(scene.settings)};
}

void
service_let_go(struct service_hold *held)
{
	assert_true(scene.holds-- > 0);
	settings_free(held->settings);
}

static void
end_check(engine_done *done, void *arg, bool cached)
{
	struct enforcement *e = enforcement_new(scene.answer);
	struct check check = {.domain = "d.ex",
	    .verdict = verdict_new(scene.result, scene.reason),
	    .policy = policy_turns_mark(&scene.policies, "d.ex"),
	    .enforcement = e,
	    .expires_ms = clock_mono_ms() + scene.ttl_s * 1000LL};

	e->reason = scene.reason;
	check.verdict->ttl_s = scene.ttl_s;
	done(arg, &check, cached);
	verdict_free(check.verdict);
	enforcement_free(e);
}

void
engine_submit(struct engine *engine, const struct engine_query *query,
    engine_done *done, void *arg)
{
	(void)engine;
	scene.ahead = query->ahead;
	scene.of_mta = query->of_mta;
	if (scene.at_once) {
		scene.asked++;
		end_check(done, arg, true);
		return;
	}
	assert_true(scene.asked < ASKED_MAX);
	scene.waiting[scene.asked].done = done;
	scene.waiting[scene.asked++].arg = arg;
}

static void *
end_waiting(void *number)
{
	size_t i = *(size_t *)number;

	end_check(scene.waiting[i].done, scene.waiting[i].arg, false);
	return NULL;
}

/* As a worker does. */
static void
end_asked(size_t number)
{
	pthread_t thread;

	assert_int_equal(
	    pthread_create(&thread, NULL, end_waiting, &number), 0);
	pthread_join(thread, NULL);
}

void
map_report_answer(enum figures_asker asker, const struct check *check,
    const char *reply, bool cached)
{
	(void)asker;
	(void)check;
	(void)reply;
	(void)cached;
}

void
map_report_deadline(enum figures_asker asker, const char *domain, unsigned ms)
{
	(void)asker;
	(void)domain;
	(void)ms;
}

void
map_report_rule(enum figures_asker asker, struct rule *rule)
{
	(void)asker;
	(void)rule;
}

int
report_check_line(char line[REPORT_SIZE], const char *queue_id,
    const struct report_check *check)
{
	snprintf(line, REPORT_SIZE, "%s: event=check domain=%s", queue_id,
	    check->domain);
	return 0;
}

static void
on_woken(void)
{
	scene.woken++;
}

static void
open_scene_with(const char *conf, void (*woken)(void))
{
	struct conf_faults faults = {0};
	char path[] = "/tmp/map_answers-XXXXXX";
	int fd = mkstemp(path);

	memset(&scene, 0, sizeof(scene));
	assert_int_equal(write(fd, conf, strlen(conf)), strlen(conf));
	close(fd);
	scene.settings = settings_load(path, NULL, 0, &faults);
	unlink(path);
	if (scene.settings == NULL)
		fail_msg("%s", faults.texts[0]);
	scene.base = event_base_new();
	scene.answer = ENFORCE_DANE_ONLY;
	scene.result = RESULT_NONE;
	scene.ttl_s = TTL_S;
	map_answers_open(scene.base, woken);
	map_answers_begin();
}

static void
open_scene(const char *conf)
{
	open_scene_with(conf, on_woken);
}

static void
close_scene(void)
{
	map_answers_close();
	assert_int_equal(scene.holds, 0);
	event_base_free(scene.base);
	settings_free(scene.settings);
}

static void
on_answered(void *arg, const char *reply, size_t length)
{
	size_t end = strlen(scene.replies);

	(void)arg;
	snprintf(scene.replies + end, sizeof(scene.replies) - end, "%.*s",
	    (int)length, reply);
}

static struct map_asking *
ask_table(const char *text)
{
	struct map_payload payload = {.data = text, .length = strlen(text)};

	scene.replies[0] = '\0';
	return map_answers_ask(MAP_PROTOCOL_TABLE, &payload, on_answered, NULL);
}

static void
expect_kept(const char *reply)
{
	size_t before = scene.asked;

	assert_null(ask_table("QUERY d.ex"));
	assert_string_equal(scene.replies, reply);
	assert_int_equal(scene.asked, before);
}

static void
w16_a_reply_lives_as_long_as_its_verdict(void **state)
{
	(void)state;
	open_scene("");
	assert_non_null(ask_table("QUERY d.ex"));
	end_asked(0);
	assert_int_equal(scene.woken, 1);
	assert_string_equal(scene.replies, "");
	map_answers_come();
	assert_string_equal(scene.replies, "12:OK dane-only,");
	clock_shift(TTL_S / 2);
	expect_kept("12:OK dane-only,");
	clock_shift(TTL_S / 2 + 1);
	assert_non_null(ask_table("QUERY d.ex"));
	assert_int_equal(scene.asked, 2);
	end_asked(1);
	map_answers_come();
	close_scene();
}

/* What was asked for ends with this answer. */
static void
end_with(size_t number, enum enforce_answer answer, enum result result)
{
	scene.answer = answer;
	scene.result = result;
	end_asked(number);
	map_answers_come();
}

static void
w16_in_the_last_tenth_a_reply_is_made_anew_behind_the_old_one(void **state)
{
	(void)state;
	open_scene("");
	ask_table("QUERY d.ex");
	end_with(0, ENFORCE_DANE_ONLY, RESULT_NONE);
	assert_false(scene.ahead);
	assert_true(scene.of_mta);
	clock_shift(TTL_S * 8 / 10);
	expect_kept("12:OK dane-only,");
	clock_shift(TTL_S * 15 / 100);
	assert_null(ask_table("QUERY d.ex"));
	assert_string_equal(scene.replies, "12:OK dane-only,");
	assert_int_equal(scene.asked, 2);
	assert_true(scene.ahead);
	expect_kept("12:OK dane-only,"); /* once */
	end_with(1, ENFORCE_MAY, RESULT_NONE);
	expect_kept("6:OK may,");
	clock_shift(TTL_S / 2);
	expect_kept("6:OK may,");
	close_scene();
}

static void
what_cannot_be_made_anew_goes_on_to_its_end(void **state)
{
	(void)state;
	open_scene("");
	ask_table("QUERY d.ex");
	end_with(0, ENFORCE_DANE_ONLY, RESULT_NONE);
	clock_shift(TTL_S * 95 / 100);
	ask_table("QUERY d.ex");
	assert_int_equal(scene.asked, 2);
	end_with(1, ENFORCE_TEMP, RESULT_TEMPERROR);
	expect_kept("12:OK dane-only,");
	clock_shift(TTL_S / 10);
	assert_non_null(ask_table("QUERY d.ex"));
	end_with(2, ENFORCE_DANE_ONLY, RESULT_NONE);
	close_scene();
}

/* F11 */
static void
another_policy_ends_the_replies_of_its_domain_at_once(void **state)
{
	(void)state;
	open_scene("");
	ask_table("QUERY d.ex");
	end_with(0, ENFORCE_DANE_ONLY, RESULT_NONE);
	policy_turns_next(&scene.policies, "other.ex");
	expect_kept("12:OK dane-only,");
	policy_turns_next(&scene.policies, "d.ex");
	assert_non_null(ask_table("QUERY d.ex"));
	end_with(1, ENFORCE_MAY, RESULT_NONE);
	expect_kept("6:OK may,");
	close_scene();
}

static void
each_answer_is_counted_by_who_asks(void **state)
{
	struct report_counts before, after;

	(void)state;
	open_scene("");
	tally_counts(&before);
	scene.at_once = true;
	ask_table("QUERY d.ex");
	ask_table("other d.ex");
	ask_table("QUERYwithTLSRPT d.ex");
	ask_table("QUERYwithTLSRPT [192.0.2.1]");
	ask_table("sts .d.ex");
	scene.answer = ENFORCE_TEMP;
	ask_table("QUERY e.ex");
	tally_counts(&after);
	assert_int_equal(after.asked[FIGURES_PLAIN][FIGURES_OK] -
			     before.asked[FIGURES_PLAIN][FIGURES_OK],
	    2);
	assert_int_equal(after.asked[FIGURES_PLAIN][FIGURES_TEMP] -
			     before.asked[FIGURES_PLAIN][FIGURES_TEMP],
	    1);
	assert_int_equal(after.asked[FIGURES_TLSRPT][FIGURES_OK] -
			     before.asked[FIGURES_TLSRPT][FIGURES_OK],
	    1);
	assert_int_equal(after.asked[FIGURES_TLSRPT][FIGURES_NOTFOUND] -
			     before.asked[FIGURES_TLSRPT][FIGURES_NOTFOUND],
	    1);
	assert_int_equal(after.asked[FIGURES_SENDMAIL][FIGURES_PERM] -
			     before.asked[FIGURES_SENDMAIL][FIGURES_PERM],
	    1);
	close_scene();
}

static void
a_line_tells_what_is_left_of_its_life(void **state)
{
	static const char line[] = "POLICY d.ex";
	struct map_payload payload = {.data = line, .length = strlen(line)};
	const char *left;

	(void)state;
	open_scene("");
	scene.at_once = true;
	scene.answer = ENFORCE_NOTHING;
	map_answers_ask(MAP_PROTOCOL_LINE, &payload, on_answered, NULL);
	clock_shift(TTL_S / 2);
	scene.replies[0] = '\0';
	map_answers_ask(MAP_PROTOCOL_LINE, &payload, on_answered, NULL);
	assert_int_equal(scene.asked, 1);
	left = strstr(scene.replies, " ttl=");
	assert_non_null(left);
	left += strlen(" ttl=");
	assert_in_range(strtol(left, NULL, 10), TTL_S / 2 - 2, TTL_S / 2);
	assert_string_equal(left + strspn(left, "0123456789"), "\n");
	close_scene();
}

/* K04 */
static void
a_parent_is_nothing_to_who_asks_and_misplaced_at_sendmails_map(void **state)
{
	struct report_counts before, after;

	(void)state;
	open_scene("");
	tally_counts(&before);
	ask_table("QUERYwithTLSRPT .ex");
	assert_string_equal(scene.replies, "9:NOTFOUND ,");
	ask_table("QUERY .");
	assert_string_equal(scene.replies, "9:NOTFOUND ,");
	ask_table("sts .d.ex");
	assert_memory_equal(scene.replies, "39:PERM ", 8);
	tally_counts(&after);
	assert_int_equal(after.asked[FIGURES_TLSRPT][FIGURES_NOTFOUND] -
			     before.asked[FIGURES_TLSRPT][FIGURES_NOTFOUND],
	    1);
	assert_int_equal(after.asked[FIGURES_PLAIN][FIGURES_NOTFOUND] -
			     before.asked[FIGURES_PLAIN][FIGURES_NOTFOUND],
	    1);
	assert_int_equal(scene.asked, 0);
	close_scene();
}

static void
w14_not_found_keeps_its_trailing_blank(void **state)
{
	(void)state;
	open_scene("");
	ask_table("QUERY [192.0.2.1]");
	assert_string_equal(scene.replies, "9:NOTFOUND ,");
	ask_table("sts");
	assert_string_equal(scene.replies, "9:NOTFOUND ,");
	scene.at_once = true;
	scene.answer = ENFORCE_NOTHING;
	ask_table("QUERY d.ex");
	assert_string_equal(scene.replies, "9:NOTFOUND ,");
	close_scene();
}

/* P50.  The rule ends tomorrow: of a last day that is nearly over another reply
 * would be asked for at once. */
static void
a_reply_ends_with_the_rules_that_it_rests_on(void **state)
{
	char conf[64], path[] = "/tmp/map_answers-XXXXXX", day[11];
	int fd = mkstemp(path);
	struct tm local;
	time_t tomorrow = clock_wall_s() + DAY_S;

	(void)state;
	localtime_r(&tomorrow, &local);
	strftime(day, sizeof(day), "%Y-%m-%d", &local);
	dprintf(fd, "d.ex auto dane=no until=%s\n", day);
	close(fd);
	snprintf(conf, sizeof(conf), "Destinations %s\n", path);
	open_scene(conf);
	unlink(path);
	scene.ttl_s = 4 * DAY_S;
	scene.answer = ENFORCE_MAY;
	ask_table("QUERY d.ex");
	end_asked(0);
	map_answers_come();
	assert_string_equal(scene.replies, "6:OK may,");
	expect_kept("6:OK may,");
	clock_shift(2 * DAY_S);
	assert_non_null(ask_table("QUERY d.ex"));
	assert_string_equal(scene.replies, "");
	scene.answer = ENFORCE_DANE_ONLY;
	end_asked(1);
	map_answers_come();
	assert_string_equal(scene.replies, "12:OK dane-only,");
	close_scene();
}

static void
what_was_asked_in_another_turn_is_asked_again(void **state)
{
	(void)state;
	open_scene("");
	ask_table("QUERY d.ex");
	scene.turn++;
	end_asked(0);
	map_answers_come();
	assert_string_equal(scene.replies, "");
	assert_int_equal(scene.asked, 2);
	scene.answer = ENFORCE_MAY;
	end_asked(1);
	map_answers_come();
	assert_string_equal(scene.replies, "6:OK may,");
	expect_kept("6:OK may,");
	scene.turn++;
	scene.at_once = true;
	assert_null(ask_table("QUERY d.ex"));
	assert_int_equal(scene.asked, 3);
	close_scene();
}

/* --- the end --- */

static _Atomic bool telling, told;

static void
tell_slowly(void)
{
	enum { NAP_US = 50 * 1000 };

	telling = true;
	usleep(NAP_US);
	told = true;
}

/* The listener closes what it is woken by when this has returned. */
static void
nobody_is_woken_after_the_end(void **state)
{
	pthread_t thread;
	size_t number = 0;

	(void)state;
	open_scene_with("", tell_slowly);
	map_asking_leave(ask_table("QUERY d.ex"));
	assert_int_equal(
	    pthread_create(&thread, NULL, end_waiting, &number), 0);
	while (!telling)
		usleep(100);
	map_answers_close();
	assert_true(told);
	pthread_join(thread, NULL);
	assert_int_equal(scene.holds, 0);
	event_base_free(scene.base);
	settings_free(scene.settings);
}

/* Not for who comes later, either. */
static void
what_ends_after_the_end_is_let_go(void **state)
{
	(void)state;
	open_scene("");
	map_asking_leave(ask_table("QUERY d.ex"));
	map_answers_close();
	assert_int_equal(scene.holds, 1);
	end_asked(0);
	assert_int_equal(scene.holds, 0);
	assert_int_equal(scene.woken, 0);
	event_base_free(scene.base);
	settings_free(scene.settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(w16_a_reply_lives_as_long_as_its_verdict),
	    cmocka_unit_test(
		w16_in_the_last_tenth_a_reply_is_made_anew_behind_the_old_one),
	    cmocka_unit_test(what_cannot_be_made_anew_goes_on_to_its_end),
	    cmocka_unit_test(
		another_policy_ends_the_replies_of_its_domain_at_once),
	    cmocka_unit_test(each_answer_is_counted_by_who_asks),
	    cmocka_unit_test(a_line_tells_what_is_left_of_its_life),
	    cmocka_unit_test(
		a_parent_is_nothing_to_who_asks_and_misplaced_at_sendmails_map),
	    cmocka_unit_test(w14_not_found_keeps_its_trailing_blank),
	    cmocka_unit_test(a_reply_ends_with_the_rules_that_it_rests_on),
	    cmocka_unit_test(what_was_asked_in_another_turn_is_asked_again),
	    cmocka_unit_test(nobody_is_woken_after_the_end),
	    cmocka_unit_test(what_ends_after_the_end_is_let_go),
	};

	return RUN_TESTS(tests);
}
