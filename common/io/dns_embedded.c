/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_embedded.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_pace.h"
#include "common/io/dns_packet.h"
#include "common/io/dns_unbound.h"
#include "common/io/unbound_context.h"

/*
 * How it works.
 * 1. A lookup is noted as pending, then given to libunbound, which works on it
 *    in a thread of its own.
 * 2. The dispatcher waits for the descriptor of libunbound and calls
 *    ub_process, which calls on_result.  That classifies the result, and
 *    finishes what is pending.
 * 3. A lookup that was given up stays pending until the library is through with
 *    it.  ub_cancel is not used: with threads it drops the callback or comes
 *    too late, one cannot know which.
 * 4. At the end the dispatcher is stopped first, then the library, which makes
 *    no call any more; then what is pending is freed.
 *
 * With a nameserver, the library asks for the DS and DNSKEY records of a zone
 * one after the other, and only once it has an answer from there: 3 round trips
 * for the first answer from a zone, where recursion with prefetch-key takes 2.
 * Asked for both by us, ahead of the answer, it takes 1 if the nameserver knows
 * all, else about 2; beside the answer 2, for then it asks for the DNSKEY
 * records twice: its own questions have the CD bit, and do not join ours.
 * We do not: it would be two lookups more for each zone, which libunbound has
 * to work on and to hand over, and for the many zones that are not signed the
 * DNSKEY records are of no use to anybody.  What there is to gain are round
 * trips to the nameserver, which is this host or near it as a rule.
 */

enum {
	CLASS_IN = 1,
	RCODE_NOERROR = 0,
	RCODE_NXDOMAIN = 3,
};

struct dns_embedded {
	struct ub_ctx *ub;
	const struct dns_insecure *insecure;
	struct dns_pace *pace; /* may be NULL */
	struct dns_pending_list *pending;
	int stop_fd;
	bool started;
	pthread_t dispatcher;
};

/* libunbound writes "<name type class>"; log values know no angle brackets. */
static struct dns_answer *
answer_bogus(const char *why)
{
	char words[256];

	text_copy(words, sizeof(words), why == NULL ? "bogus" : why);
	for (char *c = words; *c != '\0'; c++) {
		if (*c == '<')
			*c = '[';
		else if (*c == '>')
			*c = ']';
	}
	return dns_answer_failed(LOOKUP_BOGUS, words);
}

/* The library knows of these zones as well: this holds whatever it does. */
static bool
is_insecure_by_wish(
    const struct dns_pending *pending, const struct ub_result *result)
{
	const struct dns_embedded *resolver = dns_pending_owner(pending);
	const struct dns_insecure *insecure = resolver->insecure;

	return dns_insecure_has(insecure, dns_pending_name(pending)) ||
	       dns_packet_is_insecure(
		   result->answer_packet, (size_t)result->answer_len, insecure);
}

/* The table of RFC 7672 section 2.1.1; bogus answers may hold data. */
static struct dns_answer *
classify_result(const struct dns_pending *pending, int error,
    const struct ub_result *result)
{
	struct dns_answer *answer;
	struct err why;

	if (error != 0)
		return dns_answer_failed(LOOKUP_SERVFAIL, ub_strerror(error));
	if (result->bogus)
		return answer_bogus(result->why_bogus);
	if (result->rcode != RCODE_NOERROR && result->rcode != RCODE_NXDOMAIN)
		return dns_answer_failed(
		    LOOKUP_SERVFAIL, dns_packet_rcode(result->rcode));
	answer = xcalloc(1, sizeof(*answer));
	if (dns_packet_read(result->answer_packet, (size_t)result->answer_len,
		dns_pending_name(pending), dns_pending_type(pending), answer,
		&why) < 0) {
		dns_answer_free(answer);
		return dns_answer_failed(LOOKUP_SERVFAIL, why.text);
	}
	answer->lookup.secure =
	    result->secure && !is_insecure_by_wish(pending, result);
	if (answer->count > 0)
		answer->lookup.state = LOOKUP_DATA;
	else if (result->rcode == RCODE_NXDOMAIN)
		answer->lookup.state = LOOKUP_NXDOMAIN;
	else
		answer->lookup.state = LOOKUP_NODATA;
	return answer;
}

static bool
is_failed_lookup(int error, const struct ub_result *result)
{
	return error != 0 ||
	       (!result->bogus && result->rcode != RCODE_NOERROR &&
		   result->rcode != RCODE_NXDOMAIN);
}

static void
on_result(void *arg, int error, struct ub_result *result)
{
	struct dns_pending *pending = arg;
	const struct dns_embedded *resolver = dns_pending_owner(pending);
	struct dns_answer *answer = NULL;

	/* who gave up has said so already */
	if (dns_pending_is_wanted(pending)) {
		dns_pace_heard(resolver->pace, 0,
		    is_failed_lookup(error, result) ? DNS_PACE_FAILED
						    : DNS_PACE_ANSWERED);
		answer = classify_result(pending, error, result);
	}
	ub_resolve_free(result);
	dns_pending_finish(pending, answer);
}

struct dns_pending *
dns_embedded_ask(struct dns_embedded *resolver, const char *name,
    enum dns_type type, int64_t deadline_ms)
{
	struct dns_pending *pending =
	    dns_pending_new(resolver->pending, name, type, deadline_ms);
	int rc;

	if (dns_pending_is_refused(pending))
		return pending;
	dns_pace_asked(resolver->pace, 0);
	rc = ub_resolve_async(resolver->ub, *name == '\0' ? "." : name, type,
	    CLASS_IN, pending, on_result, NULL);
	if (rc != 0)
		dns_pending_finish(pending,
		    dns_answer_failed(LOOKUP_SERVFAIL, ub_strerror(rc)));
	return pending;
}

static void *
run_library(void *arg)
{
	struct dns_embedded *resolver = arg;
	struct pollfd fds[] = {
	    {.fd = ub_fd(resolver->ub), .events = POLLIN},
	    {.fd = resolver->stop_fd, .events = POLLIN},
	};

	while (fds[1].revents == 0) {
		if (poll(fds, 2, -1) < 0)
			continue;
		/* a broken pipe would be ready for ever */
		if (fds[0].revents != 0 && ub_process(resolver->ub) != 0)
			fds[0].fd = -1;
	}
	return NULL;
}

static int
start_embedded(struct dns_embedded *resolver, struct err *err)
{
	int rc =
	    pthread_create(&resolver->dispatcher, NULL, run_library, resolver);

	if (rc != 0)
		return err_set(err, ERR_TEMP, "cannot start the DNS thread: %s",
		    strerror(rc));
	resolver->started = true;
	return dns_unbound_start(resolver->ub, err);
}

struct dns_embedded *
dns_embedded_new(const struct dns_options *options,
    const struct dns_insecure *insecure, struct err *err)
{
	struct dns_embedded *resolver = xcalloc(1, sizeof(*resolver));

	resolver->insecure = insecure;
	resolver->pace = options->pace;
	resolver->pending =
	    dns_pending_list_new(options->max_outstanding, resolver);
	resolver->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (resolver->stop_fd < 0)
		err_set(err, ERR_LOCAL, "cannot start libunbound: %m");
	else
		resolver->ub = dns_unbound_new(options, insecure, err);
	if (resolver->ub != NULL && start_embedded(resolver, err) == 0)
		return resolver;
	dns_embedded_free(resolver);
	return NULL;
}

void
dns_embedded_free(struct dns_embedded *resolver)
{
	if (resolver == NULL)
		return;
	if (resolver->started) {
		eventfd_write(resolver->stop_fd, 1);
		pthread_join(resolver->dispatcher, NULL);
	}
	unbound_context_free(resolver->ub); /* no callback comes after this */
	dns_pending_list_free(resolver->pending);
	if (resolver->stop_fd >= 0)
		close(resolver->stop_fd);
	free(resolver);
}

const char *
dns_embedded_library(void)
{
	return ub_version();
}
