/* fuzz - what the fuzz targets share: reading the input, and promises that
 * several modules make. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FUZZ_FUZZ_H
#define T_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/proto/x509.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * LLVMFuzzerTestOneInput - what a target is: try one input, abort on a finding
 *
 * Called by libFuzzer (t/fuzz/run), or by replay.c for each file of a corpus.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* fuzz_string - the input up to its first NUL */
char *fuzz_string(const uint8_t *data, size_t size) OWNED(free);

/* The input cut in pieces, each of an allocation of its own, so that a read
 * past one of them is seen. */
struct fuzz_pieces {
	size_t count;
	struct der *items;
};

/*
 * fuzz_pieces_new - pieces as they stand in the input, at most max
 *
 * Two octets of length (network order), then the piece, which the end of the
 * input may cut.
 */
void fuzz_pieces_free(struct fuzz_pieces *pieces);
struct fuzz_pieces *fuzz_pieces_new(
    const uint8_t *data, size_t size, size_t max) OWNED(fuzz_pieces_free);
AUTO_DEFINE(fuzz_pieces);

/* fuzz_check_domain - that name is as domain_normalise promises it */
void fuzz_check_domain(const char *name);

/* fuzz_check_refusal - that err blames the data, in printable ASCII; call
 * fuzz_err_init before what fills it in */
void fuzz_err_init(struct err *err);
void fuzz_check_refusal(const struct err *err);

/* The host that the leaf of the fixed chain names, and a time it is valid at */
#define FUZZ_HOST "mx1.d.example"
enum { FUZZ_NOW = 1800000000 };

/* Certificates in PEM: a leaf, the CA that issued it, and the root above. */
extern const char fuzz_leaf_pem[];
extern const char fuzz_ca_pem[];
extern const char fuzz_root_pem[];

#endif
