#!/bin/sh
# postern doctor on whether probes go the way that mail goes, in the lab.
if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP packages are missing: python3'
	exit 0
fi
exec python3 -B "$(dirname "$0")/doctor_way"
