/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/requiretls.h"

#include <string.h>
#include <strings.h>

#include "milter/act/action.h"
#include "milter/act/tag.h"

/* RFC 5322 section 2.2.3, as an MTA may pass it on */
#define FOLDING_SPACE " \t\r\n"

/* Whether a field has this value and nothing else, in any case. */
static bool
field_says(const char *value, const char *word)
{
	size_t length = strlen(word);

	value += strspn(value, FOLDING_SPACE);
	if (strncasecmp(value, word, length) != 0)
		return false;
	value += length;
	return value[strspn(value, FOLDING_SPACE)] == '\0';
}

void
requiretls_read(struct requiretls *message, const char *name, const char *value,
    bool trusted)
{
	if (tag_is_field(name, "TLS-Required")) {
		message->fields++;
		/* RFC 8689 section 3 - there is no other value */
		message->says_no = field_says(value, "no");
	}
	if (trusted && tag_is_field(name, "Require-TLS-ESMTP") &&
	    field_says(value, "yes"))
		message->required = true;
}

/*
 * RFC 8689 section 4.1 - REQUIRETLS wins over the field; section 3 - the field
 * must not stand there twice: who breaks that is not known to want it.
 */
bool
requiretls_is_waived(const struct requiretls *message)
{
	return message->fields == 1 && message->says_no && !message->required;
}

/* An address literal: no DNS name that anybody could vouch for. */
static bool
is_literal(const struct verdict *verdict)
{
	return verdict->result == RESULT_SKIP &&
	       verdict->reason == REASON_NO_POLICY;
}

bool
requiretls_applies(const struct verdict *verdict)
{
	if (verdict->result == RESULT_SKIP)
		return is_literal(verdict);
	return !action_is_left_to_mta(verdict);
}

struct verdict *
requiretls_object(const struct verdict *verdict)
{
	struct verdict *objection = NULL;

	if (!requiretls_applies(verdict) || verdict->result == RESULT_TEMPERROR)
		return NULL;
	switch (
	    is_literal(verdict) ? REQUIRETLS_NO_AUTH : verdict->requiretls) {
	case REQUIRETLS_MET:
	case REQUIRETLS_UNPROBED: /* nothing is promised: see the manual */
		break;
	case REQUIRETLS_NOT_ASKED:
	case REQUIRETLS_UNKNOWN:
		objection = verdict_restate(
		    verdict, RESULT_TEMPERROR, REASON_REQUIRETLS_UNMET);
		break;
	case REQUIRETLS_NOT_OFFERED:
	case REQUIRETLS_NO_AUTH:
		objection = verdict_restate(
		    verdict, RESULT_FAIL, REASON_REQUIRETLS_UNMET);
		break;
	}
	return objection;
}

/* RFC 8461 section 5 - what a policy of MTA-STS refuses, or one that was not to
 * be had, may be well once it is looked at anew. */
static bool
may_heal(const struct verdict *verdict)
{
	return verdict->requiretls == REQUIRETLS_NO_AUTH &&
	       (verdict->sts == STS_STATE_FAIL ||
		   verdict->sts_reason == REASON_STS_POLICY_FETCH_ERROR);
}

enum action
requiretls_action(const struct verdict *verdict)
{
	if (!requiretls_applies(verdict))
		return ACTION_NONE;
	if (verdict->result == RESULT_TEMPERROR)
		return ACTION_DEFER;
	if (verdict->reason != REASON_REQUIRETLS_UNMET)
		return ACTION_NONE;
	return may_heal(verdict) ? ACTION_DEFER : ACTION_REJECT;
}
