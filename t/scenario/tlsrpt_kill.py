#!/usr/bin/env python3
"""tlsrpt_kill - kill -9 while sessions are counted, while their report is made
and planned, and at each step of its mail: what is there after it, and how often
the report arrives.

The reports' mailer is this program.  TAP.
"""
import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import Future

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import moment
import mta
import reports
import tap
import world
from faulty import Told

STATE = "/var/lib/postern"
SOCKET = "/run/postern/tlsrpt.sock"
DEATH = mta.HERE + "/death"
PORT = 2525
CONF = """TLSReports yes
TLSReportSocket unix:%s
TLSReportOrganization Example Org
TLSReportContact tlsrpt@sender.example
TLSReportMailer smtp:127.0.0.1:%d
TLSReportSpread 0
""" % (SOCKET, PORT)
DOMAIN = world.WORLD.find("plain").domain
DAY_S = 24 * 60 * 60
GOOD, BAD = 5, 2
# of the writes of a life, how many are passed over
STRIDE = 5
# in which of its writes to the store one dies that counts
DEATHS = (1, 3, 4, 7, 12, 20, 33)
# what is told between two looks at the counts
ROUND = 40
# of a mail's dialogue, as the mailer has it
BEFORE = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "half")
AFTER = ("whole", "answered")


class Mailer:
    """Takes mail; at one step of a dialogue it kills who sends it."""

    def __init__(self, port=PORT):
        self.taken = []    # messages
        self.step = None   # at which it kills
        self.victim = None # of a Future: it may connect before it is known
        self.server = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.server.accept()
            try:
                with connection, connection.makefile("rwb") as lines:
                    self.talk(lines)
            except OSError:
                pass    # it has been killed

    def at(self, step):
        if step == self.step:
            self.step = None
            self.victim.result(mta.START_S).kill()
            raise ConnectionAbortedError

    def talk(self, lines):
        def say(text):
            lines.write(text + b"\r\n")
            lines.flush()
        self.at("connect")
        say(b"220 mailer.example")
        while line := lines.readline():
            verb = line[:4].decode().upper()
            self.at(verb)
            if verb == "DATA":
                say(b"354 go on")
                self.take(lines)
                say(b"250 2.0.0 taken")
                self.at("answered")
            elif verb == "QUIT":
                say(b"221 2.0.0 bye")
                return
            else:
                say(b"250 2.0.0 ok")

    def take(self, lines):
        body = []
        while (line := lines.readline()) not in (b".\r\n", b""):
            body.append(line)
            if len(body) == 20:
                self.at("half")
        if not line:
            raise ConnectionAbortedError
        self.taken.append(b"".join(body))
        self.at("whole")


def datagram(failed):
    policy = {"policy-type": 9, "t": int(failed), "f": int(failed)}
    if failed:
        policy["failure-details"] = [{"c": 201, "n": "mx1." + DOMAIN}]
    return json.dumps({"d": DOMAIN, "policies": [policy],
                       "pr": "v=TLSRPTv1; rua=mailto:x@y.example"}).encode()


def tell(good, bad):
    """Whether all of it was taken."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.connect(SOCKET)
            for number in range(good + bad):
                out.send(datagram(number >= good))
    except OSError:
        return False
    return True


def rows():
    """[(day, sessions, failures, state)], or None while nobody answers"""
    done = subprocess.run(
        [mta.program("postern"), "tlsrpt", "list", "--json", "-c",
         mta.HERE + "/kill.conf"], capture_output=True, text=True,
        timeout=mta.RUN_S)
    if done.returncode not in (0, 1, 2):
        return None
    return [(row["day"], row["sessions"], row["failures"], row["state"])
            for row in map(json.loads, done.stdout.splitlines())]


def start(day, death=0):
    """A posternd on a day, that dies in its n-th write to the store."""
    mta.write(DEATH, str(death))
    noon = int(time.time()) // DAY_S * DAY_S + DAY_S // 2
    moment.set_clock(noon + day * DAY_S - int(time.time()))
    return mta.Posternd("kill", CONF)


def start_to_die(day, death):
    """None, where it dies before it serves."""
    try:
        return start(day, death)
    except mta.Failure:
        return None


def files():
    return glob.glob(STATE + "/tlsrpt.db*")


def keep_store(folder):
    os.makedirs(folder, exist_ok=True)
    for path in files():
        shutil.copy2(path, folder)


def give_store(folder):
    for path in files():
        os.remove(path)
    for path in glob.glob(folder + "/*"):
        shutil.copy2(path, STATE)
    for path in files():
        shutil.chown(path, "postern", "postern")


SUMS = "SELECT ifnull(sum(ok), 0), ifnull(sum(failed), 0) FROM "
UNMADE = SUMS + """policy p WHERE NOT EXISTS (SELECT 1 FROM report r
    WHERE r.day = p.day AND r.domain = p.domain)"""
SAME = """SELECT (SELECT ifnull(sum(count), 0) FROM failure) =
    (SELECT ifnull(sum(failed), 0) FROM policy)"""
LOST = """SELECT count(*) FROM report WHERE state = 1 AND
    id NOT IN (SELECT report FROM delivery)"""


def look_into():
    """What is on disk: (whole, sessions that are counted or in a report,
    whether each failure has its detail, reports that nobody would send)."""
    folder = mta.HERE + "/seen"
    shutil.rmtree(folder, ignore_errors=True)
    keep_store(folder)
    with contextlib.closing(sqlite3.connect(folder + "/tlsrpt.db")) as db:
        def ask(text):
            return db.execute(text).fetchone()
        whole, = ask("PRAGMA integrity_check")
        if ask("SELECT count(*) FROM sqlite_master")[0] == 0:
            return whole, (0, 0), True, 0    # it was not made yet
        sums = zip(ask(SUMS + "report"), ask(UNMADE))
        return (whole, tuple(map(sum, sums)), bool(ask(SAME)[0]),
                ask(LOST)[0])


def count_until_killed(daemon, known):
    """How many sessions it said that it has, when it was last asked."""
    while daemon.process.poll() is None:
        if tell(ROUND - 1, 1):
            seen = rows()
            known = seen[0][1] if seen else known
        time.sleep(0.05)
    return known


def counting(out):
    """A crash loses what came since the last look, and no more."""
    known, lives = 0, 0
    with Told(out, "E08 killed while it counts: what was written is there, "
              "whole; what comes after it counts") as told:
        for death in DEATHS:
            daemon = start_to_die(0, death)
            if daemon:
                known = count_until_killed(daemon, known)
                told.same("killed", daemon.process.wait(mta.RUN_S),
                          -signal.SIGKILL)
                lives += 1
            whole, (good, bad), same, _ = look_into()
            told.same("integrity", whole, "ok")
            told.same("each failure has its detail", same, True)
            told.same("%d of %d there" % (good + bad, known),
                      known <= good + bad <= known + 2 * ROUND, True)
            known = good + bad
        told.same("lives that ended while they served", lives > 3, True)


def arrived(mailer):
    """[report-id] of what was taken; what has one id is the same."""
    ids = []
    for text in mailer.taken:
        message = reports.parsed(text)
        report = reports.report_of(message)
        sums = [tuple(policy["summary"].values())
                for policy in report["policies"]]
        if sums != [(GOOD, BAD)]:
            raise mta.Failure("another report: %r" % report)
        ids.append(report["report-id"])
    return ids


def finish(told, mailer, most):
    """It is started again, and the report goes out."""
    whole, sums, _, lost = look_into()
    told.same("integrity", whole, "ok")
    told.same("sessions", sums, (GOOD, BAD))
    told.same("reports that nobody would send", lost, 0)
    daemon = start(1)
    mta.await_true(lambda: [row[3] for row in rows() or ()] == ["sent"],
                   mta.DELIVERY_S, "the report")
    ids = arrived(mailer)
    told.same("kinds of report", len(set(ids)), 1)
    told.among("mails", len(ids), range(1, most + 1))
    daemon.kill()
    mailer.taken.clear()


def making(out, mailer, folder):
    """Up to the last write of a life in which a report is made and sent."""
    death, lives = 1, 0
    with Told(out, "E08 killed in any write while a report is made, planned and "
              "sent: it is sent, once or twice with the same id") as told:
        while True:
            give_store(folder)
            daemon = start_to_die(1, death)
            if daemon:
                mta.await_true(
                    lambda: daemon.process.poll() is not None or
                    [row[3] for row in rows() or ()] == ["sent"],
                    mta.DELIVERY_S, "the end")
            if daemon and daemon.process.poll() is None:
                daemon.kill()
                mailer.taken.clear()
                break
            lives += 1
            finish(told, mailer, 2)
            death += STRIDE
        told.same("it dies more than once", lives > 2, True)
    out.say("%d deaths, up to the %dth write" % (lives, death))


def mailing(out, mailer, folder):
    for step in BEFORE + AFTER:
        with Told(out, "E08 killed at the step %s of a mail: %s" % (
                step, "it arrives once" if step in BEFORE else
                "it is sent again, with the same id")) as told:
            give_store(folder)
            mailer.victim = Future()
            mailer.step = step
            daemon = start(1)
            mailer.victim.set_result(daemon)
            told.same("killed", daemon.process.wait(mta.RUN_S),
                      -signal.SIGKILL)
            told.same("taken before", len(mailer.taken), int(step in AFTER))
            finish(told, mailer, 2 if step in AFTER else 1)


def inside():
    out = tap.Tap()
    command, why = moment.faked("death.c")
    if not command:
        print("1..0 # SKIP " + why)
        return 0
    mta.UNDER[:0] = ["env", *command, "DEATH=" + DEATH, "DEATH_OF=tlsrpt.db"]
    folder = mta.HERE + "/counted"
    try:
        change.records(DOMAIN, "_smtp._tls." + DOMAIN, "TXT",
                       ['"v=TLSRPTv1; rua=mailto:tls@%s"' % DOMAIN])
        counting(out)
        give_store(folder)
        daemon = start(0)
        mta.await_true(lambda: tell(0, 0), mta.START_S, SOCKET)
        tell(GOOD, BAD)
        mta.await_true(lambda: (rows() or [(0, 0)])[0][1] == GOOD + BAD,
                       mta.START_S, "the sessions")
        out.test(daemon.stop() == 0, "posternd ends well")
        keep_store(folder)
        mailer = Mailer()
        making(out, mailer, folder)
        mailing(out, mailer, folder)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "dig"))
