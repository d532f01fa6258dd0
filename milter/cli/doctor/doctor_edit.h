/* doctor_edit - commands that change one thing of Postfix, and keep all else.
 * The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_EDIT_H
#define MILTER_CLI_DOCTOR_DOCTOR_EDIT_H

#include "milter/cli/doctor/doctor.h"
#include "milter/cli/host/milter_edit.h"

/*
 * Each prints the command for the place where the value of that service stands,
 * main.cf or its "-o" in master.cf.  Postfix is asked first what it would make
 * of the new list; where that is not the old one with this change alone, words
 * for the admin take the place of the command.
 */

/* doctor_edit_add - posternd as one more milter of the list */
void doctor_edit_add(const struct doctor *doctor, struct doctor_finding *found,
    const struct asker *asker);

/* doctor_edit_set - attributes of posternd alone, all in one command: of two
 * commands the second would undo the first */
void doctor_edit_set(const struct doctor *doctor, struct doctor_finding *found,
    const struct asker *asker, const struct milter_cure *cures, size_t count);

/* doctor_edit_parameter - any other parameter; value has no white space */
void doctor_edit_parameter(const struct doctor *doctor,
    struct doctor_finding *found, const struct postfix_service *service,
    const char *parameter, const char *value);

/* doctor_edit_unhide - the socket below the queue directory, and all lists that
 * name it now */
void
doctor_edit_unhide(const struct doctor *doctor, struct doctor_finding *found);

/* doctor_edit_reload - what puts it into force */
void doctor_edit_reload(struct doctor_finding *found);

#endif
