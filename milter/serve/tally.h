/* tally - what is reported, counted, told in the log or not. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_TALLY_H
#define MILTER_SERVE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "milter/view/figures.h"

/* What was found of one domain of one message. */
struct tally_check {
	const struct verdict *verdict;
	enum action action;
	unsigned refused; /* recipients, at RCPT */
	bool looked;      /* a check was made, or remembered */
	bool cached;
	bool joined; /* it was under way */
	unsigned ms;
};

void tally_check(const struct tally_check *check);
void tally_message(enum result result, enum action action, unsigned ms);

/* tally_wait - a recipient, or a message in all, waited for us so long */
void tally_wait(enum figures_stage stage, unsigned ms);
/* tally_asked - an MTA was answered */
void tally_asked(enum figures_asker asker, enum figures_status status);
void tally_connection(bool begins); /* of an MTA; else it ends */

/* tally_mta_error - On-InternalError's answer, or an MTA that cannot be served
 */
void tally_mta_error(enum figures_step step);
void tally_change(const char *after); /* a word of result_text */
void tally_lost(uintmax_t lines);

/* tally_tls_report - action: a word of figures_report_text
 * tally_datagrams - so many more sessions were told; of them
 * tally_dropped - so many are not counted */
void tally_tls_report(const char *action);
void tally_datagrams(uint64_t count);
void tally_dropped(enum figures_loss loss, uint64_t count);
void tally_port(bool open);
void tally_reload(bool good, time_t now);

/* tally_counts - all of it; each figure is right for itself */
void tally_counts(struct report_counts *out);

#endif
