#!/bin/sh
# What ./bootstrap does to a host, seen by programs that take the place of apt
# and of systemctl: nothing that is there goes, and nothing new is started.
here=$(cd "$(dirname "$0")" && pwd)
tree=$here/../..
guard=/usr/sbin/policy-rc.d
count=0

ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$dir/out" "$dir/log"
	fi
}

if [ "$(id -u)" -ne 0 ]; then
	echo '1..0 # SKIP needs root'
	exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" "$dir/clone"
cp "$tree/bootstrap" "$tree/.clang-format" "$dir/clone/"

# Each fake writes down how it was called; $dir/removes is what apt would
# remove for Postfix, $dir/removes-all for anything, $dir/installed what dpkg
# knows.
POSTERN_UNPACKED=$dir/unpacked
export POSTERN_UNPACKED
fake() {
	cat >"$dir/bin/$1"
	chmod 755 "$dir/bin/$1"
}

fake apt-get <<EOF
#!/bin/sh
echo "apt-get \$*" >>'$dir/log'
case " \$* " in
*' -s '*' postfix '*)
	cat '$dir/removes'
	exit ;;
*' -s '*)
	cat '$dir/removes-all' 2>/dev/null
	exit ;;
*' download '*) : >postfix_3.7_all.deb ;;
*' install '*)
	[ ! -e $guard ] || echo guarded >>'$dir/log'
	echo 'installed dovecot-core' >>'$dir/installed'
	[ ! -e '$dir/slow' ] || sleep 2 ;;
esac
EOF
fake dpkg-query <<EOF
#!/bin/sh
case "\$*" in
*Package*) cat '$dir/installed' ;;
esac
EOF
fake dpkg-deb <<'EOF'
#!/bin/sh
echo 'Pre-Depends: init-system-helpers (>= 1.54~)'
echo 'Depends: libdb5.3, debconf (>= 0.5) | debconf-2.0, ssl-cert:any'
EOF
fake dpkg <<'EOF'
#!/bin/sh
if [ "$1" = -x ]; then
	mkdir -p "$3/usr/sbin" "$3/usr/lib/postfix/sbin"
	for name in sbin/postdrop sbin/postqueue lib/postfix/sbin/master; do
		: >"$3/usr/$name"
		chmod 755 "$3/usr/$name"
	done
	exit
fi
echo /lib/systemd/system
echo /lib/systemd/system/$2.service
echo /lib/systemd/system/$2.socket
echo /lib/systemd/system/$2@.service
EOF
fake systemctl <<EOF
#!/bin/sh
echo "systemctl \$*" >>'$dir/log'
EOF
fake debconf-set-selections <<'EOF'
#!/bin/sh
cat >/dev/null
EOF

# run VERB - its exit status
run() {
	: >"$dir/log"
	echo 'installed postfix-pcre' >"$dir/installed"
	status=0
	PATH=$dir/bin:$PATH "$dir/clone/bootstrap" "$1" >"$dir/out" 2>&1 ||
		status=$?
	return $status
}

was_guarded=$([ ! -e $guard ] || echo yes)

# What apt was told to install, for good
told() {
	grep -v ' -s ' "$dir/log" | grep ' install '
}

echo 'Remv exim4-daemon-light [4.96-15+deb12u6]' >"$dir/removes"
run deps && told | grep -q ' nsd ' && ! told | grep -q -w postfix &&
	grep -q 'would remove exim4-daemon-light' "$dir/out" &&
	[ -x "$dir/unpacked/usr/lib/postfix/sbin/master" ]
ok $? 'where apt would remove an MTA for Postfix, Postfix is unpacked'

told | grep -q ' init-system-helpers libdb5.3 debconf ssl-cert$'
ok $? 'and what it needs is installed'

[ "$(stat -c %a "$dir/unpacked/usr/sbin/postdrop")" = 2555 ] &&
	! getent group "$(stat -c %g "$dir/unpacked/usr/sbin/postdrop")" \
		>/dev/null
ok $? 'with a group for its programs that nobody has'

run deps && ! grep -q download "$dir/log"
ok $? 'once'

echo 'Remv a-package [1]' >"$dir/removes-all"
run deps
[ $? = 1 ] && grep -q 'would remove a-package,' "$dir/out" && [ -z "$(told)" ]
ok $? 'where apt would remove anything, nothing is installed and the reason told'

rm -r "$dir/unpacked" "$dir/removes-all"

echo 'Inst postfix (3.7.11)' >"$dir/removes"
run deps && grep -v ' -s ' "$dir/log" | grep ' install ' |
	grep -q -e ' --no-remove '
ok $? 'apt is told to remove nothing'

grep -q guarded "$dir/log" && { [ "$was_guarded" = yes ] || [ ! -e $guard ]; }
ok $? 'no service starts while packages come, and the guard is gone after'

grep -q 'disable dovecot-core.service' "$dir/log" &&
	grep -q 'disable dovecot-core.socket' "$dir/log"
ok $? 'a server that came as what another package needs is turned off'

! grep -q -e postfix-pcre -e @ "$dir/log"
ok $? 'what was there before is left as it was'

run demo
grep -v ' -s ' "$dir/log" | grep ' install ' | grep ' postfix' |
	grep -qv -e dovecot -e spamassassin -e cppcheck
ok $? 'the demo installs what it needs and not what the tests need'

chown 65534:65534 "$dir/clone"
: >"$dir/clone/made-by-root"
run deps
[ "$(stat -c %u:%g "$dir/clone/made-by-root")" = 65534:65534 ]
ok $? 'what root makes in a clone of somebody else is theirs'

: >"$dir/slow"
: >"$dir/log"
PATH=$dir/bin:$PATH "$dir/clone/bootstrap" deps >"$dir/out" 2>&1 &
sleep 1
kill $!
wait $!
[ $? = 143 ] && { [ "$was_guarded" = yes ] || [ ! -e $guard ]; }
ok $? 'a signal leaves no guard behind'

# A shell's own children would not see it
control_c() {
	python3 -B - "$here" <<-'EOF'
	import os, signal, subprocess, sys, time
	# what runs in the background of a shell has it ignored
	signal.signal(signal.SIGINT, signal.SIG_DFL)
	demo = subprocess.Popen(
	    [sys.executable, "-B", sys.argv[1] + "/../demo"], text=True,
	    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
	    start_new_session=True)
	end = time.monotonic() + 60
	while True:
	    with open("/proc/%d/task/%d/children" % (demo.pid, demo.pid)) as file:
	        states = ["/run/postern-lab.run-" + child
	                  for child in file.read().split()]
	    if any(os.path.isdir(state) for state in states):
	        break
	    if demo.poll() is not None or time.monotonic() > end:
	        sys.exit("no lab")
	time.sleep(1)
	os.killpg(demo.pid, signal.SIGINT)
	said = demo.communicate(timeout=120)[0]
	print(said, states)
	sys.exit(demo.returncode != 130 or "Traceback" in said
	         or any(os.path.exists(state) for state in states))
	EOF
}

if "$tree/t/lab/lab" can >/dev/null && [ -x "${POSTERN_BUILDDIR:-$tree}/milter/posternd" ]; then
	control_c >"$dir/out" 2>&1
	ok $? 'Control-C ends the demo, which leaves nothing behind and no traceback'
fi

echo "1..$count"
