/* SPDX-License-Identifier: BSD-2-Clause */
/* In place of common/judge/findings.c: a certificate of two octets says itself
 * what it would be found to be, against TLSA records and by the WebPKI. */
#include "common/judge/findings.h"

#include "common/base/xalloc.h"

static bool
wants_webpki(const struct host_case *c)
{
	return c->demand.level == LEVEL_SECURE || c->sts != NULL ||
	       c->terms->requiretls;
}

static enum reason
reason_of(char code)
{
	switch (code) {
	case 'o':
		return REASON_OK;
	case 'h':
		return REASON_CERTIFICATE_HOST_MISMATCH;
	case 't':
		return REASON_CERTIFICATE_NOT_TRUSTED;
	case 'e':
		return REASON_CERTIFICATE_EXPIRED;
	case 'x':
		return REASON_TOO_COSTLY;
	case 'z':
		return REASON_TLS_UNSUPPORTED;
	default:
		return REASON_VALIDATION_FAILURE;
	}
}

const struct findings *
findings_of(const struct host_case *c, const struct probe_facts *probe)
{
	struct findings_memo *memo = c->facts->memo;
	struct findings *f = xcalloc(1, sizeof(*f));
	const uint8_t *codes = probe->cert_count == 0 ? (const uint8_t *)"vv"
						      : probe->certs[0].data;

	f->matched = -1;
	f->dane = c->dane == DEMAND_VERIFY ? reason_of((char)codes[0])
					   : REASON_NOT_PROBED;
	f->webpki =
	    wants_webpki(c) ? reason_of((char)codes[1]) : REASON_NOT_PROBED;
	f->next = memo->first;
	memo->first = f;
	return f;
}
