/* own_mail - addresses that mail of posternd's own goes to: it is let pass
 * unseen. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_OWN_MAIL_H
#define MILTER_SERVE_OWN_MAIL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * own_mail_add - mail goes to address, at a time in seconds since 1970
 *
 * It counts for a day.  Of more than LIMIT_OWN_MAIL in a day the rest is not
 * known.
 */
void own_mail_add(const char *address, int64_t at);

/* own_mail_goes_to - whether address is one of them, with or without "<>" */
bool own_mail_goes_to(const char *address, int64_t now);

/* own_mail_forget - all of them */
void own_mail_forget(void);

#endif
