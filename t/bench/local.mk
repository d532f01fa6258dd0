# Made by run when it needs it, and by nobody else.
EXTRA_PROGRAMS = %D%/client %D%/late %D%/map_load %D%/names %D%/null_map
# Stands for another filter in ../beside too
check_PROGRAMS += %D%/null_filter

%C%_client_SOURCES = %D%/client.c
%C%_client_LDADD =
%C%_late_SOURCES = %D%/late.c
%C%_late_LDADD = $(COMMON_LIBS)
%C%_map_load_SOURCES = %D%/map_load.c
%C%_map_load_LDADD =
%C%_names_SOURCES = %D%/names.c
%C%_names_LDADD =
%C%_null_map_SOURCES = %D%/null_map.c
%C%_null_map_LDADD =
%C%_null_filter_SOURCES = %D%/null_filter.c
%C%_null_filter_LDADD = -lmilter

EXTRA_DIST += %D%/history %D%/run %D%/cold_rows.py %D%/figures.py \
	%D%/fleet_rows.py %D%/map_rows.py %D%/map_peer.py %D%/flood.py \
	%D%/survey_rows.py
EXTRA_DIST += %D%/latency
CLEANFILES += $(EXTRA_PROGRAMS)
