/*
 * How it works: openssl(1), which has the library that the MTA uses, turns a
 * list of ciphers into suites.  Probes offer those of the default list of
 * Postfix, "medium"; what another list leaves out of it are hosts that probes
 * reach and the mail does not.  Suites that no host is known to rely on, which
 * OpenSSL itself leaves out by default, do not count.  More than "medium" has
 * OpenSSL only at another level of security, of which nothing is told here.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/doctor/doctor_ciphers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/process.h"

enum { ASK_MS = 10 * 1000, OUTPUT_MAX = 64 * 1024 };

/* "A:B:C", for free(); NULL: it cannot be told. */
static char *
expand_list(const char *list)
{
	const char *const argv[] = {
	    "openssl", "ciphers", "-s", "-tls1_2", list, NULL};
	char *suites =
	    process_capture(argv, clock_mono_ms() + ASK_MS, OUTPUT_MAX, NULL);

	if (suites != NULL)
		suites[strcspn(suites, "\n")] = '\0';
	return suites;
}

static bool
is_in(const char *suites, const char *name, size_t length)
{
	while (*suites != '\0') {
		size_t word = strcspn(suites, ":");

		if (word == length && strncmp(suites, name, length) == 0)
			return true;
		suites += word + (suites[word] == ':');
	}
	return false;
}

static bool
is_relied_on(const char *name, size_t length)
{
	char word[80];

	snprintf(word, sizeof(word), "%.*s", (int)length, name);
	return (strstr(word, "AES") != NULL ||
		   strstr(word, "CHACHA20") != NULL) &&
	       strstr(word, "CCM") == NULL && strstr(word, "DSS") == NULL;
}

/* Those that others have not; the last of them stands for all, for a list has
 * the stronger ones before it. */
static void
note_missing(const char *some, const char *others, struct doctor_ciphers *out)
{
	while (*some != '\0') {
		size_t length = strcspn(some, ":");

		if (is_relied_on(some, length) &&
		    !is_in(others, some, length)) {
			snprintf(out->name, sizeof(out->name), "%.*s",
			    (int)length, some);
			out->lost++;
		}
		some += length + (some[length] == ':');
	}
}

bool
doctor_ciphers_compare(const char *list, struct doctor_ciphers *out)
{
	char *ours, *theirs;
	bool known;

	*out = (struct doctor_ciphers){.lost = 0};
	/* a level of security is of keys and signatures too */
	if (strstr(list, "@SECLEVEL") != NULL)
		return false;
	ours = expand_list(DOCTOR_CIPHERS_OFFERED);
	theirs = expand_list(list);
	known = ours != NULL && theirs != NULL;
	if (known)
		note_missing(ours, theirs, out);
	free(ours);
	free(theirs);
	return known;
}

void
doctor_ciphers_print(
    const struct doctor_ciphers *ciphers, char *out, size_t size)
{
	snprintf(out, size,
	    "ciphers (%u suites fewer than probes offer, such as %s)",
	    ciphers->lost, ciphers->name);
}
