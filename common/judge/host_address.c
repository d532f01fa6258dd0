/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/host_address.h"

#include "common/base/text.h"
#include "common/judge/findings.h"
#include "common/judge/reasons.h"
#include "common/judge/requiretls.h"

/* An outcome and the reason for it. */
struct ruling {
	enum host_outcome outcome;
	enum reason reason;
};

/* What was seen at the address. */
struct seen {
	const struct probe_facts *probe;
	enum session session;
	enum reason reason;           /* why the session is not open */
	const struct findings *found; /* NULL: no certificate was to come */
};

/* What is called TLS without a certificate is found to be wrong. */
static bool
is_tls(enum session session)
{
	return session == SESSION_UNSUPPORTED || session == SESSION_SHUT ||
	       session == SESSION_OPEN;
}

static struct seen
see_address(const struct host_case *c, const struct address_facts *address)
{
	static const struct probe_facts none = {.outcome = PROBE_NOT_DONE};
	const struct probe_facts *probe =
	    address->probe == NULL ? &none : address->probe;
	enum session session = probe_session(probe);
	bool has_chain = probe->cert_count > 0 || is_tls(session);

	return (struct seen){.probe = probe,
	    .session = session,
	    .reason = probe_reason(probe),
	    .found = has_chain ? findings_of(c, probe) : NULL};
}

/* --- one outcome per source --- */

/* What DANE, or else MTA-STS or the admin's level, finds wrong; OK if nothing.
 * Without TLS that is the lack of it. */
static enum reason
fault_of_seen(const struct host_case *c, const struct seen *seen)
{
	if (case_is_forbidden(c))
		return REASON_STS_MX_MISMATCH;
	if (seen->session == SESSION_PLAIN)
		return case_demands_tls(c) ? seen->reason : REASON_OK;
	if (seen->found == NULL)
		return REASON_OK;
	if (c->dane == DEMAND_VERIFY)
		return seen->found->dane;
	return case_enforces_webpki(c) ? seen->found->webpki : REASON_OK;
}

/* MTA-STS alone, as if there were no DANE; OK where nothing is seen wrong. */
static enum reason
sts_fault(const struct host_case *c, const struct seen *seen)
{
	enum reason reason = REASON_OK;

	if (c->sts == NULL)
		return REASON_OK;
	if (!c->sts_named)
		return REASON_STS_MX_MISMATCH;
	if (seen->session == SESSION_PLAIN)
		return seen->reason;
	if (seen->found != NULL)
		reason = seen->found->webpki;
	/* our lack is not the destination's fault */
	return reason == REASON_TOO_COSTLY || reason == REASON_TLS_UNSUPPORTED
		   ? REASON_OK
		   : reason;
}

static enum sts_state
sts_state_of(
    const struct host_case *c, const struct seen *seen, enum reason fault)
{
	if (fault != REASON_OK)
		return c->sts->mode == STS_MODE_ENFORCE
			   ? STS_STATE_FAIL
			   : STS_STATE_TESTING_FAIL;
	return c->sts != NULL && seen->session == SESSION_OPEN &&
		       seen->found->webpki == REASON_OK
		   ? STS_STATE_PASS
		   : STS_STATE_NONE;
}

/* --- the choice --- */

/* Before any probe: what would be decided if TLS showed nothing wrong. */
static struct ruling
rule_unprobed(const struct host_case *c)
{
	bool open =
	    !case_demands_tls(c) && c->dane == DEMAND_NONE && c->sts == NULL;

	return (struct ruling){
	    HOST_NO_POLICY, open ? REASON_NO_POLICY : REASON_NOT_PROBED};
}

/* TLS, or the lack of it, is as it must be where nobody is authenticated. */
static struct ruling
rule_unauthenticated(const struct host_case *c)
{
	if (c->dane == DEMAND_ENCRYPT)
		return (struct ruling){
		    HOST_ENCRYPT_ONLY, tlsa_set_usable(&c->host->records) == 0
					   ? REASON_TLSA_UNUSABLE
					   : REASON_INSECURE_MX};
	if (c->demand.encrypt)
		return (struct ruling){HOST_ENCRYPT_ONLY, REASON_OK};
	return (struct ruling){HOST_NO_POLICY, REASON_NO_POLICY};
}

/* Nothing is wrong, and the MTA gets on to send the mail. */
static struct ruling
rule_kept(const struct host_case *c, const struct seen *seen)
{
	if (c->dane == DEMAND_VERIFY && c->half)
		return (struct ruling){HOST_HALF_DANE, REASON_INSECURE_MX};
	if (c->dane == DEMAND_VERIFY)
		return (struct ruling){HOST_SECURE_DANE, REASON_OK};
	if ((c->demand.level == LEVEL_SECURE || c->sts_named) &&
	    seen->found->webpki == REASON_OK)
		return (struct ruling){HOST_STS_OK, REASON_OK};
	return rule_unauthenticated(c);
}

/*
 * The host lets nobody in.  Where TLS is no must smtp(8) comes back in the
 * clear if the connection was lost, and goes on to the next host if it got a
 * no.
 */
static struct ruling
rule_shut(const struct host_case *c, const struct seen *seen)
{
	if (!case_demands_tls(c) && !seen->probe->tls_answered)
		return (struct ruling){HOST_NO_POLICY, REASON_NO_POLICY};
	return (struct ruling){HOST_SKIP, seen->reason};
}

static struct ruling
rule_unsupported(const struct host_case *c)
{
	if (!case_demands_tls(c))
		return rule_unauthenticated(c);
	return (struct ruling){HOST_ENCRYPT_ONLY, REASON_TLS_UNSUPPORTED};
}

static struct ruling
rule_address(const struct host_case *c, const struct seen *seen)
{
	enum reason fault = fault_of_seen(c, seen);

	/* our lack: it is not known whether anything is wrong */
	if (fault == REASON_TOO_COSTLY || fault == REASON_TLS_UNSUPPORTED)
		return (struct ruling){HOST_SKIP, fault};
	if (fault != REASON_OK)
		return (struct ruling){HOST_FAIL, fault};
	switch (seen->session) {
	case SESSION_UNKNOWN:
		return rule_unprobed(c);
	case SESSION_NOBODY:
		return (struct ruling){HOST_SKIP, seen->reason};
	case SESSION_SHUT:
		return rule_shut(c, seen);
	case SESSION_UNSUPPORTED:
		return rule_unsupported(c);
	case SESSION_PLAIN:
		return rule_unauthenticated(c);
	case SESSION_OPEN:
		return rule_kept(c, seen);
	}
	return (struct ruling){HOST_SKIP, REASON_INTERNAL_ERROR};
}

/* What the certificate shows that is told to be wrong, else what the host, or
 * our system, said. */
static const char *
detail_of(const struct host_case *c, const struct seen *seen,
    const struct ruling *ruling, enum reason sts_reason)
{
	const struct findings *found = seen->found;

	if (ruling->reason == REASON_STS_MX_MISMATCH)
		return "";
	if (found == NULL || seen->session == SESSION_PLAIN)
		return seen->probe->detail;
	if (ruling->outcome == HOST_FAIL)
		return c->dane == DEMAND_VERIFY ? found->dane_detail
						: found->webpki_detail;
	return sts_reason != REASON_OK ? found->webpki_detail
				       : seen->probe->detail;
}

static bool
is_verified(const struct host_case *c, const struct seen *seen,
    const struct ruling *ruling)
{
	bool shaken =
	    seen->session == SESSION_SHUT || seen->session == SESSION_OPEN;

	return ruling->outcome == HOST_STS_OK ||
	       (shaken && c->dane == DEMAND_VERIFY &&
		   seen->found->dane == REASON_OK);
}

static struct address_verdict
judge_tried(const struct host_case *c, const struct address_facts *address)
{
	struct seen seen = see_address(c, address);
	struct ruling ruling = rule_address(c, &seen);
	enum reason sts_reason = sts_fault(c, &seen);
	struct address_verdict verdict = {.outcome = ruling.outcome,
	    .reason = ruling.reason,
	    .verified = is_verified(c, &seen, &ruling),
	    .matched = seen.found == NULL ? -1 : seen.found->matched,
	    .sts = sts_state_of(c, &seen, sts_reason),
	    .sts_reason = sts_reason};

	verdict.requiretls =
	    requiretls_of_address(c, seen.found, seen.probe, &verdict);
	text_copy(verdict.detail, sizeof(verdict.detail),
	    detail_of(c, &seen, &ruling, sts_reason));
	return verdict;
}

struct address_verdict
host_address_judge(
    const struct host_case *c, const struct address_facts *address)
{
	static const struct address_verdict untried = {.outcome = HOST_SKIP,
	    .reason = REASON_NOT_TRIED,
	    .matched = -1,
	    .sts = STS_STATE_NONE,
	    .sts_reason = REASON_OK,
	    .requiretls = REQUIRETLS_NO_AUTH};

	return address->untried ? untried : judge_tried(c, address);
}
