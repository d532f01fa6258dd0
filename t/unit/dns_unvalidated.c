/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_unvalidated.h"

#include <limits.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_algorithms.h"
#include "t/unit/tap.h"

/* Both resolvers are tables here, in place of io/dns_embedded and
 * io/dns_system; what libunbound lacks is one algorithm. */

enum { ED448 = 16, ED25519 = 15 };

/* What a DS lookup finds. */
enum ds { DS_NONE, DS_INSECURE, DS_GOOD, DS_LACKING, DS_FAILED, DS_REFUSED };

/* What system answers. */
enum other { OTHER_INSECURE, OTHER_SECURE, OTHER_FAILED, OTHER_REFUSED };

static struct {
	enum ds ds; /* of d.example; above it all is signed, below nothing */
	enum other other;
	int64_t shift_s; /* that passes while DS records are asked for */
	bool late;       /* embedded's own answer comes after the deadline */
	bool secure;     /* and is secure */
	unsigned asked;  /* lookups of system */
} net;

static struct dns_pending_list *pendings, *full;

static struct dns_answer *
make_answer(const char *name, enum lookup_state state, bool secure)
{
	struct dns_answer *answer = dns_answer_failed(state, "");

	answer->lookup.secure = secure;
	text_copy(answer->owner, sizeof(answer->owner), name);
	return answer;
}

static struct dns_answer *
ds_answer(const char *name, uint8_t algorithm)
{
	struct dns_answer *answer = make_answer(name, LOOKUP_DATA, true);
	uint8_t *octets = xcalloc(1, sizeof(*answer->records) + 4);

	answer->records = (struct dns_rdata *)octets;
	answer->count = 1;
	octets += sizeof(*answer->records);
	octets[2] = algorithm;
	answer->records[0] = (struct dns_rdata){octets, 4};
	return answer;
}

static struct dns_answer *
answer_ds(const char *name)
{
	if (strcmp(name, "example") == 0)
		return ds_answer(name, ED25519);
	if (strcmp(name, "d.example") != 0)
		return make_answer(name, LOOKUP_NODATA, false);
	switch (net.ds) {
	case DS_NONE:
		return make_answer(name, LOOKUP_NODATA, true);
	case DS_GOOD:
		return ds_answer(name, ED25519);
	case DS_LACKING:
		return ds_answer(name, ED448);
	case DS_FAILED:
		return make_answer(name, LOOKUP_SERVFAIL, false);
	case DS_INSECURE:
	case DS_REFUSED:
		break;
	}
	return make_answer(name, LOOKUP_NODATA, false);
}

struct dns_pending *
dns_embedded_ask(struct dns_embedded *resolver, const char *name,
    enum dns_type type, int64_t deadline_ms)
{
	bool refused = type == DNS_DS && net.ds == DS_REFUSED;
	struct dns_pending *pending =
	    dns_pending_new(refused ? full : pendings, name, type, deadline_ms);

	(void)resolver;
	if (refused)
		return pending;
	if (type == DNS_DS ? net.shift_s > 0 : net.late)
		clock_shift(10);
	dns_pending_finish(pending,
	    type == DNS_DS ? answer_ds(name)
			   : make_answer(name, LOOKUP_DATA, net.secure));
	return pending;
}

struct dns_pending *
dns_system_ask(struct dns_system *system, const char *name, enum dns_type type,
    int server, int64_t deadline_ms)
{
	struct dns_pending *pending =
	    dns_pending_new(net.other == OTHER_REFUSED ? full : pendings, name,
		type, deadline_ms);

	(void)system;
	assert_int_equal(server, DNS_SYSTEM_ANY);
	net.asked++;
	if (net.other != OTHER_REFUSED)
		dns_pending_finish(
		    pending, net.other == OTHER_FAILED
				 ? make_answer(name, LOOKUP_BOGUS, false)
				 : make_answer(name, LOOKUP_DATA,
				       net.other == OTHER_SECURE));
	return pending;
}

bool
dns_algorithms_lack(
    const struct dns_rdata *records, size_t count, unsigned *algorithm)
{
	*algorithm = ED448;
	return count > 0 && records[0].data[2] == ED448;
}

void
dns_algorithms_print(unsigned algorithm, char out[DNS_ALGORITHM_SIZE])
{
	snprintf(out, DNS_ALGORITHM_SIZE, "number %u", algorithm);
}

/* The answer to a lookup below d.example; with or without a system. */
static struct dns_answer *
ask_second(bool with_system)
{
	static int embedded, system;
	AUTO(dns_unvalidated)
	struct dns_unvalidated *second =
	    dns_unvalidated_new((struct dns_embedded *)&embedded,
		with_system ? (struct dns_system *)&system : NULL, NULL);

	net.asked = 0;
	return dns_pending_await(dns_unvalidated_ask(
	    second, "mx.d.example", DNS_A, clock_mono_ms() + 5000));
}

static void
an_insecure_answer_has_a_second_opinion(void **state)
{
	static const struct {
		const char *what;
		enum ds ds;
		enum other other;
		unsigned asked;
		enum lookup_state state;
		bool secure;
	} rows[] = {
	    {"not signed", DS_INSECURE, OTHER_SECURE, 0, LOOKUP_DATA, false},
	    {"no cut, then not signed", DS_NONE, OTHER_SECURE, 0, LOOKUP_DATA,
		false},
	    {"below what can be validated", DS_GOOD, OTHER_SECURE, 0,
		LOOKUP_DATA, false},
	    {"secure for the other", DS_LACKING, OTHER_SECURE, 1, LOOKUP_DATA,
		true},
	    {"insecure for both", DS_LACKING, OTHER_INSECURE, 1, LOOKUP_DATA,
		false},
	    {"bogus for the other", DS_LACKING, OTHER_FAILED, 1, LOOKUP_BOGUS,
		false},
	    {"the other is busy", DS_LACKING, OTHER_REFUSED, 1, LOOKUP_TIMEOUT,
		false},
	    {"no DS to be had", DS_FAILED, OTHER_SECURE, 1, LOOKUP_DATA, true},
	    {"no DS to be had, insecure for the other", DS_FAILED,
		OTHER_INSECURE, 1, LOOKUP_DATA, false},
	    {"too busy for DS", DS_REFUSED, OTHER_SECURE, 0, LOOKUP_TIMEOUT,
		false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		net.ds = rows[i].ds;
		net.other = rows[i].other;
		answer = ask_second(true);
		ROW(rows[i].what, answer->lookup.state == rows[i].state);
		ROW(rows[i].what, answer->lookup.secure == rows[i].secure);
		ROW(rows[i].what, net.asked == rows[i].asked);
	}
}

static void
what_was_not_found_out_in_time_is_no_answer(void **state)
{
	AUTO(dns_answer) struct dns_answer *late = NULL, *at_first = NULL;

	(void)state;
	net.ds = DS_LACKING;
	net.other = OTHER_SECURE;
	net.shift_s = 10;
	late = ask_second(true);
	net.shift_s = 0;
	assert_int_equal(late->lookup.state, LOOKUP_TIMEOUT);
	net.late = true;
	at_first = ask_second(true);
	net.late = false;
	assert_int_equal(at_first->lookup.state, LOOKUP_TIMEOUT);
	assert_int_equal(net.asked, 0);
}

static void
without_another_resolver_the_reason_is_told(void **state)
{
	static const struct {
		enum ds ds;
		const char *why;
	} rows[] = {
	    {DS_LACKING, "signed_with_number_16,_which_cannot_be_validated_"
			 "here:_d.example"},
	    {DS_FAILED, ""},
	    {DS_REFUSED, ""},
	    {DS_INSECURE, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		net.ds = rows[i].ds;
		answer = ask_second(false);
		assert_int_equal(answer->lookup.state, LOOKUP_DATA);
		assert_false(answer->lookup.secure);
		assert_string_equal(answer->why, rows[i].why);
		assert_int_equal(net.asked, 0);
	}
}

static void
a_secure_answer_needs_no_other(void **state)
{
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	(void)state;
	net.ds = DS_LACKING;
	net.secure = true;
	answer = ask_second(true);
	net.secure = false;
	assert_true(answer->lookup.secure);
	assert_int_equal(net.asked, 0);
}

static int
open_lists(void **state)
{
	(void)state;
	pendings = dns_pending_list_new(UINT_MAX, &net);
	full = dns_pending_list_new(0, &net);
	return 0;
}

static int
close_lists(void **state)
{
	(void)state;
	dns_pending_list_free(pendings);
	dns_pending_list_free(full);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest second_opinions[] = {
	    cmocka_unit_test(an_insecure_answer_has_a_second_opinion),
	    cmocka_unit_test(what_was_not_found_out_in_time_is_no_answer),
	    cmocka_unit_test(without_another_resolver_the_reason_is_told),
	    cmocka_unit_test(a_secure_answer_needs_no_other),
	};

	return RUN_TESTS_WITH(second_opinions, open_lists, close_lists);
}
