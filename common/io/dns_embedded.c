/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_embedded.h"

#include <assert.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unbound.h>
#include <unistd.h>

#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_packet.h"
#include "common/io/unbound_context.h"

/*
 * How it works.
 * 1. A request is put into "outstanding", then given to libunbound, which works
 *    on it in a thread of its own.
 * 2. The dispatcher waits for the descriptor of libunbound and calls
 *    ub_process, which calls on_result.  That classifies the result, and wakes
 *    who awaits the request.
 * 3. Who gives up first leaves the request to on_result, which frees it.  It
 *    stays counted until then.
 * 4. At the end the dispatcher is stopped first, then the library, which makes
 *    no call any more; then what is outstanding is freed.
 */

enum {
	CLASS_IN = 1,
	RCODE_NOERROR = 0,
	RCODE_NXDOMAIN = 3,

	/* Sockets for queries at once; the library's 16 starve behind a few
	 * silent servers */
	OUTGOING_RANGE = 4096,
};

/*
 * A lookup, on the heap and held by two: who awaits it, and the library until
 * its callback.  ub_cancel is not used: with threads it drops the callback or
 * comes too late, one cannot know which.
 */
struct dns_request {
	TAILQ_ENTRY(dns_request) link;
	struct dns_embedded *resolver;
	char name[LIMIT_DOMAIN_SIZE];
	enum dns_type type;
	bool refused; /* for want of room: it is the caller's alone */
	struct cond answered;
	/* with resolver->lock */
	bool awaited;
	struct dns_answer *answer; /* the library is through */
};

struct dns_embedded {
	struct ub_ctx *ub;
	unsigned max_outstanding;
	const struct dns_insecure *insecure;
	int stop_fd;
	bool started;
	pthread_t dispatcher;
	struct lock lock;
	/* with lock: requests whose callback is still to come */
	TAILQ_HEAD(, dns_request) outstanding;
	unsigned outstanding_count;
};

static const struct {
	const char *name;
	const char *value;
} settings[] = {
    {"use-syslog:", "no"},
    /* Of a denial that it has seen, the library would make denials for names
     * between, in zones too that are insecure on purpose. */
    {"aggressive-nsec:", "no"},
    {"outgoing-num-tcp:", "100"},
    {"num-queries-per-thread:", "4096"},
    {"msg-cache-size:", "16m"},
    {"rrset-cache-size:", "32m"},
    {"key-cache-size:", "8m"},
    {"neg-cache-size:", "4m"},
    /* To the library, a nameserver that was silent on some names for twelve
     * seconds, and was asked for no others, is down: it then fails all
     * lookups, of the only forwarder too.  So it is to remember nothing of
     * that, and each lookup tries for as long as its time-out may last. */
    {"infra-host-ttl:", "1"},
    {"outbound-msg-retry:", "8"},
    /* A forwarder that answers at once from its cache takes seconds for what
     * it has to look for. */
    {"infra-cache-min-rtt:", "200"},
    {"infra-keep-probing:", "yes"},
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
    const struct dns_request *request, const struct ub_result *result)
{
	const struct dns_insecure *insecure = request->resolver->insecure;

	return dns_insecure_has(insecure, request->name) ||
	       dns_packet_is_insecure(
		   result->answer_packet, (size_t)result->answer_len, insecure);
}

/* The table of RFC 7672 section 2.1.1; bogus answers may hold data. */
static struct dns_answer *
classify(const struct dns_request *request, int error,
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
		request->name, request->type, answer, &why) < 0) {
		dns_answer_free(answer);
		return dns_answer_failed(LOOKUP_SERVFAIL, why.text);
	}
	answer->lookup.secure =
	    result->secure && !is_insecure_by_wish(request, result);
	if (answer->count > 0)
		answer->lookup.state = LOOKUP_DATA;
	else if (result->rcode == RCODE_NXDOMAIN)
		answer->lookup.state = LOOKUP_NXDOMAIN;
	else
		answer->lookup.state = LOOKUP_NODATA;
	return answer;
}

static void
request_free(struct dns_request *request)
{
	if (request == NULL)
		return;
	dns_answer_free(request->answer);
	cond_fini(&request->answered);
	free(request);
}

static bool
is_awaited(struct dns_request *request)
{
	bool awaited;

	lock_take(&request->resolver->lock);
	awaited = request->awaited;
	lock_drop(&request->resolver->lock);
	return awaited;
}

/* Takes answer; NULL where nobody awaits it. */
static void
finish(struct dns_request *request, struct dns_answer *answer)
{
	struct dns_embedded *resolver = request->resolver;
	struct dns_request *abandoned = NULL;

	lock_take(&resolver->lock);
	TAILQ_REMOVE(&resolver->outstanding, request, link);
	resolver->outstanding_count--;
	request->answer = answer;
	if (request->awaited)
		cond_signal(&request->answered);
	else
		abandoned = request;
	lock_drop(&resolver->lock);
	request_free(abandoned);
}

static void
on_result(void *arg, int error, struct ub_result *result)
{
	struct dns_request *request = arg;
	struct dns_answer *answer = NULL;

	if (is_awaited(request))
		answer = classify(request, error, result);
	ub_resolve_free(result);
	finish(request, answer);
}

static bool
register_request(struct dns_request *request)
{
	struct dns_embedded *resolver = request->resolver;
	bool room;

	lock_take(&resolver->lock);
	room = resolver->outstanding_count < resolver->max_outstanding;
	if (room) {
		TAILQ_INSERT_TAIL(&resolver->outstanding, request, link);
		resolver->outstanding_count++;
	}
	lock_drop(&resolver->lock);
	return room;
}

struct dns_request *
dns_embedded_ask(
    struct dns_embedded *resolver, const char *name, enum dns_type type)
{
	struct dns_request *request = xcalloc(1, sizeof(*request));
	int rc;

	request->resolver = resolver;
	request->type = type;
	request->awaited = true;
	text_copy(request->name, sizeof(request->name), name);
	cond_init(&request->answered);
	request->refused = !register_request(request);
	if (request->refused)
		return request;
	rc = ub_resolve_async(resolver->ub, *name == '\0' ? "." : name, type,
	    CLASS_IN, request, on_result, NULL);
	if (rc != 0)
		finish(request,
		    dns_answer_failed(LOOKUP_SERVFAIL, ub_strerror(rc)));
	return request;
}

struct dns_answer *
dns_embedded_await(struct dns_request *request, int64_t deadline_ms)
{
	struct dns_embedded *resolver = request->resolver;
	struct dns_answer *answer;

	lock_take(&resolver->lock);
	while (request->answer == NULL)
		if (!cond_wait_until(
			&request->answered, &resolver->lock, deadline_ms))
			break;
	answer = request->answer;
	if (request->refused)
		answer = dns_answer_failed(
		    LOOKUP_TIMEOUT, "too many lookups outstanding");
	request->answer = NULL;
	request->awaited = false;
	lock_drop(&resolver->lock);
	if (answer == NULL) /* the request is on_result's now */
		return dns_answer_failed(LOOKUP_TIMEOUT, "no answer in time");
	request_free(request);
	return answer;
}

static void *
dispatch(void *arg)
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
refused(struct err *err, const char *what, const char *value, int rc)
{
	return err_set(
	    err, ERR_LOCAL, "%s %s: %s", what, value, ub_strerror(rc));
}

/* Sockets of the library must not eat up what connections need. */
static int
set_outgoing_range(struct ub_ctx *ub)
{
	struct rlimit files;
	rlim_t range = OUTGOING_RANGE;
	char value[16];

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / 2 < range)
		range = files.rlim_cur / 2;
	snprintf(value, sizeof(value), "%u", (unsigned)range);
	return ub_ctx_set_option(ub, "outgoing-range:", value);
}

static int
set_options(struct ub_ctx *ub, struct err *err)
{
	int rc = set_outgoing_range(ub);

	if (rc != 0)
		return refused(err, "libunbound", "outgoing-range", rc);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		rc = ub_ctx_set_option(ub, settings[i].name, settings[i].value);
		if (rc != 0)
			return refused(err, "libunbound", settings[i].name, rc);
	}
	ub_ctx_debugout(ub, NULL);
	return 0;
}

static int
set_nameservers(
    struct ub_ctx *ub, const struct dns_options *options, struct err *err)
{
	int rc;

	if (options->recurse)
		return 0;
	for (size_t i = 0; i < options->nameserver_count; i++) {
		rc = ub_ctx_set_fwd(ub, options->nameservers[i]);
		if (rc != 0)
			return refused(
			    err, "nameserver", options->nameservers[i], rc);
	}
	if (options->nameserver_count > 0)
		return 0;
	rc = ub_ctx_resolvconf(ub, NULL);
	return rc == 0 ? 0 : refused(err, "cannot use", "/etc/resolv.conf", rc);
}

/* The library takes a file without a key and then calls all insecure. */
static bool
has_trust_anchor(FILE *file)
{
	uint32_t ttl = 0;
	ldns_rdf *origin = NULL;
	ldns_rdf *previous = NULL;
	bool found = false;

	while (!found && !feof(file) && !ferror(file)) {
		ldns_rr *rr = NULL;
		ldns_status status =
		    ldns_rr_new_frm_fp(&rr, file, &ttl, &origin, &previous);

		if (status == LDNS_STATUS_OK) {
			found = ldns_rr_get_type(rr) == LDNS_RR_TYPE_DS ||
				ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNSKEY;
			ldns_rr_free(rr);
		}
	}
	ldns_rdf_deep_free(origin);
	ldns_rdf_deep_free(previous);
	return found;
}

static int
check_trust_anchor(const char *name, struct err *err)
{
	FILE *file = fopen(name, "re");
	bool found;

	if (file == NULL)
		return err_set(err, ERR_LOCAL,
		    "cannot read trust anchor file %s: %s, install "
		    "dns-root-data or set TrustAnchorFile",
		    name, strerror(errno));
	found = has_trust_anchor(file);
	fclose(file);
	if (found)
		return 0;
	return err_set(err, ERR_LOCAL,
	    "no DS or DNSKEY record in trust anchor file %s", name);
}

/* Any call on zones makes the library read its files now. */
static int
set_trust_anchor(struct ub_ctx *ub, const char *file, struct err *err)
{
	int rc;

	if (file == NULL)
		file = DNS_TRUST_ANCHOR_FILE;
	if (check_trust_anchor(file, err) < 0)
		return -1;
	rc = ub_ctx_add_ta_file(ub, file);
	if (rc == 0)
		rc = ub_ctx_zone_remove(ub, "postern.invalid.");
	return rc == 0 ? 0 : refused(err, "trust anchor file", file, rc);
}

/* Before the library reads its files. */
static int
set_insecure(
    struct ub_ctx *ub, const struct dns_insecure *insecure, struct err *err)
{
	const char *zone;

	for (size_t i = 0; (zone = dns_insecure_zone(insecure, i)) != NULL;
	     i++) {
		int rc = ub_ctx_set_option(ub, "domain-insecure:", zone);

		if (rc != 0)
			return refused(err, "insecure zone", zone, rc);
	}
	return 0;
}

/* The library answers for some of them itself; but what the nameserver knows is
 * what counts, as for the MTA.  After it has read its files. */
static int
ask_about_insecure(
    struct ub_ctx *ub, const struct dns_insecure *insecure, struct err *err)
{
	const char *zone;

	for (size_t i = 0; (zone = dns_insecure_zone(insecure, i)) != NULL;
	     i++) {
		int rc = 0;

		if (!dns_insecure_is_answered_here(zone))
			rc = ub_ctx_zone_remove(ub, zone);
		if (rc != 0)
			return refused(err, "insecure zone", zone, rc);
	}
	return 0;
}

static void *
do_nothing(void *arg)
{
	return arg;
}

static void
discard(void *arg, int error, struct ub_result *result)
{
	(void)arg;
	(void)error;
	ub_resolve_free(result);
}

/*
 * The library starts its thread with the first lookup, and does not notice that
 * there is none to be had: it would never answer, and crash in the end.  So one
 * is tried for, then the library's is started; its own zones have the answer.
 */
static int
start_library_thread(struct ub_ctx *ub, struct err *err)
{
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, do_nothing, NULL);

	if (rc != 0)
		return err_set(err, ERR_TEMP,
		    "cannot start the thread of libunbound: %s", strerror(rc));
	pthread_join(thread, NULL);
	rc = ub_resolve_async(
	    ub, "localhost", DNS_A, CLASS_IN, NULL, discard, NULL);
	return rc == 0 ? 0 : refused(err, "libunbound", "lookup", rc);
}

static int
start(struct dns_embedded *resolver, const struct dns_options *options,
    struct err *err)
{
	struct ub_ctx *ub = resolver->ub;
	int rc;

	if (ub == NULL || resolver->stop_fd < 0)
		return err_set(err, ERR_LOCAL, "cannot start libunbound: %m");
	if (set_options(ub, err) < 0 || set_nameservers(ub, options, err) < 0)
		return -1;
	rc = ub_ctx_async(ub, 1);
	if (rc != 0)
		return refused(err, "libunbound", "thread", rc);
	if (set_insecure(ub, resolver->insecure, err) < 0 ||
	    set_trust_anchor(ub, options->trust_anchor_file, err) < 0 ||
	    ask_about_insecure(ub, resolver->insecure, err) < 0)
		return -1;
	rc = pthread_create(&resolver->dispatcher, NULL, dispatch, resolver);
	if (rc != 0)
		return err_set(err, ERR_TEMP, "cannot start the DNS thread: %s",
		    strerror(rc));
	resolver->started = true;
	return start_library_thread(ub, err);
}

struct dns_embedded *
dns_embedded_new(const struct dns_options *options,
    const struct dns_insecure *insecure, struct err *err)
{
	struct dns_embedded *resolver = xcalloc(1, sizeof(*resolver));

	lock_init(&resolver->lock);
	TAILQ_INIT(&resolver->outstanding);
	resolver->max_outstanding = options->max_outstanding;
	resolver->insecure = insecure;
	resolver->stop_fd = eventfd(0, EFD_CLOEXEC);
	resolver->ub = unbound_context_new();
	if (start(resolver, options, err) == 0)
		return resolver;
	dns_embedded_free(resolver);
	return NULL;
}

static void
free_outstanding(struct dns_embedded *resolver)
{
	struct dns_request *request;

	while ((request = TAILQ_FIRST(&resolver->outstanding)) != NULL) {
		assert(!request->awaited);
		TAILQ_REMOVE(&resolver->outstanding, request, link);
		request_free(request);
	}
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
	free_outstanding(resolver);
	if (resolver->stop_fd >= 0)
		close(resolver->stop_fd);
	lock_fini(&resolver->lock);
	free(resolver);
}

const char *
dns_embedded_library(void)
{
	return ub_version();
}
