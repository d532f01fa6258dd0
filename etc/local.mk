exampledir = $(docdir)/examples
dist_example_DATA = \
	%D%/destinations \
	%D%/postern.conf \
	%D%/postern.sysusers \
	%D%/postern.tmpfiles \
	%D%/posternd.service \
	%D%/postfix-main.cf
