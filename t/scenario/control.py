#!/usr/bin/env python3
"""control - the control socket of posternd, and who asks there, in the lab.

Real mail, then what the command says of it; reloads, restarts, stale sockets;
last, clients that mean no good.  TAP.
"""
import fcntl
import grp
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from datetime import datetime

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import json_page
import limits
import mta
import tap
import watch
from milter_client import ready


def load(name):
    loader = importlib.machinery.SourceFileLoader(name, HERE + "/%s.py" % name)
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


check = load("check")

PATH = "/run/postern/control.sock"
EXTRA = "VerdictTTL 10m\nOn-Fail defer\n"
STATE = mta.HERE + "/state-control"
PASS, FAIL, STS = "dane-ee.example", "dane-mismatch.example", "sts.example"

# What a busy machine may need, and what must have an end.
PATIENCE_S = 30
REQUEST_S = 10

# Octets in the socket of one who does not read, by far.
STUCK = 50000


class Wrong(Exception):
    pass


def same(what, got, wanted):
    if got != wanted:
        raise Wrong("%s: %r, expected %r" % (what, got, wanted))


def true(what, value):
    if not value:
        raise Wrong(what)


class Said:
    """What the command said."""

    def __init__(self, conf, words, user=()):
        done = subprocess.run(
            [*user, mta.program("postern"), *words, "-c", conf], text=True,
            capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        self.status, self.out, self.err = (done.returncode, done.stdout,
                                           done.stderr.strip())

    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def must(self, status):
        if self.status != status:
            raise Wrong("exit status %d, expected %d: %s" %
                        (self.status, status, self.err))
        return self


class House:
    """posternds one after the other, with one state directory."""

    def __init__(self):
        os.mkdir(STATE)
        shutil.chown(STATE, "postern", "postern")
        self.lives = 0
        self.daemon = None

    def start(self, extra=""):
        self.lives += 1
        self.daemon = mta.Posternd(
            "control-%d" % self.lives,
            "%sStateDirectory %s\n%s" % (EXTRA, STATE, extra))

    def say(self, *words, user=()):
        return Said(self.daemon.conf, words, user)

    def stats(self):
        return self.say("stats", "--json").must(0).rows()[0]

    def mail(self, *domains):
        """The check lines of a message to these."""
        start = mta.syslog_size()
        mta.send(["x@" + domain for domain in domains], "control")
        return {domain: mta.check_line(domain, start) for domain in domains}

    def reload(self, *swaps, meanwhile=lambda: None):
        """What the log says of it; until then "meanwhile" is done again."""
        text = mta.read(self.daemon.conf)
        for old, new in swaps:
            text = text.replace(old, new)
        with open(self.daemon.conf, "w") as out:
            out.write(text)
        start = mta.syslog_size()
        self.daemon.process.send_signal(signal.SIGHUP)

        def told():
            meanwhile()
            return [line.split("event=reload ")[1]
                    for line in mta.syslog(start) if "event=reload" in line]
        return mta.await_true(told, PATIENCE_S, "reload")[0]


class Client:
    """One at the socket, by hand."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        mta.await_true(self.connect, PATIENCE_S, "a place in the queue")
        self.file = self.socket.makefile("rb")

    def connect(self):
        try:
            self.socket.connect(PATH)
        except BlockingIOError:
            return False
        return True

    def put(self, octets):
        self.socket.sendall(octets)

    def get(self):
        """The next line as an object; None at the end."""
        try:
            line = self.file.readline()
        except ConnectionError:
            return None
        return json.loads(line) if line else None

    def ask(self, request):
        """The lines of the answer, the last one too."""
        if not isinstance(request, bytes):
            request = json.dumps(request).encode()
        self.put(request + b"\n")
        rows = [self.get()]
        while rows[-1] is not None and "end" not in rows[-1]:
            rows.append(self.get())
        return rows

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()


def gets(domain):
    return [event for event in watch.events("https")
            if event["event"] == "connect" and
            event["host"] == "mta-sts." + domain]


def connects(domain):
    return [event for event in watch.events("smtp")
            if event["event"] == "connect" and
            event["host"].endswith("." + domain)]


# -- what is known, told -----------------------------------------------------

def idle(house):
    stats = house.stats()
    same("messages", stats["messages"]["ended"], 0)
    same("verdicts", stats["cache"]["verdicts"], 0)
    same("store", stats["store"], "ok")
    same("pid", stats["pid"], house.daemon.process.pid)
    true("memory", 1000 < stats["rss_kb"] < 1000000)
    said = house.say("cache", "list").must(0)
    same("list", said.out, "")
    true(said.err, said.err.strip() == "postern: nothing is kept")
    said = house.say("check", "--cached", PASS).must(3)
    true(said.err, said.err.endswith(PASS + ": not known to the daemon"))
    same("known", house.say("check", "--cached", "--json", PASS).rows(),
         [{"schema": 1, "domain": PASS, "known": False}])
    same("checks", house.stats()["checks"]["begun"], 0)
    house.say("cache", "show", PASS).must(1)
    text = house.say("stats").must(0).out
    true(text, re.search(r"^results\.fail +0$", text, re.M))


def listed(house):
    lines = house.mail(PASS, FAIL, STS)
    same("refused at RCPT", house.stats()["messages"]["refused_rcpts"],
         {"defer": 1, "reject": 0})
    rows = house.say("cache", "list", "--json").must(0).rows()
    same("rows", [(row["kind"], row["domain"]) for row in rows],
         [("verdict", PASS), ("verdict", FAIL), ("verdict", STS),
          ("policy", STS)])
    for row in rows[:3]:
        logged = lines[row["domain"]]
        for key in ("result", "policy", "level", "reason", "mx", "mode",
                    "depth", "ms", "detail"):
            same(row["domain"] + " " + key, str(row.get(key)),
                 str(logged.get(key)))
        true("ttl", 0 < row["ttl"] <= int(logged["ttl"]))
        same("hop", row["hop"], row["domain"])
    same("action", rows[1]["action"], "defer")
    same("mode", rows[3]["policy"]["mode"], "enforce")
    text = house.say("cache", "list").must(0).out
    true(text, re.search(r"^verdict %s +fail +tlsa dane-only "
                         r"validation-failure \d+s$" % FAIL, text, re.M))
    true(text, re.search(r"^policy  %s +enforce +20" % STS, text, re.M))


def shown(house):
    rows = house.say("cache", "show", "--json", STS).must(0).rows()
    same("kinds", [row["kind"] for row in rows], ["verdict", "policy"])
    true("body", rows[1]["policy"]["body"].startswith("version: STSv1"))
    text = house.say("cache", "show", STS.upper() + ".").must(0).out
    true(text, "\nversion: STSv1\nmode: enforce\n" in text)
    house.say("cache", "show", "a..b").must(64)


def cached(house):
    began = house.stats()["checks"]["begun"]
    same("pass", house.say("check", "--cached", PASS).must(0).err, "")
    text = house.say("check", "--cached", FAIL).must(2).out
    true(text, "verdict     fail, policy tlsa, level dane-only, reason "
         "validation-failure\n" in text)
    rows = house.say("check", "x@" + STS, PASS, "--cached",
                     "--json").must(0).rows()
    same("rows", [(row["domain"], row["result"], row["cache"])
                  for row in rows],
         [(STS, "pass", "hit"), (PASS, "pass", "hit")])
    house.say("check", "--cached", PASS, "unknown.example").must(3)
    house.say("check", "--cached", FAIL, "unknown.example").must(2)
    house.say("check", "--cached", "mx:mx1." + PASS).must(64)
    house.say("check", "--cached", "--depth", "dns", PASS).must(64)
    same("checks", house.stats()["checks"]["begun"], began)


def counted(house):
    """Against what the log says."""
    house.mail(PASS)
    house.mail("dane-ee-none.example", FAIL)
    lines = [dict(re.findall(r" ([a-z]+)=(\S+)", line))
             for line in mta.syslog()
             if "posternd[%d]" % house.daemon.process.pid in line]
    checks = [line for line in lines if line.get("event") == "check"]
    stats = house.stats()
    for result, count in stats["results"].items():
        same(result, count,
             len([1 for line in checks if line["result"] == result]))
    for reason, count in stats["reasons"].items():
        same(reason, count,
             len([1 for line in checks if line["reason"] == reason]))
    same("reasons", sum(stats["reasons"].values()), len(checks))
    for word, key in (("hit", "hits"), ("miss", "misses")):
        same(key, stats["cache"][key],
             len([1 for line in checks if line.get("cache") == word]))
    true("hits", stats["cache"]["hits"] > 0)
    messages = [line for line in lines if line.get("event") == "message"]
    same("messages", stats["messages"]["ended"], len(messages))
    same("deferred", stats["messages"]["actions"]["defer"],
         len([1 for line in messages if line["action"] == "defer"]))
    same("fetches", stats["fetches"]["made"], len(gets(STS)))
    true("checks", stats["checks"]["running_max"] >= 1)
    same("running", stats["checks"]["running"], 0)
    same("resolver", stats["resolver"], "validating")


# What some domain has: a rule, a detail, no policy.
SOMETIMES = {"cache list": {"mode", "rule", "detail", "failed.id",
                            "failed.at", "failed.reason", "failed.detail"}}


MANY = 500
CHECKS_S = 60


def long_answer(house):
    """It is made piece by piece, and nothing of it is missing."""
    with ready(mta.SOCKET) as client:
        client.begin("MANY")
        client.macros(b"E", "i", "MANY")
        client.macros(b"R", "{rcpt_mailer}", "smtp")
        for number in range(MANY):
            client.recipient("<u@n%d.null-mx.example>" % number)
        client.end()
    # the message does not wait for all of them, where the machine is slow
    mta.await_true(lambda: len(null_mx(house)[1]) == MANY, CHECKS_S,
                   "%d verdicts in one list" % MANY)
    said, rows = null_mx(house)
    true("%d octets" % len(said.out),
         len(said.out) > limits.LIMIT_CONTROL_CHUNK)
    same("verdicts", len({row["domain"] for row in rows}), MANY)
    house.say("cache", "flush").must(0)


def null_mx(house):
    """What the list says, and its rows of those domains."""
    said = house.say("cache", "list", "--json").must(0)
    return said, [row for row in said.rows()
                  if row["domain"].endswith(".null-mx.example")]


class Impostor:
    """In the place of posternd: one answer to whoever asks."""

    def __init__(self, path, answer):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(1)
        self.answer = answer
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        client, _ = self.server.accept()
        with client:
            client.recv(limits.LIMIT_CONTROL_LINE)
            try:
                client.sendall(self.answer)
            except OSError:
                pass

    def close(self):
        self.thread.join()
        self.server.close()


def long_row(house):
    """A row as long as the limit is read, one that is longer is not."""
    path = mta.HERE + "/impostor"
    conf = path + ".conf"
    with open(conf, "w") as out:
        out.write(mta.read(house.daemon.conf) + "ControlSocket %s\n" % path)
    for beyond in (0, 1):
        row = b'{"schema":1,"x":"%s"}\n'
        row %= b"x" * (limits.LIMIT_CONTROL_ANSWER + beyond - len(row) + 2)
        impostor = Impostor(path, row + b'{"schema":1,"end":"ok"}\n')
        said = Said(conf, ("stats", "--json"))
        impostor.close()
        os.unlink(path)
        if beyond:
            true(said.must(69).err, "the answer of posternd is cut off" in
                 said.err)
        else:
            same("row", len(said.must(0).out), limits.LIMIT_CONTROL_ANSWER)


def documented(house):
    """Against postern-json(7)."""
    told = json_page.page_keys()
    for name, words in (("cache list", ("cache", "show", STS)),
                        ("cache flush", ("cache", "flush", "a.example")),
                        ("stats", ("stats",))):
        keys = json_page.keys_of(house.say(*words, "--json").rows(), {})
        keys.get("reasons", {}).clear()
        printed = set(json_page.paths(keys))
        manual = set(json_page.paths(told[name]))
        same(name, sorted(printed - manual), [])
        same(name, sorted(manual - printed - SOMETIMES.get(name, set())), [])


# -- what is known, forgotten ------------------------------------------------

def warm(house, domain):
    """Its verdict is in the cache; it may run out while one looks."""
    for _ in range(5):
        if house.mail(domain)[domain]["cache"] == "hit":
            return
    raise Wrong("never a hit: " + domain)


def flushed(house):
    warm(house, STS)
    warm(house, PASS)
    before = len(connects(PASS)), len(gets(STS))
    said = house.say("cache", "flush", PASS).must(0)
    true(said.out, re.match(r"forgotten: verdicts 1, probes [1-9]\d*, "
                            r"policies 0$", said.out))
    same("known", house.say("check", "--cached", PASS).status, 3)
    same("cache", house.mail(PASS)[PASS]["cache"], "miss")
    true("a new probe", len(connects(PASS)) > before[0])
    same("no new fetch", len(gets(STS)), before[1])
    house.say("check", "--cached", STS).must(0)
    row = house.say("cache", "flush", STS, "--json").must(0).rows()[0]
    same("verdicts", row["verdicts"], 1)
    same("policies", row["policies"], 1)
    house.say("cache", "show", STS).must(1)
    same("cache", house.mail(STS)[STS]["cache"], "miss")
    same("a new fetch", len(gets(STS)), before[1] + 1)


def flushed_all(house):
    house.mail(PASS, STS)
    fetches = len(gets(STS))
    row = house.say("cache", "flush", "--json").must(0).rows()[0]
    true("verdicts", row["verdicts"] >= 2)
    same("list", house.say("cache", "list").must(0).out, "")
    counts = house.stats()["cache"]
    same("in memory", [counts[key] for key in ("verdicts", "probes",
                                               "policies")], [0, 0, 0])
    lines = house.mail(PASS, STS)
    same("cache", [lines[PASS]["cache"], lines[STS]["cache"]],
         ["miss", "miss"])
    same("a new fetch", len(gets(STS)), fetches + 1)


# -- reload, stop, start -----------------------------------------------------

def reloaded(house):
    warm(house, PASS)
    ended = house.stats()["messages"]["ended"]
    same("kept", house.reload(("On-Fail defer", "On-Fail tag")),
         "faults=0 engine=kept")
    house.say("check", "--cached", PASS).must(0)
    same("action by the new settings",
         house.say("cache", "list", "--json").rows()[0]["action"], "none")
    same("path", house.reload((EXTRA.splitlines()[0],
                               "VerdictTTL 10m\nControlSocket %s.2"
                               % PATH)),
         "faults=0 engine=kept restart=ControlSocket")
    true("no other socket", not os.path.exists(PATH + ".2"))
    same("back", house.reload(("ControlSocket %s.2" % PATH, "")),
         "faults=0 engine=kept")
    asking = Client()

    def ask_on():
        same("an old client", asking.ask({"ask": "stats"})[-1]["end"], "ok")
    same("new", house.reload(("ProbeTimeout           3s",
                              "ProbeTimeout 4s"), meanwhile=ask_on),
         "faults=0 engine=new")
    ask_on()
    asking.close()
    house.say("check", "--cached", PASS).must(3)
    same("messages since the start",
         house.stats()["messages"]["ended"], ended)


def stopped(house):
    house.mail(STS)
    waiting = Client()
    start = mta.syslog_size()
    same("status", house.daemon.stop(), 0)
    same("waiting", waiting.get(), None)
    waiting.close()
    true("the socket is gone", not os.path.exists(PATH))
    true("event=stats", any(re.search(
        r" -: event=stats uptime=\d+ messages=[1-9]\d* fail=\d+ .* "
        r"store=ok resolver=validating rss=\d+ rcptdefer=\d+ "
        r"rcptreject=\d+$", line)
        for line in mta.syslog(start)))


def without_daemon(house):
    said = house.say("cache", "list", "--json").must(0)
    true(said.err, "no posternd answers at " + PATH in said.err)
    same("rows", [(row["kind"], row["domain"]) for row in said.rows()],
         [("policy", STS)])
    said = house.say("cache", "show", STS).must(0)
    true(said.out, "\nversion: STSv1\n" in said.out)
    house.say("cache", "show", PASS).must(1)
    said = house.say("cache", "flush").must(69)
    true(said.err, "only posternd forgets" in said.err)
    same("nothing is forgotten",
         len(house.say("cache", "list").must(0).out.splitlines()), 1)
    house.say("stats").must(69)
    house.say("check", "--cached", PASS).must(69)


def killed(house):
    start = mta.syslog_size()
    house.start()
    stats = house.stats()
    began, ended = (datetime.fromisoformat(stats[key].replace("Z", "+00:00"))
                    for key in ("started", "stopped"))
    same("down", stats["down"], (began - ended).total_seconds())
    told = mta.await_true(lambda: [line for line in mta.syslog(start)
                                   if "event=start " in line],
                          PATIENCE_S, "event=start")
    true("event=start: %s" % told,
         told[0].endswith(" down=%d" % stats["down"]))
    true("in words", re.search(r"^down +%d$" % stats["down"],
                               house.say("stats").must(0).out, re.M))
    house.daemon.kill()
    true("a stale socket", os.path.exists(PATH))
    true(house.say("stats").must(69).err, "Connection refused" in
         house.say("stats").err)
    house.start()
    stats = house.stats()
    same("after a kill", (stats["stopped"], stats["down"]), (None, 0))
    same("mode", oct(os.stat(PATH).st_mode & 0o7777), "0o660")
    same("list", [row["kind"] for row in
                  house.say("cache", "list", "--json").must(0).rows()],
         ["policy"])


def second(house):
    """Another posternd at the same place, and one that took it."""
    done = subprocess.run(
        [mta.program("posternd"), "-f", "-c", house.daemon.conf, "-p",
         "unix:/run/postern/other.sock"], text=True, capture_output=True,
        timeout=60)
    same("status", done.returncode, 69)
    true(done.stderr, PATH + " is in use by another process" in done.stderr)
    house.say("stats").must(0)
    os.rename(PATH, PATH + ".ours")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(PATH)
        same("status", house.daemon.stop(), 0)
        true("another's socket stays", os.path.exists(PATH))
    os.unlink(PATH)
    os.unlink(PATH + ".ours")


def of_a_group(house):
    """The user that posternd runs as is not a member of every group."""
    house.start("ControlGroup nogroup\nUserID postern:nogroup\n")
    same("group", os.stat(PATH).st_gid, grp.getgrnam("nogroup").gr_gid)
    os.chmod("/run/postern", 0o755)
    house.say("stats", user=nobody()).must(0)
    house.say("cache", "flush", user=nobody()).must(69)
    same("status", house.daemon.stop(), 0)
    for name, status in (("root", 77), ("no-such-group", 67)):
        conf = house.daemon.conf + "." + name
        mta.write(conf, mta.read(house.daemon.conf).replace(
            "ControlGroup nogroup", "ControlGroup " + name))
        done = subprocess.run(
            [mta.program("posternd"), "-f", "-c", conf], text=True,
            capture_output=True, timeout=60)
        true("%s: %d, %s" % (name, done.returncode, done.stderr),
             done.returncode == status and "ControlGroup: " in done.stderr)
        true("no socket is left", not os.path.exists(PATH))


def switched_off(house):
    house.start("ControlSocket none\n")
    true("no socket", not os.path.exists(PATH))
    true("said", "ControlSocket none" in house.say("stats").must(69).err)
    house.say("cache", "list").must(0)
    same("status", house.daemon.stop(), 0)


# -- who may ask -------------------------------------------------------------

def nobody(*groups):
    return ("setpriv", "--reuid=nobody", "--regid=nogroup",
            "--groups=" + ",".join(groups) if groups else "--clear-groups")


def peers(house):
    os.chmod("/run/postern", 0o755)
    said = house.say("stats", user=nobody()).must(69)
    true(said.err, "Permission denied" in said.err)
    house.say("stats", user=nobody("postern")).must(0)
    house.say("stats", user=("setpriv", "--reuid=nobody", "--regid=postern",
                             "--clear-groups")).must(0)
    own = ("setpriv", "--reuid=postern", "--regid=nogroup", "--clear-groups")
    house.say("stats", user=own).must(0)
    house.say("cache", "flush", user=own).must(0)
    house.mail(PASS)
    said = house.say("cache", "flush", user=nobody("postern")).must(69)
    true(said.err, "posternd: root and the user that it runs as may flush" in
         said.err)
    house.say("check", "--cached", PASS, user=nobody("postern")).must(0)
    os.chmod(PATH, 0o666)
    said = house.say("cache", "flush", user=nobody()).must(69)
    true(said.err, "posternd: root and the socket's group may ask" in
         said.err)
    os.chmod(PATH, 0o606)
    house.say("stats", user=("setpriv", "--reuid=nobody", "--regid=nogroup",
                             "--groups=nogroup")).must(69)
    os.chmod(PATH, 0o660)


GARBAGE = (
    b"", b"\0\0\0", b"\xff\xfe\xfd", b"stats", b"[]", b"1", b"null", b"{}",
    b'{"ask":1}', b'{"ask":"frob"}', b'{"ask":"stats"', b'"stats"',
    b'{"ask":"check"}', b'{"ask":"cache show"}', b'{"ask":["stats"]}',
    b'{"ask":"stats","domain":"a.example"}', b'{"ask":"stats\\u0000"}',
    b'{"ask":"stats","ask":"stats"}', b'{"ask":"check","domain":7}',
    b'{"ask":"check","domain":"a..b"}', b'{"ask":"check","domain":"a\\nb"}',
    b'{"ask":"check","domain":"' + b"a" * 3000 + b'"}', b"[" * 4000,
    b'{"a":' * 800, b" " * 4000,
)


def garbage(house):
    client = Client()
    for request in GARBAGE:
        rows = client.ask(request)
        same("%r" % request[:40], [row and row.get("end") for row in rows],
             ["error"])
    same("afterwards", client.ask({"ask": "stats"})[-1],
         {"schema": 1, "end": "ok", "lines": 1})
    client.put(b'{"ask":"sta')
    time.sleep(0.2)
    same("in two parts", client.ask(b'ts"}')[-1]["end"], "ok")
    same("two at once", client.ask(b'{"ask":"stats"}\n{"ask":"stats"}')[-1][
        "end"], "ok")
    same("the second", [client.get()["schema"], client.get()["end"]],
         [1, "ok"])
    client.put(b'{"ask":"cache flush"')
    client.close()


def longest_line(house):
    """With its newline it is as long as the limit; one more is too long."""
    request = b'{"ask":"stats"}'.ljust(limits.LIMIT_CONTROL_LINE - 1)
    client = Client()
    same("at the limit", client.ask(request)[-1]["end"], "ok")
    client.put(request + b" ")
    row = client.get()
    same("beyond", (row["end"], row["text"]),
         ("error", "the line is too long"))
    same("and left", client.get(), None)
    client.close()


def long_line(house):
    client = Client()
    try:
        client.put(b"a" * 1024 * 1024)
    except ConnectionError:
        pass
    row = client.get()
    true("refused: %s" % row, row is None or row["end"] == "error")
    same("and left", client.get(), None)
    client.close()
    house.say("stats").must(0)


def crowd(house):
    """Who asks for nothing makes room for who does."""
    crowd = [Client() for _ in range(100)]
    house.say("stats").must(0)
    house.say("cache", "list").must(0)
    served = 0
    for client in crowd:
        try:
            served += client.ask({"ask": "stats"})[-1] is not None
        except ConnectionError:
            pass
        client.close()
    true("served: %d" % served, 0 < served <= limits.LIMIT_CONTROL_CLIENTS)


def idle_crowd(house):
    """Of those who ask for nothing, who waits longest makes room for one more
    than the limit."""
    # the ends of those before are seen by when this is answered
    for _ in range(2):
        house.say("stats").must(0)
    crowd = [Client() for _ in range(limits.LIMIT_CONTROL_CLIENTS)]
    for client in crowd:
        same("all", client.ask({"ask": "stats"})[-1]["end"], "ok")
    more = Client()
    same("one more", more.ask({"ask": "stats"})[-1]["end"], "ok")
    same("the first", crowd[0].get(), None)
    for client in crowd[1:]:
        same("the rest", client.ask({"ask": "stats"})[-1]["end"], "ok")
    for client in [more, *crowd]:
        client.close()


def queued(client):
    """Octets that came for a client and were not read."""
    return struct.unpack("I", fcntl.ioctl(client.socket, termios.FIONREAD,
                                          b"\0" * 4))[0]


def are_stuck(crowd):
    """Whether nothing more comes for any of them."""
    before = list(map(queued, crowd))
    time.sleep(1)
    return list(map(queued, crowd)) == before and min(before) > STUCK


def busy_crowd(house):
    """Who is being answered is not put out, and one more is told so."""
    crowd = [Client() for _ in range(limits.LIMIT_CONTROL_CLIENTS)]
    for client in crowd:
        client.put(b'{"ask":"stats"}\n' * (limits.LIMIT_CONTROL_LINE // 16))
    mta.await_true(lambda: are_stuck(crowd), PATIENCE_S, "full sockets")
    with Client() as more:
        same("one more", more.get(), {
            "schema": 1, "end": "error", "text": "too many ask at once"})
        same("and left", more.get(), None)
    for client in crowd:
        same("all", client.get()["schema"], 1)
        client.close()
    house.say("stats").must(0)


def greedy(house):
    """Each asks for more than it ever reads."""
    before = house.stats()["rss_kb"]
    request = b'{"ask":"stats"}\n' * 2000
    crowd = [Client() for _ in range(limits.LIMIT_CONTROL_CLIENTS - 2)]
    for client in crowd:
        client.socket.setblocking(False)
        try:
            client.socket.send(request)
        except BlockingIOError:
            pass
    same("mail", house.mail(PASS)[PASS]["result"], "pass")
    grown = house.stats()["rss_kb"] - before
    # a sanitizer multiplies it
    true("grown by %d KiB" % grown, grown < max(64 * 1024, 2 * before))
    for client in crowd:
        client.close()
    house.say("stats").must(0)


def silent(house, clients, since):
    for client in clients:
        same("left", client.get(), None)
        client.close()
    waited = time.monotonic() - since
    true("after %.1f s" % waited, waited > REQUEST_S - 1)


def hostile(out, house):
    since = time.monotonic()
    quiet = [Client(), Client(), Client()]
    quiet[1].put(b"{")
    quiet[2].put(b"a" * (limits.LIMIT_CONTROL_LINE - 1))
    story(out, house, peers, "root, its own user and the group may ask, "
          "others may not")
    story(out, house, garbage, "garbage is answered with an error")
    story(out, house, longest_line, "the longest line is answered")
    story(out, house, long_line, "a line of 1 MiB is refused")
    story(out, house, lambda h: silent(h, quiet, since),
          "who does not ask is left alone after a while")
    story(out, house, crowd, "100 idle clients keep nobody out")
    story(out, house, idle_crowd, "as many as the limit are served at once")
    story(out, house, busy_crowd, "who is being answered is not put out")
    story(out, house, greedy, "who never reads costs little")


# -- the run -----------------------------------------------------------------

def story(out, house, tell, name):
    begun = time.monotonic()
    why = []
    try:
        tell(house)
    except (Wrong, OSError, mta.Failure, subprocess.TimeoutExpired,
            ValueError, KeyError, IndexError, TypeError) as error:
        why = ["%s: %s" % (type(error).__name__, error)]
    out.test(not why, name, why)
    if time.monotonic() - begun > 5:
        out.say("%.1f s" % (time.monotonic() - begun))


STORIES = (
    (idle, "a daemon that has done nothing says so"),
    (listed, "verdicts and policies are listed, as they were logged"),
    (shown, "one domain is shown, its policy whole"),
    (cached, "a verdict is told without a check, exit code by result"),
    (counted, "the figures are those of the log"),
    (flushed, "a domain that is flushed is looked at anew"),
    (flushed_all, "so are all"),
    (documented, "the keys of JSON are those of postern-json(7)"),
    (reloaded, "it goes on over reloads"),
    (long_answer, "a long list comes whole"),
    (long_row, "the longest row is read"),
)
RESTARTS = (
    (stopped, "at the end the socket goes, and the figures are logged"),
    (without_daemon, "without a daemon its store is read, nothing else"),
    (killed, "a stale socket is replaced"),
    (second, "another's socket is not"),
    (of_a_group, "its group is that of ControlGroup"),
    (switched_off, "it can be switched off"),
)


def inside():
    out = tap.Tap()
    house = House()
    try:
        house.start()
        for tell, name in STORIES:
            story(out, house, tell, name)
        hostile(out, house)
        for tell, name in RESTARTS:
            story(out, house, tell, name)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks", "setpriv"))
