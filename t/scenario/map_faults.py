#!/usr/bin/env python3
"""map_faults - what the map answers while something else is down.

The records of a destination change between two questions, as its nameserver
tells them; the policy that was fetched before is in posternd's store.  posternd
asks the lab's Unbound for each, and a reload that the engine cares for has it
forget verdicts, and policies not.  TAP.
"""
import os
import shutil
import socket
import sys
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import grammar
import mta
import tap
import watch
import world
from faulty import Told
from socketmap import CONF, Client, Handed, ask, frame, line

GOOD, SURE = "dane-ee.example", "OK dane-only"
STATE = mta.HERE + "/state-map-faults"
SYSTEM = "Resolver system\nNameservers 127.0.0.1\nDNSTimeout 4s\n"
SETTINGS = CONF + SYSTEM + "StateDirectory %s\n" % STATE
POLICY = "version: STSv1\nmode: %s\nmx: %s\nmax_age: %d\n"
NOTHING = "NOTFOUND "
# whose nameserver is one that can be told what to answer
CHANGING = ("m04", "m05", "m61", "m62")
X01 = "answer=ok tls=may dane=try policy=no-policy-found"
X02 = "answer=ok tls=verify dane=try policy=sts reason=ok"


def dest_of(name):
    return next(dest for dest in world.WORLD.dests if dest.name == name)


def secure(dest):
    return "OK secure match=%s servername=hostname" % host_of(dest)


def host_of(dest):
    return dest.fill(dest.hosts[0].name)


class Postern:
    """Verdicts are forgotten by a reload, policies by nobody."""

    def __init__(self):
        os.mkdir(STATE)
        shutil.chown(STATE, "postern", "postern")
        self.ttl_s = 30
        self.daemon = mta.Posternd("map-faults", SETTINGS)

    def forget(self, more=SYSTEM):
        self.ttl_s += 1
        self.daemon.reload(SETTINGS.replace(SYSTEM, more) +
                           "TempErrorTTL %ds\n" % self.ttl_s)


class Faults:
    """What a nameserver answers for some records, until the end."""

    def __init__(self, postern, faults):
        self.postern, self.faults = postern, faults

    def set(self, faults):
        changes = change.Changes()
        changes.kinds["dns"] = faults
        changes.zones = {dest.domain for dest in map(dest_of, CHANGING)}
        changes.apply()
        self.postern.forget()

    def __enter__(self):
        self.set(self.faults)

    def __exit__(self, *_):
        self.set({})


def servfail(*keys):
    return {key: "servfail" for key in keys}


def txt(dest):
    return "_mta-sts.%s TXT" % dest.domain


def row(told, name, dest, plain, sendmail, exim):
    """A destination as each of the three is told of it."""
    told.same(name + ", Q", ask(dest.domain), plain)
    told.same(name + ", S", ask(dest.domain, "sts"), sendmail)
    told.same(name + ", X", line("POLICY %s %s" % (
        dest.domain, host_of(dest)))[:len(exim)], exim)


def resolver_fails(out, postern):
    dest, other = dest_of("m05"), dest_of("m04")
    with Told(out, "F02: SERVFAIL for all: mail waits where a policy is kept"
              ) as told:
        told.same("before", ask(dest.domain), secure(dest))
        with Faults(postern, servfail(*(
                key for one in (dest, other)
                for key in (one.domain + " MX", txt(one))))):
            row(told, "P13", dest, "TEMP dns-servfail: MX " + dest.domain,
                secure(dest), X02)
            row(told, "P12", other, "OK dane", NOTHING, X01)
        told.same("after", ask(dest.domain), secure(dest))


def record_fails(out, postern):
    with Told(out, "F03: the record cannot be had, and nothing is kept"
              ) as told:
        row(told, "M04", dest_of("m04"), NOTHING, NOTHING, X01)
    dest = dest_of("m62")
    with Told(out, "F04: neither record nor policy can be had, and it is kept"
              ) as told:
        told.same("before", ask(dest.domain), secure(dest))
        with Faults(postern, servfail(txt(dest))):
            row(told, "record", dest, secure(dest), secure(dest), X02)
        changes = change.Changes()
        changes.kinds["dns"][txt(dest)] = "txt=v=STSv1; id=f04;"
        changes.zones.add(dest.domain)
        changes.policy(dest, status=500)
        changes.apply()
        postern.forget()
        row(told, "policy", dest, secure(dest), secure(dest), X02)
        change.Changes().apply()
        change.unbound("flush_zone " + dest.domain)
        postern.forget()


def fetch_is_slow(out, postern):
    """It has a minute, and a check STSTimeout."""
    dest = dest_of("m24")
    changes = change.Changes()
    with Told(out, "F05: who cannot wait for the policy is told other, and the "
              "next one has it") as told:
        postern.forget(SYSTEM + "STSTimeout 1s\n")
        changes.policy(dest, https="wait")
        changes.apply()
        row(told, "in time", dest, NOTHING, NOTHING, X01)
        change.Changes().apply()
        mta.await_true(lambda: ask(dest.domain) == secure(dest), 30,
                       "the policy")
        row(told, "later", dest, secure(dest), secure(dest), X02)
        told.same("fetches", len(watch.policy_requests()[
            "mta-sts." + dest.domain]), 1)
        postern.forget()


def policy_changes(out):
    """Another question of the same domain has the new policy fetched."""
    dest = dest_of("m61")
    changes = change.Changes()
    with Told(out, "F11: another policy, also of mode none, counts at once"
              ) as told:
        before = ask(dest.domain)
        told.same("before", before.split()[:2], ["OK", "secure"])
        told.same("kept", ask(dest.domain), before)
        for number, mode in enumerate(("none", "enforce")):
            changes.kinds["dns"][txt(dest)] = "txt=v=STSv1; id=f11%d;" % number
            changes.zones.add(dest.domain)
            changes.policy(dest, body=POLICY % (mode, "mx9.x.example", 86400))
            changes.apply()
            ask(dest.domain + ":%d" % (2600 + number))
            told.same(mode, ask(dest.domain), NOTHING if mode == "none" else
                      "OK secure match=mx9.x.example servername=hostname")
        change.Changes().apply()


def store_damaged(out, postern):
    """What is in memory goes on; the damaged file is kept aside."""
    dest = dest_of("m05")
    with Told(out, "F09: a store that is damaged takes no answer away"
              ) as told:
        told.same("before", ask(dest.domain), secure(dest))
        for name in os.listdir(STATE):
            mta.write(STATE + "/" + name, "damaged" * 4096)
        told.same("kept", ask(dest.domain), secure(dest))
        told.same("made", ask(dest.domain + ":2605"), secure(dest))
        postern.forget()
        told.same("by a new engine", ask(dest.domain), secure(dest))


class Between(threading.Thread):
    """A nameserver in front of the lab's."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.PORT))
        self.start()

    def run(self):
        while True:
            query, client = self.socket.recvfrom(65536)
            threading.Thread(target=self.forward, args=(query, client),
                             daemon=True).start()

    def forward(self, query, client):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
            up.settimeout(20)
            up.sendto(query, ("127.0.0.1", 53))
            try:
                answer = up.recv(65536)
            except TimeoutError:
                return
            self.socket.sendto(self.changed(answer), client)

    @staticmethod
    def changed(answer):
        return answer


class Blind(Between):
    """It validates nothing."""
    PORT = 5397

    @staticmethod
    def changed(answer):
        return answer[:3] + bytes([answer[3] & 0xdf]) + answer[4:]  # AD


class Held(Between):
    """It keeps the question for a host's TLSA records until it is told."""
    PORT = 5398

    def __init__(self):
        self.asked, self.told = threading.Event(), threading.Event()
        super().__init__()

    def forward(self, query, client):
        if b"_tcp" in query.lower():
            self.asked.set()
            self.told.wait(mta.START_S)
        super().forward(query, client)


def stopped(out):
    """Who asks is answered by the old posternd, or waits for the next one."""
    with Told(out, "W17: at the end what was asked is answered, and who comes "
              "then waits") as told, \
            Handed("/run/postern/handed.sock", SYSTEM.replace(
                "127.0.0.1", "127.0.0.1@%d" % Held.PORT).replace(
                "DNSTimeout 4s", "DNSTimeout 20s")) as handed:
        held = Held()
        handed.start()
        with Client(handed.path) as idle, Client(handed.path) as client:
            client.send(frame("QUERY " + GOOD))
            told.same("asked", held.asked.wait(mta.START_S), True)
            handed.end()
            told.same("who asked for nothing", idle.rest(), b"")
            with Client(handed.path) as later:
                later.send(frame("QUERY " + GOOD))
                held.told.set()
                told.same("who had asked", client.reply(), SURE)
                told.same("and then", client.rest(), b"")
                told.same("status", handed.await_end(), 0)
                handed.start()
                told.same("who came meanwhile", later.reply(), SURE)
            told.same("status again", handed.stop(), 0)


def not_validating(out, postern):
    dest = dest_of("sts")
    with Told(out, "F08: a resolver that does not validate") as told:
        told.same("before", ask(dest.domain), secure(dest))
        Blind()
        postern.forget(SYSTEM.replace("127.0.0.1", "127.0.0.1@%d"
                                      % Blind.PORT))
        row(told, "P18, S01, X10", dest, "TEMP resolver-not-validating",
            secure(dest), "answer=temp ")
        row(told, "P19", dest_of("plain"), "OK dane", NOTHING, X01)
        told.same("P19, TLSA", ask(GOOD), "OK dane")
        postern.forget()
        told.same("after", ask(GOOD), SURE)


def name_differs(out):
    """A06: Postfix makes no TLSRPT event of a host that it skips for its
    name; posternd tells of it."""
    dest = dest_of("sts-mx")
    with Told(out, "A06: a host that no pattern names is told by posternd"
              ) as told:
        answer = line("CHECK " + dest.domain)
        told.same("reason", [word for word in answer.split()
                             if word.startswith("reason=")],
                  ["reason=sts-mx-mismatch"])


def no_descriptors(out):
    """Each asks once, and stays."""
    with Told(out, "F12: without descriptors whoever is idle for longest makes "
              "room, and sockets stay") as told:
        kept, mta.UNDER = mta.UNDER, ["prlimit", "--nofile=64:64"] + mta.UNDER
        daemon = mta.Posternd("map-few", SETTINGS + "Store none\n")
        mta.UNDER = kept
        start = mta.syslog_size()
        clients = []
        for _ in range(80):
            clients.append(Client())
            told.same("each", clients[-1].ask("QUERY " + GOOD), SURE)
        told.same("the first", clients[0].rest(), b"")
        told.same("the last", clients[-1].ask("QUERY " + GOOD), SURE)
        told.same("one more", ask(GOOD), SURE)
        said = [text for text in mta.syslog(start) if "event=accept" in text]
        told.same("lines of the log", len(said), 1)
        for client in clients:
            client.socket.close()
        told.same("after", ask(GOOD), SURE)
        told.same("status", daemon.stop(), 0)


def read_log(out, start):
    """All that was said in the log since then."""
    faults, counts = grammar.log_faults(mta.syslog(start))
    out.test(not faults and counts.get("map", 0) > 10,
             "each line of the log is of the grammar, event=map too",
             faults[:20] + ["%d of map" % counts.get("map", 0)])


def inside():
    out = tap.Tap()
    start = mta.syslog_size()
    try:
        postern = Postern()
        resolver_fails(out, postern)
        record_fails(out, postern)
        fetch_is_slow(out, postern)
        policy_changes(out)
        store_damaged(out, postern)
        not_validating(out, postern)
        name_differs(out)
        out.test(postern.daemon.stop() == 0, "posternd ends well")
        stopped(out)
        no_descriptors(out)
        read_log(out, start)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside))
