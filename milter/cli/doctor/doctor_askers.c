/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/doctor/doctor_askers.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

#define SEPARATORS ", \t\r\n"
#define NOT_SAID "what they have: postconf does not say"

static bool
has_word(const char *list, const char *word)
{
	for (const char *at = list; *at != '\0';) {
		size_t length = strcspn(at, SEPARATORS);

		if (length == strlen(word) && strncmp(at, word, length) == 0)
			return true;
		at += length;
		at += strspn(at, SEPARATORS);
	}
	return false;
}

static enum doctor_asks
asks_of(enum postfix_reach reach)
{
	switch (reach) {
	case POSTFIX_REACHES:
		return DOCTOR_ASKS_US;
	case POSTFIX_SHUT_OUT:
		return DOCTOR_ASKS_SHUT_OUT;
	case POSTFIX_ANOTHER:
		return DOCTOR_ASKS_OTHERS;
	case POSTFIX_UNSURE:
		break;
	}
	return DOCTOR_ASKS_UNSURE;
}

/* The best of its milters; one that cannot be told is worse than ours and
 * better than others. */
static void
find_ours(const struct doctor *doctor, struct doctor_asker *asker)
{
	const char *at = asker->list;
	struct postfix_milter milter;
	enum postfix_list step;
	bool unsure = false;

	asker->asks = DOCTOR_ASKS_OTHERS;
	while (
	    (step = postfix_list_next(&at, &milter)) == POSTFIX_LIST_MILTER) {
		enum doctor_asks asks = asks_of(
		    postfix_reach(doctor->postfix, asker->service.chrooted,
			&milter, doctor->settings->socket));

		unsure |= asks == DOCTOR_ASKS_UNSURE;
		if (asks > asker->asks) {
			asker->asks = asks;
			asker->milter = milter;
		}
	}
	if (step == POSTFIX_LIST_BROKEN) {
		asker->asks = DOCTOR_ASKS_BROKEN;
	} else if (asker->asks == DOCTOR_ASKS_OTHERS && unsure) {
		asker->asks = DOCTOR_ASKS_UNSURE;
		asker->doubt = "where their milters are";
	}
}

static void
ask_service(const struct doctor *doctor, struct doctor_asker *asker)
{
	asker->asks = DOCTOR_ASKS_UNSURE;
	asker->list =
	    postfix_get_of(doctor->postfix, &asker->service, asker->parameter);
	if (asker->list == NULL)
		asker->doubt = NOT_SAID;
	else
		find_ours(doctor, asker);
}

static struct doctor_asker *
add_asker(struct doctor_askers *askers, const struct postfix_service *service,
    const char *parameter)
{
	struct doctor_asker *asker;

	if (askers->count == DOCTOR_ASKERS_MAX) {
		askers->too_many = true;
		return NULL;
	}
	asker = &askers->items[askers->count++];
	*asker =
	    (struct doctor_asker){.service = *service, .parameter = parameter};
	ask_service(askers->doctor, asker);
	return asker;
}

static bool
is_muted(const struct doctor *doctor, const struct postfix_service *service)
{
	const char *options = postfix_get_of(
	    doctor->postfix, service, "receive_override_options");

	return options != NULL && has_word(options, "no_milters");
}

static void
note_smtpd(void *arg, const struct postfix_service *service)
{
	struct doctor_askers *askers = arg;
	struct postfix *postfix = askers->doctor->postfix;
	struct doctor_asker *asker =
	    add_asker(askers, service, "smtpd_milters");
	const char *maps =
	    postfix_get_of(postfix, service, "smtpd_milter_maps");

	if (asker == NULL || maps == NULL)
		return;
	if (is_muted(askers->doctor, service)) {
		asker->asks = DOCTOR_ASKS_MUTED;
	} else if (maps[0] != '\0') {
		asker->asks = DOCTOR_ASKS_UNSURE;
		asker->doubt = "whom their smtpd_milter_maps names";
	}
}

void
doctor_askers_smtpd(const struct doctor *doctor, struct doctor_askers *askers)
{
	*askers = (struct doctor_askers){.doctor = doctor};
	postfix_each(doctor->postfix, "smtpd", NULL, note_smtpd, askers);
}

/* pickup(8) says which cleanup(8), and may say that it asks nobody. */
struct pickup {
	struct doctor_askers *askers;
	char cleanup[POSTFIX_NAME_SIZE];
	bool muted;
};

static void
note_pickup(void *arg, const struct postfix_service *service)
{
	struct pickup *pickup = arg;
	struct postfix *postfix = pickup->askers->doctor->postfix;
	const char *name =
	    postfix_get_of(postfix, service, "cleanup_service_name");

	if (name != NULL)
		snprintf(
		    pickup->cleanup, sizeof(pickup->cleanup), "%s/unix", name);
	pickup->muted = is_muted(pickup->askers->doctor, service);
}

static void
note_cleanup(void *arg, const struct postfix_service *service)
{
	struct pickup *pickup = arg;
	struct doctor_asker *asker;

	if (strcmp(service->name, pickup->cleanup) != 0)
		return;
	asker = add_asker(pickup->askers, service, "non_smtpd_milters");
	if (asker != NULL && pickup->muted)
		asker->asks = DOCTOR_ASKS_MUTED;
}

void
doctor_askers_cleanup(const struct doctor *doctor, struct doctor_askers *askers)
{
	struct pickup pickup = {.askers = askers};

	*askers = (struct doctor_askers){.doctor = doctor};
	postfix_each(doctor->postfix, "pickup", NULL, note_pickup, &pickup);
	postfix_each(doctor->postfix, "cleanup", NULL, note_cleanup, &pickup);
}

size_t
doctor_askers_count(const struct doctor_askers *askers, enum doctor_asks asks,
    char *names, size_t size)
{
	size_t count = 0;
	struct text text;

	text_init(&text, names, size);
	for (size_t i = 0; i < askers->count; i++) {
		if (askers->items[i].asks != asks)
			continue;
		text_addf(&text, "%s%s", count++ == 0 ? "" : ", ",
		    askers->items[i].service.name);
	}
	return count;
}
