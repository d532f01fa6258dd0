/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/story.h"

#include <string.h>

#include "t/unit/tap.h"

#define POSTFIX "Nov 22 07:48:36 gate postfix/"

/* Tell F1 by the lines up to a NULL. */
static void
tell_lines(struct story *story, const char *const lines[])
{
	story_init(story, "F1", "posternd", "unix:/run/postern/milter.sock");
	for (; *lines != NULL; lines++)
		story_line(story, *lines);
}

#define DOWN                                                    \
	"warning: connect to Milter service unix:/run/postern/" \
	"milter.sock: No such file or directory"
#define TIMEOUT                                                 \
	"warning: milter unix:postern/milter.sock: can't read " \
	"SMFIC_RCPT reply packet header: Connection timed out"
#define CLIENT ": F1: client=unknown[127.0.0.1]"
#define OTHER_CLIENT ": F2: client=unknown[127.0.0.1]"
#define ID ": F1: message-id=<x@y>"

/* The MTA's warning has no queue id: the process that wrote it has. */
static const struct {
	const char *about, *lines[6];
	bool unseen;
} unseen_messages[] = {
    {"the session began without posternd",
	{POSTFIX "smtpd[1]: connect from x", POSTFIX "smtpd[1]: " DOWN,
	    POSTFIX "smtpd[1]" CLIENT},
	true},
    {"posternd went away within it",
	{POSTFIX "smtpd[1]: connect from x", POSTFIX "smtpd[1]" CLIENT,
	    POSTFIX "smtpd[1]: " TIMEOUT},
	true},
    {"sendmail(1) has cleanup(8) ask",
	{POSTFIX "pickup[1]: F1: uid=0 from=<a>", POSTFIX "cleanup[2]: " DOWN,
	    POSTFIX "cleanup[2]" ID},
	true},
    {"of another process",
	{POSTFIX "smtpd[9]: " DOWN, POSTFIX "smtpd[1]" CLIENT}, false},
    {"of the session before",
	{POSTFIX "smtpd[1]: " DOWN, POSTFIX "smtpd[1]: disconnect from x",
	    POSTFIX "smtpd[1]: connect from y", POSTFIX "smtpd[1]" CLIENT},
	false},
    {"of the message before",
	{POSTFIX "cleanup[2]: " DOWN,
	    POSTFIX "cleanup[2]: F2: message-id=<z@y>",
	    POSTFIX "cleanup[2]" ID},
	false},
    {"of the message behind it",
	{POSTFIX "smtpd[1]" CLIENT, POSTFIX "smtpd[1]" OTHER_CLIENT,
	    POSTFIX "smtpd[1]: " TIMEOUT},
	false},
    {"of another filter",
	{POSTFIX "smtpd[1]: warning: connect to Milter service "
		 "inet:127.0.0.1:8891: Connection refused",
	    POSTFIX "smtpd[1]" CLIENT},
	false},
    {"Sendmail, before the id",
	{"gate sm-mta[8]: NOQUEUE: Milter (postern): error connecting "
	 "to filter: Connection refused",
	    "gate sm-mta[8]: F1: from=<a@b>, size=1"},
	true},
    {"Sendmail, behind the id",
	{"gate sm-mta[8]: F1: Milter (postern): timeout before data "
	 "read"},
	true},
    {"another filter of Sendmail",
	{"gate sm-mta[8]: F1: Milter (opendkim): to error state"}, false},
};

static void
a_message_that_passed_unseen_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(unseen_messages); i++) {
		struct story s;

		tell_lines(&s, unseen_messages[i].lines);
		ROW(unseen_messages[i].about,
		    (s.unreached[0] != '\0') == unseen_messages[i].unseen);
		story_fini(&s);
	}
}

static void
many_processes_take_no_more_room(void **state)
{
	char line[300];
	struct story s;

	(void)state;
	story_init(&s, "F1", "posternd", "inet:8899@127.0.0.1");
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line),
		    POSTFIX "smtpd[%u]: warning: connect to Milter service "
			    "inet:127.0.0.1:8899: Connection refused",
		    i);
		story_line(&s, line);
	}
	story_line(&s, POSTFIX "smtpd[999]" CLIENT);
	assert_string_not_equal(s.unreached, "");
	story_fini(&s);
	story_init(&s, "F1", "posternd", "inet:8899@127.0.0.1");
	story_line(&s, POSTFIX "smtpd[1]: warning: connect to Milter service "
			       "inet:127.0.0.1:889: Connection refused");
	story_line(&s, POSTFIX "smtpd[1]" CLIENT);
	assert_string_equal(s.unreached, "");
	story_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_that_passed_unseen_is_told),
	    cmocka_unit_test(many_processes_take_no_more_room),
	};

	return RUN_TESTS(tests);
}
