/* value - how the value of a keyword of the configuration is read. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONF_VALUE_H
#define MILTER_CONF_VALUE_H

#include "common/base/conf.h"

/* Where a value stands, for what is wrong with it; line 0: none. */
struct value_place {
	struct conf_faults *faults;
	const char *file;
	unsigned line;
	const char *keyword;
};

struct value_choice {
	const char *word;
	int value;
};

/* What a value may be, where its reader wants to know. */
struct value_form {
	const struct value_choice *choices; /* ends with a NULL word; or NULL */
	int min, max;
};

/*
 * A reader sets field, or leaves it and tells what is wrong
 *
 * value: not "", and cut up.  What a field has held before is freed.
 */
typedef void value_reader(const struct value_place *place,
    const struct value_form *form, void *field, char *value);

/* into an int */
value_reader value_read_choice;
value_reader value_read_flags;    /* a list of choices, or-ed */
value_reader value_read_level;    /* enum level */
value_reader value_read_duration; /* in ms, or one of the choices */
value_reader value_read_days;     /* "90d" */
value_reader value_read_number;
value_reader value_read_size; /* in MiB */
value_reader value_read_umask;

/* into a char *, which may be NULL */
value_reader value_read_name;
value_reader value_read_host;
value_reader value_read_header_name;
value_reader value_read_user;
value_reader value_read_path;
value_reader value_read_input_path; /* it must be there */
value_reader value_read_destinations;
value_reader value_read_socket;
value_reader value_read_control_socket;
value_reader value_read_store;
value_reader value_read_unix_socket; /* "unix:/path"; the path of it */
value_reader value_read_line;        /* printable ASCII */
value_reader value_read_address;     /* of mail */
value_reader value_read_sender;      /* the same, or "<>" */
value_reader value_read_mailer;      /* as mailer_parse reads it */

/* into a struct settings_list; but for sockets in value_list.c */
value_reader value_read_words;
value_reader value_read_domains; /* or files of them; sorted */
value_reader value_read_names;   /* none of which has a dot in front; or none */
value_reader value_read_nameservers;
/* of this host alone: unix:/path, or inet and a loopback address */
value_reader value_read_near_socket;
value_reader value_read_sockets; /* each as value_read_socket has it */
value_reader
    value_read_stores; /* that hosts share, as shared_link.h has them */
value_reader value_read_sources; /* one address of each family, or one */

/* value_set_text - put a copy of value, or NULL, in the place of a char * */
void value_set_text(void *field, const char *value);

/* value_complain - tell what is wrong */
void value_complain(const struct value_place *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
