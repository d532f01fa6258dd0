#!/bin/sh
# The demo's rows as tests: real mail through Postfix and posternd.
if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP packages are missing: python3'
	exit 0
fi
exec python3 -B "$(dirname "$0")/demo" --tap
