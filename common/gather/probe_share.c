/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/probe_share.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/proto/shared_finding.h"

enum { NAME_FIELDS = 4, PORT_SIZE = 8 };

/* What distinguishes a probe from others, and from policies. */
struct probe_name {
	char port[PORT_SIZE];
	const char *fields[NAME_FIELDS];
};

static void
name_probe(const struct probe_share *with, struct probe_name *name)
{
	snprintf(name->port, sizeof(name->port), "%u", with->port);
	name->fields[0] = "r";
	name->fields[1] = with->address;
	name->fields[2] = name->port;
	name->fields[3] = with->sni;
}

static struct probe_facts *
facts_of_shared(const struct shared_probe *probe, time_t age_s)
{
	struct probe_facts *facts = probe_facts_new(PROBE_TLS);

	facts->connected = facts->starttls = true;
	facts->tls_ehlo = facts->tls_answered = true;
	facts->requiretls = probe->requiretls;
	facts->shared = true;
	text_copy(facts->tls, sizeof(facts->tls), probe->tls);
	probe_facts_set_certs(facts, probe->certs, probe->cert_count);
	facts->begun_ms = clock_mono_ms() - (int64_t)age_s * 1000;
	return facts;
}

static struct shared_probe *
read_shared_probe(
    const struct probe_share *with, const struct probe_name *name, time_t now)
{
	struct shared_probe wanted = {.port = with->port}, *probe = NULL;
	char key[SHARE_NAME_SIZE];
	enum shared_fault fault;
	struct resp *reply;
	const char *payload;
	size_t size;

	text_copy(wanted.address, sizeof(wanted.address), with->address);
	text_copy(wanted.sni, sizeof(wanted.sni), with->sni);
	share_name_of(with->share, "r", name->fields, NAME_FIELDS, key);
	payload = share_get(with->share, key, &reply, &size, &fault);
	if (payload != NULL)
		probe = shared_probe_read(payload, size, &wanted, now, &fault);
	if (fault != SHARED_NO_FAULT)
		share_reject(with->share, with->sni, "", fault);
	resp_free(reply);
	return probe;
}

/* One below the floor has us look for ourselves. */
static struct probe_facts *
look_for_probe(const struct probe_share *with, const struct probe_name *name,
    uint32_t *left_s)
{
	time_t now = clock_wall_s();
	AUTO(shared_probe)
	struct shared_probe *probe = read_shared_probe(with, name, now);
	time_t age_s;

	if (probe == NULL ||
	    (with->floor == TLS_FROM_1_3 && strcmp(probe->tls, "TLS1.3") != 0))
		return NULL;
	/* a clock that is ahead by a little lends no longer life */
	age_s = probe->at_s < now ? now - probe->at_s : 0;
	*left_s = (uint32_t)(SHARED_PROBE_S - age_s);
	share_tell(
	    with->share, SHARE_USED, with->sni, probe->by, SHARED_NO_FAULT);
	return facts_of_shared(probe, age_s);
}

struct probe_facts *
probe_share_take(
    const struct probe_share *with, int64_t deadline_ms, uint32_t *left_s)
{
	struct probe_facts *facts;
	struct probe_name name = {.port = ""};
	int64_t until_ms;

	if (!share_has(with->share, SHARE_PROBES) ||
	    !share_is_open(with->share))
		return NULL;
	name_probe(with, &name);
	facts = look_for_probe(with, &name, left_s);
	if (facts != NULL || share_claim(with->share, name.fields, NAME_FIELDS))
		return facts;
	until_ms = share_patience(deadline_ms);
	for (unsigned i = 0;
	     facts == NULL && share_await(with->share, i, until_ms); i++)
		facts = look_for_probe(with, &name, left_s);
	return facts;
}

void
probe_share_put(const struct probe_share *with, const struct probe_facts *facts,
    uint32_t life_s)
{
	struct share_put put = {.payload = NULL};
	struct shared_probe probe = {.port = with->port,
	    .at_s = clock_wall_s(),
	    .requiretls = facts->requiretls,
	    .cert_count = facts->cert_count};
	struct probe_name name = {.port = ""};

	if (!share_has(with->share, SHARE_PROBES) || facts->shared ||
	    facts->outcome != PROBE_TLS ||
	    facts->cert_count > LIMIT_CHAIN_CERTS)
		return;
	text_copy(probe.address, sizeof(probe.address), with->address);
	text_copy(probe.sni, sizeof(probe.sni), with->sni);
	text_copy(probe.tls, sizeof(probe.tls), facts->tls);
	text_copy(probe.by, sizeof(probe.by), share_host(with->share));
	for (size_t i = 0; i < facts->cert_count; i++)
		probe.certs[i] = facts->certs[i];
	put.payload = shared_probe_print(&probe);
	if (put.payload == NULL)
		return;
	put.until_s = probe.at_s + (life_s < SHARED_PROBE_S ? (time_t)life_s
							    : SHARED_PROBE_S);
	name_probe(with, &name);
	share_name_of(with->share, "r", name.fields, NAME_FIELDS, put.name);
	share_add(with->share, &put);
}
