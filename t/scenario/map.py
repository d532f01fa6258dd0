#!/usr/bin/env python3
"""map - the map socket and the line socket, asked octet by octet and by
Postfix's postmap.

What each answers is what "postern check" forecasts; who floods, drips, never
reads or only sits there takes nothing from others.  TAP.
"""
import os
import re
import resource
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import cli
import grammar
import limits
import mta
import socketmap
import tap
import world
from faulty import Told
from socketmap import CONF, Client, Handed, ask, frame, line, postmap

ASK = "VerdictTTL 1h\nMapWait 20s\nRcptWait 20s\n"
GOOD = "dane-ee.example"
SURE = "OK dane-only"
STS = "OK secure match=mx1.sts.example servername=hostname"
# what a cached answer takes at most, while others wait for seconds
SOON_S = 2


def names_of(dests):
    return [dest.domain for dest in dests]


def data_of(reply):
    """As the JSON of "postern check" has it."""
    if reply.startswith("OK "):
        return reply[3:]
    return "" if reply == "NOTFOUND " else reply


def forecast(out):
    """W01, E01: Q is what "postern check" shows, of every destination; E11:
    nothing is in it that no MTA should read."""
    dests = [dest for dest in world.WORLD.dests if dest.expect and
             not dest.relay]
    answers, error = cli.check(cli.configuration("embedded", CONF),
                               *names_of(dests))
    wrong, asked = [], 0
    with Client() as client:
        for dest in dests:
            answer = answers.get(dest.domain)
            if answer is None or cli.is_late(answer, dest.expect):
                continue
            asked += 1
            reply = client.ask("QUERY " + dest.domain)
            if data_of(reply) != answer["postfix"]:
                wrong.append("%s: %s, but %s" % (dest.domain, reply,
                                                 answer["postfix"]))
            if not re.fullmatch(r"[ -~]+", reply) or \
                    set(reply) & set("{},\"'\\"):
                wrong.append("%s: %r" % (dest.domain, reply))
    out.test(not wrong and asked > 200, "E01, E11, N2: the map answers for %d "
             "destinations what postern check shows" % asked, wrong + [error])


def by_postmap(out):
    with Told(out, "W01: postmap reads the answers, by Unix socket and by TCP"
              ) as told:
        for at in ("unix:" + socketmap.MAP, "inet:127.0.0.1:8642"):
            told.same(at, postmap(GOOD, at=at), ("dane-only", ""))
            told.same("no policy", postmap("plain.example", at=at), ("", ""))
        text, error = postmap("m73.example")
        told.same("TEMP", text, "")
        if "dns-servfail: TLSA _25._tcp.mx1.m73.example" not in error:
            told.problems.append(error)
        text, _ = postmap("sts.example", "QUERYwithTLSRPT")
        told.same("attributes", text, STS[3:] + " policy_type=sts "
                  "policy_domain=sts.example mx_host_pattern=mx1.sts.example "
                  "{ policy_string = version: STSv1 } "
                  "{ policy_string = mode: enforce } "
                  "{ policy_string = mx: mx1.sts.example } "
                  "{ policy_string = max_age: 86400 }")
        told.same("Sendmail", postmap("sts.example", "sts"), (STS[3:], ""))
        told.same("Sendmail, DANE", postmap(GOOD, "sts"), ("", ""))


def reproduced(out, conf):
    """What "postern check" says to try is what it says comes of it."""
    with Told(out, "postern check shows the answer and the line that asks for "
              "it") as told:
        text = mta.run("sh", "-c", "%s check -c %s %s || :" % (
            mta.program("postern"), conf, "sts.example"))
        shown = re.search(r"^  postfix +sts\.example (.*)", text, re.M)
        line_ = re.search(r"^  ask +(.*)", text, re.M)
        told.same("postfix", shown and shown[1], STS[3:])
        told.same("ask", line_ and line_[1], "postmap -q sts.example "
                  "socketmap:unix:%s:QUERY" % socketmap.MAP)
        if line_:
            told.same("it", mta.run("sh", "-c", line_[1]).strip(), STS[3:])


def shut_out(out, conf):
    """What the map does not let mail go to, and would by itself."""
    with Told(out, "P04, N2, N3: postern check shows the hosts that the answer "
              "shuts out") as told:
        domain = "p04-two.example"
        text = mta.run("sh", "-c", "%s check -c %s %s || :" % (
            mta.program("postern"), conf, domain))
        shown = re.search(r"^  postfix +%s (.*)" % re.escape(domain), text,
                          re.M)
        told.same("postfix", shown and shown[1], "dane-only")
        told.same("shut out", re.findall(r"which shuts out (\S+)", text),
                  ["mx1." + domain])
        told.same("the map", ask(domain), "OK dane-only")
        answers, _ = cli.check(conf, domain)
        told.same("JSON", answers[domain]["postfix"], "dane-only")


# -- the wire ----------------------------------------------------------------

def pieces(out):
    with Told(out, "W02: requests come in any pieces") as told:
        data = frame("QUERY " + GOOD) + frame("QUERY plain.example")
        with Client() as client:
            for octet in data:
                client.send(bytes([octet]))
            told.same("octets", [client.reply(), client.reply()],
                      [SURE, "NOTFOUND "])
            client.send(data * 20)
            told.same("at once", [client.reply() for _ in range(40)],
                      [SURE, "NOTFOUND "] * 20)


def pipeline(out):
    """LIMIT_MAP_PIPELINE, and a slow one before them all."""
    with Told(out, "W03, W04: replies come in order, and no other connection "
              "waits") as told:
        many = limits.LIMIT_MAP_PIPELINE + 40
        with Client() as slow, Client() as quick:
            slow.send(frame("QUERY x.d62-silent.example"))
            slow.send(frame("QUERY " + GOOD) * many)
            begun = time.monotonic()
            told.same("other", quick.ask("QUERY " + GOOD), SURE)
            if time.monotonic() - begun > SOON_S:
                told.problems.append("the other connection has waited")
            told.same("slow", slow.reply(), "OK dane")
            told.same("behind it", {slow.reply() for _ in range(many)},
                      {SURE})


def garbage(out):
    """LIMIT_MAP_REQUEST"""
    size = limits.LIMIT_MAP_REQUEST
    start = mta.syslog_size()
    with Told(out, "W05, W06: what is no request ends its connection") as told:
        for text in (b"%d:" % (size + 1), b"100000:", b"QUERY d.ex\n",
                     b"010:QUERY d.ex,", b"5:QUERYX", b":,", b"\0" * 40):
            with Client() as client:
                client.send(text)
                told.same(repr(text), client.rest(), b"")
        with Client() as client:
            told.same("longest", client.ask("QUERY " + "a" * (size - 6)),
                      "NOTFOUND ")
            client.send(b"garbage")
            told.same("after it", client.rest(), b"")
        said = [text for text in mta.syslog(start) if "no_request" in text]
        told.same("lines of the log", len(said), 1)
    with Told(out, "W07, K rows: what has no policy is NOTFOUND") as told:
        with Client() as client:
            for text in ("QUERY", "", " d.ex", "QUERY ", "QUERY .d.ex",
                         "QUERY [192.0.2.1]", "QUERY user@d.ex", "QUERY *",
                         "QUERY a\0b.ex", "QUERY \xff.ex", "QUERY localhost",
                         "QUERY gate.sender.example"):
                told.same(repr(text), client.ask(text.encode("latin-1")),
                          "NOTFOUND ")
            told.same("PERM", client.ask("sts .d.ex"),
                      "PERM map sts is for Sendmail, use QUERY")


def half_closed(out):
    with Told(out, "W08: who has closed one side gets what is due") as told:
        with Client() as client:
            client.send(frame("QUERY " + GOOD) * 3 + b"10:QUE")
            client.socket.shutdown(socket.SHUT_WR)
            told.same("replies", client.rest(), frame(SURE) * 3)


def unread(out):
    """LIMIT_MAP_UNSENT: who does not read is not read from."""
    with Told(out, "W09: a client that does not read costs little") as told:
        with Client() as deaf, Client() as other:
            deaf.socket.settimeout(SOON_S)
            data, sent = frame("QUERYwithTLSRPT sts.example") * 100, 0
            try:
                while sent < 100 * limits.LIMIT_MAP_UNSENT:
                    sent += deaf.socket.send(data)
                told.problems.append("all of it was read")
            except TimeoutError:
                pass
            told.same("other", other.ask("QUERY " + GOOD), SURE)


def crowd(out, postern):
    """W11, B5: a crowd that only sits there, and its last one."""
    with Told(out, "W11: idle clients make room, the one idle for longest "
              "first") as told:
        postern.reload(CONF + ASK + "MapMaxClients 8\n")
        clients = [Client() for _ in range(8)]
        for client in clients:
            told.same("each", client.ask("QUERY " + GOOD), SURE)
        told.same("the first again", clients[0].ask("QUERY " + GOOD), SURE)
        told.same("one more", ask(GOOD), SURE)
        told.same("the first", clients[0].ask("QUERY " + GOOD), SURE)
        told.same("the second", clients[1].rest(), b"")
        for client in clients:
            client.socket.close()
    with Told(out, "W11: a thousand idle clients take nothing from others"
              ) as told:
        postern.reload(CONF + ASK + "MapMaxClients 2000\n")
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
        clients = [Client() for _ in range(1000)]
        told.same("one more", ask(GOOD), SURE)
        told.same("the first", clients[0].ask("QUERY " + GOOD), SURE)
        for client in clients:
            client.socket.close()


def rss_octets(postern):
    return int(mta.read("/proc/%d/statm" % postern.process.pid).split()[1]) \
        * resource.getpagesize()


def spellings(out, postern):
    """LIMIT_CACHED_REPLIES, LIMIT_REPLY_OCTETS: one key in any number of
    spellings."""
    with Told(out, "W18: replies that are kept are bounded") as told:
        before = rss_octets(postern)
        with Client() as client:
            for number in range(0, limits.LIMIT_CACHED_REPLIES * 6 // 5, 100):
                client.send(b"".join(
                    frame("%060d %s" % (number + i, GOOD))
                    for i in range(100)))
                told.among("reply", {client.reply() for _ in range(100)},
                           ({SURE},))
        grown = rss_octets(postern) - before
        if grown > 2 * limits.LIMIT_REPLY_OCTETS and \
                not mta.is_sanitized("posternd"):
            told.problems.append("%d MiB more" % (grown >> 20))
        out.say("%d KiB more" % (grown >> 10))


# -- keys and rules ----------------------------------------------------------

def hops(out):
    rows = [
        ("K02", "DANE-EE.example.", SURE),
        ("K05", GOOD + ":25", SURE),
        ("K05 smtp", GOOD + ":smtp", SURE),
        ("K05 26", GOOD + ":26", "NOTFOUND "),
        ("K06", "[mx1.dane-ee.example]", SURE),
        ("K06 587", "[mx1.dane-ee.example]:587", "NOTFOUND "),
        ("P16", "nowhere.example", "NOTFOUND "),
        ("P16 null MX", "null-mx.example", "NOTFOUND "),
        ("P20", "sts-testing.example", "NOTFOUND "),
    ]
    with Told(out, "K01-K06: a key is a next hop") as told:
        with Client() as client:
            for name, key, reply in rows:
                told.same(name, client.ask("QUERY " + key), reply)


def rules(out, postern):
    """F10: other rules are in force with the line that says so."""
    mta.write(mta.HERE + "/map.rules", "%s may\n.dane-mismatch.example "
              "encrypt\nmx1.sts.example encrypt\n" % GOOD)
    with Told(out, "K10-K12, F10: rules and exempt domains count from the "
              "reload on") as told:
        told.same("before", ask(GOOD), SURE)
        postern.reload(CONF + ASK + "Destinations %s/map.rules\n"
                       "ExemptDomains sts.example\n"
                       "InternalDomains half-dane.example\n" % mta.HERE)
        told.same("K11", ask(GOOD), "OK may")
        told.same("K11 below", ask("x.dane-mismatch.example"), "OK encrypt")
        told.same("K12", ask("[mx1.sts.example]"), "OK encrypt")
        told.same("K10 exempt", ask("sts.example"), "NOTFOUND ")
        told.same("K10 internal", ask("half-dane.example"), "NOTFOUND ")
        told.same("X06", line("POLICY %s mx" % GOOD).split(" ttl=")[0],
                  "answer=ok tls=may dane=no policy=local reason=ok")
        told.same("X12", line("POLICY sts.example").split()[0:3],
                  ["answer=ok", "tls=may", "dane=try"])
        postern.reload(CONF + ASK)
        told.same("after", ask(GOOD), SURE)


def settings(out, postern):
    with Told(out, "P35: DefaultLevel encrypt is a floor of the map, too"
              ) as told:
        postern.reload(CONF + ASK + "DefaultLevel encrypt\n")
        told.same("P35", ask("plain.example"), "OK encrypt")
        told.same("P01", ask(GOOD), SURE)
        postern.reload(CONF + ASK)


# -- the line socket ---------------------------------------------------------

def lines(out):
    """LIMIT_LINE_REQUEST"""
    rows = [
        ("X01", "POLICY plain.example mx1.plain.example",
         "answer=ok tls=may dane=try policy=no-policy-found"),
        ("X02", "POLICY sts.example mx1.sts.example",
         "answer=ok tls=verify dane=try policy=sts reason=ok"),
        ("X04", "POLICY sts.example evil.example",
         "answer=refuse tls=verify dane=try policy=sts "
         "reason=sts-mx-mismatch"),
        ("X05", "POLICY sts.example", "answer=ok tls=verify dane=try"),
        ("X12", "POLICY [192.0.2.1] 192.0.2.1", "answer=ok tls=may dane=try"),
        ("X13", "FOO", "answer=temp "),
        ("X13 long", "POLICY " + "a" * limits.LIMIT_LINE_REQUEST,
         "answer=temp "),
        ("CHECK", "CHECK " + GOOD, "domain=%s result=pass policy=tlsa "
         "level=dane-only reason=ok" % GOOD),
    ]
    with Told(out, "X rows: a line asks, a line answers") as told:
        for name, text, start in rows:
            answer = line(text)
            told.same(name, answer[:len(start)], start)
            told.same(name + ", end", (answer.count("\n"), answer[-1:]),
                      (1, "\n"))


# -- faults ------------------------------------------------------------------

class Silence(threading.Thread):
    """A nameserver in front of the lab's that has no answer for names with
    "silent" in them before it speaks: others are given up after some time."""
    PORT = 5399

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.PORT))
        self.lock = threading.Lock()
        self.held = []
        self.speaks = False
        self.start()

    def run(self):
        while True:
            query, client = self.socket.recvfrom(65536)
            if b"silent" not in query.lower():
                threading.Thread(target=self.forward, args=(query, client),
                                 daemon=True).start()
                continue
            with self.lock:
                if not self.speaks:
                    self.held.append((query, client))
                    continue
            self.fail(query, client)

    def fail(self, query, client):
        """SERVFAIL"""
        self.socket.sendto(query[:2] + bytes([query[2] | 0x80, 2]) +
                           query[4:], client)

    def speak(self):
        with self.lock:
            self.speaks = True
        for query, client in self.held:
            self.fail(query, client)

    def forward(self, query, client):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
            up.settimeout(20)
            up.sendto(query, ("127.0.0.1", 53))
            try:
                self.socket.sendto(up.recv(65536), client)
            except TimeoutError:
                pass


def slow(out, postern):
    silent = CONF + "DNSTimeout 20s\nNameservers 127.0.0.1@%d\n" % Silence.PORT
    with Told(out, "F06, E12, W04: MapWait is kept, and others are answered "
              "meanwhile") as told:
        postern.reload(silent + "MapWait 2s\n")
        mta.await_true(lambda: ask(GOOD) == SURE, 20, "the nameserver")
        with Client() as client:
            begun = time.monotonic()
            client.send(frame("QUERY y.silent.example"))
            told.same("other", ask(GOOD), SURE)
            if time.monotonic() - begun > SOON_S:
                told.problems.append("the other has waited")
            told.same("P17", client.reply(), "TEMP deadline")
            if time.monotonic() - begun < 2:
                told.problems.append("sooner than MapWait")
        answer = line("POLICY z.silent.example")
        told.same("X10", answer.split()[0], "answer=temp")
    with Told(out, "F07, W18: more than half of MaxChecks and MaxQueue is "
              "queue-full") as told:
        postern.reload(silent + "MapWait 4s\nMaxChecks 8\nMaxQueue 8\n")
        mta.await_true(lambda: ask(GOOD) == SURE, 30, "room")
        with Client() as client:
            for number in range(20):
                client.send(frame("QUERY h%d.silent.example" % number))
            told.same("cached", ask(GOOD), SURE)
            replies = [client.reply() for _ in range(20)]
            told.same("P17", sorted(set(replies)),
                      ["TEMP deadline", "TEMP queue-full"])
        postern.reload(CONF + ASK)


def flush(out, conf):
    with Told(out, "F11: what is flushed is asked for again") as told:
        def said():
            return [text for text in mta.syslog(start)
                    if "event=map domain=%s " % GOOD in text]
        ask(GOOD)
        start = mta.syslog_size()
        ask(GOOD)
        told.same("kept", said(), [])
        mta.run(mta.program("postern"), "cache", "flush", GOOD, "-c", conf)
        told.same("again", ask(GOOD), SURE)
        made = said()
        if len(made) != 1 or " answer=dane-only policy=tlsa " not in made[0] \
                or " dane=all sts=none cache=miss " not in made[0]:
            told.problems += made or ["no line"]


def handed(out):
    """W17: a socket that waits for its posternd, as systemd would have it."""
    path = "/run/postern/handed.sock"
    with Told(out, "W17: a socket is handed over, and who came before waits"
              ) as told:
        with Handed(path) as own:
            with Client(path) as early:
                early.send(frame("QUERY " + GOOD))
                own.start()
                told.same("who came before", early.reply(), SURE)
                told.same("status", own.stop(), 0)
            own.start()
            told.same("who comes later", Client(path).ask("QUERY " + GOOD),
                      SURE)
            told.same("status", own.stop(), 0)
            told.same("it stays", os.path.exists(path), True)


def by_grammar(out):
    """Each line of all that was said."""
    faults, counts = grammar.log_faults(mta.syslog())
    with Told(out, "every line is of the grammar, those of the map among them"
              ) as told:
        told.same("faults", faults[:20], [])
        told.same("missing", sorted({"map", "garbage"} - set(counts)), [])


def inside():
    out = tap.Tap()
    try:
        postern = mta.Posternd("map", CONF + ASK)
        forecast(out)
        by_postmap(out)
        reproduced(out, postern.conf)
        shut_out(out, postern.conf)
        for test in (pieces, pipeline, garbage, half_closed, unread, hops,
                     lines):
            test(out)
        crowd(out, postern)
        spellings(out, postern)
        rules(out, postern)
        settings(out, postern)
        silence = Silence()
        slow(out, postern)
        # else old lookups outlive posternd
        silence.speak()
        flush(out, postern.conf)
        out.test(postern.stop() == 0, "posternd ends well")
        handed(out)
        by_grammar(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "postmap"))
