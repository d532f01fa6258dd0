/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_parts.h"

/* TBSCertificate of RFC 5280 section 4.1, as far as the SPKI. */
static bool
read_tbs(struct x509_parts *parts, struct der content)
{
	struct wire in;

	der_open(&in, content);
	if (in.left > 0 && in.at[0] == DER_VERSION)
		der_take(&in, DER_VERSION, NULL);
	der_take(&in, DER_INTEGER, NULL);  /* serialNumber */
	der_take(&in, DER_SEQUENCE, NULL); /* signature */
	der_take(&in, DER_SEQUENCE, &parts->issuer_dn);
	der_take(&in, DER_SEQUENCE, NULL); /* validity */
	der_take(&in, DER_SEQUENCE, &parts->subject_dn);
	der_take(&in, DER_SEQUENCE, &parts->spki);
	return !in.bad;
}

bool
x509_parts_read(struct x509_parts *parts, struct der certificate)
{
	struct der content, tbs, bits;
	struct wire in;

	der_open(&in, certificate);
	content = der_take(&in, DER_SEQUENCE, NULL);
	if (in.bad || in.left > 0)
		return false;
	der_open(&in, content);
	tbs = der_take(&in, DER_SEQUENCE, &parts->tbs);
	der_take(&in, DER_SEQUENCE, NULL); /* signatureAlgorithm */
	bits = der_take(&in, DER_BIT_STRING, NULL);
	if (in.bad || in.left > 0 || bits.size == 0)
		return false;
	parts->signature.data = bits.data + 1; /* behind "unused bits" */
	parts->signature.size = bits.size - 1;
	return read_tbs(parts, tbs);
}
