TEST_EXTENSIONS = .t
T_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = \
	POSTERN_BUILDDIR='$(abs_top_builddir)'; export POSTERN_BUILDDIR; \
	POSTERN_SRCDIR='$(abs_top_srcdir)'; export POSTERN_SRCDIR;

UNIT_TESTS = \
	%D%/action.t \
	%D%/address.t \
	%D%/anchor.t \
	%D%/cache.t \
	%D%/certname.t \
	%D%/conf.t \
	%D%/dane_match.t \
	%D%/der.t \
	%D%/destinations.t \
	%D%/dns.t \
	%D%/dns_system.t \
	%D%/domain.t \
	%D%/downtime.t \
	%D%/engine.t \
	%D%/gaps.t \
	%D%/forbidden_address.t \
	%D%/hops.t \
	%D%/tried.t \
	%D%/host_case.t \
	%D%/https.t \
	%D%/json.t \
	%D%/judge.t \
	%D%/log.t \
	%D%/logline.t \
	%D%/nat64.t \
	%D%/nexthop.t \
	%D%/policies.t \
	%D%/pool.t \
	%D%/postfix_list.t \
	%D%/process.t \
	%D%/outbound.t \
	%D%/report.t \
	%D%/rollover.t \
	%D%/session.t \
	%D%/settings.t \
	%D%/smtp.t \
	%D%/smtp_reply.t \
	%D%/stale.t \
	%D%/store.t \
	%D%/story.t \
	%D%/sts_policy.t \
	%D%/sts_record.t \
	%D%/tag.t \
	%D%/text.t \
	%D%/tls_beyond.t \
	%D%/tls_watch.t \
	%D%/tlsa.t \
	%D%/translation.t \
	%D%/wire.t \
	%D%/x509.t \
	%D%/x509_effort.t \
	%D%/x509_key.t

check_PROGRAMS = $(UNIT_TESTS)
# With servers of the lab: under "bootstrap check" once, with sanitizers
LAB_TESTS = \
	%D%/agree.t \
	%D%/beside.t \
	%D%/check.t \
	%D%/control.t \
	%D%/doctor.t \
	%D%/doctor_way.t \
	%D%/e2e.t \
	%D%/explain.t \
	%D%/fairness.t \
	%D%/faults.t \
	%D%/filters.t \
	%D%/mta.t \
	%D%/mta_life.t \
	%D%/peers.t \
	%D%/postfix.t \
	%D%/probe.t \
	%D%/remembered.t \
	%D%/requiretls.t \
	%D%/sts_cache.t \
	%D%/tools.t \
	%D%/vectors.t \
	%D%/verbs.t
# Of the source, the build and its programs alone
BUILD_TESTS = \
	%D%/bootstrap.t \
	%D%/cli.t \
	%D%/docs.t \
	%D%/hardening.t \
	%D%/lint/lint.t \
	%D%/machine.t \
	%D%/posternd.t \
	%D%/systemd.t
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

LDADD = milter/libpostern.a $(COMMON_LIBS) $(CMOCKA_LIBS)

%C%_action_t_SOURCES = %D%/action.c %D%/tap.h
%C%_address_t_SOURCES = %D%/address.c %D%/tap.h
%C%_anchor_t_SOURCES = %D%/anchor.c %D%/tap.h
%C%_cache_t_SOURCES = %D%/cache.c %D%/tap.h
%C%_certname_t_SOURCES = %D%/certname.c %D%/tap.h
%C%_conf_t_SOURCES = %D%/conf.c %D%/tap.h
%C%_dane_match_t_SOURCES = %D%/dane_match.c %D%/certs.c %D%/certs.h \
	%D%/tap.h
%C%_der_t_SOURCES = %D%/der.c %D%/tap.h
%C%_destinations_t_SOURCES = %D%/destinations.c %D%/tap.h
%C%_dns_t_SOURCES = %D%/dns.c %D%/tap.h
%C%_dns_system_t_SOURCES = %D%/dns_system.c %D%/tap.h
%C%_domain_t_SOURCES = %D%/domain.c %D%/tap.h
%C%_downtime_t_SOURCES = %D%/downtime.c %D%/tap.h milter/serve/downtime.c
%C%_engine_t_SOURCES = %D%/engine.c %D%/certs.c %D%/certs.h %D%/tap.h
%C%_gaps_t_SOURCES = %D%/gaps.c %D%/tap.h milter/cli/log/gaps.c \
	milter/cli/log/unasked.c milter/cli/log/logline.c \
	milter/cli/log/logframe.c
%C%_forbidden_address_t_SOURCES = %D%/forbidden_address.c %D%/tap.h
%C%_hops_t_SOURCES = %D%/hops.c %D%/tap.h
%C%_tried_t_SOURCES = %D%/tried.c %D%/tap.h
%C%_host_case_t_SOURCES = %D%/host_case.c %D%/tap.h
%C%_https_t_SOURCES = %D%/https.c %D%/tlsd.c %D%/tlsd.h %D%/costly.c \
	%D%/costly.h %D%/tap.h
%C%_json_t_SOURCES = %D%/json.c %D%/tap.h
%C%_json_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_judge_t_SOURCES = %D%/judge.c %D%/certs.c %D%/certs.h %D%/tap.h
%C%_log_t_SOURCES = %D%/log.c %D%/tap.h milter/serve/log.c
%C%_logline_t_SOURCES = %D%/logline.c %D%/tap.h milter/cli/log/logline.c \
	milter/cli/log/logframe.c
%C%_nat64_t_SOURCES = %D%/nat64.c %D%/tap.h
%C%_nexthop_t_SOURCES = %D%/nexthop.c %D%/tap.h
%C%_policies_t_SOURCES = %D%/policies.c %D%/tap.h
%C%_pool_t_SOURCES = %D%/pool.c %D%/tap.h
%C%_postfix_list_t_SOURCES = %D%/postfix_list.c %D%/tap.h \
	milter/cli/doctor/postfix_list.c
%C%_process_t_SOURCES = %D%/process.c %D%/tap.h
%C%_outbound_t_SOURCES = %D%/outbound.c %D%/tap.h
%C%_report_t_SOURCES = %D%/report.c %D%/tap.h milter/serve/report.c \
	milter/serve/log.c
%C%_rollover_t_SOURCES = %D%/rollover.c %D%/tap.h \
	milter/cli/publish/rollover.c
%C%_session_t_SOURCES = %D%/session.c %D%/tap.h milter/mta/session.c \
	milter/mta/forged.c milter/mta/recipient_group.c milter/mta/message_outcome.c
%C%_settings_t_SOURCES = %D%/settings.c %D%/tap.h
%C%_smtp_t_SOURCES = %D%/smtp.c %D%/tlsd.c %D%/tlsd.h %D%/costly.c \
	%D%/costly.h %D%/tap.h
%C%_smtp_reply_t_SOURCES = %D%/smtp_reply.c %D%/tap.h
%C%_stale_t_SOURCES = %D%/stale.c %D%/tap.h
%C%_store_t_SOURCES = %D%/store.c %D%/tap.h
%C%_story_t_SOURCES = %D%/story.c %D%/tap.h milter/cli/log/story.c \
	milter/cli/log/story_outcome.c milter/cli/log/unasked.c \
	milter/cli/log/refusals.c milter/cli/log/logline.c \
	milter/cli/log/logframe.c
%C%_sts_policy_t_SOURCES = %D%/sts_policy.c %D%/tap.h
%C%_sts_record_t_SOURCES = %D%/sts_record.c %D%/tap.h
%C%_tag_t_SOURCES = %D%/tag.c %D%/tap.h
%C%_text_t_SOURCES = %D%/text.c %D%/tap.h
%C%_tls_beyond_t_SOURCES = %D%/tls_beyond.c %D%/tap.h
%C%_tls_watch_t_SOURCES = %D%/tls_watch.c %D%/tlsd.c %D%/tlsd.h %D%/costly.c \
	%D%/costly.h %D%/tap.h
%C%_tlsa_t_SOURCES = %D%/tlsa.c %D%/certs.c %D%/certs.h %D%/tap.h
%C%_translation_t_SOURCES = %D%/translation.c %D%/tap.h
%C%_wire_t_SOURCES = %D%/wire.c %D%/tap.h
%C%_x509_t_SOURCES = %D%/x509.c %D%/certs.c %D%/certs.h %D%/tap.h
%C%_x509_effort_t_SOURCES = %D%/x509_effort.c %D%/certs.c %D%/certs.h \
	%D%/tap.h
%C%_x509_key_t_SOURCES = %D%/x509_key.c %D%/certs.c %D%/certs.h %D%/tap.h

EXTRA_DIST += \
	%D%/agree \
	%D%/beside \
	%D%/check \
	%D%/check.expected \
	%D%/check.schema.json \
	%D%/control \
	%D%/demo \
	%D%/docs \
	%D%/doctor \
	%D%/doctor_way \
	%D%/explain \
	%D%/fairness \
	%D%/faults \
	%D%/.clang-tidy \
	%D%/filters \
	%D%/full \
	%D%/hours.c \
	%D%/lab \
	%D%/machine \
	%D%/moment.c \
	%D%/mta \
	%D%/mta_life \
	%D%/peers \
	%D%/postfix \
	%D%/posternd.key \
	%D%/posternd.lua \
	%D%/probe \
	%D%/release \
	%D%/remembered \
	%D%/requiretls \
	%D%/sts_cache \
	%D%/sts_cache.lua \
	%D%/suite \
	%D%/tools \
	%D%/tsan.supp \
	%D%/vectors \
	%D%/vectors.list \
	%D%/verbs

include %D%/fuzz/local.mk
include %D%/bench/local.mk
