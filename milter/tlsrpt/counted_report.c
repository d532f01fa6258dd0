/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/counted_report.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/io/store_outbox.h"
#include "common/proto/gzip.h"
#include "common/proto/tlsrpt_report.h"
#include "milter/tlsrpt/day_report.h"

/* What a report is made of. */
struct ingredients {
	char id[STORE_TLSRPT_ID_SIZE];
	struct day_report report;
	struct tlsrpt_tally **tallies;
	size_t count;
};

static const char *
text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

static void
drop_ingredients(struct ingredients *ingredients)
{
	for (size_t i = 0; i < ingredients->count; i++)
		tlsrpt_tally_free(ingredients->tallies[i]);
	free(ingredients->tallies);
}

/* 0, and they are to be dropped; or -1 with err. */
static int
load_ingredients(struct ingredients *out, struct store_tlsrpt *store,
    const struct settings *settings, int64_t day, const char *domain,
    struct err *err)
{
	memset(out, 0, sizeof(*out));
	out->report = (struct day_report){.day = day,
	    .domain = domain,
	    .organization = text_or_empty(settings->tls_report_organization),
	    .contact = text_or_empty(settings->tls_report_contact),
	    .store_id = out->id,
	    .details = settings->tls_report_details == TLS_DETAILS_MINIMAL
			   ? DAY_REPORT_HOSTS
			   : DAY_REPORT_FULL};
	if (store_tlsrpt_id(store, out->id, err) != 0 ||
	    store_tlsrpt_tallies(
		store, day, domain, &out->tallies, &out->count, err) != 0)
		return -1;
	if (out->count > 0)
		return 0;
	drop_ingredients(out);
	return err_set(err, ERR_DATA, "no session on that day");
}

char *
counted_report_print(struct store_tlsrpt *store,
    const struct settings *settings, int64_t day, const char *domain,
    struct err *err)
{
	struct ingredients all;
	char *text;

	if (load_ingredients(&all, store, settings, day, domain, err) != 0)
		return NULL;
	text = day_report_print(&all.report, all.tallies, all.count);
	drop_ingredients(&all);
	return text;
}

/* R44: what an MTA that counts them told of our own reports. */
static void
leave_out_own(struct ingredients *all, uint64_t own)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct tlsrpt_tally *tally = all->tallies[i];
		uint64_t part = own < tally->ok ? own : tally->ok;

		tally->ok -= part;
		own -= part;
		if (part > 0 && tally->ok + tally->failed == 0)
			tlsrpt_tally_free(tally);
		else
			all->tallies[kept++] = tally;
	}
	all->count = kept;
}

static void
sum_tallies(const struct ingredients *all, struct tlsrpt_row *row)
{
	row->ok = 0;
	row->failed = 0;
	for (size_t i = 0; i < all->count; i++) {
		row->ok = tlsrpt_count_add(row->ok, all->tallies[i]->ok);
		row->failed =
		    tlsrpt_count_add(row->failed, all->tallies[i]->failed);
	}
}

/* NULL where nobody has to read one that is so large, nor do we: it takes a
 * look at it to send it by mail. */
static char *
pack_ingredients(const struct ingredients *all, size_t *size)
{
	char *text = day_report_print(&all->report, all->tallies, all->count);
	struct tlsrpt_report *read = NULL;
	size_t length = strlen(text);
	char *packed = NULL;

	if (length <= LIMIT_TLSRPT_JSON)
		read = tlsrpt_report_load(text, length, NULL);
	if (read != NULL)
		packed = gzip_pack(text, length, size);
	if (packed != NULL && *size > LIMIT_TLSRPT_MADE) {
		free(packed);
		packed = NULL;
	}
	tlsrpt_report_free(read);
	free(text);
	return packed;
}

static void
drop_lines(struct ingredients *all)
{
	for (size_t i = 0; i < all->count; i++)
		all->tallies[i]->body[0] = '\0';
}

/* J10: as much as there is room for.  Without hosts and lines all that is kept
 * of a day has room; NULL is for what is damaged. */
static char *
pack_within(struct ingredients *all, size_t *size)
{
	char *packed = pack_ingredients(all, size);

	while (packed == NULL && all->report.details != DAY_REPORT_TYPES) {
		all->report.details++;
		packed = pack_ingredients(all, size);
	}
	if (packed == NULL) {
		drop_lines(all);
		packed = pack_ingredients(all, size);
	}
	return packed;
}

int
counted_report_pack(struct store_tlsrpt *store, const struct settings *settings,
    struct tlsrpt_row *row, uint64_t own, struct counted_packed *out,
    struct err *err)
{
	char id[DAY_REPORT_ID_SIZE];
	struct ingredients all;

	if (load_ingredients(
		&all, store, settings, row->day, row->domain, err) != 0)
		return -1;
	leave_out_own(&all, own);
	sum_tallies(&all, row);
	day_report_id(&all.report, id);
	text_copy(out->name, sizeof(out->name), id);
	out->octets = pack_within(&all, &out->size);
	drop_ingredients(&all);
	return out->octets != NULL
		   ? 0
		   : err_set(err, ERR_DATA, "what was counted makes no report");
}

char *
counted_report_made(struct store_tlsrpt *store, int64_t day, const char *domain)
{
	struct gzip_inside inside;
	size_t size;
	void *packed = store_outbox_find(store, day, domain, &size, NULL);

	if (packed == NULL)
		return NULL;
	if (gzip_unpack(packed, size, LIMIT_TLSRPT_JSON, &inside) !=
	    GZIP_WHOLE) {
		free(inside.octets);
		inside.octets = NULL;
	}
	free(packed);
	return inside.octets;
}
