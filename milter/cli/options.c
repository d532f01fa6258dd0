/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/cli/print.h"
#include "milter/conf/settings.h"

enum { USAGE_INDENT = 10, USAGE_MARGIN = 2 };
enum { JOBS = 8, SMTP_PORT = 25, EVERY_S = 5 };
enum {
	RETRIES = 2,
	RETRY_WAIT_S = 60,
	FETCH_RATE = 50,
	PROBE_RATE = 20,
	PROBE_GAP_S = 1
};

/* Every option of every verb. */
static const struct option_row {
	int code; /* a letter, or OPTION_... */
	const char *name;
	const char *value; /* NULL: it takes none */
	bool many;         /* may be given again */
	const char *about;
} rows[] = {
    {'c', "config", "FILE", false, "configuration, instead of " SETTINGS_PATH},
    {'f', "file", "FILE|-", false,
	"more destinations, one a line; a line for each answer"},
    {'j', "jobs", "NUMBER", false,
	"checks at once, 1 to 256 (8); survey: domains, 1 to 2048 (256)"},
    {OPTION_DEPTH, "depth", "dns|probe", false, "dns: connect to no mail host"},
    {OPTION_LEVEL, "level", "LEVEL", false,
	"judge by auto, may, none, encrypt, dane, "
	"dane-only or secure, not by rules and DefaultLevel"},
    {OPTION_CACHED, "cached", NULL, false,
	"the verdict that posternd has, no check"},
    {OPTION_FACTS, "facts", NULL, false,
	"all that was learnt as JSON, for \"postern judge\""},
    {'v', "verbose", NULL, false, "whole digests, each certificate, times"},
    {OPTION_CHAIN, "chain", "FILE", false,
	"PEM file as the server sends it, leaf first"},
    {OPTION_NAME, "name", "NAME", true,
	"of a host; of several the TLSA base domain first"},
    {OPTION_PORT, "port", "PORT", false, "of the TLSA records, instead of 25"},
    {OPTION_SINCE, "since", "TIME", false,
	"from when on, as 2026-01-31T12:00:00Z, 2026-01-31, 12h or 7d: plan: "
	"all servers have both keys' records; advise: the policy is in "
	"testing; else: look"},
    {OPTION_UNTIL, "until", "TIME", false, "up to when, likewise"},
    {OPTION_AGAIN, "again", NULL, false, "what was sent already, too"},
    {OPTION_DRY_RUN, "dry-run", NULL, false, "say what would be sent"},
    {OPTION_DAY, "day", "DAY", false, "of that day (UTC), as 2026-01-31"},
    {OPTION_FLEET, "fleet", NULL, false, "have all hosts that share do it"},
    {OPTION_FORGET, "forget", NULL, false,
	"with --fleet: drop the domain's policy everywhere"},
    {OPTION_STATE, "state", "FILE", false,
	"keep there when they were first seen everywhere"},
    {OPTION_OLD_TTL, "old-ttl", "SECONDS", false,
	"TTL of the records as they were before"},
    {OPTION_MODE, "mode", "MODE", false, "testing, enforce or none"},
    {OPTION_MAX_AGE, "max-age", "SECONDS", false,
	"gen: how long senders keep the policy; scan: look again at what is "
	"older"},
    {OPTION_RUA, "rua", "ADDRESS", true,
	"where reports go: a mailbox, or an https URI"},
    {OPTION_PART, "part", "policy|dns|nginx|apache", false, "that part alone"},
    {OPTION_TXT, "txt", "STRING", true, "a TXT record at _mta-sts"},
    {OPTION_AT, "at", "TIME", false,
	"time to judge for, as 2026-01-31T12:00:00Z"},
    {OPTION_LOG, "log", "FILE|-", true,
	"log to read, instead of /var/log/mail.log or the "
	"journal"},
    {OPTION_DOMAIN, "domain", "DOMAIN", false,
	"explain: all its recipients that were refused; else: it alone"},
    {OPTION_FROM, "from", "DAY", false, "not before that day, as 2026-01-31"},
    {OPTION_TO, "to", "DAY|RUA", false,
	"read: not after that day; test: send a sample to that address or URI"},
    {OPTION_FORMAT, "format", "text|json|csv|html", false,
	"the form of the answer"},
    {OPTION_FAILURES, "failures", NULL, false, "leave out what did not fail"},
    {OPTION_RAW, "raw", NULL, false,
	"the reports themselves, in one form, a line of JSON each"},
    {OPTION_AUTH, "auth", "AUTHSERV-ID", false,
	"count what this server of yours found signed by its submitter"},
    {OPTION_ALL, "all", NULL, false, "and what it did not"},
    {OPTION_HTML, "html", "FILE", false,
	"write it there as a page, whole or not at all"},
    {OPTION_NO_DOMAINS, "no-domains", NULL, false,
	"leave out the domains that fail"},
    {OPTION_EVERY, "every", "SECONDS", false, "look so often, 1 to 3600 (5)"},
    {OPTION_ONCE, "once", NULL, false, "one screen of text, and no more"},
    {OPTION_PROMETHEUS, "prometheus", NULL, false,
	"the figures as Prometheus' text, for a file of node_exporter"},
    {OPTION_OPENMETRICS, "openmetrics", NULL, false, "the same as OpenMetrics"},
    {OPTION_STANDARD, "standard", "rfc|bsi|nl", true,
	"whose requirements are checked (rfc)"},
    {OPTION_SENDING, "sending", NULL, false,
	"advice on this host as it sends, not on a domain"},
    {OPTION_REGULATED, "regulated", NULL, false,
	"DANE is a must here, by law or by a standard"},
    {OPTION_CANNOT_SIGN, "cannot-sign", NULL, false,
	"the zone cannot be signed where it is"},
    {OPTION_LIST, "list", "FILE|-", false, "more domains, one a line"},
    {OPTION_DB, "db", "FILE", false, "the file of the survey"},
    {OPTION_MAILLOG, "maillog", "FILE|-", true,
	"the domains that this mail log has deliveries to, by messages"},
    {OPTION_JOURNAL, "journal", NULL, false, "those of the journal"},
    {OPTION_QUEUE, "queue", NULL, false, "those of Postfix' queue"},
    {OPTION_TOP, "top", "NUMBER", false, "rows of a list at most, 1 to 200"},
    {OPTION_MIN_WEIGHT, "min-weight", "NUMBER", false,
	"leave out domains that weigh less"},
    {OPTION_BASELINE, "baseline", "FILE", false,
	"and what changed since that survey, a file of its own or NDJSON"},
    {OPTION_ADD, "add", NULL, false, "more names for a file that has some"},
    {OPTION_RATE, "rate", "NUMBER", false,
	"domains a second at most; 0: as it goes (0)"},
    {OPTION_DNS_RATE, "dns-rate", "NUMBER", false,
	"queries to a nameserver a second at most; 0: as it goes (0 for one on "
	"this host, 500 for another)"},
    {OPTION_EXTRA, "extra", NULL, false,
	"and TLSA records at the domain's own name, its DS and name servers"},
    {OPTION_NO_FETCH, "no-fetch", NULL, false, "fetch no MTA-STS policy"},
    {OPTION_FETCH_RATE, "fetch-rate", "NUMBER", false,
	"policies fetched a second at most; 0: as it goes (50)"},
    {OPTION_PROBE_RATE, "probe-rate", "NUMBER", false,
	"connections to mail hosts a second at most; 0: as it goes (20)"},
    {OPTION_PROBE_GAP, "probe-gap", "SECONDS", false,
	"between two connections to an address, 0 to 3600 (1)"},
    {OPTION_EXCLUDE, "exclude", "FILE", false,
	"names, .suffixes, mx:suffixes and networks to leave alone"},
    {OPTION_RETRY, "retry", "NUMBER", false,
	"rounds over names whose lookups fail, 0 to 9 (2)"},
    {OPTION_RETRY_WAIT, "retry-wait", "SECONDS", false,
	"wait before such a round (60)"},
    {OPTION_LIMIT, "limit", "NUMBER", false, "stop after so many domains"},
    {OPTION_AS, "as", "text|json|ndjson|csv|markdown|html", false,
	"the form of the answer"},
    {'o', "output", "FILE", false, "write it there, whole or not at all"},
    {OPTION_APPLY, "apply", NULL, false, "do it"},
    {OPTION_UNDO, "undo", NULL, false, "take back what --apply did last"},
    {OPTION_JSON, "json", NULL, false, "one JSON object a line"},
    {'h', "help", NULL, false, "this text"},
    {'V', "version", NULL, false, "the version"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
_Static_assert(
    sizeof(rows) / sizeof(rows[0]) <= CLI_ROWS, "each has its place");

/* What getopt found wrong, with its variables as they are then. */
static void
say_wrong(char *out, size_t size, char *const argv[])
{
	const char *word = argv[optind - 1];
	char clean[48];

	text_clean(clean, sizeof(clean), word, strcspn(word, "="));
	for (size_t i = 0; i < ROWS; i++)
		if (optopt == rows[i].code) {
			snprintf(out, size, "--%s %s", rows[i].name,
			    rows[i].value == NULL ? "takes no value"
						  : "wants a value");
			return;
		}
	if (strncmp(word, "--", 2) == 0 || optopt == 0)
		snprintf(out, size, "no such option: %s", clean);
	else
		snprintf(out, size, "no such option: -%c",
		    optopt > ' ' && optopt <= '~' ? optopt : '?');
}

static void
take_option(struct cli_line *line, size_t row)
{
	const char *wrong;

	line->given[row] = true;
	line->help |= rows[row].code == 'h';
	line->version |= rows[row].code == 'V';
	wrong = cli_option_value(rows[row].code, optarg, &line->options);
	if (wrong != NULL && line->wrong[0] == '\0')
		snprintf(line->wrong, sizeof(line->wrong), "%s", wrong);
}

static void
read_all_options(struct cli_line *line, int argc, char *argv[])
{
	struct option longs[ROWS + 1];
	char letters[2 * ROWS + 2] = ":";
	size_t length = 1;
	int code;

	memset(longs, 0, sizeof(longs));
	for (size_t i = 0; i < ROWS; i++) {
		longs[i] = (struct option){.name = rows[i].name,
		    .has_arg = rows[i].value != NULL,
		    .val = rows[i].code};
		if (rows[i].code > '~')
			continue;
		letters[length++] = (char)rows[i].code;
		if (rows[i].value != NULL)
			letters[length++] = ':';
	}
	letters[length] = '\0';
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t row = 0;

		while (row < ROWS && rows[row].code != code)
			row++;
		if (row < ROWS)
			take_option(line, row);
		else if (line->wrong[0] == '\0')
			say_wrong(line->wrong, sizeof(line->wrong), argv);
	}
}

void
cli_line_read(struct cli_line *line, int argc, char *argv[])
{
	memset(line, 0, sizeof(*line));
	line->options.level = LEVEL_AUTO;
	line->options.jobs = JOBS;
	line->options.retries = RETRIES;
	line->options.retry_wait_s = RETRY_WAIT_S;
	line->options.fetch_rate = FETCH_RATE;
	line->options.probe_rate = PROBE_RATE;
	line->options.probe_gap_s = PROBE_GAP_S;
	line->options.port = SMTP_PORT;
	line->options.every_s = EVERY_S;
	line->options.mode = STS_MODE_TESTING;
	line->options.at = clock_wall_s();
	read_all_options(line, argc, argv);
	for (int i = optind; i < argc; i++)
		cli_list_add(&line->options.words, argv[i]);
}

void
cli_line_fini(struct cli_line *line)
{
	free(line->options.names.items);
	free(line->options.txts.items);
	free(line->options.logs.items);
	free(line->options.maillogs.items);
	free(line->options.ruas.items);
	free(line->options.standards.items);
	free(line->options.words.items);
}

static bool
takes_option(const struct cli_verb *verb, int code)
{
	for (size_t i = 0; i < CLI_VERB_OPTIONS && verb->options[i] != 0; i++)
		if (verb->options[i] == code)
			return true;
	return code == OPTION_JSON || code == 'h' || code == 'V';
}

const char *
cli_line_unwanted(const struct cli_line *line, const struct cli_verb *verb)
{
	for (size_t i = 0; i < ROWS; i++)
		if (line->given[i] && !takes_option(verb, rows[i].code))
			return rows[i].name;
	return NULL;
}

/* A piece of the usage, on the next line where it does not fit. */
static void
add_piece(FILE *out, const char *piece, size_t *column)
{
	if (*column + 1 + strlen(piece) > cli_print_width() - USAGE_MARGIN) {
		fprintf(out, "\n%*s", USAGE_INDENT - 1, "");
		*column = USAGE_INDENT - 1;
	}
	*column += (size_t)fprintf(out, " %s", piece);
}

static void
print_option_usage(FILE *out, const struct cli_verb *verb,
    const struct option_row *row, size_t *column)
{
	char name[32], piece[80];

	snprintf(piece, sizeof(piece), "--%s ", row->name);
	if (strstr(verb->arguments, piece) != NULL)
		return;
	if (row->code <= '~')
		snprintf(name, sizeof(name), "-%c", row->code);
	else
		snprintf(name, sizeof(name), "--%s", row->name);
	snprintf(piece, sizeof(piece), "[%s%s%s]%s", name,
	    row->value == NULL ? "" : " ", row->value == NULL ? "" : row->value,
	    row->many ? " ..." : "");
	add_piece(out, piece, column);
}

void
cli_print_usage(FILE *out, const struct cli_verb *verb)
{
	const char *rest = verb->arguments;
	size_t column = (size_t)fprintf(out, "usage: postern %s%s%s",
	    verb->words[0], verb->words[1] == NULL ? "" : " ",
	    verb->words[1] == NULL ? "" : verb->words[1]);

	for (size_t i = 0; i < ROWS; i++)
		if (takes_option(verb, rows[i].code) && rows[i].code != 'h' &&
		    rows[i].code != 'V')
			print_option_usage(out, verb, &rows[i], &column);
	while (*rest != '\0') {
		char piece[80];
		size_t length = strcspn(rest, " ");

		snprintf(piece, sizeof(piece), "%.*s", (int)length, rest);
		add_piece(out, piece, &column);
		rest += length + strspn(rest + length, " ");
	}
	fputc('\n', out);
}

static void
print_option(FILE *out, const struct option_row *row)
{
	static const char indent[] = "                          ";
	char letter[5] = "    ", name[48];
	size_t column;

	if (row->code <= '~')
		snprintf(letter, sizeof(letter), "-%c, ", row->code);
	snprintf(name, sizeof(name), "%s--%s %s", letter, row->name,
	    row->value == NULL ? "" : row->value);
	column = (size_t)fprintf(out, "  %-22s  ", name);
	cli_print_wrap(out, column, indent, row->about);
}

void
cli_print_options(FILE *out, const struct cli_verb *verb)
{
	for (size_t i = 0; i < ROWS; i++)
		if (takes_option(verb, rows[i].code))
			print_option(out, &rows[i]);
}
