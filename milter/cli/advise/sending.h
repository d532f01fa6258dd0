/* sending - what this host does when it sends: its resolver, and what its MTA
 * enforces. The main thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_SENDING_H
#define MILTER_CLI_ADVISE_SENDING_H

#include "milter/cli/doctor/doctor.h"

enum sending_mta { SENDING_NO_MTA, SENDING_POSTFIX, SENDING_SENDMAIL };

/* Findings of the doctor; one that was not made is a SKIP. */
struct sending {
	enum sending_mta mta;
	bool configured;          /* postern.conf has no fault */
	bool map;                 /* MapSocket is set */
	bool refuses;             /* On-Fail keeps mail from going out */
	enum tls_reports reports; /* TLSReports */
	bool other_reports;       /* of Postfix, to another program */
	bool other_policies;      /* smtp_tls_policy_maps has a table */

	struct doctor_finding resolver; /* of the MTA: /etc/resolv.conf */
	struct doctor_finding nameservers, level, dane, asks, answers, told,
	    sendmail;
};

/* sending_look - conf_file NULL: the default one */
void sending_look(struct sending *sending, const char *conf_file);
void sending_fini(struct sending *sending);

#endif
