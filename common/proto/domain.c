/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/domain.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"

enum {
	MAX_LABEL = 63, /* RFC 1035 section 2.3.4 */

	/* A name that fits in A-labels has no more code points than octets
	 * there, each of at most four octets in UTF-8 */
	MAX_UTF8 = 4 * LIMIT_DOMAIN,
};

static bool
is_name_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static int
refuse_name(struct err *err, const char *name, size_t length, const char *why)
{
	char shown[64];

	text_escape(shown, sizeof(shown), name, length);
	return err_set(err, ERR_DATA, "%s: %s", shown, why);
}

/* What keeps a text without a final dot, short enough, from being a name. */
static const char *
fault_of_domain(const char *name)
{
	size_t label = 0;
	size_t i;

	for (i = 0; name[i] != '\0'; i++) {
		if (name[i] == '.') {
			if (label == 0)
				return "empty label";
			label = 0;
		} else if (!is_name_octet(name[i])) {
			return "character not allowed in a host name";
		} else if (++label > MAX_LABEL) {
			return "label too long";
		}
	}
	if (i == 0)
		return "empty name";
	return label == 0 ? "empty label" : NULL;
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* Letters that UTS 46 maps otherwise or drops in its transitional form. */
static bool
has_deviation(const char *utf8)
{
	static const char *const letters[] = {
	    "\xc3\x9f", "\xcf\x82", "\xe2\x80\x8c", "\xe2\x80\x8d"};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (strstr(utf8, letters[i]) != NULL)
			return true;
	return false;
}

/*
 * UTS 46, not transitional, as Postfix does it by ICU: what it looks up is what
 * has to be looked at, and IDNA2008 refuses names that it does look up, with
 * symbols or of mixed direction.  libidn2 lets those through in its
 * transitional form alone, which is no other where no letter deviates.
 */
static int
look_up_a_labels(const char *utf8, uint8_t **ascii)
{
	int rc = idn2_lookup_u8((const uint8_t *)utf8, ascii,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	if (rc == IDN2_OK || has_deviation(utf8))
		return rc;
	return idn2_lookup_u8(
	    (const uint8_t *)utf8, ascii, IDN2_NFC_INPUT | IDN2_TRANSITIONAL);
}

/* A name that is ASCII already never comes here: the DNS has names that IDNA
 * would refuse ("_mta-sts", "r3---sn"). */
static int
to_a_labels(const char *utf8, char out[LIMIT_DOMAIN_SIZE], struct err *err)
{
	uint8_t *ascii = NULL;
	int rc = look_up_a_labels(utf8, &ascii);
	bool fits;

	if (rc != IDN2_OK)
		return refuse_name(err, utf8, strlen(utf8), idn2_strerror(rc));
	fits = text_copy(out, LIMIT_DOMAIN_SIZE, (const char *)ascii);
	idn2_free(ascii);
	return fits ? 0 : refuse_name(err, utf8, strlen(utf8), "name too long");
}

/* Most names are good ones, and are read in one go: false, and nothing said of
 * why, for those that have to be looked at more closely. */
static bool
copy_plain_name(const char *text, char out[LIMIT_DOMAIN_SIZE])
{
	char name[LIMIT_DOMAIN_SIZE];
	size_t label = 0;
	size_t i;

	for (i = 0; i < LIMIT_DOMAIN && text[i] != '\0'; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == '.' ? label == 0
			     : !is_name_octet(c) || label == MAX_LABEL)
			return false;
		label = c == '.' ? 0 : label + 1;
		name[i] = c;
	}
	if (label == 0 || text[i] != '\0')
		return false;
	memcpy(out, name, i);
	out[i] = '\0';
	return true;
}

int
domain_normalise(const char *text, char out[LIMIT_DOMAIN_SIZE], struct err *err)
{
	size_t length;
	char given[MAX_UTF8 + 1];
	char name[LIMIT_DOMAIN_SIZE];
	const char *fault;

	if (copy_plain_name(text, out))
		return 0;
	length = strnlen(text, MAX_UTF8 + 1);
	if (length > MAX_UTF8)
		return refuse_name(err, text, length, "name too long");
	text_copy(given, sizeof(given), text);
	if (length > 0 && given[length - 1] == '.')
		given[length - 1] = '\0';
	if (!is_ascii(given)) {
		if (to_a_labels(given, name, err) < 0)
			return -1;
	} else if (!text_copy(name, sizeof(name), given)) {
		return refuse_name(err, given, length, "name too long");
	}
	fault = fault_of_domain(name);
	if (fault != NULL)
		return refuse_name(err, given, strlen(given), fault);
	text_lower(name);
	text_copy(out, LIMIT_DOMAIN_SIZE, name);
	return 0;
}

int
domain_from_wire(
    struct wire *wire, char out[LIMIT_DOMAIN_SIZE], struct err *err)
{
	char name[LIMIT_DOMAIN_SIZE];
	size_t used = 0;
	uint8_t length;

	while ((length = wire_u8(wire)) != 0) {
		const uint8_t *label = wire_take(wire, length);

		if (length > MAX_LABEL)
			return err_set(err, ERR_DATA, "compressed name");
		if (label == NULL)
			break;
		if (used + (used > 0) + length > LIMIT_DOMAIN)
			return err_set(err, ERR_DATA, "name too long");
		if (used > 0)
			name[used++] = '.';
		for (size_t i = 0; i < length; i++) {
			if (!is_name_octet((char)label[i]))
				return err_set(err, ERR_DATA,
				    "octet %u in a name", label[i]);
			name[used++] = (char)label[i];
		}
	}
	if (wire->bad)
		return err_set(err, ERR_DATA, "name cut short");
	name[used] = '\0';
	text_lower(name);
	text_copy(out, LIMIT_DOMAIN_SIZE, name);
	return 0;
}

bool
domain_is_literal(const char *text)
{
	size_t length = strlen(text);
	char address[INET6_ADDRSTRLEN];
	unsigned char octets[16];

	if (length < 2 || text[0] != '[' || text[length - 1] != ']')
		return false;
	text++;
	length -= 2;
	if (strncasecmp(text, "IPv6:", 5) == 0) {
		text += 5;
		length -= 5;
	}
	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	return inet_pton(AF_INET, address, octets) == 1 ||
	       inet_pton(AF_INET6, address, octets) == 1;
}

int
domain_of_address(const char *address, char *out, size_t size, struct err *err)
{
	const char *at = strrchr(address, '@');
	size_t length;

	if (at == NULL)
		return err_set(err, ERR_DATA, "address without a domain");
	length = strlen(at + 1);
	if (address[0] == '<' && length > 0 && at[length] == '>')
		length--;
	/* a quote behind the "@": it stood in a quoted local part */
	if (length == 0 || memchr(at + 1, '"', length) != NULL)
		return err_set(err, ERR_DATA, "address without a domain");
	if (length >= size)
		return err_set(err, ERR_DATA, "domain of address too long");
	memcpy(out, at + 1, length);
	out[length] = '\0';
	return 0;
}

bool
domain_under(const char *name, const char *parent)
{
	size_t length = strlen(name);
	size_t tail = strlen(parent);

	if (tail == 0)
		return true;
	if (length < tail || strcmp(name + length - tail, parent) != 0)
		return false;
	return length == tail || name[length - tail - 1] == '.';
}

const char *
domain_library(void)
{
	return idn2_check_version(NULL);
}
