/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/err.h"
#include "common/base/standard.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/cli.h"
#include "milter/cli/options.h"
#include "milter/cli/print.h"
#include "milter/cli/verbs.h"
#include "milter/view/json_put.h"

enum { WORD_SIZE = 32, ERROR_SIZE = 2048, ABOUT_SIZE = 160 };

/* The verb that runs: its usage goes with a mistake in it. */
static const struct cli_verb *running;

/* --json was given, and no object tells yet what is wrong. */
static bool json_wanted;

static int
print_help(const struct cli_list *words)
{
	const struct cli_verb *verb = cli_verbs_find(words);
	char about[ABOUT_SIZE];

	if (verb == NULL) {
		cli_verbs_overview(stdout, words);
		return 0;
	}
	cli_print_usage(stdout, verb);
	snprintf(about, sizeof(about), "%c%s.", toupper(verb->about[0]),
	    verb->about + 1);
	putchar('\n');
	cli_print_wrap(stdout, 0, "", about);
	putchar('\n');
	cli_print_options(stdout, verb);
	return 0;
}

static void
print_hint(FILE *out)
{
	if (running != NULL)
		cli_print_usage(out, running);
	else
		fputs("Try: postern --help\n", out);
}

/* Who reads objects has one for each end; the first failure is the cause. */
static void
fail_json(int status, const char *text)
{
	json_t *object;

	if (!json_wanted || status == 0 || status == EX_IOERR)
		return;
	json_wanted = false;
	object = json_pack(
	    "{s:i, s:s, s:i}", "schema", 1, "error", text, "exit", status);
	json_print(stdout, object);
}

int
cli_fail(int status, const char *format, ...)
{
	char text[ERROR_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* JSON is UTF-8, and a file's name may be anything */
	text_printable(text, "");
	fprintf(stderr, "postern: %s\n", text);
	if (status == EX_USAGE)
		print_hint(stderr);
	fail_json(status, text);
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

/* No verb is named: what the line is, then. */
static int
no_verb(const struct cli_list *words)
{
	char word[WORD_SIZE], near[CLI_VERBS_NEAR_SIZE];
	bool begun = cli_verbs_begin(words);

	if (words->count == 0) {
		cli_verbs_overview(stderr, words);
		fail_json(EX_USAGE, "no verb");
		return EX_USAGE;
	}
	text_clean(
	    word, sizeof(word), words->items[0], strlen(words->items[0]));
	cli_verbs_near(words, near);
	if (!begun)
		return cli_fail(EX_USAGE, "no such verb: %s%s", word, near);
	if (words->count > 1 && near[0] != '\0')
		return cli_fail(EX_USAGE, "%s has no such verb%s", word, near);
	cli_fail(0, "%s needs a second word", word);
	cli_verbs_overview(stderr, words);
	fail_json(EX_USAGE, "a word of the verb is missing");
	return EX_USAGE;
}

static int
run_verb(struct cli_line *line)
{
	const struct cli_verb *verb = cli_verbs_find(&line->options.words);
	struct cli_options options = line->options;
	const char *unwanted;

	running = verb;
	if (line->wrong[0] != '\0')
		return cli_fail(EX_USAGE, "%s", line->wrong);
	if (verb == NULL)
		return no_verb(&options.words);
	unwanted = cli_line_unwanted(line, verb);
	if (unwanted != NULL)
		return cli_fail(
		    EX_USAGE, "--%s is not for this verb", unwanted);
	options.words.items += cli_verb_size(verb);
	options.words.count -= cli_verb_size(verb);
	if (options.words.count < verb->least)
		return cli_fail(EX_USAGE, "an argument is missing");
	if (options.words.count > verb->most)
		return cli_fail(EX_USAGE, "too many arguments");
	return verb->run(&options);
}

/* "help VERB" is "VERB --help". */
static void
take_help_word(struct cli_line *line)
{
	struct cli_list *words = &line->options.words;

	if (words->count == 0 || strcmp(words->items[0], "help") != 0)
		return;
	line->help = true;
	words->count--;
	memmove(words->items, words->items + 1,
	    words->count * sizeof(*words->items));
}

/* There is help on a verb, on all that begin with a word, and on everything. */
static bool
names_help(const struct cli_list *words)
{
	return words->count == 0 || cli_verbs_find(words) != NULL ||
	       (words->count == 1 && cli_verbs_begin(words));
}

/* Help wins over a verb, but not over a word that is none. */
static int
run_line(struct cli_line *line)
{
	const struct cli_list *words = &line->options.words;

	take_help_word(line);

	if (line->wrong[0] == '\0' && line->version)
		return puts("postern " PACKAGE_VERSION) == EOF ? EX_IOERR : 0;
	if (line->wrong[0] == '\0' && line->help && names_help(words))
		return print_help(words);
	return run_verb(line);
}

int
main(int argc, char *argv[])
{
	struct cli_line line;
	int status;

	standard_open();
	/* a reader that goes away is a write that fails, no death */
	signal(SIGPIPE, SIG_IGN);
	cli_line_read(&line, argc, argv);
	json_wanted = line.options.json;
	status = run_line(&line);
	cli_line_fini(&line);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status != EX_IOERR)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return status;
}
