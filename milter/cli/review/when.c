/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.  A log has many lines of one minute, and to read a date takes
 * long: the minute of the last line is kept, as it was written and as the time
 * that it is, and a line of the same minute adds its seconds to that.
 */
#include <ctype.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/review/review.h"

enum { TOMORROW_S = CLOCK_DAY_S, DATE_YEAR = 10000, DATE_MONTH = 100 };

/* The seconds stand behind the second ":"; 0: there are none. */
static size_t
seconds_at(const char *when)
{
	const char *colon = strchr(when, ':');

	colon = colon == NULL ? NULL : strchr(colon + 1, ':');
	return colon == NULL || !isdigit((unsigned char)colon[1]) ||
		       !isdigit((unsigned char)colon[2])
		   ? 0
		   : (size_t)(colon + 1 - when);
}

static int
date_of(time_t at)
{
	struct tm tm;

	if (localtime_r(&at, &tm) == NULL)
		return 0;
	return (tm.tm_year + 1900) * DATE_YEAR + (tm.tm_mon + 1) * DATE_MONTH +
	       tm.tm_mday;
}

/* What stands behind the seconds may be a zone, so it counts as well. */
static bool
is_same_minute(const struct review *review, const char *when, size_t seconds)
{
	const char *zone = when + seconds + 2, *kept;

	if (review->minute_at == 0 ||
	    strncmp(when, review->minute, seconds) != 0)
		return false;
	kept = review->minute + seconds + 2;
	zone += strspn(zone, ".,0123456789");
	kept += strspn(kept, ".,0123456789");
	return strcmp(zone, kept) == 0;
}

static time_t
two_digits(const char *at)
{
	return (time_t)(at[0] - '0') * 10 + (at[1] - '0');
}

time_t
review_time_of(struct review *review, const char *when)
{
	size_t seconds = seconds_at(when);
	time_t at;

	if (seconds == 0)
		return 0;
	if (!is_same_minute(review, when, seconds)) {
		if (!logline_time(when, review->options.now, &at) ||
		    at > review->options.now + TOMORROW_S)
			return 0;
		text_copy(review->minute, sizeof(review->minute), when);
		review->minute_at = at - two_digits(when + seconds);
		review->minute_date = date_of(at);
	}
	return review->minute_at + two_digits(when + seconds);
}

bool
review_is_within(const struct review *review, time_t at)
{
	const struct review_options *options = &review->options;

	if (at == 0)
		return options->since == 0 && options->until == 0;
	return (options->since == 0 || at >= options->since) &&
	       (options->until == 0 || at < options->until);
}

bool
review_is_in_range(struct review *review, time_t at)
{
	bool within = review_is_within(review, at);

	if (at == 0) {
		review->untimed++;
		return within;
	}
	if (!within) {
		review->outside++;
		return false;
	}
	if (review->first == 0 || at < review->first)
		review->first = at;
	if (at > review->last)
		review->last = at;
	return true;
}

static struct review_day *
insert_day(struct review *review, size_t place, int date)
{
	if (review->day_count == LIMIT_REVIEW_DAYS)
		return NULL;
	review->days = xrealloc(
	    review->days, review->day_count + 1, sizeof(*review->days));
	memmove(&review->days[place + 1], &review->days[place],
	    (review->day_count - place) * sizeof(*review->days));
	review->day_count++;
	review->days[place] = (struct review_day){.date = date};
	return &review->days[place];
}

/* Mostly the last one; a clock that goes back has it further before. */
struct review_day *
review_day_of(struct review *review, int date)
{
	size_t place = review->day_count;

	while (place > 0 && review->days[place - 1].date > date)
		place--;
	if (place > 0 && review->days[place - 1].date == date)
		return &review->days[place - 1];
	return insert_day(review, place, date);
}
