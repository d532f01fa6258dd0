/* http_request - what is asked for at MetricsSocket, as HTTP has it. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_HTTP_REQUEST_H
#define MILTER_VIEW_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

/* What it comes to: the zero is no request. */
enum http_answer {
	HTTP_MALFORMED,
	HTTP_OTHER_VERSION,
	HTTP_OTHER_METHOD,
	HTTP_NO_SUCH_PAGE,
	HTTP_METRICS,
	HTTP_HEALTH,
};

struct http_request {
	enum http_answer answer;
	bool head_only;
	bool openmetrics; /* the client can read it */
};

/* http_request_size - octets up to the empty line that ends the request, that
 * line included; 0: it is not there yet */
size_t http_request_size(const char *data, size_t length);

/* http_request_parse - read a request of that size; RFC 9112 */
void
http_request_parse(const char *data, size_t length, struct http_request *out);

#endif
