/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/reply.h"

#include <stdio.h>

#include "common/base/text.h"

#define PRECHECK "outbound TLS precheck"
#define TOO_MANY "too many fields of this name"

static bool
is_dns_trouble(enum reason reason)
{
	return reason == REASON_DNS_SERVFAIL || reason == REASON_DNS_TIMEOUT ||
	       reason == REASON_DNSSEC_INVALID;
}

static const char *
name_or_unnamed(const char *domain)
{
	return domain != NULL && domain[0] != '\0' ? domain : REPLY_UNNAMED;
}

/* RFC 8689 section 4.2.1 and 7 */
static const char *
rejected_status(const struct verdict *verdict)
{
	if (verdict->reason != REASON_REQUIRETLS_UNMET)
		return "5.7.5";
	return verdict->requiretls == REQUIRETLS_NOT_OFFERED ? "5.7.30"
							     : "5.7.10";
}

void
reply_write(struct reply *reply, enum action action, const char *domain,
    const struct verdict *verdict, bool required)
{
	const char *code = "451";
	const char *status = "4.7.5";

	if (action == ACTION_REJECT) {
		code = "550";
		status = rejected_status(verdict);
	} else if (is_dns_trouble(verdict->reason) && !required) {
		code = "450";
		status = "4.4.3";
	}
	text_copy(reply->code, sizeof(reply->code), code);
	text_copy(reply->status, sizeof(reply->status), status);
	snprintf(reply->text, sizeof(reply->text), "%s: %s (" PRECHECK ")",
	    name_or_unnamed(domain), reason_text(verdict->reason));
}

void
reply_hold(char out[REPLY_HOLD_SIZE], const char *domain,
    const struct verdict *verdict)
{
	snprintf(out, REPLY_HOLD_SIZE, PRECHECK ": %s: %s",
	    name_or_unnamed(domain), reason_text(verdict->reason));
}

void
reply_write_forged(struct reply *reply, const char *header_name)
{
	text_copy(reply->code, sizeof(reply->code), "550");
	text_copy(reply->status, sizeof(reply->status), "5.7.1");
	snprintf(reply->text, sizeof(reply->text),
	    "%s: " TOO_MANY " (" PRECHECK ")", header_name);
}

void
reply_hold_forged(char out[REPLY_HOLD_SIZE], const char *header_name)
{
	snprintf(out, REPLY_HOLD_SIZE, PRECHECK ": %s: " TOO_MANY, header_name);
}
