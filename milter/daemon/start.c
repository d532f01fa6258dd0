/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: first what is the process's alone (the file's path, a child in
 * the background, the PID file), then root is given up, and what is opened from
 * there on has to be reachable for the user that posternd runs as. Signals are
 * held before there is any thread, so that none but the main thread gets them.
 * The control socket comes before libmilter's: libmilter removes what stands at
 * its path.
 */
#include "milter/daemon/start.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "milter/daemon/daemon.h"
#include "milter/daemon/pid_file.h"
#include "milter/mta/callbacks.h"
#include "milter/serve/control.h"
#include "milter/serve/control_answer.h"
#include "milter/serve/downtime.h"
#include "milter/serve/facts_keeper.h"
#include "milter/serve/listener.h"
#include "milter/serve/metrics.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/serve/socket.h"
#include "milter/serve/stats.h"
#include "milter/tlsrpt/collect.h"
#include "milter/tlsrpt/intake.h"
#include "milter/tlsrpt/own_sessions.h"
#include "milter/tlsrpt/sender.h"
#include "milter/tlsrpt/so_far.h"

/* Checks that nobody waits for any more may end, or not */
enum { CLOSE_MS = 2 * 1000 };

static struct socket_owned milter_socket; /* once libmilter has it */

/* A daemon's directory is another, and the file is to be read again. */
static void
find_file(struct arguments *arguments)
{
	static char path[2 * PATH_MAX];
	char directory[PATH_MAX];

	if (arguments->file == NULL || arguments->file[0] == '/' ||
	    getcwd(directory, sizeof(directory)) == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s", directory, arguments->file);
	arguments->file = path;
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

void
start_stop_answering(void)
{
	metrics_close();
	listener_close();
	control_close();
	sender_stop();
	collect_stop();
}

int
start_daemon(struct arguments *arguments, const struct settings *settings,
    struct err *err)
{
	int status = 0;

	find_file(arguments);
	if (settings->background && !arguments->foreground)
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
	report_open(settings, arguments->verbose, daemon_nudge);
	umask((mode_t)settings->umask);
	status = control_open(settings, err);
	if (status != 0)
		return status;
	status = listener_open(settings, err);
	if (status == 0)
		status = metrics_open(settings, err);
	if (status == 0)
		status = listen_for_mail(settings, err);
	if (status != 0)
		start_stop_answering();
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

void
start_release_socket(const struct settings *settings)
{
	socket_release(settings->socket, &milter_socket);
}

static int
begin_to_serve(struct settings *settings, struct err *err)
{
	static const struct control_counts counts = {
	    so_far_rows, so_far_report, collect_today, sender_hurry};
	static const struct intake_hops hops = {
	    own_sessions_relay, own_sessions_tested};
	pthread_t thread;

	own_sessions_open(settings);
	if (service_open(settings, err) != 0)
		return err->kind == ERR_TEMP ? EX_OSERR : EX_OSFILE;
	stats_begin(downtime_end(settings, clock_wall_s()));
	control_answer_counts(&counts);
	if (facts_keeper_start(settings, err) == 0 &&
	    collect_start(settings, &hops, err) == 0 &&
	    sender_start(settings, err) == 0 && control_start(err) == 0 &&
	    listener_start(err) == 0 && metrics_start(err) == 0) {
		if (pthread_create(&thread, NULL, serve_milter, NULL) == 0) {
			pthread_detach(thread);
			return 0;
		}
		err_set(err, ERR_LOCAL, "cannot start a thread");
	}
	start_stop_answering();
	service_close(clock_mono_ms() + CLOSE_MS);
	return EX_OSERR;
}

int
start_serving(struct settings *settings, struct err *err)
{
	int status = begin_to_serve(settings, err);

	if (status != 0) {
		start_stop_answering();
		start_release_socket(settings);
	}
	return status;
}
