/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/https.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

static void (*fake_get)(
    const struct https_request *request, struct https_reply *reply);

void
fake_https_use(
    void (*get)(const struct https_request *request, struct https_reply *reply))
{
	fake_get = get;
}

void
fake_https_body(struct https_reply *reply, const char *text)
{
	reply->outcome = HTTPS_ANSWERED;
	reply->status = 200;
	text_copy(
	    reply->content_type, sizeof(reply->content_type), "text/plain");
	reply->body = xstrdup(text);
	reply->length = strlen(text);
}

struct https_reply *
https_get(const struct https_request *request)
{
	struct https_reply *reply = xcalloc(1, sizeof(*reply));

	reply->outcome = HTTPS_FAILED;
	if (fake_get != NULL)
		fake_get(request, reply);
	return reply;
}

struct https_reply *
https_post(
    const struct https_request *request, const struct https_upload *upload)
{
	(void)upload;
	return https_get(request);
}

void
https_reply_free(struct https_reply *reply)
{
	if (reply == NULL)
		return;
	free(reply->body);
	free(reply);
}
