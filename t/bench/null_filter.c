/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that a filter with posternd's part in the dialogue could do: the
 * same steps, one constant header field.  What libmilter and an MTA cost is
 * what this costs.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>

static char mail_macros[] = "j {auth_authen}";
static char rcpt_macros[] = "{rcpt_addr} {rcpt_mailer} {rcpt_host}";
static char eom_macros[] = "i";
static char own_field[] = "X-TLS-Precheck";
static char *field = own_field;
static char value[] = "gate.test; v=1; result=none; action=none; id=x;\n"
		      " d=warm-1.test/none/no-policy-found/no-policy";

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long f2, unsigned long f3, unsigned long *wanted_f0,
    unsigned long *wanted_f1, unsigned long *wanted_f2,
    unsigned long *wanted_f3)
{
	(void)f2;
	(void)f3;
	smfi_setsymlist(ctx, SMFIM_ENVFROM, mail_macros);
	smfi_setsymlist(ctx, SMFIM_ENVRCPT, rcpt_macros);
	smfi_setsymlist(ctx, SMFIM_EOM, eom_macros);
	*wanted_f0 = actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS |
				   SMFIF_QUARANTINE | SMFIF_SETSYMLIST);
	*wanted_f1 = steps & (SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOBODY |
				 SMFIP_NOEOH | SMFIP_NODATA | SMFIP_NOUNKNOWN |
				 SMFIP_NR_HDR);
	*wanted_f2 = 0;
	*wanted_f3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *text)
{
	(void)ctx;
	(void)name;
	(void)text;
	return SMFIS_NOREPLY;
}

static sfsistat
on_end(SMFICTX *ctx)
{
	return smfi_insheader(ctx, 0, field, value) == MI_SUCCESS
		   ? SMFIS_CONTINUE
		   : SMFIS_TEMPFAIL;
}

int
main(int argc, char **argv)
{
	static char name[] = "null";
	struct smfiDesc filter = {.xxfi_name = name,
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE |
			  SMFIF_SETSYMLIST,
	    .xxfi_envfrom = on_mail,
	    .xxfi_envrcpt = on_mail,
	    .xxfi_header = on_header,
	    .xxfi_eom = on_end,
	    .xxfi_negotiate = on_negotiate};

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: null_filter SOCKET [FIELD]\n");
		return 64;
	}
	if (argc == 3)
		field = argv[2];
	if (smfi_register(filter) != MI_SUCCESS ||
	    smfi_setconn(argv[1]) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS)
		return 1;
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
