/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/control_fleet.h"

#include "common/engine/fleet_show.h"
#include "milter/serve/sharing.h"
#include "milter/view/json_fleet.h"

static char *
refuse_unshared(struct err *err)
{
	err_set(err, ERR_LOCAL, "nothing is shared: there is no SharedStore");
	return NULL;
}

char *
control_fleet_status(struct err *err)
{
	struct fleet_hosts hosts = {.count = 0};
	struct fleet_figures figures;
	bool listed;
	char *line;

	if (!sharing_look(&figures))
		return refuse_unshared(err);
	listed =
	    figures.store.state == SHARED_UP && sharing_list(&hosts, NULL) == 0;
	line = json_fleet_line(&figures, listed ? &hosts : NULL);
	fleet_hosts_fini(&hosts);
	return line;
}

char *
control_fleet_show(struct engine *engine, const char *domain, struct err *err)
{
	struct fleet_shown shown;
	char *line;

	if (sharing_share() == NULL)
		return refuse_unshared(err);
	fleet_show(engine, sharing_share(), domain, &shown);
	line = json_fleet_shown_line(domain, &shown);
	fleet_shown_fini(&shown);
	return line;
}
