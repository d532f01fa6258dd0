/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_unbound.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unbound.h>

#include "common/io/dns_answer.h"
#include "common/io/unbound_context.h"

enum {
	CLASS_IN = 1,

	/* Sockets for queries at once; the library's 16 starve behind a few
	 * silent servers */
	OUTGOING_RANGE = 8192,
};

static const struct {
	const char *name;
	const char *value;
} settings[] = {
    {"use-syslog:", "no"},
    /* Of a denial that it has seen, the library would make denials for names
     * between, in zones too that are insecure on purpose. */
    {"aggressive-nsec:", "no"},
    /* Where it recurses, the library asks for the keys of a zone beside what it
     * wants of it, as soon as it has seen the DS records: a round trip less for
     * each zone, and no question that it would not ask anyway.  A nameserver
     * shows no DS records on the way, so that this does nothing there: see
     * dns_embedded.c. */
    {"prefetch-key:", "yes"},
    {"outgoing-num-tcp:", "100"},
    {"num-queries-per-thread:", "8192"},
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

static int
refuse_setting(struct err *err, const char *what, const char *value, int rc)
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
		return refuse_setting(err, "libunbound", "outgoing-range", rc);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		rc = ub_ctx_set_option(ub, settings[i].name, settings[i].value);
		if (rc != 0)
			return refuse_setting(
			    err, "libunbound", settings[i].name, rc);
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
			return refuse_setting(
			    err, "nameserver", options->nameservers[i], rc);
	}
	if (options->nameserver_count > 0)
		return 0;
	rc = ub_ctx_resolvconf(ub, NULL);
	return rc == 0
		   ? 0
		   : refuse_setting(err, "cannot use", "/etc/resolv.conf", rc);
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
		rc = unbound_context_ready(ub);
	return rc == 0 ? 0 : refuse_setting(err, "trust anchor file", file, rc);
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
			return refuse_setting(err, "insecure zone", zone, rc);
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
			return refuse_setting(err, "insecure zone", zone, rc);
	}
	return 0;
}

static void *
do_nothing(void *arg)
{
	return arg;
}

static void
discard_result(void *arg, int error, struct ub_result *result)
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
int
dns_unbound_start(struct ub_ctx *ub, struct err *err)
{
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, do_nothing, NULL);

	if (rc != 0)
		return err_set(err, ERR_TEMP,
		    "cannot start the thread of libunbound: %s", strerror(rc));
	pthread_join(thread, NULL);
	rc = ub_resolve_async(
	    ub, "localhost", DNS_A, CLASS_IN, NULL, discard_result, NULL);
	return rc == 0 ? 0 : refuse_setting(err, "libunbound", "lookup", rc);
}

/* In this order: see what is said of the library's files. */
static int
set_up(struct ub_ctx *ub, const struct dns_options *options,
    const struct dns_insecure *insecure, struct err *err)
{
	int rc;

	if (set_options(ub, err) < 0 || set_nameservers(ub, options, err) < 0)
		return -1;
	rc = ub_ctx_async(ub, 1);
	if (rc != 0)
		return refuse_setting(err, "libunbound", "thread", rc);
	if (set_insecure(ub, insecure, err) < 0 ||
	    set_trust_anchor(ub, options->trust_anchor_file, err) < 0)
		return -1;
	return ask_about_insecure(ub, insecure, err);
}

struct ub_ctx *
dns_unbound_new(const struct dns_options *options,
    const struct dns_insecure *insecure, struct err *err)
{
	struct ub_ctx *ub = unbound_context_new();

	if (ub == NULL) {
		err_set(err, ERR_LOCAL, "cannot start libunbound: %m");
		return NULL;
	}
	if (set_up(ub, options, insecure, err) == 0)
		return ub;
	unbound_context_free(ub);
	return NULL;
}
