/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_request.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "common/io/dns_pace.h"

/*
 * How it works.
 * 1. ask_next asks the next nameserver by UDP: in their order, those that were
 *    silent lately last.  An answer that was cut is asked for again by TCP.
 * 2. A nameserver that fails is remembered as the failure, and the next one is
 *    asked.  If all have failed, the first failure is the answer.  When all
 *    were silent, the round begins anew.
 * 3. Each attempt has the same time, for which there is a timer.  It runs to
 *    its end also where no nameserver could be asked, so that there is no haste
 *    in trying again.  When it is over the request waits for its turn like a
 *    new one: what was asked in a burst is not asked again in one.
 * 4. A lookup that nobody awaits any more ends at its next event.
 */

static void
close_window(struct dns_request *request)
{
	if (request->in_window)
		dns_window_close(&request->context->window, request->begun_ms,
		    clock_mono_ms());
	request->in_window = false;
}

static void
close_socket(struct dns_request *request)
{
	close_window(request);
	if (request->ready != NULL)
		event_free(request->ready);
	request->ready = NULL;
	dns_exchange_end(&request->exchange);
}

void
dns_request_free(struct dns_request *request)
{
	if (request == NULL)
		return;
	close_socket(request);
	if (request->timer != NULL)
		event_free(request->timer);
	dns_answer_free(request->failure);
	free(request);
}

/* Takes answer, and the request. */
static void
end_request(struct dns_request *request, struct dns_answer *answer)
{
	struct dns_request_context *context = request->context;

	context->ended(context->arg, request);
	dns_pending_finish(request->pending, answer);
	dns_request_free(request);
}

static void
end_with_failure(struct dns_request *request)
{
	struct dns_answer *failure = request->failure;

	request->failure = NULL;
	end_request(request, failure);
}

static void
note_error(struct dns_request *request, int error)
{
	char text[2 * LIMIT_DETAIL];
	char reason[64];

	snprintf(text, sizeof(text), "%s: %s", request->server->at.text,
	    strerror_r(error, reason, sizeof(reason)));
	dns_pending_note(request->pending, text);
}

static struct dns_server *
next_server(struct dns_request *request, int64_t now_ms)
{
	return dns_servers_next(&request->context->servers,
	    request->servers & ~request->tried, now_ms);
}

static size_t
server_number(
    const struct dns_request *request, const struct dns_server *server)
{
	return (size_t)(server - request->context->servers.items);
}

/* What came of the attempt. */
static void
note_attempt_end(struct dns_request *request, enum dns_pace_end end)
{
	dns_pace_heard(request->context->pace,
	    server_number(request, request->server), end);
}

static void on_connection(evutil_socket_t fd, short what, void *arg);
static void on_attempt_over(evutil_socket_t fd, short what, void *arg);

static int
watch_connection(struct dns_request *request)
{
	struct dns_exchange *exchange = &request->exchange;
	short what = exchange->writes ? EV_WRITE : EV_READ;

	if (request->ready != NULL)
		event_free(request->ready);
	request->ready = event_new(request->context->base, exchange->fd,
	    (short)(what | EV_PERSIST), on_connection, request);
	if (request->ready == NULL || event_add(request->ready, NULL) < 0)
		return ENOMEM;
	return 0;
}

static void
start_timer(struct dns_request *request)
{
	struct dns_request_context *context = request->context;
	int rc = -1;

	if (request->timer == NULL)
		request->timer =
		    evtimer_new(context->base, on_attempt_over, request);
	if (request->timer != NULL)
		rc = evtimer_add(request->timer, context->attempt_time);
	assert(rc == 0); /* as for any memory */
}

static void
set_random_id(struct dns_request *request)
{
	struct dns_request_context *context = request->context;

	if (context->id_count == 0 &&
	    getrandom(context->ids, sizeof(context->ids), 0) ==
		sizeof(context->ids))
		context->id_count = DNS_REQUEST_IDS;
	if (context->id_count > 0)
		dns_packet_set_id(
		    &request->query, context->ids[--context->id_count]);
}

/* From now the request is this server's, for the time of an attempt.  0, or an
 * errno. */
static int
ask_server(struct dns_request *request, struct dns_server *server, bool tcp)
{
	int error;

	close_socket(request);
	request->server = server;
	request->begun_ms = clock_mono_ms();
	request->tried |= dns_servers_bit(&request->context->servers, server);
	set_random_id(request);
	start_timer(request);
	dns_pace_asked(request->context->pace, server_number(request, server));
	if (!tcp) {
		dns_window_ask(&request->context->window, request->begun_ms);
		request->in_window = true;
		return dns_exchange_ask(
		    &request->exchange, &server->at, &request->query, request);
	}
	error = dns_exchange_connect(&request->exchange, &server->at);
	return error == 0 ? watch_connection(request) : error;
}

/*
 * Ask servers of this round until one is asked.  If none is left, what one
 * answered is the result; if none answered, their time has to pass first.
 */
static void
ask_next(struct dns_request *request)
{
	struct dns_server *server;

	while ((server = next_server(request, clock_mono_ms())) != NULL) {
		int error = ask_server(request, server, false);

		if (error == 0)
			return;
		note_attempt_end(request, DNS_PACE_SILENT);
		note_error(request, error);
	}
	if (request->failure != NULL)
		end_with_failure(request);
	else
		close_socket(request);
}

static void
give_up_server(struct dns_request *request, int error)
{
	note_attempt_end(request, DNS_PACE_SILENT);
	note_error(request, error);
	ask_next(request);
}

/* Whether the server's AD bit counts for an answer that has it. */
static bool
may_be_secure(const struct dns_request *request)
{
	const struct dns_request_context *context = request->context;

	return request->server->trusted && !context->authoritative &&
	       !dns_insecure_has(
		   context->insecure, dns_pending_name(request->pending));
}

static struct dns_answer *
read_reply(const struct dns_request *request)
{
	const struct dns_exchange *exchange = &request->exchange;
	struct dns_answer *answer = dns_packet_reply(exchange->reply,
	    exchange->reply_size, dns_pending_name(request->pending),
	    dns_pending_type(request->pending), request->context->authoritative,
	    request->context->insecure);

	if (answer->lookup.secure)
		answer->lookup.secure = may_be_secure(request);
	return answer;
}

/* Bogus is bogus; another failure may be this server's own. */
static void
take_answer(struct dns_request *request)
{
	struct dns_answer *answer = NULL;

	if (dns_pending_is_wanted(request->pending))
		answer = read_reply(request);
	note_attempt_end(
	    request, answer != NULL && answer->lookup.state == LOOKUP_SERVFAIL
			 ? DNS_PACE_FAILED
			 : DNS_PACE_ANSWERED);
	if (answer == NULL || answer->lookup.state != LOOKUP_SERVFAIL) {
		end_request(request, answer);
		return;
	}
	if (request->failure == NULL)
		request->failure = answer;
	else
		dns_answer_free(answer);
	ask_next(request);
}

void
dns_request_go_on(void *arg)
{
	struct dns_request *request = arg;
	struct dns_exchange *exchange = &request->exchange;
	bool writes = exchange->writes;
	enum dns_exchange_outcome outcome = dns_exchange_go_on(
	    exchange, &request->query, request->context->datagram);
	int error = 0;

	if (exchange->heard)
		dns_servers_hear(request->server);
	if (exchange->heard && request->in_window)
		dns_window_hear(&request->context->window, request->begun_ms,
		    clock_mono_ms());
	switch (outcome) {
	case DNS_EXCHANGE_FAILED:
		error = exchange->error;
		break;
	case DNS_EXCHANGE_LASTS:
		if (exchange->writes != writes)
			error = watch_connection(request);
		break;
	case DNS_EXCHANGE_CUT:
		error = ask_server(request, request->server, true);
		break;
	case DNS_EXCHANGE_REPLIED:
		take_answer(request);
		return;
	}
	if (error != 0)
		give_up_server(request, error);
}

static void
on_connection(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dns_request_go_on(arg);
}

static void
on_attempt_over(evutil_socket_t fd, short what, void *arg)
{
	struct dns_request *request = arg;
	int64_t now_ms = clock_mono_ms();

	(void)fd;
	(void)what;
	if (dns_exchange_is_open(&request->exchange)) {
		note_attempt_end(request, DNS_PACE_SILENT);
		dns_window_shrink(
		    &request->context->window, request->begun_ms, now_ms);
	}
	if (!dns_pending_is_wanted(request->pending)) {
		end_request(request, NULL);
		return;
	}
	dns_servers_miss(request->server, request->begun_ms, now_ms);
	if (request->failure == NULL && next_server(request, now_ms) == NULL)
		request->tried = 0;
	close_socket(request);
	request->context->again(request->context->arg, request);
}

struct dns_request *
dns_request_new(struct dns_request_context *context,
    struct dns_pending *pending, unsigned servers, struct err *err)
{
	struct dns_request *request = xcalloc(1, sizeof(*request));

	request->context = context;
	request->pending = pending;
	request->servers = servers;
	dns_exchange_init(&request->exchange, context->sockets);
	if (dns_packet_query(&request->query, dns_pending_name(pending),
		dns_pending_type(pending), err) == 0)
		return request;
	dns_request_free(request);
	return NULL;
}

int
dns_request_wait_ms(struct dns_request *request)
{
	int64_t now_ms = clock_mono_ms();
	const struct dns_server *server = next_server(request, now_ms);
	int pace_ms, window_ms;

	if (server == NULL || !dns_pending_is_wanted(request->pending))
		return 0;
	pace_ms = dns_pace_wait_ms(
	    request->context->pace, server_number(request, server));
	window_ms = dns_window_wait_ms(&request->context->window, now_ms);
	return pace_ms > window_ms ? pace_ms : window_ms;
}

void
dns_request_start(struct dns_request *request)
{
	if (dns_pending_is_wanted(request->pending))
		ask_next(request);
	else
		end_request(request, NULL);
}
