TEST_EXTENSIONS = .t .py
T_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
PY_LOG_DRIVER = $(T_LOG_DRIVER)
PY_LOG_COMPILER = $(SHELL) $(top_srcdir)/t/scenario/python
AM_TESTS_ENVIRONMENT = \
	POSTERN_BUILDDIR='$(abs_top_builddir)'; export POSTERN_BUILDDIR; \
	POSTERN_SRCDIR='$(abs_top_srcdir)'; export POSTERN_SRCDIR;

UNIT_TESTS = \
	%D%/unit/action.t \
	%D%/unit/address.t \
	%D%/unit/advise.t \
	%D%/unit/advise_several.t \
	%D%/unit/advice.t \
	%D%/unit/anchor.t \
	%D%/unit/base64.t \
	%D%/unit/authres.t \
	%D%/unit/cache.t \
	%D%/unit/cache_budget.t \
	%D%/unit/cache_index.t \
	%D%/unit/cache_walk.t \
	%D%/unit/chain.t \
	%D%/unit/checklist.t \
	%D%/unit/certname.t \
	%D%/unit/clock.t \
	%D%/unit/conf.t \
	%D%/unit/counts.t \
	%D%/unit/dane_anchor.t \
	%D%/unit/dane_match.t \
	%D%/unit/book.t \
	%D%/unit/datagram.t \
	%D%/unit/day_clock.t \
	%D%/unit/day_report.t \
	%D%/unit/der.t \
	%D%/unit/destinations.t \
	%D%/unit/destinations_until.t \
	%D%/unit/dns.t \
	%D%/unit/dns_algorithms.t \
	%D%/unit/dns_insecure.t \
	%D%/unit/dns_packet.t \
	%D%/unit/dns_pace.t \
	%D%/unit/dns_window.t \
	%D%/unit/dns_pending.t \
	%D%/unit/dns_plain.t \
	%D%/unit/dns_rdata.t \
	%D%/unit/dns_reply.t \
	%D%/unit/dns_self_test.t \
	%D%/unit/dns_servers.t \
	%D%/unit/dns_sockets.t \
	%D%/unit/dns_system.t \
	%D%/unit/dns_unvalidated.t \
	%D%/unit/domain.t \
	%D%/unit/downtime.t \
	%D%/unit/enforce.t \
	%D%/unit/enforce_rules.t \
	%D%/unit/check_pack.t \
	%D%/unit/engine.t \
	%D%/unit/engine_early.t \
	%D%/unit/engine_facts.t \
	%D%/unit/engine_hops.t \
	%D%/unit/engine_ahead.t \
	%D%/unit/engine_places.t \
	%D%/unit/engine_reach.t \
	%D%/unit/engine_share.t \
	%D%/unit/fleet_events.t \
	%D%/unit/findings.t \
	%D%/unit/flips.t \
	%D%/unit/facts.t \
	%D%/unit/facts_folder.t \
	%D%/unit/facts_keeper.t \
	%D%/unit/forbidden_address.t \
	%D%/unit/gaps.t \
	%D%/unit/gzip.t \
	%D%/unit/hops.t \
	%D%/unit/host_case.t \
	%D%/unit/http_request.t \
	%D%/unit/https.t \
	%D%/unit/identity.t \
	%D%/unit/inbox.t \
	%D%/unit/intake.t \
	%D%/unit/inventory.t \
	%D%/unit/joint_demand.t \
	%D%/unit/json.t \
	%D%/unit/json_facts.t \
	%D%/unit/json_measure.t \
	%D%/unit/judge.t \
	%D%/unit/judge_probe.t \
	%D%/unit/judge_requiretls.t \
	%D%/unit/judge_rules.t \
	%D%/unit/judge_verdict.t \
	%D%/unit/known.t \
	%D%/unit/log.t \
	%D%/unit/logline.t \
	%D%/unit/map_answers.t \
	%D%/unit/map_client.t \
	%D%/unit/loop.t \
	%D%/unit/map_report.t \
	%D%/unit/mailbox.t \
	%D%/unit/map_request.t \
	%D%/unit/mending.t \
	%D%/unit/message_scan.t \
	%D%/unit/mta_policy.t \
	%D%/unit/nat64.t \
	%D%/unit/nexthop.t \
	%D%/unit/outbound.t \
	%D%/unit/pacing.t \
	%D%/unit/parking.t \
	%D%/unit/policies.t \
	%D%/unit/policy_keep.t \
	%D%/unit/policy_refresh.t \
	%D%/unit/pool.t \
	%D%/unit/postfix_list.t \
	%D%/unit/print.t \
	%D%/unit/providers.t \
	%D%/unit/public_suffix.t \
	%D%/unit/exclude.t \
	%D%/unit/store_survey.t \
	%D%/unit/fetch_code.t \
	%D%/unit/survey_attempts.t \
	%D%/unit/survey_diff.t \
	%D%/unit/host_lines.t \
	%D%/unit/store_survey_check.t \
	%D%/unit/store_survey_hosts.t \
	%D%/unit/store_survey_inferred.t \
	%D%/unit/store_survey_probes.t \
	%D%/unit/tenants.t \
	%D%/unit/survey_names.t \
	%D%/unit/survey_report.t \
	%D%/unit/process.t \
	%D%/unit/openmetrics.t \
	%D%/unit/reasons.t \
	%D%/unit/refusals.t \
	%D%/unit/own_sessions.t \
	%D%/unit/relays.t \
	%D%/unit/report.t \
	%D%/unit/report_tally.t \
	%D%/unit/review.t \
	%D%/unit/review_limits.t \
	%D%/unit/review_report.t \
	%D%/unit/resp.t \
	%D%/unit/rollover.t \
	%D%/unit/route.t \
	%D%/unit/rules.t \
	%D%/unit/session.t \
	%D%/unit/session_header.t \
	%D%/unit/session_refused.t \
	%D%/unit/session_requiretls.t \
	%D%/unit/session_routes.t \
	%D%/unit/session_wait.t \
	%D%/unit/settings.t \
	%D%/unit/settings_engine.t \
	%D%/unit/settings_faults.t \
	%D%/unit/settings_files.t \
	%D%/unit/setup.t \
	%D%/unit/share.t \
	%D%/unit/shared.t \
	%D%/unit/shared_fields.t \
	%D%/unit/shared_finding.t \
	%D%/unit/shared_link.t \
	%D%/unit/shared_record.t \
	%D%/unit/shared_server.t \
	%D%/unit/shared_value.t \
	%D%/unit/sheet.t \
	%D%/unit/smtp.t \
	%D%/unit/smtp_reply.t \
	%D%/unit/smtp_tls.t \
	%D%/unit/stale.t \
	%D%/unit/standing.t \
	%D%/unit/standard.t \
	%D%/unit/store.t \
	%D%/unit/store_damage.t \
	%D%/unit/store_disk.t \
	%D%/unit/store_readers.t \
	%D%/unit/story.t \
	%D%/unit/sts_policy.t \
	%D%/unit/store_tlsrpt.t \
	%D%/unit/sts_record.t \
	%D%/unit/tag.t \
	%D%/unit/tested.t \
	%D%/unit/terms.t \
	%D%/unit/text.t \
	%D%/unit/tls_beyond.t \
	%D%/unit/tls_sessions.t \
	%D%/unit/tls_watch.t \
	%D%/unit/tlsa.t \
	%D%/unit/tlsrpt_form.t \
	%D%/unit/tlsrpt_hints.t \
	%D%/unit/tlsrpt_json.t \
	%D%/unit/tlsrpt_mail.t \
	%D%/unit/tlsrpt_normal.t \
	%D%/unit/tlsrpt_value.t \
	%D%/unit/tlsrpt_report.t \
	%D%/unit/tlsrpt_result.t \
	%D%/unit/errand.t \
	%D%/unit/due.t \
	%D%/unit/pace.t \
	%D%/unit/own_mail.t \
	%D%/unit/store_outbox.t \
	%D%/unit/tlsrpt_message.t \
	%D%/unit/tlsrpt_record.t \
	%D%/unit/tlsrpt_rua.t \
	%D%/unit/mailer.t \
	%D%/unit/maker.t \
	%D%/unit/maker_plan.t \
	%D%/unit/courier.t \
	%D%/unit/tlsrpt_session.t \
	%D%/unit/tlsrpt_totals.t \
	%D%/unit/trace.t \
	%D%/unit/translation.t \
	%D%/unit/tried.t \
	%D%/unit/unasked.t \
	%D%/unit/validation.t \
	%D%/unit/verdict.t \
	%D%/unit/wire.t \
	%D%/unit/x509.t \
	%D%/unit/x509_bare_key.t \
	%D%/unit/x509_effort.t \
	%D%/unit/x509_key.t \
	%D%/unit/x509_keys.t \
	%D%/unit/x509_name.t \
	%D%/unit/x509_parts.t \
	%D%/unit/x509_path.t \
	%D%/unit/x509_spki.t \
	%D%/unit/x509_store.t \
	%D%/unit/xalloc.t

check_PROGRAMS = $(UNIT_TESTS) %D%/scenario/many_policies
# With servers of the lab: under "bootstrap check" once, with sanitizers
LAB_TESTS = \
	%D%/scenario/advise.py \
	%D%/scenario/agree.py \
	%D%/scenario/agree_chance.py \
	%D%/scenario/beside.py \
	%D%/scenario/check.py \
	%D%/scenario/control.py \
	%D%/scenario/doctor.py \
	%D%/scenario/doctor_map.py \
	%D%/scenario/doctor_way.py \
	%D%/scenario/e2e.py \
	%D%/scenario/explain.py \
	%D%/scenario/fairness.py \
	%D%/scenario/faults.py \
	%D%/scenario/filters.py \
	%D%/scenario/fleet.py \
	%D%/scenario/fleet_failover.py \
	%D%/scenario/fleet_many.py \
	%D%/scenario/fleet_trust.py \
	%D%/scenario/fleet_valkey.py \
	%D%/scenario/judge.py \
	%D%/scenario/kept.py \
	%D%/scenario/map.py \
	%D%/scenario/map_delivery.py \
	%D%/scenario/map_exim.py \
	%D%/scenario/map_migration.py \
	%D%/scenario/map_postfix.py \
	%D%/scenario/doctor_tlsrpt.py \
	%D%/scenario/map_tlsrpt.py \
	%D%/scenario/tlsrpt_chain.py \
	%D%/scenario/tlsrpt_kill.py \
	%D%/scenario/tlsrpt_loop.py \
	%D%/scenario/tlsrpt_own.py \
	%D%/scenario/tlsrpt_postfix.py \
	%D%/scenario/tlsrpt_send.py \
	%D%/scenario/tlsrpt_slow.py \
	%D%/scenario/map_sendmail.py \
	%D%/scenario/map_faults.py \
	%D%/scenario/metrics.py \
	%D%/scenario/metrics_socket.py \
	%D%/scenario/mta.py \
	%D%/scenario/mta_life.py \
	%D%/scenario/pages.py \
	%D%/scenario/peers.py \
	%D%/scenario/postfix.py \
	%D%/scenario/probe.py \
	%D%/scenario/remembered.py \
	%D%/scenario/requiretls.py \
	%D%/scenario/review.py \
	%D%/scenario/setup.py \
	%D%/scenario/sts_cache.py \
	%D%/scenario/survey.py \
	%D%/scenario/survey_probe.py \
	%D%/scenario/tools.py \
	%D%/scenario/vectors.py \
	%D%/scenario/verbs.py \
	%D%/scenario/watch.py
# Of the source, the build and its programs alone
BUILD_TESTS = \
	%D%/scenario/bootstrap.t \
	%D%/scenario/cli.t \
	%D%/lint/docs.py \
	%D%/scenario/hardening.t \
	%D%/lint/lint.t \
	%D%/lint/turned.py \
	%D%/scenario/machine.py \
	%D%/scenario/package.t \
	%D%/scenario/posternd.t \
	%D%/scenario/systemd.t \
	%D%/scenario/tlsrpt.py \
	%D%/scenario/tlsrpt_read.py
dist_check_SCRIPTS = $(LAB_TESTS) $(BUILD_TESTS)
TESTS = $(UNIT_TESTS) $(dist_check_SCRIPTS)

# For a program that wants to know which tests there are, or need no lab
.PHONY: all-tests quick-tests unit-tests
all-tests:
	@echo $(TESTS)
quick-tests:
	@echo $(UNIT_TESTS) $(FUZZ_TESTS) $(BUILD_TESTS)
unit-tests:
	@echo $(UNIT_TESTS) $(FUZZ_TESTS)

# What stands for io/ and for the engine, or makes what io/ is given: by name, so
# that a program which wants the real one gets it from libcommon.a.
FAKE_DESTINATION = %D%/fake/destination.c %D%/fake/destination.h
ADVISE = %D%/unit/sight_row.c %D%/unit/sight_row.h $(FAKE_DESTINATION) \
	%D%/unit/tap.h \
	milter/cli/advise/checklist.c milter/cli/advise/checklist_bsi.c \
	milter/cli/advise/checklist_nl.c milter/cli/advise/checklist_rfc.c \
	milter/cli/advise/checklist_tests.c milter/cli/advise/groups.c \
	milter/cli/advise/plan_dane.c milter/cli/advise/plan_make.c \
	milter/cli/advise/plan_mend.c \
	milter/cli/advise/providers.c \
	milter/cli/advise/report.c milter/cli/advise/scenario.c \
	milter/cli/advise/sight.c
FAKE_CERTS = %D%/fake/certs.c %D%/fake/certs.h
FAKE_DNS = %D%/fake/dns.c %D%/fake/dns.h
FAKE_ENGINE = %D%/fake/engine.c %D%/fake/engine.h %D%/fake/report.c \
	%D%/fake/report.h
FAKE_HTTPS = %D%/fake/https.c %D%/fake/https.h
FAKE_TLSD = %D%/fake/tlsd.c %D%/fake/tlsd.h %D%/fake/costly.c %D%/fake/costly.h
FAKE_NETWORK = %D%/fake/network.c %D%/fake/network.h %D%/fake/network_engine.c \
	$(FAKE_CERTS) $(FAKE_DNS) $(FAKE_HTTPS) %D%/unit/tap.h
FAKE_NAMESERVER = %D%/fake/nameserver.c %D%/fake/nameserver.h

# What the programs of one subject share
CONF_TEXT = %D%/unit/conf_text.c %D%/unit/conf_text.h %D%/unit/tap.h
DANE_ROW = %D%/unit/dane_row.c %D%/unit/dane_row.h $(FAKE_CERTS) %D%/unit/tap.h
DNS_MESSAGE = %D%/unit/dns_message.c %D%/unit/dns_message.h %D%/unit/tap.h
ENFORCE_ROW = %D%/unit/enforce_row.c %D%/unit/enforce_row.h \
	$(FAKE_DESTINATION) %D%/unit/tap.h
FACT_ROW = %D%/unit/fact_row.c %D%/unit/fact_row.h $(FAKE_CERTS) %D%/unit/tap.h
HOUSE = %D%/unit/house.c %D%/unit/house.h $(FAKE_DNS) $(FAKE_HTTPS) %D%/unit/tap.h
MADE = %D%/unit/made.c %D%/unit/made.h $(CONF_TEXT) \
	milter/tlsrpt/counted_report.c milter/tlsrpt/day_report.c milter/tlsrpt/due.c \
	milter/tlsrpt/maker.c milter/tlsrpt/outcome_line.c
MAIL = %D%/unit/mail.c %D%/unit/mail.h %D%/unit/tap.h $(FAKE_ENGINE) \
	%D%/fake/still_clock.c \
	milter/mta/session.c milter/mta/forged.c milter/mta/recipient_group.c milter/mta/waiver.c \
	milter/mta/message_outcome.c milter/serve/own_mail.c %D%/fake/own_sessions.c %D%/fake/own_sessions.h
NUMBERS = %D%/unit/numbers.c %D%/unit/numbers.h %D%/unit/tap.h
PKI = %D%/unit/pki.c %D%/unit/pki.h $(FAKE_CERTS) %D%/unit/tap.h
STORE_CLIENT = %D%/unit/store_client.c %D%/unit/store_client.h %D%/unit/tap.h
RULES_TEXT = %D%/unit/rules_text.c %D%/unit/rules_text.h $(CONF_TEXT)
SMTP_STEPS = %D%/unit/smtp_steps.c %D%/unit/smtp_steps.h $(FAKE_TLSD) %D%/unit/tap.h
SURVEY_DIFF = milter/cli/survey/change.c milter/cli/survey/diff.c \
	milter/cli/survey/open.c
ATTEMPTS = milter/cli/log/logframe.c milter/cli/log/logline.c \
	milter/cli/log/logline_delivery.c milter/cli/review/event.c \
	milter/cli/review/names.c milter/cli/survey/attempts.c \
	milter/cli/survey/names.c milter/cli/survey/pairs.c
STATE = %D%/unit/state.c %D%/unit/state.h %D%/unit/tap.h

LDADD = milter/libpostern.a $(COMMON_LIBS) $(CMOCKA_LIBS)

%C%_unit_action_t_SOURCES = %D%/unit/action.c %D%/unit/tap.h
%C%_unit_address_t_SOURCES = %D%/unit/address.c %D%/unit/tap.h
%C%_unit_advice_t_SOURCES = %D%/unit/advice.c %D%/unit/tap.h
%C%_unit_advise_t_SOURCES = %D%/unit/advise.c $(ADVISE)
%C%_unit_advise_several_t_SOURCES = %D%/unit/advise_several.c $(ADVISE) \
	milter/cli/advise/report_json.c milter/cli/advise/several.c \
	milter/cli/form.c milter/cli/print.c
%C%_unit_anchor_t_SOURCES = %D%/unit/anchor.c %D%/unit/tap.h
%C%_unit_base64_t_SOURCES = %D%/unit/base64.c %D%/unit/tap.h
%C%_unit_cache_walk_t_SOURCES = %D%/unit/cache_walk.c $(NUMBERS)
%C%_unit_cache_budget_t_SOURCES = %D%/unit/cache_budget.c $(NUMBERS)
%C%_unit_authres_t_SOURCES = %D%/unit/authres.c %D%/unit/tap.h \
	milter/cli/tlsrpt/authres.c
%C%_unit_cache_index_t_SOURCES = %D%/unit/cache_index.c %D%/unit/tap.h
%C%_unit_check_pack_t_SOURCES = %D%/unit/check_pack.c %D%/unit/tap.h
%C%_unit_cache_t_SOURCES = %D%/unit/cache.c $(NUMBERS)
%C%_unit_certname_t_SOURCES = %D%/unit/certname.c %D%/unit/tap.h
%C%_unit_chain_t_SOURCES = %D%/unit/chain.c %D%/unit/tap.h
%C%_unit_checklist_t_SOURCES = %D%/unit/checklist.c $(ADVISE)
%C%_unit_clock_t_SOURCES = %D%/unit/clock.c %D%/unit/tap.h
%C%_unit_conf_t_SOURCES = %D%/unit/conf.c %D%/unit/tap.h
%C%_unit_counts_t_SOURCES = %D%/unit/counts.c %D%/unit/tap.h
%C%_unit_dane_anchor_t_SOURCES = %D%/unit/dane_anchor.c $(DANE_ROW)
%C%_unit_dane_match_t_SOURCES = %D%/unit/dane_match.c $(DANE_ROW)
%C%_unit_datagram_t_SOURCES = %D%/unit/datagram.c milter/tlsrpt/datagram.c %D%/unit/tap.h
%C%_unit_datagram_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_day_clock_t_SOURCES = %D%/unit/day_clock.c milter/tlsrpt/day_clock.c %D%/unit/tap.h
%C%_unit_day_report_t_SOURCES = %D%/unit/day_report.c milter/tlsrpt/day_report.c %D%/unit/tap.h
%C%_unit_day_report_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_book_t_SOURCES = %D%/unit/book.c milter/tlsrpt/book.c \
	milter/tlsrpt/datagram.c milter/tlsrpt/day_report.c %D%/unit/tap.h
%C%_unit_book_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_inbox_t_SOURCES = %D%/unit/inbox.c milter/tlsrpt/inbox.c \
	milter/tlsrpt/inbox_tries.c \
	%D%/unit/tap.h
%C%_unit_intake_t_SOURCES = %D%/unit/intake.c $(CONF_TEXT) \
	milter/tlsrpt/book.c milter/tlsrpt/counted_report.c milter/tlsrpt/datagram.c \
	milter/tlsrpt/day_clock.c milter/tlsrpt/day_end.c \
	milter/tlsrpt/day_report.c milter/tlsrpt/intake.c \
	milter/tlsrpt/losses.c milter/tlsrpt/teller.c \
	milter/serve/tally.c milter/view/figures.c
%C%_unit_intake_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_der_t_SOURCES = %D%/unit/der.c %D%/unit/tap.h
%C%_unit_destinations_t_SOURCES = %D%/unit/destinations.c $(RULES_TEXT)
%C%_unit_destinations_until_t_SOURCES = %D%/unit/destinations_until.c $(RULES_TEXT)
%C%_unit_dns_t_SOURCES = %D%/unit/dns.c %D%/unit/tap.h
%C%_unit_dns_algorithms_t_SOURCES = %D%/unit/dns_algorithms.c %D%/unit/tap.h
%C%_unit_dns_insecure_t_SOURCES = %D%/unit/dns_insecure.c %D%/unit/tap.h
%C%_unit_dns_packet_t_SOURCES = %D%/unit/dns_packet.c $(DNS_MESSAGE)
%C%_unit_dns_reply_t_SOURCES = %D%/unit/dns_reply.c $(DNS_MESSAGE)
%C%_unit_dns_rdata_t_SOURCES = %D%/unit/dns_rdata.c $(DNS_MESSAGE)
%C%_unit_dns_pace_t_SOURCES = %D%/unit/dns_pace.c %D%/unit/tap.h
%C%_unit_dns_window_t_SOURCES = %D%/unit/dns_window.c %D%/unit/tap.h
%C%_unit_dns_pending_t_SOURCES = %D%/unit/dns_pending.c %D%/unit/tap.h
%C%_unit_dns_plain_t_SOURCES = %D%/unit/dns_plain.c %D%/unit/tap.h
%C%_unit_dns_self_test_t_SOURCES = %D%/unit/dns_self_test.c \
	$(FAKE_NAMESERVER) %D%/unit/tap.h
%C%_unit_dns_servers_t_SOURCES = %D%/unit/dns_servers.c $(FAKE_NAMESERVER) \
	%D%/unit/tap.h
%C%_unit_dns_sockets_t_SOURCES = %D%/unit/dns_sockets.c %D%/unit/tap.h
%C%_unit_dns_system_t_SOURCES = %D%/unit/dns_system.c $(FAKE_NAMESERVER) \
	%D%/unit/tap.h
%C%_unit_dns_unvalidated_t_SOURCES = %D%/unit/dns_unvalidated.c \
	%D%/unit/tap.h
%C%_unit_domain_t_SOURCES = %D%/unit/domain.c %D%/unit/tap.h
%C%_unit_downtime_t_SOURCES = %D%/unit/downtime.c %D%/unit/tap.h milter/serve/downtime.c
%C%_unit_enforce_t_SOURCES = %D%/unit/enforce.c $(ENFORCE_ROW)
%C%_unit_enforce_rules_t_SOURCES = %D%/unit/enforce_rules.c $(ENFORCE_ROW)
%C%_unit_findings_t_SOURCES = %D%/unit/findings.c $(FACT_ROW)
%C%_unit_flips_t_SOURCES = %D%/unit/flips.c $(STATE)
%C%_unit_engine_t_SOURCES = %D%/unit/engine.c $(FAKE_NETWORK)
%C%_unit_engine_early_t_SOURCES = %D%/unit/engine_early.c $(FAKE_NETWORK)
%C%_unit_engine_facts_t_SOURCES = %D%/unit/engine_facts.c $(FAKE_NETWORK)
%C%_unit_engine_ahead_t_SOURCES = %D%/unit/engine_ahead.c $(FAKE_NETWORK)
%C%_unit_engine_places_t_SOURCES = %D%/unit/engine_places.c $(FAKE_NETWORK)
%C%_unit_engine_hops_t_SOURCES = %D%/unit/engine_hops.c $(FAKE_NETWORK)
%C%_unit_engine_reach_t_SOURCES = %D%/unit/engine_reach.c $(FAKE_NETWORK)
%C%_unit_identity_t_SOURCES = %D%/unit/identity.c %D%/unit/tap.h
%C%_unit_inventory_t_SOURCES = %D%/unit/inventory.c $(FAKE_NETWORK)
%C%_unit_known_t_SOURCES = %D%/unit/known.c %D%/unit/tap.h
%C%_unit_rules_t_SOURCES = %D%/unit/rules.c %D%/unit/tap.h
%C%_unit_validation_t_SOURCES = %D%/unit/validation.c $(FAKE_NETWORK)
%C%_unit_gaps_t_SOURCES = %D%/unit/gaps.c %D%/unit/tap.h milter/cli/log/gaps.c \
	milter/cli/log/unasked.c milter/cli/log/logline.c \
	milter/cli/log/logline_delivery.c \
	milter/cli/log/logframe.c
%C%_unit_facts_t_SOURCES = %D%/unit/facts.c %D%/unit/tap.h
%C%_unit_facts_folder_t_SOURCES = %D%/unit/facts_folder.c %D%/unit/tap.h \
	milter/serve/facts_folder.c
%C%_unit_facts_keeper_t_SOURCES = %D%/unit/facts_keeper.c $(FACT_ROW) \
	milter/serve/facts_keeper.c milter/serve/facts_folder.c
%C%_unit_facts_keeper_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_forbidden_address_t_SOURCES = %D%/unit/forbidden_address.c %D%/unit/tap.h
%C%_unit_gzip_t_SOURCES = %D%/unit/gzip.c %D%/unit/tap.h
%C%_unit_hops_t_SOURCES = %D%/unit/hops.c %D%/unit/tap.h
%C%_unit_tried_t_SOURCES = %D%/unit/tried.c %D%/unit/tap.h
%C%_unit_host_case_t_SOURCES = %D%/unit/host_case.c %D%/unit/tap.h
%C%_unit_http_request_t_SOURCES = %D%/unit/http_request.c %D%/unit/tap.h
%C%_unit_https_t_SOURCES = %D%/unit/https.c $(FAKE_TLSD) %D%/unit/tap.h
%C%_unit_joint_demand_t_SOURCES = %D%/unit/joint_demand.c $(FAKE_DESTINATION) \
	%D%/unit/tap.h
%C%_unit_json_t_SOURCES = %D%/unit/json.c %D%/unit/tap.h
%C%_unit_json_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_json_facts_t_SOURCES = %D%/unit/json_facts.c $(FACT_ROW)
%C%_unit_json_facts_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_json_measure_t_SOURCES = %D%/unit/json_measure.c %D%/unit/tap.h
%C%_unit_judge_t_SOURCES = %D%/unit/judge.c $(FACT_ROW)
%C%_unit_judge_probe_t_SOURCES = %D%/unit/judge_probe.c $(FACT_ROW)
%C%_unit_judge_requiretls_t_SOURCES = %D%/unit/judge_requiretls.c $(FACT_ROW)
%C%_unit_judge_rules_t_SOURCES = %D%/unit/judge_rules.c $(FACT_ROW)
%C%_unit_judge_verdict_t_SOURCES = %D%/unit/judge_verdict.c $(FACT_ROW)
%C%_unit_log_t_SOURCES = %D%/unit/log.c %D%/unit/tap.h milter/serve/log.c
%C%_unit_logline_t_SOURCES = %D%/unit/logline.c %D%/unit/tap.h milter/cli/log/logline.c \
	milter/cli/log/logline_delivery.c \
	milter/cli/log/logframe.c
%C%_unit_map_answers_t_SOURCES = %D%/unit/map_answers.c %D%/unit/tap.h \
	milter/serve/map_answers.c milter/serve/map_asking.c milter/serve/map_handover.c \
	milter/serve/map_replies.c milter/serve/tally.c
%C%_unit_map_client_t_SOURCES = %D%/unit/map_client.c %D%/unit/tap.h \
	milter/serve/map_client.c
%C%_unit_loop_t_SOURCES = %D%/unit/loop.c %D%/unit/tap.h milter/serve/loop.c
%C%_unit_map_report_t_SOURCES = %D%/unit/map_report.c %D%/unit/tap.h \
	milter/serve/map_report.c
%C%_unit_mailbox_t_SOURCES = %D%/unit/mailbox.c %D%/unit/tap.h \
	milter/cli/tlsrpt/mailbox.c
%C%_unit_mending_t_SOURCES = %D%/unit/mending.c %D%/unit/tap.h \
	milter/cli/tlsrpt/mending.c
%C%_unit_message_scan_t_SOURCES = %D%/unit/message_scan.c %D%/unit/tap.h \
	milter/cli/tlsrpt/message_scan.c
%C%_unit_map_request_t_SOURCES = %D%/unit/map_request.c %D%/unit/tap.h
%C%_unit_mta_policy_t_SOURCES = %D%/unit/mta_policy.c $(FAKE_DESTINATION) \
	%D%/unit/tap.h
%C%_unit_nat64_t_SOURCES = %D%/unit/nat64.c %D%/unit/tap.h
%C%_unit_nexthop_t_SOURCES = %D%/unit/nexthop.c %D%/unit/tap.h
%C%_unit_parking_t_SOURCES = %D%/unit/parking.c %D%/unit/tap.h
%C%_unit_policies_t_SOURCES = %D%/unit/policies.c $(HOUSE)
%C%_unit_policy_keep_t_SOURCES = %D%/unit/policy_keep.c $(HOUSE)
%C%_unit_policy_refresh_t_SOURCES = %D%/unit/policy_refresh.c $(HOUSE) \
	$(STORE_CLIENT)
%C%_unit_pool_t_SOURCES = %D%/unit/pool.c %D%/unit/tap.h
%C%_unit_postfix_list_t_SOURCES = %D%/unit/postfix_list.c %D%/unit/tap.h \
	milter/cli/host/postfix_list.c
%C%_unit_print_t_SOURCES = %D%/unit/print.c %D%/unit/tap.h milter/cli/print.c
%C%_unit_process_t_SOURCES = %D%/unit/process.c %D%/unit/tap.h
%C%_unit_openmetrics_t_SOURCES = %D%/unit/openmetrics.c %D%/unit/tap.h
%C%_unit_outbound_t_SOURCES = %D%/unit/outbound.c %D%/unit/tap.h
%C%_unit_reasons_t_SOURCES = %D%/unit/reasons.c $(FAKE_CERTS) %D%/unit/tap.h
%C%_unit_own_sessions_t_SOURCES = %D%/unit/own_sessions.c $(FACT_ROW) \
	%D%/fake/watch.c %D%/fake/watch.h \
	milter/tlsrpt/own_sessions.c milter/tlsrpt/relays.c milter/tlsrpt/tested.c
%C%_unit_relays_t_SOURCES = %D%/unit/relays.c milter/tlsrpt/relays.c %D%/unit/tap.h
REPORT_SOURCES = milter/serve/report.c milter/serve/report_line.c \
	milter/serve/log.c milter/serve/recent.c milter/serve/tally.c
%C%_unit_report_t_SOURCES = %D%/unit/report.c %D%/unit/tap.h $(REPORT_SOURCES)
%C%_unit_report_tally_t_SOURCES = %D%/unit/report_tally.c %D%/unit/tap.h \
	$(REPORT_SOURCES)
%C%_unit_rollover_t_SOURCES = %D%/unit/rollover.c %D%/unit/tap.h \
	milter/cli/publish/rollover.c
REVIEW_SOURCES = \
	milter/cli/review/beside.c milter/cli/log/gaps.c \
	milter/cli/review/domains.c milter/cli/review/event.c \
	milter/cli/review/join.c \
	milter/cli/review/messages.c milter/cli/review/names.c \
	milter/cli/review/report.c milter/cli/review/report_answer.c \
	milter/cli/review/report_decided.c \
	milter/cli/review/report_failing.c \
	milter/cli/review/report_forecast.c milter/cli/review/report_ours.c \
	milter/cli/review/report_would.c milter/cli/review/review.c \
	milter/cli/review/sets.c milter/cli/review/when.c \
	milter/cli/review/would.c \
	milter/cli/log/story.c milter/cli/log/story_outcome.c \
	milter/cli/log/unasked.c milter/cli/log/logline.c \
	milter/cli/log/logline_delivery.c \
	milter/cli/log/logframe.c
MAIL_LOG = %D%/unit/mail_log.c %D%/unit/mail_log.h %D%/unit/tap.h $(REVIEW_SOURCES)
%C%_unit_review_limits_t_SOURCES = %D%/unit/review_limits.c $(MAIL_LOG)
%C%_unit_review_report_t_SOURCES = %D%/unit/review_report.c $(MAIL_LOG)
%C%_unit_review_t_SOURCES = %D%/unit/review.c $(MAIL_LOG)
%C%_unit_session_t_SOURCES = %D%/unit/session.c $(MAIL)
%C%_unit_session_header_t_SOURCES = %D%/unit/session_header.c $(MAIL)
%C%_unit_session_refused_t_SOURCES = %D%/unit/session_refused.c $(MAIL)
%C%_unit_session_requiretls_t_SOURCES = %D%/unit/session_requiretls.c $(MAIL)
%C%_unit_session_routes_t_SOURCES = %D%/unit/session_routes.c $(MAIL)
%C%_unit_session_wait_t_SOURCES = %D%/unit/session_wait.c $(MAIL)
%C%_unit_route_t_SOURCES = %D%/unit/route.c $(CONF_TEXT)
%C%_unit_settings_files_t_SOURCES = %D%/unit/settings_files.c $(CONF_TEXT)
%C%_unit_settings_engine_t_SOURCES = %D%/unit/settings_engine.c $(CONF_TEXT)
%C%_unit_settings_faults_t_SOURCES = %D%/unit/settings_faults.c $(CONF_TEXT)
%C%_unit_settings_t_SOURCES = %D%/unit/settings.c $(CONF_TEXT)
%C%_unit_setup_t_SOURCES = %D%/unit/setup.c %D%/unit/tap.h \
	milter/cli/setup/setup_diff.c milter/cli/setup/setup_plan.c \
	milter/cli/setup/setup_text.c
%C%_unit_sheet_t_SOURCES = %D%/unit/sheet.c %D%/unit/tap.h
%C%_unit_advise_several_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_sheet_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_smtp_t_SOURCES = %D%/unit/smtp.c $(SMTP_STEPS)
%C%_unit_smtp_tls_t_SOURCES = %D%/unit/smtp_tls.c $(SMTP_STEPS)
%C%_unit_smtp_reply_t_SOURCES = %D%/unit/smtp_reply.c %D%/unit/tap.h
%C%_unit_standing_t_SOURCES = %D%/unit/standing.c $(FACT_ROW)
%C%_unit_providers_t_SOURCES = %D%/unit/providers.c %D%/unit/tap.h \
	milter/cli/advise/providers.c
%C%_unit_public_suffix_t_SOURCES = %D%/unit/public_suffix.c %D%/unit/tap.h
SURVEY_FILE = %D%/unit/survey_file.c %D%/unit/survey_file.h %D%/unit/tap.h
%C%_unit_store_survey_t_SOURCES = %D%/unit/store_survey.c $(SURVEY_FILE)
%C%_unit_fetch_code_t_SOURCES = %D%/unit/fetch_code.c %D%/unit/tap.h \
	milter/cli/survey/fetch_code.c
%C%_unit_survey_attempts_t_SOURCES = %D%/unit/survey_attempts.c \
	$(CONF_TEXT) $(ATTEMPTS)
%C%_unit_survey_diff_t_SOURCES = %D%/unit/survey_diff.c %D%/unit/tap.h $(SURVEY_DIFF)
%C%_unit_survey_diff_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_host_lines_t_SOURCES = %D%/unit/host_lines.c %D%/unit/tap.h \
	milter/cli/survey/host_lines.c
%C%_unit_host_lines_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_store_survey_check_t_SOURCES = %D%/unit/store_survey_check.c \
	$(SURVEY_FILE)
%C%_unit_store_survey_hosts_t_SOURCES = %D%/unit/store_survey_hosts.c \
	%D%/unit/tap.h
%C%_unit_store_survey_inferred_t_SOURCES = %D%/unit/store_survey_inferred.c \
	$(SURVEY_FILE)
%C%_unit_store_survey_probes_t_SOURCES = %D%/unit/store_survey_probes.c \
	%D%/unit/tap.h
%C%_unit_exclude_t_SOURCES = %D%/unit/exclude.c %D%/unit/tap.h \
	milter/cli/survey/exclude.c
%C%_unit_pacing_t_SOURCES = %D%/unit/pacing.c %D%/unit/tap.h
%C%_unit_tenants_t_SOURCES = %D%/unit/tenants.c %D%/unit/tap.h
%C%_unit_survey_names_t_SOURCES = %D%/unit/survey_names.c %D%/unit/tap.h \
	milter/cli/survey/names.c
%C%_unit_survey_report_t_SOURCES = %D%/unit/survey_report.c %D%/unit/tap.h \
	milter/cli/survey/report.c milter/cli/survey/report_brief.c \
	milter/cli/survey/report_count.c milter/cli/survey/report_ends.c \
	milter/cli/survey/report_notes.c milter/cli/survey/report_places.c \
	milter/cli/survey/report_published.c \
	$(SURVEY_DIFF)
%C%_unit_survey_report_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_stale_t_SOURCES = %D%/unit/stale.c %D%/unit/tap.h
%C%_unit_standard_t_SOURCES = %D%/unit/standard.c %D%/unit/tap.h
%C%_unit_store_t_SOURCES = %D%/unit/store.c $(STATE)
%C%_unit_store_damage_t_SOURCES = %D%/unit/store_damage.c $(STATE)
%C%_unit_store_disk_t_SOURCES = %D%/unit/store_disk.c $(STATE)
%C%_unit_store_readers_t_SOURCES = %D%/unit/store_readers.c $(STATE)
STORY_SOURCES = milter/cli/log/story.c \
	milter/cli/log/story_outcome.c milter/cli/log/unasked.c \
	milter/cli/log/refusals.c milter/cli/log/logline.c \
	milter/cli/log/logline_delivery.c \
	milter/cli/log/logframe.c
%C%_unit_unasked_t_SOURCES = %D%/unit/unasked.c %D%/unit/tap.h $(STORY_SOURCES)
%C%_unit_refusals_t_SOURCES = %D%/unit/refusals.c %D%/unit/tap.h $(STORY_SOURCES)
%C%_unit_story_t_SOURCES = %D%/unit/story.c %D%/unit/tap.h $(STORY_SOURCES)
%C%_unit_resp_t_SOURCES = %D%/unit/resp.c %D%/unit/tap.h
%C%_unit_engine_share_t_SOURCES = %D%/unit/engine_share.c $(FAKE_NETWORK) \
	%D%/unit/store_client.c %D%/unit/store_client.h \
	%D%/fake/redis.c %D%/fake/redis.h
%C%_unit_fleet_events_t_SOURCES = %D%/unit/fleet_events.c $(STORE_CLIENT) \
	$(FAKE_TLSD) \
	%D%/fake/redis.c %D%/fake/redis.h
%C%_unit_share_t_SOURCES = %D%/unit/share.c $(HOUSE) $(STORE_CLIENT) \
	%D%/unit/members.c %D%/unit/members.h \
	%D%/fake/redis.c %D%/fake/redis.h
%C%_unit_shared_t_SOURCES = %D%/unit/shared.c %D%/unit/store_steps.h \
	$(STORE_CLIENT) $(FAKE_TLSD)
%C%_unit_shared_link_t_SOURCES = %D%/unit/shared_link.c %D%/unit/store_steps.h \
	$(STORE_CLIENT) $(FAKE_TLSD)
%C%_unit_shared_server_t_SOURCES = %D%/unit/shared_server.c $(STORE_CLIENT) \
	%D%/fake/redis.c %D%/fake/redis.h
%C%_unit_shared_fields_t_SOURCES = %D%/unit/shared_fields.c %D%/unit/tap.h
%C%_unit_shared_fields_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_shared_finding_t_SOURCES = %D%/unit/shared_finding.c %D%/unit/tap.h
%C%_unit_shared_record_t_SOURCES = %D%/unit/shared_record.c %D%/unit/tap.h
%C%_unit_shared_value_t_SOURCES = %D%/unit/shared_value.c %D%/unit/tap.h
%C%_unit_sts_policy_t_SOURCES = %D%/unit/sts_policy.c %D%/unit/tap.h
%C%_unit_tlsrpt_normal_t_SOURCES = %D%/unit/tlsrpt_normal.c %D%/unit/tap.h
%C%_unit_tlsrpt_normal_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_tlsrpt_value_t_SOURCES = %D%/unit/tlsrpt_value.c %D%/unit/tap.h
%C%_unit_tlsrpt_value_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_tlsrpt_message_t_SOURCES = %D%/unit/tlsrpt_message.c %D%/unit/tap.h
%C%_unit_tlsrpt_message_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_due_t_SOURCES = %D%/unit/due.c milter/tlsrpt/due.c %D%/unit/tap.h
%C%_unit_maker_t_SOURCES = %D%/unit/maker.c $(MADE)
%C%_unit_maker_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_maker_plan_t_SOURCES = %D%/unit/maker_plan.c $(MADE)
%C%_unit_maker_plan_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_courier_t_SOURCES = %D%/unit/courier.c $(MADE) \
	milter/tlsrpt/courier.c milter/tlsrpt/pace.c
%C%_unit_courier_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_unit_pace_t_SOURCES = %D%/unit/pace.c milter/tlsrpt/pace.c %D%/unit/tap.h
%C%_unit_own_mail_t_SOURCES = %D%/unit/own_mail.c milter/serve/own_mail.c \
	%D%/unit/tap.h
%C%_unit_store_outbox_t_SOURCES = %D%/unit/store_outbox.c %D%/unit/tap.h
%C%_unit_errand_t_SOURCES = %D%/unit/errand.c $(FAKE_NETWORK)
%C%_unit_mailer_t_SOURCES = %D%/unit/mailer.c $(FAKE_TLSD) %D%/unit/tap.h
%C%_unit_tlsrpt_record_t_SOURCES = %D%/unit/tlsrpt_record.c %D%/unit/tap.h
%C%_unit_tlsrpt_session_t_SOURCES = %D%/unit/tlsrpt_session.c %D%/unit/tap.h
%C%_unit_store_tlsrpt_t_SOURCES = %D%/unit/store_tlsrpt.c $(STATE)
%C%_unit_sts_record_t_SOURCES = %D%/unit/sts_record.c %D%/unit/tap.h
%C%_unit_tag_t_SOURCES = %D%/unit/tag.c %D%/unit/tap.h
%C%_unit_tested_t_SOURCES = %D%/unit/tested.c milter/tlsrpt/tested.c %D%/unit/tap.h
%C%_unit_terms_t_SOURCES = %D%/unit/terms.c %D%/unit/tap.h
%C%_unit_text_t_SOURCES = %D%/unit/text.c %D%/unit/tap.h
%C%_unit_tls_beyond_t_SOURCES = %D%/unit/tls_beyond.c %D%/unit/tap.h
%C%_unit_tls_sessions_t_SOURCES = %D%/unit/tls_sessions.c $(FACT_ROW)
%C%_unit_tls_watch_t_SOURCES = %D%/unit/tls_watch.c $(FAKE_TLSD) %D%/unit/tap.h
%C%_unit_tlsa_t_SOURCES = %D%/unit/tlsa.c $(FAKE_CERTS) %D%/unit/tap.h
%C%_unit_tlsrpt_form_t_SOURCES = %D%/unit/tlsrpt_form.c %D%/unit/tap.h
%C%_unit_tlsrpt_rua_t_SOURCES = %D%/unit/tlsrpt_rua.c %D%/unit/tap.h
%C%_unit_tlsrpt_hints_t_SOURCES = %D%/unit/tlsrpt_hints.c %D%/unit/tap.h
%C%_unit_tlsrpt_json_t_SOURCES = %D%/unit/tlsrpt_json.c %D%/unit/tap.h
%C%_unit_tlsrpt_report_t_SOURCES = %D%/unit/tlsrpt_report.c %D%/unit/tap.h
%C%_unit_tlsrpt_result_t_SOURCES = %D%/unit/tlsrpt_result.c %D%/unit/tap.h
# What reads mail with reports in it
TLSRPT_MAIL = milter/cli/tlsrpt/mail.c milter/cli/tlsrpt/authres.c \
	milter/cli/tlsrpt/message_scan.c
%C%_unit_tlsrpt_mail_t_SOURCES = %D%/unit/tlsrpt_mail.c %D%/unit/tap.h \
	$(TLSRPT_MAIL)
%C%_unit_tlsrpt_mail_t_LDADD = $(LDADD) $(GMIME_LIBS)
%C%_unit_tlsrpt_totals_t_SOURCES = %D%/unit/tlsrpt_totals.c %D%/unit/tap.h \
	milter/cli/tlsrpt/totals.c milter/cli/tlsrpt/totals_end.c \
	milter/cli/review/names.c
%C%_unit_trace_t_SOURCES = %D%/unit/trace.c %D%/unit/tap.h \
	milter/serve/trace.c milter/serve/report.c \
	milter/serve/report_line.c milter/serve/log.c \
	milter/serve/recent.c milter/serve/tally.c
%C%_unit_translation_t_SOURCES = %D%/unit/translation.c $(FAKE_DNS) %D%/unit/tap.h
%C%_unit_verdict_t_SOURCES = %D%/unit/verdict.c %D%/unit/tap.h
%C%_unit_wire_t_SOURCES = %D%/unit/wire.c %D%/unit/tap.h
%C%_unit_x509_t_SOURCES = %D%/unit/x509.c $(PKI)
%C%_unit_x509_name_t_SOURCES = %D%/unit/x509_name.c $(PKI)
%C%_unit_x509_spki_t_SOURCES = %D%/unit/x509_spki.c $(PKI)
%C%_unit_x509_store_t_SOURCES = %D%/unit/x509_store.c $(PKI)
%C%_unit_x509_parts_t_SOURCES = %D%/unit/x509_parts.c %D%/unit/tap.h
%C%_unit_x509_bare_key_t_SOURCES = %D%/unit/x509_bare_key.c $(PKI)
%C%_unit_x509_path_t_SOURCES = %D%/unit/x509_path.c $(PKI)
%C%_unit_x509_effort_t_SOURCES = %D%/unit/x509_effort.c $(FAKE_CERTS) \
	%D%/unit/tap.h
%C%_unit_x509_key_t_SOURCES = %D%/unit/x509_key.c $(FAKE_CERTS) %D%/unit/tap.h
%C%_unit_x509_keys_t_SOURCES = %D%/unit/x509_keys.c $(FAKE_CERTS) %D%/unit/tap.h
%C%_unit_xalloc_t_SOURCES = %D%/unit/xalloc.c %D%/unit/tap.h

%C%_scenario_many_policies_SOURCES = %D%/scenario/many_policies.c
%C%_scenario_many_policies_LDADD = $(COMMON_LIBS)

EXTRA_DIST += \
	%D%/scenario/advise.expected \
	%D%/scenario/advise.schema.json \
	%D%/scenario/advise_sending.schema.json \
	%D%/scenario/check.expected \
	%D%/scenario/check.schema.json \
	%D%/scenario/facts.schema.json \
	%D%/scenario/survey.expected \
	%D%/scenario/survey.schema.json \
	%D%/scenario/survey_diff.schema.json \
	%D%/scenario/tlsrpt.schema.json \
	%D%/agree %D%/agree.list \
	%D%/scenario/tlsrpt_parsedmarc.schema.json \
	%D%/demo \
	%D%/demo-fleet \
	%D%/.clang-tidy \
	%D%/full \
	%D%/scenario/hours.c \
	%D%/lab \
	%D%/lint/proven.list \
	%D%/mutants %D%/mutants.list \
	%D%/scenario/death.c \
	%D%/scenario/moment.c \
	%D%/scenario/posternd.key \
	%D%/scenario/posternd.lua \
	%D%/package \
	%D%/release \
	%D%/scenario/python \
	%D%/scenario/sts_cache.lua \
	%D%/suite \
	%D%/scenario/under_load \
	%D%/tsan.supp \
	%D%/vectors.list

include %D%/model/local.mk
include %D%/fuzz/local.mk
include %D%/bench/local.mk
