/* tlsa - TLSA records: parsing, which are usable, digest agility. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_TLSA_H
#define COMMON_PROTO_TLSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/proto/der.h"

/* RFC 6698 section 2.1, names of RFC 7218; other values occur on the wire */
enum tlsa_usage {
	TLSA_PKIX_TA = 0,
	TLSA_PKIX_EE = 1,
	TLSA_DANE_TA = 2,
	TLSA_DANE_EE = 3,
};
enum tlsa_selector { TLSA_CERT = 0, TLSA_SPKI = 1 };
enum tlsa_mtype { TLSA_FULL = 0, TLSA_SHA2_256 = 1, TLSA_SHA2_512 = 2 };

struct tlsa {
	uint8_t usage;
	uint8_t selector;
	uint8_t mtype;
	bool usable;     /* RFC 7672 section 3.1.3 */
	bool considered; /* usable, and left by digest agility */
	size_t size;
	uint8_t *data; /* certificate association data, size octets */
};

/* An RRset, in the order of the answer. */
struct tlsa_set {
	size_t count;
	struct tlsa *records;
};

/*
 * tlsa_set_add - append a record from RDATA octets
 *
 * RDATA of fewer than four octets is kept as an unusable record with the
 * fields it has, the others 255.  Records past LIMIT_TLSA_RECORDS are dropped.
 * RFC 6698 section 2.1, RFC 7672 section 3.1.3.
 */
void tlsa_set_add(struct tlsa_set *set, const uint8_t *rdata, size_t length);

/* tlsa_set_merge - the same of an answer, where a record that comes again is
 * the record that is there (RFC 2181 section 5) */
void tlsa_set_merge(struct tlsa_set *set, const uint8_t *rdata, size_t length);

/*
 * tlsa_set_add_text - append a record written "USAGE SELECTOR MTYPE HEX"
 *
 * White space may stand between digits, as in a zone file.  DATA when it is
 * no such text.
 */
int tlsa_set_add_text(struct tlsa_set *set, const char *text, struct err *err);

/* The three numbers before the data. */
struct tlsa_form {
	uint8_t usage;
	uint8_t selector;
	uint8_t mtype;
};

/* tlsa_form_parse - read "USAGE SELECTOR MTYPE" and no more; 0, or -1 */
int tlsa_form_parse(const char *text, struct tlsa_form *out);

/*
 * tlsa_set_make - append the record that a certificate and its key match
 *
 * cert is {NULL, 0} where only the key is known.  DATA when SMTP has no use for
 * records of this kind, or it wants a certificate and there is none.
 * RFC 6698 section 2.1, RFC 7672 section 3.1.
 */
int tlsa_set_make(struct tlsa_set *set, struct tlsa_form kind, struct der cert,
    struct der spki, struct err *err);

/* tlsa_equal - whether two records are of the same octets; tlsa_set_has -
 * whether one of a set is the same as record */
bool tlsa_equal(const struct tlsa *a, const struct tlsa *b);
bool tlsa_set_has(const struct tlsa_set *set, const struct tlsa *record);

/*
 * tlsa_set_finish - say which records are to be considered, after the last add
 *
 * For each usage and selector: all full records, and of the digests only those
 * of the strongest matching type there.  RFC 7671 section 9.
 */
void tlsa_set_finish(struct tlsa_set *set);

/* tlsa_fault - why a record is not usable, "" where it is; a constant */
const char *tlsa_fault(const struct tlsa *record);

/* tlsa_set_usable - how many records are usable */
size_t tlsa_set_usable(const struct tlsa_set *set);

/*
 * tlsa_print - the RDATA of a record for a zone file, "3 1 1 0123..."
 * tlsa_print_generic - the same for who does not know the type, "\# 35 0301..."
 * (RFC 3597 section 5)
 *
 * Heap, for free().
 */
char *tlsa_print(const struct tlsa *record);
char *tlsa_print_generic(const struct tlsa *record);

/* tlsa_owner - where the records of a host and port are, RFC 6698 section 3;
 * false if the name is too long to exist */
bool tlsa_owner(char owner[LIMIT_DOMAIN_SIZE], uint16_t port, const char *base);

/* tlsa_set_fini - free the records; the set is empty after it */
void tlsa_set_fini(struct tlsa_set *set);

#endif
