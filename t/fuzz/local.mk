# Fuzz targets, each with the corpus replayed: %D%/run fuzzes them.
FUZZ_TESTS = \
	%D%/anchor.t \
	%D%/chain.t \
	%D%/datagram.t \
	%D%/dns_answer.t \
	%D%/dns_reply.t \
	%D%/domain.t \
	%D%/facts.t \
	%D%/gzip.t \
	%D%/header.t \
	%D%/http_request.t \
	%D%/key.t \
	%D%/map_request.t \
	%D%/media_type.t \
	%D%/mta_policy.t \
	%D%/nat64.t \
	%D%/names.t \
	%D%/nexthop.t \
	%D%/postfix_list.t \
	%D%/resp.t \
	%D%/review.t \
	%D%/setup_text.t \
	%D%/shared_value.t \
	%D%/providers.t \
	%D%/smtp_reply.t \
	%D%/story.t \
	%D%/sts_policy.t \
	%D%/sts_record.t \
	%D%/tls_beyond.t \
	%D%/tls_watch.t \
	%D%/tlsa.t \
	%D%/tlsrpt_mail.t \
	%D%/tlsrpt_record.t \
	%D%/tlsrpt_report.t \
	%D%/x509_effort.t

check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)

FUZZ_SOURCES = %D%/fuzz.c %D%/fuzz.h %D%/pki.c %D%/replay.c

%C%_anchor_t_SOURCES = %D%/anchor.c $(FUZZ_SOURCES)
%C%_chain_t_SOURCES = %D%/chain.c $(FUZZ_SOURCES)
%C%_datagram_t_SOURCES = %D%/datagram.c $(FUZZ_SOURCES) \
	milter/tlsrpt/datagram.c milter/tlsrpt/day_report.c
%C%_datagram_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_dns_answer_t_SOURCES = %D%/dns_answer.c $(FUZZ_SOURCES)
%C%_dns_reply_t_SOURCES = %D%/dns_reply.c $(FUZZ_SOURCES)
%C%_domain_t_SOURCES = %D%/domain.c $(FUZZ_SOURCES)
%C%_facts_t_SOURCES = %D%/facts.c $(FUZZ_SOURCES)
%C%_facts_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_gzip_t_SOURCES = %D%/gzip.c $(FUZZ_SOURCES)
%C%_header_t_SOURCES = %D%/header.c $(FUZZ_SOURCES) \
	milter/act/tag.c milter/act/requiretls.c milter/act/action.c $(SETTINGS)
%C%_key_t_SOURCES = %D%/key.c $(FUZZ_SOURCES)
%C%_http_request_t_SOURCES = %D%/http_request.c $(FUZZ_SOURCES)
%C%_map_request_t_SOURCES = %D%/map_request.c $(FUZZ_SOURCES)
%C%_media_type_t_SOURCES = %D%/media_type.c $(FUZZ_SOURCES)
%C%_mta_policy_t_SOURCES = %D%/mta_policy.c $(FUZZ_SOURCES) \
	t/fake/destination.c t/fake/destination.h
%C%_nat64_t_SOURCES = %D%/nat64.c $(FUZZ_SOURCES)
%C%_names_t_SOURCES = %D%/names.c milter/cli/survey/names.c $(FUZZ_SOURCES)
%C%_nexthop_t_SOURCES = %D%/nexthop.c $(FUZZ_SOURCES)
%C%_postfix_list_t_SOURCES = %D%/postfix_list.c $(FUZZ_SOURCES) \
	milter/cli/host/postfix_list.c
%C%_resp_t_SOURCES = %D%/resp.c $(FUZZ_SOURCES)
%C%_review_t_SOURCES = %D%/review.c $(FUZZ_SOURCES) $(REVIEW_SOURCES)
%C%_review_t_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_setup_text_t_SOURCES = %D%/setup_text.c $(FUZZ_SOURCES) \
	milter/cli/setup/setup_diff.c milter/cli/setup/setup_text.c
%C%_shared_value_t_SOURCES = %D%/shared_value.c $(FUZZ_SOURCES)
%C%_providers_t_SOURCES = %D%/providers.c $(FUZZ_SOURCES) \
	milter/cli/advise/providers.c
%C%_smtp_reply_t_SOURCES = %D%/smtp_reply.c $(FUZZ_SOURCES)
%C%_story_t_SOURCES = %D%/story.c $(FUZZ_SOURCES) \
	milter/cli/log/story.c milter/cli/log/story_outcome.c milter/cli/log/unasked.c \
	milter/cli/log/refusals.c \
	milter/cli/log/logline.c \
	milter/cli/log/logline_delivery.c milter/cli/log/logframe.c
%C%_sts_policy_t_SOURCES = %D%/sts_policy.c $(FUZZ_SOURCES)
%C%_sts_record_t_SOURCES = %D%/sts_record.c $(FUZZ_SOURCES)
%C%_tls_beyond_t_SOURCES = %D%/tls_beyond.c $(FUZZ_SOURCES)
%C%_tls_watch_t_SOURCES = %D%/tls_watch.c $(FUZZ_SOURCES)
%C%_tlsa_t_SOURCES = %D%/tlsa.c $(FUZZ_SOURCES)
%C%_tlsrpt_mail_t_SOURCES = %D%/tlsrpt_mail.c $(FUZZ_SOURCES) $(TLSRPT_MAIL)
%C%_tlsrpt_mail_t_LDADD = $(LDADD) $(GMIME_LIBS)
%C%_tlsrpt_record_t_SOURCES = %D%/tlsrpt_record.c $(FUZZ_SOURCES)
%C%_tlsrpt_report_t_SOURCES = %D%/tlsrpt_report.c $(FUZZ_SOURCES)
%C%_x509_effort_t_SOURCES = %D%/x509_effort.c $(FUZZ_SOURCES)

EXTRA_DIST += %D%/corpus %D%/run
