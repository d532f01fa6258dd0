/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/engine/engine.h"
#include "common/io/dns_nameserver.h"
#include "common/proto/anchor.h"
#include "milter/cli/cli.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/host/postfix.h"
#include "milter/cli/print.h"
#include "milter/conf/settings_engine.h"

#define RESOLV_CONF "/etc/resolv.conf"

enum {
	ANCHOR_OCTETS = 64 * 1024,
	RESOLVERS_SIZE = 200,
	TAGS_SIZE = 80,

	/* More than doctor asks at once, those given up too: MaxChecks bounds
	 * the work of posternd */
	LOOKUPS_MAX = 512,
};

/* --- the resolver --- */

static void
list_resolvers(const struct settings *settings, char *out, size_t size)
{
	struct text text;

	text_init(&text, out, size);
	if (settings->recurse)
		text_add(&text, "the authoritative servers");
	else if (settings->nameservers.count == 0)
		text_add(&text, "the nameservers of " RESOLV_CONF);
	for (size_t i = 0; i < settings->nameservers.count; i++)
		text_addf(&text, "%s%s", i == 0 ? "" : ", ",
		    settings->nameservers.items[i]);
}

static void
say_validates(const struct settings *settings, const char *resolvers,
    struct doctor_finding *found)
{
	char lacks[LIMIT_DETAIL_SIZE];

	dns_shortcomings(
	    (enum dns_kind)settings->resolver, lacks, sizeof(lacks));
	doctor_say(found, DOCTOR_OK,
	    "the root's keys are secure; asked were %s%s%s%s", resolvers,
	    lacks[0] == '\0' ? "" : "; libunbound cannot validate ", lacks,
	    lacks[0] == '\0' ? ""
			     : ": there a nameserver on this host is believed, "
			       "if one is asked");
}

void
doctor_resolver(struct doctor *doctor, struct doctor_finding *found)
{
	struct engine_options options;
	char resolvers[RESOLVERS_SIZE], plain[LIMIT_DETAIL_SIZE];
	struct err err;

	list_resolvers(doctor->settings, resolvers, sizeof(resolvers));
	settings_engine_options(doctor->settings, &options);
	options.dns.max_outstanding = LOOKUPS_MAX;
	doctor->dns = dns_new(&options.dns, &err);
	doctor->validates =
	    doctor->dns != NULL &&
	    dns_self_test(doctor->dns, clock_mono_ms() + options.dns.timeout_ms,
		&err) == 0;
	if (doctor->validates) {
		say_validates(doctor->settings, resolvers, found);
		return;
	}
	doctor_say(found, DOCTOR_FAIL, "%s: %s", resolvers,
	    cli_plain_detail(err.text, plain));
	doctor_mend(
	    found, "dig +dnssec . DNSKEY    # must be answered, with an RRSIG");
	doctor_mend(found, "apt-get install unbound    # then Nameservers "
			   "127.0.0.1 in postern.conf");
}

/* --- the trust anchor --- */

/* What the live root says of the file: which of its keys are not in it. */
struct comparison {
	unsigned known;
	struct text known_tags, unknown_tags;
	char known_array[TAGS_SIZE], unknown_array[TAGS_SIZE];
};

static void
compare_answer(
    struct comparison *c, const char *text, const struct dns_answer *answer)
{
	text_init(&c->known_tags, c->known_array, TAGS_SIZE);
	text_init(&c->unknown_tags, c->unknown_array, TAGS_SIZE);
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_rdata *key = &answer->records[i];
		bool known;

		if (!anchor_is_entry(key->data, key->size))
			continue;
		known = anchor_has(text, key->data, key->size);
		c->known += known;
		text_addf(known ? &c->known_tags : &c->unknown_tags, " %u",
		    anchor_key_tag(key->data, key->size));
	}
}

static void
mend_anchor(const struct doctor *doctor, struct doctor_finding *found)
{
	if (doctor->settings->trust_anchor_file == NULL)
		doctor_mend(
		    found, "apt-get update && apt-get install dns-root-data");
	else
		doctor_mend(found, "cp %s %s    # of package dns-root-data",
		    DNS_TRUST_ANCHOR_FILE, doctor->settings->trust_anchor_file);
	doctor_mend(found, "systemctl reload posternd");
}

static void
say_comparison(const struct doctor *doctor, struct doctor_finding *found,
    const char *file, const struct comparison *c)
{
	if (c->known > 0 && c->unknown_tags.len == 0) {
		doctor_say(found, DOCTOR_OK, "%s has the root's keys:%s", file,
		    c->known_array);
		return;
	}
	if (c->known > 0)
		doctor_say(found, DOCTOR_WARN,
		    "%s has the root's keys%s, but not%s: validation ends when "
		    "the root is signed with that",
		    file, c->known_array, c->unknown_array);
	else
		doctor_say(
		    found, DOCTOR_FAIL, "%s has none of the root's keys", file);
	mend_anchor(doctor, found);
}

static struct dns_answer *
ask_root(struct dns *dns, int timeout_ms)
{
	return dns_await(
	    dns_ask(dns, "", DNS_DNSKEY, clock_mono_ms() + timeout_ms));
}

/* The root's keys as a nameserver has them, where they do not validate. */
static struct dns_answer *
ask_root_unvalidated(const struct settings *settings)
{
	struct engine_options options;
	AUTO(dns) struct dns *stub = NULL;

	settings_engine_options(settings, &options);
	options.dns.kind = DNS_SYSTEM;
	stub = dns_new(&options.dns, NULL);
	return stub == NULL ? NULL : ask_root(stub, options.dns.timeout_ms);
}

static void
compare_root(const struct doctor *doctor, struct doctor_finding *found,
    const char *file, const char *text)
{
	const struct settings *settings = doctor->settings;
	struct comparison comparison = {.known = 0};
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	if (doctor->dns != NULL)
		answer = ask_root(doctor->dns, settings->dns_timeout_ms);
	if (answer != NULL && answer->lookup.state == LOOKUP_BOGUS &&
	    !settings->recurse) {
		dns_answer_free(answer);
		answer = ask_root_unvalidated(settings);
	}
	if (answer == NULL || answer->count == 0) {
		doctor_blind(found,
		    "%s has %zu keys; the root's were not to be had", file,
		    anchor_count(text));
		return;
	}
	compare_answer(&comparison, text, answer);
	say_comparison(doctor, found, file, &comparison);
}

void
doctor_trust_anchor(struct doctor *doctor, struct doctor_finding *found)
{
	const char *file = doctor->settings->trust_anchor_file;
	struct err err;
	size_t length;
	char *text;

	if (doctor->settings->resolver == DNS_SYSTEM) {
		doctor_say(found, DOCTOR_SKIP,
		    "Resolver system: the nameserver has its own");
		return;
	}
	if (file == NULL)
		file = DNS_TRUST_ANCHOR_FILE;
	text = cli_read_file(file, ANCHOR_OCTETS, &length, &err);
	if (text == NULL)
		doctor_say(found, DOCTOR_FAIL, "%s", err.text);
	else if (anchor_count(text) == 0)
		doctor_say(found, DOCTOR_FAIL, "%s has no key", file);
	else
		compare_root(doctor, found, file, text);
	if (text == NULL || anchor_count(text) == 0)
		mend_anchor(doctor, found);
	free(text);
}

/* --- whose word is taken --- */

/* The first that is not on this host; NULL if there is none. */
static const char *
find_remote(const struct dns_nameserver *servers, int count)
{
	for (int i = 0; i < count; i++)
		if (!servers[i].loopback)
			return servers[i].text;
	return NULL;
}

/* The nameservers that Resolver system asks. */
static int
load_asked(const struct settings *settings,
    struct dns_nameserver servers[LIMIT_NAMESERVERS], struct err *err)
{
	int count = 0;

	if (settings->nameservers.count == 0)
		return dns_nameserver_load(RESOLV_CONF, servers, err);
	while (count < LIMIT_NAMESERVERS &&
	       (size_t)count < settings->nameservers.count) {
		if (dns_nameserver_parse(settings->nameservers.items[count],
			&servers[count], err) != 0)
			return -1;
		count++;
	}
	return count;
}

static void
look_at_asked(const struct doctor *doctor, struct doctor_finding *found)
{
	struct dns_nameserver servers[LIMIT_NAMESERVERS];
	struct err err;
	int count = load_asked(doctor->settings, servers, &err);
	const char *remote = find_remote(servers, count);

	if (count < 0) {
		doctor_say(found, DOCTOR_FAIL, "%s", err.text);
		return;
	}
	if (remote == NULL) {
		doctor_say(found, DOCTOR_OK,
		    "Resolver system asks nameservers of this host only");
		return;
	}
	doctor_say(found,
	    doctor->settings->trust_remote_resolver ? DOCTOR_WARN : DOCTOR_FAIL,
	    doctor->settings->trust_remote_resolver
		? "what nameserver %s says is believed, and so is who forges it"
		: "nameserver %s is another host: nothing that it says is "
		  "secure",
	    remote);
	doctor_mend(found, "Resolver embedded    # in postern.conf: validate "
			   "here");
}

static void
note_chroot(void *arg, const struct postfix_service *service)
{
	bool *chrooted = arg;

	*chrooted |= service->chrooted;
}

/* Postfix validates nothing itself: its DANE rests on the AD bit. */
static void
look_at_postfix_resolver(
    const struct doctor *doctor, struct doctor_finding *found)
{
	struct dns_nameserver servers[LIMIT_NAMESERVERS];
	char path[POSTFIX_PATH_SIZE] = RESOLV_CONF;
	bool chrooted = false;
	struct err err;
	const char *remote;
	int count;

	postfix_each(doctor->postfix, "smtp", NULL, note_chroot, &chrooted);
	if (chrooted)
		snprintf(path, sizeof(path), "%s" RESOLV_CONF,
		    postfix_get(doctor->postfix, "queue_directory"));
	count = dns_nameserver_load(path, servers, &err);
	remote = find_remote(servers, count);
	if (count < 0) {
		doctor_say(
		    found, DOCTOR_WARN, "%s, which Postfix reads", err.text);
		doctor_mend(found, "cp " RESOLV_CONF " %s", path);
		doctor_mend(found, "postfix reload");
	} else if (remote == NULL) {
		doctor_say(found, DOCTOR_OK,
		    "Postfix asks nameservers of this host only, by %s", path);
	} else {
		doctor_say(found, DOCTOR_WARN,
		    "by %s, Postfix's DANE believes nameserver %s, and who "
		    "forges its answers",
		    path, remote);
		doctor_mend(found, "apt-get install unbound    # then "
				   "\"nameserver 127.0.0.1\" there");
	}
}

void
doctor_nameservers(struct doctor *doctor, struct doctor_finding *found)
{
	if (doctor->settings->resolver == DNS_SYSTEM)
		look_at_asked(doctor, found);
	if (found->state > DOCTOR_OK)
		return;
	if (doctor->postfix != NULL &&
	    strncmp(postfix_get(doctor->postfix, "smtp_tls_security_level"),
		"dane", 4) == 0)
		look_at_postfix_resolver(doctor, found);
	else if (doctor->settings->resolver == DNS_EMBEDDED)
		doctor_say(found, DOCTOR_OK,
		    "posternd validates itself and believes none");
}
