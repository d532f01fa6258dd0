/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/gaps.h"

#include <stdio.h>
#include <string.h>

#include "t/unit/tap.h"

#define AT(time) "Nov 22 " time " gate "
#define SMTPD AT("07:00:01") "postfix/smtpd[1]: "
#define CLEANUP AT("07:00:02") "postfix/cleanup[2]: "
#define QMGR AT("07:00:03") "postfix/qmgr[4]: "
#define SENDMAIL AT("07:00:03") "sm-mta[9]: "
#define POSTERND AT("07:00:04") "posternd[3]: "
#define NO_SOCKET                                                            \
	"warning: connect to Milter service unix:/run/postern/milter.sock: " \
	"No such file or directory"
#define LOST(command)                                                        \
	"warning: milter unix:/run/postern/milter.sock: can't read " command \
	" reply packet header: Success"
#define TAKEN ": from=<a@s.example>, size=6, nrcpt=1 (queue active)"

static const struct row {
	const char *name;
	size_t count, while_stopped;
	const char *id; /* of the last */
	const char *lines[14];
} rows[] = {
    {"all of a session", 2, 0, "B2",
	{SMTPD "connect from x[192.0.2.1]", SMTPD NO_SOCKET,
	    SMTPD "A1: client=x[192.0.2.1]", CLEANUP "A1: message-id=<1@x>",
	    QMGR "A1" TAKEN, SMTPD "B2: client=x[192.0.2.1]", QMGR "B2" TAKEN,
	    SMTPD "disconnect from x[192.0.2.1] ehlo=1"}},
    {"not of the next", 1, 0, "A1",
	{SMTPD "connect from x[192.0.2.1]", SMTPD NO_SOCKET,
	    SMTPD "A1: client=x[192.0.2.1]", QMGR "A1" TAKEN,
	    SMTPD "disconnect from x[192.0.2.1] ehlo=1",
	    SMTPD "connect from x[192.0.2.1]", SMTPD "B2: client=x[192.0.2.1]",
	    QMGR "B2" TAKEN}},
    {"not what was refused", 0, 0, "",
	{SMTPD "connect from x[192.0.2.1]", SMTPD NO_SOCKET,
	    SMTPD "A1: client=x[192.0.2.1]",
	    SMTPD "A1: reject: RCPT from x[192.0.2.1]: 451 4.7.1 Service "
		  "unavailable",
	    SMTPD "disconnect from x[192.0.2.1] ehlo=1"}},
    {"once, however often it is tried", 1, 0, "A1",
	{SMTPD NO_SOCKET, SMTPD "A1: client=x[192.0.2.1]", QMGR "A1" TAKEN,
	    QMGR "A1" TAKEN}},
    {"of sendmail(1), the one behind it", 1, 0, "A2",
	{CLEANUP "A1: message-id=<1@x>", QMGR "A1" TAKEN, CLEANUP NO_SOCKET,
	    CLEANUP "A2: message-id=<2@x>", QMGR "A2" TAKEN,
	    CLEANUP "A3: message-id=<3@x>", QMGR "A3" TAKEN}},
    {"lost in the text", 1, 0, "A1",
	{CLEANUP "A1: message-id=<1@x>", CLEANUP LOST("SMFIC_BODYEOB"),
	    QMGR "A1" TAKEN}},
    {"lost before the next begins", 1, 0, "B2",
	{SMTPD "A1: client=x[192.0.2.1]", SMTPD LOST("SMFIC_MAIL"),
	    QMGR "A1" TAKEN, SMTPD "B2: client=x[192.0.2.1]", QMGR "B2" TAKEN}},
    {"not what posternd tells of", 0, 0, "",
	{SMTPD NO_SOCKET, SMTPD "A1: client=x[192.0.2.1]",
	    POSTERND "A1: event=message result=pass action=none",
	    QMGR "A1" TAKEN}},
    {"another milter", 0, 0, "",
	{SMTPD "warning: connect to Milter service inet:localhost:8891: "
	       "Connection refused",
	    SMTPD "A1: client=x[192.0.2.1]", QMGR "A1" TAKEN}},
    {"stopped, then running", 2, 1, "A2",
	{POSTERND "-: event=stop", SMTPD NO_SOCKET,
	    SMTPD "A1: client=x[192.0.2.1]", QMGR "A1" TAKEN,
	    POSTERND "-: event=start version=1",
	    SMTPD "A2: client=x[192.0.2.1]", QMGR "A2" TAKEN}},
    {"Sendmail", 1, 0, "8AB",
	{SENDMAIL "8AB: Milter (postern): error connecting to filter: "
		  "Connection refused by /run/postern/milter.sock",
	    SENDMAIL "8AB: from=<a@s.example>, size=9, class=0, nrcpts=1, "
		     "msgid=<1@x>"}},
};

static void
what_passed_unseen_is_counted(void **state)
{
	(void)state;
	for (const struct row *row = rows; row < rows + COUNT(rows); row++) {
		struct gaps gaps;

		gaps_init(&gaps, "posternd", "unix:/run/postern/milter.sock");
		for (size_t i = 0; row->lines[i] != NULL; i++)
			gaps_line(&gaps, row->lines[i]);
		if (gaps.count != row->count ||
		    gaps.while_stopped != row->while_stopped)
			fail_msg("%s: %zu messages, %zu while stopped",
			    row->name, gaps.count, gaps.while_stopped);
		ROW_TEXT(row->name, gaps.id, row->id);
		if (row->count > 0)
			ROW_TEXT(row->name, gaps.last, "Nov 22 07:00:03");
		ROW(row->name, (gaps.said[0] != '\0') == (row->count > 0));
		gaps_fini(&gaps);
	}
}

/* More than are remembered: the oldest are forgotten, none is made up. */
static void
a_flood_of_messages_costs_no_more(void **state)
{
	struct gaps gaps;
	char line[200];

	(void)state;
	gaps_init(&gaps, "posternd", NULL);
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line),
		    AT("07:00:01") "postfix/smtpd[%d]: " NO_SOCKET, i);
		gaps_line(&gaps, line);
		snprintf(line, sizeof(line),
		    AT("07:00:01") "postfix/smtpd[%d]: A%d: client=x", i, i);
		gaps_line(&gaps, line);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), QMGR "A%d" TAKEN, i);
		gaps_line(&gaps, line);
	}
	assert_int_equal(gaps.count, 200);
	assert_string_equal(gaps.id, "A999");
	gaps_fini(&gaps);
}

int
main(void)
{
	const struct CMUnitTest gaps[] = {
	    cmocka_unit_test(what_passed_unseen_is_counted),
	    cmocka_unit_test(a_flood_of_messages_costs_no_more),
	};

	return RUN_TESTS(gaps);
}
