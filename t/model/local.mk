# The judge beside a second reading of the rules: see model.py
check_PROGRAMS += %D%/cases
%C%_cases_SOURCES = %D%/cases.c t/fake/findings.c

dist_check_SCRIPTS += %D%/model.py
TESTS += %D%/model.py
EXTRA_DIST += %D%/rules.py %D%/worlds.py %D%/alone.py %D%/alone.list
