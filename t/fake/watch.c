/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/watch.h"

#include <stdio.h>
#include <string.h>

#include "milter/serve/service.h"
#include "milter/tlsrpt/collect.h"

char fake_counted[1024];
static struct service_watch fake_watch;

void
fake_watch_clear(void)
{
	memset(&fake_watch, 0, sizeof(fake_watch));
	fake_counted[0] = '\0';
}

void
service_watch(const struct service_watch *watch)
{
	fake_watch = *watch;
}

void
collect_count(enum tlsrpt_source source, const struct tlsrpt_session *session)
{
	static const char *const words[] = {"mta", "refused", "policy"};
	const struct tlsrpt_outcome *outcome = &session->outcomes[0];
	size_t length = strlen(fake_counted);

	snprintf(fake_counted + length, sizeof(fake_counted) - length,
	    "%s %s %s %zu %s %s %s\n", words[source], session->domain,
	    tlsrpt_policy_type_text(outcome->type), outcome->strings.count,
	    tlsrpt_result_text(outcome->details[0].result),
	    outcome->details[0].reason, outcome->failed ? "F" : "-");
}

void
fake_watch_look(const struct facts *facts, const struct check *check)
{
	fake_watch.looked(facts, check);
}

bool
fake_watch_fail(const char *domain, const struct policy_facts *failed,
    const struct sts_policy *kept)
{
	if (fake_watch.fetch_failed == NULL)
		return false;
	fake_watch.fetch_failed(domain, failed, kept);
	return true;
}

bool
fake_watch_keeps_refusals(void)
{
	return fake_watch.keep_refusals;
}
