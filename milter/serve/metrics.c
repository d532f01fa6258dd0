/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one thread runs an event loop over the listening socket and at
 * most LIMIT_METRICS_CLIENTS connections; one more is closed at once.  Each
 * sends one request, gets one answer, and is closed.  A timer that no octet
 * puts off bounds the request, and a second one the answer.
 *
 * The HTTP server of libevent 2.1 has neither: its time begins anew with each
 * octet, and it does not tell of a connection before it has asked.
 */
#include "milter/serve/metrics.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "milter/serve/loop.h"
#include "milter/serve/service.h"
#include "milter/serve/socket.h"
#include "milter/serve/stats.h"
#include "milter/view/http_request.h"
#include "milter/view/openmetrics.h"

enum {
	MODE = 0660,
	BACKLOG = 64,
	REQUEST_S = 5,
	ANSWER_S = 5,
	REST_S = 1, /* without descriptors to be had */
};

#define TYPE_PLAIN "text/plain; charset=utf-8"
#define TYPE_PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPENMETRICS \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

struct scrape {
	struct bufferevent *stream; /* NULL: the place is free */
	struct event *deadline;
	bool answered;
};

/* The thread's, but for what is set before it starts. */
static struct {
	char *text; /* of the settings */
	int fd;
	struct socket_owned own;
	struct loop *loop;
	struct event *called, *rested;
	struct scrape scrapes[LIMIT_METRICS_CLIENTS];
} metrics = {.fd = -1};

static void
drop_scrape(struct scrape *scrape)
{
	bufferevent_free(scrape->stream);
	event_free(scrape->deadline);
	*scrape = (struct scrape){0};
}

/* --- the answer --- */

struct page {
	const char *status;
	const char *type;
	char *text; /* for free() */
};

static struct page
metrics_page(bool openmetrics)
{
	struct stats stats;
	struct page page = {.status = "200 OK",
	    .type = openmetrics ? TYPE_OPENMETRICS : TYPE_PROMETHEUS};
	AUTO(settings) struct settings *settings = service_settings();

	stats_take(&stats);
	page.text =
	    openmetrics_print(&stats, PACKAGE_VERSION, settings->metrics_label,
		openmetrics ? METRIC_OPENMETRICS : METRIC_PROMETHEUS);
	return page;
}

/* A line of text. */
static struct page
word_page(const char *status, const char *word)
{
	size_t size = strlen(word) + sizeof("\n");
	struct page page = {
	    .status = status, .type = TYPE_PLAIN, .text = xcalloc(size, 1)};

	snprintf(page.text, size, "%s\n", word);
	return page;
}

static struct page
health_page(void)
{
	const char *word;
	bool well = stats_health(&word);

	return word_page(well ? "200 OK" : "503 Service Unavailable", word);
}

static struct page
refusal_page(const char *status)
{
	return word_page(status, status);
}

static struct page
page_for(const struct http_request *request)
{
	switch (request->answer) {
	case HTTP_METRICS:
		return metrics_page(request->openmetrics);
	case HTTP_HEALTH:
		return health_page();
	case HTTP_NO_SUCH_PAGE:
		return refusal_page("404 Not Found");
	case HTTP_OTHER_METHOD:
		return refusal_page("405 Method Not Allowed");
	case HTTP_OTHER_VERSION:
		return refusal_page("505 HTTP Version Not Supported");
	case HTTP_MALFORMED:
		break;
	}
	return refusal_page("400 Bad Request");
}

/* Nothing more is read. */
static void
send_page(struct scrape *scrape, struct page page, bool head_only)
{
	static const struct timeval answer = {.tv_sec = ANSWER_S};
	struct evbuffer *out = bufferevent_get_output(scrape->stream);

	assert(!scrape->answered);
	scrape->answered = true;
	bufferevent_disable(scrape->stream, EV_READ);
	event_add(scrape->deadline, &answer);
	evbuffer_add_printf(out,
	    "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
	    "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
	    page.status, page.type, strlen(page.text),
	    strncmp(page.status, "405", 3) == 0 ? "Allow: GET, HEAD\r\n" : "");
	if (!head_only)
		evbuffer_add(out, page.text, strlen(page.text));
	free(page.text);
}

/* --- connections --- */

static void
on_asked(struct bufferevent *stream, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(stream);
	size_t length = evbuffer_get_length(in);
	const char *data = (const char *)evbuffer_pullup(in, -1);
	size_t size = http_request_size(data, length);
	struct http_request request;

	if (size > LIMIT_METRICS_REQUEST ||
	    (size == 0 && length > LIMIT_METRICS_REQUEST)) {
		send_page(arg,
		    refusal_page("431 Request Header Fields Too Large"), false);
		return;
	}
	if (size == 0)
		return;
	http_request_parse(data, size, &request);
	send_page(arg, page_for(&request), request.head_only);
}

/* All of the answer is the kernel's. */
static void
on_sent(struct bufferevent *stream, void *arg)
{
	struct scrape *scrape = arg;

	(void)stream;
	if (scrape->answered)
		drop_scrape(scrape);
}

static void
on_failed(struct bufferevent *stream, short events, void *arg)
{
	(void)stream;
	(void)events;
	drop_scrape(arg);
}

static void
on_late(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	drop_scrape(arg);
}

static struct scrape *
find_free_scrape(void)
{
	for (size_t i = 0; i < LIMIT_METRICS_CLIENTS; i++)
		if (metrics.scrapes[i].stream == NULL)
			return &metrics.scrapes[i];
	return NULL;
}

static void
begin_scrape(struct scrape *scrape, int fd)
{
	static const struct timeval request = {.tv_sec = REQUEST_S};

	scrape->stream = bufferevent_socket_new(
	    loop_base(metrics.loop), fd, BEV_OPT_CLOSE_ON_FREE);
	scrape->deadline =
	    evtimer_new(loop_base(metrics.loop), on_late, scrape);
	if (scrape->stream == NULL || scrape->deadline == NULL)
		abort();
	bufferevent_setcb(scrape->stream, on_asked, on_sent, on_failed, scrape);
	bufferevent_setwatermark(
	    scrape->stream, EV_READ, 0, LIMIT_METRICS_REQUEST + 1);
	bufferevent_enable(scrape->stream, EV_READ | EV_WRITE);
	event_add(scrape->deadline, &request);
}

static void
rest_metrics(void)
{
	static const struct timeval rest = {.tv_sec = REST_S};

	event_del(metrics.called);
	event_add(metrics.rested, &rest);
}

static void
on_metrics_rested(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)arg;
	event_add(metrics.called, NULL);
}

static void
on_call(evutil_socket_t listening, short events, void *arg)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct scrape *scrape = find_free_scrape();

	(void)events;
	(void)arg;
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS)
			rest_metrics();
		return;
	}
	if (scrape == NULL)
		close(fd);
	else
		begin_scrape(scrape, fd);
}

/* --- the socket --- */

/* Nobody else has anything for the thread. */
static void
on_nothing(void *arg)
{
	(void)arg;
}

int
metrics_open(const struct settings *settings, struct err *err)
{
	int status;

	if (settings->metrics_socket == NULL)
		return 0;
	metrics.text = xstrdup(settings->metrics_socket);
	status = socket_listen(
	    metrics.text, MODE, BACKLOG, &metrics.own, &metrics.fd, err);
	if (status != 0)
		metrics_close();
	return status;
}

int
metrics_start(struct err *err)
{
	if (metrics.fd < 0)
		return 0;
	metrics.loop = loop_new(on_nothing, NULL, err);
	if (metrics.loop == NULL)
		return -1;
	metrics.called = event_new(loop_base(metrics.loop), metrics.fd,
	    EV_READ | EV_PERSIST, on_call, NULL);
	metrics.rested =
	    evtimer_new(loop_base(metrics.loop), on_metrics_rested, NULL);
	event_add(metrics.called, NULL);
	return loop_start(metrics.loop, err);
}

static void
end_metrics_loop(void)
{
	if (metrics.loop == NULL)
		return;
	loop_stop(metrics.loop);
	for (size_t i = 0; i < LIMIT_METRICS_CLIENTS; i++)
		if (metrics.scrapes[i].stream != NULL)
			drop_scrape(&metrics.scrapes[i]);
	event_free(metrics.called);
	event_free(metrics.rested);
	loop_free(metrics.loop);
	metrics.loop = NULL;
}

void
metrics_close(void)
{
	end_metrics_loop();
	if (metrics.text == NULL)
		return;
	socket_release(metrics.text, &metrics.own);
	if (metrics.fd >= 0)
		close(metrics.fd);
	metrics.fd = -1;
	free(metrics.text);
	metrics.text = NULL;
}
