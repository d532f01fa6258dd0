/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/http_request.h"

#include <string.h>
#include <strings.h>

#define OPENMETRICS_TYPE "application/openmetrics-text"

/* A part of the request, which has no NUL behind it. */
struct span {
	const char *at;
	size_t length;
};

/* The line at *rest without its end; *rest becomes what is behind it. */
static struct span
take_line(struct span *rest)
{
	const char *feed = memchr(rest->at, '\n', rest->length);
	size_t whole =
	    feed == NULL ? rest->length : (size_t)(feed - rest->at) + 1;
	struct span line = {rest->at, feed == NULL ? whole : whole - 1};

	if (line.length > 0 && line.at[line.length - 1] == '\r')
		line.length--;
	rest->at += whole;
	rest->length -= whole;
	return line;
}

/* What is before the separator in *rest, which becomes what is behind it. */
static struct span
take_up_to(struct span *rest, char separator)
{
	const char *end = memchr(rest->at, separator, rest->length);
	struct span part = *rest;

	if (end == NULL) {
		*rest = (struct span){rest->at + rest->length, 0};
		return part;
	}
	part.length = (size_t)(end - rest->at);
	rest->at = end + 1;
	rest->length -= part.length + 1;
	return part;
}

static bool
is_http_text(struct span span, const char *text)
{
	return span.length == strlen(text) &&
	       memcmp(span.at, text, span.length) == 0;
}

static bool
is_http_word(struct span span, const char *text)
{
	return span.length == strlen(text) &&
	       strncasecmp(span.at, text, span.length) == 0;
}

static struct span
trim_http(struct span span)
{
	while (span.length > 0 && (*span.at == ' ' || *span.at == '\t')) {
		span.at++;
		span.length--;
	}
	while (span.length > 0 && (span.at[span.length - 1] == ' ' ||
				      span.at[span.length - 1] == '\t'))
		span.length--;
	return span;
}

size_t
http_request_size(const char *data, size_t length)
{
	struct span rest = {data, length};

	while (rest.length > 0) {
		const char *begin = rest.at;
		struct span line = take_line(&rest);

		if (rest.at[-1] != '\n')
			return 0;
		if (line.length == 0 && begin != data)
			return (size_t)(rest.at - data);
	}
	return 0;
}

/* RFC 9112 section 3: method, target, version, a space between. */
static enum http_answer
answer_of_line(struct span line, struct http_request *out)
{
	struct span method = take_up_to(&line, ' ');
	struct span target = take_up_to(&line, ' ');
	struct span path = take_up_to(&target, '?');

	if (method.length == 0 || path.length == 0 ||
	    line.length != strlen("HTTP/1.1") ||
	    memcmp(line.at, "HTTP/", strlen("HTTP/")) != 0)
		return HTTP_MALFORMED;
	if (memcmp(line.at, "HTTP/1.", strlen("HTTP/1.")) != 0)
		return HTTP_OTHER_VERSION;
	out->head_only = is_http_text(method, "HEAD");
	if (!out->head_only && !is_http_text(method, "GET"))
		return HTTP_OTHER_METHOD;
	if (is_http_text(path, "/metrics"))
		return HTTP_METRICS;
	return is_http_text(path, "/healthz") ? HTTP_HEALTH : HTTP_NO_SUCH_PAGE;
}

static bool
lists_openmetrics(struct span list)
{
	while (list.length > 0) {
		struct span item = take_up_to(&list, ',');

		if (is_http_word(
			trim_http(take_up_to(&item, ';')), OPENMETRICS_TYPE))
			return true;
	}
	return false;
}

void
http_request_parse(const char *data, size_t length, struct http_request *out)
{
	struct span rest = {data, length};

	*out = (struct http_request){0};
	out->answer = answer_of_line(take_line(&rest), out);
	while (rest.length > 0) {
		struct span line = take_line(&rest);

		if (is_http_word(take_up_to(&line, ':'), "Accept") &&
		    lists_openmetrics(line))
			out->openmetrics = true;
	}
}
