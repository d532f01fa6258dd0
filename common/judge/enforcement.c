/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/enforcement.h"

#include <string.h>

#include "common/base/xalloc.h"

struct enforcement *
enforcement_new(enum enforce_answer answer)
{
	struct enforcement *e = xcalloc(1, sizeof(*e));

	e->answer = answer;
	e->reason = REASON_OK;
	e->sts = ENFORCE_STS_NONE;
	e->dane = ENFORCE_DANE_NONE;
	return e;
}

void
enforcement_free(struct enforcement *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->name_count; i++)
		free(e->names[i]);
	for (size_t i = 0; i < e->host_count; i++)
		free(e->hosts[i].name);
	free(e->names);
	free(e->hosts);
	rule_free(e->unheard);
	free(e->where);
	free(e->domain);
	free(e);
}

static void
add_name(struct enforcement *e, const char *name)
{
	for (size_t i = 0; i < e->name_count; i++)
		if (strcmp(e->names[i], name) == 0)
			return;
	e->names[e->name_count++] = xstrdup(name);
}

void
enforcement_take_names(struct enforcement *e, char *const *names, size_t count)
{
	e->names = xcalloc(count, sizeof(*e->names));
	for (size_t i = 0; i < count; i++)
		add_name(e, names[i]);
}

bool
enforce_shuts_out(const struct enforcement *e, const struct enforced_host *host)
{
	bool verified = host->dane == ENFORCE_HOST_USABLE;

	if (e->level != LEVEL_AUTO || host->dane == ENFORCE_HOST_UNKNOWN)
		return false;
	if (e->answer == ENFORCE_HOSTS)
		return verified;
	return e->answer == ENFORCE_DANE_ONLY && !verified &&
	       (e->sts != ENFORCE_STS_ENFORCE || host->named);
}

const char *
enforce_dane_text(enum enforce_dane dane)
{
	switch (dane) {
	case ENFORCE_DANE_UNKNOWN:
		return "unknown";
	case ENFORCE_DANE_NONE:
		return "none";
	case ENFORCE_DANE_UNUSABLE:
		return "unusable";
	case ENFORCE_DANE_HALF:
		return "half";
	case ENFORCE_DANE_PARTIAL:
		return "partial";
	case ENFORCE_DANE_ALL:
		return "all";
	}
	return "unknown";
}

const char *
enforce_sts_text(enum enforce_sts sts)
{
	switch (sts) {
	case ENFORCE_STS_UNKNOWN:
		return "unknown";
	case ENFORCE_STS_ERROR:
		return "error";
	case ENFORCE_STS_NONE:
		return "none";
	case ENFORCE_STS_TESTING:
		return "testing";
	case ENFORCE_STS_ENFORCE:
		return "enforce";
	}
	return "unknown";
}
