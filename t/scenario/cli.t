#!/bin/sh
# postern without a network: verbs that work offline, and what is said to wrong
# words, files and outputs.
postern=${POSTERN_BUILDDIR:-$(dirname "$0")/../..}/milter/postern
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
count=0

# exits STATUS NAME COMMAND... - stdout in $dir/out, stderr in $dir/err
exits() {
	wanted=$1
	name=$2
	shift 2
	count=$((count + 1))
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	if [ "$status" -eq "$wanted" ]; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		echo "# exit $status, not $wanted"
		sed 's/^/# /' "$dir/err"
	fi
}

# says WHERE PATTERN - of the last command
says() {
	count=$((count + 1))
	if grep -Eq -- "$2" "$dir/$1"; then
		echo "ok $count - its $1 says $2"
	else
		echo "not ok $count - its $1 says $2"
		sed 's/^/# /' "$dir/$1"
	fi
}

silent() {
	count=$((count + 1))
	if [ -s "$dir/$1" ]; then
		echo "not ok $count - its $1 is empty"
		sed 's/^/# /' "$dir/$1"
	else
		echo "ok $count - its $1 is empty"
	fi
}

exits 64 'no verb is a usage error' "$postern"
silent out
exits 64 'an unknown verb is a usage error' "$postern" frobnicate
says err 'no such verb: frobnicate'
exits 74 'nor is help' sh -c "'$postern' --help >/dev/full"
exits 64 'half a verb is a usage error' "$postern" tlsa
exits 64 'an unknown option is a usage error' "$postern" check --frob x.example
exits 64 'an option of another verb is a usage error' \
	"$postern" check --txt a x.example
says err '--txt is not for this verb'
exits 64 'check wants a domain' "$postern" check
for word in '' mx: mx::25 mx:x.example:99999 mx:x.example:0 mx:x.example: \
	user@; do
	for verb in check 'sts check' 'tlsa check'; do
		# shellcheck disable=SC2086 # two words or one
		exits 64 "$verb: \"$word\" is no destination" \
			"$postern" $verb -- "$word"
		silent out
	done
done
exits 64 'nor one of several' "$postern" check x.example mx:x.example:99999
says err '^postern: mx:x.example:99999: the port is 1 to 65535, or a mail service such as submission$'
exits 64 'a port by a name that is none' "$postern" check mx:x.example:telnet
exits 66 'a file of destinations must be there' \
	"$postern" check -f "$dir/none"
exits 64 'so many checks at once are none' "$postern" check -j 0 x.example
says err '^postern: --jobs: a number from 1 to 256, of a survey to 2048$'
exits 64 'nor are as many as a survey has' "$postern" check -j 257 x.example
says err '^postern: --jobs: a number from 1 to 256$'
exits 64 'a depth is dns or probe' "$postern" check --depth deep x.example
exits 64 'a level is one of the words' "$postern" check --level high x.example
exits 0 'help is data' "$postern" --help
says out '^  tlsa match '
exits 0 'a verb has its own' "$postern" check --help
says out '^usage: postern check .*--depth dns.probe'
says out '^ +--level LEVEL '
exits 0 'of several verbs it tells which' "$postern" tlsa --help
says out '^  tlsa match '
exits 64 'a mistake is answered with the usage of the verb' \
	"$postern" check --depth
says err '^postern: --depth wants a value$'
says err '^usage: postern check '
exits 0 'help has nothing to mourn' "$postern" -h
silent err
exits 0 'so is the version' "$postern" -V
says out '^postern [0-9]'
exits 74 'a full disk is no answer' sh -c "'$postern' sts lint --txt x >/dev/full"
exits 74 'nor is output that is closed' \
	sh -c "'$postern' sts lint --txt 'v=STSv1; id=1;' >&-"
exits 66 'input that is closed is no policy' sh -c "'$postern' sts lint - <&-"

# What is opened with descriptors 0 to 2 closed is none of them. Until the shell
# has become the program, it has this test's descriptor 9.
mkfifo "$dir/fifo"
exec 9<>"$dir/fifo"
"$postern" sts lint "$dir/fifo" <&- >&- 2>&- 9<&- &
pid=$!
tries=0
until readlink "/proc/$pid"/fd/[3-8] | grep -q /fifo || [ $tries -ge 500 ]; do
	tries=$((tries + 1))
	sleep 0.02
done
exits 0 'what is opened later is no standard output' \
	sh -c "for fd in 0 1 2; do
		[ \"\$(readlink /proc/$pid/fd/\$fd)\" = /dev/null ] || exit 1; done"
kill "$pid"
exec 9<&-

printf 'Frob yes\nOn-Fail maybe\n' >"$dir/bad.conf"
exits 78 'a bad configuration is told' \
	"$postern" check -c "$dir/bad.conf" x.example
says err 'bad\.conf:1: '
says err 'bad\.conf:2: '
exits 78 'so is a missing one' "$postern" check -c "$dir/none" x.example

# rules per destination
cat >"$dir/rules" <<END
*                may         until=2040-01-31
.d.example       secure      match=.mx.d.example:nexthop
a.d.example      dane-only   on-fail=defer
old.d.example    none        until=2030-01-31
mx:.h.example    auto        dane=no on-temperror=hold
END
printf 'Destinations %s\nOn-TempError reject\n' "$dir/rules" >"$dir/rules.conf"
policy() {
	verb=$1
	shift
	"$postern" policy "$verb" -c "$dir/rules.conf" \
		--at 2030-06-01T00:00:00Z "$@"
}
exits 0 'rules are listed, the most specific first' policy list
says err '^postern: old.d.example: expired-rule, until 2030-01-31$'
count=$((count + 1))
if printf '%s\n' 'a.d.example dane-only on-fail=defer' \
	'.d.example secure match=.mx.d.example:nexthop' \
	'mx:.h.example auto dane=no on-temperror=hold' \
	'* may until=2040-01-31' | cmp -s - "$dir/out"; then
	echo "ok $count - as they could stand in the file"
else
	echo "not ok $count - as they could stand in the file"
fi
printf 'Destinations /dev/null\n' >"$dir/no-rules.conf"
exits 0 'that there are none is told' \
	"$postern" policy list -c "$dir/no-rules.conf"
silent out
says err '^postern: no rules in /dev/null$'
exits 0 'rules are listed as JSON' policy list --json
says out '^\{"schema":1,"key":"\*","rule":"any","line":1,"match":\[\],"until":"2040-01-31","level":"may"'
exits 0 'a rule that applies is told' policy test x@A.D.example.
says out '^a\.d\.example$'
says out '^  rule        a\.d\.example dane-only on-fail=defer$'
says out '^  fail        defer$'
says out '^  temperror   defer$'
exits 0 'one past its day gives way' policy test old.d.example
says out '^  ignored     old\.d\.example none until=2030-01-31 \(expired-rule\)$'
says out '^  rule        \.d\.example secure'
says out '^  names       \.mx\.d\.example nexthop$'
exits 0 'before, it applied' policy test --at 2030-01-31T12:00:00Z old.d.example
says out '^  rule        old\.d\.example none until'
exits 0 'any is told from a rule for its host' policy test e.example
says out '^  rule        \* may'
says out '^  hosts       a rule for its mail host goes before$'
exits 0 'a host has its own' policy test mx:mx1.h.example
says out '^  rule        mx:\.h\.example auto dane=no'
says out '^  means .*; without DANE$'
says out '^  temperror   hold$'
exits 1 'no rule, exit 1' policy test --at 2041-01-01T00:00:00Z e.example
says out '^  rule        none, default level auto$'
exits 0 'a test as JSON' policy test --json old.d.example
says out '"domain":"old\.d\.example","key":"\.d\.example","rule":"\.d\.example","line":2,'
says out '"level":"secure","dane":false,"sts":false,"on_fail":"tag","on_temperror":"defer","host_rules":false,"expired":\["old\.d\.example"\]\}$'
exits 1 'none as JSON' policy test --json --at 2041-01-01T00:00:00Z e.example
says out '"domain":"e\.example","rule":null,"level":"auto","dane":true,"sts":true'
exits 64 'a test wants a domain' policy test
exits 64 'and one that is a name' policy test a..b
exits 64 'a list wants none' policy list d.example
printf 'd.example high\n\ne.example may frob=1\n' >"$dir/rules"
exits 78 'mistakes in rules are told' policy list
says err 'rules:1: "high" is not one of: auto may'
says err 'rules:3: "frob" is no option'

printf 'Nameservers 127.0.0.1@9\nDNSTimeout 300ms\nStore none\n' \
	>"$dir/lonely.conf"
exits 69 'no resolver, no verdict' \
	"$postern" check -c "$dir/lonely.conf" x.example
silent out
exits 78 'no store, no cache' "$postern" cache list -c "$dir/lonely.conf"
printf 'StateDirectory %s\n' "$dir" >"$dir/empty.conf"
exits 66 'a store that was never made is no store' \
	"$postern" cache list -c "$dir/empty.conf"
exits 64 'cache show wants a domain' "$postern" cache show

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$dir/key.pem" -out "$dir/cert.pem" -days 30 \
	-subj /CN=mx1.d.example -addext subjectAltName=DNS:mx1.d.example \
	2>/dev/null
spki=$(openssl x509 -in "$dir/cert.pem" -noout -pubkey |
	openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)
match() {
	"$postern" tlsa match --chain "$dir/cert.pem" --name mx1.d.example "$@"
}
exits 0 'a record of the key matches' match "3 1 1 $spki"
says out '^\{"schema":1,"result":"match","reason":"ok","matched":\{"usage":3,'
says out '"depth":0,"usable":1,"records":1\}$'
exits 0 'dates do not matter to DANE-EE' \
	match --at 2001-01-01T00:00:00Z "3 1 1 $spki"
exits 2 'another key does not match' match "3 1 1 $(echo x | sha256sum |
	cut -d' ' -f1)"
says out '"result":"no-match","reason":"validation-failure","matched":null'
exits 1 'usage 1 is not usable for mail' match "1 1 1 $spki"
says out '"result":"unusable"'
exits 2 'a self-signed leaf is not its own issuer' match "2 1 1 $spki"
says out '"reason":"certificate-not-trusted"'
set --
while [ $# -lt 200 ]; do set -- "$@" "3 1 1 $(printf %064d $#)"; done
exits 0 'the last of 200 records matches' match "$@" "3 1 1 $spki"
says out '"usable":201,"records":201'
exits 64 'odd hex is a usage error' match "3 1 1 ${spki}0"
exits 64 'so is text that is no record' match 'three one one'
exits 64 'and a time that is none' match --at yesterday "3 1 1 $spki"
exits 64 'a match wants a record' match
exits 65 'a file without a certificate is bad data' \
	"$postern" tlsa match --chain /dev/null --name a.example "3 1 1 $spki"
exits 65 'so is a key' "$postern" tlsa match --chain "$dir/key.pem" \
	--name a.example "3 1 1 $spki"
exits 66 'a file that is not there is said' \
	"$postern" tlsa match --chain "$dir/none" --name a.example "3 1 1 $spki"
exits 64 'options may not lack their value' "$postern" tlsa match --chain

# records of files, as openssl sees them
first_is() { # WHAT PATTERN - the first line of the last command
	count=$((count + 1))
	if head -n 1 "$dir/out" | grep -Eqx -- "$2"; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		sed 's/^/# /' "$dir/out" "$dir/err"
	fi
}
gen() { "$postern" tlsa gen "$@"; }
digest() { openssl dgst "-$1" -r | cut -d' ' -f1; }
for kind in 'RSA -pkeyopt rsa_keygen_bits:2048' \
	'EC -pkeyopt ec_paramgen_curve:P-256' \
	'EC -pkeyopt ec_paramgen_curve:P-384' ED25519; do
	# shellcheck disable=SC2086
	openssl genpkey -algorithm $kind -out "$dir/k.pem" 2>/dev/null
	openssl pkey -in "$dir/k.pem" -traditional -out "$dir/k.old.pem" \
		2>/dev/null || cp "$dir/k.pem" "$dir/k.old.pem"
	openssl pkey -in "$dir/k.pem" -outform DER -out "$dir/k.der"
	openssl pkey -in "$dir/k.pem" -pubout -out "$dir/k.pub.pem"
	openssl pkey -in "$dir/k.pem" -pubout -outform DER -out "$dir/k.pub.der"
	openssl req -new -key "$dir/k.pem" -subj /CN=x -out "$dir/k.csr.pem"
	openssl req -in "$dir/k.csr.pem" -outform DER -out "$dir/k.csr.der"
	openssl req -new -x509 -key "$dir/k.pem" -subj /CN=x -out "$dir/k.crt.pem"
	openssl x509 -in "$dir/k.crt.pem" -outform DER -out "$dir/k.crt.der"
	cat "$dir/k.pem" "$dir/k.crt.pem" >"$dir/k.both.pem"
	hash=$(digest sha256 <"$dir/k.pub.der")
	for file in k.pem k.old.pem k.der k.pub.pem k.pub.der k.csr.pem \
		k.csr.der k.crt.pem k.crt.der k.both.pem; do
		exits 0 "a record of ${kind%% *} in $file" gen "$dir/$file" \
			--name mx1.d.example
		first_is 'as openssl has it' \
			"_25\._tcp\.mx1\.d\.example\. IN TLSA 3 1 1 $hash"
	done
done
says out "^; or: _25\..*\. IN TYPE52 .# 35 030101$hash\$"
silent err
full=$(od -An -v -tx1 "$dir/k.crt.der" | tr -d ' \n')
exits 0 'each kind of record is made' gen "$dir/k.crt.pem" '3 0 1' '3 0 2' \
	'3 1 2' '3 0 0' '2 0 1' --port submissions --name MX1.d.example. --name b.example
for line in "3 0 1 $(digest sha256 <"$dir/k.crt.der")" \
	"3 0 2 $(digest sha512 <"$dir/k.crt.der")" \
	"3 1 2 $(digest sha512 <"$dir/k.pub.der")" "3 0 0 $full" \
	"2 0 1 $(digest sha256 <"$dir/k.crt.der")"; do
	says out "^_465\._tcp\.mx1\.d\.example\. IN TLSA $line\$"
	says out "^_465\._tcp\.b\.example\. IN TLSA $line\$"
done
says err 'warning: .*3 0 1 record changes with every renewal'
says err 'warning: matching type 0'
says err 'warning: .*usage 2 the host must send'
exits 0 'what two files share stands once' \
	gen "$dir/k.pem" "$dir/k.crt.pem" "$dir/cert.pem" --json
says out '^\{"schema":1,"records":\[\{"usage":3,"selector":1,"mtype":1,"data":"'"$hash"'","owner":"","rdata":"3 1 1 '"$hash"'",'
says out "\"data\":\"$spki\""
says out '"from":"[^"]*/k.pem","source":"private-key","authenticated":true'
count=$((count + 1))
if [ "$(grep -o '"usage"' "$dir/out" | wc -l)" -eq 2 ]; then
	echo "ok $count - two records of three files"
else
	echo "not ok $count - two records of three files"
fi
for kind in '0 1 1' '1 1 1' '4 1 1' '3 2 1' '3 1 3' '255 255 255'; do
	exits 64 "$kind is not for mail" gen "$dir/k.crt.pem" "$kind"
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$dir/leaf.key" -out "$dir/leaf.pem" -subj /CN=mx1.d.example \
	-addext basicConstraints=critical,CA:FALSE 2>/dev/null
exits 65 'the host itself is no anchor' gen "$dir/leaf.pem" '2 1 1'
says err 'no CA certificate in it'
cat "$dir/leaf.pem" "$dir/k.crt.pem" >"$dir/chain.pem"
exits 0 'the CA behind it is' gen "$dir/chain.pem" '2 1 1' --name a.example
first_is 'of its key' "_25\._tcp\.a\.example\. IN TLSA 2 1 1 $hash"
says err 'warning: .*bears none of the names'
# the order of a chain, and files of servers with two types of key
leaf=$(openssl x509 -in "$dir/leaf.pem" -noout -pubkey |
	openssl pkey -pubin -outform DER | digest sha256)
cat "$dir/k.crt.pem" "$dir/leaf.pem" >"$dir/wrong.pem"
exits 0 'a chain in the wrong order has a host as well' gen "$dir/wrong.pem" \
	--name a.example
first_is 'which is found' "_25\._tcp\.a\.example\. IN TLSA 3 1 1 $leaf"
says err "warning: .*a CA's certificate stands before the host's"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
	-out "$dir/rsa.key" 2>/dev/null
openssl req -x509 -key "$dir/rsa.key" -subj /CN=mx1.d.example \
	-out "$dir/rsa.pem"
rsa=$(openssl pkey -in "$dir/rsa.key" -pubout -outform DER | digest sha256)
cat "$dir/rsa.key" "$dir/rsa.pem" "$dir/leaf.key" "$dir/leaf.pem" \
	>"$dir/two.pem"
exits 0 'a file of two keys has two records' gen "$dir/two.pem" --name a.example
says out "^_25\._tcp\.a\.example\. IN TLSA 3 1 1 $rsa\$"
says out "^_25\._tcp\.a\.example\. IN TLSA 3 1 1 $leaf\$"
says err 'warning: .*it holds 2 keys'
exits 65 'a plan is for one of them' "$postern" tlsa plan --name mx1.d.example \
	"$dir/two.pem" "$dir/leaf.pem"
says err 'it holds 2 keys: name a file for each'
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$dir/sub.key" -subj '/CN=an issuer' -out "$dir/sub.csr" 2>/dev/null
printf 'basicConstraints=critical,CA:TRUE\n' >"$dir/sub.ext"
openssl x509 -req -in "$dir/sub.csr" -CA "$dir/rsa.pem" \
	-CAkey "$dir/rsa.key" -extfile "$dir/sub.ext" -out "$dir/sub.pem" 2>/dev/null
cat "$dir/sub.pem" "$dir/rsa.pem" >"$dir/cas.pem"
exits 0 'of a file with CAs alone' gen "$dir/cas.pem" --name a.example
says err 'warning: .*the certificate of a CA, not of a host'
exits 65 'selector 0 wants a certificate' gen "$dir/k.csr.pem" '3 0 1'
openssl pkey -in "$dir/k.pem" -aes128 -passout pass:x -out "$dir/locked.pem"
exits 65 'a key under a password is told' gen "$dir/locked.pem"
says err 'locked\.pem: .*under a password'
openssl genrsa -traditional -aes128 -passout pass:x \
	-out "$dir/locked.old.pem" 2048 2>/dev/null
exits 65 'in its old form too' gen "$dir/locked.old.pem"
says err 'under a password'
cat "$dir/leaf.key" "$dir/k.crt.pem" >"$dir/odd.pem"
exits 65 'so is a key that is not the certificate'"'"'s' gen "$dir/odd.pem"
says err 'is not the certificate'
for label in CERTIFICATE 'CERTIFICATE REQUEST' 'PRIVATE KEY' 'PUBLIC KEY'; do
	printf -- '-----BEGIN %s-----\nAAAA\n-----END %s-----\n' \
		"$label" "$label" >"$dir/bad.pem"
	exits 65 "a $label that is none" gen "$dir/bad.pem"
done
exits 65 'nothing at all' gen /dev/null
exits 65 'ten megabytes' sh -c "head -c 10485760 /dev/zero |
	'$postern' tlsa gen -"
says err 'over 1048576 octets'
exits 66 'no such file' gen none.pem
says err 'a live host is written mx:none\.pem'
exits 66 'a directory is no file' gen "$dir"
exits 64 'no file' gen '3 1 1'
exits 64 'a name that is none' gen "$dir/k.pem" --name a..b
exits 64 'a port that is none' gen "$dir/k.pem" --port 65536
exits 64 'a port by a name that is none' gen "$dir/k.pem" --port telnet
exits 64 'tlsa check wants a domain' "$postern" tlsa check
exits 64 'one of them' "$postern" tlsa check a.example b.example
exits 69 'and a resolver' \
	"$postern" tlsa check -c "$dir/lonely.conf" x.example
exits 0 'a file may come by a pipe' sh -c \
	"cat '$dir/k.pem' | '$postern' tlsa gen - --name a.example"
exits 74 'a full disk is no answer' \
	sh -c "'$postern' tlsa gen '$dir/k.pem' >/dev/full"

policy='version: STSv1\nmode: enforce\nmx: *.d.example\nmax_age: 86400\n'
lint() { # BODY ARGUMENTS...
	body=$1
	shift
	printf '%b' "$body" >"$dir/policy"
	"$postern" sts lint "$@" "$dir/policy"
}
exits 0 'a good policy is valid' lint "$policy" --txt 'v=STSv1; id=1;'
says out '"record":\{"valid":true,"id":"1","reason":"","mistakes":\[\]\}'
says out '"mode":"enforce","mx":\["\*\.d\.example"\],"max_age":86400'
exits 0 'blank lines at the end are noted' lint "$policy\\n\\n"
says out '"notes":\["blank lines'
exits 2 'a blank line within is invalid' lint "version: STSv1\\n\\n$policy"
says out '"policy":\{"valid":false'
exits 2 'two records are invalid' "$postern" sts lint \
	--txt 'v=STSv1; id=1;' --txt 'v=STSv1; id=2;'
says out '"policy":null'
exits 0 'text beside the record is not' "$postern" sts lint \
	--txt 'v=STSv1; id=1;' --txt 'v=spf1 -all'
stsgen() { "$postern" sts gen "$@"; }
exits 0 'a policy of mode none wants no look' stsgen d.example --mode none \
	--part policy
says err 'leave this policy .* in place'
cp "$dir/out" "$dir/policy"
exits 0 'and is valid' "$postern" sts lint "$dir/policy"
exits 0 'so is its record' stsgen D.example. --mode none --part dns \
	--rua a@d.example --rua https://d.example/r
says out '^_mta-sts\.d\.example\. IN TXT "v=STSv1; id=[0-9]{14};"$'
says out '^_smtp\._tls\.d\.example\. IN TXT "v=TLSRPTv1; rua=mailto:a@d\.example,https://d\.example/r"$'
exits 0 'max-age is as asked' stsgen d.example --mode none --max-age 31557600
says out '^max_age: 31557600$'
for words in '--mode may' '--max-age 0' '--max-age 31557601' '--part all' \
	'--rua here' '--rua mailto:a@b,c@d' '--rua ftp://d.example/@'; do
	# shellcheck disable=SC2086
	exits 64 "sts gen takes no $words" stsgen d.example --mode none $words
done
exits 64 'sts gen wants a domain' stsgen --mode none
exits 64 'one that is a name' stsgen mx:d.example --mode none
exits 64 'lint wants something' "$postern" sts lint
exits 66 'lint says what it cannot read' "$postern" sts lint "$dir/none"

echo "1..$count"
