#!/usr/bin/env python3
"""fleet_trust - who can weaken what of hosts that share: each cell of the table
in postern-fleet(7), by the words of its rows and columns.

A member has the key.  A writer may write to the store, and signs with a key of
his own, or puts back what was signed before.  A reader may not write.  A man in
the middle has a store of his own, with the member's lies in it, and a
certificate that is not the store's.  TAP.
"""
import itertools
import json
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import fleet
import mta
import tap

FOREIGN = "f" * 64
OTHER_PORT = 6391
COLUMNS = ("member", "writer", "reader", "middle")


class Middle:
    """Between a host and the store: it answers itself."""

    def __init__(self):
        fleet.make_certificate("elsewhere")
        self.socket = fleet.FOLDER + "/middle.sock"
        mta.write(fleet.FOLDER + "/middle.conf", """port 0
tls-port %d
bind 127.0.0.1
tls-cert-file %s/elsewhere.pem
tls-key-file %s/elsewhere.key
tls-ca-cert-file %s/elsewhere.pem
tls-auth-clients no
unixsocket %s
save ""
dir %s
""" % (OTHER_PORT, *[fleet.FOLDER] * 3, self.socket, fleet.FOLDER))
        self.process = subprocess.Popen(
            ["redis-server", fleet.FOLDER + "/middle.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        mta.await_true(lambda: self.ask("PING") == "PONG", fleet.WAIT_S,
                       "the other store")

    def ask(self, *words):
        return subprocess.run(["redis-cli", "-s", self.socket, *words],
                              capture_output=True, text=True,
                              timeout=fleet.WAIT_S).stdout.rstrip("\n")

    def kill(self):
        self.process.kill()
        self.process.wait()


class Parties:
    """Each writes in its own way, to the host that it can get at."""

    def __init__(self, store, middle, hosts):
        self.store, self.middle = store, middle
        self.hosts = dict(zip(COLUMNS, (hosts[0], hosts[1], hosts[0],
                                        hosts[2])))
        self.numbers = itertools.count()
        store.ask("ACL", "SETUSER", "reader", "on", ">reader", "~postern:1:*",
                  "-@all", "+get", "+hgetall", "+xread", "+hello", "+ping")

    def renew_writers_host(self):
        """Ten forged values in a minute, and a host asks no more."""
        self.hosts["writer"].daemon.stop()
        start = mta.syslog_size()
        self.hosts["writer"].__init__("w.host")
        fleet.await_said(start, 1, "state=up")

    def put(self, who, words, name, payload):
        """words, and then the value for name; what the store says."""
        key = FOREIGN if who == "writer" else fleet.KEY
        value = fleet.signed(name, payload, key)
        if who == "middle":
            return self.middle.ask(*words, value)
        if who == "reader":
            return subprocess.run(
                ["redis-cli", "-s", fleet.FOLDER + "/redis.sock", "--user",
                 "reader", "--pass", "reader", "--no-auth-warning", *words,
                 value], capture_output=True, text=True,
                timeout=fleet.WAIT_S).stdout.rstrip("\n")
        return self.store.ask(*words, value)

    def policy(self, who, dest, mode, names, age_s=0, max_age=86400):
        """A policy that was fetched so long ago, or is to be."""
        name = "postern:1:p:" + dest.domain
        now = int(time.time()) - age_s
        return self.put(who, ("SET", name), name, {
            "d": dest.domain, "id": "1", "b": "version: STSv1\nmode: %s\n"
            "mx: %s\nmax_age: %d\n" % (mode, names, max_age), "f": now,
            "x": now + max_age, "by": "m.host"})

    def event(self, who, kind, domain):
        return self.put(who, ("XADD", "postern:1:e", "*", "v"), "postern:1:e", {
            "k": kind, "d": domain, "by": "m.host",
            "boot": "0123456789abcdef", "n": next(self.numbers),
            "t": int(time.time())})


class Cells:
    """Tells each by its row and column; all are to be told."""

    def __init__(self, out):
        self.out = out
        self.told = set()

    def cell(self, row, who, good, mark="-", detail=()):
        """good: what the manual promises of the cell, by its mark there"""
        self.told.add((row, who))
        self.out.test(good, "%s / %s: %s" % (row, who, mark),
                      [str(word) for word in detail])


# -- rows ---------------------------------------------------------------------

def in_force(cells, parties, dest, row, **lie):
    """A lie beside a policy that is in force, and all are told to look."""
    for who in COLUMNS:
        host = parties.hosts[who]
        first = host.answer(dest.domain)
        kept = host.show(dest.domain)
        parties.policy(who, dest, **lie)
        parties.event("member", "flush", dest.domain)
        told = host.answer(dest.domain)
        now = host.show(dest.domain)
        cells.cell(row, who, first.startswith(fleet.enforced(dest)) and
                   told.startswith(fleet.enforced(dest)) and
                   now["expires"] >= kept["expires"] and
                   now["mx"] == kept["mx"], detail=(first, told, kept, now))


def first_use(cells, parties, row, dests, marks=("-",) * 4, **lie):
    """A lie about a domain that the host does not know yet: by its end the host
    has the domain's own policy."""
    for who, name, mark in zip(COLUMNS, dests, marks):
        dest, host = fleet.find(name), parties.hosts[who]
        parties.policy(who, dest, **lie)
        told = host.answer(dest.domain)
        cells.cell(row, who, told.startswith(fleet.enforced(dest)) and
                   fleet.gets(dest) > 0, mark, (told, fleet.gets(dest)))


def without_policy(cells, parties):
    """One with a policy that nobody has published."""
    row = "a domain without a policy"
    for who, name in zip(COLUMNS, ("plain", "unsigned-tlsa", "m07",
                                   "m11-case")):
        dest, host = fleet.find(name), parties.hosts[who]
        parties.policy(who, dest, "enforce", "*.elsewhere.example")
        told, kept = host.answer(dest.domain), host.show(dest.domain)
        if who == "member":
            fleet.run("cache", "flush", "-c", host.daemon.conf, "--fleet",
                      "--forget", dest.domain)
            after = host.answer(dest.domain)
            cells.cell(row, who, kept and kept["source"] == "m.host" and
                       host.show(dest.domain) is None, "b",
                       (told, kept, after))
        else:
            cells.cell(row, who, kept is None, detail=(told, kept))


def put_back(cells, parties):
    """A value that a member has signed, as it was a day ago and a fortnight."""
    row = "an old policy, put back"
    for who, name in zip(COLUMNS, ("m06", "m08", "m09", "m14")):
        dest, host = fleet.find(name), parties.hosts[who]
        sign = "member" if who == "writer" else who
        parties.policy(sign, dest, "enforce", "mx9.elsewhere.example",
                       14 * 86400, 30 * 86400)
        old = host.shared(dest.domain)["counts"]
        parties.policy(sign, dest, "enforce", "mx9.elsewhere.example", 86400,
                       30 * 86400)
        week = host.shared(dest.domain)["counts"]
        told = host.answer(dest.domain)
        wanted = {"member": ("hint", "creates"), "writer": ("hint", "creates"),
                  "reader": ("none", "none"), "middle": ("unknown", "unknown")}
        cells.cell(row, who, (old, week) == wanted[who] and
                   told.startswith(fleet.enforced(dest)),
                   "c" if who in COLUMNS[:2] else "-", (old, week, told))


def events(cells, parties, changes):
    """flush with a policy host that is silent, and forget."""
    dest = fleet.find("disk1")
    for host in set(parties.hosts.values()):
        host.answer(dest.domain)
    changes.policy(dest, status=503)
    changes.apply()
    for row, kind in (("what is kept, by a flush", "flush"),
                      ("what is kept, by forgetting", "forget")):
        for who in ("writer", "reader", "middle", "member"):
            host, start = parties.hosts[who], mta.syslog_size()
            parties.event(who, kind, dest.domain)
            # what comes behind it shows that it was heard, by both
            parties.event("member", "flush", "behind.example")
            fleet.await_said(start, 2, "what=flushed",
                             "domain=behind.example")
            kept = host.show(dest.domain)
            gone = kind == "forget" and who == "member"
            cells.cell(row, who, (kept is None) == gone and
                       (not gone or fleet.said(start, "what=forgotten",
                                               "by=m.host")),
                       "d" if gone else "-", (kept, fleet.said(start)))


def leases(cells, parties):
    """F64: all that could be fetched is somebody else's, for a quarter of a
    minute and ever again."""
    row = "the time of a first check"
    for who, name in zip(COLUMNS, ("disk2", "disk3", "m10", "m09-extension")):
        dest, host = fleet.find(name), parties.hosts[who]
        digest = fleet.digest("p", dest.domain)
        # a lease is signed by nobody
        parties.put(who, ("SET", "postern:1:l:" + digest), "lease", {})
        before, began = fleet.gets(dest), time.monotonic()
        told = host.answer(dest.domain)
        cells.cell(row, who, told.startswith(fleet.enforced(dest)) and
                   fleet.gets(dest) == before + 1,
                   "e" if who in COLUMNS[:2] else "-",
                   (told, time.monotonic() - began))


def told_to_mtas(cells, parties, dest):
    """Probes and verdicts have no part in what an MTA is to enforce."""
    row = "what an MTA is to enforce"
    for who in COLUMNS:
        lie_about(parties, who, dest, parties.hosts["member"].digest())
        told = parties.hosts[who].answer(dest.domain)
        cells.cell(row, who, told.startswith("OK dane-only"), detail=(told,))


def lie_about(parties, who, dest, digest):
    """A probe and a verdict: its host is as it was before somebody came
    between it and us."""
    address = dest.mail_addresses(dest.hosts[0])[0][0]
    host = dest.fill(dest.hosts[0].name)
    now = int(time.time())
    name = "postern:1:r:" + fleet.digest("r", address, "25", host)
    parties.put(who, ("SET", name), name, {
        "a": address, "p": 25, "s": host, "t": now, "v": "TLS1.3",
        "c": chain_at(address), "r": 0, "by": "m.host"})
    name = "postern:1:v:" + fleet.digest("v", dest.domain, dest.domain, "auto",
                                         digest)
    parties.put(who, ("SET", name), name, {
        "h": dest.domain, "d": dest.domain, "l": "auto", "g": digest,
        "r": "pass", "p": "tlsa", "e": "ok", "m": host, "n": "dane-only",
        "dane": "pass", "sts": "none", "mode": "", "f": now, "x": now + 300,
        "by": "m.host"})


def chain_at(address):
    """The certificates of a mail host, as it is in the lab's world: anybody can
    have them."""
    with open(mta.HERE + "/world.json") as file:
        base = next(host["cert"] for host in json.load(file)["smtp"]
                    if host["address"] == address)
    with open("%s/pki/%s.chain" % (mta.HERE, base)) as file:
        return ["".join(part.split("-----")[0].split()) for part in
                file.read().split("-----BEGIN CERTIFICATE-----")[1:]]


def verdicts(cells, parties, dest, digest):
    """On a host that asks for no map, with probes or verdicts shared."""
    for row, content, mark in (
            ("a verdict, by a probe", "probes", "f"),
            ("a verdict, by a verdict", "verdicts", "g")):
        for who in COLUMNS:
            extra = "SharedContent %s\n" % content
            if who == "middle":
                extra += "SharedStore tls://localhost:%d\n" % OTHER_PORT
            parties.store.ask("DEL", *parties.store.ask(
                "KEYS", "postern:1:[rv]:*").split())
            host = fleet.Host("v.host", extra=extra, map_socket=False)
            try:
                if who != "middle":
                    digest = host.digest()
                lie_about(parties, who, dest, digest)
                tag = host.mail(dest.domain)[1] or ""
            finally:
                host.daemon.stop()
            fooled = who == "member"
            cells.cell(row, who, "result=%s" % (
                "pass" if fooled else "fail") in tag,
                mark if fooled else "-", (tag,))


def listed(cells, parties):
    row = "the list of hosts"
    for who in COLUMNS:
        name = who + ".host"
        parties.put(who, ("HSET", "postern:1:hosts", name),
                    "postern:1:hosts:" + name,
                    {"v": "1", "g": "0" * 32, "t": int(time.time())})
        done = fleet.run("fleet", "status", "-c",
                         parties.hosts[who].daemon.conf, "--json")
        hosts = json.loads(done.stdout)["hosts"] or []
        there = any(host["host"] == name for host in hosts)
        cells.cell(row, who, there == (who == "member"),
                   "h" if who == "member" else "-", (hosts,))


def other_certificate():
    with open(mta.HERE + "/world.json") as file:
        address = fleet.find("dane-mismatch").block() + ".10"
        return next(host["cert"] for host in json.load(file)["smtp"]
                    if host["address"] == address)


# -- the table ----------------------------------------------------------------

def page_table():
    """{(row, column): mark} of postern-fleet(7)"""
    with open(HERE + "/../../milter/man/postern-fleet.7") as file:
        text = file.read().split(".Bl -column")[1].split(".El")[0]
    found = {}
    for line in text.splitlines()[2:]:
        row, *marks = line[len(".It "):].split(" Ta ")
        found.update({(row, who): mark for who, mark in zip(COLUMNS, marks)})
    return found


def all_rows(out, parties, changes):
    cells = Cells(out)
    dest = fleet.find("kill0")
    in_force(cells, parties, dest, "the mode of a policy in force",
             mode="none", names="x.example", age_s=-60)
    in_force(cells, parties, dest, "its names", mode="enforce",
             names="mx9.elsewhere.example", age_s=-60)
    in_force(cells, parties, dest, "its end", mode="enforce",
             names=dest.fill(dest.hosts[0].name), age_s=-60, max_age=1)
    first_use(cells, parties, "the first use, by none",
              ("kill1", "kill2", "kill3", "kill4"), mode="none",
              names="x.example")
    first_use(cells, parties, "the first use, by other names",
              ("m61", "m62", "m64", "m65"), ("a", "-", "-", "-"),
              mode="enforce", names="mx9.elsewhere.example")
    parties.renew_writers_host()
    without_policy(cells, parties)
    put_back(cells, parties)
    events(cells, parties, changes)
    leases(cells, parties)
    listed(cells, parties)
    dest = fleet.find("dane-ee")
    digest = parties.hosts["member"].digest()
    changes.certificate(dest, other_certificate())
    changes.apply()
    told_to_mtas(cells, parties, dest)
    verdicts(cells, parties, dest, digest)
    table = page_table()
    out.test(set(table) == cells.told, "each cell of postern-fleet(7) is one "
             "of these", sorted(map(str, set(table) ^ cells.told)))


def inside():
    out = tap.Tap()
    fleet.make_folder()
    store, middle, hosts = fleet.Store(), Middle(), []
    try:
        start = mta.syslog_size()
        hosts.append(fleet.Host("n.host"))
        hosts.append(fleet.Host("w.host"))
        fleet.await_said(start, 2, "state=up")
        hosts.append(fleet.Host(
            "x.host", extra="SharedStore tls://localhost:%d\n" % OTHER_PORT))
        lines = fleet.await_said(start, 1, "state=down")
        out.test(hosts[2].figures()["up"] == 0, "a store with another "
                 "certificate is none", lines)
        all_rows(out, Parties(store, middle, hosts), change.Changes())
    finally:
        for host in hosts:
            out.test(host.daemon.stop() == 0, host.name + " ends well",
                     mta.read(host.daemon.err).splitlines()[-5:])
        middle.kill()
        store.kill()
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "redis-server"))
