/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base64.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum {
	HEAD_SIZE = 16 * 1024, /* more than all but the attachment takes */
	COLUMNS = 76,          /* RFC 2045 section 6.8 */
	SHORT_HASH = 32,       /* hex digits that tell messages apart */
	UNIQUE_SIZE = 16,
};

/* --- names --- */

/* Of the id "20261128.1f0c22ab.d.ex@example.org" what tells reports of a day to
 * a domain apart. */
static void
file_unique(const char *id, char out[UNIQUE_SIZE])
{
	const char *dot = strchr(id, '.');
	const char *from = dot == NULL ? "" : dot + 1;

	snprintf(out, UNIQUE_SIZE, "%.*s", (int)strcspn(from, "."), from);
}

void
tlsrpt_message_file(
    const struct tlsrpt_message *mail, char out[TLSRPT_FILE_SIZE])
{
	char unique[UNIQUE_SIZE];

	file_unique(mail->id, unique);
	snprintf(out, TLSRPT_FILE_SIZE, "%s!%s!%jd!%jd!%s.json.gz",
	    mail->submitter, mail->domain, (intmax_t)mail->report->begin,
	    (intmax_t)mail->report->end, unique);
}

/* The same at every try, and another for each recipient. */
static void
message_hash(const struct tlsrpt_message *mail, char out[TLSRPT_DIGEST_SIZE])
{
	char *both = xmalloc(strlen(mail->id) + strlen(mail->to) + sizeof(" "));
	char *end = stpcpy(both, mail->id);

	stpcpy(stpcpy(end, " "), mail->to);
	tlsrpt_digest(both, strlen(both), out);
	out[SHORT_HASH] = '\0';
	free(both);
}

/* --- the header --- */

/* RFC 5322 section 3.3, whatever the locale */
static void
add_date(struct text *text, time_t date)
{
	static const char days[7][4] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm;

	if (gmtime_r(&date, &tm) == NULL)
		return;
	text_addf(text, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
add_header(
    struct text *text, const struct tlsrpt_message *mail, const char *boundary)
{
	text_addf(text, "From: %s\r\nTo: %s\r\n", mail->from, mail->to);
	add_date(text, mail->date);
	text_addf(text, "Message-ID: <%s@%s>\r\n", boundary, mail->submitter);
	text_addf(text,
	    "Subject: Report Domain: %s\r\n Submitter: %s\r\n Report-ID: "
	    "<%s>\r\n",
	    mail->domain, mail->submitter, mail->id);
	text_addf(text, "TLS-Report-Domain: %s\r\n", mail->domain);
	text_addf(text, "TLS-Report-Submitter: %s\r\n", mail->submitter);
	/* RFC 8460 section 3: reports go out whatever TLS says; RFC 8689 */
	text_add(text, "TLS-Required: No\r\n"
		       "Auto-Submitted: auto-generated\r\n"
		       "MIME-Version: 1.0\r\n");
	text_addf(text,
	    "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n"
	    " boundary=\"%s\"\r\n\r\n",
	    boundary);
}

/* --- for people --- */

struct sums {
	uint64_t ok, failed;
	uint64_t results[TLSRPT_RESULTS];
};

static void
add_policy_sums(struct sums *sums, const struct tlsrpt_policy *policy)
{
	sums->ok = tlsrpt_count_add(sums->ok, policy->succeeded);
	sums->failed = tlsrpt_count_add(sums->failed, policy->failed);
	for (size_t i = 0; i < policy->detail_count; i++) {
		const struct tlsrpt_failure *detail = &policy->details[i];

		sums->results[detail->result] = tlsrpt_count_add(
		    sums->results[detail->result], detail->count);
	}
}

static void
add_sums(struct text *text, const struct tlsrpt_report *report)
{
	struct sums sums = {.ok = 0};

	for (size_t i = 0; i < report->policy_count; i++)
		add_policy_sums(&sums, &report->policies[i]);
	text_addf(text,
	    "\r\n%" PRIu64 " sessions succeeded, %" PRIu64 " failed.\r\n",
	    sums.ok, sums.failed);
	for (size_t i = 0; i < TLSRPT_RESULTS; i++)
		if (sums.results[i] > 0)
			text_addf(text, "%8" PRIu64 " %s\r\n", sums.results[i],
			    tlsrpt_result_text((enum tlsrpt_result)i));
}

static void
add_words(
    struct text *text, const struct tlsrpt_message *mail, const char *boundary)
{
	char begin[CLOCK_PRINT_SIZE], end[CLOCK_PRINT_SIZE];

	clock_print(mail->report->begin, begin);
	clock_print(mail->report->end, end);
	text_addf(text,
	    "--%s\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n",
	    boundary);
	if (mail->sample)
		text_add(
		    text, "THIS IS A SAMPLE, of no session at all.\r\n\r\n");
	text_addf(
	    text, "A report on TLS (RFC 8460) from %s\r\n", mail->organization);
	text_addf(text,
	    "about mail to  %s\r\nfrom           %s\r\nto             %s\r\n",
	    mail->domain, begin, end);
	add_sums(text, mail->report);
	text_add(text, mail->whole ? "\r\nSessions are counted as the sending "
				     "mail server tells of "
				     "them.\r\n"
				   : "\r\nFailures alone are counted: the "
				     "sending mail server does "
				     "not tell of\r\nits sessions.\r\n");
	text_addf(text,
	    "It is about nobody's messages. Details are attached, as JSON.\r\n"
	    "Questions: %s\r\n",
	    mail->contact);
}

/* --- the report --- */

static void
add_attachment_head(
    struct text *text, const struct tlsrpt_message *mail, const char *boundary)
{
	char name[TLSRPT_FILE_SIZE];

	tlsrpt_message_file(mail, name);
	text_addf(text,
	    "--%s\r\nContent-Type: application/tlsrpt+gzip;\r\n "
	    "name=\"%s\"\r\n",
	    boundary, name);
	text_add(text, "Content-Transfer-Encoding: base64\r\n");
	text_addf(text,
	    "Content-Disposition: attachment;\r\n filename=\"%s\"\r\n\r\n",
	    name);
}

/* Lines of base64, at to; returns where they end. */
static char *
put_lines(char *to, const char *digits)
{
	size_t left = strlen(digits);

	while (left > 0) {
		size_t n = left < COLUMNS ? left : COLUMNS;

		memcpy(to, digits, n);
		to = stpcpy(to + n, "\r\n");
		digits += n;
		left -= n;
	}
	return to;
}

char *
tlsrpt_message_print(const struct tlsrpt_message *mail, size_t *length)
{
	char hash[TLSRPT_DIGEST_SIZE];
	char *digits = base64_encode(mail->body, mail->size);
	size_t room = strlen(digits) + 2 * (strlen(digits) / COLUMNS + 1);
	char *out = xmalloc(HEAD_SIZE + room + HEAD_SIZE);
	char *end;
	struct text text;

	message_hash(mail, hash);
	text_init(&text, out, HEAD_SIZE);
	add_header(&text, mail, hash);
	add_words(&text, mail, hash);
	add_attachment_head(&text, mail, hash);
	end = put_lines(out + text.len, digits);
	end += snprintf(end, HEAD_SIZE, "--%s--\r\n", hash);
	free(digits);
	*length = (size_t)(end - out);
	return out;
}
