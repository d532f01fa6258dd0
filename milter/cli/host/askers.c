/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/host/askers.h"

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

static enum asker_asks
asks_of(enum postfix_reach reach)
{
	switch (reach) {
	case POSTFIX_REACHES:
		return ASKER_US;
	case POSTFIX_SHUT_OUT:
		return ASKER_SHUT_OUT;
	case POSTFIX_ANOTHER:
		return ASKER_OTHERS;
	case POSTFIX_UNSURE:
		break;
	}
	return ASKER_UNSURE;
}

/* The best of its milters; one that cannot be told is worse than ours and
 * better than others. */
static void
find_ours(const struct askers *askers, struct asker *asker)
{
	const char *at = asker->list;
	struct postfix_milter milter;
	enum postfix_list step;
	bool unsure = false;

	asker->asks = ASKER_OTHERS;
	while (
	    (step = postfix_list_next(&at, &milter)) == POSTFIX_LIST_MILTER) {
		enum asker_asks asks = asks_of(postfix_reach(askers->postfix,
		    asker->service.chrooted, &milter, askers->socket));

		unsure |= asks == ASKER_UNSURE;
		if (asks > asker->asks) {
			asker->asks = asks;
			asker->milter = milter;
		}
	}
	if (step == POSTFIX_LIST_BROKEN) {
		asker->asks = ASKER_BROKEN;
	} else if (asker->asks == ASKER_OTHERS && unsure) {
		asker->asks = ASKER_UNSURE;
		asker->doubt = "where their milters are";
	}
}

static void
ask_service(const struct askers *askers, struct asker *asker)
{
	asker->asks = ASKER_UNSURE;
	asker->list =
	    postfix_get_of(askers->postfix, &asker->service, asker->parameter);
	if (asker->list == NULL)
		asker->doubt = NOT_SAID;
	else
		find_ours(askers, asker);
}

static struct asker *
add_asker(struct askers *askers, const struct postfix_service *service,
    const char *parameter)
{
	struct asker *asker;

	if (askers->count == ASKERS_MAX) {
		askers->too_many = true;
		return NULL;
	}
	asker = &askers->items[askers->count++];
	*asker = (struct asker){.service = *service, .parameter = parameter};
	ask_service(askers, asker);
	return asker;
}

static bool
is_muted(struct postfix *postfix, const struct postfix_service *service)
{
	const char *options =
	    postfix_get_of(postfix, service, "receive_override_options");

	return options != NULL && has_word(options, "no_milters");
}

static void
note_smtpd(void *arg, const struct postfix_service *service)
{
	struct askers *askers = arg;
	struct postfix *postfix = askers->postfix;
	struct asker *asker = add_asker(askers, service, "smtpd_milters");
	const char *maps =
	    postfix_get_of(postfix, service, "smtpd_milter_maps");

	if (asker == NULL || maps == NULL)
		return;
	if (is_muted(postfix, service)) {
		asker->asks = ASKER_MUTED;
	} else if (maps[0] != '\0') {
		asker->asks = ASKER_UNSURE;
		asker->doubt = "whom their smtpd_milter_maps names";
	}
}

void
askers_smtpd(struct postfix *postfix, const char *socket, struct askers *askers)
{
	*askers = (struct askers){.postfix = postfix, .socket = socket};
	postfix_each(postfix, "smtpd", NULL, note_smtpd, askers);
}

/* pickup(8) says which cleanup(8), and may say that it asks nobody. */
struct pickup {
	struct askers *askers;
	char cleanup[POSTFIX_NAME_SIZE];
	bool muted;
};

static void
note_pickup(void *arg, const struct postfix_service *service)
{
	struct pickup *pickup = arg;
	struct postfix *postfix = pickup->askers->postfix;
	const char *name =
	    postfix_get_of(postfix, service, "cleanup_service_name");

	if (name != NULL)
		snprintf(
		    pickup->cleanup, sizeof(pickup->cleanup), "%s/unix", name);
	pickup->muted = is_muted(postfix, service);
}

static void
note_cleanup(void *arg, const struct postfix_service *service)
{
	struct pickup *pickup = arg;
	struct asker *asker;

	if (strcmp(service->name, pickup->cleanup) != 0)
		return;
	asker = add_asker(pickup->askers, service, "non_smtpd_milters");
	if (asker != NULL && pickup->muted)
		asker->asks = ASKER_MUTED;
}

void
askers_cleanup(
    struct postfix *postfix, const char *socket, struct askers *askers)
{
	struct pickup pickup = {.askers = askers};

	*askers = (struct askers){.postfix = postfix, .socket = socket};
	postfix_each(postfix, "pickup", NULL, note_pickup, &pickup);
	postfix_each(postfix, "cleanup", NULL, note_cleanup, &pickup);
}

size_t
askers_count(
    const struct askers *askers, enum asker_asks asks, char *names, size_t size)
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

const struct asker *
askers_first(const struct askers *askers, enum asker_asks asks)
{
	for (size_t i = 0; i < askers->count; i++)
		if (askers->items[i].asks == asks)
			return &askers->items[i];
	return NULL;
}
