/* logline - a line of a mail log, and what it says. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_LOGLINE_H
#define MILTER_CLI_LOG_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "milter/cli/log/logframe.h"

enum {
	LOGLINE_SIZE = LOGFRAME_SIZE,
	LOGLINE_WHEN_SIZE = LOGFRAME_WHEN_SIZE,
	LOGLINE_PROGRAM_SIZE = 64,
	LOGLINE_PID_SIZE = 16,
	LOGLINE_ID_SIZE = 33,
	LOGLINE_ADDRESS_SIZE = 400,
	LOGLINE_RELAY_SIZE = 300,
	LOGLINE_WORD_SIZE = 16,
	LOGLINE_SAID_SIZE = 600,
};

struct logline {
	char when[LOGLINE_WHEN_SIZE];       /* as the log has it, or "" */
	char program[LOGLINE_PROGRAM_SIZE]; /* "postfix/smtp" */
	char pid[LOGLINE_PID_SIZE];         /* or "" */
	char id[LOGLINE_ID_SIZE];           /* queue id, or NOQUEUE, or "" */
	const char *text;        /* behind the id, borrowed from line or room */
	char room[LOGLINE_SIZE]; /* a line that was escaped */
};

/*
 * logline_read - read "TIME [HOST] PROGRAM[PID]: [ID: ]TEXT", or the same in
 * the form of RFC 5424; whether line is one
 *
 * The time as syslog has it, of RFC 3339, or none; a priority or a word
 * FACILITY.SEVERITY may stand before it, and what containers put there.  out is
 * not to be copied.
 */
bool logline_read(const char *line, struct logline *out);

/* logline_parse - the same, where there is an ID */
bool logline_parse(const char *line, struct logline *out);

/*
 * logline_time - the time of a line, at now at the latest; whether when is one
 *
 * Where the year is missing it is that of now or the one before, where the zone
 * is missing it is the local one.
 */
bool logline_time(const char *when, time_t now, time_t *out);

/* logline_copy - a copy of length octets; false: there is no room for it */
bool logline_copy(char *to, size_t size, const char *s, size_t length);

/* logline_value - the value of " key=" in a text of posternd, escaped; whether
 * it is there */
bool logline_value(const char *text, const char *key, char *to, size_t size);

/* logline_values - the same for several keys at once; what is not there is left
 * as it is */
struct logline_key {
	const char *name;
	char *to; /* NULL once it is found */
	size_t size;
};
void logline_values(const char *text, struct logline_key *keys, size_t count);

/* What the MTA says of recipients: logline_delivery.c. */

/* What it did with one. */
struct logline_delivery {
	char address[LOGLINE_ADDRESS_SIZE];  /* as it is; all else is escaped */
	char original[LOGLINE_ADDRESS_SIZE]; /* before aliases, or "" */
	char relay[LOGLINE_RELAY_SIZE];
	char mailer[LOGLINE_WORD_SIZE]; /* Sendmail's, or "" */
	char dsn[LOGLINE_WORD_SIZE];
	char status[LOGLINE_WORD_SIZE]; /* Postfix's word: sent, deferred... */
	char said[LOGLINE_SAID_SIZE];
};

/*
 * logline_deliveries - call each for every recipient of Postfix's
 * "to=<...>, ... status=..." or Sendmail's "to=..., ... stat=..."
 *
 * Returns how many: 0 where text is no such thing.
 */
typedef void logline_found(void *arg, const struct logline_delivery *delivery);
unsigned logline_deliveries(const char *text, logline_found *each, void *arg);

/* A recipient or message that the MTA refused with our reply. */
struct logline_refusal {
	char domain[LOGLINE_RELAY_SIZE]; /* these two escaped */
	char reason[LOGLINE_RELAY_SIZE];
	bool permanent;                     /* 5xx, else 4xx */
	char address[LOGLINE_ADDRESS_SIZE]; /* as it is; "" if not told */
};

/* logline_refusal - whether text tells of one */
bool logline_refusal(const char *text, struct logline_refusal *out);

/* logline_address - "<...>" behind key in text, as it is; whether there is one
 */
bool logline_address(
    const char *text, const char *key, char to[LOGLINE_ADDRESS_SIZE]);

#endif
