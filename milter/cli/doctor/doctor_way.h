/* doctor_way - whether probes go the way that the MTA's mail goes: what is
 * common to MTAs.  The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_WAY_H
#define MILTER_CLI_DOCTOR_DOCTOR_WAY_H

#include <netinet/in.h>
#include <stdbool.h>

#include "common/base/text.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/host/postfix.h"

/* What differs, and what cannot be told. */
struct doctor_way {
	const struct doctor *doctor;
	struct doctor_finding *found;
	bool ours; /* something of posternd is to be changed */
	struct text other, unknown, remark;
	char other_array[240], unknown_array[160], remark_array[160];
};

void doctor_way_init(struct doctor_way *way, const struct doctor *doctor,
    struct doctor_finding *found);

/* doctor_way_other - what, of the MTA, is another way */
void doctor_way_other(struct doctor_way *way, const char *what);

/* doctor_way_unknown - what, a name of the MTA, cannot be told */
void doctor_way_unknown(struct doctor_way *way, const char *what);

/* doctor_way_set - keyword needs value, or none for "", because of what the MTA
 * has */
void doctor_way_set(struct doctor_way *way, const char *keyword,
    const char *value, const char *because);

/* doctor_way_remark - what is no fault, and good to know */
void doctor_way_remark(struct doctor_way *way, const char *remark);

/* doctor_way_sources - where mail leaves from, NULL: as the system chooses;
 * doctor_way_helo - the name that it says, by the MTA's parameter */
void doctor_way_sources(struct doctor_way *way, const char *ipv4,
    const char *ipv6, const char *because);
void doctor_way_helo(
    struct doctor_way *way, const char *name, const char *parameter);

/* doctor_way_address - read an address of the family, in brackets or not; ""
 * for none or any.  False for what is no such address. */
bool
doctor_way_address(const char *text, int family, char out[INET6_ADDRSTRLEN]);

/* doctor_way_protocols - what smtp_tls_mandatory_protocols of Postfix means;
 * NULL: it was said to be unknown */
void doctor_way_protocols(struct doctor_way *way, const char *value);

/* What Postfix has where TLS is a must, of one service. */
struct doctor_cipher_settings {
	const struct postfix_service *service;
	const char *list_name; /* the parameter of the list of the grade */
	const char *list;
	const char *exclude, *mandatory_exclude;
};

/* doctor_way_ciphers - what that comes to */
void doctor_way_ciphers(
    struct doctor_way *way, const struct doctor_cipher_settings *settings);

/* doctor_way_say - what it comes to, once all was compared */
void doctor_way_say(struct doctor_way *way, const char *mta);

/* doctor_way_sendmail - the same for Sendmail; a SKIP where there is none */
void doctor_way_sendmail(struct doctor *doctor, struct doctor_finding *found);

#endif
