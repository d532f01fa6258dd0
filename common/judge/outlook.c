/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/outlook.h"

#include "common/judge/judge.h"

/* How long a verdict may be kept does not count here. */
enum { OUTLOOK_TTL_S = 3600 };

static const struct {
	const char *word;
	enum level level;
	bool no_dane;
} senders[OUTLOOK_SENDERS] = {
    [OUTLOOK_MAY] = {"may", LEVEL_MAY, false},
    [OUTLOOK_ENCRYPT] = {"encrypt", LEVEL_ENCRYPT, false},
    [OUTLOOK_DANE] = {"dane", LEVEL_DANE, false},
    [OUTLOOK_STS] = {"sts", LEVEL_AUTO, true},
    [OUTLOOK_AUTO] = {"auto", LEVEL_AUTO, false},
    [OUTLOOK_DANE_ONLY] = {"dane-only", LEVEL_DANE_ONLY, false},
    [OUTLOOK_SECURE] = {"secure", LEVEL_SECURE, false},
};

struct verdict *
outlook_judge(const struct facts *facts, enum outlook_sender sender,
    const struct x509_store *store, time_t now)
{
	AUTO(rule) struct rule *rule = rule_new();
	struct judge_terms terms = {.level = senders[sender].level,
	    .insecure_mx = INSECURE_MX_DANE,
	    .store = store,
	    .verdict_ttl_s = OUTLOOK_TTL_S,
	    .fail_ttl_s = OUTLOOK_TTL_S,
	    .temperror_ttl_s = OUTLOOK_TTL_S};

	/* a new rule is of level auto */
	rule->no_dane = senders[sender].no_dane;
	if (rule->no_dane)
		terms.rule = rule;
	return judge(facts, &terms, now);
}

/* Depth dns cannot tell whether what is demanded is kept. */
static bool
demands_tls(const struct verdict *verdict)
{
	return verdict->level != LEVEL_MAY && verdict->level != LEVEL_NONE;
}

enum outlook_end
outlook_end_of(const struct verdict *verdict)
{
	if (reason_is_nowhere(verdict->reason))
		return OUTLOOK_BOUNCED;
	switch (verdict->reason) {
	case REASON_NAME_INVALID:
		return OUTLOOK_UNKNOWN;
	case REASON_NOT_PROBED:
		return demands_tls(verdict) ? OUTLOOK_UNKNOWN
					    : OUTLOOK_DELIVERED;
	default:
		break;
	}
	switch (verdict->result) {
	case RESULT_PASS:
	case RESULT_NONE:
	case RESULT_SOFTFAIL:
		return OUTLOOK_DELIVERED;
	case RESULT_FAIL:
		return OUTLOOK_QUEUED;
	case RESULT_TEMPERROR:
		return verdict->reason == REASON_DNSSEC_INVALID ||
			       verdict->reason == REASON_DNS_SERVFAIL ||
			       verdict->reason == REASON_DNS_TIMEOUT
			   ? OUTLOOK_LOOKUP
			   : OUTLOOK_UNKNOWN;
	case RESULT_SKIP:
		break;
	}
	return OUTLOOK_UNKNOWN;
}

const char *
outlook_sender_text(enum outlook_sender sender)
{
	return senders[sender].word;
}

const char *
outlook_end_text(enum outlook_end end)
{
	static const char *const words[] = {
	    [OUTLOOK_UNKNOWN] = "u",
	    [OUTLOOK_QUEUED] = "q",
	    [OUTLOOK_LOOKUP] = "t",
	    [OUTLOOK_BOUNCED] = "b",
	    [OUTLOOK_DELIVERED] = "d",
	};

	return words[end];
}
