#!/usr/bin/env python3
"""fleet - several posternd that share policies through a real store, in the lab.

Three hosts, each with a name, a store and sockets of its own; between them
redis-server with TLS and its list of users.  A policy host goes silent after
the first of them has asked; the store is stopped, emptied, killed, and lied in;
each goes on as if alone.  Values are signed here by Python as well.  TAP.

fleet.py [--whole]: a member lies about a million domains; else about 20,000.
"""
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import json_page
import milter_client
import mta
import socketmap
import tap
import watch
import world

WAIT_S = 60
CROWD = 1000000 if "--whole" in sys.argv else 20000
CROWD_WAIT_S = 600
ASKED = 50 # of them
STOPPED_S = 30
OTHERS = ("postern:2:p:m62.example", "other:1:p:m62.example", "e")
PORT = 6390
FOLDER = mta.HERE + "/fleet"
KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
PASSWORD = "secret"
ACL = """user default off
user admin on >admin ~* &* +@all
user postern on >%s resetkeys ~postern:1:* resetchannels -@all +get +set \
+del +pexpireat +xadd +xread +hset +hgetall +hdel +hello +auth +ping
""" % PASSWORD

# Where both are, the newer one: Debian 12 has no Valkey
SERVER = [shutil.which("valkey-server") or "redis-server"]

POLICY = "version: STSv1\nmode: %s\nmx: %s\nmax_age: 86400\n"


# -- the store ----------------------------------------------------------------

def make_certificate(name):
    base = "%s/%s" % (FOLDER, name)
    mta.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", base + ".key",
            "-out", base + ".pem", "-days", "9000", "-subj", "/CN=store",
            "-addext", "subjectAltName=DNS:" + name)


class Store:
    def __init__(self):
        make_certificate("localhost")
        mta.write(FOLDER + "/users.acl", ACL)
        mta.write(FOLDER + "/redis.conf", """port 0
tls-port %d
bind 127.0.0.1
tls-cert-file %s/localhost.pem
tls-key-file %s/localhost.key
tls-ca-cert-file %s/localhost.pem
tls-auth-clients no
aclfile %s/users.acl
unixsocket %s/redis.sock
save ""
dir %s
""" % (PORT, *[FOLDER] * 6))
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            SERVER + [FOLDER + "/redis.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        mta.await_true(lambda: self.ask("PING") == "PONG", WAIT_S,
                       "redis-server")

    def ask(self, *words):
        done = subprocess.run(
            ["redis-cli", "-s", FOLDER + "/redis.sock", "--user", "admin",
             "--pass", "admin", "--no-auth-warning", *words],
            capture_output=True, text=True, timeout=WAIT_S)
        return done.stdout.rstrip("\n")

    def kill(self):
        self.process.kill()
        self.process.wait()


def digest(*fields):
    """What the names of probes, verdicts and leases end with."""
    octets = b"".join(len(field).to_bytes(4, "big") + field.encode()
                      for field in fields)
    return hashlib.sha256(octets).hexdigest()[:32]


def signed(name, payload, key=KEY):
    """A value as a host with the key puts it."""
    key = bytes.fromhex(key)
    text = json.dumps(payload, separators=(",", ":"))
    mac = hmac.new(key, b"postern-shared-1\0" + name.encode() + b"\0" +
                   text.encode(), hashlib.sha256).digest()
    return "1.%s.%s.%s" % (
        hashlib.sha256(key).hexdigest()[:8],
        base64.urlsafe_b64encode(mac).decode().rstrip("="), text)


def put_policy(store, domain, mode, mx, by="c.host"):
    name = "postern:1:p:" + domain
    now = int(time.time())
    store.ask("SET", name, signed(name, {
        "d": domain, "id": "1", "b": POLICY % (mode, mx), "f": now,
        "x": now + 86400, "by": by}))


def run(*words):
    return subprocess.run([mta.program("postern"), *words], text=True,
                          capture_output=True, timeout=WAIT_S)


# -- the hosts ----------------------------------------------------------------

class Host:
    """A posternd under a host name of its own."""

    def __init__(self, name, password="password", extra="", map_socket=True):
        self.name = name
        self.socket = "/run/postern/%s.sock" % name
        self.state = "%s/%s" % (FOLDER, name)
        self.map = "/run/postern/%s.map" % name
        os.makedirs(self.state, exist_ok=True)
        shutil.chown(self.state, "postern", "postern")
        under, mta.UNDER = mta.UNDER, [
            "unshare", "--uts", "sh", "-c", 'hostname "$0"; exec "$@"',
            name] + mta.UNDER
        try:
            self.daemon = mta.Posternd(name, without(
                settings(name, password, map_socket), extra) + extra)
        finally:
            mta.UNDER = under

    def answer(self, domain):
        """What an MTA is told to do."""
        with socketmap.Client(self.map) as client:
            return client.ask("QUERY " + domain)

    def mail(self, domain):
        """(answer to RCPT, tag) of a message to a domain."""
        with milter_client.ready(self.socket) as client:
            client.begin("fleet")
            code, data = client.to("<user@%s>" % domain, domain)
            if code != b"c":
                return data.split(b" ")[0].decode() or code.decode(), None
            client.header("To", "user@" + domain)
            client.macros(b"E", "i", "fleet")
            client.end()
            return "", client.tag()

    def digest(self):
        """Of the settings that it judges by, once it has told of itself."""
        def look():
            done = run("fleet", "status", "-c", self.daemon.conf, "--json")
            return [host["digest"] for host in
                    json.loads(done.stdout)["hosts"] or ()
                    if host["host"] == self.name]
        return mta.await_true(look, WAIT_S, "the hosts")[0]

    def shared(self, domain):
        """What fleet show tells of the store's policy."""
        done = run("fleet", "show", "-c", self.daemon.conf, "--json", domain)
        return json.loads(done.stdout.splitlines()[0])

    def show(self, domain):
        done = run("cache", "show", "-c", self.daemon.conf, "--json", domain)
        for line in done.stdout.splitlines():
            row = json.loads(line)
            if row.get("kind") == "policy":
                return row["policy"]
        return None

    def figures(self):
        """{name with labels: number} of what is shared"""
        done = run("stats", "-c", self.daemon.conf, "--prometheus")
        return {match[1]: float(match[2]) for match in re.finditer(
            r"^postern_shared_(\S+) (\S+)$", done.stdout, re.M)}


def sharing(password="password"):
    """Settings of a host that shares."""
    return """SharedStore tls://localhost:%d
SharedUser postern
SharedPasswordFile %s/%s
SharedCAFile %s/localhost.pem
SharedKeyFile %s/fleet.key
SharedTimeout 1s
""" % (PORT, FOLDER, password, FOLDER, FOLDER)


def without(lines, extra):
    """Lines, but for those of the keywords in extra."""
    keywords = {line.split()[0] for line in extra.splitlines()}
    return "".join(line for line in lines.splitlines(True)
                   if line.split()[0] not in keywords)


def settings(name, password, map_socket=True):
    return """Socket unix:/run/postern/%s.sock
ControlSocket /run/postern/%s.control
StateDirectory %s/%s
""" % (name, name, FOLDER, name) + (
        "MapSocket unix:/run/postern/%s.map\n" % name if map_socket else ""
    ) + sharing(password)


def make_folder():
    os.mkdir(FOLDER)
    os.chmod(FOLDER, 0o755)
    mta.write(FOLDER + "/fleet.key", "# of the fleet\n" + KEY + "\n")
    mta.write(FOLDER + "/password", PASSWORD + "\n")
    for name in ("fleet.key", "password"):
        shutil.chown("%s/%s" % (FOLDER, name), "root", "postern")
        os.chmod("%s/%s" % (FOLDER, name), 0o640)


def said(start, *words):
    """The log lines about what is shared, with all words in them."""
    return [line for line in mta.syslog(start) if "event=shared" in line and
            all(word in line for word in words)]


def await_said(start, count, *words):
    return mta.await_true(
        lambda: len(said(start, *words)) >= count and said(start, *words),
        WAIT_S, "log line with " + " ".join(words))


def gets(dest):
    """Connections to the policy host so far."""
    return sum(event["event"] == "connect" and
               event["host"] == "mta-sts." + dest.domain
               for event in watch.events("https"))


def enforced(dest):
    """The answer for a policy that is in force."""
    return "OK secure match=%s " % dest.fill(dest.hosts[0].name)


def find(name):
    return world.WORLD.find(name)


# -- tests --------------------------------------------------------------------

def first_use(out, hosts, changes):
    """F20, and with three hosts one fetch"""
    dest = find("m62")
    a, b, c = hosts
    told = [a.answer(dest.domain)]
    out.test(told[0].startswith(enforced(dest)), "a host fetches a policy",
             told)
    changes.policy(dest, status=503)
    changes.apply()
    before = gets(dest)
    mta.await_true(lambda: a.figures().get(
        'requests_total{op="put",result="ok"}'), WAIT_S, "the put")
    start = mta.syslog_size()
    told = [host.answer(dest.domain) for host in (b, c)]
    out.test(all(text.startswith(enforced(dest)) for text in told) and
             gets(dest) == before, "F20 its policy host is silent from then "
             "on, and the policy protects the first mail of the others",
             told + ["%d fetches" % (gets(dest) - before)])
    lines = await_said(start, 2, "what=created", "by=a.host",
                       "domain=" + dest.domain)
    out.test(len(lines) == 2, "which is told in the log", lines)
    kept = b.show(dest.domain)
    out.test(kept and kept.get("source") == "a.host" and
             a.show(dest.domain)["source"] is None,
             "cache show tells whose fetch it was", [str(kept)])


def lies(out, hosts, store):
    """What others put does not weaken, and what it makes stricter is mended."""
    a, b, c = hosts
    dest, start = find("m61"), mta.syslog_size()
    put_policy(store, dest.domain, "enforce", "mx9.elsewhere.example")
    told = b.answer(dest.domain)
    out.test(told.startswith(enforced(dest)) and gets(dest) > 0 and
             said(start, "what=created", "by=c.host"),
             "R6 a member's policy that nobody keeps to is fetched here "
             "before it counts", [told] + said(start))
    dest, start = find("m64"), mta.syslog_size()
    name = "postern:1:p:" + dest.domain
    store.ask("SET", name, store.ask("GET", "postern:1:p:" +
                                     find("m62").domain))
    told = b.answer(dest.domain)
    lines = said(start, "what=rejected", "fault=mac")
    out.test(told.startswith(enforced(dest)) and len(lines) == 1,
             "F60 a value of another domain is told as forged, and fetched",
             [told] + lines)
    dest = find("m65")
    put_policy(store, dest.domain, "none", "mx9.elsewhere.example")
    told = c.answer(dest.domain)
    out.test(told.startswith(enforced(dest)),
             "F33 mode none of a member has the policy fetched here", [told])


def unheard(out, hosts, store, changes):
    """F22, F62: what is put beside what is known, where nobody can ask."""
    a, b, c = hosts
    dest, start = find("disk0"), mta.syslog_size()
    name = "postern:1:p:" + dest.domain
    told = b.answer(dest.domain)
    mta.await_true(lambda: store.ask("GET", name), WAIT_S, "the put")
    before, kept = store.ask("GET", name), b.show(dest.domain)
    changes.policy(dest, status=503)
    changes.apply()
    put_policy(store, dest.domain, "testing", "*.example")
    out.test(b.shared(dest.domain)["counts"] == "hint" and
             c.shared(dest.domain)["counts"] == "hint",
             "fleet show tells that it would be a hint",
             [str(b.shared(dest.domain))])
    run("cache", "flush", "-c", a.daemon.conf, "--fleet", dest.domain)
    await_said(start, 2, "what=flushed", "domain=" + dest.domain)
    told = [told, b.answer(dest.domain)]
    out.test(all(text.startswith(enforced(dest)) for text in told),
             "F22 a policy host that is silent leaves what is in force, "
             "whatever others have put", told)
    store.ask("SET", name, before)
    told = [b.shared(dest.domain), c.shared(dest.domain)]
    out.test([row["counts"] for row in told] == ["same", "creates"] and
             b.show(dest.domain)["expires"] == kept["expires"],
             "F62 an old value that is put back changes nothing where it is "
             "known, and is a policy of a week ago at most elsewhere",
             [str(told)])
    told = run("fleet", "show", "-c", c.daemon.conf, dest.domain)
    out.test(told.returncode == 0 and
             told.stdout.startswith("in the store: creates\n"),
             "fleet show says so in words", [told.stdout + told.stderr])
    tree = {}
    json_page.keys_of(b.shared(dest.domain), tree)
    json_page.compare(out, "fleet show", tree)


def late_failure(out, store, changes):
    """F29: a policy of another host, by which mail would be deferred."""
    dest = find("sts-untrusted")
    host = Host("e.host", extra="On-Fail defer\nSharedContent "
                "policies,flush,probes,verdicts\n", map_socket=False)
    try:
        put_policy(store, dest.domain, "enforce",
                   dest.fill(dest.hosts[0].name))
        before, start = gets(dest), mta.syslog_size()
        code, _ = host.mail(dest.domain)
        out.test(code == "451" and gets(dest) == before + 1 and
                 said(start, "what=created", "by=c.host"),
                 "F29 a failure by another's policy has it fetched here, "
                 "and then mail is deferred",
                 [code, str(gets(dest) - before)] + said(start))
        changes.policy(dest, status=503)
        changes.apply()
        good = find("dane-ee")
        lines = shared_lines(host, good, store)
        out.test(len(lines) == 1 and " cache=shared " in lines[0],
                 "R14 the log says where another host had a part in a check",
                 lines)
    finally:
        out.test(host.daemon.stop() == 0, "e.host ends well")


def shared_lines(host, dest, store):
    """Log lines of the second of two hosts that check a domain."""
    first = Host("f.host", extra="SharedContent probes,verdicts\n",
                 map_socket=False)
    try:
        first.mail(dest.domain)
        mta.await_true(lambda: first.figures().get(
            'requests_total{op="put",result="ok"}', 0) > 1, WAIT_S, "puts")
        start = mta.syslog_size()
        host.mail(dest.domain)
        return mta.await_true(
            lambda: [line for line in mta.syslog(start)
                     if "event=check domain=" + dest.domain in line],
            WAIT_S, "the check line")
    finally:
        first.daemon.stop()


def crowded(out, hosts, store):
    """F67: a member fills the store with policies for domains of nobody, of
    which those are read that mail goes to."""
    def hits():
        return [host.figures()['requests_total{op="get",result="hit"}']
                for host in hosts]

    before = hits()
    putting = subprocess.Popen(
        [os.environ["POSTERN_BUILDDIR"] + "/t/scenario/many_policies", KEY,
         str(CROWD)], stdout=subprocess.PIPE)
    done = subprocess.run(
        ["redis-cli", "-s", FOLDER + "/redis.sock", "--user", "admin",
         "--pass", "admin", "--no-auth-warning", "--pipe"],
        stdin=putting.stdout, capture_output=True, text=True,
        timeout=CROWD_WAIT_S)
    there = int(store.ask("DBSIZE"))
    told = hosts[1].answer("m62.example")
    after = hits()
    kept = run("cache", "list", "-c", hosts[1].daemon.conf, "--json").stdout
    out.test(putting.wait() == 0 and there >= CROWD and
             after == before and told and "nobody.example" not in kept,
             "F67 of %d policies that a member puts none is read that no mail "
             "goes to" % CROWD, [str(before), str(after), str(there),
                                 done.stdout + done.stderr])
    for n in range(ASKED):
        hosts[1].answer("d%d.nobody.example" % n)
    kept = run("cache", "list", "-c", hosts[1].daemon.conf, "--json").stdout
    out.test(hits()[1] == after[1] + ASKED and
             len(set(re.findall(r"\bd\d+\.nobody\.example", kept))) == ASKED,
             "F67 and those that mail goes to, each once",
             [str(after), str(hits())])


def flushes(out, hosts, store, changes):
    """F30, F31"""
    a, b, c = hosts
    dest, start = find("renewed"), mta.syslog_size()
    told = [host.answer(dest.domain) for host in hosts]
    changes.policy(dest, body=POLICY % ("none", "x.example"))
    changes.apply()
    done = run("cache", "flush", "-c", a.daemon.conf, "--fleet", dest.domain)
    lines = await_said(start, 2, "what=flushed", "by=a.host",
                       "domain=" + dest.domain)
    out.test(done.returncode == 0 and len(lines) == 2 and
             all(text.startswith(enforced(dest)) for text in told),
             "a flush for the fleet reaches all", [done.stderr] + lines + told)
    mta.await_true(lambda: all(host.show(dest.domain)["mode"] == "none"
                               for host in hosts), WAIT_S, "fetches")
    out.test(True, "and each has fetched the policy anew")
    dest = find("m62") # whose policy host is silent by now
    run("cache", "flush", "-c", a.daemon.conf, "--fleet", dest.domain)
    await_said(start, 2, "what=flushed", "domain=" + dest.domain)
    told = [host.answer(dest.domain) for host in hosts]
    out.test(all(text.startswith(enforced(dest)) for text in told),
             "F31 a policy whose host is silent stays", told)
    dest = find("kill3")
    told = b.answer(dest.domain)
    name = "postern:1:p:" + dest.domain
    mta.await_true(lambda: store.ask("GET", name), WAIT_S, "the put")
    copy = store.ask("GET", name)
    changes.policy(dest, status=503)
    changes.apply()
    done = run("cache", "flush", "-c", c.daemon.conf, "--fleet", "--forget",
               dest.domain)
    await_said(start, 2, "what=forgotten", "domain=" + dest.domain)
    after = [host.answer(dest.domain) for host in hosts]
    out.test(done.returncode == 0 and told.startswith(enforced(dest)) and
             not any(text.startswith(enforced(dest)) for text in after),
             "F30 what is forgotten is forgotten by all", [told] + after)
    store.ask("SET", name, copy)
    start = mta.syslog_size()
    for host in hosts: # that there is none is remembered
        run("cache", "flush", "-c", host.daemon.conf, dest.domain)
    after = [host.answer(dest.domain) for host in hosts]
    words = "what=rejected", "domain=" + dest.domain, "fault=time"
    mta.await_true(lambda: len({re.search(r"posternd\[\d+\]", line)[0]
                                for line in said(start, *words)}) == 3,
                   WAIT_S, "three hosts that reject it")
    out.test(not any(text.startswith(enforced(dest)) for text in after),
             "F30 a copy that is put back does not count",
             after + said(start, *words))
    done = run("cache", "flush", "-c", c.daemon.conf, "--fleet", "--forget")
    out.test(done.returncode == 64, "but not all policies at once",
             [str(done.returncode)])


def away(out, hosts):
    """F32: a host that is not there hears of it when it starts."""
    a, b, c = hosts
    dest, start = find("m14"), mta.syslog_size()
    told = b.answer(dest.domain)
    b.daemon.stop()
    run("cache", "flush", "-c", a.daemon.conf, "--fleet", "--forget",
        dest.domain)
    await_said(start, 1, "what=forgotten", "domain=" + dest.domain)
    hosts[1] = b = Host("b.host")
    lines = await_said(start, 2, "what=forgotten", "domain=" + dest.domain)
    out.test(told.startswith(enforced(dest)) and b.show(dest.domain) is None,
             "F32 what was told while a host was away it does when it starts",
             [told, str(b.show(dest.domain))] + lines)


def untouched(out, store):
    """F48: all that is there and none of ours."""
    keys = [key for key in store.ask("KEYS", "*").splitlines()
            if not key.startswith("postern:1:")]
    out.test(sorted(keys) == sorted(OTHERS) and
             all(store.ask("GET", key) == "x" for key in OTHERS),
             "F48 what others and other versions have in the store stays as "
             "it is", keys)


def stopped(out, store):
    """F40: under load, with mail to domains that nobody knows."""
    host = Host("g.host", extra="SharedTimeout 50ms\n")
    try:
        mta.await_true(lambda: host.figures()["up"] == 1, WAIT_S, "the store")
        known = find("kill2")
        host.answer(known.domain)
        os.kill(store.process.pid, signal.SIGSTOP)
        end, told, cold = time.monotonic() + STOPPED_S, set(), 0
        while time.monotonic() < end:
            told.add(host.answer(known.domain).startswith(enforced(known)))
            host.answer("cold%d.nobody.example" % cold)
            cold += 1
        figures = host.figures()
        waits = [figures['requests_total{op="%s",result="timeout"}' % op]
                 for op in ("get", "lease")]
        out.test(told == {True} and sum(waits) <= 3 < cold,
                 "F40 of all checks in %d s three at most wait for a store "
                 "that is stopped" % STOPPED_S, [str(waits), str(cold)])
    finally:
        os.kill(store.process.pid, signal.SIGCONT)
        host.daemon.stop()


def full(out, host, store):
    """F46: it has no room for anything."""
    # a million values are not emptied without a rest
    mta.await_true(lambda: host.figures()["up"] == 1, WAIT_S, "the store")
    dest, start = find("m06"), mta.syslog_size()
    store.ask("CONFIG", "SET", "maxmemory", "1mb")
    told = host.answer(dest.domain)
    refused = mta.await_true(
        lambda: host.figures().get('requests_total{op="put",result="error"}'),
        WAIT_S, "a put that fails")
    store.ask("CONFIG", "SET", "maxmemory", "0")
    out.test(told.startswith(enforced(dest)) and
             not said(start, "state=d") and
             host.figures()["up"] == 1,
             "F46 with a store that is full a host goes on, and asks it",
             [told, str(refused)] + said(start))


class Load:
    """Asks a host all the time, until it is to end."""

    def __init__(self, host, dest):
        self.host, self.dest = host, dest
        self.end, self.wrong, self.count = False, [], 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.end:
            told = self.host.answer(self.dest.domain)
            self.count += 1
            if not told.startswith(enforced(self.dest)):
                self.wrong.append(told)
            time.sleep(0.01)

    def stop(self):
        self.end = True
        self.thread.join()


def outages(out, hosts, store):
    a, b, c = hosts
    start = mta.syslog_size()
    os.kill(store.process.pid, signal.SIGSTOP)
    told = [(host, dest, host.answer(dest.domain))
            for host in hosts for dest in map(find, ("kill4", "m03", "flip",
                                                     "kill0", "kill1"))]
    wrong = ["%s %s: %s" % (host.name, dest.name, text)
             for host, dest, text in told
             if not text.startswith(enforced(dest))]
    out.test(not wrong, "F40 while the store is stopped each host goes on "
             "as if alone", wrong)
    waits = [host.figures()['requests_total{op="%s",result="timeout"}' % op]
             for host in hosts for op in ("get", "put", "lease")]
    await_said(start, 3, "state=down")
    out.test(sum(waits) <= 4 * len(hosts),
             "and few answers are waited for in vain", [str(waits)])
    os.kill(store.process.pid, signal.SIGCONT)
    await_said(start, 3, "state=up")
    dest = find("m62")
    load = [Load(host, dest) for host in hosts]
    store.ask("FLUSHALL")
    told = [host.answer(dest.domain) for host in hosts]
    for one in load:
        one.stop()
    out.test(all(text.startswith(enforced(dest)) for text in told) and
             not any(one.wrong or not one.count for one in load),
             "F46 emptied under load, it takes nothing away that is known",
             told + sum([one.wrong for one in load], []))
    full(out, a, store)
    start = mta.syslog_size()
    store.kill()
    await_said(start, 3, "state=down")
    b.daemon.stop()
    hosts[1] = b = Host("b.host")
    told = b.answer(dest.domain)
    out.test(told.startswith(enforced(dest)), "F41 a host starts while there "
             "is none, with what it has", [told])
    store.start()
    await_said(start, 3, "state=up")
    out.test(all(host.figures()["up"] == 1 for host in hosts),
             "and all find it when it is back",
             [str(host.figures()) for host in hosts])


def states(out, hosts):
    """fleet status, of a host that shares and of one that does not"""
    done = run("fleet", "status", "-c", hosts[0].daemon.conf)
    row = json.loads(run("fleet", "status", "-c", hosts[0].daemon.conf,
                         "--json").stdout)
    told = json_page.page_keys()["fleet status"]
    out.test(done.returncode == 0 and done.stdout.startswith(
        "store up: localhost:%d, for " % PORT) and row["state"] == "up" and
        set(row) == set(told), "fleet status tells how the store is",
        [done.stdout + done.stderr, str(row), str(told)])
    names = ["a.host", "b.host", "c.host"]
    row = mta.await_true(lambda: next((
        row for row in [json.loads(run(
            "fleet", "status", "-c", hosts[0].daemon.conf, "--json").stdout)]
        if row["hosts"] and [host["host"] for host in row["hosts"]
                             if host["host"] in names] == names), None),
        WAIT_S, "the list of hosts")
    same = {host["host"]: host["same"] for host in row["hosts"]}
    out.test(all(same[name] for name in names), "and which hosts share, and "
             "that they judge alike", [str(row["hosts"])])


def doctor(host):
    """(state, what was seen, what mends it) of the shared store"""
    done = run("doctor", "-c", host.daemon.conf, "--json")
    row = next(row for row in json.loads(done.stdout)["checks"]
               if row["check"] == "shared-store")
    return row["state"], row["seen"], str(row.get("mend"))


def rights(out, host, store):
    """F43: a host that may not put, until it may."""
    start, dests = mta.syslog_size(), [find("m08"), find("m09"), find("m10")]
    told = [host.answer(dest.domain) for dest in dests[:2]]
    lines = await_said(start, 1, "state=denied", "NOPERM")
    store.ask("ACL", "SETUSER", "postern", "+set")
    told.append(host.answer(dests[2].domain))
    await_said(start, 1, "state=up")
    out.test(all(text.startswith(enforced(dest))
                 for text, dest in zip(told, dests)) and
             len(said(start, "state=denied")) == 1 and
             host.figures()["up"] == 1,
             "F43 a command that is refused is told once, and when it is not "
             "any more", told + lines)


def examined(out, hosts, store):
    """doctor, where all is well, a right is missing, and the store is gone"""
    host = hosts[0]
    told = doctor(host)
    out.test(told[0] == "ok" and "localhost:%d" % PORT in told[1],
             "doctor finds the store fit", told)
    store.ask("ACL", "SETUSER", "postern", "-xadd", "-set")
    told = doctor(host)
    out.test(told[0] == "warn" and "SET,XADD" in told[1] and
             "+xadd" in told[2], "it names each right that is missing", told)
    rights(out, host, store)
    store.ask("ACL", "SETUSER", "postern", "+xadd")
    store.ask("HSET", "postern:1:hosts", "ahead.host", signed(
        "postern:1:hosts:ahead.host",
        {"v": "1", "g": "0" * 32, "t": int(time.time()) + 400}))
    told = doctor(host)
    store.ask("HDEL", "postern:1:hosts", "ahead.host")
    out.test(told[0] == "warn" and "clock of ahead.host" in told[1],
             "and a host whose clock is ahead", told)
    os.kill(store.process.pid, signal.SIGSTOP)
    told = doctor(host)
    os.kill(store.process.pid, signal.SIGCONT)
    out.test(told[0] == "warn" and "by itself" in told[1],
             "a store that does not answer is a warning", told)


def strangers(out, store):
    """A wrong password, and files that are not as they should be."""
    start = mta.syslog_size()
    mta.write(FOLDER + "/password-wrong", "wrong\n")
    shutil.chown(FOLDER + "/password-wrong", "root", "postern")
    os.chmod(FOLDER + "/password-wrong", 0o640)
    host = Host("d.host", "password-wrong")
    dest = find("kill2")
    try:
        lines = await_said(start, 1, "state=denied")
        told = host.answer(dest.domain)
        out.test(told.startswith(enforced(dest)) and len(lines) == 1,
                 "F43 with a wrong password it says so once, and serves",
                 [told] + lines)
    finally:
        host.daemon.stop()
    os.chmod(FOLDER + "/fleet.key", 0o644)
    done = subprocess.run([mta.program("posternd"), "-n", "-c",
                           host.daemon.conf], capture_output=True, text=True,
                          timeout=WAIT_S)
    os.chmod(FOLDER + "/fleet.key", 0o640)
    out.test(done.returncode != 0 and "everybody may read it" in done.stderr,
             "a key that everybody may read is refused",
             [str(done.returncode), done.stderr])


def keys(out):
    done = [run("fleet", "key").stdout for _ in range(2)]
    row = json.loads(run("fleet", "key", "--json").stdout)
    out.test(all(re.fullmatch("[0-9a-f]{64}\n", text) for text in done) and
             done[0] != done[1] and
             re.fullmatch("[0-9a-f]{64}", row["key"]),
             "fleet key makes another key each time", done)


def inside():
    out = tap.Tap()
    make_folder()
    keys(out)
    store, hosts = Store(), []
    changes = change.Changes()
    try:
        start = mta.syslog_size()
        for name in ("a.host", "b.host", "c.host"):
            hosts.append(Host(name))
        lines = await_said(start, 3, "state=up", "addr=localhost:%d" % PORT)
        out.test(len(lines) == 3, "three hosts find the store, by TLS and "
                 "with a login", lines)
        for key in OTHERS:
            store.ask("SET", key, "x")
        first_use(out, hosts, changes)
        lies(out, hosts, store)
        unheard(out, hosts, store, changes)
        late_failure(out, store, changes)
        untouched(out, store)
        crowded(out, hosts, store)
        flushes(out, hosts, store, changes)
        away(out, hosts)
        outages(out, hosts, store)
        states(out, hosts)
        examined(out, hosts, store)
        strangers(out, store)
        stopped(out, store)
    finally:
        for host in hosts:
            out.test(host.daemon.stop() == 0, host.name + " ends well",
                     mta.read(host.daemon.err).splitlines()[-5:])
        store.kill()
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "redis-server"))
