/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/gather/engine.h"
#include "common/io/dns_embedded.h"
#include "common/io/dns_packet.h"
#include "common/io/https.h"
#include "common/io/smtp.h"
#include "common/io/store.h"
#include "common/proto/domain.h"
#include "milter/callbacks.h"
#include "milter/daemon.h"
#include "milter/report.h"
#include "milter/settings.h"

enum {
	/* Messages in flight get so long to end */
	DRAIN_MS = 30 * 1000,

	/* The answer to the last of them is written after its callback */
	LAST_ANSWER_US = 200 * 1000,

	/* Checks that nobody waits for any more may end, or not */
	FREE_S = 2,

	SELF_TEST_MS = 10 * 1000,
	OVERRIDES_MAX = 3,
};

struct options {
	const char *file; /* NULL: the default path */
	bool foreground;
	bool check_only;
	bool verbose;
	bool version;
	size_t count;
	struct settings_override overrides[OVERRIDES_MAX];
};

/* For libmilter's thread, which must not be the main one. */
struct server {
	struct settings *settings;
	struct engine *engine;
};

static int
usage(void)
{
	fputs("usage: posternd [-fnvV] [-c FILE] [-p SOCKET] [-P PIDFILE] "
	      "[-u USER[:GROUP]]\n",
	    stderr);
	return EX_USAGE;
}

static int
complain(int status, const struct err *err)
{
	fprintf(stderr, "posternd: %s\n", err->text);
	return status;
}

static void
override(struct options *options, const char *option, const char *keyword)
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
read_options(struct options *options, int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "c:fnp:P:u:vV")) != -1) {
		switch (letter) {
		case 'c':
			options->file = optarg;
			break;
		case 'f':
			options->foreground = true;
			break;
		case 'n':
			options->check_only = true;
			break;
		case 'p':
			override(options, "-p", "Socket");
			break;
		case 'P':
			override(options, "-P", "PidFile");
			break;
		case 'u':
			override(options, "-u", "UserID");
			break;
		case 'v':
			options->verbose = true;
			break;
		case 'V':
			options->version = true;
			break;
		default:
			return usage();
		}
	}
	return optind == argc ? 0 : usage();
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
load(const struct options *options)
{
	struct conf_faults faults = {0};
	struct settings *settings = settings_load(
	    options->file, options->overrides, options->count, &faults);

	for (size_t i = 0; i < faults.count; i++)
		fprintf(stderr, "%s\n", faults.texts[i]);
	conf_faults_fini(&faults);
	return settings;
}

/* Everything that may fail before there are threads. */
static int
become_daemon(const struct options *options, const struct settings *settings,
    struct err *err)
{
	int status = 0;

	if (settings->background && !options->foreground)
		status = daemon_detach(err);
	if (status == 0)
		status = daemon_open_pid_file(settings->pid_file, err);
	if (status == 0)
		status = daemon_drop_root(settings->user, err);
	if (status == 0)
		status = daemon_claim_socket(settings->socket, err);
	if (status == 0)
		status = daemon_hold_signals(err);
	if (status != 0)
		return status;
	report_open(settings, options->verbose);
	umask((mode_t)settings->umask);
	return callbacks_open(settings, err) == 0 ? 0 : EX_UNAVAILABLE;
}

static void *
serve(void *arg)
{
	struct server *server = arg;

	callbacks_serve(server->settings, server->engine);
	daemon_wake();
	return NULL;
}

static const char *
resolver_name(const struct settings *settings)
{
	if (settings->recurse)
		return "recurse";
	return settings->nameservers.count > 0 ? settings->nameservers.items[0]
					       : "resolv.conf";
}

static void
on_resolver(void *arg, bool validates, const char *why)
{
	struct report_resolver resolver = {.addr = resolver_name(arg),
	    .validating = validates,
	    .reason = validates ? REASON_OK : REASON_RESOLVER_NOT_VALIDATING,
	    .detail = why};

	report_resolver(&resolver);
}

static void
on_store_failure(void *arg, const struct err *err)
{
	(void)arg;
	report_store(err->text);
}

static void
on_flip(void *arg, const char *domain, const char *old, const char *result,
    const char *mx)
{
	struct report_change change = {
	    .domain = domain, .before = old, .after = result, .mx = mx};

	(void)arg;
	report_change(&change);
}

/* A resolver that does not answer is told at once, as one that does not
 * validate is; mail goes on, by the settings of On-TempError. */
static void
test_resolver(const struct settings *settings, struct engine *engine)
{
	struct report_resolver resolver = {
	    .addr = resolver_name(settings), .reason = REASON_DNS_TIMEOUT};
	struct err err;

	if (engine_self_test(engine, clock_mono_ms() + SELF_TEST_MS, &err) ==
		0 ||
	    err.kind != ERR_TEMP)
		return;
	resolver.detail = err.text;
	report_resolver(&resolver);
}

/* Until a signal says to stop: true, or libmilter gives up: false. */
static bool
await_end(void)
{
	for (;;) {
		switch (daemon_next_signal()) {
		case SIGTERM:
		case SIGINT:
			return true;
		case SIGHUP:
		case SIGUSR1:
			report_no_reload();
			break;
		default:
			return false;
		}
	}
}

static void *
free_engine(void *engine)
{
	engine_free(engine);
	return NULL;
}

/*
 * Let messages in flight end, then the engine.  libmilter is left to the end of
 * the process: it would take five seconds, and drop idle connections as well.
 * False when a thread is left that still uses the engine.
 */
static bool
stop(struct engine *engine)
{
	struct timespec until;
	pthread_t freer;

	if (!callbacks_drain(clock_mono_ms() + DRAIN_MS))
		return false;
	usleep(LAST_ANSWER_US);
	if (pthread_create(&freer, NULL, free_engine, engine) != 0)
		return false;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FREE_S;
	return pthread_timedjoin_np(freer, NULL, &until) == 0;
}

static int
run(struct settings *settings)
{
	static struct server server; /* for a thread that is not joined */
	struct engine_options options;
	pthread_t thread;
	struct err err;
	int status;
	bool clean;

	/* never dropped: libmilter's threads read them to the end */
	server.settings = settings_ref(settings);
	settings_engine_options(settings, &options);
	options.resolver_changed = on_resolver;
	options.resolver_arg = settings;
	options.refresh = true;
	options.store_failed = on_store_failure;
	options.flipped = on_flip;
	server.engine = engine_new(&options, &err);
	if (server.engine == NULL) {
		daemon_release_socket(settings->socket);
		return complain(EX_OSFILE, &err);
	}
	daemon_take_signals();
	if (pthread_create(&thread, NULL, serve, &server) != 0) {
		err_set(&err, ERR_LOCAL, "no thread to be had");
		daemon_release_socket(settings->socket);
		engine_free(server.engine);
		return complain(EX_OSERR, &err);
	}
	daemon_write_pid();
	report_start(PACKAGE_VERSION);
	daemon_ready();
	test_resolver(settings, server.engine);
	status = await_end() ? EX_OK : EX_SOFTWARE;
	clean = stop(server.engine);
	daemon_release_socket(settings->socket);
	report_stop();
	if (!clean) {
		daemon_remove_pid();
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
	int status = read_options(&options, argc, argv);

	if (status != 0)
		return status;
	if (options.version)
		return print_version();
	settings = load(&options);
	if (settings == NULL)
		return EX_CONFIG;
	if (options.check_only)
		status = EX_OK;
	else if ((status = become_daemon(&options, settings, &err)) != 0)
		status = complain(status, &err);
	else
		status = run(settings);
	daemon_remove_pid();
	settings_free(settings);
	return status;
}
