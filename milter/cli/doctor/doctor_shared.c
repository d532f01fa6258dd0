/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/clock.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/conf/settings_shared.h"

enum { ANSWER_MS = 5 * 1000 };

static void
mend_rights(const struct doctor *doctor, struct doctor_finding *found)
{
	const struct settings *settings = doctor->settings;

	doctor_mend(found,
	    "user %s on >PASSWORD resetkeys ~%s:1:* resetchannels -@all +get "
	    "+set +del +pexpireat +xadd +xread +hset +hgetall +hdel +hello "
	    "+auth +ping    # in the store's list of users",
	    settings->shared_user == NULL ? "postern" : settings->shared_user,
	    settings->shared_prefix);
}

void
doctor_shared(struct doctor *doctor, struct doctor_finding *found)
{
	struct fleet_options options;
	struct fleet_exam exam;
	struct err err;

	if (settings_fleet_options(doctor->settings, &options, &err) != 0 ||
	    fleet_examine(&options, clock_mono_ms() + ANSWER_MS, &exam, &err) !=
		0) {
		doctor_say(found,
		    err.kind == ERR_TEMP ? DOCTOR_WARN : DOCTOR_FAIL, "%s%s",
		    err.text,
		    err.kind == ERR_TEMP ? "; this host goes on by itself"
					 : "");
		doctor_mend(found,
		    "# see postern-fleet(7) for what the store has to be");
	} else if (exam.denied[0] != '\0') {
		doctor_say(found, DOCTOR_WARN, "%s does not let us do %s",
		    exam.where, exam.denied);
		mend_rights(doctor, found);
	} else if (exam.behind_s > SHARED_SKEW_S) {
		doctor_say(found, DOCTOR_WARN,
		    "the clock of %s is %ld s ahead of this one: what it "
		    "shares "
		    "does not count here",
		    exam.ahead, exam.behind_s);
		doctor_mend(found, "# let both hosts take the time by NTP");
	} else {
		doctor_say(found, DOCTOR_OK,
		    "%s takes the login and lets us do what is needed",
		    exam.where);
	}
}
