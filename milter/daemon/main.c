/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/standard.h"
#include "common/engine/engine.h"
#include "common/io/dns_embedded.h"
#include "common/io/dns_packet.h"
#include "common/io/https.h"
#include "common/io/smtp.h"
#include "common/io/store.h"
#include "common/proto/domain.h"
#include "milter/conf/settings.h"
#include "milter/conf/settings_engine.h"
#include "milter/conf/settings_shared.h"
#include "milter/daemon/arguments.h"
#include "milter/daemon/daemon.h"
#include "milter/daemon/loop.h"
#include "milter/daemon/pid_file.h"
#include "milter/daemon/start.h"
#include "milter/daemon/stop.h"
#include "milter/mta/callbacks.h"
#include "milter/serve/handed.h"
#include "milter/serve/notify.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/serve/stats.h"

static int
complain_of(int status, const struct err *err)
{
	fprintf(stderr, "posternd: %s\n", err->text);
	return status;
}

static int
print_version(void)
{
	char version[32];

	callbacks_version(version, sizeof(version));
	printf("posternd %s\nlibmilter %s\nlibunbound %s\nldns %s\n",
	    PACKAGE_VERSION, version, dns_embedded_library(),
	    dns_packet_library());
	printf("GnuTLS %s\nlibcurl %s\nSQLite %s\nlibidn2 %s\n", smtp_library(),
	    https_library(), store_library(), domain_library());
	return EX_OK;
}

static struct settings *
load_settings(const struct arguments *arguments)
{
	struct conf_faults faults = {0};
	struct settings *settings = settings_load(
	    arguments->file, arguments->overrides, arguments->count, &faults);

	for (size_t i = 0; i < faults.count; i++)
		fprintf(stderr, "%s\n", faults.texts[i]);
	conf_faults_fini(&faults);
	return settings;
}

/* As the start would find it, which root alone can.  That the default user is
 * not there yet is no mistake of the configuration. */
static int
check_user(const struct arguments *arguments, const struct settings *settings)
{
	const char *file =
	    arguments->file == NULL ? SETTINGS_PATH : arguments->file;
	unsigned line = settings->user_line;
	const char *place = line == 0 ? NULL : file;
	struct conf_faults faults = {0};
	struct identity who;
	struct err err;

	if (geteuid() != 0 || daemon_find_user(settings->user, &who, &err) == 0)
		return EX_OK;
	for (size_t i = 0; i < arguments->count; i++)
		if (strcmp(arguments->overrides[i].keyword, "UserID") == 0) {
			place = arguments->overrides[i].option;
			line = 0;
		}
	if (place == NULL) {
		fprintf(
		    stderr, "posternd: will not start as root: %s\n", err.text);
		return EX_OK;
	}
	conf_fault(&faults, place, line, "UserID: %s", err.text);
	fprintf(stderr, "%s\n", faults.texts[0]);
	conf_faults_fini(&faults);
	return EX_CONFIG;
}

static int
check_start(const struct arguments *arguments, const struct settings *settings)
{
	struct engine_options needed;
	struct fleet_options shared;
	struct err err;
	int status = check_user(arguments, settings);

	settings_engine_options(settings, &needed);
	if (status == EX_OK && engine_try(&needed, &err) != 0)
		status = complain_of(EX_OSFILE, &err);
	if (status == EX_OK && settings_shares(settings) &&
	    (settings_fleet_options(settings, &shared, &err) != 0 ||
		fleet_try(&shared, &err) != 0))
		status = complain_of(EX_OSFILE, &err);
	return status;
}

static int
run_daemon(const struct arguments *arguments, struct settings *settings)
{
	struct err err;
	int status = start_serving(settings, &err);

	if (status != 0)
		return complain_of(status, &err);
	pid_file_write();
	report_start(PACKAGE_VERSION, stats_down_s());
	report_rules(settings, clock_wall_s());
	daemon_ready();
	notify_ready();
	service_test_resolver();
	status = loop_run(arguments, settings) ? EX_OK : EX_SOFTWARE;
	if (!stop_serving(settings)) {
		pid_file_remove();
		_exit(status);
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct settings *settings;
	struct err err;
	int status;

	handed_open();
	standard_open();
	notify_open();
	status = arguments_read(&arguments, argc, argv);
	if (status != 0)
		return status;
	if (arguments.version)
		return print_version();
	if (arguments.help) {
		arguments_print_help();
		return EX_OK;
	}
	settings = load_settings(&arguments);
	if (settings == NULL)
		return EX_CONFIG;
	if (arguments.check_only)
		status = check_start(&arguments, settings);
	else if ((status = start_daemon(&arguments, settings, &err)) != 0)
		status = complain_of(status, &err);
	else
		status = run_daemon(&arguments, settings);
	pid_file_remove();
	settings_free(settings);
	return status;
}
