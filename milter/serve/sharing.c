/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/sharing.h"

#include "milter/conf/settings_digest.h"
#include "milter/conf/settings_shared.h"
#include "milter/serve/report.h"

/* From sharing_open to sharing_close, and needs no lock between them. */
static struct fleet *fleet;
static fleet_apply *apply_event;

static void
on_shared_changed(void *arg, enum shared_state state, const char *where)
{
	(void)arg;
	report_shared_state(state, where);
}

static void
on_shared_told(void *arg, enum share_what what, const char *domain,
    const char *by, enum shared_fault fault)
{
	struct report_shared shared = {
	    .what = what, .domain = domain, .by = by, .fault = fault};

	(void)arg;
	report_shared(&shared);
}

static void
on_event(void *arg, const struct shared_event *event)
{
	struct report_shared shared = {.what = event->kind == SHARED_EVENT_FLUSH
						   ? SHARE_FLUSHED
						   : SHARE_FORGOTTEN,
	    .domain = event->domain,
	    .by = event->by,
	    .fault = SHARED_NO_FAULT};

	apply_event(arg, event);
	report_shared(&shared);
}

int
sharing_tell(enum shared_event_kind kind, const char *domain, struct err *err)
{
	if (fleet == NULL)
		return err_set(err, ERR_LOCAL,
		    "nothing is shared: there is no SharedStore");
	return fleet_tell(fleet, kind, domain, err);
}

void
sharing_renew(const struct settings *settings)
{
	char digest[SHARED_DIGEST_SIZE];

	if (fleet == NULL)
		return;
	settings_digest(settings, PACKAGE_VERSION, digest);
	share_set_digest(fleet_share(fleet), digest);
}

int
sharing_list(struct fleet_hosts *out, struct err *err)
{
	if (fleet == NULL)
		return err_set(err, ERR_LOCAL,
		    "nothing is shared: there is no SharedStore");
	return fleet_list_hosts(fleet, out, err);
}

void
sharing_bury(const char *domain, time_t at)
{
	if (fleet != NULL)
		graves_bury(share_graves(fleet_share(fleet)), domain, at);
}

int
sharing_open(
    const struct settings *settings, fleet_apply *apply, struct err *err)
{
	struct fleet_options options;

	if (!settings_shares(settings))
		return 0;
	if (settings_fleet_options(settings, &options, err) != 0)
		return -1;
	options.changed = on_shared_changed;
	options.told = on_shared_told;
	options.apply = on_event;
	apply_event = apply;
	fleet = fleet_new(&options, err);
	return fleet == NULL ? -1 : 0;
}

void
sharing_begin(void)
{
	if (fleet != NULL)
		fleet_begin(fleet);
}

void
sharing_close(void)
{
	fleet_free(fleet);
	fleet = NULL;
}

struct share *
sharing_share(void)
{
	return fleet == NULL ? NULL : fleet_share(fleet);
}

bool
sharing_look(struct fleet_figures *out)
{
	if (fleet == NULL)
		return false;
	fleet_look(fleet, out);
	return true;
}
