/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_request.h"

#include <jansson.h>
#include <string.h>

#include "common/base/text.h"
#include "common/proto/domain.h"
#include "milter/view/json_put.h"

static const struct {
	const char *words;
	bool domain_wanted;
	bool domain_allowed;
	bool day_allowed;
} asks[] = {
    [JSON_ASK_CHECK] = {"check", true, true, false},
    [JSON_ASK_LIST] = {"cache list", false, false, false},
    [JSON_ASK_SHOW] = {"cache show", true, true, false},
    [JSON_ASK_FLUSH] = {"cache flush", false, true, false},
    [JSON_ASK_STATS] = {"stats", false, false, false},
    [JSON_ASK_PROMETHEUS] = {"stats prometheus", false, false, false},
    [JSON_ASK_OPENMETRICS] = {"stats openmetrics", false, false, false},
    [JSON_ASK_RECENT] = {"recent", false, false, false},
    [JSON_ASK_TLSRPT_LIST] = {"tlsrpt list", false, true, true},
    [JSON_ASK_FLEET_FLUSH] = {"fleet flush", false, true, false},
    [JSON_ASK_FLEET_STATUS] = {"fleet status", false, false, false},
    [JSON_ASK_FLEET_SHOW] = {"fleet show", true, true, false},
    [JSON_ASK_FLEET_FORGET] = {"fleet forget", true, true, false},
    [JSON_ASK_TLSRPT_SHOW] = {"tlsrpt show", true, true, true},
    [JSON_ASK_TLSRPT_SEND] = {"tlsrpt send", false, true, true},
};

enum { ASKS = sizeof(asks) / sizeof(asks[0]) };

static int
read_ask(const json_t *object, struct json_request *request, struct err *err)
{
	const char *words = json_string_value(json_object_get(object, "ask"));
	int i;

	if (words == NULL)
		return err_set(err, ERR_DATA, "no \"ask\"");
	for (i = 0; i < ASKS; i++)
		if (strcmp(asks[i].words, words) == 0)
			break;
	if (i == ASKS)
		return err_set(err, ERR_DATA, "no such \"ask\"");
	request->ask = (enum json_ask)i;
	return 0;
}

static int
read_request_domain(
    const json_t *object, struct json_request *request, struct err *err)
{
	const json_t *value = json_object_get(object, "domain");

	request->domain[0] = '\0';
	if (value == NULL && asks[request->ask].domain_wanted)
		return err_set(err, ERR_DATA, "no \"domain\"");
	if (value == NULL)
		return 0;
	if (!asks[request->ask].domain_allowed)
		return err_set(err, ERR_DATA, "a \"domain\" is not wanted");
	if (!json_is_string(value))
		return err_set(err, ERR_DATA, "\"domain\" is no text");
	return domain_normalise(json_string_value(value), request->domain, err);
}

static int
read_request_day(
    const json_t *object, struct json_request *request, struct err *err)
{
	const json_t *value = json_object_get(object, "day");

	request->day[0] = '\0';
	if (value == NULL)
		return 0;
	if (!asks[request->ask].day_allowed)
		return err_set(err, ERR_DATA, "a \"day\" is not wanted");
	if (!json_is_string(value) ||
	    !text_copy(
		request->day, sizeof(request->day), json_string_value(value)))
		return err_set(err, ERR_DATA, "\"day\" is no day");
	return 0;
}

/* A request is flat, and the parser climbs down whatever it is given. */
static bool
is_nested(const char *line, size_t length)
{
	size_t opened = 0;

	for (size_t i = 0; i < length; i++)
		opened += line[i] == '{' || line[i] == '[';
	return opened > 1;
}

int
json_request_parse(const char *line, size_t length,
    struct json_request *request, struct err *err)
{
	json_t *object;
	int rc;

	if (is_nested(line, length))
		return err_set(err, ERR_DATA, "not a flat JSON object");
	object = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		return err_set(err, ERR_DATA, "not a JSON object");
	}
	rc = read_ask(object, request, err);
	if (rc == 0)
		rc = read_request_domain(object, request, err);
	if (rc == 0)
		rc = read_request_day(object, request, err);
	request->again = json_is_true(json_object_get(object, "again"));
	json_decref(object);
	return rc;
}

char *
json_request_line(const struct json_request *request)
{
	json_t *object = json_object();

	json_put_text(object, "ask", asks[request->ask].words);
	if (request->domain[0] != '\0')
		json_put_text(object, "domain", request->domain);
	if (request->day[0] != '\0')
		json_put_text(object, "day", request->day);
	if (request->again)
		json_put_bool(object, "again", true);
	return json_line(object);
}

char *
json_request_end_line(const char *word, size_t lines, const char *text)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "end", word);
	if (text == NULL)
		json_put_number(object, "lines", (int64_t)lines);
	else
		json_put_text(object, "text", text);
	return json_line(object);
}
