#!/bin/sh
# MTA-STS policies that are kept: restarts, kills, full disks, a set clock.
if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP packages are missing: python3'
	exit 0
fi
exec python3 -B "$(dirname "$0")/sts_cache"
