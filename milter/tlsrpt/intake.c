/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/intake.h"

#include "common/base/cache.h"
#include "common/proto/tlsrpt_session.h"
#include "milter/serve/report.h"
#include "milter/serve/tally.h"
#include "milter/tlsrpt/datagram.h"

void
intake_lost(
    struct intake *intake, const struct inbox_lost *lost, int64_t open_day)
{
	uint64_t sum = lost->full + lost->cut;

	tally_datagrams(sum);
	if (sum > 0) {
		book_count(intake->book, open_day, BOOK_RECEIVED, sum);
		book_count(intake->book, open_day, BOOK_DROPPED, sum);
	}
	losses_note(&intake->losses, FIGURES_LOSS_FULL, lost->full);
	losses_note(&intake->losses, FIGURES_LOSS_CUT, lost->cut);
}

/* Once a day: an MTA was upgraded, and every datagram is such. */
static void
note_version(struct intake *intake, int64_t day)
{
	if (intake->told_version == day)
		return;
	intake->told_version = day;
	report_tlsrpt_trouble("version",
	    "sessions are told by a newer protocol than this Postern knows");
}

bool
intake_wants(const struct intake *intake, const struct settings *settings,
    const char *domain)
{
	if (intake->hops != NULL && intake->hops->is_relay(domain))
		return false;
	return !settings_lists_domain(&settings->internal_domains, domain) &&
	       !settings_lists_domain(&settings->tls_report_exclude, domain);
}

static void
count_session(
    struct intake *intake, int64_t day, const struct tlsrpt_session *session)
{
	struct cache_entry *tested =
	    intake->hops == NULL ? NULL : intake->hops->tested(session);
	bool added;

	if (tested != NULL)
		session = cache_value(tested);
	added = book_add(intake->book, day, TLSRPT_SOURCE_MTA, session);
	if (tested != NULL)
		cache_release(tested);
	if (added)
		return;
	book_count(intake->book, day, BOOK_DROPPED, 1);
	losses_note(&intake->losses, FIGURES_LOSS_UNSAVED, 1);
}

static void
count_datagram(struct intake *intake, const struct inbox_datagram *datagram,
    int64_t day, const struct settings *settings)
{
	AUTO(tlsrpt_session) struct tlsrpt_session *session = NULL;

	switch (datagram_read(datagram->octets, datagram->size, &session)) {
	case DATAGRAM_GOOD:
		if (intake_wants(intake, settings, session->domain))
			count_session(intake, day, session);
		break;
	case DATAGRAM_NO_RUA:
		book_count(intake->book, day, BOOK_NO_RUA, 1);
		break;
	case DATAGRAM_VERSION:
		book_count(intake->book, day, BOOK_DROPPED, 1);
		note_version(intake, day);
		break;
	case DATAGRAM_MALFORMED:
		book_count(intake->book, day, BOOK_DROPPED, 1);
		losses_note(&intake->losses, FIGURES_LOSS_MALFORMED, 1);
		break;
	}
}

void
intake_take(struct intake *intake, const struct inbox_datagram *datagram,
    const struct day_clock *days, const struct settings *settings)
{
	int64_t day = day_clock_of(days, datagram->at);

	tally_datagrams(1);
	book_count(intake->book, day, BOOK_RECEIVED, 1);
	if (teller_may_tell(
		&intake->teller, datagram->uid, datagram->gid, intake->group)) {
		count_datagram(intake, datagram, day, settings);
		return;
	}
	book_count(intake->book, day, BOOK_FOREIGN, 1);
	losses_note(&intake->losses, FIGURES_LOSS_FOREIGN, 1);
}
