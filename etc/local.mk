exampledir = $(docdir)/examples
dist_example_DATA = \
	%D%/destinations \
	%D%/filter-postfix.regexp \
	%D%/filter-spamassassin.cf \
	%D%/filter.sieve \
	%D%/postern-review.cron \
	%D%/postern.conf \
	%D%/postern.sysusers \
	%D%/postern.tmpfiles \
	%D%/posternd.service \
	%D%/postfix-main.cf \
	%D%/sendmail.mc

completionsdir = $(datadir)/bash-completion/completions
nodist_completions_DATA = %D%/postern
EXTRA_DIST += %D%/postern.bash-completion
CLEANFILES += %D%/postern

%D%/postern: %D%/postern.bash-completion
	$(AM_V_GEN)$(MKDIR_P) %D% && cp $(srcdir)/%D%/postern.bash-completion $@
