/* doctor_delivery - what Postfix does about TLS when it delivers.  The main
 * thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_DELIVERY_H
#define MILTER_CLI_DOCTOR_DOCTOR_DELIVERY_H

#include "milter/cli/host/postfix.h"

/* What a level does about a host that is not who it should be. */
enum doctor_strength {
	DOCTOR_STRENGTH_UNKNOWN,
	DOCTOR_STRENGTH_NONE,      /* no TLS */
	DOCTOR_STRENGTH_TRIES,     /* TLS if there is any */
	DOCTOR_STRENGTH_FLOOR,     /* TLS, with anybody */
	DOCTOR_STRENGTH_CHECKS,    /* by DANE or a fingerprint */
	DOCTOR_STRENGTH_CHECKS_CA, /* by a certificate of a CA */
};

enum doctor_strength doctor_strength_of(const char *level);

/* doctor_level_of - what a service of smtp(8) has where no table says anything
 * else, borrowed; "" is none */
const char *doctor_level_of(struct postfix *postfix,
    const struct postfix_service *service, enum doctor_strength *strength);

/* doctor_dane_hindrance - the parameter that keeps a service from DANE, or
 * NULL; *cure: its value that would not, NULL: that is up to the admin */
const char *doctor_dane_hindrance(struct postfix *postfix,
    const struct postfix_service *service, const char **cure);

#endif
