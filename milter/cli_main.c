/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli.h"
#include "milter/settings.h"

/* Long options without a letter; each verb says which it takes. */
enum {
	OPTION_AT = 256,
	OPTION_CHAIN,
	OPTION_DEPTH,
	OPTION_JSON,
	OPTION_LEVEL,
	OPTION_NAME,
	OPTION_TXT,
};

static const struct option long_options[] = {
    {"at", required_argument, NULL, OPTION_AT},
    {"chain", required_argument, NULL, OPTION_CHAIN},
    {"config", required_argument, NULL, 'c'},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"level", required_argument, NULL, OPTION_LEVEL},
    {"name", required_argument, NULL, OPTION_NAME},
    {"txt", required_argument, NULL, OPTION_TXT},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const struct verb {
	const char *words[2]; /* "tlsa" "match"; one word: NULL behind it */
	int (*run)(const struct cli_options *options);
	int options[6]; /* that it takes, up to a 0; --json always */
	const char *usage;
} verbs[] = {
    {{"check", NULL}, cli_check, {'c', OPTION_DEPTH, OPTION_LEVEL},
	"postern check [-c FILE] [--depth dns|probe] [--level LEVEL] [--json]\n"
	"              DOMAIN|ADDRESS|mx:HOST[:PORT] ...\n"
	"    what DANE and MTA-STS demand of a destination, whether it keeps\n"
	"    it now, why not, and who can mend it\n"},
    {{"tlsa", "match"}, cli_tlsa_match, {OPTION_CHAIN, OPTION_NAME, OPTION_AT},
	"postern tlsa match --chain FILE.pem --name NAME [--name NAME] ...\n"
	"              [--at TIME] 'USAGE SELECTOR MTYPE HEX' ...\n"
	"    whether a chain matches TLSA records, offline; names: the TLSA\n"
	"    base domain first, then the next-hop domains\n"},
    {{"sts", "lint"}, cli_sts_lint, {OPTION_TXT, OPTION_AT},
	"postern sts lint [--txt STRING] ... [--at TIME] [FILE|-]\n"
	"    whether TXT records and a policy keep to RFC 8461, offline\n"},
    {{"sts", "check"}, cli_sts_check, {'c'},
	"postern sts check [-c FILE] [--json] DOMAIN\n"
	"    whether record, policy and every mail host of a domain agree "
	"now\n"},
    {{"cache", "list"}, cli_cache_list, {'c'},
	"postern cache list [-c FILE] [--json]\n"
	"    the MTA-STS policies that posternd keeps\n"},
    {{"cache", "show"}, cli_cache_show, {'c'},
	"postern cache show [-c FILE] [--json] DOMAIN\n"
	"    all that is kept of one domain\n"},
    {{"policy", "list"}, cli_policy_list, {'c', OPTION_AT},
	"postern policy list [-c FILE] [--at TIME] [--json]\n"
	"    the rules per destination in effect, the most specific first\n"},
    {{"policy", "test"}, cli_policy_test, {'c', OPTION_AT},
	"postern policy test [-c FILE] [--at TIME] [--json]\n"
	"              DOMAIN|ADDRESS|mx:HOST\n"
	"    which rule applies there, and what it means\n"},
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static void
print_usage(FILE *out)
{
	fputs("usage: postern VERB [options] ...\n\n", out);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(out, "%s\n", verbs[i].usage);
	fputs(
	    "-c FILE   configuration, instead of " SETTINGS_PATH "\n"
	    "--level   judge by auto, may, encrypt, dane, dane-only or "
	    "secure,\n"
	    "          not by postern-destinations(5) and DefaultLevel\n"
	    "--json    one JSON object a line\n"
	    "--at      TIME as in RFC 3339, 2026-01-31T12:00:00Z\n"
	    "-h -V     this text; version\n"
	    "\n"
	    "exit status: 0 pass, 1 none or softfail, 2 fail, 3 temperror or\n"
	    "skip; 64 usage, 65 bad data, 66 no such file, 69 no resolver,\n"
	    "78 configuration\n",
	    out);
}

int
cli_fail(int status, const char *format, ...)
{
	va_list args;

	fputs("postern: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	if (status == EX_USAGE)
		fputs("Try: postern --help\n", stderr);
	return status;
}

char *
cli_read_file(const char *path, size_t max, size_t *length, struct err *err)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *octets = xmalloc(max + 1);
	int rc = 0;

	if (in == NULL) {
		free(octets);
		err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno));
		return NULL;
	}
	*length = fread(octets, 1, max, in);
	octets[*length] = '\0';
	if (ferror(in))
		rc = err_set(err, ERR_LOCAL, "%s: cannot be read", path);
	else if (fgetc(in) != EOF)
		rc = err_set(err, ERR_DATA, "%s: over %zu octets", path, max);
	if (in != stdin)
		fclose(in);
	if (rc == 0)
		return octets;
	free(octets);
	return NULL;
}

static void
list_add(struct cli_list *list, char *item)
{
	list->items =
	    xrealloc(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = item;
}

/* RFC 3339 section 5.6, whole seconds */
static int
parse_time(const char *text, time_t *out)
{
	struct tm tm = {.tm_isdst = 0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S%z", &tm);
	long offset_s = tm.tm_gmtoff;

	if (end == NULL || *end != '\0')
		return -1;
	*out = timegm(&tm) - offset_s;
	return 0;
}

static int
read_depth(const char *word, struct cli_options *options)
{
	options->dns_only = strcmp(word, "dns") == 0;
	return options->dns_only || strcmp(word, "probe") == 0 ? 0 : -1;
}

/* Returns 0, or the exit status of a usage error. */
static int
read_option(int option, struct cli_options *options)
{
	switch (option) {
	case 'c':
		options->conf_file = optarg;
		return 0;
	case OPTION_AT:
		options->at_given = true;
		return parse_time(optarg, &options->at) == 0
			   ? 0
			   : cli_fail(EX_USAGE, "--at: no RFC 3339 time");
	case OPTION_CHAIN:
		options->chain = optarg;
		return 0;
	case OPTION_DEPTH:
		return read_depth(optarg, options) == 0
			   ? 0
			   : cli_fail(EX_USAGE, "--depth: dns or probe");
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_LEVEL:
		options->level_given = true;
		return level_parse(optarg, &options->level) == 0
			   ? 0
			   : cli_fail(EX_USAGE, "--level: no such level");
	case OPTION_NAME:
		list_add(&options->names, optarg);
		return 0;
	case OPTION_TXT:
		list_add(&options->txts, optarg);
		return 0;
	default: /* getopt has said what is wrong */
		fputs("Try: postern --help\n", stderr);
		return EX_USAGE;
	}
}

/* The verb that argv begins with; *words tells how many belong to it. */
static const struct verb *
find_verb(char *const argv[], int argc, int *words)
{
	for (size_t i = 0; i < VERBS; i++) {
		const struct verb *verb = &verbs[i];

		*words = verb->words[1] == NULL ? 1 : 2;
		if (argc >= *words && strcmp(argv[0], verb->words[0]) == 0 &&
		    (*words == 1 || strcmp(argv[1], verb->words[1]) == 0))
			return verb;
	}
	return NULL;
}

static bool
takes(const struct verb *verb, int option)
{
	for (size_t i = 0; verb->options[i] != 0; i++)
		if (verb->options[i] == option)
			return true;
	return option == OPTION_JSON;
}

/* What was given that the verb has no use for, or NULL. */
static const char *
find_unwanted(const struct verb *verb, const bool given[])
{
	for (size_t i = 0; long_options[i].name != NULL; i++)
		if (given[i] && !takes(verb, long_options[i].val))
			return long_options[i].name;
	return NULL;
}

static void
note_given(bool given[], int option)
{
	for (size_t i = 0; long_options[i].name != NULL; i++)
		given[i] |= long_options[i].val == option;
}

static int
run_verb(
    char *argv[], int argc, struct cli_options *options, const bool given[])
{
	const struct verb *verb;
	const char *unwanted;
	char word[32];
	int words;

	if (argc == 0) {
		print_usage(stderr);
		return EX_USAGE;
	}
	verb = find_verb(argv, argc, &words);
	if (verb == NULL) {
		text_clean(word, sizeof(word), argv[0], strlen(argv[0]));
		return cli_fail(EX_USAGE, "no such verb: %s", word);
	}
	unwanted = find_unwanted(verb, given);
	if (unwanted != NULL)
		return cli_fail(
		    EX_USAGE, "--%s is not for this verb", unwanted);
	for (int i = words; i < argc; i++)
		list_add(&options->words, argv[i]);
	return verb->run(options);
}

static int
finish_output(void)
{
	return fflush(stdout) == 0
		   ? EX_OK
		   : cli_fail(EX_IOERR, "cannot write the answer");
}

int
main(int argc, char *argv[])
{
	struct cli_options options = {
	    .level = LEVEL_AUTO, .at = clock_wall_s()};
	bool given[sizeof(long_options) / sizeof(long_options[0])] = {false};
	int option, status = 0;

	/* a reader that goes away is a write that fails, no death */
	signal(SIGPIPE, SIG_IGN);
	while (status == 0 && (option = getopt_long(argc, argv, "c:hV",
				   long_options, NULL)) != -1) {
		if (option == 'h') {
			print_usage(stdout);
			return finish_output();
		}
		if (option == 'V') {
			puts("postern " PACKAGE_VERSION);
			return finish_output();
		}
		note_given(given, option);
		status = read_option(option, &options);
	}
	if (status == 0)
		status =
		    run_verb(&argv[optind], argc - optind, &options, given);
	free(options.names.items);
	free(options.txts.items);
	free(options.words.items);
	return status;
}
