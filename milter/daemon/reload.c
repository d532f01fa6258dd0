/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/daemon/reload.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/serve/listener.h"
#include "milter/serve/notify.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"

enum { RESTART_SIZE = 160 };

/* All stays as it was. */
static void
reload_failed(size_t faults, const char *detail)
{
	struct report_reload failed = {.faults = faults, .detail = detail};

	report_reload(&failed);
	notify_ready();
}

static void
put_in_force(const struct settings *at_start, struct settings *settings)
{
	struct report_reload reload = {.faults = 0};
	char words[RESTART_SIZE];
	struct text list;
	struct err err;

	if (service_reload(settings, &reload.renewed, &err) != 0) {
		reload_failed(1, err.text);
		return;
	}
	listener_settle();
	report_success(settings->syslog_success);
	text_init(&list, words, sizeof(words));
	settings_list_restart(at_start, settings, &list);
	reload.restart = words;
	report_reload(&reload);
	report_rules(settings, clock_wall_s());
	notify_ready();
	if (reload.renewed)
		service_test_resolver();
}

void
reload_settings(
    const struct arguments *arguments, const struct settings *at_start)
{
	struct conf_faults faults = {0};
	AUTO(settings)
	struct settings *settings = settings_load(
	    arguments->file, arguments->overrides, arguments->count, &faults);

	notify_reloading();
	if (settings == NULL)
		reload_failed(faults.count, faults.texts[0]);
	else
		put_in_force(at_start, settings);
	conf_faults_fini(&faults);
}

void
reload_nameservers(void)
{
	struct report_reload reload = {.restart = ""};
	struct err err;

	if (!service_follow(&reload.renewed, &err))
		return;
	listener_settle();
	if (!reload.renewed) {
		reload.faults = 1;
		reload.detail = err.text;
	}
	report_reload(&reload);
	if (reload.renewed)
		service_test_resolver();
}
