/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>

#include "common/base/clock.h"
#include "common/engine/engine.h"
#include "common/io/https.h"
#include "common/proto/x509.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/conf/settings_engine.h"

void
doctor_clock(struct doctor *doctor, struct doctor_finding *found)
{
	struct timex timex = {.modes = 0};
	struct stat program;
	time_t now = clock_wall_s();

	(void)doctor;
	if (stat("/proc/self/exe", &program) == 0 &&
	    program.st_mtime > now + CLOCK_DAY_S) {
		doctor_say(found, DOCTOR_FAIL,
		    "it is behind: this program was made %lld days from now",
		    (long long)(program.st_mtime - now) / CLOCK_DAY_S);
		doctor_mend(found, "timedatectl set-ntp yes");
		return;
	}
	if (adjtimex(&timex) < 0) {
		doctor_blind(found, "the kernel does not say whether somebody "
				    "keeps the clock");
	} else if ((timex.status & STA_UNSYNC) != 0) {
		doctor_say(found, DOCTOR_WARN,
		    "nobody keeps it, says the kernel; signatures and "
		    "certificates are judged by it");
		doctor_mend(found, "apt-get install chrony");
	} else {
		doctor_say(found, DOCTOR_OK,
		    "kept by NTP, off by at most %ld ms",
		    timex.maxerror / 1000);
	}
}

void
doctor_ca_store(struct doctor *doctor, struct doctor_finding *found)
{
	const char *file = doctor->settings->ca_file;
	struct err err;
	AUTO(x509_store) struct x509_store *store = x509_store_load(file, &err);

	if (store != NULL) {
		doctor_say(found, DOCTOR_OK, "%s has %zu certificates",
		    file == NULL ? "the system's store" : file,
		    x509_store_count(store));
		return;
	}
	doctor_say(
	    found, DOCTOR_FAIL, "%s: no MTA-STS policy can be had", err.text);
	doctor_mend(found, "apt-get install --reinstall ca-certificates");
	doctor_mend(found, "update-ca-certificates --fresh");
}

/* What came of the probes of a destination. */
struct probes {
	unsigned tls, plain, spoke, silent, sourceless, blocked;
	const char *host;          /* of the last that tells something */
	const char *detail;        /* of it */
	const char *source_detail; /* of the last that could not leave */
};

static void
count_probe(struct probes *probes, const struct host_facts *host,
    const struct probe_facts *probe)
{
	switch (probe->outcome) {
	case PROBE_NOT_DONE:
		return;
	case PROBE_TLS:
		probes->tls++;
		break;
	case PROBE_NO_STARTTLS:
		probes->plain++;
		break;
	case PROBE_STARTTLS_REFUSED:
	case PROBE_TLS_FAILED:
	case PROBE_TLS_REFUSED:
	case PROBE_TLS_UNSUPPORTED:
	case PROBE_REFUSED:
	case PROBE_NOT_SMTP:
		probes->spoke++;
		break;
	case PROBE_CONNECT_FAILED:
	case PROBE_TIMEOUT:
		probes->silent++;
		break;
	case PROBE_NO_SOURCE:
		probes->sourceless++;
		probes->source_detail = probe->detail;
		break;
	case PROBE_BLOCKED:
	case PROBE_OWN:
		probes->blocked++;
		break;
	}
	if (probe->outcome == PROBE_TLS || probes->tls == 0) {
		probes->host = host->name;
		probes->detail =
		    probe->outcome == PROBE_TLS ? probe->tls : probe->detail;
	}
}

static void
count_probes(struct probes *probes, const struct facts *facts)
{
	for (size_t i = 0; i < facts->host_count; i++)
		for (size_t j = 0; j < facts->hosts[i].address_count; j++)
			if (facts->hosts[i].addresses[j].probe != NULL)
				count_probe(probes, &facts->hosts[i],
				    facts->hosts[i].addresses[j].probe);
}

static void
say_probes(const struct doctor *doctor, struct doctor_finding *found,
    const struct probes *p, enum reason reason)
{
	const char *domain = doctor->domain;

	if (p->sourceless > 0) {
		doctor_say(found, DOCTOR_FAIL,
		    "%s: this host cannot connect from where mail leaves: %s",
		    domain, p->source_detail);
		doctor_mend(found,
		    "# name addresses of this host at ProbeSource, or leave "
		    "it out");
	} else if (p->tls > 0) {
		doctor_say(found, DOCTOR_OK, "%s: %s answers, with %s", domain,
		    p->host, p->detail);
	} else if (p->plain > 0) {
		doctor_say(found, DOCTOR_WARN,
		    "%s: %s does not offer STARTTLS, or something on the way "
		    "takes the offer out",
		    domain, p->host);
		doctor_mend(found,
		    "openssl s_client -starttls smtp -connect %s:25    # from "
		    "another network; if it works there, look for a firewall "
		    "that inspects SMTP",
		    p->host);
	} else if (p->spoke > 0) {
		doctor_say(found, DOCTOR_WARN, "%s: %s: %s", domain, p->host,
		    p->detail);
		doctor_mend(found, "postern check %s", domain);
	} else if (p->silent > 0) {
		doctor_say(found, DOCTOR_FAIL,
		    "%s: no host can be reached at port 25: %s: %s", domain,
		    p->host, p->detail);
		doctor_mend(found,
		    "nc -vz %s 25    # from another network; if it works "
		    "there, ask your provider to open port 25",
		    p->host);
	} else {
		doctor_blind(found, "%s: no host to connect to: %s", domain,
		    reason_text(reason));
	}
}

/* All hosts are to be connected to, whatever the destination demands. */
static const struct check *
look_at(struct doctor *doctor, struct engine *engine, struct engine_wait **wait,
    int timeout_ms)
{
	struct engine_query query = {.domain = doctor->domain,
	    .port = (uint16_t)doctor->settings->probe_port,
	    .level = LEVEL_ENCRYPT,
	    .all_hosts = true};

	*wait = engine_start(engine, &query);
	return engine_await(*wait, clock_mono_ms() + timeout_ms);
}

void
doctor_port_25(struct doctor *doctor, struct doctor_finding *found)
{
	struct engine_options options;
	struct probes probes = {.host = "", .detail = "", .source_detail = ""};
	const struct check *check;
	struct err err;

	if (doctor->domain == NULL) {
		doctor_say(found, DOCTOR_SKIP,
		    "name a domain to connect to: postern doctor DOMAIN");
		return;
	}
	settings_engine_options(doctor->settings, &options);
	options.max_checks = 1;
	options.keep_facts = true;
	options.probe = true;
	options.store_path = NULL;
	AUTO(engine) struct engine *engine = NULL;
	AUTO(engine_wait) struct engine_wait *wait = NULL;
	if (https_global_init(&err) != 0 ||
	    (engine = engine_new(&options, &err)) == NULL) {
		doctor_blind(found, "%s: %s", doctor->domain, err.text);
		return;
	}
	check = look_at(doctor, engine, &wait, options.check_timeout_ms);
	if (check == NULL) {
		doctor_blind(found, "%s: no answer in time", doctor->domain);
	} else if (check->facts->trouble != TROUBLE_NONE) {
		doctor_blind(found, "%s: %s", doctor->domain,
		    reason_text(check->verdict->reason));
	} else {
		count_probes(&probes, check->facts);
		say_probes(doctor, found, &probes, check->verdict->reason);
	}
}
