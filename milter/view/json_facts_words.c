/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_facts.h"

#define WORD_OF(words, number)                                            \
	((number) >= 0 &&                                                 \
		    (size_t)(number) < sizeof(words) / sizeof((words)[0]) \
		? (words)[number]                                         \
		: NULL)

const char *
facts_lookup_word(int state)
{
	return state >= LOOKUP_NOT_ASKED && state <= LOOKUP_TIMEOUT
		   ? lookup_state_text((enum lookup_state)state)
		   : NULL;
}

const char *
facts_probe_word(int outcome)
{
	return outcome >= PROBE_NOT_DONE && outcome <= PROBE_OWN
		   ? probe_outcome_text((enum probe_outcome)outcome)
		   : NULL;
}

const char *
facts_phase_word(int phase)
{
	static const char *const words[] = {
	    [PHASE_CONNECT] = "connect",
	    [PHASE_GREETING] = "greeting",
	    [PHASE_STARTTLS] = "starttls",
	    [PHASE_HANDSHAKE] = "handshake",
	    [PHASE_EHLO] = "ehlo",
	};

	return WORD_OF(words, phase);
}

const char *
facts_fetch_word(int fetch)
{
	static const char *const words[] = {
	    [POLICY_NOT_FETCHED] = "not-fetched",
	    [POLICY_FETCHED] = "fetched",
	    [POLICY_FETCH_ERROR] = "fetch-error",
	    [POLICY_WEBPKI_INVALID] = "webpki-invalid",
	    [POLICY_INVALID] = "invalid",
	};

	return WORD_OF(words, fetch);
}

const char *
facts_trouble_word(int trouble)
{
	static const char *const words[] = {
	    [TROUBLE_NONE] = "none",
	    [TROUBLE_NAME_INVALID] = "name-invalid",
	    [TROUBLE_LITERAL] = "literal",
	    [TROUBLE_DEADLINE] = "deadline",
	    [TROUBLE_QUEUE_FULL] = "queue-full",
	    [TROUBLE_NOT_VALIDATING] = "not-validating",
	    [TROUBLE_INTERNAL] = "internal",
	};

	return WORD_OF(words, trouble);
}

const char *
facts_insecure_mx_word(int insecure_mx)
{
	static const char *const words[] = {
	    [INSECURE_MX_DANE] = "dane",
	    [INSECURE_MX_ENCRYPT] = "encrypt",
	    [INSECURE_MX_MAY] = "may",
	    [INSECURE_MX_POLICY] = "policy",
	};

	return WORD_OF(words, insecure_mx);
}

const char *
facts_partial_dane_word(int partial_dane)
{
	static const char *const words[] = {
	    [PARTIAL_DANE_ONLY] = "dane-only",
	    [PARTIAL_DANE_SECURE] = "secure",
	    [PARTIAL_DANE_DANE] = "dane",
	};

	return WORD_OF(words, partial_dane);
}
