#!/bin/sh
# The programs are built hardened, and the systemd unit is a tight sandbox.
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
tree=$here/../..
built=${POSTERN_BUILDDIR:-$tree}
unit=$tree/etc/posternd.service
EXPOSURE_MAX=15 # tenths, of systemd-analyze's ten points
count=0

result() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
	fi
}

elf_says() { # PROGRAM PATTERN NAME
	readelf -W --file-header --segments --dynamic --dyn-syms \
		"$built/milter/$1" | grep -Eq "$2"
	result $? "$1: $3"
}

skip() { # NAME REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

is_optimised() {
	grep -q '^CFLAGS =.*-O[1-3s]' "$built/Makefile"
}

is_sanitised() {
	grep -q '^CFLAGS =.*-fsanitize' "$built/Makefile"
}

exposure() { # in tenths of a point, or nothing
	systemd-analyze security --offline=yes --no-pager "$unit" 2>/dev/null |
		sed -n 's/.*Overall exposure level.*: \([0-9]*\)\.\([0-9]\) .*/\1\2/p'
}

for program in posternd postern; do
	elf_says $program 'Type: *DYN.*Position-Independent' 'is a PIE'
	elf_says $program 'GNU_RELRO' 'has read-only relocations'
	elf_says $program 'Flags:.* NOW' 'binds all at start'
	elf_says $program 'GNU_STACK .* RW +0x' 'has no executable stack'
	elf_says $program '__stack_chk_fail' 'guards its stack'
	if ! is_optimised || is_sanitised; then
		skip "$program: uses checked functions" 'built for debugging'
	else
		elf_says $program '__[a-z]+_chk' 'uses checked functions'
	fi
done

if command -v systemd-analyze >/dev/null; then
	tenths=$(exposure)
	echo "# exposure of the unit: ${tenths:-unknown} tenths"
	[ -n "$tenths" ] && [ "$tenths" -le "$EXPOSURE_MAX" ]
	result $? "the unit's exposure is $EXPOSURE_MAX tenths at most"
else
	skip "the unit's exposure" 'packages are missing: systemd'
fi
echo "1..$count"
