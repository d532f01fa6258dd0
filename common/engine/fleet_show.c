/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/fleet_show.h"

#include "common/engine/engine_state.h"
#include "common/sts/share_policy.h"

void
fleet_show(struct engine *engine, struct share *share, const char *domain,
    struct fleet_shown *out)
{
	struct policy_share with = {
	    .share = share, .keep = policies_keep(engine->policies)};

	*out = (struct fleet_shown){
	    .asked = share_is_open(share), .fault = SHARED_NO_FAULT};
	out->policy = share_policy_look(share, domain, &out->fault);
	if (out->policy != NULL)
		out->outlook = policy_share_outlook(&with, domain, out->policy);
}

void
fleet_shown_fini(struct fleet_shown *shown)
{
	shared_policy_free(shown->policy);
	shown->policy = NULL;
}
