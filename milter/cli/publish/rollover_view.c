/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/print.h"
#include "milter/cli/publish/own.h"
#include "milter/cli/publish/rollover_look.h"

enum { HEX_SHOWN = 32, LINE_SIZE = 256 };

static const char *
fit_text(struct rollover_fit fit)
{
	if (fit.current && fit.next)
		return "current and next";
	return fit.current ? "current" : fit.next ? "next" : "neither";
}

static const char *
shown_text(enum rollover_shown shown)
{
	switch (shown) {
	case SHOWN_NOTHING:
		return "none";
	case SHOWN_CURRENT:
		return "current";
	case SHOWN_NEXT:
		return "next";
	case SHOWN_OTHER:
		break;
	}
	return "other";
}

static struct rollover_fit
record_fit(const struct rollover_look *look, const struct tlsa *record)
{
	return (struct rollover_fit){rollover_fits(look, record, look->current),
	    rollover_fits(look, record, look->next)};
}

/* A record that is of no use once the host shows the next key. */
static bool
may_go(const struct rollover_look *look, const struct tlsa *record)
{
	struct rollover_fit fit = record_fit(look, record);

	return fit.current && !fit.next;
}

/* --- text --- */

static void
print_keys(FILE *out, const struct rollover_look *look)
{
	cli_print_label(out, "current");
	fprintf(out, "%s (%s)\n", look->current_file,
	    x509_key_source_text(look->current->source));
	cli_print_label(out, "next");
	fprintf(out, "%s (%s)\n", look->next_file,
	    x509_key_source_text(look->next->source));
}

static void
print_records(FILE *out, const struct rollover_look *look)
{
	cli_print_label(out, "TLSA");
	fprintf(out, "%s%s, %s\n", look->owner,
	    look->set.count == 0 ? ": none" : "",
	    look->facts.heeded ? "secure" : "insecure");
	for (size_t i = 0; i < look->set.count; i++) {
		const struct tlsa *record = &look->set.records[i];
		char hex[HEX_SHOWN + 1];

		text_hex(hex, sizeof(hex), record->data, record->size);
		cli_print_label(out, "");
		fprintf(out, "%u %u %u %s%s  %s\n", record->usage,
		    record->selector, record->mtype, hex,
		    2 * record->size > HEX_SHOWN ? "..." : "",
		    record->considered ? fit_text(record_fit(look, record))
				       : "does not count");
	}
}

static void
print_servers(FILE *out, const struct rollover_look *look)
{
	for (size_t i = 0; i < look->server_count; i++) {
		const struct rollover_server *server = &look->servers[i];

		cli_print_label(out, i == 0 ? "servers" : "");
		if (server->answered)
			fprintf(out, "%s (%s): %s, TTL %u\n", server->name,
			    server->address,
			    fit_text(rollover_covers(look, &server->set)),
			    server->ttl_s);
		else
			fprintf(out, "%s (%s): not known\n", server->name,
			    server->address[0] == '\0' ? "no address"
						       : server->address);
	}
}

static void
print_shown(FILE *out, const struct rollover_look *look)
{
	for (size_t i = 0; i < look->host->address_count; i++) {
		const struct address_facts *address = &look->host->addresses[i];

		cli_print_label(out, i == 0 ? "shown" : "");
		fprintf(out, "%s: %s\n", address->text,
		    shown_text(rollover_shows(look, address)));
	}
}

static void
print_publish(FILE *out, const struct rollover_look *look)
{
	cli_print_text(out, "publish",
	    look->add.count == 0 ? "all that is wanted is there"
				 : "beside the records that there are, and "
				   "take none away:");
	for (size_t i = 0; i < look->add.count; i++) {
		char *rdata = tlsa_print(&look->add.records[i]);

		fprintf(out, "%s. IN TLSA %s\n", look->owner, rdata);
		free(rdata);
	}
}

static void
print_wait(FILE *out, const struct rollover_look *look)
{
	const struct rollover_facts *facts = &look->facts;
	char line[LINE_SIZE], date[CLI_TIME_SIZE];

	if (facts->same && facts->same_key)
		snprintf(line, sizeof(line),
		    "not at all: the records fit both keys");
	else if (look->plan.not_before != 0)
		snprintf(line, sizeof(line),
		    "until %s: two TTLs of %u s after all servers had both",
		    cli_time(look->plan.not_before, date), facts->ttl_s);
	else
		snprintf(line, sizeof(line),
		    "two TTLs from when all servers have both; %u s is the "
		    "longest TTL seen%s",
		    facts->ttl_s,
		    facts->before_known
			? ""
			: ", but that of the records before is not known");
	cli_print_text(out, "wait", line);
}

static void
print_drop(FILE *out, const struct rollover_look *look)
{
	cli_print_text(out, "switch",
	    "let the host show the next key, at all its addresses");
	cli_print_text(out, "drop",
	    look->facts.stale
		? "then, and not before, the records that fit only the "
		  "current key"
		: "nothing");
}

static const char *
wait_text(const struct rollover_look *look)
{
	if (!look->facts.since_known)
		return "wait; say --since when both were published, or let "
		       "--state FILE keep it";
	if (!look->facts.before_known)
		return "wait; say --old-ttl, the TTL that the records had "
		       "before; --state FILE keeps it if it is there from "
		       "before they change";
	return "wait";
}

static const char *
rollover_verdict_text(const struct rollover_look *look)
{
	switch (look->plan.phase) {
	case ROLLOVER_UNHEEDED:
		return "switch when you like: nobody looks at TLSA here";
	case ROLLOVER_BROKEN:
		return "mail from DANE senders fails now: publish records for "
		       "what is shown, or show what the records are for";
	case ROLLOVER_PUBLISH:
		return "publish";
	case ROLLOVER_SPREAD:
		return look->facts.servers_silent > 0
			   ? "wait until all authoritative servers have the "
			     "same records; some did not answer: say --since "
			     "if they have them"
			   : "wait until all authoritative servers have the "
			     "same records";
	case ROLLOVER_WAIT:
		return wait_text(look);
	case ROLLOVER_UNSEEN:
		return "keep all records: an address could not be seen, and "
		       "may show the current key";
	case ROLLOVER_SWITCH:
		return "switch";
	case ROLLOVER_DROP:
		return "switched; drop the records that fit only the current "
		       "key";
	case ROLLOVER_DONE:
		break;
	}
	return "done";
}

void
rollover_print(FILE *out, const struct rollover_look *look)
{
	fprintf(out, "%s\n", look->name);
	print_keys(out, look);
	print_records(out, look);
	print_servers(out, look);
	print_shown(out, look);
	if (look->plan.phase < ROLLOVER_DROP) {
		print_publish(out, look);
		print_wait(out, look);
		print_drop(out, look);
	}
	cli_print_text(out, "verdict", rollover_verdict_text(look));
}

/* --- JSON --- */

static json_t *
records_json(const struct rollover_look *look, const struct tlsa_set *set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < set->count; i++) {
		const struct tlsa *record = &set->records[i];
		struct rollover_fit fit = record_fit(look, record);
		json_t *object = cli_tlsa_json(record);
		char *rdata = tlsa_print(record);

		json_object_set_new(object, "rdata", json_string(rdata));
		json_object_set_new(
		    object, "current", json_boolean(fit.current));
		json_object_set_new(object, "next", json_boolean(fit.next));
		json_object_set_new(
		    object, "considered", json_boolean(record->considered));
		json_array_append_new(list, object);
		free(rdata);
	}
	return list;
}

static json_t *
drop_json(const struct rollover_look *look)
{
	json_t *list = json_array();

	for (size_t i = 0; i < look->set.count; i++) {
		char *rdata;

		if (!may_go(look, &look->set.records[i]))
			continue;
		rdata = tlsa_print(&look->set.records[i]);
		json_array_append_new(list, json_string(rdata));
		free(rdata);
	}
	return list;
}

static json_t *
servers_json(const struct rollover_look *look)
{
	json_t *list = json_array();

	for (size_t i = 0; i < look->server_count; i++) {
		const struct rollover_server *server = &look->servers[i];
		struct rollover_fit fit = rollover_covers(look, &server->set);

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:b, s:b, s:b, s:I, s:s}",
			      "name", server->name, "address", server->address,
			      "answered", server->answered, "current",
			      fit.current, "next", fit.next, "ttl",
			      (json_int_t)server->ttl_s, "why", server->why));
	}
	return list;
}

static json_t *
shown_json(const struct rollover_look *look)
{
	json_t *list = json_array();

	for (size_t i = 0; i < look->host->address_count; i++) {
		const struct address_facts *address = &look->host->addresses[i];

		json_array_append_new(list,
		    json_pack("{s:s, s:s}", "address", address->text, "key",
			shown_text(rollover_shows(look, address))));
	}
	return list;
}

static json_t *
time_json(bool known, time_t at)
{
	char date[CLI_TIME_SIZE];

	return known ? json_string(cli_time(at, date)) : json_null();
}

json_t *
rollover_json(const struct rollover_look *look)
{
	const struct rollover_facts *facts = &look->facts;
	const struct rollover_plan *plan = &look->plan;

	return json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:I, s:b, s:o, s:o, "
			 "s:o, s:o, s:o, s:o, s:o, s:O}",
	    "schema", 1, "name", look->name, "owner", look->owner, "phase",
	    rollover_word(plan->phase), "safe", rollover_is_safe(plan->phase),
	    "secure", facts->heeded, "ttl", (json_int_t)facts->ttl_s,
	    "ttl_known", facts->before_known, "since",
	    time_json(facts->since_known, facts->since), "not_before",
	    time_json(plan->not_before != 0, plan->not_before), "tlsa",
	    records_json(look, &look->set), "add",
	    records_json(look, &look->add), "drop", drop_json(look), "servers",
	    servers_json(look), "shown", shown_json(look), "warnings",
	    look->warnings);
}
