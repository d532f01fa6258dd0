/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/http_request.h"

#include <string.h>

#include "t/unit/tap.h"

#define END "\r\n\r\n"

static const struct {
	const char *text;
	enum http_answer answer;
	bool head_only, openmetrics;
} requests[] = {
    {"GET /metrics HTTP/1.1" END, HTTP_METRICS, false, false},
    {"GET /metrics HTTP/1.0" END, HTTP_METRICS, false, false},
    {"GET /metrics HTTP/1.1\nHost: x\n\n", HTTP_METRICS, false, false},
    {"GET /metrics?collect[]=a HTTP/1.1" END, HTTP_METRICS, false, false},
    {"HEAD /metrics HTTP/1.1" END, HTTP_METRICS, true, false},
    {"GET /healthz HTTP/1.1" END, HTTP_HEALTH, false, false},
    {"GET /metrics HTTP/1.1\r\naccept: application/openmetrics-text" END,
	HTTP_METRICS, false, true},
    /* Prometheus 2.42 */
    {"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9642\r\nAccept: "
     "application/openmetrics-text;version=1.0.0,application/"
     "openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,"
     "*/*;q=0.1" END,
	HTTP_METRICS, false, true},
    {"GET /metrics HTTP/1.1\r\nAccept: text/plain\r\nAccept: */* , "
     "Application/OpenMetrics-Text ; q=0.1" END,
	HTTP_METRICS, false, true},
    {"GET /metrics HTTP/1.1\r\nAccept: text/plain, */*" END, HTTP_METRICS,
	false, false},
    {"GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-textual" END,
	HTTP_METRICS, false, false},
    {"GET /metrics HTTP/1.1\r\nX-Accept: application/openmetrics-text" END,
	HTTP_METRICS, false, false},
    {"GET / HTTP/1.1" END, HTTP_NO_SUCH_PAGE, false, false},
    {"GET /metrics/ HTTP/1.1" END, HTTP_NO_SUCH_PAGE, false, false},
    {"GET /Metrics HTTP/1.1" END, HTTP_NO_SUCH_PAGE, false, false},
    {"GET /../metrics HTTP/1.1" END, HTTP_NO_SUCH_PAGE, false, false},
    {"GET http://h/metrics HTTP/1.1" END, HTTP_NO_SUCH_PAGE, false, false},
    {"POST /metrics HTTP/1.1\r\nContent-Length: 9" END, HTTP_OTHER_METHOD,
	false, false},
    {"get /metrics HTTP/1.1" END, HTTP_OTHER_METHOD, false, false},
    {"PRI * HTTP/2.0" END, HTTP_OTHER_VERSION, false, false},
    {"GET /metrics HTTP/0.9" END, HTTP_OTHER_VERSION, false, false},
    {"GET /metrics" END, HTTP_MALFORMED, false, false},
    {"GET  /metrics HTTP/1.1" END, HTTP_MALFORMED, false, false},
    {"GET /metrics HTTP/1.1 " END, HTTP_MALFORMED, false, false},
    {"GET /metrics HTTP/1." END, HTTP_MALFORMED, false, false},
    {"GET /metrics http/1.1" END, HTTP_MALFORMED, false, false},
    {"\r\nGET /metrics HTTP/1.1" END, HTTP_MALFORMED, false, false},
    {" /metrics HTTP/1.1" END, HTTP_MALFORMED, false, false},
    {"QUERY example.org" END, HTTP_MALFORMED, false, false},
};

static void
requests_are_what_they_ask_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		const char *text = requests[i].text;
		struct http_request out;

		http_request_parse(text, strlen(text), &out);
		ROW(text, out.answer == requests[i].answer);
		ROW(text, out.openmetrics == requests[i].openmetrics);
		ROW(text, out.head_only == requests[i].head_only);
	}
}

static void
a_request_ends_at_its_first_empty_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		const char *text = requests[i].text;
		size_t length = strlen(text);

		ROW(text, http_request_size(text, length) == length);
		ROW(text, http_request_size(text, length - 1) == 0);
	}
	assert_int_equal(http_request_size("", 0), 0);
	assert_int_equal(http_request_size("\r\n", 2), 0);
	assert_int_equal(http_request_size("a\n\nb\n\n", 6), 3);
	assert_int_equal(http_request_size("a\0\n\r\n", 5), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_are_what_they_ask_for),
	    cmocka_unit_test(a_request_ends_at_its_first_empty_line),
	};

	return RUN_TESTS(tests);
}
