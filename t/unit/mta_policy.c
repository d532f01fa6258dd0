/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/mta_policy.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/enforce.h"
#include "t/fake/destination.h"
#include "t/unit/tap.h"

#define BOTH "enforce mx1.d.ex mx2.d.ex"

static struct enforcement *
enforce_at(const char *mx, const char *hosts, const char *policy,
    const struct judge_terms *terms)
{
	AUTO(facts) struct facts *facts = destination_make(mx, hosts, policy);

	return enforce(facts, terms, DESTINATION_NOW);
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

/* --- Postfix with attributes --- */

static void
attributes_stand_beside_a_policy_only(void **state)
{
	static const struct {
		const char *id, *mx, *hosts, *policy;
		enum partial_dane partial;
		const char *reply;
	} rows[] = {
	    /* A04: by the name that asks alone, whoever reports */
	    {"A01, A04", "i", "N", "enforce mx1.d.ex *.w.ex", PARTIAL_DANE_ONLY,
		"OK secure match=mx1.d.ex:.w.ex servername=hostname "
		"policy_type=sts policy_domain=d.ex mx_host_pattern=mx1.d.ex "
		"mx_host_pattern=*.w.ex "
		"{ policy_string = version: STSv1 } "
		"{ policy_string = mode: enforce } "
		"{ policy_string = mx: mx1.d.ex } "
		"{ policy_string = mx: *.w.ex } "
		"{ policy_string = max_age: 86400 }"},
	    {"A03 dane-only", "s", "U", BOTH, PARTIAL_DANE_ONLY,
		"OK dane-only"},
	    {"A03 dane", "s", "UN", NULL, PARTIAL_DANE_ONLY, "OK dane"},
	    {"A03 nothing", "s", "N", "testing mx1.d.ex", PARTIAL_DANE_ONLY,
		"NOTFOUND "},
	    {"A07", "s", "EN", BOTH, PARTIAL_DANE_ONLY,
		"OK secure match=mx2.d.ex servername=hostname "
		"policy_type=sts policy_domain=d.ex mx_host_pattern=mx2.d.ex "
		"{ policy_string = version: STSv1 } "
		"{ policy_string = mode: enforce } "
		"{ policy_string = mx: mx1.d.ex } "
		"{ policy_string = mx: mx2.d.ex } "
		"{ policy_string = max_age: 86400 }"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct judge_terms terms = {
		    .level = LEVEL_AUTO, .partial_dane = rows[i].partial};
		AUTO(enforcement)
		struct enforcement *e = enforce_at(
		    rows[i].mx, rows[i].hosts, rows[i].policy, &terms);
		char *reply = mta_policy_reply(MTA_POSTFIX_TLSRPT, e, "d.ex");

		ROW_TEXT(rows[i].id, reply, rows[i].reply);
		ROW("A02", strstr(reply, "policy_ttl") == NULL);
		ROW("A02", strstr(reply, "policy_failure") == NULL);
		free(reply);
	}
}

static void
a_rule_has_no_attributes(void **state)
{
	struct judge_terms terms = {.level = LEVEL_SECURE};
	AUTO(enforcement)
	struct enforcement *e = enforce_at("s", "N", BOTH, &terms);
	char *reply = mta_policy_reply(MTA_POSTFIX_TLSRPT, e, "d.ex");

	(void)state;
	assert_string_equal(
	    reply, "OK secure match=hostname servername=hostname");
	free(reply);
}

/* 256 patterns of the longest names that a policy of 64 KiB has room for. */
static struct enforcement *
make_long(size_t count, size_t length)
{
	struct enforcement *e = enforcement_new(ENFORCE_POLICY);

	e->level = LEVEL_AUTO;
	e->sts = ENFORCE_STS_ENFORCE;
	e->domain = xstrdup("d.ex");
	e->names = xcalloc(count, sizeof(*e->names));
	for (size_t i = 0; i < count; i++) {
		char *name = xmalloc(length + 1);

		memset(name, 'a', length);
		name[0] = (char)('a' + i % 26);
		name[1] = (char)('a' + i / 26);
		name[length] = '\0';
		e->names[e->name_count++] = name;
	}
	return e;
}

static void
a_reply_is_never_longer_than_postfix_takes(void **state)
{
	static const struct {
		const char *id;
		size_t count, length;
		bool attributes, policy;
	} rows[] = {
	    {"A05 fits", 256, 100, true, true},
	    {"A05 without policy_string", 256, 150, true, false},
	    {"A05 Q form (W12)", 256, 253, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(enforcement)
		struct enforcement *e =
		    make_long(rows[i].count, rows[i].length);
		char *reply = mta_policy_reply(MTA_POSTFIX_TLSRPT, e, "d.ex");

		ROW(rows[i].id, strlen(reply) <= LIMIT_MAP_REPLY);
		ROW(rows[i].id, (strstr(reply, "policy_type=") != NULL) ==
				    rows[i].attributes);
		ROW(rows[i].id,
		    (strstr(reply, "policy_string") != NULL) == rows[i].policy);
		ROW(rows[i].id, strstr(reply, " servername=hostname") != NULL);
		free(reply);
	}
}

/* Some versions take "OK" for not found, others for an error. */
static void
w13_an_ok_always_has_data(void **state)
{
	(void)state;
	for (int i = ENFORCE_TEMP; i <= ENFORCE_HOSTS; i++)
		for (int j = 0; j < MTA_DIALECTS; j++) {
			AUTO(enforcement)
			struct enforcement *e =
			    enforcement_new((enum enforce_answer)i);
			char *reply =
			    mta_policy_reply((enum mta_dialect)j, e, "d.ex");

			assert_true(
			    strncmp(reply, "OK", 2) != 0 ||
			    (strncmp(reply, "OK ", 3) == 0 && reply[3] > ' '));
			free(reply);
		}
}

static void
a_reason_is_short_and_printable(void **state)
{
	AUTO(enforcement) struct enforcement *e = enforcement_new(ENFORCE_TEMP);
	char *reply;

	(void)state;
	e->reason = REASON_DNS_SERVFAIL;
	e->where = xmalloc(600);
	memset(e->where, 'a', 599);
	e->where[599] = '\0';
	reply = mta_policy_reply(MTA_POSTFIX, e, "d.ex");
	assert_true(strlen(reply) <= strlen("TEMP ") + 200); /* W15 */
	assert_true(is_printable(reply));
	free(reply);
	reply = mta_policy_temp(REASON_QUEUE_FULL);
	assert_string_equal(reply, "TEMP queue-full");
	free(reply);
}

/* --- Sendmail --- */

static void
sendmail_is_told_of_policies_and_secure_rules_alone(void **state)
{
	static const struct {
		const char *id, *mx, *hosts, *policy, *reply;
	} rows[] = {
	    {"S01 U", "s", "U", BOTH,
		"OK secure match=mx1.d.ex:mx2.d.ex servername=hostname"},
	    {"S01 E", "s", "E", "enforce *.w.ex",
		"OK secure match=.w.ex servername=hostname"},
	    {"S01 f", "f", "", BOTH,
		"OK secure match=mx1.d.ex:mx2.d.ex servername=hostname"},
	    {"S01 not validating", "-", "", "~" BOTH,
		"OK secure match=mx1.d.ex:mx2.d.ex servername=hostname"},
	    {"S04", "s", "U", NULL, "NOTFOUND "},
	    {"S04 testing", "s", "N", "testing mx1.d.ex", "NOTFOUND "},
	    {"S04 error", "f", "", "error", "NOTFOUND "},
	    {"S05", "-", "", "?", "TEMP deadline"},
	    {"S05 full", "-", "", "!", "TEMP queue-full"},
	};
	struct judge_terms terms = {.level = LEVEL_AUTO};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(enforcement)
		struct enforcement *e = enforce_at(
		    rows[i].mx, rows[i].hosts, rows[i].policy, &terms);
		char *reply = mta_policy_reply(MTA_SENDMAIL, e, "d.ex");

		ROW_TEXT(rows[i].id, reply, rows[i].reply);
		ROW("S10", strncmp(reply, "PERM", 4) != 0);
		ROW("S11", strstr(reply, "policy_type") == NULL);
		ROW("S11", strstr(reply, "secure") == NULL ||
			       strstr(reply, " servername=hostname") != NULL);
		free(reply);
	}
}

static void
add_host(struct enforcement *e, const char *name)
{
	if (e->hosts == NULL)
		e->hosts = xcalloc(LIMIT_MX_HOSTS, sizeof(*e->hosts));
	e->hosts[e->host_count++] =
	    (struct enforced_host){.name = xstrdup(name), .named = true};
}

static void
a_long_policy_is_cut_to_the_hosts_or_put_off(void **state)
{
	AUTO(enforcement) struct enforcement *e = make_long(10, 60);
	char wanted[200];
	char *reply;

	(void)state;
	reply = mta_policy_reply(MTA_SENDMAIL, e, "d.ex");
	assert_string_equal(reply,
	    "TEMP internal-error: policy too long for Sendmail"); /* S03 */
	free(reply);
	add_host(e, e->names[3]);
	reply = mta_policy_reply(MTA_SENDMAIL, e, "d.ex");
	snprintf(wanted, sizeof(wanted),
	    "OK secure match=%s servername=hostname", e->names[3]);
	assert_string_equal(reply, wanted); /* S02 */
	free(reply);
}

static void
sendmail_knows_none_of_the_words_for_names(void **state)
{
	static const struct {
		const char *id;
		enum level level;
		const char *match; /* NULL: none */
		const char *reply;
	} rows[] = {
	    {"S06", LEVEL_SECURE, NULL, "OK secure servername=hostname"},
	    {"S06 hostname", LEVEL_SECURE, "hostname",
		"OK secure servername=hostname"},
	    {"S07", LEVEL_SECURE, ".b.ex",
		"OK secure match=.b.ex servername=hostname"},
	    {"S07 nexthop", LEVEL_SECURE, "nexthop",
		"OK secure match=d.ex servername=hostname"},
	    {"S07 dot-nexthop", LEVEL_SECURE, "dot-nexthop",
		"OK secure match=.d.ex servername=hostname"},
	    {"S08 may", LEVEL_MAY, NULL, "NOTFOUND "},
	    {"S08 none", LEVEL_NONE, NULL, "NOTFOUND "},
	    {"S08 encrypt", LEVEL_ENCRYPT, NULL, "NOTFOUND "},
	    {"S08 dane", LEVEL_DANE, NULL, "NOTFOUND "},
	    {"S08 dane-only", LEVEL_DANE_ONLY, NULL, "NOTFOUND "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule) struct rule *rule = rule_new();
		struct judge_terms terms = {.level = LEVEL_AUTO, .rule = rule};
		AUTO(enforcement) struct enforcement *e = NULL;
		char *reply;

		rule->level = rows[i].level;
		if (rows[i].match != NULL) {
			rule->match = xcalloc(1, sizeof(*rule->match));
			rule->match[rule->match_count++] =
			    xstrdup(rows[i].match);
		}
		e = enforce_at("s", "N", BOTH, &terms);
		reply = mta_policy_reply(MTA_SENDMAIL, e, "d.ex");
		ROW_TEXT(rows[i].id, reply, rows[i].reply);
		free(reply);
	}
}

/* --- Exim --- */

static void
exim_is_told_host_by_host(void **state)
{
	static const struct {
		const char *id, *mx, *hosts, *policy, *host, *line;
	} rows[] = {
	    {"X01", "s", "UN", NULL, "mx2.d.ex",
		"answer=ok tls=may dane=try policy=no-policy-found "
		"reason=no-policy ttl=60"},
	    {"X01 f", "f", "", NULL, "mx1.d.ex",
		"answer=ok tls=may dane=try policy=no-policy-found "
		"reason=no-policy ttl=60"},
	    {"X02", "s", "UN", BOTH, "MX2.d.ex",
		"answer=ok tls=verify dane=try policy=sts reason=ok ttl=60 "
		"mx=mx2.d.ex"},
	    {"X03", "s", "UN", "enforce mx2.d.ex", "mx1.d.ex",
		"answer=ok tls=verify dane=try policy=sts reason=ok ttl=60 "
		"mx=mx1.d.ex"},
	    {"X04 i", "i", "U", "enforce mx2.d.ex", "mx1.d.ex",
		"answer=refuse tls=verify dane=try policy=sts "
		"reason=sts-mx-mismatch ttl=60 mx=mx1.d.ex"},
	    {"X04 not shown", "s", "U", "enforce mx2.d.ex", "evil.ex",
		"answer=refuse tls=verify dane=try policy=sts "
		"reason=sts-mx-mismatch ttl=60"},
	    {"X04 address", "s", "N", "enforce mx1.d.ex", "192.0.2.1",
		"answer=refuse tls=verify dane=try policy=sts "
		"reason=sts-mx-mismatch ttl=60"},
	    {"X05", "s", "N", BOTH, NULL,
		"answer=ok tls=verify dane=try policy=sts reason=ok ttl=60"},
	    {"X10", "-", "", "?", "mx1.d.ex",
		"answer=temp tls=verify dane=try policy=sts reason=deadline "
		"ttl=60"},
	    {"X10 not validating", "-", "", "~" BOTH, "mx1.d.ex",
		"answer=temp tls=verify dane=try policy=sts "
		"reason=resolver-not-validating ttl=60"},
	};
	struct judge_terms terms = {.level = LEVEL_AUTO};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(enforcement)
		struct enforcement *e = enforce_at(
		    rows[i].mx, rows[i].hosts, rows[i].policy, &terms);
		char *line = mta_policy_line(e, rows[i].host, 60);

		ROW_TEXT(rows[i].id, line, rows[i].line);
		free(line);
	}
}

static void
exim_is_told_the_rules(void **state)
{
	static const struct {
		const char *id;
		enum level level;
		bool no_dane, no_sts, floor;
		const char *mx, *hosts, *host, *start;
	} rows[] = {
	    {"X06 may", LEVEL_MAY, 0, 0, 0, "s", "N", NULL,
		"answer=ok tls=may dane=no policy=local"},
	    {"X06 none", LEVEL_NONE, 0, 0, 0, "s", "N", NULL,
		"answer=ok tls=no dane=no "},
	    {"X06 encrypt", LEVEL_ENCRYPT, 0, 0, 0, "s", "N", NULL,
		"answer=ok tls=must dane=no "},
	    {"X06 dane", LEVEL_DANE, 0, 0, 0, "s", "N", NULL,
		"answer=ok tls=may dane=try "},
	    {"X06 secure", LEVEL_SECURE, 0, 0, 0, "s", "N", NULL,
		"answer=ok tls=verify dane=no "},
	    {"X07", LEVEL_DANE_ONLY, 0, 0, 0, "s", "UN", "mx1.d.ex",
		"answer=ok tls=may dane=must policy=tlsa "},
	    {"X08", LEVEL_DANE_ONLY, 0, 0, 0, "s", "UN", "mx2.d.ex",
		"answer=refuse tls=verify dane=try policy=tlsa "
		"reason=dane-required "},
	    {"X08 i", LEVEL_DANE_ONLY, 0, 0, 0, "i", "U", "mx1.d.ex",
		"answer=refuse "},
	    {"X08 E", LEVEL_DANE_ONLY, 0, 0, 0, "s", "E", "mx1.d.ex",
		"answer=temp "},
	    {"X08 not shown", LEVEL_DANE_ONLY, 0, 0, 0, "s", "U", "mx7.d.ex",
		"answer=refuse "},
	    {"X09 floor", LEVEL_AUTO, 0, 0, 1, "s", "N", "mx1.d.ex",
		"answer=ok tls=must dane=try "},
	    {"X09 dane=no", LEVEL_AUTO, 1, 0, 0, "s", "U", "mx1.d.ex",
		"answer=ok tls=may dane=no "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule) struct rule *rule = rule_new();
		struct judge_terms terms = {.level = LEVEL_AUTO,
		    .encrypt = rows[i].floor,
		    .rule = rows[i].floor ? NULL : rule};
		AUTO(enforcement) struct enforcement *e = NULL;
		char *line;

		rule->level = rows[i].level;
		rule->no_dane = rows[i].no_dane;
		rule->no_sts = rows[i].no_sts;
		e = enforce_at(rows[i].mx, rows[i].hosts, NULL, &terms);
		line = mta_policy_line(e, rows[i].host, 60);
		if (strncmp(line, rows[i].start, strlen(rows[i].start)) != 0)
			ROW_TEXT(rows[i].id, line, rows[i].start);
		free(line);
	}
}

static void
what_is_not_looked_at_is_accepted(void **state)
{
	char *line = mta_policy_line_skip(REASON_EXEMPT);

	(void)state;
	assert_string_equal(line, "answer=ok tls=may dane=try "
				  "policy=no-policy-found reason=exempt "
				  "ttl=0"); /* X12 */
	free(line);
	line = mta_policy_line_temp(REASON_INTERNAL_ERROR);
	assert_true(strncmp(line, "answer=temp ", 12) == 0); /* X13 */
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(attributes_stand_beside_a_policy_only),
	    cmocka_unit_test(a_rule_has_no_attributes),
	    cmocka_unit_test(a_reply_is_never_longer_than_postfix_takes),
	    cmocka_unit_test(w13_an_ok_always_has_data),
	    cmocka_unit_test(a_reason_is_short_and_printable),
	    cmocka_unit_test(
		sendmail_is_told_of_policies_and_secure_rules_alone),
	    cmocka_unit_test(a_long_policy_is_cut_to_the_hosts_or_put_off),
	    cmocka_unit_test(sendmail_knows_none_of_the_words_for_names),
	    cmocka_unit_test(exim_is_told_host_by_host),
	    cmocka_unit_test(exim_is_told_the_rules),
	    cmocka_unit_test(what_is_not_looked_at_is_accepted),
	};

	return RUN_TESTS(tests);
}
