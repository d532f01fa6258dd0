#!/bin/sh
# posternd as a process: options, exit codes, user, socket, PID file, signals,
# and messages that no MTA can be made to send (miltertest).  No network: the
# resolver that it is told to ask is not there.
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
tree=$here/../..
posternd=${POSTERN_BUILDDIR:-$tree}/milter/posternd
command -v miltertest >/dev/null || {
	echo '1..0 # SKIP packages are missing: miltertest'
	exit 0
}
umask 022
dir=$(mktemp -d) || exit 1
started=
clients=
trap 'kill $started $(cat "$dir/run/pid" 2>/dev/null) 2>/dev/null
	rm -rf "$dir"' EXIT
chmod 755 "$dir"
mkdir "$dir/run"
install -m 644 "$here/posternd.key" "$dir/key" # its user reads it, too
count=0
user=
if [ "$(id -u)" -eq 0 ]; then
	user='-u nobody'
	chown nobody "$dir/run"
fi

test_that() { # NAME COMMAND...
	name=$1
	shift
	count=$((count + 1))
	if "$@" >"$dir/said" 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' "$dir/said" "$dir/out" "$dir/err" 2>/dev/null
	fi
}

conf() { # lines of a configuration that works, and those given
	cat >"$dir/conf" <<-END
		Socket unix:$dir/run/sock
		ControlSocket $dir/run/control
		TrustAnchorFile $dir/key
		Nameservers 127.0.0.1@1
		DNSTimeout 300ms
		AuthservID gate.example
		Syslog no
	END
	printf '%s\n' "$@" >>"$dir/conf"
}

run() { # STATUS OPTIONS...: run to the end, and compare the exit status
	wanted=$1
	shift
	status=0
	timeout 60 "$posternd" "$@" >"$dir/out" 2>"$dir/err" || status=$?
	[ "$status" -eq "$wanted" ] || {
		echo "exit $status, not $wanted"
		return 1
	}
}

says() { # TEXT: in what the last run wrote to standard error
	grep -qF -- "$1" "$dir/err"
}

run_says() { # STATUS TEXT OPTIONS...
	wanted=$1 text=$2
	shift 2
	run "$wanted" "$@" && says "$text"
}

start() { # OPTIONS...: in the foreground, until it listens
	rm -f "$dir/log"
	# shellcheck disable=SC2086 # two words or none
	"$posternd" -fv -c "$dir/conf" $user "$@" >"$dir/out" 2>"$dir/log" &
	pid=$!
	started="$started $pid"
	await grep -qs event=start "$dir/log"
}

await() { # COMMAND...: until it succeeds, ten seconds at most
	for _ in $(seq 100); do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}

# A number that is free is soon somebody else's, and kill(2) takes those of
# threads too: at the end none must be killed that was waited for.
forget() { # PID
	kept=
	for each in $started; do
		[ "$each" = "$1" ] || kept="$kept $each"
	done
	started=$kept
}

ended() { # STATUS: of the process that was started
	status=0
	wait "$pid" || status=$?
	forget "$pid"
	cp "$dir/log" "$dir/err"
	[ "$status" -eq "$1" ]
}

gone() { ! kill -0 "$1" 2>/dev/null; }

version_is_told() { run 0 -V && grep -q '^posternd [0-9]' "$dir/out" &&
	grep -q '^libmilter [0-9]' "$dir/out"; }
help_is_told() { run 0 -h && grep -q '^usage: posternd ' "$dir/out" &&
	[ ! -s "$dir/err" ] && cp "$dir/out" "$dir/kept" &&
	run 0 --help && cmp -s "$dir/out" "$dir/kept"; }
good_is_silent() {
	conf
	# shellcheck disable=SC2086
	run 0 -n -c "$dir/conf" $user && [ ! -s "$dir/out" ] &&
		[ ! -s "$dir/err" ]
}
bad_user_is_a_mistake() { # as at the start, where only root becomes another
	[ "$(id -u)" -eq 0 ] || return 0
	conf 'UserID root'
	run_says 78 "$dir/conf:8: UserID: \"root\" is root" -n -c "$dir/conf" &&
		run_says 78 '-u: UserID: there is no user "no-such-user"' \
			-n -c "$dir/conf" -u no-such-user &&
		run_says 78 '-u: UserID: there is no group "no-such-group"' \
			-n -c "$dir/conf" -u nobody:no-such-group &&
		run 0 -n -c "$dir/conf" -u nobody
}
default_user_may_be_made_later() {
	conf
	run 0 -n -c "$dir/conf" || return 1
	[ "$(id -u)" -ne 0 ] || id -u postern >/dev/null 2>&1 ||
		says 'there is no user "postern"'
}
all_mistakes() {
	conf 'Sokcet x' 'On-Fail maybe' 'Syslog yes'
	run 78 -n -c "$dir/conf" &&
		says "$dir/conf:8: Sokcet: unknown keyword" &&
		says "$dir/conf:9: On-Fail: " &&
		says "$dir/conf:10: Syslog: stands in line 7 already" &&
		[ "$(wc -l <"$dir/err")" -eq 3 ]
}
anchor_missing() {
	conf
	sed -i "s|^TrustAnchorFile.*|TrustAnchorFile $dir/none|" "$dir/conf"
	run_says 78 "$dir/conf:3: TrustAnchorFile: $dir/none: No such file" \
		-f -c "$dir/conf"
}
anchor_garbage() {
	conf
	echo nonsense >"$dir/garbage"
	sed -i "s|^TrustAnchorFile.*|TrustAnchorFile $dir/garbage|" "$dir/conf"
	# shellcheck disable=SC2086
	run_says 72 "$dir/garbage" -n -c "$dir/conf" $user &&
		run_says 72 "$dir/garbage" -f -c "$dir/conf" $user &&
		[ ! -e "$dir/run/sock" ]
}
no_user() {
	conf 'UserID no-such-user'
	[ "$(id -u)" -ne 0 ] || run_says 67 '"no-such-user"' -f -c "$dir/conf"
}
user_is_root() {
	conf 'UserID root'
	[ "$(id -u)" -ne 0 ] || run_says 67 '"root" is root' -f -c "$dir/conf"
}
no_directory() {
	conf
	# shellcheck disable=SC2086
	run_says 73 "cannot make a socket in $dir/none" \
		-f -c "$dir/conf" -p "unix:$dir/none/sock" $user
}
not_a_socket() {
	conf
	echo precious >"$dir/run/file"
	# shellcheck disable=SC2086
	run_says 73 'is no socket' -f -c "$dir/conf" \
		-p "unix:$dir/run/file" $user &&
		[ "$(cat "$dir/run/file")" = precious ]
}

starts() { conf; start -P "$dir/pid" && [ "$(cat "$dir/pid")" -eq "$pid" ]; }
mode_follows_umask() { [ "$(stat -c %a "$dir/run/sock")" = 770 ]; }
drops_root() { [ "$(id -u)" -ne 0 ] ||
	[ "$(stat -c %U "/proc/$pid")" = nobody ]; }
resolver_told() {
	await grep -q event=resolver "$dir/log" &&
		[ "$(grep -c event=resolver "$dir/log")" -eq 1 ] &&
		grep -q -e ': -: event=resolver addr=127.0.0.1@1 validating=no reason=dns-timeout detail=' "$dir/log"
}
in_use() {
	# shellcheck disable=SC2086
	run_says 69 "$dir/run/sock is in use" -f -c "$dir/conf" $user \
		-P "$dir/pid" &&
		[ "$(cat "$dir/pid")" -eq "$pid" ] && kill -0 "$pid"
}
mail() { # SCRIPT: a part of posternd.lua
	miltertest -s "$here/posternd.lua" -D "socket=unix:$dir/run/sock" \
		-D "part=$1" -D "pid=$pid" -D "dir=$dir"
}
logged() { # TEXT [COUNT]
	[ "$(grep -cF -- "$1" "$dir/log")" -eq "${2:-1}" ]
}
cat >"$dir/reload" <<-END
	#!/bin/sh
	# reload DIRECTORY SIGNAL PID: take the next settings, and wait for it
	before=\$(grep -c event=reload "\$1/log")
	cp "\$1/next" "\$1/conf" && kill "-\$2" "\$3" || exit 1
	for _ in \$(seq 100); do
		[ "\$(grep -c event=reload "\$1/log")" -eq "\$before" ] || exit 0
		sleep 0.1
	done
	exit 1
END
chmod 755 "$dir/reload"
next() { # lines of a configuration that is to come
	cp "$dir/conf" "$dir/kept"
	conf "$@"
	mv "$dir/conf" "$dir/next"
	mv "$dir/kept" "$dir/conf"
}
reload() { # SIGNAL LINE...: of the configuration
	signal=$1
	shift
	next "$@"
	"$dir/reload" "$dir" "$signal" "$pid"
}
last_reload() { # TEXT: the rest of the last line about one
	[ "$(grep event=reload "$dir/log" | tail -1)" = \
		"posternd: -: event=reload $1" ]
}
hup_reloads() { reload HUP 'On-TempError defer' && mail defer &&
	last_reload 'faults=0 engine=kept'; }
usr1_reloads() { reload USR1 'On-TempError tag' && mail several &&
	last_reload 'faults=0 engine=kept'; }
bad_is_refused() {
	reload USR1 'On-TempError defer' && mail defer &&
		reload HUP 'On-TempError maybe' 'Sokcet x' &&
		last_reload "faults=2 detail=$dir/conf:8:_On-TempError:_?maybe?_is_not_one_of:_none_tag_defer_reject_hold" &&
		mail defer
}
missing_is_refused() {
	rm "$dir/conf" && kill -HUP "$pid" &&
		await last_reload "faults=1 detail=$dir/conf:_No_such_file_or_directory" &&
		mail defer && conf
}
engine_is_renewed() {
	reload HUP 'ProbeTimeout 3s' && last_reload 'faults=0 engine=new' &&
		mail several && reload HUP 'ProbeTimeout 3s' 'Store none' &&
		last_reload 'faults=0 engine=new' && mail several &&
		reload HUP 'ProbeTimeout 3s' 'Store none' 'On-None tag' &&
		last_reload 'faults=0 engine=kept' && mail several
}
engine_that_fails_is_refused() {
	echo nonsense >"$dir/garbage"
	next 'On-TempError defer'
	sed -i "s|^TrustAnchorFile.*|TrustAnchorFile $dir/garbage|" "$dir/next"
	"$dir/reload" "$dir" HUP "$pid" && mail several &&
		logged 'event=reload faults=1 detail=' 2
}
restart_is_told() {
	next 'UMask 027' 'SyslogName x' 'SyslogFacility user' \
		'Background no'
	sed -i -e 's/^Syslog no/Syslog yes/' -e "s|^Socket.*|Socket unix:/x|" \
		"$dir/next"
	"$dir/reload" "$dir" HUP "$pid" && last_reload \
		'faults=0 engine=new restart=Socket,UMask,Background,Syslog,SyslogFacility,SyslogName'
}
override_stays() { # of -P, over the file
	reload HUP 'PidFile /x' && last_reload 'faults=0 engine=kept'
}
in_flight_keeps_its_settings() {
	reload HUP 'On-TempError hold' &&
		next 'On-TempError tag' 'HeaderName X-Other' 'ProbeTimeout 4s' &&
		mail across && last_reload 'faults=0 engine=new'
}
no_quarantine_is_an_internal_error() {
	reload HUP 'On-TempError tag' 'On-InternalError tempfail' &&
		next 'On-TempError hold' 'On-InternalError tempfail' &&
		mail unquarantined
}
ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; } # that it ran
files() { # NUMBER: that it may have open; its own user may say so
	set -- prlimit "--nofile=$1:" --pid "$pid"
	[ -z "$user" ] || set -- setpriv --reuid nobody --regid "$(id -g nobody)" \
		--clear-groups "$@"
	"$@"
}
ask() { "${posternd%d}" stats -c "$dir/conf"; }
a_loop_that_fails_rests() { # it lists more than its process may have
	files 32 || return 1
	ask & # it is woken to find that out
	asked=$!
	sleep 1
	before=$(ticks)
	sleep 2
	after=$(ticks)
	files 1024
	wait "$asked" || :
	[ $((after - before)) -lt 100 ] && ask
}
hail_of_signals() { # two at once must not reach libmilter
	for _ in $(seq 200); do
		kill -HUP "$pid" || return 1
	done
	await mail several && kill -0 "$pid"
}
under_load() { # 20 reloads, each another engine, under 10 connections
	for client in 0 1 2 3 4 5 6 7 8 9; do
		miltertest -s "$here/posternd.lua" \
			-D "socket=unix:$dir/run/sock" -D part=load \
			-D "pid=$pid" -D "dir=$dir" -D "client=$client" \
			>"$dir/sent.$client" 2>&1 &
		clients="$clients $!"
	done
	for i in $(seq 20); do
		reload HUP "ProbeTimeout ${i}s" "On-TempError $(
			[ $((i % 2)) -eq 0 ] && echo tag || echo defer)" \
			'DecideAt message' || return 1
	done
	touch "$dir/enough"
	for client in $clients; do
		wait "$client" || return 1
	done
	cat "$dir"/sent.?
	sent=$(cat "$dir"/sent.? | awk '{ sum += $1 } END { print sum }')
	[ "$sent" -gt 50 ] &&
		[ "$(grep -c 'LOAD-[0-9-]*: event=message' "$dir/log")" -eq "$sent" ]
}
term_ends() { kill -TERM "$pid" && ended 0 && says 'event=stop' &&
	[ ! -e "$dir/run/sock" ] && [ ! -s "$dir/pid" ]; }

stale_is_replaced() {
	start && kill -KILL "$pid" && ! ended 0 && [ -S "$dir/run/sock" ] &&
		start && kill -TERM "$pid" && ended 0
}
successor_keeps_its_socket() { # though another process ends that had one there
	start && first=$pid && rm "$dir/run/sock" && cp "$dir/conf" "$dir/kept" &&
		sed -i "s|^ControlSocket.*|ControlSocket none|" "$dir/conf" &&
		start && second=$pid && cp "$dir/kept" "$dir/conf" &&
		pid=$first && kill -TERM "$pid" && wait "$pid" &&
		forget "$pid" && pid=$second && mail several &&
		kill -TERM "$pid" && ended 0 && [ ! -e "$dir/run/sock" ]
}
int_ends() { start && kill -INT "$pid" && ended 0; }

pid_file_is_a_fifo() { # with a reader, and without
	mkfifo "$dir/run/fifo" && conf "PidFile $dir/run/fifo" || return 1
	sleep 20 <>"$dir/run/fifo" &
	reader=$!
	for _ in 1 2; do
		# shellcheck disable=SC2086
		run_says 73 "$dir/run/fifo" -f -c "$dir/conf" $user || return 1
		kill $reader 2>/dev/null
	done
	[ -p "$dir/run/fifo" ] && rm "$dir/run/fifo"
}
one_socket_by_two_names() { # the second would take the first away
	ln -s run "$dir/alias"
	conf "" && sed -i "s|^ControlSocket.*|ControlSocket $dir/alias/sock|" \
		"$dir/conf"
	# shellcheck disable=SC2086
	run_says 69 "$dir/run/sock is in use" -f -c "$dir/conf" $user &&
		[ ! -e "$dir/run/sock" ]
}
starts_without_descriptors() { # 0 to 2 are no file of posternd's
	conf "PidFile $dir/run/pid"
	# shellcheck disable=SC2086
	"$posternd" -c "$dir/conf" -f $user <&- >&- 2>&- &
	pid=$!
	started="$started $pid"
	await [ -s "$dir/run/pid" ] || return 1
	for fd in 0 1 2; do
		[ "$(readlink "/proc/$pid/fd/$fd")" = /dev/null ] || return 1
	done
	cp /dev/null "$dir/log" && kill -TERM "$pid" && ended 0
}

port_in_use() {
	conf
	start -p inet:28891@127.0.0.1 || return 1
	# shellcheck disable=SC2086
	run_says 69 'inet:28891@127.0.0.1: Address already in use' \
		-f -c "$dir/conf" -p inet:28891@127.0.0.1 $user &&
		kill -TERM "$pid" && ended 0
}
unknown_host() {
	conf
	# shellcheck disable=SC2086
	run_says 68 'inet:28891@[::1]' -f -c "$dir/conf" \
		-p 'inet:28891@[::1]' $user
}

daemon_starts() {
	conf "PidFile $dir/run/pid"
	# shellcheck disable=SC2086
	cd "$dir" && run 0 -c conf $user && [ ! -s "$dir/err" ] &&
		pid=$(cat "$dir/run/pid") && started="$started $pid" &&
		kill -0 "$pid" && [ -S "$dir/run/sock" ]
}
daemon_has_a_session() {
	[ "$(cut -d' ' -f6 "/proc/$pid/stat")" -eq "$pid" ]
}
daemon_reloads() { # from a path that was relative to another directory
	conf 'On-TempError defer' && kill -HUP "$pid" && await mail defer
}
daemon_ends() { kill -TERM "$pid" && await gone "$pid" && forget "$pid" &&
	[ ! -e "$dir/run/sock" ] && [ ! -s "$dir/run/pid" ]; }
daemon_fails_in_front() {
	conf
	# shellcheck disable=SC2086
	run_says 73 'posternd: cannot make a socket' \
		-c "$dir/conf" -p "unix:$dir/none/sock" $user
}

starts_with() { conf "$@"; start; }
days_before() { # TEXT: how often the rule that is past was told of before it
	sed "/$1/,\$d" "$dir/log" | grep -c 'event=rule rule=past.example '
}
# what a sanitizer puts first, nothing can be put before
can_hurry() {
	cc -D_GNU_SOURCE -shared -fPIC -o "$dir/hours.so" "$here/hours.c" -ldl \
		>"$dir/said" 2>&1 && ! ldd "$posternd" | grep -q -e asan -e tsan
}
rules_are_told_daily() {
	printf '%s.example may until=%s\n' \
		past 2020-01-31 soon "$(date -d '+10 days' +%F)" \
		>"$dir/days"
	conf "Destinations $dir/days" && export LD_PRELOAD="$dir/hours.so" &&
		start
	unset LD_PRELOAD
	await grep -q 'rule=soon.example .*expired-rule' "$dir/log" &&
		[ "$(days_before 'rule=soon.example ')" -ge 3 ] &&
		[ "$(days_before 'rule=soon.example .*expired')" -ge 10 ] &&
		kill -TERM "$pid" && ended 0
}
term_lets_a_message_end() {
	mail term && ended 0 && says 'QTERM: event=message '
}

test_that 'the version is told' version_is_told
test_that 'help is told' help_is_told
test_that 'a wrong option is a usage error' run 64 -x
test_that 'a word that is no option is a usage error' run 64 start
test_that 'a good configuration is silent' good_is_silent
test_that 'all mistakes are told in one run' all_mistakes
test_that 'a user that the start refuses is one' bad_user_is_a_mistake
test_that 'but that the default one may be made later is not' default_user_may_be_made_later
test_that 'a named configuration that is missing is an error' \
	run_says 78 "$dir/none: No such file" -n -c "$dir/none"
test_that 'a mistake in an option is told' \
	run_says 78 '-p: Socket: "x"' -n -p x
test_that 'a missing trust anchor is told with its line' anchor_missing
test_that 'a trust anchor that is none is told, and ends the start' anchor_garbage
test_that 'root without the user is an error' no_user
test_that 'root is no user to become' user_is_root
test_that 'a socket without a directory is an error' no_directory
test_that 'a file in place of the socket is kept' not_a_socket
test_that 'it starts, and writes its PID' starts
test_that 'the socket has the mode of UMask' mode_follows_umask
test_that 'root is dropped' drops_root
test_that 'a resolver that is not there is one err line' resolver_told
test_that 'a socket in use is left alone' in_use
test_that 'mail goes on without a resolver, tagged temperror' mail resolver
test_that 'its check is logged' \
	logged 'Q1: event=check domain=nobody.example result=temperror policy='
test_that 'its message is logged' \
	logged 'Q1: event=message result=temperror action=tag domains=1 rcpts=2 auth=yes'
test_that 'forged copies are removed, ours is inserted' mail forged
test_that 'several messages go over one connection' mail several
test_that 'an aborted message leaves nothing behind' mail abort
test_that 'odd recipients are answered' mail odd
test_that 'a recipient without macros is not taken for the one before' \
	mail stale
test_that 'a client that vanishes is survived' mail vanish
test_that 'HUP loads the settings anew' hup_reloads
test_that 'USR1 does too' usr1_reloads
test_that 'bad settings are refused, the old ones stay' bad_is_refused
test_that 'so are settings that are gone' missing_is_refused
test_that 'what concerns checks renews the engine' engine_is_renewed
test_that 'an engine that cannot be had changes nothing' \
	engine_that_fails_is_refused
test_that 'what needs a restart is told' restart_is_told
test_that 'an option still overrides the file' override_stays
test_that 'a message in flight keeps its settings' in_flight_keeps_its_settings
test_that 'what the MTA did not offer is an internal error' \
	no_quarantine_is_an_internal_error
test_that 'a loop that cannot wait rests' a_loop_that_fails_rests
test_that 'a hail of signals is survived' hail_of_signals
test_that '20 reloads under 10 connections lose no message' under_load
test_that 'TERM ends it and removes socket and PID' term_ends
test_that 'a stale socket is replaced' stale_is_replaced
test_that 'a socket that took the place of ours is kept' \
	successor_keeps_its_socket
test_that 'INT ends it' int_ends
test_that 'a PID file that is a FIFO is an error, and no wait' \
	pid_file_is_a_fifo
test_that 'one place for both sockets is an error' one_socket_by_two_names
test_that 'it starts with descriptors 0 to 2 closed' starts_without_descriptors
test_that 'a port in use is an error' port_in_use
test_that 'a host that is none is an error' unknown_host
test_that 'a daemon is ready when its parent returns' daemon_starts
test_that 'the daemon has a session of its own' daemon_has_a_session
test_that 'the daemon serves' mail several
test_that 'the daemon finds its settings again' daemon_reloads
test_that 'the daemon ends on TERM' daemon_ends
test_that 'a daemon that fails says so and why' daemon_fails_in_front
printf 'past.example may until=2020-01-31\nnobody.example may on-fail=defer\n' \
	>"$dir/rules"
test_that 'it starts to defer' \
	starts_with 'On-TempError defer' "Destinations $dir/rules"
test_that 'a rule past its day is told' logged \
	'-: event=rule rule=past.example until=2020-01-31 reason=expired-rule'
test_that 'a recipient is refused at RCPT, another is not' mail defer
test_that 'what was refused is logged without a queue id' \
	logged 'NOQUEUE: event=check domain=nobody.example result=temperror'
test_that 'with the rule it was judged by' logged ' rule=nobody.example '
test_that 'TERM lets a message in flight end' term_lets_a_message_end
test_that 'it starts to reject whole messages' starts_with \
	'On-TempError reject' 'DecideAt message' 'On-InternalError tempfail'
test_that 'a temperror is deferred at the end, never rejected' mail reject
test_that 'TLS-Required: No lets a message through, tagged so' mail waive
test_that 'it is logged as skipped' \
	logged 'QWAIVE: event=skip domain=nobody.example reason=tls-required-no action=none rcpts=1'
test_that 'REQUIRETLS of MAIL wins over it' mail require
test_that 'a message begun after TERM is answered by On-InternalError' \
	mail late
test_that 'and it ends' ended 0
test_that 'it starts to hold' starts_with 'On-TempError hold'
test_that 'a message is held, and tagged so' mail hold
test_that 'it ends once more' term_ends
if can_hurry; then
	test_that 'rules that end are told each day' rules_are_told_daily
fi
test_that 'all have ended, and no PID is kept' test -z "$started"
echo "1..$count"
