/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/judge/reasons.h"
#include "common/proto/dane_match.h"
#include "common/proto/domain.h"
#include "milter/cli/publish/own.h"
#include "milter/cli/publish/rollover_look.h"
#include "milter/conf/settings_engine.h"

enum {
	/* What a cache may keep, where no authoritative server says */
	TTL_UNKNOWN_S = CLOCK_DAY_S,
};

/* --- records and keys --- */

static bool
is_same_der(struct der a, struct der b)
{
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Without a certificate only the key can be compared. */
static bool
fits_bare(const struct tlsa *record, const struct x509_key *key)
{
	struct tlsa_form form = {
	    record->usage, record->selector, record->mtype};
	struct tlsa_set made = {.count = 0};
	bool fits = record->usable && record->usage == TLSA_DANE_EE &&
		    tlsa_set_make(&made, form, (struct der){NULL, 0}, key->spki,
			NULL) == 0 &&
		    tlsa_equal(&made.records[0], record);

	tlsa_set_fini(&made);
	return fits;
}

bool
rollover_fits(const struct rollover_look *look, const struct tlsa *record,
    const struct x509_key *key)
{
	const char *const names[] = {look->base, look->name};

	if (key->chain == NULL)
		return fits_bare(record, key);
	return dane_match_alone(record, key->chain, names, 2, clock_wall_s()) ==
	       DANE_MATCHED;
}

struct rollover_fit
rollover_covers(const struct rollover_look *look, const struct tlsa_set *set)
{
	struct rollover_fit fit = {false, false};

	for (size_t i = 0; i < set->count; i++) {
		const struct tlsa *record = &set->records[i];

		if (!record->considered)
			continue;
		fit.current |= rollover_fits(look, record, look->current);
		fit.next |= rollover_fits(look, record, look->next);
	}
	return fit;
}

/* One key may have two certificates: then their octets tell them apart. */
static enum rollover_shown
probe_shows(const struct rollover_look *look, const struct probe_facts *probe)
{
	const struct x509_key *current = look->current, *next = look->next;
	AUTO(x509_chain) struct x509_chain *chain = NULL;
	struct der spki;

	if (probe == NULL || probe->cert_count == 0)
		return SHOWN_NOTHING;
	chain = x509_chain_new(probe->certs, probe->cert_count, NULL);
	if (chain == NULL)
		return SHOWN_OTHER;
	spki = x509_spki(chain, 0);
	if (is_same_der(spki, next->spki) &&
	    (!is_same_der(next->spki, current->spki) ||
		(next->chain != NULL && is_same_der(x509_cert(next->chain, 0),
					    x509_cert(chain, 0)))))
		return SHOWN_NEXT;
	return is_same_der(spki, current->spki) ? SHOWN_CURRENT : SHOWN_OTHER;
}

static bool
is_unsure_address(
    const struct rollover_look *look, const struct address_facts *address)
{
	const struct cli_address_keys *keys = cli_keys_of(&look->keys, address);

	return keys != NULL && keys->unsure;
}

enum rollover_shown
rollover_shows(
    const struct rollover_look *look, const struct address_facts *address)
{
	const struct cli_address_keys *keys = cli_keys_of(&look->keys, address);
	enum rollover_shown shown = probe_shows(look, address->probe);

	for (size_t i = 0; keys != NULL && i < keys->count; i++) {
		enum rollover_shown other =
		    probe_shows(look, keys->others[i].probe);

		if (other == SHOWN_CURRENT ||
		    (other == SHOWN_NEXT && shown == SHOWN_OTHER))
			shown = other;
	}
	return shown;
}

/* Whether a record is published, if not yet in every cache. */
static bool
is_published(const struct rollover_look *look, const struct tlsa *record)
{
	for (size_t i = 0; i < look->server_count; i++)
		if (tlsa_set_has(&look->servers[i].set, record))
			return true;
	return tlsa_set_has(&look->set, record);
}

/* A record of the key in this form, if it can be made and is not there. */
static void
add_missing(struct rollover_look *look, const struct x509_key *key,
    struct tlsa_form form)
{
	struct tlsa_set made = {.count = 0};
	struct der cert, spki;

	if (cli_tlsa_subject(key, form, &cert, &spki) &&
	    tlsa_set_make(&made, form, cert, spki, NULL) == 0 &&
	    !is_published(look, &made.records[0]) &&
	    !tlsa_set_has(&look->add, &made.records[0]))
		tlsa_set_make(&look->add, form, cert, spki, NULL);
	tlsa_set_fini(&made);
}

/* In the forms that the current key has: another digest could put its records
 * out of force (RFC 7671 section 9). */
static void
find_missing_records(struct rollover_look *look)
{
	static const struct tlsa_form usual = {
	    TLSA_DANE_EE, TLSA_SPKI, TLSA_SHA2_256};
	const struct rollover_facts *facts = &look->facts;
	bool current = facts->cached.current || facts->servers_current > 0;
	bool next = facts->cached.next || facts->servers_next > 0;
	size_t before;

	if (!current)
		add_missing(look, look->current, usual);
	before = look->add.count;
	for (size_t i = 0; !next && i < look->set.count; i++) {
		const struct tlsa *r = &look->set.records[i];

		if (r->considered && rollover_fits(look, r, look->current))
			add_missing(look, look->next,
			    (struct tlsa_form){
				r->usage, r->selector, r->mtype});
	}
	if (!next && look->add.count == before)
		add_missing(look, look->next, usual);
}

/* --- the facts --- */

static void
count_records(struct rollover_look *look)
{
	struct rollover_facts *facts = &look->facts;

	facts->cached = rollover_covers(look, &look->set);
	facts->same = facts->cached.current;
	facts->same_key = is_same_der(look->current->spki, look->next->spki);
	for (size_t i = 0; i < look->set.count; i++) {
		const struct tlsa *record = &look->set.records[i];

		if (!record->considered ||
		    !rollover_fits(look, record, look->current) ||
		    rollover_fits(look, record, look->next))
			continue;
		facts->same = false;
		facts->stale = true;
	}
}

static void
warn_of_servers(const struct rollover_look *look)
{
	for (size_t i = 0; i < look->server_count; i++) {
		const struct rollover_server *server = &look->servers[i];
		bool named = server->address[0] != '\0';

		if (!server->answered)
			cli_warn(look->warnings,
			    "%s%s%s%s did not tell what it has: %s",
			    server->name, named ? " (" : "", server->address,
			    named ? ")" : "", server->why);
	}
	if (look->servers_cut)
		cli_warn(look->warnings,
		    "there are more authoritative servers than are asked");
	if (look->facts.servers == 0)
		cli_warn(look->warnings,
		    "no authoritative server answered: their records and TTL "
		    "are not known, and count as kept for a day");
}

/* One name may have an address that cannot be reached from here (IPv6): it is
 * silent if none of them answered. */
static bool
name_answered(const struct rollover_look *look, const char *name)
{
	for (size_t i = 0; i < look->server_count; i++)
		if (look->servers[i].answered &&
		    strcmp(look->servers[i].name, name) == 0)
			return true;
	return false;
}

static size_t
count_silent(const struct rollover_look *look)
{
	size_t count = look->servers_cut;

	for (size_t i = 0; i < look->server_count; i++)
		count += !name_answered(look, look->servers[i].name);
	return count;
}

static void
count_servers(struct rollover_look *look)
{
	struct rollover_facts *facts = &look->facts;

	facts->ttl_s = look->set_ttl_s;
	for (size_t i = 0; i < look->server_count; i++) {
		const struct rollover_server *server = &look->servers[i];
		struct rollover_fit fit = rollover_covers(look, &server->set);

		if (!server->answered)
			continue;
		facts->servers++;
		facts->published |= server->set.count > 0;
		facts->servers_current += fit.current;
		facts->servers_next += fit.next;
		look->old_seen |= !fit.current || !fit.next;
		if (server->ttl_s > facts->ttl_s)
			facts->ttl_s = server->ttl_s;
	}
	if (facts->servers == 0 && facts->ttl_s < TTL_UNKNOWN_S)
		facts->ttl_s = TTL_UNKNOWN_S;
	facts->servers_silent = count_silent(look);
}

static void
count_shown(struct rollover_look *look)
{
	struct rollover_facts *facts = &look->facts;

	for (size_t i = 0; i < look->host->address_count; i++) {
		enum rollover_shown shown =
		    rollover_shows(look, &look->host->addresses[i]);

		facts->shown += shown != SHOWN_NOTHING;
		facts->shown_next += shown == SHOWN_NEXT;
		facts->unseen +=
		    shown == SHOWN_NOTHING ||
		    is_unsure_address(look, &look->host->addresses[i]);
		facts->failing |=
		    look->judged->addresses[i].outcome == HOST_FAIL;
		if (shown == SHOWN_NOTHING)
			cli_warn(look->warnings, "%s shows no certificate: %s",
			    look->host->addresses[i].text,
			    reason_text(look->judged->addresses[i].reason));
		if (shown == SHOWN_OTHER)
			cli_warn(look->warnings,
			    "%s shows neither the current nor the next key",
			    look->host->addresses[i].text);
	}
}

/* --- the look --- */

/* Whether senders look for TLSA at the host, and at which name. */
static int
see_planned_host(struct rollover_look *look, const struct check *check)
{
	const struct facts *facts = check->facts;
	const struct host_facts *host;

	if (facts->trouble != TROUBLE_NONE || facts->host_count == 0)
		return cli_fail(3, "%s: %s", look->name,
		    reason_text(check->verdict->reason));
	host = look->host = &facts->hosts[0];
	look->judged = &check->verdict->hosts[0];
	if (host->address_count == 0 || lookup_failed(&host->tlsa) ||
	    lookup_failed(&host->cname))
		return cli_fail(
		    3, "%s: %s", look->name, reason_text(look->judged->reason));
	look->facts.heeded = host->tlsa.state != LOOKUP_NOT_ASKED;
	text_copy(look->base, sizeof(look->base),
	    host->base_domain[0] == '\0' ? host->name : host->base_domain);
	return 0;
}

static void
take_old_ttl(struct rollover_look *look, const struct cli_options *options)
{
	look->facts.before_known |= options->old_ttl_given;
	if (options->old_ttl_s > look->facts.ttl_s)
		look->facts.ttl_s = options->old_ttl_s;
}

static int
decide_plan(struct rollover_look *look, const struct cli_options *options)
{
	int status = 0;

	count_records(look);
	count_servers(look);
	warn_of_servers(look);
	count_shown(look);
	if (!look->facts.heeded)
		cli_warn(look->warnings,
		    "DNSSEC does not vouch for the host's addresses or TLSA "
		    "records: senders do not look at them");
	look->facts.since_known = look->facts.vouched = options->since_given;
	look->facts.since = options->since;
	if (options->state != NULL)
		status =
		    rollover_remember(look, options->state, clock_wall_s());
	take_old_ttl(look, options);
	look->plan = rollover_decide(&look->facts, clock_wall_s());
	if (look->plan.phase < ROLLOVER_SWITCH)
		find_missing_records(look);
	return status;
}

static int
answer_plan(const struct cli_options *options, const struct rollover_look *look)
{
	int status = 0;

	if (options->json)
		status = cli_print_json(rollover_json(look));
	else
		rollover_print(stdout, look);
	if (status != 0)
		return status;
	if (look->plan.phase == ROLLOVER_BROKEN)
		return 2;
	return rollover_is_safe(look->plan.phase) ? 0 : 1;
}

static int
look_and_answer(struct rollover_look *look, struct cli_engine *cli,
    const struct cli_options *options)
{
	struct engine_query like = {.level = LEVEL_DANE, .all_hosts = true};
	struct engine_options wanted;
	struct engine_wait *wait;
	char asked[LIMIT_DOMAIN_SIZE + 16];
	const struct check *check;
	int status;

	snprintf(asked, sizeof(asked), "mx:%s:%u", look->name, options->port);
	check = cli_ask_one(cli, &like, asked, &wait);
	status = check == NULL ? 3 : see_planned_host(look, check);
	settings_engine_options(cli->settings, &wanted);
	if (status == 0)
		cli_keys_look(&look->keys, cli->settings, check->facts);
	if (status == 0)
		status = rollover_ask(look, &wanted.dns, options->port);
	if (status == 0)
		status = decide_plan(look, options);
	if (status == 0)
		status = answer_plan(options, look);
	cli_keys_fini(&look->keys);
	engine_wait_free(wait);
	return status;
}

static int
read_plan_question(
    struct rollover_look *look, const struct cli_options *options)
{
	struct err err;
	int status = 0;

	if (options->names.count != 1)
		return cli_fail(EX_USAGE, "one --name MXHOST is wanted");
	if (domain_normalise(options->names.items[0], look->name, &err) != 0)
		return cli_fail(EX_USAGE, "--name: %s", err.text);
	look->current_file = options->words.items[0];
	look->next_file = options->words.items[1];
	look->current = cli_read_key(look->current_file, &status);
	if (look->current != NULL)
		look->next = cli_read_key(look->next_file, &status);
	return status;
}

static void
look_fini(struct rollover_look *look)
{
	x509_key_free(look->current);
	x509_key_free(look->next);
	tlsa_set_fini(&look->set);
	tlsa_set_fini(&look->add);
	for (size_t i = 0; i < look->server_count; i++)
		tlsa_set_fini(&look->servers[i].set);
	json_decref(look->warnings);
}

int
cli_tlsa_plan(const struct cli_options *options)
{
	struct rollover_look look = {.warnings = json_array()};
	struct cli_engine cli = {.engine = NULL};
	int status = read_plan_question(&look, options);

	if (status == 0) {
		status = cli_engine_open_own(&cli, options);
		if (status == 0)
			status = look_and_answer(&look, &cli, options);
		cli_engine_close(&cli);
	}
	look_fini(&look);
	return status;
}
