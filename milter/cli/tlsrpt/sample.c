/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/sample.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/engine/errand.h"
#include "common/io/mailer.h"
#include "common/proto/gzip.h"
#include "common/proto/tlsrpt_message.h"
#include "milter/conf/settings_reports.h"

enum { SAMPLE_MS = 60 * 1000, MAX_SAMPLE_DOMAIN = 200 };

/* Of this second: who tries twice sends two messages, not one again. */
static void
print_sample_id(const char *domain, const char *submitter, time_t now,
    char out[LIMIT_TLSRPT_ID])
{
	char at[CLOCK_PRINT_SIZE];

	clock_print(now, at);
	snprintf(out, LIMIT_TLSRPT_ID,
	    "%.4s%.2s%.2s.sample-%.2s%.2s%.2s.%.*s@%.*s", at, at + 5, at + 8,
	    at + 11, at + 14, at + 17, MAX_SAMPLE_DOMAIN, domain, LIMIT_DOMAIN,
	    submitter);
}

/* The day that is over last, without a session. */
static char *
pack_sample(struct tlsrpt_report *report, const char *domain, size_t *size)
{
	static char word[] = "no-policy-found";
	char *name = strdup(domain), *text, *packed;
	struct tlsrpt_policy policy = {
	    .type = TLSRPT_POLICY_NONE, .word = word, .domain = name};
	json_t *json;

	report->policies = &policy;
	report->policy_count = 1;
	json = tlsrpt_report_json(report);
	text = json_dumps(json, JSON_COMPACT);
	packed = gzip_pack(text, strlen(text), size);
	report->policies = NULL;
	report->policy_count = 0;
	json_decref(json);
	free(text);
	free(name);
	return packed;
}

static void
mail_sample(const struct settings *settings, struct tlsrpt_message *message,
    struct sample_end *end)
{
	const char *sender = settings_report_sender(settings);
	struct mailer mailer;
	struct mailer_mail mail = {.helo = settings->authserv_id,
	    .sender = sender,
	    .recipient = message->to,
	    .deadline_ms = clock_mono_ms() + SAMPLE_MS};
	const char *wrong = mailer_parse(settings->tls_report_mailer, &mailer);
	char *text;

	if (wrong != NULL) {
		text_copy(end->why, sizeof(end->why), wrong);
		return;
	}
	message->from = sender[0] == '\0' ? message->contact : sender;
	text = tlsrpt_message_print(message, &mail.size);
	mail.octets = text;
	end->taken = mailer_send(&mailer, &mail, end->why) == MAILER_TAKEN;
	free(text);
}

static void
post_sample(struct cli_engine *cli, const struct tlsrpt_rua *rua,
    const struct tlsrpt_message *message, struct sample_end *end)
{
	struct https_upload upload = {.octets = message->body,
	    .size = message->size,
	    .type = "application/tlsrpt+gzip",
	    .agent = "Postern/" PACKAGE_VERSION,
	    .untrusted_too = cli->settings->tls_report_verify == 0};
	struct errand_end errand;

	errand_post(cli->engine, rua, &upload, NULL,
	    clock_mono_ms() + SAMPLE_MS, &errand);
	end->taken = errand.outcome == ERRAND_TAKEN;
	end->untrusted = errand.untrusted;
	text_copy(end->why, sizeof(end->why), errand.why);
}

void
sample_send(struct cli_engine *cli, const char *domain,
    const struct tlsrpt_rua *rua, struct sample_end *end)
{
	const struct settings *settings = cli->settings;
	time_t now = clock_wall_s(), today = now - now % CLOCK_DAY_S;
	struct tlsrpt_report report = {
	    .organization = settings->tls_report_organization,
	    .contact = settings->tls_report_contact,
	    .id = end->id,
	    .begin = today - CLOCK_DAY_S,
	    .end = today - 1};
	struct tlsrpt_message message = {.to = rua->target,
	    .submitter = strchr(settings->tls_report_contact, '@') + 1,
	    .domain = domain,
	    .id = end->id,
	    .organization = settings->tls_report_organization,
	    .contact = settings->tls_report_contact,
	    .date = now,
	    .sample = true,
	    .report = &report};
	char *body;

	memset(end, 0, sizeof(*end));
	print_sample_id(domain, message.submitter, now, end->id);
	body = pack_sample(&report, domain, &message.size);
	message.body = body;
	switch (rua->scheme) {
	case TLSRPT_MAILTO:
		mail_sample(settings, &message, end);
		break;
	case TLSRPT_HTTPS:
		post_sample(cli, rua, &message, end);
		break;
	}
	free(body);
}
