/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/made.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/serve/report.h"
#include "t/unit/conf_text.h"
#include "t/unit/tap.h"

struct store_tlsrpt *maker_store;
char maker_db[80];
int64_t yesterday;
char made_log[1024];

static char maker_dir[64];
static struct text made_lines;

void
report_tlsrpt(const struct report_tlsrpt *told)
{
	text_addf(&made_lines, "%s %s %ju/%ju %s\n", told->action, told->domain,
	    told->sessions, told->failures,
	    told->reason == NULL ? "" : told->reason);
}

int
open_outbox_store(void **state)
{
	(void)state;
	snprintf(maker_dir, sizeof(maker_dir), "/tmp/maker-XXXXXX");
	assert_non_null(mkdtemp(maker_dir));
	snprintf(maker_db, sizeof(maker_db), "%s/tlsrpt.db", maker_dir);
	maker_store = store_tlsrpt_open(maker_db, NULL, NULL);
	assert_non_null(maker_store);
	yesterday = (int64_t)clock_wall_s() / CLOCK_DAY_S - 1;
	text_init(&made_lines, made_log, sizeof(made_log));
	return 0;
}

int
close_outbox_store(void **state)
{
	(void)state;
	store_tlsrpt_free(maker_store);
	unlink(maker_db);
	return rmdir(maker_dir);
}

struct tlsrpt_tally *
new_tally(int64_t day, const char *domain, int policy, char *body)
{
	struct tlsrpt_tally *tally = xcalloc(1, sizeof(*tally));

	tally->day = day;
	tally->type = TLSRPT_POLICY_TLSA;
	tally->body = body;
	text_copy(tally->domain, sizeof(tally->domain), domain);
	snprintf(tally->policy_domain, sizeof(tally->policy_domain),
	    "mx%02d.d.ex", policy);
	return tally;
}

void
add_tallies(struct tlsrpt_tally **tallies, size_t count)
{
	struct tlsrpt_batch batch = {.tally_count = count, .tallies = tallies};
	uint64_t left_out;

	assert_int_equal(
	    store_tlsrpt_add(maker_store, &batch, 100, &left_out, NULL), 0);
	for (size_t i = 0; i < count; i++)
		tlsrpt_tally_free(tallies[i]);
}

void
add_tally(struct tlsrpt_tally *tally)
{
	add_tallies(&tally, 1);
}

void
add_sums(int64_t day, const char *domain, int policy, uint64_t ok, uint64_t bad)
{
	struct tlsrpt_tally *tally =
	    new_tally(day, domain, policy, xstrdup("[[],[]]"));

	tally->ok = ok;
	tally->failed = bad;
	add_tally(tally);
}

void
make_before(struct maker *maker, int64_t before, const char *more)
{
	char text[256];
	struct settings *settings;

	snprintf(text, sizeof(text),
	    "TLSReportOrganization The Example\n"
	    "TLSReportContact tls@example.org\n%s",
	    more);
	settings = conf_text_load(text);
	while (maker_make(maker, maker_store, settings, before))
		;
	settings_free(settings);
}

void
make_all(const char *more)
{
	struct maker maker = {.before = 0};

	make_before(&maker, yesterday + 1, more);
}
