/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/pki.h"

#include "common/proto/x509.h"
#include "t/unit/tap.h"

struct pki pki;

int
pki_make(void **state)
{
	(void)state;
	pki.root = cert_make(&(struct cert_spec){.cn = "Root", .ca = true});
	pki.int1 = cert_make(
	    &(struct cert_spec){.cn = "Int", .ca = true, .issuer = pki.root});
	pki.leaf = cert_make(&(struct cert_spec){
	    .cn = "mx1", .names = {"mx1.d.example"}, .issuer = pki.int1});
	pki.other = cert_make(&(struct cert_spec){.cn = "Other", .ca = true});
	pki.alone = cert_make(&(struct cert_spec){
	    .cn = "mx1.d.example", .names = {"mx1.d.example"}});
	return 0;
}

int
pki_free(void **state)
{
	(void)state;
	cert_made_free(pki.root);
	cert_made_free(pki.int1);
	cert_made_free(pki.leaf);
	cert_made_free(pki.other);
	cert_made_free(pki.alone);
	return 0;
}
