/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/settings_shared.h"

#include "milter/conf/host_name.h"
#include "milter/conf/settings_digest.h"

bool
settings_shares(const struct settings *settings)
{
	return settings->shared_store.count > 0;
}

static int
check_shared(const struct settings *settings, struct err *err)
{
	if (settings->shared_key_file == NULL)
		return err_set(err, ERR_LOCAL,
		    "SharedStore needs SharedKeyFile: see \"postern fleet "
		    "key\"");
	if (settings->shared_user != NULL &&
	    settings->shared_password_file == NULL)
		return err_set(
		    err, ERR_LOCAL, "SharedUser needs SharedPasswordFile");
	if ((settings->shared_client_cert == NULL) !=
	    (settings->shared_client_key == NULL))
		return err_set(err, ERR_LOCAL,
		    "SharedClientCert and SharedClientKey go together");
	return 0;
}

int
settings_fleet_options(const struct settings *settings,
    struct fleet_options *options, struct err *err)
{
	static char host[LIMIT_DOMAIN_SIZE], digest[SHARED_DIGEST_SIZE];

	if (check_shared(settings, err) != 0)
		return -1;
	host_name_find(host);
	settings_digest(settings, PACKAGE_VERSION, digest);
	*options = (struct fleet_options){
	    .servers = (const char *const *)settings->shared_store.items,
	    .server_count = settings->shared_store.count,
	    .user = settings->shared_user,
	    .password_file = settings->shared_password_file,
	    .ca_file = settings->shared_ca_file,
	    .cert_file = settings->shared_client_cert,
	    .key_file = settings->shared_client_key,
	    .keys_file = settings->shared_key_file,
	    .content = (unsigned)settings->shared_content,
	    .version = PACKAGE_VERSION,
	    .digest = digest,
	    .prefix = settings->shared_prefix,
	    .host = host,
	    .timeout_ms = settings->shared_timeout_ms};
	return 0;
}
