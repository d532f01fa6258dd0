#!/bin/sh
# The Debian package, from its installation to its purge, under a booted systemd
# in a container: this machine's file system with a layer over it, and no
# network.  The package is made of what is built here; t/package gives one that
# is made already, in the folder POSTERN_PACKAGE.  The same file runs outside, and as the one service of the container.
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
tree=$here/../..
conf=/etc/postern/postern.conf
store=/var/lib/postern
unit=posternd.service

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

test_that() { # NAME COMMAND...
	name=$1
	shift
	count=$((count + 1))
	echo "# --- $name" >>/run/try/transcript
	if "$@" >/run/try/output 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' /run/try/output
		journalctl --no-pager -n 8 --unit $unit | sed 's/^/# /'
	fi
	cat /run/try/output >>/run/try/transcript
}

# --- in the container ---

install_version() { # before|now
	DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold \
		-i /run/try/"$1"/postern_*.deb </dev/null
}

is_active() {
	systemctl is-active $unit
}

main_pid() {
	systemctl show --property MainPID --value $unit
}

fails() { # COMMAND...
	! "$@"
}

break_configuration() {
	echo 'On-Fail perhaps' >>$conf
}

mend_configuration() {
	sed -i '/^On-Fail perhaps$/d' $conf
}

is_own_user() {
	[ "$(stat -c %U "/proc/$(main_pid)")" = postern ]
}

touches_no_mta() {
	find /run/try/upper/etc/postfix /run/try/upper/etc/mail ! -type d \
		2>/dev/null | grep . && return 1
	id -nG postfix 2>/dev/null | grep -w postern && return 1
	return 0
}

goes_first() {
	for mta in postfix.service postfix@-.service sendmail.service; do
		systemctl show --property Before --value $unit |
			tr ' ' '\n' | grep -xF "$mta" || return 1
	done
}

# Those lines of what posternd logs here, and of what it would log of mail, that
# logcheck would report; in the form of rsyslog of Debian 12 and of 13.
reported() {
	{
		journalctl --no-pager --output cat --unit $unit | grep event=
		cat <<-END
		4h5Q: event=check domain=a.example result=pass policy=sts level=secure reason=ok action=none rcpts=1 mx=mx.a.example mode=enforce depth=probe cache=miss ttl=300 ms=8
		4h5Q: event=check domain=b.example result=fail policy=tlsa level=dane-only reason=certificate-expired action=tag rcpts=2 depth=probe cache=hit ttl=300 ms=0
		4h5Q: event=skip domain=c.example reason=internal action=none rcpts=1
		4h5Q: event=message result=fail action=tag domains=3 rcpts=4 auth=yes ms=8
		4h5R: event=message result=pass action=reject domains=1 rcpts=1 auth=no ms=0 forged=101
		-: event=stats uptime=3600 messages=2 fail=1
		-: event=stop
		END
	} | sed 's/^/gate posternd[7]: /' >/run/try/lines
	{
		sed 's/^/Nov  9 08:05:01 /' /run/try/lines
		sed 's/^/2026-11-09T08:05:01.123456+01:00 /' /run/try/lines
	} | grep -Evf /etc/logcheck/ignore.d.server/postern |
		sed 's/.*event=\([a-z]*\) \([^ ]*\) \([^ ]*\).*/\1 \2 \3/' |
		sort -u
}

logcheck_reports_what_is_wrong() {
	reported >/run/try/reported
	diff /run/try/reported - <<-END
	check domain=b.example result=fail
	message result=pass action=reject
	resolver addr=resolv.conf validating=no
	END
}

reload_fails_and_changes_nothing() {
	before=$(main_pid)
	fails systemctl reload $unit && is_active &&
		[ "$(main_pid)" = "$before" ]
}

reload_says_why() {
	journalctl --no-pager --unit $unit | grep -F "$conf:" |
		grep -F 'On-Fail'
}

# What "restart" does with a mistake in the configuration is systemd's: it stops
# first.  That it says so is ours.
restart_fails() {
	fails systemctl restart $unit && fails is_active
}

upgrade_leaves_the_old_one() {
	before=$(main_pid)
	install_version now 2>&1 | grep -F "$conf:" && is_active &&
		[ "$(main_pid)" = "$before" ] &&
		dpkg-query -W -f '${Status} ${Version}\n' postern |
		grep -F 'install ok installed 0.2'
}

upgrade_replaces_it() {
	before=$(main_pid)
	install_version now && is_active && [ "$(main_pid)" != "$before" ]
}

admin_file_is_kept() {
	grep -x '# ours' $conf && [ -e $conf.dpkg-dist ]
}

store_is_kept() {
	[ -s $store/state.db ] && grep -x kept $store/marker
}

stays_stopped() {
	fails is_active && fails is_running
}

is_running() {
	for exe in /proc/[0-9]*/exe; do
		case $(readlink "$exe") in
		/usr/sbin/posternd*) return 0 ;;
		esac
	done
	return 1
}

# A message that never ends is waited for, and a process that is stopped cannot
# end; the administrator has set a limit.
get_it_stuck() {
	mkdir -p /etc/systemd/system/$unit.d
	printf '[Service]\nTimeoutStopSec=3\n' \
		>/etc/systemd/system/$unit.d/administrator.conf
	systemctl daemon-reload
	cat >/run/try/stuck.lua <<-END
		local c = mt.connect("unix:/run/postern/milter.sock")
		mt.negotiate(c, nil, nil, nil)
		mt.macro(c, SMFIC_MAIL, "i", "Q1")
		mt.mailfrom(c, "<a@sender.example>")
		mt.sleep(100)
	END
	miltertest -s /run/try/stuck.lua >/dev/null 2>&1 &
	sleep 1
	kill -STOP "$(main_pid)"
}

purge() {
	begun=$(date +%s)
	dpkg --purge postern && [ $(($(date +%s) - begun)) -lt 30 ] &&
		fails is_running && journalctl --no-pager --unit $unit |
		grep 'stop-sigterm.* timed out'
}

# Names of what dpkg and the user database write for themselves aside.
inventory() {
	cd / && find etc lib/systemd run/postern usr/bin usr/lib/sysusers.d \
		usr/lib/systemd usr/lib/tmpfiles.d usr/sbin usr/share/doc \
		usr/share/bash-completion usr/share/man usr/share/postern \
		var/lib var/spool -xdev \
		2>/dev/null | LC_ALL=C sort | grep -vxE \
		'(etc/(passwd|group|shadow|gshadow)-?|etc/\.pwd\.lock|etc/subuid-?|etc/subgid-?|var/lib/(dpkg|systemd/(catalog|timers|random-seed))(/.*)?)'
}

leaves_nothing() {
	inventory | diff /run/try/inventory -
}

inside() {
	count=0
	rm -f /var/lib/man-db/auto-update /usr/sbin/policy-rc.d
	# the unit is to need none of procps
	rm -f /bin/kill /usr/bin/kill /usr/bin/pkill /usr/bin/pgrep
	inventory >/run/try/inventory

	test_that 'it installs' install_version before
	test_that 'and runs' is_active
	test_that 'also after a boot' systemctl is-enabled $unit
	test_that 'as a user of its own' is_own_user
	test_that 'before the MTA' goes_first
	test_that 'which it does not touch' touches_no_mta
	test_that 'reload' systemctl reload $unit
	break_configuration
	test_that 'reload of a configuration with a mistake fails' \
		reload_fails_and_changes_nothing
	test_that 'and the mistake is told' reload_says_why
	test_that 'logcheck reports what is wrong, and nothing else' \
		logcheck_reports_what_is_wrong
	echo '# ours' >>$conf
	echo kept >$store/marker
	test_that 'so is it by an upgrade, which leaves what runs alone' \
		upgrade_leaves_the_old_one
	test_that 'restart fails then' restart_fails
	test_that 'and start' fails systemctl start $unit
	mend_configuration
	test_that 'with the mistake mended it starts' systemctl start $unit
	test_that 'the administrator'"'"'s file is kept' admin_file_is_kept
	rm $conf.dpkg-dist
	test_that 'the version before takes its place again' \
		install_version before
	test_that 'an upgrade replaces what runs' upgrade_replaces_it
	test_that 'and keeps the store' store_is_kept
	test_that 'remove' dpkg --remove postern
	test_that 'ends it' stays_stopped
	test_that 'and keeps the file' grep -x '# ours' $conf
	test_that 'and the store' store_is_kept
	test_that 'it installs again' install_version now
	test_that 'and runs again' is_active
	[ -z "${POSTERN_PACKAGE-}" ] ||
		test_that 'an upgrade while mail flows loses none of it' \
			under_load
	get_it_stuck
	test_that 'purge, while it is stuck' purge
	rm -r /etc/systemd/system/$unit.d
	test_that 'leaves nothing' leaves_nothing
	echo "1..$count"
}

under_load() {
	install_version before &&
		python3 -B "$here/under_load" "dpkg --force-confdef \
			--force-confold -i /run/try/now/postern_*.deb </dev/null"
}

# --- outside ---

# A package of what is built, without a compiler.
make_package() { # FOLDER
	mkdir "$1/source" "$1/now" && cd "$1/source" &&
		cp -r "$tree/etc" "$tree/README" "$tree/NEWS" . &&
		chmod -R u+w . && cp -r etc/debian debian &&
		echo postern >debian/debhelper-build-stamp &&
		env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
			POSTERN_BUILT="$POSTERN_BUILDDIR" \
			DEB_BUILD_OPTIONS='nocheck nostrip noautodbgsym' \
			debian/rules binary >"$1/now.log" 2>&1 &&
		mv "$1"/postern_*.deb "$1/now" && cd /
}

# The same with an older version and another configuration file.
make_before() { # FOLDER
	mkdir "$1/before" &&
		dpkg-deb -R "$1"/now/postern_*.deb "$1/older" &&
		sed -i 's/^Version: .*/Version: 0.1.0/' \
			"$1/older/DEBIAN/control" &&
		echo '# before' >>"$1/older$conf" &&
		dpkg-deb -Znone -b "$1/older" "$1/before" >"$1/now.log"
}

fail() { # TEXT FILE
	sed 's/^/# /' "$2"
	echo "not ok 1 - $1"
	echo '1..1'
	exit 1
}

get_packages() { # FOLDER
	if [ -n "${POSTERN_PACKAGE-}" ]; then
		mkdir "$1/now" && cp "$POSTERN_PACKAGE"/postern_*.deb "$1/now"
	else
		make_package "$1"
	fi && make_before "$1" || fail 'a package is made' "$1/now.log"
}

# Of Debian's own units none is started that waits for a network.
write_units() { # FOLDER
	for name in systemd-networkd-wait-online ifupdown-wait-online \
		NetworkManager-wait-online networking; do
		ln -s /dev/null "$1/$name.service"
	done
	cat >"$1/try.service" <<-END
		[Unit]
		Description=The test
		SuccessAction=exit-force
		FailureAction=exit-force
		[Service]
		Type=oneshot
		ExecStart=/bin/sh /run/tree/scenario/package.t inside
		Environment=POSTERN_PACKAGE=${POSTERN_PACKAGE-}
		StandardOutput=file:/run/try/said
		TimeoutStartSec=280
	END
}

# In mounts of its own, which end with it.
contain() { # FOLDER
	mount -t tmpfs none "$1/layer" &&
		mkdir "$1/layer/upper" "$1/layer/work" "$1/layer/root" &&
		mount -t overlay -o "lowerdir=/,upperdir=$1/layer/upper,workdir=$1/layer/work" \
			none "$1/layer/root" || skip 'no overlay file system'
	mkdir "$1/units" "$1/layer/root/run" 2>/dev/null
	write_units "$1/units"
	: >"$1/layer/said"
	cp -r "$1/before" "$1/now" "$1/layer"
	timeout --kill-after=10 300 systemd-nspawn --quiet \
		--directory="$1/layer/root" --register=no --keep-unit \
		--resolv-conf=off --timezone=off --console=pipe \
		--private-network \
		--bind="$1/layer:/run/try" --bind-ro="$here/..:/run/tree" \
		--bind-ro="$1/units:/run/systemd/system" \
		/lib/systemd/systemd --unit=try.service \
		>"$1/systemd.log" 2>&1 </dev/null
	[ -z "${POSTERN_TRANSCRIPT-}" ] ||
		cp "$1/layer/transcript" "$POSTERN_TRANSCRIPT"
	if [ -s "$1/layer/said" ]; then
		cat "$1/layer/said"
	else
		tail -20 "$1/systemd.log" | sed 's/^/# /'
		skip 'systemd does not start in a container here'
	fi
}

case ${1-} in
inside)
	here=/run/tree/scenario
	inside
	exit
	;;
contain)
	contain "$2"
	exit
	;;
esac
[ "$(id -u)" -eq 0 ] || skip 'this needs root'
for tool in dpkg dh miltertest python3 systemd-nspawn; do
	command -v $tool >/dev/null || skip "packages are missing: $tool"
done
[ -n "${POSTERN_PACKAGE-}" ] ||
	! grep -q '^CFLAGS =.*-\(fsanitize\|-coverage\)' \
		"$POSTERN_BUILDDIR/Makefile" ||
	skip 'a sanitizer does what the unit forbids'
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$folder/layer"
get_packages "$folder"
unshare --mount sh "$here/package.t" contain "$folder"
