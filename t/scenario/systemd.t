#!/bin/sh
# posternd under its systemd unit: a real systemd as PID 1 of a container, in
# the network of the lab.  The same file runs outside, in the lab, and as the
# one service of the container.
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
tree=$here/../..
lab=$tree/t/lab/lab
socket=/run/postern/milter.sock
OVERLAY=lowerdir=/,upperdir=/run/lab/os/upper,workdir=/run/lab/os/work

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

# in the container, where / is this machine's with a file system over it
inside() {
	count=0
	test_that 'the socket is there when the unit is started' \
		grep -qx there /run/lab/first
	test_that 'the unit is active' systemctl --quiet is-active posternd
	pid=$(systemctl show --property MainPID --value posternd)
	test_that 'it runs as its own user' \
		[ "$(stat -c %U "/proc/$pid")" = postern ]
	test_that 'without capabilities' status_says 'CapEff:.0000000000000000'
	test_that 'and without a way to get any' status_says 'NoNewPrivs:.1'
	test_that 'behind a filter of system calls' status_says 'Seccomp:.2'
	test_that 'a good destination passes' tag_of dane-ee.example pass/tlsa/ok
	test_that 'a policy is fetched' tag_of sts.example pass/sts/ok
	test_that 'and kept, not for others to read' is_private /var/lib/postern
	test_that 'nor is the socket for others' is_private /run/postern
	test_that 'a broken one fails' \
		tag_of dane-over-sts.example fail/tlsa/validation-failure
	test_that 'reload' systemctl reload posternd
	test_that 'is said' await 'event=reload'
	test_that 'and leaves it working' tag_of dane-ee.example pass/tlsa/ok
	test_that 'one that hangs is replaced' is_replaced
	test_that 'and the new one works' tag_of dane-ee.example pass/tlsa/ok
	set_up
	test_that 'stop' systemctl stop posternd
	test_that 'is no failure' \
		[ "$(systemctl show --property Result --value posternd)" = success ]
	echo "1..$count"
}

test_that() { # NAME COMMAND...
	name=$1
	shift
	count=$((count + 1))
	if said=$("$@" 2>&1); then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		printf '%s\n' "$said" | sed 's/^/# /'
		journalctl --no-pager --unit posternd | sed 's/^/# /'
	fi
}

is_replaced() { # within the time of the watchdog, and two seconds
	kill -STOP "$pid"
	for _ in $(seq 200); do
		new=$(systemctl show --property MainPID --value posternd)
		[ "$new" != "$pid" ] && [ "$new" -gt 0 ] &&
			systemctl --quiet is-active posternd && return 0
		sleep 0.1
	done
	return 1
}

status_says() { # PATTERN
	grep "^$1\$" "/proc/$pid/status"
}

is_private() { # FOLDER
	[ "$(stat -c '%U:%G %a' "$1")" = 'postern:postern 750' ] &&
		! find "$1" -mindepth 1 \( -perm /o=rwx -o ! -user postern \) | grep .
}

await() { # TEXT: in the journal, within ten seconds
	for _ in $(seq 100); do
		! journalctl --no-pager | grep -F "$1" || return 0
		sleep 0.1
	done
	return 1
}

tag_of() { # DOMAIN WANTED
	cat >/run/tag.lua <<-END
		mt.set_timeout(60)
		local c = mt.connect("unix:$socket")
		mt.negotiate(c, nil, nil, nil)
		mt.macro(c, SMFIC_MAIL, "i", "Q1")
		mt.mailfrom(c, "<a@sender.example>")
		mt.macro(c, SMFIC_RCPT, "{rcpt_mailer}", "smtp",
		    "{rcpt_host}", "$1")
		mt.rcptto(c, "<user@$1>")
		mt.header(c, "To", "user@$1")
		mt.eom(c)
		print(mt.getheader(c, "X-TLS-Precheck", 0))
	END
	timeout 90 miltertest -s /run/tag.lua | tee /run/tag
	grep -qF " d=$1/$2" /run/tag
}

# A Postfix of its own, whose smtpd is in the chroot and asks nobody.
chrooted_postfix() {
	mkdir -p /etc/postfix &&
		cp -r /run/lab/etc/postfix/. /etc/postfix/ &&
		rm -f /var/spool/postfix/pid/* &&
		sed -i 's/^smtp  *inet.*/127.0.0.1:2526 inet n - y - - smtpd/' \
			/etc/postfix/master.cf &&
		postconf -e smtpd_milters= non_smtpd_milters= &&
		postfix start
}

set_up() { # what "postern setup" does to it and to the unit
	test_that 'a chrooted Postfix starts' chrooted_postfix
	sums=$(sum_of_files)
	socket=/var/spool/postfix/postern/milter.sock
	mkdir /etc/systemd/system/posternd.service.d
	echo '[Service]
InaccessiblePaths=/var/spool/postfix' \
		>/etc/systemd/system/posternd.service.d/admin.conf
	systemctl daemon-reload
	before=$(sum_of_files)
	test_that 'setup where posternd cannot start afterwards fails' \
		ends_with 73 postern setup --apply
	test_that 'and takes all back' [ "$(sum_of_files)" = "$before" ]
	test_that 'posternd runs on' systemctl --quiet is-active posternd
	rm /etc/systemd/system/posternd.service.d/admin.conf
	rmdir /etc/systemd/system/posternd.service.d
	systemctl daemon-reload
	test_that 'setup shows what it would do' ends_with 1 postern setup
	test_that 'and does it' ends_with 0 postern setup --apply
	test_that 'the socket is in the chroot' [ -S $socket ]
	test_that 'the unit is active then' systemctl --quiet is-active posternd
	test_that 'mail by the chrooted smtpd is looked at' smtp_is_seen
	test_that 'a second time nothing is left to do' \
		ends_with 0 postern setup --apply
	test_that 'it is taken back' ends_with 0 postern setup --undo
	test_that 'as it was' [ "$(sum_of_files)" = "$sums" ]
	socket=/run/postern/milter.sock
	test_that 'with the socket of before' tag_of dane-ee.example pass/tlsa/ok
	test_that 'and no folder' [ ! -e /var/spool/postfix/postern ]
	postfix stop >/run/lab/postfix.stop 2>&1
}

ends_with() { # STATUS COMMAND...
	wanted=$1
	shift
	"$@"
	got=$?
	[ $got -eq "$wanted" ] || {
		echo "exit status $got"
		return 1
	}
}

sum_of_files() {
	find /etc/postern /etc/postfix /etc/systemd -type f \
		-exec md5sum {} + | sort -k 2 | md5sum
}

smtp_is_seen() {
	old=$(passed)
	swaks --server 127.0.0.1:2526 --from a@sender.example \
		--to user@dane-ee.example || return 1
	for _ in $(seq 100); do
		[ "$(passed)" -eq "$old" ] || return 0
		sleep 0.1
	done
	return 1
}

passed() { # how many messages there were
	journalctl --no-pager | grep -c 'event=message result=pass'
}

# The units that the container has besides Debian's own.
write_units() { # FOLDER
	cat >"$1/try.service" <<-END
		[Unit]
		Description=The test
		Wants=posternd.service
		After=posternd.service
		SuccessAction=exit-force
		FailureAction=exit-force
		[Service]
		Type=oneshot
		ExecStartPre=/bin/sh -c '[ ! -S $socket ] || echo there >/run/lab/first'
		ExecStart=/bin/sh $here/systemd.t inside
		StandardOutput=file:/run/lab/said
		TimeoutStartSec=210
	END
	sed -e 's/^\(After\|Before\|Wants\)=.*//' \
		-e 's/^WatchdogSec=.*/WatchdogSec=5/' \
		"$tree/etc/posternd.service" \
		>"$1/posternd.service"
}

contain() {
	units=$(mktemp -d) && mkdir "$units/units" || exit 1
	write_units "$units/units"
	cp -r /etc/postern "$units/postern"
	mkdir /run/lab/os &&
		mount -t tmpfs none /run/lab/os &&
		mkdir /run/lab/os/upper /run/lab/os/work /run/lab/os/root &&
		mount -t overlay -o "$OVERLAY" none /run/lab/os/root ||
		skip 'no overlay file system'
	: >/run/lab/said
	timeout --kill-after=10 240 systemd-nspawn --quiet --directory=/run/lab/os/root \
		--register=no --keep-unit \
		--resolv-conf=off --timezone=off --console=pipe \
		--network-namespace-path=/proc/self/ns/net \
		--bind=/run/lab \
		--bind-ro=/etc/passwd --bind-ro=/etc/group \
		--bind="$units/postern:/etc/postern" --bind-ro=/etc/resolv.conf \
		--bind-ro=/etc/ssl/certs/ca-certificates.crt \
		--bind-ro="$here" --bind-ro="$units/units:/run/systemd/system" \
		--bind-ro="$POSTERN_BUILDDIR/milter/posternd:/usr/sbin/posternd" \
		--bind-ro="$POSTERN_BUILDDIR/milter/postern:/usr/bin/postern" \
		/lib/systemd/systemd --unit=try.service \
		>/run/lab/systemd.log 2>&1 </dev/null
	rm -r "$units"
	if [ -s /run/lab/said ]; then
		cat /run/lab/said
	else
		tail -20 /run/lab/systemd.log | sed 's/^/# /'
		skip 'systemd does not start in a container here'
	fi
}

case ${1-} in
inside) inside ;;
contain) contain ;;
*)
	for tool in python3 miltertest systemd-nspawn swaks postconf; do
		command -v $tool >/dev/null ||
			skip "packages are missing: $tool"
	done
	! grep -q '^CFLAGS =.*-fsanitize' "$POSTERN_BUILDDIR/Makefile" ||
		skip 'a sanitizer does what the unit forbids'
	can=$("$lab" can) || skip "$can"
	exec "$lab" run -- sh "$here/systemd.t" contain
	;;
esac
