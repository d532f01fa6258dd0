/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/standard.h"
#include "common/base/text.h"
#include "common/io/dns_embedded.h"
#include "common/io/dns_packet.h"
#include "common/io/https.h"
#include "common/io/smtp.h"
#include "common/io/store.h"
#include "common/proto/domain.h"
#include "milter/conf/settings.h"
#include "milter/daemon/daemon.h"
#include "milter/daemon/pid_file.h"
#include "milter/mta/callbacks.h"
#include "milter/serve/control.h"
#include "milter/serve/downtime.h"
#include "milter/serve/log.h"
#include "milter/serve/notify.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/serve/socket.h"
#include "milter/serve/stats.h"

enum {
	/* Messages in flight get so long to end */
	DRAIN_MS = 30 * 1000,

	/* The answer to the last of them is written after its callback */
	LAST_ANSWER_US = 200 * 1000,

	/* Checks that nobody waits for any more may end, or not */
	CLOSE_MS = 2 * 1000,

	/* Between two looks at what is to be told of now and then, and at
	 * resolv.conf */
	TICK_MS = 60 * 60 * 1000,
	FOLLOW_MS = 10 * 1000,

	/* Between two tries to be rid of log lines, where nothing tells when;
	 * and for all tries at the end */
	FLUSH_MS = 500,
	LAST_LINES_MS = 1000,

	OVERRIDES_MAX = 3,
	RESTART_SIZE = 160,
};

struct options {
	const char *file; /* NULL: the default path */
	bool foreground;
	bool check_only;
	bool verbose;
	bool version;
	bool help;
	size_t count;
	struct settings_override overrides[OVERRIDES_MAX];
};

static struct socket_owned milter_socket; /* once libmilter has it */

static const char usage_text[] =
    "usage: posternd [-fhnvV] [-c FILE] [-p SOCKET] [-P PIDFILE] "
    "[-u USER[:GROUP]]\n";

static int
print_usage(void)
{
	fputs(usage_text, stderr);
	return EX_USAGE;
}

static int
print_option_help(void)
{
	fputs(usage_text, stdout);
	fputs(
	    "\n"
	    "  -c FILE           configuration, instead of " SETTINGS_PATH "\n"
	    "  -f                stay in the foreground\n"
	    "  -h, --help        this text\n"
	    "  -n                tell mistakes in the configuration, and exit\n"
	    "  -p SOCKET         listen there, instead of at Socket\n"
	    "  -P PIDFILE        instead of PidFile\n"
	    "  -u USER[:GROUP]   instead of UserID\n"
	    "  -v                write log lines to standard error too\n"
	    "  -V, --version     the version\n",
	    stdout);
	return EX_OK;
}

static int
complain_of(int status, const struct err *err)
{
	fprintf(stderr, "posternd: %s\n", err->text);
	return status;
}

static void
override_setting(
    struct options *options, const char *option, const char *keyword)
{
	struct settings_override *slot = NULL;

	for (size_t i = 0; i < options->count; i++)
		if (strcmp(options->overrides[i].keyword, keyword) == 0)
			slot = &options->overrides[i];
	if (slot == NULL)
		slot = &options->overrides[options->count++];
	*slot = (struct settings_override){option, keyword, optarg};
}

static int
read_arguments(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
	    {.name = "help", .val = 'h'}, {.name = "version", .val = 'V'}, {0}};
	int letter;

	while ((letter = getopt_long(
		    argc, argv, "c:fhnp:P:u:vV", longs, NULL)) != -1) {
		switch (letter) {
		case 'c':
			options->file = optarg;
			break;
		case 'f':
			options->foreground = true;
			break;
		case 'h':
			options->help = true;
			break;
		case 'n':
			options->check_only = true;
			break;
		case 'p':
			override_setting(options, "-p", "Socket");
			break;
		case 'P':
			override_setting(options, "-P", "PidFile");
			break;
		case 'u':
			override_setting(options, "-u", "UserID");
			break;
		case 'v':
			options->verbose = true;
			break;
		case 'V':
			options->version = true;
			break;
		default:
			return print_usage();
		}
	}
	return optind == argc ? 0 : print_usage();
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
load_settings(const struct options *options)
{
	struct conf_faults faults = {0};
	struct settings *settings = settings_load(
	    options->file, options->overrides, options->count, &faults);

	for (size_t i = 0; i < faults.count; i++)
		fprintf(stderr, "%s\n", faults.texts[i]);
	conf_faults_fini(&faults);
	return settings;
}

/* As the start would find it, which root alone can.  That the default user is
 * not there yet is no mistake of the configuration. */
static int
check_user(const struct options *options, const struct settings *settings)
{
	const char *file =
	    options->file == NULL ? SETTINGS_PATH : options->file;
	unsigned line = settings->user_line;
	const char *place = line == 0 ? NULL : file;
	struct conf_faults faults = {0};
	struct identity who;
	struct err err;

	if (geteuid() != 0 || daemon_find_user(settings->user, &who, &err) == 0)
		return EX_OK;
	for (size_t i = 0; i < options->count; i++)
		if (strcmp(options->overrides[i].keyword, "UserID") == 0) {
			place = options->overrides[i].option;
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

/* A daemon's directory is another, and the file is to be read again. */
static void
find_file(struct options *options)
{
	static char path[2 * PATH_MAX];
	char directory[PATH_MAX];

	if (options->file == NULL || options->file[0] == '/' ||
	    getcwd(directory, sizeof(directory)) == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s", directory, options->file);
	options->file = path;
}

/* libmilter removes what stands at its path, which may by another name be that
 * of the control socket. */
static int
listen_for_mail(const struct settings *settings, struct err *err)
{
	int status = socket_claim(settings->socket, err);

	if (status != 0)
		return status;
	if (callbacks_open(settings, err) != 0)
		return EX_UNAVAILABLE;
	socket_own(settings->socket, &milter_socket);
	return 0;
}

/* Everything that may fail before there are threads. */
static int
become_daemon(
    struct options *options, const struct settings *settings, struct err *err)
{
	int status = 0;

	find_file(options);
	if (settings->background && !options->foreground)
		status = daemon_detach(err);
	if (status == 0)
		status = pid_file_open(settings->pid_file, err);
	if (status == 0)
		status = daemon_drop_root(settings->user, err);
	if (status == 0)
		status = socket_claim(settings->socket, err);
	if (status == 0)
		status = daemon_hold_signals(err);
	if (status != 0)
		return status;
	report_open(settings, options->verbose, daemon_nudge);
	umask((mode_t)settings->umask);
	status = control_open(settings, err);
	if (status != 0)
		return status;
	status = listen_for_mail(settings, err);
	if (status != 0)
		control_close();
	return status;
}

/* For libmilter's thread, which must not be the main one. */
static void *
serve_milter(void *arg)
{
	callbacks_serve();
	daemon_wake();
	return arg;
}

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

static void
reload_settings(const struct options *options, const struct settings *at_start)
{
	struct conf_faults faults = {0};
	AUTO(settings)
	struct settings *settings = settings_load(
	    options->file, options->overrides, options->count, &faults);

	notify_reloading();
	if (settings == NULL)
		reload_failed(faults.count, faults.texts[0]);
	else
		put_in_force(at_start, settings);
	conf_faults_fini(&faults);
}

static void
tell_stats(void)
{
	struct stats stats;

	stats_take(&stats);
	report_stats(&stats);
}

static void
tell_now_and_then(void)
{
	AUTO(settings) struct settings *settings = service_settings();

	report_rules_daily(settings, clock_wall_s());
	tell_stats();
}

/* A host that moves to another network has another resolv.conf. */
static void
follow_nameservers(void)
{
	struct report_reload reload = {.restart = ""};
	struct err err;

	if (!service_follow(&reload.renewed, &err))
		return;
	if (!reload.renewed) {
		reload.faults = 1;
		reload.detail = err.text;
	}
	report_reload(&reload);
	if (reload.renewed)
		service_test_resolver();
}

/* It can take the locks that mail needs, too. */
static void
show_life(void)
{
	service_active();
	notify_alive();
}

enum { HOURLY, FOLLOW, LIFE, TIMERS };

/* What is done every so often; 0: never. */
struct timer {
	int period_ms;
	int64_t due_ms;
	void (*act)(void);
};

static void
arm_timer(struct timer *timer, int period_ms, void (*act)(void))
{
	timer->period_ms = period_ms;
	timer->due_ms =
	    period_ms == 0 ? INT64_MAX : clock_mono_ms() + period_ms;
	timer->act = act;
}

static void
arm_follow(struct timer timers[TIMERS])
{
	arm_timer(&timers[FOLLOW], service_follows() ? FOLLOW_MS : 0,
	    follow_nameservers);
}

/* Acts where it is time to; returns when it is next. */
static int64_t
serve_timers(struct timer timers[TIMERS])
{
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; i < TIMERS; i++) {
		if (clock_mono_ms() >= timers[i].due_ms) {
			timers[i].act();
			timers[i].due_ms =
			    clock_mono_ms() + timers[i].period_ms;
		}
		if (timers[i].due_ms < next_ms)
			next_ms = timers[i].due_ms;
	}
	return next_ms;
}

/* Until a signal says to stop: true, or libmilter gives up: false. */
static bool
await_end(const struct options *options, const struct settings *settings)
{
	struct timer timers[TIMERS];
	int log_fd;

	arm_timer(&timers[HOURLY], TICK_MS, tell_now_and_then);
	arm_timer(&timers[LIFE], notify_watchdog_ms(), show_life);
	arm_follow(timers);
	for (;;) {
		int64_t next_ms = serve_timers(timers);
		bool left = log_flush(&log_fd);
		int64_t until_ms =
		    left ? clock_sooner_ms(next_ms, FLUSH_MS) : next_ms;

		switch (daemon_next_signal(until_ms, left ? log_fd : -1)) {
		case DAEMON_NO_SIGNAL:
			break;
		case SIGTERM:
		case SIGINT:
			return true;
		case SIGHUP:
		case SIGUSR1:
			reload_settings(options, settings);
			arm_follow(timers);
			break;
		default:
			return false;
		}
	}
}

/*
 * Let messages in flight end, then the engine.  libmilter is left to the end of
 * the process: it would take five seconds, and drop idle connections as well.
 * False when a thread is left that still uses an engine.
 */
static bool
stop_service(void)
{
	bool idle;

	notify_stopping();
	idle = service_drain(clock_mono_ms() + DRAIN_MS);

	control_close();
	tell_stats();
	if (!idle)
		return false;
	usleep(LAST_ANSWER_US);
	return service_close(clock_mono_ms() + CLOSE_MS);
}

static int
begin_to_serve(struct settings *settings, struct err *err)
{
	pthread_t thread;

	if (service_open(settings, err) != 0)
		return err->kind == ERR_TEMP ? EX_OSERR : EX_OSFILE;
	stats_begin(downtime_end(settings, clock_wall_s()));
	if (control_start(err) == 0) {
		if (pthread_create(&thread, NULL, serve_milter, NULL) == 0) {
			pthread_detach(thread);
			return 0;
		}
		err_set(err, ERR_LOCAL, "cannot start a thread");
	}
	control_close();
	service_close(clock_mono_ms() + CLOSE_MS);
	return EX_OSERR;
}

static int
run_daemon(const struct options *options, struct settings *settings)
{
	struct err err;
	int status = begin_to_serve(settings, &err);
	bool clean;

	if (status != 0) {
		control_close();
		socket_release(settings->socket, &milter_socket);
		return complain_of(status, &err);
	}
	pid_file_write();
	report_start(PACKAGE_VERSION, stats_down_s());
	report_rules(settings, clock_wall_s());
	daemon_ready();
	notify_ready();
	service_test_resolver();
	status = await_end(options, settings) ? EX_OK : EX_SOFTWARE;
	clean = stop_service();
	socket_release(settings->socket, &milter_socket);
	downtime_begin(settings, clock_wall_s());
	report_stop();
	log_close(clock_mono_ms() + LAST_LINES_MS);
	if (!clean) {
		pid_file_remove();
		_exit(status);
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct options options = {0};
	struct settings *settings;
	struct err err;
	int status;

	standard_open();
	notify_open();
	status = read_arguments(&options, argc, argv);
	if (status != 0)
		return status;
	if (options.version)
		return print_version();
	if (options.help)
		return print_option_help();
	settings = load_settings(&options);
	if (settings == NULL)
		return EX_CONFIG;
	if (options.check_only)
		status = check_user(&options, settings);
	else if ((status = become_daemon(&options, settings, &err)) != 0)
		status = complain_of(status, &err);
	else
		status = run_daemon(&options, settings);
	pid_file_remove();
	settings_free(settings);
	return status;
}
