/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/mail_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct review reviewed;

void
mail_log_begin_with(const char *domain, time_t since, time_t until)
{
	struct review_options options = {.program = "posternd",
	    .domain = domain,
	    .now = MAIL_LOG_NOW,
	    .since = since,
	    .until = until};

	setenv("TZ", "UTC", 1);
	tzset();
	review_init(&reviewed, &options);
}

void
mail_log_begin(void)
{
	mail_log_begin_with(NULL, 0, 0);
}

void
mail_log_end(void)
{
	review_fini(&reviewed);
}

void
mail_log_ours(const char *text)
{
	char line[1200];

	snprintf(
	    line, sizeof(line), "Jan 14 10:00:00 gate posternd[7]: %s", text);
	review_line(&reviewed, line);
}

void
mail_log_mta(const char *text)
{
	char line[1200];

	snprintf(line, sizeof(line), "Jan 14 10:00:01 gate postfix/smtp[8]: %s",
	    text);
	review_line(&reviewed, line);
}

void
mail_log_message(const char *id, const char *domain, const char *found)
{
	char text[600], result[16];

	snprintf(text, sizeof(text), "%s: event=check domain=%s %s", id, domain,
	    found);
	mail_log_ours(text);
	snprintf(result, sizeof(result), "%.*s",
	    (int)strcspn(found + strlen("result="), " "),
	    found + strlen("result="));
	/* auth is of the client: of the domains it says nothing */
	snprintf(text, sizeof(text),
	    "%s: event=message result=%s action=%s domains=1 rcpts=1 "
	    "auth=%s "
	    "ms=3",
	    id, result, strstr(found, "action=tag") != NULL ? "tag" : "none",
	    strcmp(result, "pass") == 0 ? "no" : "yes");
	mail_log_ours(text);
}

void
mail_log_day(const char *when)
{
	char line[300];

	snprintf(line, sizeof(line),
	    "%s gate posternd[7]: A1: event=message result=pass "
	    "action=none "
	    "domains=1 rcpts=1 auth=yes ms=1",
	    when);
	review_line(&reviewed, line);
}
