/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/callbacks.h"

#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/forbidden_address.h"
#include "milter/mta/session.h"
#include "milter/serve/service.h"
#include "milter/serve/tally.h"

enum {
	BACKLOG = 128,

	/* The first octet of a macro that belonged to another recipient */
	USED_UP = '\1',
};

/* libmilter takes names that it does not change as char *. */
static char name_j[] = "j";
static char name_i[] = "i";
static char name_auth[] = "{auth_authen}";
static char name_addr[] = "{rcpt_addr}";
static char name_mailer[] = "{rcpt_mailer}";
static char name_host[] = "{rcpt_host}";
static char name_client[] = "{client_addr}";
static char mail_macros[] = "j {auth_authen} {client_addr}";
static char rcpt_macros[] = "{rcpt_addr} {rcpt_mailer} {rcpt_host}";
static char end_macros[] = "i";

/* What a message has between MAIL and its end. */
struct message {
	struct service_hold held;
	struct session *session;
};

/* There from the negotiation, or from its first MAIL where libmilter has taken
 * the end of a session for that of the connection, to the end. */
struct connection {
	struct message *message; /* or NULL */
};

static sfsistat
internal_error(const struct settings *settings, enum figures_step step)
{
	tally_mta_error(step);
	return settings->on_internal_error == INTERNAL_ERROR_ACCEPT
		   ? SMFIS_ACCEPT
		   : SMFIS_TEMPFAIL;
}

static void
message_free(struct message *message)
{
	session_free(message->session);
	service_end(&message->held);
	free(message);
}

/* NULL if libmilter cannot keep it. */
static struct connection *
find_connection(SMFICTX *ctx)
{
	struct connection *connection = smfi_getpriv(ctx);

	if (connection != NULL)
		return connection;
	connection = xcalloc(1, sizeof(*connection));
	if (smfi_setpriv(ctx, connection) != MI_SUCCESS) {
		free(connection);
		return NULL;
	}
	tally_connection(true);
	return connection;
}

static struct message *
message_of(SMFICTX *ctx)
{
	const struct connection *connection = smfi_getpriv(ctx);

	return connection == NULL ? NULL : connection->message;
}

/* The connection's message is over. */
static void
drop_message(SMFICTX *ctx)
{
	struct connection *connection = smfi_getpriv(ctx);

	if (connection == NULL || connection->message == NULL)
		return;
	message_free(connection->message);
	connection->message = NULL;
}

static void
abandon_message(SMFICTX *ctx)
{
	const struct message *message = message_of(ctx);

	if (message != NULL)
		session_abandon(message->session);
	drop_message(ctx);
}

/* In a reply a "%" is the begin of a format to the MTA. */
static sfsistat
refuse_with(SMFICTX *ctx, enum action action, struct reply *reply)
{
	char text[2 * sizeof(reply->text)];
	size_t length = 0;

	for (const char *c = reply->text; *c != '\0'; c++) {
		if (*c == '%')
			text[length++] = '%';
		text[length++] = *c;
	}
	text[length] = '\0';
	smfi_setreply(ctx, reply->code, reply->status, text);
	return action == ACTION_REJECT ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* The strictest action of the settings, as mail without SMTP has it. */
static bool
may_hold(const struct settings *settings)
{
	return settings->on_fail >= ACTION_HOLD ||
	       settings->on_temperror >= ACTION_HOLD ||
	       settings->on_softfail >= ACTION_HOLD ||
	       settings->on_none >= ACTION_HOLD;
}

/* What an MTA must offer. */
static unsigned long
needed_actions(void)
{
	AUTO(settings) struct settings *settings = service_settings();
	unsigned long needed = 0;

	if (settings->header_name != NULL)
		needed |= SMFIF_ADDHDRS | SMFIF_CHGHDRS;
	if (may_hold(settings))
		needed |= SMFIF_QUARANTINE;
	return needed;
}

/*
 * Ask for all that any settings could need, for the connection may outlive
 * these.  An MTA that does not take lists of macros sends {j} when a client
 * connects, so that step stays on for it.  Sendmail (8.17) reads the list for
 * the end of the message only if there is one for the end of the header.
 * libmilter fixes the parameters.
 */
static sfsistat /* NOLINTNEXTLINE(readability-function-size) */
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long f2, unsigned long f3, unsigned long *wanted_f0,
    unsigned long *wanted_f1, unsigned long *wanted_f2,
    unsigned long *wanted_f3)
{
	unsigned long needed = needed_actions();
	unsigned long wanted =
	    actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE);
	unsigned long skipped = SMFIP_NOHELO | SMFIP_NOBODY | SMFIP_NOEOH |
				SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NR_HDR;

	(void)f2;
	(void)f3;
	if ((actions & needed) != needed || find_connection(ctx) == NULL) {
		tally_mta_error(FIGURES_AT_CONNECT);
		return SMFIS_REJECT;
	}
	if ((actions & SMFIF_SETSYMLIST) != 0) {
		wanted |= SMFIF_SETSYMLIST;
		skipped |= SMFIP_NOCONNECT;
		smfi_setsymlist(ctx, SMFIM_ENVFROM, mail_macros);
		smfi_setsymlist(ctx, SMFIM_ENVRCPT, rcpt_macros);
		smfi_setsymlist(ctx, SMFIM_EOM, end_macros);
		smfi_setsymlist(ctx, SMFIM_EOH, end_macros);
	}
	*wanted_f0 = wanted;
	*wanted_f1 = steps & skipped;
	*wanted_f2 = 0;
	*wanted_f3 = 0;
	return SMFIS_CONTINUE;
}

/* argv: the address, then the parameters of MAIL.  RFC 8689 section 2. */
static bool
mail_requires_tls(char **argv)
{
	while (*++argv != NULL)
		if (strcasecmp(*argv, "REQUIRETLS") == 0)
			return true;
	return false;
}

/* The client's address, as Postfix or Sendmail spells it. */
static bool
is_loopback_client(const char *address)
{
	return address != NULL && (strncmp(address, "127.", 4) == 0 ||
				      strcmp(address, "::1") == 0 ||
				      strcasecmp(address, "IPv6:::1") == 0);
}

/* Whether it may be a report of ours, which comes by the way that we hand it
 * over: from this host, by the address that it is sent from. */
static bool
is_report_mail(
    const struct settings *settings, const char *sender, const char *client)
{
	const char *ours = settings->tls_report_sender != NULL
			       ? settings->tls_report_sender
			       : settings->tls_report_contact;
	size_t length = strlen(sender);

	if (settings->tls_reports != TLS_REPORTS_YES || ours == NULL ||
	    client == NULL)
		return false;
	if (sender[0] == '<' && length > 2 && sender[length - 1] == '>') {
		sender++;
		length -= 2;
	}
	return strlen(ours) == length &&
	       strncasecmp(sender, ours, length) == 0 &&
	       (is_loopback_client(client) || forbidden_address_is_own(client));
}

static struct message *
begin_mail(SMFICTX *ctx, char **argv)
{
	struct session_mail mail = {.mta_name = smfi_getsymval(ctx, name_j)};
	const char *user = smfi_getsymval(ctx, name_auth);
	const char *client = smfi_getsymval(ctx, name_client);
	struct message *message = xcalloc(1, sizeof(*message));

	if (!service_begin(&message->held)) {
		free(message);
		return NULL;
	}
	mail.null_sender = argv[0][0] == '\0' || strcmp(argv[0], "<>") == 0;
	mail.requiretls = mail_requires_tls(argv);
	mail.authenticated = user != NULL && user[0] != '\0';
	mail.local = is_loopback_client(client);
	mail.reports = is_report_mail(message->held.settings, argv[0], client);
	message->session =
	    session_new(message->held.settings, message->held.engine, &mail);
	return message;
}

static sfsistat
refuse_message(void)
{
	AUTO(settings) struct settings *settings = service_settings();

	return internal_error(settings, FIGURES_AT_MAIL);
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct connection *connection = find_connection(ctx);

	abandon_message(ctx);
	if (connection == NULL)
		return refuse_message();
	connection->message = begin_mail(ctx, argv);
	return connection->message == NULL ? refuse_message() : SMFIS_CONTINUE;
}

/* An MTA that did not begin with MAIL, or has forgotten what it was answered.
 */
static sfsistat
out_of_order(enum figures_step step)
{
	tally_mta_error(step);
	return SMFIS_CONTINUE;
}

/* The value of a recipient's macro, or NULL. */
static char *
macro_of(SMFICTX *ctx, char *name)
{
	char *value = smfi_getsymval(ctx, name);

	return value == NULL || value[0] == USED_UP ? NULL : value;
}

/*
 * libmilter keeps the macros of a recipient until the MTA sends others, so that
 * one that comes without any would be taken for the recipient before it.  The
 * text is libmilter's copy of what came, which nobody reads but by name.
 */
static void
use_up(char *value)
{
	if (value != NULL && value[0] != '\0')
		value[0] = USED_UP;
}

/* A good recipient is answered with "continue", for "accept" would let all of
 * the message pass. */
static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	const struct message *message = message_of(ctx);
	char *addr = macro_of(ctx, name_addr);
	char *mailer = macro_of(ctx, name_mailer);
	char *host = macro_of(ctx, name_host);
	struct route_rcpt rcpt = {
	    .address = argv[0], .addr = addr, .mailer = mailer, .host = host};
	struct reply reply;
	enum action action;

	if (message == NULL)
		return out_of_order(FIGURES_AT_RCPT);
	action = session_rcpt(message->session, &rcpt, &reply);
	use_up(addr);
	use_up(mailer);
	use_up(host);
	if (action == ACTION_NONE)
		return SMFIS_CONTINUE;
	return refuse_with(ctx, action, &reply);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	const struct message *message = message_of(ctx);

	if (message != NULL)
		session_header(message->session, name, value);
	else
		out_of_order(FIGURES_AT_DATA);
	return SMFIS_NOREPLY;
}

static void
tell_progress(void *ctx)
{
	smfi_progress(ctx);
}

/* Copies of our field go from the highest index down, so that the lower ones
 * keep theirs. */
static int
change_header(SMFICTX *ctx, const struct settings *settings,
    const struct session_end *end)
{
	char *name = settings->header_name;

	for (unsigned i = end->forged; i > 0; i--)
		if (smfi_chgheader(ctx, name, (int)i, NULL) != MI_SUCCESS)
			return -1;
	if (end->tag != NULL &&
	    smfi_insheader(ctx, 0, name, end->tag) != MI_SUCCESS)
		return -1;
	return 0;
}

static sfsistat
carry_out(
    SMFICTX *ctx, const struct settings *settings, struct session_end *end)
{
	switch (end->action) {
	case ACTION_DEFER:
	case ACTION_REJECT:
		return refuse_with(ctx, end->action, &end->reply);
	case ACTION_HOLD:
		/* fails on a connection that is older than the settings, of an
		 * MTA that did not offer it */
		if (smfi_quarantine(ctx, end->hold_reason) != MI_SUCCESS)
			return internal_error(settings, FIGURES_AT_EOM);
		break;
	case ACTION_TAG:
	case ACTION_NONE:
		break;
	}
	return change_header(ctx, settings, end) == 0
		   ? SMFIS_CONTINUE
		   : internal_error(settings, FIGURES_AT_EOM);
}

static sfsistat
on_end(SMFICTX *ctx)
{
	const struct message *message = message_of(ctx);
	struct session_end end;
	sfsistat status;

	if (message == NULL)
		return out_of_order(FIGURES_AT_EOM);
	session_end(message->session, smfi_getsymval(ctx, name_i),
	    tell_progress, ctx, &end);
	status = carry_out(ctx, message->held.settings, &end);
	session_end_fini(&end);
	drop_message(ctx);
	return status;
}

/* RSET, or a client that is gone. */
static sfsistat
on_abort(SMFICTX *ctx)
{
	abandon_message(ctx);
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct connection *connection;

	abandon_message(ctx);
	connection = smfi_getpriv(ctx);
	if (connection == NULL)
		return SMFIS_CONTINUE;
	smfi_setpriv(ctx, NULL);
	free(connection);
	tally_connection(false);
	return SMFIS_CONTINUE;
}

static int
listen_at(const struct settings *settings, struct err *err)
{
	static char name[] = "postern";
	struct smfiDesc filter = {.xxfi_name = name,
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE |
			  SMFIF_SETSYMLIST,
	    .xxfi_envfrom = on_mail,
	    .xxfi_envrcpt = on_rcpt,
	    .xxfi_header = on_header,
	    .xxfi_eom = on_end,
	    .xxfi_abort = on_abort,
	    .xxfi_close = on_close,
	    .xxfi_negotiate = on_negotiate};

	if (smfi_register(filter) != MI_SUCCESS ||
	    smfi_setconn(settings->socket) != MI_SUCCESS ||
	    smfi_setbacklog(BACKLOG) != MI_SUCCESS)
		return err_set(err, ERR_LOCAL, "libmilter does not start");
	if (smfi_opensocket(true) != MI_SUCCESS)
		return err_set(err, ERR_LOCAL,
		    "cannot listen at %.200s (see syslog)", settings->socket);
	return 0;
}

int
callbacks_open(const struct settings *settings, struct err *err)
{
	return listen_at(settings, err);
}

void
callbacks_serve(void)
{
	smfi_main();
}

void
callbacks_version(char *out, size_t size)
{
	unsigned major = 0;
	unsigned minor = 0;
	unsigned level = 0;
	struct text text;

	smfi_version(&major, &minor, &level);
	text_init(&text, out, size);
	text_addf(&text, "%u.%u.%u", major, minor, level);
}
