/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/engine/errand.h"
#include "common/io/mailer.h"
#include "common/proto/gzip.h"
#include "common/proto/tlsrpt_message.h"
#include "milter/conf/settings_reports.h"
#include "milter/serve/own_mail.h"

enum { DELIVERY_MS = 60 * 1000 };

/* What is inside; NULL when it is no report. */
static struct tlsrpt_report *
unpack_report(const struct delivery_body *body)
{
	struct tlsrpt_report *report = NULL;
	struct gzip_inside inside;

	if (gzip_unpack(body->octets, body->size, LIMIT_TLSRPT_JSON, &inside) ==
	    GZIP_WHOLE)
		report = tlsrpt_report_load(inside.octets, inside.size, NULL);
	free(inside.octets);
	return report;
}

static void
end_delivery(
    struct delivery_end *end, enum delivery_outcome outcome, const char *why)
{
	end->outcome = outcome;
	text_copy(end->why, sizeof(end->why), why);
}

static char *
print_message(const struct settings *settings, const struct outbox_item *item,
    const struct tlsrpt_report *report, const struct delivery_body *body,
    size_t *length)
{
	const char *sender = settings_report_sender(settings);
	const char *contact = settings->tls_report_contact;
	struct tlsrpt_message message = {
	    .from = sender[0] == '\0' ? contact : sender,
	    .to = item->rua.target,
	    .submitter = strchr(contact, '@') + 1,
	    .domain = item->row.domain,
	    .id = item->name,
	    .organization = settings->tls_report_organization,
	    .contact = contact,
	    .date = clock_wall_s(),
	    .whole = settings->tls_report_socket != NULL &&
		     (settings->tls_report_sources & TLS_SOURCE_MTA) != 0,
	    .report = report,
	    .body = body->octets,
	    .size = body->size};

	return tlsrpt_message_print(&message, length);
}

static enum delivery_outcome
mailer_outcome_means(enum mailer_outcome outcome)
{
	switch (outcome) {
	case MAILER_LATER:
		return DELIVERY_LATER;
	case MAILER_REFUSED:
		return DELIVERY_REFUSED;
	case MAILER_TAKEN:
		break;
	}
	return DELIVERY_TAKEN;
}

static void
mail_report(const struct settings *settings, const struct outbox_item *item,
    const struct delivery_body *body, const atomic_bool *ended,
    struct delivery_end *end)
{
	struct tlsrpt_report *report = unpack_report(body);
	struct mailer mailer;
	struct mailer_mail mail = {.helo = settings->authserv_id,
	    .sender = settings_report_sender(settings),
	    .recipient = item->rua.target,
	    .deadline_ms = clock_mono_ms() + DELIVERY_MS,
	    .ended = ended};
	char *text;

	if (report == NULL ||
	    mailer_parse(settings->tls_report_mailer, &mailer) != NULL) {
		end_delivery(end, DELIVERY_REFUSED, "no report");
		tlsrpt_report_free(report);
		return;
	}
	text = print_message(settings, item, report, body, &mail.size);
	mail.octets = text;
	own_mail_add(item->rua.target, (int64_t)clock_wall_s());
	end->outcome =
	    mailer_outcome_means(mailer_send(&mailer, &mail, end->why));
	free(text);
	tlsrpt_report_free(report);
}

static enum delivery_outcome
errand_outcome_means(enum errand_outcome outcome)
{
	switch (outcome) {
	case ERRAND_LATER:
		return DELIVERY_LATER;
	case ERRAND_REFUSED:
		return DELIVERY_REFUSED;
	case ERRAND_TAKEN:
		break;
	}
	return DELIVERY_TAKEN;
}

static void
post_report(const struct settings *settings, struct engine *engine,
    const struct outbox_item *item, const struct delivery_body *body,
    const atomic_bool *ended, struct delivery_end *end)
{
	struct https_upload upload = {.octets = body->octets,
	    .size = body->size,
	    .type = "application/tlsrpt+gzip",
	    .agent = "Postern/" PACKAGE_VERSION,
	    .untrusted_too = settings->tls_report_verify == 0};
	struct errand_end errand;

	errand_post(engine, &item->rua, &upload, ended,
	    clock_mono_ms() + DELIVERY_MS, &errand);
	end_delivery(end, errand_outcome_means(errand.outcome), errand.why);
	end->untrusted = errand.untrusted;
	end->asked_s = errand.retry_after_s;
}

void
delivery_try(const struct settings *settings, struct engine *engine,
    const struct outbox_item *item, const struct delivery_body *body,
    const atomic_bool *ended, struct delivery_end *end)
{
	memset(end, 0, sizeof(*end));
	switch (item->rua.scheme) {
	case TLSRPT_MAILTO:
		mail_report(settings, item, body, ended, end);
		break;
	case TLSRPT_HTTPS:
		post_report(settings, engine, item, body, ended, end);
		break;
	}
}
