/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/validation.h"

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/xalloc.h"

enum {
	GOOD_MS = 10 * 60 * 1000,
	OTHER_MS = 30 * 1000,
};

enum state { UNKNOWN, VALIDATES, MISSING };

struct validation {
	struct dns *dns;
	validation_changed *changed;
	void *arg;
	struct lock lock;
	struct cond tested;
	/* with lock */
	enum state state;
	bool testing;
	int64_t due_ms;
	unsigned losses;
};

struct validation *
validation_new(struct dns *dns, validation_changed *changed, void *arg)
{
	struct validation *validation = xcalloc(1, sizeof(*validation));

	validation->dns = dns;
	validation->changed = changed;
	validation->arg = arg;
	lock_init(&validation->lock);
	cond_init(&validation->tested);
	return validation;
}

void
validation_free(struct validation *validation)
{
	if (validation == NULL)
		return;
	cond_fini(&validation->tested);
	lock_fini(&validation->lock);
	free(validation);
}

/* UNKNOWN leaves the state as it was; whether it changed. */
static bool
note_tested(struct validation *validation, enum state state)
{
	int64_t after_ms = state == VALIDATES ? GOOD_MS : OTHER_MS;
	bool changed;

	lock_take(&validation->lock);
	changed = state != UNKNOWN && state != validation->state;
	if (changed) {
		validation->state = state;
		validation->losses += state == MISSING;
	}
	validation->due_ms = clock_mono_ms() + after_ms;
	lock_drop(&validation->lock);
	return changed;
}

static void
end_test(struct validation *validation)
{
	lock_take(&validation->lock);
	validation->testing = false;
	cond_broadcast(&validation->tested);
	lock_drop(&validation->lock);
}

/* The caller is the one that has set testing. */
static int
run_test(struct validation *validation, int64_t deadline_ms, struct err *err)
{
	struct err why = {.text = ""};
	int rc = dns_self_test(validation->dns, deadline_ms, &why);
	enum state state = rc == 0                 ? VALIDATES
			   : why.kind == ERR_LOCAL ? MISSING
						   : UNKNOWN;

	if (note_tested(validation, state) && validation->changed != NULL)
		validation->changed(
		    validation->arg, state == VALIDATES, why.text);
	end_test(validation);
	if (rc != 0 && err != NULL)
		*err = why;
	return rc;
}

int
validation_test(
    struct validation *validation, int64_t deadline_ms, struct err *err)
{
	bool mine;

	lock_take(&validation->lock);
	while (validation->testing)
		if (!cond_wait_until(
			&validation->tested, &validation->lock, deadline_ms))
			break;
	mine = !validation->testing;
	validation->testing = true;
	lock_drop(&validation->lock);
	if (mine)
		return run_test(validation, deadline_ms, err);
	return err_set(err, ERR_TEMP, "another test of the resolver lasts");
}

/* Whether the caller has to test now. */
static bool
claim_test(struct validation *validation, int64_t deadline_ms)
{
	bool mine;

	lock_take(&validation->lock);
	while (validation->testing && validation->state == UNKNOWN)
		if (!cond_wait_until(
			&validation->tested, &validation->lock, deadline_ms))
			break;
	mine = !validation->testing && clock_mono_ms() >= validation->due_ms;
	validation->testing |= mine;
	lock_drop(&validation->lock);
	return mine;
}

bool
validation_is_missing(struct validation *validation, int64_t deadline_ms)
{
	bool missing;

	if (claim_test(validation, deadline_ms))
		run_test(validation, deadline_ms, NULL);
	lock_take(&validation->lock);
	missing = validation->state == MISSING;
	lock_drop(&validation->lock);
	return missing;
}

const char *
validation_word(struct validation *validation)
{
	enum state state;

	lock_take(&validation->lock);
	state = validation->state;
	lock_drop(&validation->lock);
	switch (state) {
	case VALIDATES:
		return "validating";
	case MISSING:
		return "not-validating";
	case UNKNOWN:
		break;
	}
	return "unknown";
}

unsigned
validation_losses(struct validation *validation)
{
	unsigned losses;

	lock_take(&validation->lock);
	losses = validation->losses;
	lock_drop(&validation->lock);
	return losses;
}
