dist_man_MANS += %D%/man/postern.1 %D%/man/postern-destinations.5 \
	%D%/man/postern.conf.5 %D%/man/postern-header.7 %D%/man/postern-json.7 \
	%D%/man/postern-map.5 \
	%D%/man/postern-log.7 \
	%D%/man/postern-fleet.7 \
	%D%/man/postern-tlsrpt.7 \
	%D%/man/posternd.8

sbin_PROGRAMS += %D%/posternd
bin_PROGRAMS += %D%/postern

# What both programs have
noinst_LIBRARIES += %D%/libpostern.a
%C%_libpostern_a_SOURCES = \
	%D%/act/action.c %D%/act/action.h \
	%D%/act/advice.c %D%/act/advice.h \
	%D%/act/advice_reason.c %D%/act/advice_words.h \
	%D%/act/map_request.c %D%/act/map_request.h \
	%D%/act/mta_finger.c \
	%D%/act/mta_line.c \
	%D%/act/mta_policy.c %D%/act/mta_policy.h \
	%D%/act/reply.c %D%/act/reply.h \
	%D%/act/requiretls.c %D%/act/requiretls.h \
	%D%/act/route.c %D%/act/route.h \
	%D%/act/tag.c %D%/act/tag.h \
	%D%/conf/destinations.c %D%/conf/destinations.h \
	%D%/conf/host_name.c %D%/conf/host_name.h \
	%D%/conf/setting_keywords.c %D%/conf/setting_keywords.h \
	%D%/conf/settings_load.c %D%/conf/settings.h \
	%D%/conf/settings_digest.c %D%/conf/settings_digest.h \
	%D%/conf/settings_engine.c %D%/conf/settings_engine.h \
	%D%/conf/settings_shared.c %D%/conf/settings_shared.h \
	%D%/conf/settings_reports.c %D%/conf/settings_reports.h \
	%D%/conf/settings_list.c %D%/conf/settings_list.h \
	%D%/conf/value_list.c \
	%D%/conf/value.c %D%/conf/value.h \
	%D%/view/facts_name.c %D%/view/facts_name.h \
	%D%/view/figures.c %D%/view/figures.h \
	%D%/view/html.c %D%/view/svg.c %D%/view/svg.h \
	%D%/view/http_request.c %D%/view/http_request.h \
	%D%/view/json_check.c %D%/view/json_check.h \
	%D%/view/json_facts.c %D%/view/json_facts.h \
	%D%/view/json_facts_read.c %D%/view/json_facts_words.c \
	%D%/view/json_measure.c %D%/view/json_measure.h \
	%D%/view/json_fleet.c %D%/view/json_fleet.h \
	%D%/view/json_put.c %D%/view/json_put.h \
	%D%/view/json_read.c %D%/view/json_read.h \
	%D%/view/json_request.c %D%/view/json_request.h \
	%D%/view/json_stats.c %D%/view/json_stats.h \
	%D%/view/json_tlsrpt.c %D%/view/json_tlsrpt.h \
	%D%/view/metric.c %D%/view/metric.h \
	%D%/view/metric_optional.c %D%/view/metric_optional.h \
	%D%/view/openmetrics.c %D%/view/openmetrics.h \
	%D%/view/sheet.c %D%/view/sheet.h \
	%D%/view/sheet_data.c %D%/view/sheet_markdown.c %D%/view/sheet_text.c

%C%_posternd_SOURCES = \
	%D%/daemon/arguments.c %D%/daemon/arguments.h \
	%D%/daemon/daemon.c %D%/daemon/daemon.h \
	%D%/daemon/loop.c %D%/daemon/loop.h \
	%D%/daemon/main.c \
	%D%/daemon/pid_file.c %D%/daemon/pid_file.h \
	%D%/daemon/reload.c %D%/daemon/reload.h \
	%D%/daemon/start.c %D%/daemon/start.h \
	%D%/daemon/stop.c %D%/daemon/stop.h \
	%D%/mta/callbacks.c %D%/mta/callbacks.h \
	%D%/mta/forged.c %D%/mta/forged.h \
	%D%/mta/recipient_group.c %D%/mta/recipient_group.h \
	%D%/mta/libmilter.c \
	%D%/mta/session.c %D%/mta/session.h \
	%D%/mta/message_outcome.c %D%/mta/message_outcome.h \
	%D%/mta/waiver.c %D%/mta/waiver.h \
	%D%/serve/control.c %D%/serve/control.h \
	%D%/serve/control_answer.c %D%/serve/control_answer.h \
	%D%/serve/control_fleet.c %D%/serve/control_fleet.h \
	%D%/serve/control_connection.c %D%/serve/control_connection.h \
	%D%/serve/control_peer.c %D%/serve/control_peer.h \
	%D%/serve/downtime.c %D%/serve/downtime.h \
	%D%/serve/facts_folder.c %D%/serve/facts_folder.h \
	%D%/serve/facts_keeper.c %D%/serve/facts_keeper.h \
	%D%/serve/handed.c %D%/serve/handed.h \
	%D%/serve/listener.c %D%/serve/listener.h \
	%D%/serve/loop.c %D%/serve/loop.h \
	%D%/serve/log.c %D%/serve/log.h \
	%D%/serve/map_answers.c %D%/serve/map_answers.h \
	%D%/serve/map_asking.c %D%/serve/map_asking.h \
	%D%/serve/map_client.c %D%/serve/map_client.h \
	%D%/serve/map_handover.c %D%/serve/map_handover.h \
	%D%/serve/map_replies.c %D%/serve/map_replies.h \
	%D%/serve/map_report.c %D%/serve/map_report.h \
	%D%/serve/metrics.c %D%/serve/metrics.h \
	%D%/serve/notify.c %D%/serve/notify.h \
	%D%/serve/report.c %D%/serve/report.h \
	%D%/serve/report_line.c %D%/serve/report_line.h \
	%D%/serve/own_mail.c %D%/serve/own_mail.h \
	%D%/serve/recent.c %D%/serve/recent.h \
	%D%/serve/service.c %D%/serve/service.h \
	%D%/serve/sharing.c %D%/serve/sharing.h \
	%D%/serve/socket.c %D%/serve/socket.h \
	%D%/serve/stats.c %D%/serve/stats.h \
	%D%/serve/tally.c %D%/serve/tally.h \
	%D%/serve/trace.c %D%/serve/trace.h \
	%D%/tlsrpt/book.c %D%/tlsrpt/book.h \
	%D%/tlsrpt/collect.c %D%/tlsrpt/collect.h \
	%D%/tlsrpt/counted_report.c %D%/tlsrpt/counted_report.h \
	%D%/tlsrpt/courier.c %D%/tlsrpt/courier.h \
	%D%/tlsrpt/delivery.c %D%/tlsrpt/delivery.h \
	%D%/tlsrpt/due.c %D%/tlsrpt/due.h \
	%D%/tlsrpt/maker.c %D%/tlsrpt/maker.h \
	%D%/tlsrpt/outcome_line.c %D%/tlsrpt/outcome_line.h \
	%D%/tlsrpt/pace.c %D%/tlsrpt/pace.h \
	%D%/tlsrpt/sender.c %D%/tlsrpt/sender.h \
	%D%/tlsrpt/datagram.c %D%/tlsrpt/datagram.h \
	%D%/tlsrpt/day_clock.c %D%/tlsrpt/day_clock.h \
	%D%/tlsrpt/day_end.c %D%/tlsrpt/day_end.h \
	%D%/tlsrpt/day_report.c %D%/tlsrpt/day_report.h \
	%D%/tlsrpt/inbox.c %D%/tlsrpt/inbox.h \
	%D%/tlsrpt/inbox_tries.c %D%/tlsrpt/inbox_tries.h \
	%D%/tlsrpt/intake.c %D%/tlsrpt/intake.h \
	%D%/tlsrpt/losses.c %D%/tlsrpt/losses.h \
	%D%/tlsrpt/own_sessions.c %D%/tlsrpt/own_sessions.h \
	%D%/tlsrpt/relays.c %D%/tlsrpt/relays.h \
	%D%/tlsrpt/so_far.c %D%/tlsrpt/so_far.h \
	%D%/tlsrpt/teller.c %D%/tlsrpt/teller.h \
	%D%/tlsrpt/tested.c %D%/tlsrpt/tested.h
%C%_posternd_LDADD = %D%/libpostern.a $(COMMON_LIBS) $(JANSSON_LIBS) -lmilter

%C%_postern_SOURCES = \
	%D%/cli/advise/advise.c \
	%D%/cli/advise/checklist.c %D%/cli/advise/checklist.h \
	%D%/cli/advise/checklist_bsi.c \
	%D%/cli/advise/checklist_nl.c \
	%D%/cli/advise/checklist_rfc.c \
	%D%/cli/advise/checklist_sending.c \
	%D%/cli/advise/checklist_tests.c \
	%D%/cli/advise/groups.c %D%/cli/advise/groups.h \
	%D%/cli/advise/look.c %D%/cli/advise/look.h \
	%D%/cli/advise/look_back.c \
	%D%/cli/advise/look_chain.c \
	%D%/cli/advise/plan.h \
	%D%/cli/advise/plan_dane.c %D%/cli/advise/plan_make.c \
	%D%/cli/advise/plan_mend.c \
	%D%/cli/advise/plan_parts.h \
	%D%/cli/advise/providers.c %D%/cli/advise/providers.h \
	%D%/cli/advise/report.c %D%/cli/advise/report.h \
	%D%/cli/advise/report_json.c \
	%D%/cli/advise/scenario.c %D%/cli/advise/scenario.h \
	%D%/cli/advise/sending.c %D%/cli/advise/sending.h \
	%D%/cli/advise/sending_report.c \
	%D%/cli/advise/sending_report.h \
	%D%/cli/advise/several.c %D%/cli/advise/several.h \
	%D%/cli/advise/sight.c %D%/cli/advise/sight.h \
	%D%/cli/cache.c \
	%D%/cli/check/cached.c \
	%D%/cli/check/check.c \
	%D%/cli/check/judge.c \
	%D%/cli/check/json.c %D%/cli/check/json.h \
	%D%/cli/check/sight.c %D%/cli/check/sight.h \
	%D%/cli/check/steps.c %D%/cli/check/steps.h \
	%D%/cli/check/survey.c %D%/cli/check/survey.h \
	%D%/cli/check/text.c %D%/cli/check/text.h \
	%D%/cli/check/view.h \
	%D%/cli/cli.h \
	%D%/cli/daemon.c %D%/cli/daemon.h \
	%D%/cli/doctor/doctor.c %D%/cli/doctor/doctor.h \
	%D%/cli/doctor/doctor_ciphers.c %D%/cli/doctor/doctor_ciphers.h \
	%D%/cli/doctor/doctor_connect.c %D%/cli/doctor/doctor_connect.h \
	%D%/cli/doctor/doctor_contact.c %D%/cli/doctor/doctor_connect.h \
	%D%/cli/doctor/doctor_daemon.c \
	%D%/cli/doctor/doctor_delivery.c %D%/cli/doctor/doctor_delivery.h \
	%D%/cli/doctor/doctor_domains.c \
	%D%/cli/doctor/doctor_edit.c %D%/cli/doctor/doctor_edit.h \
	%D%/cli/doctor/doctor_finding.c %D%/cli/doctor/doctor_finding.h \
	%D%/cli/doctor/doctor_gaps.c \
	%D%/cli/doctor/doctor_ground.c \
	%D%/cli/doctor/doctor_hops.c %D%/cli/doctor/doctor_hops.h \
	%D%/cli/doctor/doctor_manner.c \
	%D%/cli/doctor/doctor_map.c %D%/cli/doctor/doctor_map.h \
	%D%/cli/doctor/doctor_map_reach.c \
	%D%/cli/doctor/doctor_metrics.c \
	%D%/cli/doctor/doctor_nexthop.c \
	%D%/cli/doctor/doctor_policy.c \
	%D%/cli/doctor/doctor_postfix.c \
	%D%/cli/doctor/doctor_resolver.c \
	%D%/cli/doctor/doctor_shared.c \
	%D%/cli/doctor/doctor_sendmail.c \
	%D%/cli/doctor/doctor_sendmail_cf.c \
	%D%/cli/doctor/doctor_sendmail_cf.h \
	%D%/cli/doctor/doctor_sendmail_tls.c \
	%D%/cli/doctor/doctor_socket.c \
	%D%/cli/doctor/sendmail_filters.c \
	%D%/cli/doctor/sendmail_filters.h \
	%D%/cli/doctor/doctor_tlsrpt.c \
	%D%/cli/doctor/doctor_way.c %D%/cli/doctor/doctor_way.h \
	%D%/cli/doctor/doctor_way_ciphers.c \
	%D%/cli/doctor/doctor_way_protocols.c \
	%D%/cli/doctor/doctor_way_sendmail.c \
	%D%/cli/engine.c %D%/cli/engine.h \
	%D%/cli/findings.c %D%/cli/findings.h \
	%D%/cli/form.c %D%/cli/form.h \
	%D%/cli/fleet/key.c %D%/cli/fleet/show.c %D%/cli/fleet/status.c \
	%D%/cli/host/askers.c %D%/cli/host/askers.h \
	%D%/cli/host/listener.c %D%/cli/host/listener.h \
	%D%/cli/host/milter_edit.c %D%/cli/host/milter_edit.h \
	%D%/cli/host/postfix.c %D%/cli/host/postfix.h \
	%D%/cli/host/postfix_list.c %D%/cli/host/postfix_list.h \
	%D%/cli/host/postfix_map.c %D%/cli/host/postfix_map.h \
	%D%/cli/log/explain.c \
	%D%/cli/log/gaps.c %D%/cli/log/gaps.h \
	%D%/cli/log/logfile.c %D%/cli/log/logfile.h \
	%D%/cli/log/logframe.c %D%/cli/log/logframe.h \
	%D%/cli/log/logline.c %D%/cli/log/logline.h \
	%D%/cli/log/logline_delivery.c \
	%D%/cli/log/refusals.c %D%/cli/log/refusals.h \
	%D%/cli/log/refusals_view.c \
	%D%/cli/log/rotated.c %D%/cli/log/rotated.h \
	%D%/cli/log/seen.c %D%/cli/log/seen.h \
	%D%/cli/log/source.c %D%/cli/log/source.h \
	%D%/cli/log/story.c %D%/cli/log/story.h \
	%D%/cli/log/story_outcome.c \
	%D%/cli/log/story_view.c %D%/cli/log/story_view.h \
	%D%/cli/log/unasked.c %D%/cli/log/unasked.h \
	%D%/cli/main.c \
	%D%/cli/near.c \
	%D%/cli/options.c %D%/cli/options.h \
	%D%/cli/options_value.c \
	%D%/cli/output.c %D%/cli/output.h \
	%D%/cli/policy.c \
	%D%/cli/print.c %D%/cli/print.h \
	%D%/cli/progress.c %D%/cli/progress.h \
	%D%/cli/publish/keys.c %D%/cli/publish/keys.h \
	%D%/cli/publish/own.c %D%/cli/publish/own.h \
	%D%/cli/publish/rollover.c %D%/cli/publish/rollover.h \
	%D%/cli/publish/rollover_dns.c \
	%D%/cli/publish/rollover_look.h \
	%D%/cli/publish/rollover_state.c \
	%D%/cli/publish/rollover_view.c \
	%D%/cli/publish/sts_check.c \
	%D%/cli/publish/sts_gen.c %D%/cli/publish/sts_gen.h \
	%D%/cli/publish/sts_gen_look.c \
	%D%/cli/publish/sts_lint.c \
	%D%/cli/publish/tlsa_check.c %D%/cli/publish/tlsa_check.h \
	%D%/cli/publish/tlsa_gen.c \
	%D%/cli/publish/tlsa_judge.c \
	%D%/cli/publish/tlsa_match.c \
	%D%/cli/publish/tlsa_plan.c \
	%D%/cli/publish/tlsa_view.c \
	%D%/cli/review/beside.c \
	%D%/cli/review/domains.c %D%/cli/review/domains.h \
	%D%/cli/review/event.c %D%/cli/review/event.h \
	%D%/cli/review/join.c \
	%D%/cli/review/messages.c %D%/cli/review/messages.h \
	%D%/cli/review/names.c %D%/cli/review/names.h \
	%D%/cli/review/report.c %D%/cli/review/report.h \
	%D%/cli/review/report_answer.c \
	%D%/cli/review/report_decided.c \
	%D%/cli/review/report_failing.c \
	%D%/cli/review/report_forecast.c \
	%D%/cli/review/report_ours.c \
	%D%/cli/review/report_would.c \
	%D%/cli/review/review.c %D%/cli/review/review.h \
	%D%/cli/review/sets.c %D%/cli/review/sets.h \
	%D%/cli/review/verb.c \
	%D%/cli/review/when.c \
	%D%/cli/review/would.c \
	%D%/cli/setup/setup.c %D%/cli/setup/setup.h \
	%D%/cli/setup/setup_apply.c %D%/cli/setup/setup_apply.h \
	%D%/cli/setup/setup_do.c %D%/cli/setup/setup_do.h \
	%D%/cli/setup/setup_journal.c %D%/cli/setup/setup_journal.h \
	%D%/cli/setup/setup_plan.c %D%/cli/setup/setup_plan.h \
	%D%/cli/setup/setup_text.c %D%/cli/setup/setup_text.h \
	%D%/cli/setup/setup_trial.c %D%/cli/setup/setup_trial.h \
	%D%/cli/setup/setup_view.c %D%/cli/setup/setup_view.h \
	%D%/cli/setup/setup_conf.c \
	%D%/cli/setup/setup_diff.c \
	%D%/cli/setup/setup_place.c \
	%D%/cli/setup/setup_postfix.c \
	%D%/cli/setup/setup_sendmail.c \
	%D%/cli/setup/setup_unit.c \
	%D%/cli/setup/setup_verb.c \
	%D%/cli/stats.c \
	%D%/cli/tlsrpt/counted.c \
	%D%/cli/tlsrpt/authres.c %D%/cli/tlsrpt/authres.h \
	%D%/cli/tlsrpt/inbox.c %D%/cli/tlsrpt/inbox.h \
	%D%/cli/tlsrpt/mail.c %D%/cli/tlsrpt/mail.h \
	%D%/cli/tlsrpt/mailbox.c %D%/cli/tlsrpt/mailbox.h \
	%D%/cli/tlsrpt/mending.c %D%/cli/tlsrpt/mending.h \
	%D%/cli/tlsrpt/message_scan.c %D%/cli/tlsrpt/message_scan.h \
	%D%/cli/tlsrpt/read.c \
	%D%/cli/tlsrpt/sample.c %D%/cli/tlsrpt/sample.h \
	%D%/cli/tlsrpt/test.c \
	%D%/cli/tlsrpt/reading.c %D%/cli/tlsrpt/reading.h \
	%D%/cli/tlsrpt/reading_find.c \
	%D%/cli/tlsrpt/totals.c %D%/cli/tlsrpt/totals.h \
	%D%/cli/tlsrpt/totals_end.c \
	%D%/cli/tlsrpt/view_csv.c %D%/cli/tlsrpt/view_html.c \
	%D%/cli/tlsrpt/view_json.c %D%/cli/tlsrpt/view_text.c \
	%D%/cli/tlsrpt/views.c %D%/cli/tlsrpt/views.h \
	%D%/cli/verbs.c %D%/cli/verbs.h \
	%D%/cli/survey/asking.c %D%/cli/survey/asking.h \
	%D%/cli/survey/attempts.c %D%/cli/survey/attempts.h \
	%D%/cli/survey/change.c %D%/cli/survey/change.h \
	%D%/cli/survey/diff.c %D%/cli/survey/diff.h \
	%D%/cli/survey/diff_verb.c \
	%D%/cli/survey/exclude.c %D%/cli/survey/exclude.h \
	%D%/cli/survey/explaining.c %D%/cli/survey/explaining.h \
	%D%/cli/survey/export.c \
	%D%/cli/survey/fetch_code.c %D%/cli/survey/fetch_code.h \
	%D%/cli/survey/further.c %D%/cli/survey/further.h \
	%D%/cli/survey/host_lines.c %D%/cli/survey/host_lines.h \
	%D%/cli/survey/import.c %D%/cli/survey/import.h \
	%D%/cli/survey/import_log.c \
	%D%/cli/survey/names.c %D%/cli/survey/names.h \
	%D%/cli/survey/open.c \
	%D%/cli/survey/pairs.c %D%/cli/survey/pairs.h \
	%D%/cli/survey/probing.c %D%/cli/survey/probing.h \
	%D%/cli/survey/record.c %D%/cli/survey/record.h \
	%D%/cli/survey/report.c %D%/cli/survey/report_brief.c \
	%D%/cli/survey/report_count.c %D%/cli/survey/report_count.h \
	%D%/cli/survey/report_ends.c %D%/cli/survey/report_places.c \
	%D%/cli/survey/report_published.c \
	%D%/cli/survey/report_notes.c \
	%D%/cli/survey/survey.h \
	%D%/cli/survey/verbs.c \
	%D%/cli/watch/status.c %D%/cli/watch/top.c %D%/cli/watch/top.h \
	%D%/cli/watch/top_draw.c \
	%D%/cli/watch/watch.c %D%/cli/watch/watch.h
%C%_postern_LDADD = %D%/libpostern.a $(COMMON_LIBS) $(JANSSON_LIBS) $(GMIME_LIBS)
