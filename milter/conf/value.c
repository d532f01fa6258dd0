/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/mailer.h"
#include "common/judge/rules.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"
#include "common/proto/tlsrpt_record.h"
#include "milter/conf/destinations.h"
#include "milter/conf/settings_list.h"

enum {
	SECOND = 1000,

	TOKEN_MAX = 64,
	LIST_SHOWN = 256,
};

void
value_complain(const struct value_place *place, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	conf_fault(place->faults, place->file, place->line, "%s: %s",
	    place->keyword, text);
}

void
value_set_text(void *field, const char *value)
{
	char **text = field;

	free(*text);
	*text = value == NULL ? NULL : xstrdup(value);
}

static const struct value_choice *
find_choice(const struct value_choice *choices, const char *word)
{
	for (; choices != NULL && choices->word != NULL; choices++)
		if (strcasecmp(choices->word, word) == 0)
			return choices;
	return NULL;
}

static void
refuse_choice(const struct value_place *place, const struct value_form *form,
    const char *value)
{
	char words[LIST_SHOWN];
	struct text list;

	text_init(&list, words, sizeof(words));
	for (const struct value_choice *c = form->choices; c->word != NULL; c++)
		text_addf(&list, "%s%s", list.len > 0 ? " " : "", c->word);
	value_complain(place, "\"%s\" is not one of: %s", value, words);
}

void
value_read_choice(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	const struct value_choice *choice = find_choice(form->choices, value);

	if (choice == NULL)
		refuse_choice(place, form, value);
	else
		*(int *)field = choice->value;
}

void
value_read_flags(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	char *rest;
	int flags = 0;

	for (char *word = strtok_r(value, ", \t", &rest); word != NULL;
	     word = strtok_r(NULL, ", \t", &rest)) {
		const struct value_choice *choice =
		    find_choice(form->choices, word);

		if (choice == NULL) {
			refuse_choice(place, form, word);
			return;
		}
		flags |= choice->value;
	}
	if (flags == 0)
		refuse_choice(place, form, "");
	else
		*(int *)field = flags;
}

void
value_read_level(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	char words[LIST_SHOWN];
	struct text list;
	enum level level;

	(void)form;
	if (level_parse(value, &level) == 0) {
		*(int *)field = (int)level;
		return;
	}
	text_init(&list, words, sizeof(words));
	for (size_t i = 0; level_word(i) != NULL; i++)
		text_addf(&list, "%s%s", i > 0 ? " " : "", level_word(i));
	value_complain(place, "\"%s\" is not one of: %s", value, words);
}

/* A duration, or one of the choices where there are any. */
void
value_read_duration(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	const struct value_choice *choice = find_choice(form->choices, value);
	int ms;

	if (choice != NULL)
		*(int *)field = choice->value;
	else if (text_duration_ms(value, form->max, &ms) == 0 &&
		 ms >= form->min)
		*(int *)field = ms;
	else
		value_complain(place,
		    "\"%s\" is no time from %gs to %gs, such as 20s or 5m",
		    value, (double)form->min / SECOND,
		    (double)form->max / SECOND);
}

void
value_read_number(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	uint32_t number;

	if (text_uint(value, (uint32_t)form->max, &number) == 0 &&
	    (int)number >= form->min)
		*(int *)field = (int)number;
	else
		value_complain(place, "\"%s\" is no number from %d to %d",
		    value, form->min, form->max);
}

/* "256M", "2G": less than one of these is no size for anything here. */
void
value_read_days(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	char *unit = value + strspn(value, "0123456789");
	bool known = strcasecmp(unit, "d") == 0;
	uint32_t number;

	*unit = '\0';
	if (known && text_uint(value, (uint32_t)form->max, &number) == 0 &&
	    number >= (uint32_t)form->min)
		*(int *)field = (int)number;
	else
		value_complain(place, "no days from %dd to %dd, such as 90d",
		    form->min, form->max);
}

void
value_read_size(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	char *unit = value + strspn(value, "0123456789");
	bool gib = strcasecmp(unit, "G") == 0;
	bool known = gib || strcasecmp(unit, "M") == 0;
	uint32_t factor = gib ? 1024 : 1, number;

	*unit = '\0';
	if (known &&
	    text_uint(value, (uint32_t)form->max / factor, &number) == 0 &&
	    number * factor >= (uint32_t)form->min)
		*(int *)field = (int)(number * factor);
	else
		value_complain(place, "no size from %dM to %dG, such as 256M",
		    form->min, form->max / 1024);
}

void
value_read_umask(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	int mask = 0;

	(void)form;
	if (value[0] == '\0' || strlen(value) > 4 ||
	    strspn(value, "01234567") != strlen(value)) {
		value_complain(
		    place, "\"%s\" is no file mode, such as 007", value);
		return;
	}
	for (const char *c = value; *c != '\0'; c++)
		mask = mask * 8 + (*c - '0');
	if (mask > 0777)
		value_complain(place, "\"%s\" is over 777", value);
	else
		*(int *)field = mask;
}

void
value_read_path(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	(void)form;
	if (value[0] != '/')
		value_complain(
		    place, "\"%s\" is no path that begins with /", value);
	else
		value_set_text(field, value);
}

/* A file that must be there, so that the mistake is told with its line. */
void
value_read_input_path(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	if (value[0] == '/' && access(value, R_OK) != 0)
		value_complain(place, "%s: %s", value, strerror(errno));
	else
		value_read_path(place, form, field, value);
}

/* As read_input_path, but where it is by default it may be missing. */
void
value_read_destinations(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	if (strcmp(value, DESTINATIONS_PATH) == 0)
		value_set_text(field, value);
	else
		value_read_input_path(place, form, field, value);
}

static bool
is_token(const char *s, const char *also, size_t max)
{
	size_t length = strlen(s);

	if (length == 0 || length > max)
		return false;
	for (; *s != '\0'; s++) {
		bool alnum = (*s >= 'a' && *s <= 'z') ||
			     (*s >= 'A' && *s <= 'Z') ||
			     (*s >= '0' && *s <= '9');

		if (!alnum && strchr(also, *s) == NULL)
			return false;
	}
	return true;
}

void
value_read_name(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	(void)form;
	if (is_token(value, "-_.", TOKEN_MAX))
		value_set_text(field, value);
	else
		value_complain(place,
		    "\"%s\" is no word of letters, digits, \"-\", \"_\" and "
		    "\".\"",
		    value);
}

void
value_read_host(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	char host[LIMIT_DOMAIN_SIZE];
	struct err err;

	(void)form;
	if (domain_normalise(value, host, &err) < 0)
		value_complain(place, "%s", err.text);
	else
		value_set_text(field, host);
}

/* Fields that mean something to others: to take their copies out would do harm
 * (RFC 4021, RFC 5322, and what the IANA's list has beside them).  A "-" at the
 * end is for all that begin so. */
static bool
is_standard_field(const char *name)
{
	static const char *const names[] = {"Accept-Language",
	    "Alternate-Recipient", "Apparently-To", "ARC-", "Archived-At",
	    "Authentication-Results", "Auto-Submitted", "Autocrypt", "Bcc",
	    "BIMI-", "Cc", "Comments", "Content-", "Date", "Delivered-To",
	    "Delivery-Date", "Disposition-Notification-", "DKIM-", "DomainKey-",
	    "Downgraded-", "Encrypted", "Envelope-To", "Errors-To", "Expires",
	    "Feedback-ID", "From", "HP-Outer", "Importance", "In-Reply-To",
	    "Jabber-ID", "Keywords", "Language", "List-", "Mail-Followup-To",
	    "Mail-Reply-To", "Message-Context", "Message-ID", "MIME-", "MMHS-",
	    "Organization", "Original-", "Precedence", "Priority", "Received",
	    "Received-SPF", "References", "Reply-By", "Reply-To",
	    "Require-Recipient-Valid-Since", "Require-TLS-", "Resent-",
	    "Return-Path", "Sender", "Sensitivity", "Solicitation", "Status",
	    "Subject", "Supersedes", "TLS-Report-", "TLS-Required", "To",
	    "User-Agent", "VBR-Info", "X400-"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i]);
		bool begin = names[i][length - 1] == '-';

		if (begin ? strncasecmp(name, names[i], length) == 0
			  : strcasecmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* RFC 5322 section 3.6.8: any printable but ":"; ours is a plain word. */
void
value_read_header_name(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	(void)form;
	if (strcasecmp(value, "none") == 0)
		value_set_text(field, NULL);
	else if (!is_token(value, "-_", TOKEN_MAX))
		value_complain(
		    place, "\"%s\" is no name of a header field", value);
	else if (is_standard_field(value))
		value_complain(place,
		    "\"%s\" is a standard field, whose copies would be taken "
		    "out of all mail",
		    value);
	else
		value_set_text(field, value);
}

void
value_read_user(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	char *colon = strchr(value, ':');
	bool good;

	(void)form;
	if (colon != NULL)
		*colon = '\0';
	good = is_token(value, "-_.", TOKEN_MAX) &&
	       (colon == NULL || is_token(colon + 1, "-_.", TOKEN_MAX));
	if (colon != NULL)
		*colon = ':';
	if (good)
		value_set_text(field, value);
	else
		value_complain(
		    place, "\"%s\" is not USER or USER:GROUP", value);
}

static bool
is_inet_socket(char *text)
{
	char *at = strchr(text, '@');
	uint32_t port;
	bool good;

	if (at != NULL)
		*at = '\0';
	good = text_uint(text, UINT16_MAX, &port) == 0 && port > 0 &&
	       (at == NULL || is_token(at + 1, "-_.:[]", LIMIT_DOMAIN));
	if (at != NULL)
		*at = '@';
	return good;
}

void
value_read_socket(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	char *colon = strchr(value, ':');
	size_t scheme = colon == NULL ? 0 : (size_t)(colon - value);
	bool local = (scheme == 4 && strncmp(value, "unix", 4) == 0) ||
		     (scheme == 5 && strncmp(value, "local", 5) == 0);
	bool inet = (scheme == 4 && strncmp(value, "inet", 4) == 0) ||
		    (scheme == 5 && strncmp(value, "inet6", 5) == 0);

	(void)form;
	if (local && colon[1] == '/') {
		if (strlen(colon + 1) <
		    sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
			value_set_text(field, value);
		else
			value_complain(place, "\"%s\" is too long for a socket",
			    colon + 1);
	} else if (inet && is_inet_socket(colon + 1)) {
		value_set_text(field, value);
	} else {
		value_complain(place,
		    "\"%s\" is not unix:/PATH, inet:PORT@HOST or "
		    "inet6:PORT@HOST",
		    value);
	}
}

void
value_read_sockets(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	struct settings_list *list = field;
	char *rest;

	settings_list_fini(list);
	for (char *word = strtok_r(value, ", \t", &rest); word != NULL;
	     word = strtok_r(NULL, ", \t", &rest)) {
		char *one = NULL;

		value_read_socket(place, form, &one, word);
		if (one != NULL)
			settings_list_add(list, one);
		free(one);
	}
}

/* The part "port@host" or "port@[address]" of a socket. */
static bool
is_at_loopback(const char *rest, int family)
{
	static const struct address ipv6 = {
	    .family = AF_INET6, .octets = {[15] = 1}, .size = 16};
	const char *at = strchr(rest, '@');
	struct address address;
	char host[INET6_ADDRSTRLEN + 1];

	if (at == NULL ||
	    !text_copy(host, sizeof(host), at + 1 + (at[1] == '[')))
		return false;
	host[strcspn(host, "]")] = '\0';
	if (address_parse(host, &address) != 0 || address.family != family)
		return false;
	return family == AF_INET ? address.octets[0] == 127
				 : address_equal(&address, &ipv6);
}

void
value_read_near_socket(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	bool inet = strncmp(value, "inet:", 5) == 0;
	bool inet6 = strncmp(value, "inet6:", 6) == 0;

	if ((inet || inet6) &&
	    !is_at_loopback(strchr(value, ':') + 1, inet ? AF_INET : AF_INET6))
		value_complain(place,
		    "\"%s\" is not at a loopback address (inet:PORT@127.0.0.1, "
		    "inet6:PORT@::1), and nobody there is asked who he is",
		    value);
	else
		value_read_socket(place, form, field, value);
}

/* A path, or "none". */
void
value_read_control_socket(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	if (strcasecmp(value, "none") == 0)
		value_set_text(field, NULL);
	else if (strlen(value) >=
		 sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
		value_complain(place, "\"%s\" is too long for a socket", value);
	else
		value_read_path(place, form, field, value);
}

void
value_read_unix_socket(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	if (strncmp(value, "unix:", strlen("unix:")) == 0)
		value_read_control_socket(
		    place, form, field, value + strlen("unix:"));
	else
		value_complain(place, "\"%s\" is not unix:/PATH", value);
}

void
value_read_line(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	char *clean = xstrdup(value);

	(void)form;
	text_printable(clean, "");
	if (strcmp(clean, value) == 0)
		value_set_text(field, value);
	else
		value_complain(place, "\"%s\" is not printable ASCII", clean);
	free(clean);
}

/* What a destination of TLS reports may be, for it may be one itself. */
void
value_read_address(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	char uri[sizeof("mailto:") + LIMIT_TLSRPT_URI];
	struct tlsrpt_rua rua;

	(void)form;
	if (text_copy(uri, sizeof(uri), "mailto:") &&
	    strlen(value) < LIMIT_TLSRPT_URI) {
		memcpy(uri + strlen("mailto:"), value, strlen(value) + 1);
		if (tlsrpt_rua_parse(uri, strlen(uri), &rua) == NULL &&
		    strcmp(rua.target, value) == 0) {
			value_set_text(field, value);
			return;
		}
	}
	value_complain(place, "\"%s\" is no mail address", value);
}

void
value_read_sender(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	if (strcmp(value, "<>") == 0)
		value_set_text(field, value);
	else
		value_read_address(place, form, field, value);
}

void
value_read_mailer(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	struct mailer mailer;
	const char *why = mailer_parse(value, &mailer);

	(void)form;
	if (why == NULL)
		value_set_text(field, value);
	else
		value_complain(place, "\"%s\": %s", value, why);
}

/* "none", or "sqlite:" and the name of a file, in StateDirectory unless it
 * begins with "/". */
void
value_read_store(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	static const char sqlite[] = "sqlite:";
	size_t prefix = sizeof(sqlite) - 1;

	(void)form;
	if (strcmp(value, "none") == 0)
		value_set_text(field, NULL);
	else if (strncmp(value, sqlite, prefix) == 0 && value[prefix] != '\0')
		value_set_text(field, value + prefix);
	else
		value_complain(
		    place, "\"%s\" is neither none nor sqlite:FILE", value);
}
