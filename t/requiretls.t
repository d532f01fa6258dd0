#!/bin/sh
# Mail under REQUIRETLS, and mail that waives TLS: RFC 8689, in the lab.
if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP packages are missing: python3'
	exit 0
fi
exec python3 -B "$(dirname "$0")/requiretls"
