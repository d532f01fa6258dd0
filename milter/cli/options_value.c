/* SPDX-License-Identifier: BSD-2-Clause */
/* What may stand behind each option. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/nexthop.h"
#include "milter/cli/options.h"

enum { JOBS_MAX = 2048, EVERY_MAX_S = 3600 };
enum { RETRIES_MAX = 9, PACE_MAX = 1000000, GAP_MAX_S = 3600, TOP_MAX = 200 };

#define MOMENT "no RFC 3339 time, and no date or \"7d\""

void
cli_list_add(struct cli_list *list, char *item)
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
	options->probe_given = !options->dns_only;
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
read_pace(int code, const char *word, struct cli_options *options)
{
	switch (code) {
	case OPTION_RATE:
		return text_uint(word, PACE_MAX, &options->rate) == 0
			   ? NULL
			   : "--rate: 0 to 1000000 a second";
	case OPTION_RETRY:
		return text_uint(word, RETRIES_MAX, &options->retries) == 0
			   ? NULL
			   : "--retry: 0 to 9";
	case OPTION_TOP:
		return text_uint(word, TOP_MAX, &options->top) == 0 &&
			       options->top > 0
			   ? NULL
			   : "--top: 1 to 200";
	case OPTION_MIN_WEIGHT:
		return text_uint(
			   word, LIMIT_SURVEY_WEIGHT, &options->min_weight) == 0
			   ? NULL
			   : "--min-weight: 0 to 1000000000";
	case OPTION_RETRY_WAIT:
		return text_uint(word, PACE_MAX, &options->retry_wait_s) == 0
			   ? NULL
			   : "--retry-wait: 0 to 1000000 seconds";
	case OPTION_DNS_RATE:
		options->dns_rate_given = true;
		return text_uint(word, PACE_MAX, &options->dns_rate) == 0
			   ? NULL
			   : "--dns-rate: 0 to 1000000 a second";
	case OPTION_FETCH_RATE:
		return text_uint(word, PACE_MAX, &options->fetch_rate) == 0
			   ? NULL
			   : "--fetch-rate: 0 to 1000000 a second";
	case OPTION_PROBE_RATE:
		return text_uint(word, PACE_MAX, &options->probe_rate) == 0
			   ? NULL
			   : "--probe-rate: 0 to 1000000 a second";
	case OPTION_PROBE_GAP:
		return text_uint(word, GAP_MAX_S, &options->probe_gap_s) == 0
			   ? NULL
			   : "--probe-gap: 0 to 3600 seconds";
	default:
		return text_uint(word, UINT32_MAX, &options->limit) == 0 &&
			       options->limit > 0
			   ? NULL
			   : "--limit: 1 to 4294967295 domains";
	}
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
		cli_list_add(&options->names, value);
		break;
	case OPTION_RUA:
		cli_list_add(&options->ruas, value);
		break;
	case OPTION_TXT:
		cli_list_add(&options->txts, value);
		break;
	case OPTION_LOG:
		cli_list_add(&options->logs, value);
		break;
	case OPTION_MAILLOG:
		cli_list_add(&options->maillogs, value);
		break;
	case OPTION_STANDARD:
		cli_list_add(&options->standards, value);
		break;
	}
}

/* Of those without a value the ones of fleets, surveys and advice. */
static bool
take_further_flag(int code, struct cli_options *options)
{
	switch (code) {
	case OPTION_ADD:
		options->add = true;
		break;
	case OPTION_CANNOT_SIGN:
		options->cannot_sign = true;
		break;
	case OPTION_FLEET:
		options->fleet = true;
		break;
	case OPTION_FORGET:
		options->forget = true;
		break;
	case OPTION_SENDING:
		options->sending = true;
		break;
	case OPTION_REGULATED:
		options->regulated = true;
		break;
	case OPTION_EXTRA:
		options->extra = true;
		break;
	case OPTION_NO_FETCH:
		options->no_fetch = true;
		break;
	case OPTION_JOURNAL:
		options->journal = true;
		break;
	case OPTION_QUEUE:
		options->queue = true;
		break;
	case OPTION_AGAIN:
		options->again = true;
		break;
	case OPTION_DRY_RUN:
		options->dry_run = true;
		break;
	default:
		return false;
	}
	return true;
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
		return take_further_flag(code, options);
	}
	return true;
}

static void
take_survey_value(int code, char *value, struct cli_options *options)
{
	switch (code) {
	case OPTION_DB:
		options->db = value;
		break;
	case OPTION_BASELINE:
		options->baseline = value;
		break;
	case OPTION_EXCLUDE:
		options->exclude = value;
		break;
	default:
		add_value(code, value, options);
		break;
	}
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
		take_survey_value(code, value, options);
		break;
	}
}

/* Of a survey: how much, how often, how long. */
static bool
is_pace(int code)
{
	static const int codes[] = {OPTION_RATE, OPTION_RETRY,
	    OPTION_RETRY_WAIT, OPTION_TOP, OPTION_MIN_WEIGHT, OPTION_LIMIT,
	    OPTION_DNS_RATE, OPTION_FETCH_RATE, OPTION_PROBE_GAP,
	    OPTION_PROBE_RATE};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (code == codes[i])
			return true;
	return false;
}

/* Returns NULL, or what is wrong with the value. */
const char *
cli_option_value(int code, char *value, struct cli_options *options)
{
	if (is_pace(code))
		return read_pace(code, value, options);
	switch (code) {
	case 'j':
		options->jobs_given = true;
		if (text_uint(value, JOBS_MAX, &options->jobs) != 0 ||
		    options->jobs == 0)
			return "--jobs: a number from 1 to 256, of a "
			       "survey to 2048";
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
