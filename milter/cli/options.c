/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/options.h"

#include <getopt.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/nexthop.h"
#include "milter/cli/print.h"
#include "milter/conf/settings.h"

enum { USAGE_INDENT = 10, USAGE_MARGIN = 2 };
enum { JOBS = 8, JOBS_MAX = 256, SMTP_PORT = 25 };
enum { EVERY_S = 5, EVERY_MAX_S = 3600 };

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
    {'j', "jobs", "NUMBER", false, "checks at once, 1 to 256 (8)"},
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
	"how long senders keep the policy"},
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
    {OPTION_TO, "to", "DAY", false, "not after that day"},
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
    {OPTION_REGULATED, "regulated", NULL, false,
	"DANE is a must here, by law or by a standard"},
    {OPTION_CANNOT_SIGN, "cannot-sign", NULL, false,
	"the zone cannot be signed where it is"},
    {OPTION_LIST, "list", "FILE|-", false, "more domains, one a line"},
    {OPTION_AS, "as", "text|json|csv|markdown|html", false,
	"the form of the answer"},
    {'o', "output", "FILE", false, "write it there, whole or not at all"},
    {OPTION_APPLY, "apply", NULL, false, "do it"},
    {OPTION_UNDO, "undo", NULL, false, "take back what --apply did last"},
    {OPTION_JSON, "json", NULL, false, "one JSON object a line"},
    {'h', "help", NULL, false, "this text"},
    {'V', "version", NULL, false, "the version"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

#define MOMENT "no RFC 3339 time, and no date or \"7d\""

static void
list_add(struct cli_list *list, char *item)
{
	list->items =
	    xrealloc(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = item;
}

/* "12h" or "7d" before now; a day begins at midnight, local time. */
static int
parse_moment(const char *text, time_t *out)
{
	enum { HOUR_S = 3600, MOST = 10000 };
	struct tm tm = {.tm_isdst = -1};
	size_t digits = strspn(text, "0123456789");
	const char *end;
	char number[8];
	uint32_t count;

	if (digits > 0 && digits < sizeof(number) &&
	    (strcmp(text + digits, "d") == 0 ||
		strcmp(text + digits, "h") == 0)) {
		text_copy(number, digits + 1, text);
		if (text_uint(number, MOST, &count) != 0)
			return -1;
		*out = clock_wall_s() -
		       (time_t)count *
			   (text[digits] == 'd' ? CLOCK_DAY_S : HOUR_S);
		return 0;
	}
	end = strptime(text, "%Y-%m-%d", &tm);
	if (end == NULL || *end != '\0')
		return clock_parse(text, out);
	*out = mktime(&tm);
	return 0;
}

static int
read_depth(const char *word, struct cli_options *options)
{
	options->dns_only = strcmp(word, "dns") == 0;
	return options->dns_only || strcmp(word, "probe") == 0 ? 0 : -1;
}

static const char *
read_port_option(const char *word, struct cli_options *options)
{
	if (nexthop_port(word, &options->port, NULL) != 0)
		return "--port: 1 to 65535, or a mail service such as "
		       "submission";
	return NULL;
}

static const char *
read_max_age(const char *word, struct cli_options *options)
{
	if (text_uint(word, LIMIT_STS_MAX_AGE_S, &options->max_age_s) != 0 ||
	    options->max_age_s == 0)
		return "--max-age: 1 to 31557600 seconds";
	return NULL;
}

static const char *
read_old_ttl(const char *word, struct cli_options *options)
{
	options->old_ttl_given = true;
	/* RFC 2181 section 8 */
	return text_uint(word, INT32_MAX, &options->old_ttl_s) == 0
		   ? NULL
		   : "--old-ttl: 0 to 2147483647 seconds";
}

static const char *
read_mode(const char *word, struct cli_options *options)
{
	static const enum sts_mode modes[] = {
	    STS_MODE_TESTING, STS_MODE_ENFORCE, STS_MODE_NONE};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(word, sts_mode_text(modes[i])) == 0) {
			options->mode = modes[i];
			return NULL;
		}
	return "--mode: testing, enforce or none";
}

/* Options that may be given several times. */
static void
add_value(int code, char *value, struct cli_options *options)
{
	switch (code) {
	case OPTION_NAME:
		list_add(&options->names, value);
		break;
	case OPTION_RUA:
		list_add(&options->ruas, value);
		break;
	case OPTION_TXT:
		list_add(&options->txts, value);
		break;
	case OPTION_LOG:
		list_add(&options->logs, value);
		break;
	case OPTION_STANDARD:
		list_add(&options->standards, value);
		break;
	}
}

/* Options without a value; false for another. */
static bool
take_flag(int code, struct cli_options *options)
{
	switch (code) {
	case 'v':
		options->verbose = true;
		break;
	case OPTION_ALL:
		options->all = true;
		break;
	case OPTION_CACHED:
		options->cached = true;
		break;
	case OPTION_FACTS:
		options->facts = true;
		break;
	case OPTION_FAILURES:
		options->failures = true;
		break;
	case OPTION_RAW:
		options->raw = true;
		break;
	case OPTION_REGULATED:
		options->regulated = true;
		break;
	case OPTION_CANNOT_SIGN:
		options->cannot_sign = true;
		break;
	case OPTION_APPLY:
		options->apply = true;
		break;
	case OPTION_UNDO:
		options->undo = true;
		break;
	case OPTION_ONCE:
		options->once = true;
		break;
	case OPTION_NO_DOMAINS:
		options->no_domains = true;
		break;
	case OPTION_PROMETHEUS:
		options->prometheus = true;
		break;
	case OPTION_OPENMETRICS:
		options->openmetrics = true;
		break;
	case OPTION_JSON:
		options->json = true;
		break;
	default:
		return false;
	}
	return true;
}

/* Options with a value that nothing can be wrong with. */
static void
take_value(int code, char *value, struct cli_options *options)
{
	switch (code) {
	case 'c':
		options->conf_file = value;
		break;
	case 'f':
		options->file = value;
		break;
	case OPTION_DAY:
		options->day = value;
		break;
	case OPTION_FLEET:
		options->fleet = true;
		break;
	case OPTION_FORGET:
		options->forget = true;
		break;
	case OPTION_STATE:
		options->state = value;
		break;
	case OPTION_HTML:
		options->html = value;
		break;
	case OPTION_AS:
		options->as = value;
		break;
	case 'o':
		options->output = value;
		break;
	case OPTION_DOMAIN:
		options->domain = value;
		break;
	case OPTION_AUTH:
		options->auth = value;
		break;
	case OPTION_FORMAT:
		options->format = value;
		break;
	case OPTION_FROM:
		options->from = value;
		break;
	case OPTION_TO:
		options->to = value;
		break;
	case OPTION_CHAIN:
		options->chain = value;
		break;
	case OPTION_PART:
		options->part = value;
		break;
	case OPTION_LIST:
		options->list = value;
		break;
	default:
		add_value(code, value, options);
		break;
	}
}

/* Returns NULL, or what is wrong with the value. */
static const char *
read_option_value(int code, char *value, struct cli_options *options)
{
	switch (code) {
	case 'j':
		if (text_uint(value, JOBS_MAX, &options->jobs) != 0 ||
		    options->jobs == 0)
			return "--jobs: a number from 1 to 256";
		break;
	case OPTION_AT:
		options->at_given = true;
		if (clock_parse(value, &options->at) != 0)
			return "--at: no RFC 3339 time";
		break;
	case OPTION_SINCE:
		options->since_given = true;
		if (parse_moment(value, &options->since) != 0)
			return "--since: " MOMENT;
		break;
	case OPTION_UNTIL:
		if (parse_moment(value, &options->until) != 0)
			return "--until: " MOMENT;
		break;
	case OPTION_DEPTH:
		if (read_depth(value, options) != 0)
			return "--depth: dns or probe";
		break;
	case OPTION_LEVEL:
		options->level_given = true;
		if (level_parse(value, &options->level) != 0)
			return "--level: no such level";
		break;
	case OPTION_EVERY:
		if (text_uint(value, EVERY_MAX_S, &options->every_s) != 0 ||
		    options->every_s == 0)
			return "--every: 1 to 3600 seconds";
		break;
	case OPTION_MAX_AGE:
		return read_max_age(value, options);
	case OPTION_MODE:
		return read_mode(value, options);
	case OPTION_OLD_TTL:
		return read_old_ttl(value, options);
	case OPTION_PORT:
		return read_port_option(value, options);
	default:
		if (!take_flag(code, options))
			take_value(code, value, options);
		break;
	}
	return NULL;
}

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

	line->given |= UINT64_C(1) << row;
	line->help |= rows[row].code == 'h';
	line->version |= rows[row].code == 'V';
	wrong = read_option_value(rows[row].code, optarg, &line->options);
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
	line->options.port = SMTP_PORT;
	line->options.every_s = EVERY_S;
	line->options.mode = STS_MODE_TESTING;
	line->options.at = clock_wall_s();
	read_all_options(line, argc, argv);
	for (int i = optind; i < argc; i++)
		list_add(&line->options.words, argv[i]);
}

void
cli_line_fini(struct cli_line *line)
{
	free(line->options.names.items);
	free(line->options.txts.items);
	free(line->options.logs.items);
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
		if ((line->given >> i & 1) != 0 &&
		    !takes_option(verb, rows[i].code))
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
