/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/mail.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "milter/cli/tlsrpt/authres.h"
#include "milter/cli/tlsrpt/message_scan.h"

/* A message while its parts are looked at. */
struct walk {
	mail_part_fn *each;
	void *arg;
	GMimeMessage *outermost;
	const char **results; /* of the server that was asked about */
	size_t result_count;
	struct tlsrpt_hints hints; /* of the message it is in */
	unsigned level;            /* how many messages stand around it */
};

/* The domain of the first author, as the last resort for a submitter. */
static void
take_author(GMimeMessage *message, struct tlsrpt_hints *hints)
{
	InternetAddressList *authors = g_mime_message_get_from(message);
	InternetAddress *author;
	const char *address, *at;

	if (authors == NULL || internet_address_list_length(authors) == 0)
		return;
	author = internet_address_list_get_address(authors, 0);
	if (!INTERNET_ADDRESS_IS_MAILBOX(author))
		return;
	address = internet_address_mailbox_get_idn_addr(
	    INTERNET_ADDRESS_MAILBOX(author));
	at = address == NULL ? NULL : strrchr(address, '@');
	if (at != NULL)
		tlsrpt_hints_submitter(hints, at + 1);
}

static void
take_header(GMimeMessage *message, struct tlsrpt_hints *hints)
{
	GMimeObject *object = GMIME_OBJECT(message);
	const char *domain =
	    g_mime_object_get_header(object, "TLS-Report-Domain");
	const char *submitter =
	    g_mime_object_get_header(object, "TLS-Report-Submitter");
	const char *subject = g_mime_message_get_subject(message);

	memset(hints, 0, sizeof(*hints));
	if (domain != NULL)
		tlsrpt_hints_domain(hints, domain);
	if (submitter != NULL)
		tlsrpt_hints_submitter(hints, submitter);
	if (subject != NULL)
		tlsrpt_hints_subject(hints, subject);
}

/* Once for all parts: of others there may be as many as there is room for. */
static void
find_results(struct walk *walk, const char *authserv_id)
{
	GMimeHeaderList *headers =
	    g_mime_object_get_header_list(GMIME_OBJECT(walk->outermost));
	int count = g_mime_header_list_get_count(headers);

	for (int i = 0; i < count; i++) {
		GMimeHeader *header =
		    g_mime_header_list_get_header_at(headers, i);
		const char *value = g_mime_header_get_raw_value(header);

		if (g_ascii_strcasecmp(g_mime_header_get_name(header),
			"Authentication-Results") != 0 ||
		    !authres_is_of(value, authserv_id))
			continue;
		walk->results = xrealloc(walk->results, walk->result_count + 1,
		    sizeof(*walk->results));
		walk->results[walk->result_count++] = value;
	}
}

static bool
has_passed(const struct walk *walk, const char *submitter)
{
	if (submitter[0] == '\0')
		return false;
	for (size_t i = 0; i < walk->result_count; i++)
		if (authres_passed(walk->results[i], submitter))
			return true;
	return false;
}

static bool
is_application(GMimePart *part, const char *subtype)
{
	GMimeContentType *type =
	    g_mime_object_get_content_type(GMIME_OBJECT(part));

	return type != NULL &&
	       g_mime_content_type_is_type(type, "application", subtype);
}

static void
give_leaf(struct walk *walk, GMimePart *part, const char *octets, size_t size)
{
	const char *name = g_mime_part_get_filename(part);
	struct mail_part given = {.octets = octets,
	    .size = size,
	    .hints = walk->hints,
	    .is_gzip = is_application(part, "tlsrpt+gzip"),
	    .claims = is_application(part, "tlsrpt+gzip") ||
		      is_application(part, "tlsrpt+json"),
	    .claims_zip = is_application(part, "tlsrpt+zip"),
	    .forwarded = walk->level > 0};

	if (name != NULL)
		tlsrpt_hints_file(&given.hints, name);
	if (given.hints.submitter[0] == '\0' && walk->level == 0)
		take_author(walk->outermost, &given.hints);
	given.passed = has_passed(walk, given.hints.submitter);
	walk->each(walk->arg, &given);
}

/* Decoded it is no larger than the message. */
static void
take_leaf(struct walk *walk, GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream;
	GByteArray *array;

	if (content == NULL)
		return;
	stream = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(content, stream);
	array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	if (array->len > 0)
		give_leaf(walk, part, (const char *)array->data, array->len);
	g_object_unref(stream);
}

static void walk_object(struct walk *walk, GMimeObject *object);

static void
walk_inner(struct walk *walk, GMimeMessage *message)
{
	struct walk inner = *walk;
	GMimeObject *body =
	    message == NULL ? NULL : g_mime_message_get_mime_part(message);

	if (body == NULL || walk->level == LIMIT_MESSAGE_LEVELS)
		return;
	inner.level++;
	take_header(message, &inner.hints);
	walk_object(&inner, body);
}

/* The library stops at 1,024 levels of parts. */
static void
walk_object(struct walk *walk, GMimeObject *object)
{
	if (GMIME_IS_MULTIPART(object)) {
		GMimeMultipart *parts = GMIME_MULTIPART(object);
		int count = g_mime_multipart_get_count(parts);

		for (int i = 0; i < count; i++)
			walk_object(walk, g_mime_multipart_get_part(parts, i));
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		walk_inner(walk, g_mime_message_part_get_message(
				     GMIME_MESSAGE_PART(object)));
	} else if (GMIME_IS_PART(object)) {
		take_leaf(walk, GMIME_PART(object));
	}
}

static GMimeMessage *
parse_mail(const char *octets, size_t size)
{
	static bool begun;
	GMimeMessage *message;
	GMimeStream *stream;
	GMimeParser *parser;

	if (!begun)
		g_mime_init();
	begun = true;
	stream = g_mime_stream_mem_new_with_buffer(octets, size);
	parser = g_mime_parser_new_with_stream(stream);
	message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

const char *
mail_read(const char *octets, size_t size, const char *authserv_id,
    mail_part_fn *each, void *arg)
{
	struct walk walk = {.each = each, .arg = arg};
	const char *why = message_scan(octets, size);
	GMimeObject *body;

	if (why != NULL)
		return why;
	walk.outermost = parse_mail(octets, size);
	if (walk.outermost == NULL)
		return NULL; /* no message, so no leaf */
	take_header(walk.outermost, &walk.hints);
	if (authserv_id != NULL)
		find_results(&walk, authserv_id);
	body = g_mime_message_get_mime_part(walk.outermost);
	if (body != NULL)
		walk_object(&walk, body);
	free(walk.results);
	g_object_unref(walk.outermost);
	return NULL;
}
