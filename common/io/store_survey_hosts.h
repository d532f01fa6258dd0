/* store_survey_hosts - what mail hosts have, each once, in the file of a
 * survey. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_HOSTS_H
#define COMMON_IO_STORE_SURVEY_HOSTS_H

#include "common/io/store_survey.h"

/* store_survey_hosts_new - in an open survey, which outlives it; LOCAL */
struct store_survey_hosts;
void store_survey_hosts_free(struct store_survey_hosts *hosts);
struct store_survey_hosts *store_survey_hosts_new(struct store_survey *survey,
    struct err *err) OWNED(store_survey_hosts_free);
AUTO_DEFINE(store_survey_hosts);

/* What was found of a host. */
struct survey_host {
	const char *name;
	const char *facts; /* text of the caller's, LIMIT_SURVEY_HOST at most */
	unsigned probed;   /* addresses that were connected to */
};

/*
 * store_survey_host_put - keep what was found of a host, at that time
 *
 * Domains have different use for a host, and not all of them have each of its
 * addresses connected to: what shows less than was kept since then is left out.
 * 0, or -1 with LOCAL.
 */
int store_survey_host_put(struct store_survey_hosts *hosts,
    const struct survey_host *host, time_t now, time_t since, struct err *err);

/*
 * store_survey_each_host - each host of a domain that was asked about, in the
 * order of their names, with how many domains have it, and their weights
 *
 * host is lent; facts NULL: nothing was kept of it.  0, or -1 with LOCAL.
 */
typedef void survey_each_host(void *arg, const struct survey_host *host,
    const struct survey_count *count);
int store_survey_each_host(struct store_survey *survey, survey_each_host *each,
    void *arg, struct err *err);

#endif
