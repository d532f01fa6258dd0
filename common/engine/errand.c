/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/errand.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/engine/engine_state.h"
#include "common/io/dns_text.h"
#include "common/io/reachable.h"

struct dns_query *
errand_ask_by(struct dns *dns, const char *domain, int64_t deadline_ms)
{
	char owner[LIMIT_DOMAIN_SIZE];

	if (snprintf(owner, sizeof(owner), "_smtp._tls.%s", domain) >=
	    (int)sizeof(owner))
		return NULL;
	return dns_ask(dns, owner, DNS_TXT, deadline_ms);
}

struct dns_query *
errand_ask(struct engine *engine, const char *domain, int64_t deadline_ms)
{
	return errand_ask_by(engine->dns, domain, deadline_ms);
}

bool
errand_record(struct dns_query *query, tlsrpt_uri_seen *each, void *arg,
    struct tlsrpt_record *out, char why[LIMIT_DETAIL_SIZE])
{
	struct dns_answer *answer = query == NULL ? NULL : dns_await(query);
	struct dns_texts texts = {.count = 0};
	bool known = answer == NULL || !lookup_failed(&answer->lookup);

	why[0] = '\0';
	if (!known)
		text_copy(why, LIMIT_DETAIL_SIZE,
		    answer->lookup.state == LOOKUP_TIMEOUT ? "no_answer_in_time"
							   : answer->why);
	if (answer != NULL && known)
		dns_texts_take(&texts, answer);
	if (known)
		*out =
		    tlsrpt_record_select(texts.texts, texts.count, each, arg);
	dns_texts_fini(&texts);
	dns_answer_free(answer);
	return known;
}

/* RFC 9110 section 15 */
static enum errand_outcome
status_outcome(long status)
{
	if (status >= 200 && status < 300)
		return ERRAND_TAKEN;
	return status == 408 || status == 425 || status == 429 ||
		       (status >= 500 && status < 600)
		   ? ERRAND_LATER
		   : ERRAND_REFUSED;
}

static void
end_errand(struct errand_end *end, enum errand_outcome outcome, const char *why)
{
	end->outcome = outcome;
	text_clean(end->why, sizeof(end->why), why, strlen(why));
}

/* What it says behind the status does not matter, nor whether that comes: who
 * has said that he took it would get it again. */
static bool
is_post_answered(const struct https_reply *reply)
{
	switch (reply->outcome) {
	case HTTPS_NOT_TRIED:
	case HTTPS_UNTRUSTED: /* it may be mended within the day */
		return false;
	case HTTPS_FAILED:
	case HTTPS_TOO_LARGE:
	case HTTPS_ANSWERED:
		break;
	}
	return reply->status != 0;
}

static void
read_post_reply(const struct https_reply *reply, struct errand_end *end)
{
	char words[32];

	if (!is_post_answered(reply)) {
		end_errand(end, ERRAND_LATER, reply->detail);
		return;
	}
	snprintf(words, sizeof(words), "http-%ld", reply->status);
	end_errand(end, status_outcome(reply->status), words);
	end->untrusted = reply->untrusted;
	end->retry_after_s = reply->retry_after_s;
}

void
errand_post(struct engine *engine, const struct tlsrpt_rua *rua,
    const struct https_upload *upload, const atomic_bool *ended,
    int64_t deadline_ms, struct errand_end *end)
{
	struct reachable_by by = {
	    engine->dns, engine->translation, engine->options.allow_private};
	char path[TLSRPT_PATH_SIZE];
	struct reachable host;
	struct https_request request = {.host = rua->host,
	    .path = path,
	    .roots = engine->roots,
	    .max_octets = LIMIT_TLSRPT_ANSWER,
	    .deadline_ms = deadline_ms,
	    .ended = ended};
	AUTO(https_reply) struct https_reply *reply = NULL;

	memset(end, 0, sizeof(*end));
	reachable_find(&host, rua->host, &by, deadline_ms);
	switch (host.outcome) {
	case REACHABLE_UNKNOWN:
		end_errand(end, ERRAND_LATER, host.why);
		return;
	case REACHABLE_NOWHERE:
		end_errand(end, ERRAND_LATER, "no-address");
		return;
	case REACHABLE_BLOCKED:
		end_errand(end, ERRAND_REFUSED, "address-blocked");
		return;
	case REACHABLE_FOUND:
		break;
	}
	tlsrpt_rua_url(rua, &request.port, path);
	request.addresses = host.addresses;
	request.address_count = host.count;
	reply = https_post(&request, upload);
	read_post_reply(reply, end);
}
