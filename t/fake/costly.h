/* costly - what a TLS 1.2 server sends whose key takes long to check by, for
 * tests. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_COSTLY_H
#define T_FAKE_COSTLY_H

#include <stddef.h>
#include <stdint.h>

/* costly_flight - ServerHello, Certificate with an RSA key whose modulus and
 * exponent have so many bits, and ServerKeyExchange with a signature that is
 * none: size octets, for free().  No answer to it is needed. */
uint8_t *costly_flight(unsigned bits, size_t *size);

#endif
