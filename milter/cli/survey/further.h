/* further - what a survey asks of domains and their hosts beside the checks.
 * Any thread, but for what says otherwise. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_FURTHER_H
#define MILTER_CLI_SURVEY_FURTHER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/base/own.h"
#include "common/io/dns.h"
#include "common/judge/standing.h"
#include "milter/cli/advise/providers.h"

/* Which mail hosts have TLSA records that no sender asks for is known of so
 * many, the last that were met; of more it is asked again. */
enum { FURTHER_HOSTS = 200000 };

/* further_new - all borrowed; with extra also TLSA at the domain's own name,
 * its DS and its name servers.  further_free: nothing is asked any more */
struct further;
void further_free(struct further *further);
struct further *further_new(struct dns *dns, int timeout_ms, bool extra,
    const struct providers *providers) OWNED(further_free);
AUTO_DEFINE(further);

/* further_has_extra - whether it asks for that */
bool further_has_extra(const struct further *further);

/* What came of it; zero at first. */
struct further_answers {
	/* TXT at _smtp._tls, and the schemes that it names */
	enum standing_record reports;
	const char *reports_why; /* as in standing.h; NULL: nobody asked */
	bool by_mail, by_https;
	_Atomic bool insecure_tlsa; /* at a host whose address is insecure */

	bool heard_of; /* of further_ask_alias */

	/* with extra */
	bool own_tlsa; /* at the domain's own name */
	struct lookup ds;
	char dns_host[LIMIT_DOMAIN_SIZE]; /* who has its name servers: the word
					     of a provider, a site, or "" */
};

/*
 * further_ask - what is of the domain; further_ask_hosts - TLSA records that no
 * check asks for, since what they stand beside is insecure: once for each host
 *
 * done is called once, when all of that is in answers, which stay where they
 * are until then: at once in this thread, or in another.  It must not block.
 */
typedef void further_done(void *arg);
void further_ask(struct further *further, const char *domain,
    struct further_answers *answers, further_done *done, void *arg);
void further_ask_hosts(struct further *further, const struct facts *facts,
    struct further_answers *answers, further_done *done, void *arg);

/* further_ask_alias - likewise, whether the domain is an alias: heard_of says
 * that there was an answer, be it yes or no */
void further_ask_alias(struct further *further, const char *domain,
    struct further_answers *answers, further_done *done, void *arg);

/* further_end_late - lookups that nobody answers end when they are awaited, and
 * no sooner: by one thread, from time to time */
void further_end_late(struct further *further);

#endif
