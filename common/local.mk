noinst_LIBRARIES += %D%/libcommon.a

%C%_libcommon_a_SOURCES = \
	%D%/base/base64.c %D%/base/base64.h \
	%D%/base/cache.c %D%/base/cache.h \
	%D%/base/cache_budget.c %D%/base/cache_budget.h \
	%D%/base/cache_index.c %D%/base/cache_index.h \
	%D%/base/cache_parts.h \
	%D%/base/cache_walk.c \
	%D%/base/clock.c %D%/base/clock.h \
	%D%/base/conf.c %D%/base/conf.h \
	%D%/base/err.c %D%/base/err.h \
	%D%/base/identity.c %D%/base/identity.h \
	%D%/base/limits.h \
	%D%/base/lock.c %D%/base/lock.h \
	%D%/base/parking.c %D%/base/parking.h \
	%D%/base/own.h \
	%D%/base/pool.c %D%/base/pool.h \
	%D%/base/process.c %D%/base/process.h \
	%D%/base/standard.c %D%/base/standard.h \
	%D%/base/counts.c %D%/base/counts.h \
	%D%/base/text.c %D%/base/text.h \
	%D%/base/wire.c %D%/base/wire.h \
	%D%/base/xalloc.c %D%/base/xalloc.h \
	%D%/proto/address.c %D%/proto/address.h \
	%D%/proto/anchor.c %D%/proto/anchor.h \
	%D%/proto/certname.c %D%/proto/certname.h \
	%D%/proto/dane_match.c %D%/proto/dane_match.h \
	%D%/proto/der.c %D%/proto/der.h \
	%D%/proto/domain.c %D%/proto/domain.h \
	%D%/proto/gzip.c %D%/proto/gzip.h \
	%D%/proto/header_field.c %D%/proto/header_field.h \
	%D%/proto/nat64.c %D%/proto/nat64.h \
	%D%/proto/nexthop.c %D%/proto/nexthop.h \
	%D%/proto/resp.c %D%/proto/resp.h \
	%D%/proto/shared_fields.c %D%/proto/shared_fields.h \
	%D%/proto/shared_finding.c %D%/proto/shared_finding.h \
	%D%/proto/shared_record.c %D%/proto/shared_record.h \
	%D%/proto/shared_value.c %D%/proto/shared_value.h \
	%D%/proto/smtp_reply.c %D%/proto/smtp_reply.h \
	%D%/proto/public_suffix.c %D%/proto/public_suffix.h \
	%D%/proto/sts_field.c %D%/proto/sts_field.h \
	%D%/proto/sts_policy.c %D%/proto/sts_policy.h \
	%D%/proto/sts_record.c %D%/proto/sts_record.h \
	%D%/proto/tlsrpt_record.c %D%/proto/tlsrpt_record.h \
	%D%/proto/tlsrpt_session.c %D%/proto/tlsrpt_session.h \
	%D%/proto/tlsa.c %D%/proto/tlsa.h \
	%D%/proto/tlsrpt_message.c %D%/proto/tlsrpt_message.h \
	%D%/proto/tlsrpt_hints.c %D%/proto/tlsrpt_hints.h \
	%D%/proto/tlsrpt_json.c %D%/proto/tlsrpt_json.h \
	%D%/proto/tlsrpt_normal.c \
	%D%/proto/tlsrpt_parse.c %D%/proto/tlsrpt_parse.h \
	%D%/proto/tlsrpt_policy.c \
	%D%/proto/tlsrpt_report.c %D%/proto/tlsrpt_report.h \
	%D%/proto/tlsrpt_value.c \
	%D%/proto/tlsrpt_result.c %D%/proto/tlsrpt_result.h \
	%D%/proto/x509.c %D%/proto/x509.h \
	%D%/proto/x509_cert.c %D%/proto/x509_cert.h \
	%D%/proto/x509_effort.c %D%/proto/x509_effort.h \
	%D%/proto/x509_key.c %D%/proto/x509_key.h \
	%D%/proto/x509_parts.c %D%/proto/x509_parts.h \
	%D%/proto/x509_path.c %D%/proto/x509_path.h \
	%D%/proto/x509_status.c %D%/proto/x509_status.h \
	%D%/judge/action.c %D%/judge/action.h \
	%D%/judge/chain.c %D%/judge/chain.h \
	%D%/judge/enforce.c %D%/judge/enforce.h \
	%D%/judge/enforcement.c %D%/judge/enforcement.h \
	%D%/judge/facts.c %D%/judge/facts.h \
	%D%/judge/findings.c %D%/judge/findings.h \
	%D%/judge/findings_memo.c %D%/judge/findings_memo.h \
	%D%/judge/hops.c %D%/judge/hops.h \
	%D%/judge/host.c %D%/judge/host.h \
	%D%/judge/host_address.c %D%/judge/host_address.h \
	%D%/judge/host_case.c %D%/judge/host_case.h \
	%D%/judge/host_walk.c %D%/judge/host_walk.h \
	%D%/judge/joint_demand.c %D%/judge/joint_demand.h \
	%D%/judge/judge.c %D%/judge/judge.h \
	%D%/judge/level_answer.c %D%/judge/level_answer.h \
	%D%/judge/outlook.c %D%/judge/outlook.h \
	%D%/judge/put_off.c %D%/judge/put_off.h \
	%D%/judge/reasons.c %D%/judge/reasons.h \
	%D%/judge/requiretls.c %D%/judge/requiretls.h \
	%D%/judge/rules.c %D%/judge/rules.h \
	%D%/judge/standing.c %D%/judge/standing.h %D%/judge/standing_words.c \
	%D%/judge/terms.c %D%/judge/terms.h \
	%D%/judge/stale.c %D%/judge/stale.h \
	%D%/judge/tls_sessions.c %D%/judge/tls_sessions.h \
	%D%/judge/tried.c %D%/judge/tried.h \
	%D%/judge/verdict.c %D%/judge/verdict.h \
	%D%/judge/verdict_life.c %D%/judge/verdict_life.h \
	%D%/io/dns.c %D%/io/dns.h \
	%D%/io/dns_algorithms.c %D%/io/dns_algorithms.h \
	%D%/io/dns_answer.c %D%/io/dns_answer.h \
	%D%/io/dns_embedded.c %D%/io/dns_embedded.h \
	%D%/io/dns_exchange.c %D%/io/dns_exchange.h \
	%D%/io/dns_insecure.c %D%/io/dns_insecure.h \
	%D%/io/dns_nameserver.c %D%/io/dns_nameserver.h \
	%D%/io/dns_options.h \
	%D%/io/dns_pace.c %D%/io/dns_pace.h \
	%D%/io/dns_packet.c %D%/io/dns_packet.h \
	%D%/io/dns_pending.c %D%/io/dns_pending.h \
	%D%/io/dns_plain.c %D%/io/dns_plain.h \
	%D%/io/dns_rdata.c %D%/io/dns_rdata.h \
	%D%/io/dns_request.c %D%/io/dns_request.h \
	%D%/io/dns_servers.c %D%/io/dns_servers.h \
	%D%/io/dns_sockets.c %D%/io/dns_sockets.h \
	%D%/io/dns_system.c %D%/io/dns_system.h \
	%D%/io/dns_unbound.c %D%/io/dns_unbound.h \
	%D%/io/dns_unvalidated.c %D%/io/dns_unvalidated.h \
	%D%/io/dns_text.c %D%/io/dns_text.h \
	%D%/io/dns_window.c %D%/io/dns_window.h \
	%D%/io/mailer.c %D%/io/mailer.h \
	%D%/io/pacing.c %D%/io/pacing.h \
	%D%/io/reachable.c %D%/io/reachable.h \
	%D%/io/forbidden_address.c %D%/io/forbidden_address.h \
	%D%/io/https.c %D%/io/https.h \
	%D%/io/shared_ask.c %D%/io/shared.h %D%/io/shared_inside.h \
	%D%/io/shared_answer.c \
	%D%/io/shared_address.c %D%/io/shared_address.h \
	%D%/io/shared_link.c %D%/io/shared_link.h \
	%D%/io/shared_login.c %D%/io/shared_login.h \
	%D%/io/shared_lookup.c %D%/io/shared_lookup.h \
	%D%/io/shared_run.c %D%/io/shared_serve.c \
	%D%/io/smtp.c %D%/io/smtp.h \
	%D%/io/smtp_session.c %D%/io/smtp_session.h \
	%D%/io/smtp_socket.c %D%/io/smtp_socket.h \
	%D%/io/smtp_step.c %D%/io/smtp_step.h \
	%D%/io/store.c %D%/io/store.h \
	%D%/io/store_db.c %D%/io/store_db.h \
	%D%/io/store_flip.c %D%/io/store_flip.h \
	%D%/io/store_file.c %D%/io/store_file.h \
	%D%/io/store_schema.c %D%/io/store_schema.h \
	%D%/io/store_outbox.c %D%/io/store_outbox.h \
	%D%/io/store_policy.c %D%/io/store_policy.h \
	%D%/io/store_sql.c %D%/io/store_sql.h \
	%D%/io/store_survey_probes.c %D%/io/store_survey_probes.h \
	%D%/io/store_survey.c %D%/io/store_survey.h \
	%D%/io/store_survey_fields.c %D%/io/store_survey_fields.h \
	%D%/io/store_survey_schema.c %D%/io/store_survey_schema.h \
	%D%/io/store_survey_check.c %D%/io/store_survey_check.h \
	%D%/io/store_survey_inferred.c %D%/io/store_survey_inferred.h \
	%D%/io/store_survey_words.c %D%/io/store_survey_words.h \
	%D%/io/store_survey_hosts.c %D%/io/store_survey_hosts.h \
	%D%/io/store_survey_diff.c %D%/io/store_survey_diff.h \
	%D%/io/store_table.c %D%/io/store_table.h \
	%D%/io/store_tlsrpt.c %D%/io/store_tlsrpt.h \
	%D%/io/store_tlsrpt_add.c %D%/io/store_tlsrpt_read.c \
	%D%/io/store_tlsrpt_table.h \
	%D%/io/tlsrpt_tally.c %D%/io/tlsrpt_tally.h \
	%D%/io/tls_beyond.c %D%/io/tls_beyond.h \
	%D%/io/tls_client.c %D%/io/tls_client.h \
	%D%/io/tls_watch.c %D%/io/tls_watch.h \
	%D%/io/translation.c %D%/io/translation.h \
	%D%/io/unbound_context.c %D%/io/unbound_context.h \
	%D%/sts/graves.c %D%/sts/graves.h \
	%D%/sts/known.c %D%/sts/known.h \
	%D%/sts/fetch_turn.c %D%/sts/fetch_turn.h \
	%D%/sts/policies.c %D%/sts/policies.h \
	%D%/sts/policy_fetch.c %D%/sts/policy_fetch.h \
	%D%/sts/policy_keep.c %D%/sts/policy_keep.h \
	%D%/sts/policy_refresh.c %D%/sts/policy_refresh.h \
	%D%/sts/policy_share.c %D%/sts/policy_share.h \
	%D%/sts/policy_want.c %D%/sts/policy_want.h \
	%D%/sts/policy_turns.c %D%/sts/policy_turns.h \
	%D%/sts/share.c %D%/sts/share.h \
	%D%/sts/share_policy.c %D%/sts/share_policy.h \
	%D%/sts/share_queue.c %D%/sts/share_queue.h \
	%D%/gather/dane.c %D%/gather/dane.h \
	%D%/gather/gather.c %D%/gather/gather.h \
	%D%/gather/mtasts.c %D%/gather/mtasts.h \
	%D%/gather/mx.c %D%/gather/mx.h \
	%D%/gather/manners.h \
	%D%/gather/probe.c %D%/gather/probe.h \
	%D%/gather/probe_counts.c %D%/gather/probe_counts.h \
	%D%/gather/probe_share.c %D%/gather/probe_share.h \
	%D%/gather/survey_probes.c %D%/gather/survey_probes.h \
	%D%/gather/tenants.c %D%/gather/tenants.h \
	%D%/gather/walk.c %D%/gather/walk.h \
	%D%/gather/outbound.c %D%/gather/outbound.h \
	%D%/engine/check.h \
	%D%/engine/engine.c %D%/engine/engine.h \
	%D%/engine/engine_options.h \
	%D%/engine/engine_parts.c \
	%D%/engine/engine_state.h \
	%D%/engine/fleet.c %D%/engine/fleet.h %D%/engine/fleet_inside.h \
	%D%/engine/fleet_options.h \
	%D%/engine/fleet_examine.c \
	%D%/engine/fleet_hosts.c %D%/engine/fleet_hosts.h \
	%D%/engine/fleet_show.c %D%/engine/fleet_show.h \
	%D%/engine/fleet_events.c %D%/engine/fleet_events.h \
	%D%/engine/flips.c %D%/engine/flips.h \
	%D%/engine/errand.c %D%/engine/errand.h \
	%D%/engine/inventory.c %D%/engine/inventory.h \
	%D%/engine/check_pack.c %D%/engine/check_pack.h \
	%D%/engine/check_run.c %D%/engine/check_run.h \
	%D%/engine/check_run_end.c \
	%D%/engine/check_run_query.c \
	%D%/engine/verdict_share.c %D%/engine/verdict_share.h \
	%D%/engine/validation.c %D%/engine/validation.h

COMMON_LIBS = common/libcommon.a $(UNBOUND_LIBS) $(LDNS_LIBS) $(EVENT_LIBS) \
	$(CURL_LIBS) $(GNUTLS_LIBS) $(SQLITE_LIBS) $(IDN2_LIBS) $(PSL_LIBS) $(JANSSON_LIBS) \
	$(ZLIB_LIBS) $(HIREDIS_LIBS) -lm
