/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/io/dns.h"
#include "common/judge/reasons.h"
#include "common/proto/domain.h"
#include "milter/cli/publish/own.h"
#include "milter/cli/publish/sts_gen.h"
#include "milter/conf/settings_engine.h"

/* Whether there are MX records to make a policy of: 0, or the exit status. */
static int
see_mx(const struct sts_gen *gen, const struct check *check)
{
	const struct facts *facts = check->facts;

	if (facts->trouble != TROUBLE_NONE)
		return cli_fail(3, "%s: %s", gen->domain,
		    reason_text(check->verdict->reason));
	switch (facts->mx.state) {
	case LOOKUP_DATA:
		break;
	case LOOKUP_NODATA:
		return cli_fail(2,
		    "%s: no MX records; a policy names MX hosts, so publish "
		    "them first",
		    gen->domain);
	case LOOKUP_NXDOMAIN:
		return cli_fail(2, "%s: no such domain", gen->domain);
	case LOOKUP_NOT_ASKED:
	case LOOKUP_BOGUS:
	case LOOKUP_SERVFAIL:
	case LOOKUP_TIMEOUT:
		return cli_fail(3, "%s: MX: %s", gen->domain,
		    reason_text(lookup_reason(&facts->mx)));
	}
	if (facts->null_mx)
		return cli_fail(2, "%s: takes no mail (null MX)", gen->domain);
	if (facts->host_count == 0)
		return cli_fail(2, "%s: no usable MX host", gen->domain);
	return 0;
}

static void
note_host(struct sts_gen *gen, const struct host_facts *host,
    const struct host_verdict *judged)
{
	enum reason reason =
	    judged->mixed ? judged->mixed_reason : judged->reason;
	bool good = host_is_good(judged->outcome) && !judged->mixed;
	bool seen = judged->probed;

	json_array_append_new(gen->hosts,
	    json_pack("{s:s, s:s, s:s}", "name", host->name, "result",
		good && seen                                    ? "pass"
		: judged->outcome == HOST_FAIL || judged->mixed ? "fail"
								: "unknown",
		"reason", reason_text(reason)));
	if (gen->options->dns_only || (good && seen))
		return;
	gen->doubtful = true;
	if (judged->outcome == HOST_FAIL || judged->mixed)
		cli_warn(gen->warnings, "%s would not keep the policy: %s%s%s",
		    host->name, reason_text(reason),
		    judged->detail[0] == '\0' ? "" : ", ", judged->detail);
	else
		cli_warn(gen->warnings, "%s could not be seen: %s", host->name,
		    reason_text(reason));
}

static void
add_mx_name(struct sts_gen *gen, const char *name)
{
	size_t at = gen->policy.mx_count++;

	text_copy(gen->names[at], sizeof(gen->names[at]), name);
	gen->mx[at] = gen->names[at];
}

static void
take_hosts(struct sts_gen *gen, const struct check *check)
{
	const struct facts *facts = check->facts;

	gen->policy.mx = gen->mx;
	for (size_t i = 0; i < facts->host_count; i++) {
		add_mx_name(gen, facts->hosts[i].name);
		note_host(gen, &facts->hosts[i], &check->verdict->hosts[i]);
	}
}

static bool
has_name(const struct sts_gen *gen, const char *name)
{
	for (size_t i = 0; i < gen->policy.mx_count; i++)
		if (strcmp(gen->names[i], name) == 0)
			return true;
	return false;
}

static int
say_too_many(const struct sts_gen *gen)
{
	return cli_fail(2,
	    "%s: over %d MX hosts; of a part of them no policy is made",
	    gen->domain, LIMIT_STS_MX - 1);
}

/* One that a check does not look at: a sender that gets to it wants to find it
 * in the policy all the same. */
static int
take_further_name(struct sts_gen *gen, const char *name)
{
	if (has_name(gen, name))
		return 0;
	if (gen->policy.mx_count == LIMIT_STS_MX)
		return say_too_many(gen);
	add_mx_name(gen, name);
	json_array_append_new(gen->hosts,
	    json_pack("{s:s, s:s, s:s}", "name", name, "result", "unknown",
		"reason", reason_text(REASON_NOT_PROBED)));
	if (!gen->options->dns_only)
		cli_warn(gen->warnings,
		    "%s could not be seen: only %d MX hosts are looked at",
		    name, LIMIT_MX_HOSTS);
	gen->doubtful |= !gen->options->dns_only;
	return 0;
}

static int
take_further_names(struct sts_gen *gen, const struct dns_answer *answer)
{
	int status = 0;

	if (answer->count == LIMIT_DNS_RECORDS) /* there may be more */
		return say_too_many(gen);
	for (size_t i = 0; status == 0 && i < answer->count; i++) {
		char name[LIMIT_DOMAIN_SIZE];
		struct wire wire;

		wire_init(
		    &wire, answer->records[i].data, answer->records[i].size);
		wire_u16(&wire); /* preference */
		if (domain_from_wire(&wire, name, NULL) == 0 && name[0] != '\0')
			status = take_further_name(gen, name);
	}
	return status;
}

/* A check looks at the first hosts only; a policy names all. */
static int
look_for_more(struct sts_gen *gen, const struct cli_engine *cli)
{
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	struct engine_options options;
	struct dns *dns;
	struct err err;
	int status;

	if (gen->policy.mx_count < LIMIT_MX_HOSTS)
		return 0;
	settings_engine_options(cli->settings, &options);
	dns = dns_new(&options.dns, &err);
	if (dns == NULL)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	answer = dns_await(dns_ask(dns, gen->domain, DNS_MX,
	    clock_mono_ms() + options.dns.timeout_ms));
	status = answer->lookup.state == LOOKUP_DATA
		     ? take_further_names(gen, answer)
		     : cli_fail(3, "%s: MX: %s", gen->domain,
			   reason_text(lookup_reason(&answer->lookup)));
	dns_free(dns);
	return status;
}

/* Judged as a sender would by a policy that names all of them. */
static int
look_at_hosts(struct sts_gen *gen, struct cli_engine *cli)
{
	struct engine_query like = {.level = LEVEL_SECURE,
	    .all_hosts = true,
	    .dns_only = gen->options->dns_only};
	struct engine_wait *wait;
	const struct check *check = cli_ask_one(cli, &like, gen->domain, &wait);
	int status = check == NULL ? 3 : see_mx(gen, check);

	if (status == 0)
		take_hosts(gen, check);
	engine_wait_free(wait);
	return status == 0 ? look_for_more(gen, cli) : status;
}

/* RFC 8461 section 5: testing is what shows mistakes before mail waits. */
static int
look_at_policy(struct sts_gen *gen, struct cli_engine *cli)
{
	struct engine_query like = {.level = LEVEL_AUTO, .dns_only = true};
	struct engine_wait *wait;
	const struct check *check = cli_ask_one(cli, &like, gen->domain, &wait);
	const struct policy_facts *now =
	    check == NULL ? NULL : check->facts->sts.policy;
	int status = check == NULL ? 3 : 0;

	if (check != NULL && (now == NULL || now->policy == NULL ||
				 now->policy->mode == STS_MODE_NONE))
		cli_warn(gen->warnings,
		    "no policy is published now: begin with --mode testing, "
		    "and read the reports, before enforce");
	engine_wait_free(wait);
	return status;
}

int
sts_gen_look(struct sts_gen *gen)
{
	struct cli_engine cli;
	int status = cli_engine_open_own(&cli, gen->options);

	if (status == 0)
		status = look_at_hosts(gen, &cli);
	if (status == 0 && gen->policy.mode == STS_MODE_ENFORCE)
		status = look_at_policy(gen, &cli);
	cli_engine_close(&cli);
	return status;
}
