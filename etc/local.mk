dist_pkgdata_DATA = %D%/providers

exampledir = $(docdir)/examples
dist_example_DATA = \
	%D%/destinations \
	%D%/exim.conf \
	%D%/filter-amavis.conf \
	%D%/filter-postfix.regexp \
	%D%/filter-spamassassin.cf \
	%D%/filter-rspamd.lua \
	%D%/filter.exim \
	%D%/filter.procmailrc \
	%D%/filter.sieve \
	%D%/opendkim.conf \
	%D%/postern-metrics.service \
	%D%/postern-metrics.timer \
	%D%/postern-review.cron \
	%D%/postern.conf \
	%D%/postern.sysusers \
	%D%/postern.tmpfiles \
	%D%/posternd-map.socket \
	%D%/posternd.service \
	%D%/postfix-main.cf \
	%D%/sendmail-sts.mc \
	%D%/sendmail.mc

grafanadir = $(exampledir)/grafana
dist_grafana_DATA = %D%/grafana/postern.json
prometheusdir = $(exampledir)/prometheus
dist_prometheus_DATA = \
	%D%/prometheus/postern-rules.test.yml \
	%D%/prometheus/postern-rules.yml

completionsdir = $(datadir)/bash-completion/completions
nodist_completions_DATA = %D%/postern
EXTRA_DIST += %D%/debian %D%/postern.bash-completion
CLEANFILES += %D%/postern

%D%/postern: %D%/postern.bash-completion
	$(AM_V_GEN)$(MKDIR_P) %D% && cp $(srcdir)/%D%/postern.bash-completion $@
