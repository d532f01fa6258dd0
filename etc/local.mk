exampledir = $(docdir)/examples
dist_example_DATA = \
	%D%/destinations \
	%D%/filter-postfix.regexp \
	%D%/filter-spamassassin.cf \
	%D%/filter.sieve \
	%D%/postern.conf \
	%D%/postern.sysusers \
	%D%/postern.tmpfiles \
	%D%/posternd.service \
	%D%/postfix-main.cf \
	%D%/sendmail.mc
