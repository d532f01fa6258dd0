/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/trace.h"

#include <string.h>

#include "common/base/text.h"
#include "common/judge/reasons.h"
#include "milter/conf/settings_list.h"
#include "milter/serve/report.h"

/*
 * How it works: a check that ended is told by whoever made it, while its facts
 * are still there.  One line tells of one step, in the order in which a check
 * takes them: MX, MTA-STS record, policy, then for each host its lookups and
 * each connection to it, then the verdict.  A verdict from memory took no step
 * and has no lines.
 */

/* A line that is being written. */
struct trace_line {
	const char *domain;
	trace_put *put;
	void *arg;
	struct text text;
	char octets[REPORT_SIZE];
};

static void
begin_trace(struct trace_line *line, const char *step)
{
	text_init(&line->text, line->octets, sizeof(line->octets));
	text_add(&line->text, "-: event=step");
	report_add(&line->text, "domain", line->domain);
	report_add(&line->text, "step", step);
}

static void
end_trace(struct trace_line *line, const char *detail)
{
	report_add_detail(&line->text, detail);
	line->put(line->arg, line->octets);
}

static void
add_lookup(
    struct trace_line *line, const char *key, const struct lookup *lookup)
{
	bool has_answer = lookup->state == LOOKUP_DATA || lookup_denied(lookup);

	text_addf(&line->text, " %s=%s", key, lookup_state_text(lookup->state));
	if (has_answer)
		text_addf(&line->text, ",%s,%u",
		    lookup->secure ? "secure" : "insecure", lookup->ttl_s);
}

static void
trace_mx(struct trace_line *line, const struct facts *facts)
{
	char hop[NEXTHOP_TEXT_SIZE];

	nexthop_print(&facts->next_hop, hop);
	begin_trace(line, "mx");
	report_add(&line->text, "next", hop);
	add_lookup(line, "mx", &facts->mx);
	text_addf(&line->text, " hosts=%zu", facts->host_count);
	if (facts->null_mx)
		text_add(&line->text, " null=yes");
	end_trace(line, facts->detail);
}

static const char *
record_word(const struct sts_facts *sts)
{
	switch (sts->record.outcome) {
	case STS_RECORD_ABSENT:
		return "absent";
	case STS_RECORD_MANY:
		return "many";
	case STS_RECORD_INVALID:
		return "invalid";
	case STS_RECORD_VALID:
		break;
	}
	return "valid";
}

static void
trace_record(struct trace_line *line, const struct sts_facts *sts)
{
	begin_trace(line, "sts-record");
	add_lookup(line, "txt", &sts->txt);
	text_addf(&line->text, " record=%s", record_word(sts));
	if (sts->record.outcome == STS_RECORD_VALID)
		report_add(&line->text, "id", sts->record.id);
	end_trace(line, sts->record.why);
}

static void
trace_policy(struct trace_line *line, const struct sts_facts *sts)
{
	const struct policy_facts *got = sts->policy;

	if (got == NULL)
		return;
	begin_trace(line, "sts-policy");
	text_addf(&line->text, " source=%s reason=%s",
	    sts->cached ? "cached" : "fetched",
	    reason_text(policy_fetch_reason(got->fetch)));
	if (got->policy != NULL)
		text_addf(&line->text, " mode=%s maxage=%u mx=%zu",
		    sts_mode_text(got->policy->mode), got->policy->max_age_s,
		    got->policy->mx_count);
	if (sts->cached && sts->failed != POLICY_NOT_FETCHED)
		text_addf(&line->text, " newer=%s",
		    reason_text(policy_fetch_reason(sts->failed)));
	end_trace(line, got->detail);
}

static void
trace_host(struct trace_line *line, const struct host_facts *host)
{
	begin_trace(line, "host");
	report_add(&line->text, "mx", host->name);
	add_lookup(line, "a", &host->a);
	add_lookup(line, "aaaa", &host->aaaa);
	if (host->cname.state != LOOKUP_NOT_ASKED)
		add_lookup(line, "cname", &host->cname);
	add_lookup(line, "tlsa", &host->tlsa);
	if (host->base_domain[0] != '\0')
		report_add(&line->text, "base", host->base_domain);
	text_addf(&line->text, " records=%zu addresses=%zu",
	    host->records.count, host->address_count);
	end_trace(line, host->detail);
}

static void
trace_probe(struct trace_line *line, const struct host_facts *host,
    const struct address_facts *address)
{
	const struct probe_facts *probe = address->probe;

	begin_trace(line, "probe");
	report_add(&line->text, "mx", host->name);
	report_add(&line->text, "addr", address->text);
	if (host->sni[0] != '\0')
		report_add(&line->text, "sni", host->sni);
	text_addf(&line->text, " outcome=%s cache=%s ms=%u",
	    probe_outcome_text(probe->outcome),
	    address->remembered ? "hit" : "miss", probe->ms);
	if (probe->tls[0] != '\0') {
		report_add(&line->text, "tls", probe->tls);
		report_add(&line->text, "cipher", probe->sight.cipher);
		text_addf(&line->text, " certs=%zu", probe->cert_count);
	}
	end_trace(line, probe->detail);
}

static void
trace_hosts(struct trace_line *line, const struct facts *facts)
{
	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];

		trace_host(line, host);
		for (size_t k = 0; k < host->address_count; k++)
			if (host->addresses[k].probe != NULL)
				trace_probe(line, host, &host->addresses[k]);
	}
}

static void
trace_verdict(struct trace_line *line, const struct check *check)
{
	const struct verdict *verdict = check->verdict;

	begin_trace(line, "verdict");
	text_addf(&line->text, " result=%s policy=%s level=%s reason=%s",
	    result_text(verdict->result), policy_type_text(verdict->policy),
	    level_text(verdict->level), reason_text(verdict->reason));
	if (verdict->mx != NULL)
		report_add(&line->text, "mx", verdict->mx);
	text_addf(&line->text, " ttl=%u ms=%u", verdict->ttl_s, check->ms);
	end_trace(line, verdict->detail);
}

void
trace_lines(const struct facts *facts, const struct check *check,
    trace_put *put, void *arg)
{
	struct trace_line line = {
	    .domain = check->domain, .put = put, .arg = arg};

	if (facts->trouble == TROUBLE_NONE) {
		trace_mx(&line, facts);
		trace_record(&line, &facts->sts);
		trace_policy(&line, &facts->sts);
		trace_hosts(&line, facts);
	}
	trace_verdict(&line, check);
}

static void
put_debug(void *arg, const char *line)
{
	(void)arg;
	report_debug(line);
}

static bool
is_wanted(const struct settings *settings, const struct facts *facts)
{
	const struct settings_list *domains = &settings->debug_domains;

	if (settings->log_level != LOG_LEVEL_DEBUG)
		return false;
	return domains->count == 0 ||
	       settings_lists_domain(domains, facts->domain) ||
	       settings_lists_domain(domains, facts->next_hop.host);
}

void
trace_check(const struct settings *settings, const struct facts *facts,
    const struct check *check)
{
	if (is_wanted(settings, facts))
		trace_lines(facts, check, put_debug, NULL);
}
