#!/bin/sh
# What only Postfix has: sendmail(1), a chroot, a relayhost.
if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP packages are missing: python3'
	exit 0
fi
exec python3 -B "$(dirname "$0")/postfix"
