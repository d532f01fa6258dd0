dist_man_MANS += %D%/postern.1 %D%/postern-destinations.5 \
	%D%/postern.conf.5 %D%/postern-header.7 %D%/postern-json.7 \
	%D%/postern-log.7 \
	%D%/posternd.8

sbin_PROGRAMS += %D%/posternd
bin_PROGRAMS += %D%/postern

%C%_posternd_SOURCES = \
	%D%/action.c %D%/action.h \
	%D%/callbacks.c %D%/callbacks.h \
	%D%/control.c %D%/control.h \
	%D%/control_answer.c %D%/control_answer.h \
	%D%/control_client.c %D%/control_client.h \
	%D%/control_peer.c %D%/control_peer.h \
	%D%/daemon.c %D%/daemon.h \
	%D%/downtime.c %D%/downtime.h \
	%D%/destinations.c %D%/destinations.h \
	%D%/figures.h \
	%D%/forged.c %D%/forged.h \
	%D%/host_name.c %D%/host_name.h \
	%D%/identity.c %D%/identity.h \
	%D%/item.c %D%/item.h \
	%D%/json.c %D%/json.h \
	%D%/libmilter.c \
	%D%/log.c %D%/log.h \
	%D%/main.c \
	%D%/notify.c %D%/notify.h \
	%D%/pid_file.c %D%/pid_file.h \
	%D%/reply.c %D%/reply.h \
	%D%/report.c %D%/report.h \
	%D%/require_tls.c %D%/require_tls.h \
	%D%/route.c %D%/route.h \
	%D%/service.c %D%/service.h \
	%D%/session.c %D%/session.h \
	%D%/settings.c %D%/settings.h \
	%D%/settings_list.c %D%/settings_list.h \
	%D%/socket.c %D%/socket.h \
	%D%/stats.c %D%/stats.h \
	%D%/sum.c %D%/sum.h \
	%D%/tag.c %D%/tag.h \
	%D%/value.c %D%/value.h
%C%_posternd_LDADD = $(COMMON_LIBS) $(JANSSON_LIBS) -lmilter

%C%_postern_SOURCES = \
	%D%/action.c %D%/action.h \
	%D%/advice.c %D%/advice.h \
	%D%/cli.h \
	%D%/cli_cache.c \
	%D%/cli_cached.c \
	%D%/cli_check.c \
	%D%/cli_daemon.c %D%/cli_daemon.h \
	%D%/cli_doctor.c \
	%D%/cli_engine.c %D%/cli_engine.h \
	%D%/cli_explain.c \
	%D%/cli_findings.c %D%/cli_findings.h \
	%D%/cli_json.c %D%/cli_json.h \
	%D%/cli_log.c %D%/cli_log.h \
	%D%/cli_main.c \
	%D%/cli_keys.c %D%/cli_keys.h \
	%D%/cli_near.c \
	%D%/cli_options.c %D%/cli_options.h \
	%D%/cli_own.c %D%/cli_own.h \
	%D%/cli_policy.c \
	%D%/cli_postfix.c %D%/cli_postfix.h \
	%D%/cli_print.c %D%/cli_print.h \
	%D%/cli_refusals.c \
	%D%/cli_rollover.h \
	%D%/cli_rollover_dns.c \
	%D%/cli_rollover_state.c \
	%D%/cli_rollover_view.c \
	%D%/cli_sight.c %D%/cli_sight.h \
	%D%/cli_steps.c %D%/cli_steps.h \
	%D%/cli_stats.c \
	%D%/cli_sts.c \
	%D%/cli_sts_lint.c \
	%D%/cli_sts_gen.c \
	%D%/cli_story.c %D%/cli_story.h \
	%D%/cli_survey.c %D%/cli_survey.h \
	%D%/cli_text.c %D%/cli_text.h \
	%D%/cli_tlsa.c \
	%D%/cli_tlsa_check.c %D%/cli_tlsa_check.h \
	%D%/cli_tlsa_gen.c \
	%D%/cli_tlsa_judge.c \
	%D%/cli_tlsa_plan.c \
	%D%/cli_tlsa_view.c \
	%D%/cli_view.h \
	%D%/destinations.c %D%/destinations.h \
	%D%/doctor.h \
	%D%/doctor_sendmail_cf.c %D%/doctor_sendmail_cf.h \
	%D%/doctor_way.c %D%/doctor_way.h \
	%D%/doctor_way_protocols.c \
	%D%/doctor_way_sendmail.c \
	%D%/doctor_askers.c %D%/doctor_askers.h \
	%D%/doctor_daemon.c \
	%D%/doctor_delivery.c \
	%D%/doctor_domains.c \
	%D%/doctor_edit.c %D%/doctor_edit.h \
	%D%/doctor_gaps.c \
	%D%/doctor_ground.c \
	%D%/doctor_hops.c %D%/doctor_hops.h \
	%D%/doctor_nexthop.c \
	%D%/doctor_postfix.c \
	%D%/doctor_resolver.c \
	%D%/doctor_sendmail.c \
	%D%/figures.h \
	%D%/gaps.c %D%/gaps.h \
	%D%/host_name.c %D%/host_name.h \
	%D%/identity.c %D%/identity.h \
	%D%/json.c %D%/json.h \
	%D%/logframe.c %D%/logframe.h \
	%D%/listener.c %D%/listener.h \
	%D%/logfile.c %D%/logfile.h \
	%D%/logline.c %D%/logline.h \
	%D%/postfix.c %D%/postfix.h \
	%D%/postfix_list.c %D%/postfix_list.h \
	%D%/process.c %D%/process.h \
	%D%/refusals.c %D%/refusals.h \
	%D%/rollover.c %D%/rollover.h \
	%D%/settings.c %D%/settings.h \
	%D%/settings_list.c %D%/settings_list.h \
	%D%/story.c %D%/story.h %D%/story_outcome.c \
	%D%/unasked.c %D%/unasked.h \
	%D%/value.c %D%/value.h
%C%_postern_LDADD = $(COMMON_LIBS) $(JANSSON_LIBS)
