/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/verbs.h"

#include <string.h>

#include "common/base/text.h"
#include "milter/cli/print.h"

static const struct cli_verb verbs[] = {
    {{"check", NULL}, cli_check,
	{'c', 'f', 'j', 'v', OPTION_CACHED, OPTION_DEPTH, OPTION_FACTS,
	    OPTION_LEVEL},
	0, CLI_WORDS_MANY, "DOMAIN|ADDRESS|mx:HOST[:PORT] ...",
	"what a destination demands, whether it keeps it, who mends it"},
    {{"advise", NULL}, cli_advise,
	{'c', 'o', OPTION_AS, OPTION_AT, OPTION_CANNOT_SIGN, OPTION_DEPTH,
	    OPTION_LIST, OPTION_REGULATED, OPTION_SENDING, OPTION_SINCE,
	    OPTION_STANDARD},
	0, CLI_WORDS_MANY, "DOMAIN ...",
	"what a domain should publish next, and which standards it meets"},
    {{"survey", "scan"}, cli_survey_scan,
	{'c', 'j', OPTION_ADD, OPTION_DB, OPTION_DEPTH, OPTION_DNS_RATE,
	    OPTION_EXCLUDE, OPTION_EXTRA, OPTION_FETCH_RATE, OPTION_JOURNAL,
	    OPTION_LIMIT, OPTION_LIST, OPTION_MAILLOG, OPTION_MAX_AGE,
	    OPTION_NO_FETCH, OPTION_PROBE_GAP, OPTION_PROBE_RATE, OPTION_QUEUE,
	    OPTION_RATE, OPTION_RETRY, OPTION_RETRY_WAIT},
	0, CLI_WORDS_MANY, "DOMAIN ...",
	"what many domains have of DANE and MTA-STS, into a file"},
    {{"survey", "status"}, cli_survey_status, {OPTION_DB}, 0, 0, "",
	"how far a survey has come"},
    {{"survey", "report"}, cli_survey_report,
	{'o', OPTION_AS, OPTION_AT, OPTION_BASELINE, OPTION_DB,
	    OPTION_MIN_WEIGHT, OPTION_TOP},
	0, 0, "",
	"what a survey found: shares, senders, sites, and each domain"},
    {{"survey", "diff"}, cli_survey_diff, {'o', OPTION_AS}, 2, 2, "OLD NEW",
	"what changed from one survey to the next"},
    {{"judge", NULL}, cli_judge, {'c', 'v', OPTION_AT, OPTION_LEVEL}, 0, 1,
	"[FILE|-]", "what check --facts wrote, judged again without network"},
    {{"tlsa", "match"}, cli_tlsa_match, {OPTION_CHAIN, OPTION_NAME, OPTION_AT},
	1, CLI_WORDS_MANY,
	"--chain FILE --name NAME ... 'USAGE SELECTOR MTYPE HEX' ...",
	"whether a certificate chain matches TLSA records, offline"},
    {{"tlsa", "gen"}, cli_tlsa_gen, {'c', OPTION_NAME, OPTION_PORT}, 1,
	CLI_WORDS_MANY, "FILE|mx:HOST[:PORT] ... ['USAGE SELECTOR MTYPE'] ...",
	"TLSA records of a certificate, request or key"},
    {{"tlsa", "check"}, cli_tlsa_check, {'c'}, 1, 1, "DOMAIN|mx:HOST[:PORT]",
	"whether TLSA records fit what all of one's hosts show"},
    {{"tlsa", "plan"}, cli_tlsa_plan,
	{'c', OPTION_NAME, OPTION_PORT, OPTION_SINCE, OPTION_OLD_TTL,
	    OPTION_STATE},
	2, 2, "--name MXHOST CURRENT NEXT",
	"whether a host may change its key now, and what to do first"},
    {{"sts", "lint"}, cli_sts_lint, {OPTION_TXT, OPTION_AT}, 0, 1, "[FILE|-]",
	"whether TXT records and a policy keep to RFC 8461, offline"},
    {{"sts", "check"}, cli_sts_check, {'c'}, 1, 1, "DOMAIN",
	"whether record, policy and all mail hosts of a domain agree"},
    {{"sts", "gen"}, cli_sts_gen,
	{'c', OPTION_DEPTH, OPTION_MODE, OPTION_MAX_AGE, OPTION_RUA,
	    OPTION_PART},
	1, 1, "DOMAIN",
	"an MTA-STS policy of a domain's MX hosts, and its records"},
    {{"cache", "list"}, cli_cache_list, {'c'}, 0, 0, "",
	"the verdicts and MTA-STS policies that posternd keeps"},
    {{"cache", "show"}, cli_cache_show, {'c'}, 1, 1, "DOMAIN",
	"all that is kept of one domain"},
    {{"cache", "flush"}, cli_cache_flush, {'c', OPTION_FLEET, OPTION_FORGET}, 0,
	1, "[DOMAIN]", "let posternd forget all, or one domain"},
    {{"stats", NULL}, cli_stats,
	{'c', 'o', OPTION_PROMETHEUS, OPTION_OPENMETRICS}, 0, 0, "",
	"what posternd did since its start, and how it is"},
    {{"setup", NULL}, cli_setup, {'c', OPTION_APPLY, OPTION_UNDO}, 0, 0, "",
	"what this host's MTA needs to ask posternd, shown or done"},
    {{"doctor", NULL}, cli_doctor, {'c', OPTION_LOG}, 0, CLI_WORDS_MANY,
	"[DOMAIN ...]",
	"whether this host and its Postfix are fit for posternd"},
    {{"explain", NULL}, cli_explain,
	{'c', OPTION_LOG, OPTION_DOMAIN, OPTION_SINCE}, 0, 1, "[QUEUEID]",
	"what became of a message, and whether it was foreseen"},
    {{"status", NULL}, cli_status, {'c', OPTION_HTML, OPTION_NO_DOMAINS}, 0, 0,
	"", "how posternd is, on one screen or one page, and who fails now"},
    {{"top", NULL}, cli_top, {'c', OPTION_EVERY, OPTION_ONCE}, 0, 0, "",
	"what posternd does now, and which domains fail, drawn anew"},
    {{"review", NULL}, cli_review,
	{'c', 'o', OPTION_LOG, OPTION_DOMAIN, OPTION_SINCE, OPTION_UNTIL,
	    OPTION_AS},
	0, 0, "",
	"what a mail log says of all messages, and whether to turn on defer"},
    {{"tlsrpt", "list"}, cli_tlsrpt_list, {'c', OPTION_DAY}, 0, 1, "[DOMAIN]",
	"the sessions that posternd counts for TLS reports"},
    {{"tlsrpt", "show"}, cli_tlsrpt_show, {'c', OPTION_DAY}, 1, 1, "DOMAIN",
	"the TLS report of a day to one domain, as it stands"},
    {{"tlsrpt", "send"}, cli_tlsrpt_send,
	{'c', OPTION_DAY, OPTION_AGAIN, OPTION_DRY_RUN}, 0, 1, "[DOMAIN]",
	"the TLS reports of days that are over and were not sent, sent now"},
    {{"tlsrpt", "test"}, cli_tlsrpt_test, {'c', OPTION_TO}, 1, 1, "DOMAIN",
	"where the TLS reports to a domain go; a sample sent to try it"},
    {{"tlsrpt", "read"}, cli_tlsrpt_read,
	{'o', OPTION_FROM, OPTION_TO, OPTION_DOMAIN, OPTION_FORMAT,
	    OPTION_FAILURES, OPTION_RAW, OPTION_AUTH, OPTION_ALL},
	1, CLI_WORDS_MANY, "FILE|-|DIR ...",
	"what TLS reports say of one's own hosts, and what to do"},
    {{"fleet", "status"}, cli_fleet_status, {'c'}, 0, 0, "",
	"the store that hosts share, as posternd sees it"},
    {{"fleet", "show"}, cli_fleet_show, {'c'}, 1, 1, "DOMAIN",
	"the policy of a domain in the store that hosts share, and here"},
    {{"fleet", "key"}, cli_fleet_key, {0}, 0, 0, "",
	"a new key for hosts that share what they know"},
    {{"policy", "list"}, cli_policy_list, {'c', OPTION_AT}, 0, 0, "",
	"the rules per destination in effect, most specific first"},
    {{"policy", "test"}, cli_policy_test, {'c', OPTION_AT}, 1, 1,
	"DOMAIN|ADDRESS|mx:HOST",
	"which rule applies to a destination, and what it means"},
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

enum { NAME_SIZE = 32 };

/* How many words of its own the verb shares with the line, of how many. */
static size_t
compare_verb(const struct cli_verb *verb, const struct cli_list *words)
{
	size_t same = 0;

	while (same < 2 && verb->words[same] != NULL && same < words->count &&
	       strcmp(verb->words[same], words->items[same]) == 0)
		same++;
	return same;
}

size_t
cli_verb_size(const struct cli_verb *verb)
{
	return verb->words[1] == NULL ? 1 : 2;
}

const struct cli_verb *
cli_verbs_find(const struct cli_list *words)
{
	for (size_t i = 0; i < VERBS; i++)
		if (compare_verb(&verbs[i], words) == cli_verb_size(&verbs[i]))
			return &verbs[i];
	return NULL;
}

static void
verb_name(const struct cli_verb *verb, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "%s%s%s", verb->words[0],
	    verb->words[1] == NULL ? "" : " ",
	    verb->words[1] == NULL ? "" : verb->words[1]);
}

static void
print_verb_line(FILE *out, const struct cli_verb *verb)
{
	static const char indent[] = "                 ";
	char name[NAME_SIZE];

	verb_name(verb, name);
	fprintf(out, "  %-14s ", name);
	cli_print_wrap(out, sizeof(indent) - 1, indent, verb->about);
}

void
cli_verbs_overview(FILE *out, const struct cli_list *words)
{
	fputs("usage: postern VERB [OPTION ...] [ARGUMENT ...]\n\n", out);
	for (size_t i = 0; i < VERBS; i++)
		if (words->count == 0 || compare_verb(&verbs[i], words) > 0)
			print_verb_line(out, &verbs[i]);
	fputs("\n\"postern help VERB\" tells the options of a verb.\n\n", out);
	cli_print_wrap(out, 0, "",
	    "Exit status: 0 pass, 1 none or softfail, 2 fail, 3 temperror or "
	    "skip; 64 usage, 65 bad data, 66 no such file, 69 no resolver or "
	    "daemon, 73 a file not written, 74 output, 75 another setup "
	    "runs or a survey has names left, 77 only for root, 78 "
	    "configuration.");
}

bool
cli_verbs_begin(const struct cli_list *words)
{
	for (size_t i = 0; i < VERBS; i++)
		if (compare_verb(&verbs[i], words) > 0)
			return true;
	return false;
}

/* A word that is no verb stands behind them. */
static const struct cli_verb *
verb_or_help(size_t i)
{
	static const struct cli_verb help = {.words = {"help", NULL}};

	return i < VERBS ? &verbs[i] : &help;
}

void
cli_verbs_near(const struct cli_list *words, char out[CLI_VERBS_NEAR_SIZE])
{
	struct text text;
	unsigned best = CLI_NEAR_MAX + 1;
	size_t count = 0;

	text_init(&text, out, CLI_VERBS_NEAR_SIZE);
	for (size_t i = 0; i <= VERBS; i++) {
		unsigned far = cli_verb_distance(verb_or_help(i), words);

		if (far < best)
			best = far;
	}
	for (size_t i = 0; best <= CLI_NEAR_MAX && i <= VERBS; i++) {
		char name[NAME_SIZE];

		if (cli_verb_distance(verb_or_help(i), words) != best)
			continue;
		verb_name(verb_or_help(i), name);
		text_addf(&text, "%s\"%s\"",
		    count == 0 ? "; did you mean " : " or ", name);
		count++;
	}
	text_add(&text, count == 0 ? "" : "?");
}
