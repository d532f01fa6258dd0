#!/usr/bin/env python3
"""sts_cache - MTA-STS policies that posternd keeps, in the lab.

Real mail past real restarts, while record, policy and mail host of a
destination change between two messages.  The clock is set by what it is
compared with: while posternd is down, all times in its store are moved into
the past.  Then what may befall the store: SIGKILL, a full or read-only disk,
a damaged file.  Last, that no address is connected to that must not be.  TAP.
"""
import glob
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import cli
import mta
import tap
import watch
import world
import world_store
from listed import load_list

WORKERS = 4
RECORD_TTL_S = 1
KILLS = 50
STEPS = 5 # that they come later and later by
STATE = mta.HERE + "/state-"
QUICK = "On-Fail defer\nTempErrorTTL 30s\n"

BROKEN = "version: STSv1\nmode: enforce\nmax_age: 86400\n"
POLICY = "version: STSv1\r\nmode: %s\r\nmx: %s\r\nmax_age: %d\r\n"

OK = "pass sts ok"
LOST = "none sts sts-policy-fetch-error"
ABSENT = "none no-policy-found no-policy"
RELAYED = "none no-policy-found relayed"
NO_TLS = "fail sts starttls-not-supported"
MISMATCH = "fail sts sts-mx-mismatch"

# The words of vectors.list.
VERDICTS = {OK: "sts-ok", LOST: "no-policy", ABSENT: "no-policy"}


# -- a posternd with a store of its own --------------------------------------

class House:
    """A state directory, and the posternds that live in it one by one."""

    def __init__(self, name, extra=QUICK):
        self.name = name
        self.folder = STATE + name
        self.path = self.folder + "/state.db"
        self.extra = extra + "StateDirectory %s\n" % self.folder
        self.daemon = None
        self.lives = 0
        os.mkdir(self.folder)
        self.give_away()

    def give_away(self):
        shutil.chown(self.folder, "postern", "postern")

    def start(self):
        self.lives += 1
        self.daemon = mta.Posternd("%s-%d" % (self.name, self.lives),
                                   self.extra)
        return self.daemon

    def stop(self):
        """What went wrong, in words."""
        status = self.daemon.stop()
        return [] if status == 0 else ["posternd ended with status %d"
                                       % status]


def rows_of(path):
    """(what integrity_check says, {domain: (id, body)}) of a copy, so that
    nothing is mended or changed by looking."""
    with tempfile.TemporaryDirectory() as folder:
        for name in glob.glob(path + "*"):
            shutil.copy(name, folder)
        store = sqlite3.connect(folder + "/" + os.path.basename(path))
        try:
            word, = store.execute("PRAGMA integrity_check").fetchone()
            found = {row[0]: row[1:] for row in store.execute(
                "SELECT domain, id, body FROM policy")}
        except sqlite3.DatabaseError as error:
            return str(error), {}
        finally:
            store.close()
    return word, found


def lines(event, start):
    """Those of posternd in syslog."""
    return [line for line in mta.syslog(start)
            if " -: event=%s" % event in line or
            re.search(r": \w+: event=%s " % event, line)]


def pairs_of(line):
    return dict(re.findall(r" ([a-z]+)=(\S+)", line))


def gets():
    """{domain: GETs of its policy so far, answered or not}"""
    found = {}
    for event in watch.events("https"):
        if event["event"] == "connect":
            domain = event["host"].split(".", 1)[1]
            found[domain] = found.get(domain, 0) + 1
    return found


# -- stories -----------------------------------------------------------------

@dataclass
class Step:
    """A message, and what is different from the message before.

    at: which moment; the posternd of 0 and 1 is one, 2 and 3 each follow a
    restart and LATER seconds.  record, policy, host: as Changes has them.
    gets: of the policy, by this message or since the start.  source: what
    the command says of the policy, None if it is not asked.  id: of the one
    in the store.
    """
    at: int
    expect: str
    gets: int
    record: str = None
    policy: dict = None
    host: str = None
    vector: str = ""
    source: str = None
    id: str = "1"
    rt: str = ""


# The destination with the same next hop, for a message that is to be judged
# anew by a posternd that remembers its verdict.
AGAIN = "-again"

LATER = {"m63": {2: 3601}, "m64": {2: 240, 3: 61}, "m65": {2: 240},
         "renewed": {2: 2000}}
RESTARTS = (2, 3)


def record(number):
    return "txt=v=STSv1; id=%s;" % number


def body(mode, host, max_age=86400):
    return dict(body=POLICY % (mode, host, max_age), status=200)


GONE = "nxdomain"
FAILS = dict(status=500)
WORKS = dict(status=200)
FETCHED = Step(0, OK, 1, record("1"))

STORIES = {
    "m03": (
        FETCHED,
        Step(1, OK, 0, GONE, vector="M03", source="cached"),
        Step(2, OK, 0, vector="M76", source="cached"),
        Step(3, NO_TLS, 0, host="no-starttls")),
    "m05": (
        FETCHED,
        Step(1, OK, 0, "servfail", vector="M05", source="cached"),
        Step(2, OK, 0, policy=FAILS, vector="M05", source="cached")),
    "m40-kept": (
        FETCHED,
        Step(1, RELAYED, 0, GONE),
        Step(2, LOST, 1, record("1"), FAILS),
        Step(3, OK, 1, record("2"), WORKS, vector="M40", source="fetched",
             id="2")),
    "m44-kept": (
        Step(0, ABSENT, 1, record("1")),
        Step(2, ABSENT, 0, GONE, FAILS, source="cached",
             vector="M44")),
    "m61": (
        Step(0, NO_TLS, 1, record("1")),
        Step(2, ABSENT, 1, record("2"), body("none", "mx1.m61.example"),
             vector="M61", source="cached", id="2"),
        Step(3, ABSENT, 0, GONE, FAILS, source="cached", id="2")),
    "m62": (
        FETCHED,
        Step(1, OK, 1, record("2"), FAILS, vector="M62", source="cached"),
        Step(2, OK, 1, record("3"), dict(status=200, body=BROKEN),
             source="cached", rt="sts-policy-invalid"),
        Step(3, OK, 0, source="cached", rt="sts-policy-invalid")),
    "m63": (
        FETCHED,
        Step(2, LOST, 1, policy=FAILS, vector="M63", source=""),
        Step(3, ABSENT, 0, GONE)),
    "m64": (
        Step(0, LOST, 1, record("1"), FAILS),
        Step(1, LOST, 0, policy=WORKS),
        Step(2, LOST, 0, vector="M64"),
        Step(3, OK, 1)),
    "m65": (
        Step(0, LOST, 1, record("1"), FAILS),
        Step(2, OK, 1, record("2"), WORKS, vector="M65", source="cached",
             id="2")),
    "renewed": (
        FETCHED,
        Step(2, OK, 1, source="cached")),
    "flip": (
        FETCHED,
        Step(2, MISMATCH, 1, record("2"), body("enforce", "x.flip.example")),
        Step(3, OK, 1, record("3"), body("enforce", "mx1.flip.example"))),
    "flop": (
        Step(0, NO_TLS, 1, record("1"), host="no-starttls"),
        Step(2, OK, 0, host="ok")),
}


@dataclass
class Told:
    """A step of a story, and what is wrong with it."""
    dest: object
    step: Step
    problems: list = field(default_factory=list)

    def same(self, what, got, expected):
        if got != expected:
            self.problems.append("%s: %r, expected %r" % (what, got,
                                                          expected))


def moment(at):
    return [Told(world.WORLD.find(name), step)
            for name, story in STORIES.items()
            for step in story if step.at == at]


def change_all(changes, told):
    for one in told:
        if one.step.record:
            changes.record(one.dest, one.step.record)
        if one.step.policy:
            changes.policy(one.dest, **one.step.policy)
        if one.step.host:
            changes.host(one.dest, one.step.host)
    changes.apply()


def mail(one):
    """One message, its log line and the answer to its recipient."""
    dest = world.WORLD.find(one.dest.name + AGAIN) if one.step.at == 1 \
        else one.dest
    recipient = "user@" + dest.domain
    start = mta.syslog_size()
    try:
        sent = mta.send([recipient], dest.name)
        pairs = mta.check_line(dest.domain, start)
    except mta.Failure as error:
        one.problems.append(str(error))
        return
    one.same("log line", " ".join(pairs.get(key, "-") for key in
                                  ("result", "policy", "reason")),
             one.step.expect)
    one.same("verdict from the cache", pairs.get("cache"), "miss")
    one.same("reply", sent.replies[recipient][:3],
             "451" if one.step.expect.startswith("fail") else "250")


def gets_since(before, one):
    domain = one.dest.domain
    return gets().get(domain, 0) - before.get(domain, 0)


def mail_all(told, before):
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(mail, told))
    for one in told:
        # no message waits for a policy that is renewed
        caught_up = time.monotonic() + CATCH_UP_S
        while gets_since(before, one) < one.step.gets and \
                time.monotonic() < caught_up:
            time.sleep(0.2)
        one.same("GETs", gets_since(before, one), one.step.gets)


def ask_all(house, told, listed):
    """The command, which reads what the daemon keeps."""
    asked = [one for one in told if one.step.source is not None]
    rows = rows_of(house.path)[1]
    answers, error = cli.check(house.daemon.conf,
                               *(one.dest.domain for one in asked))
    for one in asked:
        answer = answers.get(one.dest.domain)
        if answer is None:
            one.problems.append("no answer: " + error)
            continue
        rt = listed[one.step.vector][1] if one.step.vector and \
            not one.step.rt else one.step.rt
        sts = answer["sts"]
        one.same("result", "%(result)s %(policy)s %(reason)s" % answer,
                 one.step.expect)
        one.same("rt", answer["rt"], rt)
        if one.step.source:
            one.same("source", sts["source"], one.step.source)
            one.same("id in the store", rows.get(one.dest.domain, [""])[0],
                     one.step.id)


def is_listed(told, listed):
    """The list's verdict is the step's."""
    for one in told:
        if one.step.vector:
            one.same("verdict of " + one.step.vector,
                     VERDICTS[one.step.expect],
                     listed[one.step.vector][0])


def expected_changes():
    """The event=change of all stories: (domain, old, new)."""
    found = []
    for name, story in STORIES.items():
        words = [step.expect.split()[0] for step in story if step.at != 1]
        found += [(world.WORLD.find(name).domain, old, new)
                  for old, new in zip(words, words[1:]) if old != new]
    return sorted(found)


def set_clocks(house, at):
    """The next posternd's, for each destination."""
    store = sqlite3.connect(house.path)
    with store:
        for name, by_step in LATER.items():
            domain = world.WORLD.find(name).domain
            seconds = by_step.get(at, 0)
            store.execute(
                "UPDATE policy SET fetched = max(fetched - ?1, 0),"
                " expires = max(expires - ?1, 0),"
                " failed = max(failed - ?1, 0) WHERE domain = ?2",
                (seconds, domain))
    store.close()


def tell_stories(out, listed):
    changes = change.Changes()
    house = House("stories")
    start = mta.syslog_size()
    house.start()
    for at in range(4):
        told = moment(at)
        if at in RESTARTS:
            out.test(not house.stop(), "posternd ends")
            set_clocks(house, at)
        else:
            time.sleep(at * (RECORD_TTL_S + 1))
        before = gets()
        change_all(changes, told)
        if at in RESTARTS:
            house.start()
        mail_all(told, before)
        ask_all(house, told, listed)
        is_listed(told, listed)
        for one in told:
            out.test(not one.problems, "%s %s, moment %d: %s" % (
                one.step.vector or "also", one.dest.name, at,
                one.step.expect), one.problems)
    out.test(not house.stop(), "posternd ends")
    report_changes(out, start)


def report_changes(out, start):
    got = sorted((pairs["domain"], pairs["old"], pairs["new"])
                 for pairs in map(pairs_of, lines("change", start)))
    wanted = expected_changes()
    out.test(got == wanted, "each flip of a verdict is told once, and no "
             "other", ["told: %s" % [g for g in got if g not in wanted],
                       "not told: %s" % [w for w in wanted
                                         if w not in got]])
    bad = lines("store", start)
    out.test(not bad, "nothing is said of the store", bad)


# -- SIGKILL -----------------------------------------------------------------

def messages(domains):
    """Messages to the domains, one behind another; the process."""
    return subprocess.Popen(
        ["miltertest", "-s", HERE + "/sts_cache.lua", "-D",
         "socket=unix:" + mta.SOCKET, "-D", "domains=" + ",".join(domains),
         "-D", "number=%d" % time.monotonic_ns()],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


def passed(start):
    """The domains that a log line says are in order by MTA-STS."""
    return {pairs["domain"] for pairs in map(pairs_of, lines("check", start))
            if pairs["result"] == "pass" and pairs["policy"] == "sts"}


class Killing:
    """Rounds in which every policy has a new id, until a SIGKILL."""

    def __init__(self, house):
        self.house = house
        self.changes = change.Changes()
        self.dests = [d for d in world.WORLD.dests
                      if d.name.startswith("kill") and d.sts]
        self.domains = [d.domain for d in self.dests]
        self.round = 0
        self.lines = 0
        self.kept = 0
        self.fetching = 0
        self.problems = []

    def begin(self):
        self.round += 1
        for dest in self.dests:
            self.changes.record(dest, record(self.round))
        self.changes.apply()
        start = mta.syslog_size()
        before = gets()
        self.house.start()
        return start, before, [messages(self.domains[i::2])
                               for i in range(2)]

    def undisturbed(self):
        """Seconds that the messages of a round take."""
        start, _, senders = self.begin()
        begun = time.monotonic()
        for sender in senders:
            sender.wait(60)
        took = time.monotonic() - begun
        self.house.daemon.kill()
        self.look(start)
        return took

    def kill_after(self, seconds):
        """Whether all was told by then."""
        start, before, senders = self.begin()
        time.sleep(seconds)
        self.house.daemon.kill()
        for sender in senders:
            sender.wait(60)
        self.look(start)
        after = gets()
        begun = sum(after.get(d, 0) - before.get(d, 0) for d in self.domains)
        told_all = len(passed(start)) == len(self.domains)
        self.fetching += begun > 0 and not told_all
        return told_all

    def look(self, start):
        """The store is whole, and has all that was told to rest on it."""
        time.sleep(0.02)
        word, rows = rows_of(self.house.path)
        if word != "ok":
            self.problems.append("round %d: %s" % (self.round, word))
        for domain in passed(start):
            self.lines += 1
            if rows.get(domain, ("", None))[0] == str(self.round) and \
                    b"mode: enforce" in rows[domain][1]:
                self.kept += 1
            else:
                self.problems.append("round %d: %s is %s" % (
                    self.round, domain, rows.get(domain)))


def kill(out):
    house = House("kill")
    killing = Killing(house)
    start = mta.syslog_size()
    took = killing.undisturbed()
    latest = took
    for i in range(KILLS):
        # where the kills fall is the machine's matter: they follow it
        step = i % STEPS + 1
        told_all = killing.kill_after(latest * step / STEPS)
        if step == STEPS:
            latest *= 0.6 if told_all else 1.4
    out.say("a round takes %.2f s; %d lines; killed %d times before all "
            "policies were there" % (took, killing.lines, killing.fetching))
    out.test(not killing.problems, "killed %d times, the store is whole and "
             "has every policy that a pass rested on" % KILLS,
             killing.problems)
    out.test(killing.lines > 0 and killing.fetching > 0,
             "it was killed while it fetched, and after")
    bad = lines("store", start)
    out.test(not bad, "nothing is said of the store", bad)
    out.test(not glob.glob(house.path + ".damaged*"), "nothing is kept aside")


# -- disks -------------------------------------------------------------------

class Visit:
    """One posternd whose disk fails: messages, and what is said of it."""

    def __init__(self, house):
        self.house = house
        self.dests = [d for d in world.WORLD.dests
                      if d.name.startswith("disk") and d.sts]
        self.changes = change.Changes()
        self.start = mta.syslog_size()
        self.problems = []
        for dest in self.dests:
            self.changes.record(dest, record("1"))
            self.changes.policy(dest, **WORKS)
        self.changes.apply()

    def open(self):
        self.start = mta.syslog_size()
        self.house.start()

    def send(self, number, expect, fetches, again=False):
        """A message to one of the destinations."""
        one = Told(self.dests[number], Step(int(again), expect, fetches))
        before = gets()
        mail_all([one], before)
        self.problems += ["disk%d: %s" % (number, p) for p in one.problems]

    def lose(self, number):
        """Record and policy of a destination are not to be had."""
        self.changes.record(self.dests[number], GONE)
        self.changes.policy(self.dests[number], **FAILS)
        self.changes.apply()
        time.sleep(RECORD_TTL_S + 1)

    def said(self, count, words=""):
        """How often of the store, and that it is an error."""
        found = lines("store", self.start)
        if len(found) != count or not all(
                line.startswith("mail.err ") and words in line
                for line in found):
            self.problems.append("%d lines of the store with %r expected, "
                                 "said: %s" % (count, words, found))

    def recovered(self):
        """It is told once that the store failed, and then that it works."""
        caught_up = time.monotonic() + CATCH_UP_S
        while len(lines("store", self.start)) < 2 and \
                time.monotonic() < caught_up:
            time.sleep(0.2)
        told = lines("store", self.start)
        if len(told) != 2 or not told[1].startswith("mail.notice ") or \
                "reason=ok" not in told[1]:
            self.problems.append("said of the store: %s" % told)

    def kept(self, *numbers):
        """The policies in the store, and that it is whole."""
        word, rows = rows_of(self.house.path)
        wanted = sorted(self.dests[n].domain for n in numbers)
        if word != "ok" or sorted(rows) != wanted:
            self.problems.append("in the store: %s %s, expected %s" % (
                word, sorted(rows), wanted))

    def close(self, out, name):
        self.problems += self.house.stop()
        out.test(not self.problems, name, self.problems)
        self.problems = []


def mount(*words):
    subprocess.run(["mount", *words], check=True, timeout=20)


def small_disk(house, size="512k"):
    mount("-t", "tmpfs", "-o", "size=" + size, "tmpfs", house.folder)
    house.give_away()


def fill(house):
    """Every block that is left."""
    with open(house.folder + "/full", "wb", buffering=0) as out:
        for size in (4096, 1):
            try:
                while True:
                    out.write(b"x" * size)
            except OSError:
                pass


CATCH_UP_S = 75  # posternd tries every minute


def await_rows(house, count):
    caught_up = time.monotonic() + CATCH_UP_S
    while time.monotonic() < caught_up and (
            not os.path.exists(house.path) or
            len(rows_of(house.path)[1]) < count):
        time.sleep(1)


def full_disk(out):
    house = House("full")
    small_disk(house)
    visit = Visit(house)
    visit.open()
    visit.send(0, OK, 1)
    visit.kept(0)
    fill(house)
    for number in range(1, 4):
        visit.send(number, OK, 1)
    visit.said(1)
    visit.lose(1)
    visit.send(1, OK, 0, again=True)
    visit.said(1)
    out.test(not visit.problems, "the disk is full: said once, mail goes on, "
             "policies count", visit.problems)
    visit.problems = []
    visit.kept(0)
    os.remove(house.folder + "/full")
    visit.changes.record(visit.dests[2], record("2"))
    visit.changes.apply()
    time.sleep(RECORD_TTL_S + 1)
    visit.send(2, OK, 1, again=True)
    await_rows(house, 4)
    visit.kept(0, 1, 2, 3)
    visit.recovered()
    visit.close(out, "room again: what was learnt meanwhile is kept as well, "
                "and it is said")


def full_from_the_start(out):
    house = House("none")
    small_disk(house)
    fill(house)
    visit = Visit(house)
    visit.open()
    visit.send(0, OK, 1)
    visit.lose(0)
    visit.send(0, OK, 0, again=True)
    visit.said(1)
    out.test(not visit.problems, "full before there is a store: said once, "
             "mail goes on, policies count", visit.problems)
    visit.problems = []
    os.remove(house.folder + "/full")
    await_rows(house, 1)
    visit.kept(0)
    visit.recovered()
    visit.close(out, "room for one: it is made, has what was learnt, and that "
                "is said")


def full_at_a_restart(out):
    house = House("again")
    small_disk(house)
    visit = Visit(house)
    visit.open()
    visit.send(0, OK, 1)
    visit.close(out, "a store is made")
    fill(house)
    visit.lose(0)
    visit.open()
    visit.send(0, OK, 0)
    visit.send(1, OK, 1)
    visit.said(1)
    visit.kept(0)
    visit.close(out, "full at a restart: said once, and what is kept counts")


def damage(path):
    """Pages of noise, behind a head that is whole."""
    with open(path, "r+b") as file:
        size = os.path.getsize(path)
        file.seek(100)
        file.write(os.urandom(size - 100))


def damaged_file(out):
    house = House("damaged")
    visit = Visit(house)
    visit.open()
    visit.send(0, OK, 1)
    visit.close(out, "a store is made")
    damage(house.path)
    was = open(house.path, "rb").read()
    visit.open()
    visit.send(1, OK, 1)
    visit.said(1, "kept_aside")
    visit.kept(1)
    aside = [name for name in glob.glob(house.path + ".damaged*")
             if not name.endswith(("-wal", "-shm"))]
    if len(aside) != 1 or open(aside[0], "rb").read() != was:
        visit.problems.append("kept aside: %s" % aside)
    visit.close(out, "a damaged file is kept aside, said, and another made")
    with open(house.path, "wb") as file:
        file.write(b"no database\n" * 1000)
    visit.open()
    visit.send(2, OK, 1)
    visit.said(1)
    visit.close(out, "a file that is no database: said, mail goes on")


def read_only(out):
    house = House("ro")
    small_disk(house)
    visit = Visit(house)
    visit.open()
    visit.send(0, OK, 1)
    visit.close(out, "a store is made")
    mount("-o", "remount,ro", house.folder)
    visit.lose(0)
    visit.open()
    visit.send(1, OK, 1)
    visit.said(1)
    visit.lose(1)
    visit.send(1, OK, 0, again=True)
    visit.said(1)
    out.test(not visit.problems, "the state directory is read-only: said "
             "once, mail goes on, policies count", visit.problems)
    visit.problems = []
    visit.send(0, OK, 0)
    out.test(not visit.problems, "the policies in a read-only store still "
             "count", visit.problems)
    visit.problems = []
    mount("-o", "remount,rw", house.folder)
    await_rows(house, 2)
    visit.kept(0, 1)
    visit.recovered()
    visit.close(out, "once it can be written it is, and that is said")


# -- addresses that are not connected to -------------------------------------

def private(out):
    """No mail host and no policy host of the lab, where its addresses are not
    allowed."""
    conf = cli.configuration("embedded", "AllowPrivateAddresses no\n")
    before = len(watch.events("smtp")), len(watch.events("https"))
    asked = [d for d in world.WORLD.dests if d.expect and not d.relay]
    problems, blocked = [], 0
    for i in range(0, len(asked), 40):
        answers, error = cli.check(conf, *(d.show or d.domain
                                           for d in asked[i:i + 40]))
        for dest in asked[i:i + 40]:
            answer = answers.get(dest.domain)
            if answer is None:
                problems.append("%s: %s" % (dest.domain, error))
                continue
            blocked += is_blocked(dest, answer, problems)
    after = len(watch.events("smtp")), len(watch.events("https"))
    out.test(not problems, "%d destinations of private addresses are "
             "temperror" % blocked, problems)
    out.test(blocked > 150, "these are most")
    out.test(before == after, "and none is connected to",
             ["smtp, https: %s, then %s" % (before, after)])


def is_blocked(dest, answer, problems):
    """Whether a destination has addresses; if so, each is blocked."""
    addresses = [a for host in answer["hosts"] for a in host["addresses"]]
    if any(a["starttls"] or a["reason"] != "address-blocked"
           for a in addresses):
        problems.append("%s: %s" % (dest.domain, json.dumps(addresses)))
    if dest.expect.result in ("temperror", "skip") or \
            dest.expect.reason in ("null-mx", "nxdomain", "no-address"):
        return False
    if answer["result"] != "temperror":
        problems.append("%s: %s" % (dest.domain, json.dumps(answer)))
    return bool(addresses)


class Listener:
    """Counts who connects to an address."""

    def __init__(self, address, port):
        self.count = 0
        self.server = socket.create_server((address, port))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            self.server.accept()[0].close()
            self.count += 1


def own(out):
    """Addresses of no special range, but of this machine."""
    owned = (world_store.OWN_MAIL, world_store.OWN_WEB)
    for address in owned:
        subprocess.run(["ip", "route", "add", "local", address, "dev", "lo"],
                       check=True)
    listeners = [Listener(owned[0], 25), Listener(owned[1], 443)]
    conf = cli.configuration("embedded", "AllowPrivateAddresses no\n")
    dest = world.WORLD.find("own")
    cli.check(conf, dest.domain)
    counts = [listener.count for listener in listeners]
    out.test(all(counts), "an address that is neither special nor our own is "
             "connected to", ["connections: %s" % counts])
    for address in owned:
        subprocess.run(["ip", "address", "add", address + "/32", "dev", "lo"],
                       check=True)
    answers, _ = cli.check(conf, dest.domain)
    answer = answers.get(dest.domain, {})
    again = [listener.count for listener in listeners]
    out.test(again == counts and answer.get("result") == "temperror" and
             answer.get("reason") == "address-blocked",
             "our own addresses are blocked", [
                 "connections: %s, then %s" % (counts, again),
                 json.dumps(answer)])


def by_mail(out):
    """The same, decided for mail."""
    house = House("guard", "")
    path = mta.CONF
    kept = mta.read(path)
    with open(path, "w") as conf:
        conf.write(kept.replace("AllowPrivateAddresses  yes",
                                "AllowPrivateAddresses no"))
    before = len(watch.events("https"))
    house.start()
    problems = []
    for name, expect in (
            ("sts", "temperror no-policy-found address-blocked"),
            ("dane-ee", "temperror tlsa address-blocked")):
        dest = world.WORLD.find(name)
        start = mta.syslog_size()
        messages([dest.domain]).wait(60)
        pairs = mta.check_line(dest.domain, start)
        got = "%(result)s %(policy)s %(reason)s" % pairs
        if got != expect:
            problems.append("%s: %s, expected %s" % (dest.domain, got,
                                                     expect))
    problems += house.stop()
    with open(path, "w") as conf:
        conf.write(kept)
    if len(watch.events("https")) != before:
        problems.append("somebody connected to a policy host")
    out.test(not problems, "mail to private addresses is temperror", problems)


# -- the run -----------------------------------------------------------------

PARTS = (kill, full_disk, full_from_the_start, full_at_a_restart,
         damaged_file, read_only, private, own, by_mail)


def inside():
    out = tap.Tap()
    listed = load_list()
    try:
        tell_stories(out, listed)
        told = {(name, step.vector) for name, story in STORIES.items()
                for step in story if step.vector}
        ours = {(dest.name, number) for dest in world.WORLD.dests
                if not dest.expect for number in dest.vectors}
        out.test(ours == told, "every vector of a kept policy is told",
                 ["%s %s" % pair for pair in sorted(ours ^ told)])
        for part in PARTS:
            begun = time.monotonic()
            part(out)
            out.say("%s: %.1f s" % (part.__name__,
                                    time.monotonic() - begun))
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks", "miltertest"))
