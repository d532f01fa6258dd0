# Made by run when it needs it, and by nobody else.
EXTRA_PROGRAMS = %D%/client %D%/late
# Stands for another filter in ../beside too
check_PROGRAMS += %D%/null_filter

%C%_client_SOURCES = %D%/client.c
%C%_client_LDADD =
%C%_late_SOURCES = %D%/late.c
%C%_late_LDADD = $(COMMON_LIBS)
%C%_null_filter_SOURCES = %D%/null_filter.c
%C%_null_filter_LDADD = -lmilter

EXTRA_DIST += %D%/run
CLEANFILES += $(EXTRA_PROGRAMS)
