/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>

#include "milter/cli/advise/report.h"
#include "milter/view/json_put.h"

static json_t *
json_scenarios(const struct advice_case *found)
{
	json_t *list = json_array();

	for (size_t i = 0; i < found->count; i++)
		json_array_append_new(list, json_integer(found->scenarios[i]));
	return list;
}

static json_t *
json_provider(const struct provider *provider)
{
	json_t *object = json_object();

	json_put_text(object, "name", provider == NULL ? "" : provider->name);
	json_put_text(object, "class", provider_class_text(provider));
	json_put_text(object, "as_of", provider == NULL ? "" : provider->asof);
	return object;
}

static json_t *
json_chain(const struct sight *sight)
{
	json_t *object = json_object(), *hosts = json_array();

	json_put_text(object, "domain", chain_state_text(sight->chain));
	json_put_text(object, "zone", sight->chain_facts.zone);
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		json_t *host = json_object();

		json_put_text(host, "name", sight->facts->hosts[i].name);
		json_put_text(host, "zone", sight->hosts[i].chain_facts.zone);
		json_put_text(
		    host, "state", chain_state_text(sight->hosts[i].chain));
		json_array_append_new(hosts, host);
	}
	json_object_set_new(object, "hosts", hosts);
	return object;
}

static json_t *
json_publish(const struct advice_case *found)
{
	json_t *object = json_object();

	json_put_text(object, "mta_sts", publish_text(found->mta_sts));
	json_put_text(object, "dane", publish_text(found->dane));
	json_put_text(object, "tls_rpt", publish_text(found->tls_rpt));
	return object;
}

static json_t *
json_now(const struct standing *standing)
{
	json_t *object = json_object(), *out = json_object();

	json_put_text(object, "mx", standing_mx_text(standing->mx));
	json_put_text(object, "mta_sts",
	    standing->sts_policy == STANDING_POLICY_FETCHED
		? sts_mode_text(standing->sts_mode)
		: "none");
	json_put_text(object, "mta_sts_health",
	    standing_health_text(standing->sts_health));
	json_put_text(object, "dane", standing_dane_text(standing->dane));
	json_put_text(
	    object, "dane_health", standing_health_text(standing->dane_health));
	json_put_text(
	    object, "tls_rpt", standing_record_text(standing->tlsrpt_record));
	for (int i = 0; i < OUTLOOK_SENDERS; i++)
		json_put_text(out, outlook_sender_text((enum outlook_sender)i),
		    outlook_end_text(standing->ends[i]));
	json_object_set_new(object, "out", out);
	return object;
}

static json_t *
json_step(const struct step *step)
{
	json_t *object = json_object(), *needs = json_array();
	char id[8];

	snprintf(id, sizeof(id), "P%u", step->id);
	json_put_text(object, "id", id);
	json_put_text(object, "state", step_state_text(step->state));
	json_put_text(object, "who", step->who);
	json_put_text(object, "what", step->what);
	json_put_text(object, "command", step->command);
	if (step->not_before == 0)
		json_object_set_new(object, "not_before", json_null());
	else
		json_put_time(object, "not_before", step->not_before);
	for (size_t i = 0; i < step->need_count; i++) {
		snprintf(id, sizeof(id), "P%u", step->needs[i]);
		json_array_append_new(needs, json_string(id));
	}
	json_object_set_new(object, "needs", needs);
	return object;
}

static json_t *
json_check_row(const struct check_row *row)
{
	json_t *object = json_object(), *evidence = json_array();

	json_put_text(object, "standard", standard_text(row->standard));
	json_put_text(object, "id", row->id);
	json_put_text(object, "level", check_level_text(row->level));
	json_put_text(object, "result", check_result_text(row->result));
	json_put_text(object, "title", row->title);
	if (row->evidence[0] != '\0')
		json_array_append_new(evidence, json_string(row->evidence));
	json_object_set_new(object, "evidence", evidence);
	json_put_text(object, "how", row->how);
	return object;
}

json_t *
counsel_json_plan(const struct plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->count; i++)
		json_array_append_new(list, json_step(&plan->steps[i]));
	return list;
}

json_t *
counsel_json_checks(const struct checklist *list)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(rows, json_check_row(&list->rows[i]));
	return rows;
}

json_t *
counsel_json(const struct counsel *counsel)
{
	const struct sight *sight = counsel->sight;
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "domain", sight->facts->domain);
	json_put_time(object, "time", sight->at);
	json_put_text(object, "version", PACKAGE_VERSION);
	json_put_text(
	    object, "verdict", scenario_verdict(&counsel->found, sight));
	json_object_set_new(
	    object, "scenario", json_scenarios(&counsel->found));
	json_object_set_new(object, "provider", json_provider(sight->provider));
	json_object_set_new(object, "chain", json_chain(sight));
	json_object_set_new(object, "publish", json_publish(&counsel->found));
	json_object_set_new(object, "now", json_now(&sight->standing));
	json_object_set_new(object, "steps", counsel_json_plan(&counsel->plan));
	json_object_set_new(
	    object, "checks", counsel_json_checks(&counsel->checks));
	json_put_text(
	    object, "worst", checklist_status_text(counsel_status(counsel)));
	return object;
}
