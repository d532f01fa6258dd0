/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/io/tls_client.h"
#include "milter/cli/doctor/doctor_way.h"

#define PARAMETER "smtp_tls_mandatory_protocols"
#define SEPARATORS ", \t\r\n:"

enum { VERSIONS = 6, FIRST_TLS = 2, ALL = (1 << VERSIONS) - 1 };

/* In their order; those before TLS are never spoken where TLS is a must. */
static const struct {
	const char *name;
	enum tls_floor floor;
} versions[VERSIONS] = {{"SSLv2", TLS_FROM_1_0}, {"SSLv3", TLS_FROM_1_0},
    {"TLSv1", TLS_FROM_1_0}, {"TLSv1.1", TLS_FROM_1_1},
    {"TLSv1.2", TLS_FROM_1_2}, {"TLSv1.3", TLS_FROM_1_3}};

/* The number of a version, or -1 for one that has no name here. */
static int
find_version(const char *word, size_t length)
{
	for (int i = 0; i < VERSIONS; i++)
		if (strlen(versions[i].name) == length &&
		    strncasecmp(versions[i].name, word, length) == 0)
			return i;
	return -1;
}

/* One word: "TLSv1.2" and no other, "!TLSv1" not this one, ">=TLSv1.2",
 * "<=TLSv1.2" (postconf(5)).  False for any other. */
static bool
take_protocol(const char *word, size_t length, int *included, int *excluded)
{
	size_t sign = strspn(word, "!<>=");
	int number =
	    sign > length ? -1 : find_version(word + sign, length - sign);

	if (number < 0)
		return false;
	if (sign == 0)
		*included |= 1 << number;
	else if (sign == 1 && *word == '!')
		*excluded |= 1 << number;
	else if (sign == 2 && strncmp(word, ">=", 2) == 0)
		*excluded |= (1 << number) - 1;
	else if (sign == 2 && strncmp(word, "<=", 2) == 0)
		*excluded |= ALL & ~((2 << number) - 1);
	else
		return false;
	return true;
}

/* One bit each of what a list leaves; -1 if it cannot be told. */
static int
read_protocols(const char *value)
{
	int included = 0, excluded = 0;

	for (const char *at = value + strspn(value, SEPARATORS); *at != '\0';) {
		size_t length = strcspn(at, SEPARATORS);

		if (!take_protocol(at, length, &included, &excluded))
			return -1;
		at += length;
		at += strspn(at, SEPARATORS);
	}
	return (included == 0 ? ALL : included) & ~excluded;
}

/* The oldest of them, if all that are newer are taken too; else -1: no setting
 * of ours says that. */
static int
find_floor(int protocols)
{
	int first = FIRST_TLS;

	while (first < VERSIONS && (protocols & 1 << first) == 0)
		first++;
	return first < VERSIONS && (protocols | ((1 << first) - 1)) == ALL
		   ? first
		   : -1;
}

static int
number_of(int floor)
{
	for (int i = FIRST_TLS; i < VERSIONS; i++)
		if ((int)versions[i].floor == floor)
			return i;
	return -1;
}

void
doctor_way_protocols(struct doctor_way *way, const char *value)
{
	int ours = number_of(way->doctor->settings->probe_floor);
	int protocols = value == NULL ? -1 : read_protocols(value);
	int theirs = protocols < 0 ? -1 : find_floor(protocols);
	char wanted[16], because[160];

	if (value == NULL)
		return;
	if (theirs < 0) {
		doctor_way_unknown(way, PARAMETER);
		return;
	}
	snprintf(wanted, sizeof(wanted), ">=%s", versions[theirs].name);
	if (theirs < ours && versions[ours].floor == TLS_FROM_1_2) {
		snprintf(because, sizeof(because),
		    "it delivers to hosts with %s alone as well, as "
		    "ProbeProtocols %s would",
		    versions[theirs].name, wanted);
		doctor_way_remark(way, because);
	} else if (theirs != ours) {
		snprintf(because, sizeof(because), PARAMETER " = %s", value);
		doctor_way_set(way, "ProbeProtocols", wanted, because);
	}
}
