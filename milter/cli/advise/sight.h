/* sight - all that advice on a domain rests on: what a check learnt, and the
 * chains of trust, reports and name servers beside it. Plain data. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_SIGHT_H
#define MILTER_CLI_ADVISE_SIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/io/store_policy.h"
#include "common/judge/chain.h"
#include "common/judge/standing.h"
#include "milter/cli/advise/providers.h"

/* What the owner says, that nobody can look up. */
struct advise_wish {
	bool regulated;       /* by law, or by BSI's or Internet.nl's list */
	bool cannot_sign;     /* the zone cannot be signed where it is */
	bool bulk;            /* one of a hundred domains or more */
	time_t testing_since; /* of the policy; 0: not said */
};

enum { ADVISE_BULK = 100 };

/* An MX host, beside its facts. */
struct sight_host {
	struct chain_facts chain_facts;
	enum chain_state chain;
	const struct provider *provider; /* borrowed, or NULL */
	bool own;                        /* at or below the domain */
};

struct sending; /* sending.h */

/* What posternd here has kept of the domain's policies before this look. */
struct sight_memory {
	bool any;                    /* there was one */
	struct policy_past past;     /* with what is seen now */
	char why[LIMIT_DETAIL_SIZE]; /* without any */
};

struct sight {
	const struct sending *sending; /* of a host that sends, and of nothing
					  else; borrowed, or NULL */
	const struct facts *facts;     /* borrowed */
	const struct verdict *verdict; /* level auto; borrowed */
	const struct verdict *secure;  /* level secure; borrowed */
	time_t at;
	struct standing_extra extra;
	struct standing standing;
	bool reports_protected; /* the mailbox for TLS reports is at a domain
				   with DANE or an enforced policy */
	struct chain_facts chain_facts; /* of the domain */
	enum chain_state chain;
	struct sight_memory memory;
	char dns_server[LIMIT_DOMAIN_SIZE]; /* one of its zone's, or "" */
	const struct provider *dns_provider;
	const struct provider *provider; /* of the best MX host */
	struct sight_host hosts[LIMIT_MX_HOSTS];
};

/* sight_has_provider - whether a host is of that name in etc/providers; with
 * its "-dnssec" or without */
bool sight_has_provider(const struct sight *sight, const char *name);

/* sight_hosts_secure - whether the zones of all MX hosts are chained to the
 * root */
bool sight_hosts_secure(const struct sight *sight);

/* sight_hosts_text - names of hosts that a test picks, with ", " between; "-"
 * where there are more than fit */
enum { SIGHT_NAMES_SIZE = 512 };
typedef bool sight_pick(const struct sight *sight, size_t host);
const char *sight_hosts_text(
    const struct sight *sight, sight_pick *pick, char out[SIGHT_NAMES_SIZE]);

/* Tests of a host: no usable TLSA; that with a secure zone of our own, or of
 * others; a zone that is not chained; TLS that a sender who wants a public
 * certificate does not take. */
sight_pick sight_lacks_tlsa, sight_lacks_own_tlsa, sight_lacks_others_tlsa;
sight_pick sight_is_unchained, sight_fails_secure, sight_is_unseen;

#endif
