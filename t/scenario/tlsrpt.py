#!/usr/bin/env python3
"""tlsrpt - sessions that an MTA tells of, counted by a real posternd.

Datagrams of the form that Postfix 3.10 sends; then all that may happen to the
socket, the store and the process.  TAP.
"""
import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import grammar
import json_page
import tap

PATIENCE_S = 60
RECORD = "v=TLSRPTv1; rua=mailto:tls@%s"
USER = "nobody"
LAST = 6000  # more than is written at once
RATE, FLOOD_S = 10000, 10
QUEUES = (10, 512)  # of the kernel; systemd makes it 512
QUEUE = ("unshare", "--net", "sh", "-c",
         'echo "$1" >/proc/sys/net/unix/max_dgram_qlen; shift; exec "$@"', "sh")
FAILED = {"c": 203, "s": "192.0.2.9", "r": "192.0.2.1", "n": "mx.d.example",
          "h": "250-mx.d.example\r\n250 STARTTLS"}


def program(name):
    return os.path.join(os.environ["POSTERN_BUILDDIR"], "milter", name)


def session(domain, kind=9, failed=0, detail=None, record=None, host=None,
            strings=("3 1 1 A6",), **more):
    """As libtlsrpt 0.5.0rc1 writes it."""
    policy = {"policy-type": kind, "t": int(detail is not None), "f": failed}
    if kind != 9:
        policy["policy-domain"] = host or "mx." + domain
        policy["policy-string"] = list(strings)
    if detail:
        policy["failure-details"] = [detail]
    return json.dumps({"d": domain, "pr": record or RECORD % domain,
                       "policies": [policy], **more}).encode()


class Daemon:
    """A posternd that collects, in a folder of its own."""

    running = []  # for what ends early

    def __init__(self, folder, extra="", queue=None, state=None):
        self.folder = folder
        self.state = state or folder
        self.socket = folder + "/tlsrpt.sock"
        self.conf = folder + "/postern.conf"
        with open(self.conf, "w") as file:
            file.write("""Socket unix:%s/milter.sock
ControlSocket %s/control.sock
StateDirectory %s
UserID %s
Background no
Syslog no
Nameservers 127.0.0.1
Destinations /dev/null
TLSReports collect
TLSReportSocket unix:%s
TLSReportOrganization Example Org
TLSReportContact tlsrpt@example.org
%s""" % (folder, folder, self.state, USER, self.socket, extra))
        self.log = open(folder + "/log", "a+")
        around = [*QUEUE, str(queue)] if queue else []
        self.process = subprocess.Popen(
            [*around, program("posternd"), "-f", "-v", "-c", self.conf],
            stderr=self.log, stdout=self.log, stdin=subprocess.DEVNULL)
        Daemon.running.append(self.process)
        self.await_true(lambda: self.ask("list")[0] in (0, 1, 2), "an answer")

    def ask(self, verb, *words):
        done = subprocess.run(
            [program("postern"), "tlsrpt", verb, "-c", self.conf, *words],
            text=True, capture_output=True, timeout=PATIENCE_S)
        return done.returncode, done.stdout, done.stderr

    def figures(self):
        """{what monitoring is told: how many}"""
        text = subprocess.run(
            [program("postern"), "stats", "--prometheus", "-c", self.conf],
            text=True, capture_output=True, timeout=PATIENCE_S).stdout
        return {name: int(count) for name, count in
                re.findall(r"^postern_(tlsrpt_\S+) (\d+)$", text, re.M)}

    def rows(self, *words):
        """{domain: (sessions, failures)}"""
        _, text, _ = self.ask("list", "--json", *words)
        rows = map(json.loads, text.splitlines())
        return {row["domain"]: (row["sessions"], row["failures"])
                for row in rows}

    def report(self, domain):
        _, text, _ = self.ask("show", domain)
        return json.loads(text) if text else None

    def dropped(self):
        """Of today, as the store has it."""
        with contextlib.closing(sqlite3.connect(
                "file:%s/tlsrpt.db?mode=ro" % self.state, uri=True)) as db:
            return db.execute("SELECT sum(dropped) FROM day").fetchone()[0]

    def lines(self):
        with open(self.folder + "/log") as file:
            return [line.split(": ", 1)[1].rstrip("\n")
                    for line in file if line.startswith("posternd: ")]

    def told(self, text):
        return [line for line in self.lines() if text in line]

    @staticmethod
    def await_true(test, what):
        end = time.monotonic() + PATIENCE_S
        while not test():
            if time.monotonic() > end:
                raise TimeoutError(what)
            time.sleep(0.05)

    def sender(self):
        out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        out.connect(self.socket)
        return out

    def send(self, *datagrams):
        with self.sender() as out:
            for datagram in datagrams:
                out.send(datagram)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(PATIENCE_S)
        self.log.close()
        return self.process.returncode


def counting(out, folder):
    daemon = Daemon(folder, "InternalDomains inside.example\n"
                            "TLSReportExclude .left.example\n")
    daemon.send(*[session("d.example", 1)] * 7,
                session("d.example", 1, 1, FAILED),
                session("D.Example.", 2, 1, {"c": 201, "n": "mx.d.example"}),
                session("b.example"), session("norua.example",
                                              record="v=TLSRPTv1;"),
                session("inside.example"), session("a.left.example"),
                session("e.example", dpv="1"),
                *[session("f.example", dpv="2")] * 3,
                session("g.example"),
                session("g.example", record=RECORD % "other.example"),
                b"nonsense")
    rows = daemon.rows()
    out.test(rows == {"b.example": (1, 0), "d.example": (9, 2),
                      "e.example": (1, 0), "g.example": (2, 0)},
             "R01 R02 R10 R12 R15 R17 sessions are counted by next hop",
             [repr(rows)])
    status, text, _ = daemon.ask("list")
    out.test(status == 2 and "d.example " in text and
             max(map(len, text.splitlines())) <= 80,
             "list is a table that fits a terminal; failures end it with 2",
             [str(status), text])
    out.test(daemon.ask("list", "b.example")[0] == 0,
             "a next hop without failures ends it with 0")
    status, text, error = daemon.ask("list", "gone.example")
    out.test((status, text) == (1, "") and "no session" in error,
             "one that nobody wrote to ends it with 1", [error])
    return daemon


def reporting(out, daemon):
    report = daemon.report("d.example")
    sums = [(policy["policy"]["policy-type"], *policy["summary"].values())
            for policy in report["policies"]]
    out.test(sums == [("tlsa", 7, 1), ("sts", 0, 1)],
             "J05 show has each policy with its sums", [repr(sums)])
    daemon.send(session("order.example"), *[
        session("order.example", kind, host=host, strings=strings)
        for kind, host, strings in (
            (2, "order.example", ["mode: enforce"]),
            (1, "mx2.order.example", ["3 1 1 B"]),
            (1, "mx2.order.example", ["3 1 1 A"]),
            (1, "mx1.order.example", ["3 1 1 C"]))])
    order = [(policy["policy"]["policy-type"],
              policy["policy"]["policy-domain"],
              policy["policy"]["policy-string"])
             for policy in daemon.report("order.example")["policies"]]
    out.test(order == [("tlsa", "mx1.order.example", ["3 1 1 C"]),
                       ("tlsa", "mx2.order.example", ["3 1 1 A"]),
                       ("tlsa", "mx2.order.example", ["3 1 1 B"]),
                       ("sts", "order.example", ["mode: enforce"]),
                       ("no-policy-found", "order.example", [])],
             "J04 by type, domain and lines, as they came or not",
             [repr(order)])
    detail = report["policies"][0]["failure-details"]
    out.test(detail == [{"result-type": "certificate-not-trusted",
                         "sending-mta-ip": "192.0.2.9",
                         "receiving-mx-hostname": "mx.d.example",
                         "receiving-mx-helo": "mx.d.example",
                         "receiving-ip": "192.0.2.1",
                         "failed-session-count": 1}],
             "J06 R13 and each failure with what is known of it",
             [repr(detail)])
    report = daemon.report("g.example")
    out.test([list(policy["summary"].values())
              for policy in report["policies"]] == [[2, 0]],
             "R16 a record that changes in the day makes no second report",
             [repr(report)])
    report, again = daemon.report("d.example"), daemon.report("d.example")
    out.test(report == again, "J03 the same whenever it is asked for")
    status, text, error = daemon.ask("show", "b.example", "--json")
    out.test(status == 0 and json.loads(text)["open"] is True,
             "--json says that the day is open", [text, error])
    _, _, error = daemon.ask("show", "b.example")
    out.test("not over" in error, "and so does standard error", [error])
    keys = {}
    for line in daemon.ask("list", "--json")[1].splitlines():
        json_page.keys_of(json.loads(line), keys)
    json_page.compare(out, "tlsrpt list", keys)
    json_page.compare(out, "tlsrpt show", json_page.keys_of(
        json.loads(text), {}), levels=1)
    status, _, error = daemon.ask("show", "b.example", "--day", "2026-02-30")
    out.test(status == 64 and "--day" in error, "no day, no answer", [error])
    status, _, _ = daemon.ask("show", "b.example", "--day", "2001-02-03")
    out.test(status == 1, "a day without sessions ends it with 1")


def logging(out, daemon):
    out.test(daemon.told("event=tlsrpt-drop reason=malformed count=1") and
             len(daemon.told("event=tlsrpt-trouble reason=version")) == 1,
             "F02 R12 what is not counted is told, a new protocol once a day",
             daemon.lines())
    found = daemon.figures()
    out.test(found["tlsrpt_dropped_total{reason=\"malformed\"}"] >= 1 and
             found["tlsrpt_datagrams_total"] >=
             sum(sessions for sessions, _ in daemon.rows().values()) and
             found["tlsrpt_reports_total{action=\"sent\"}"] == 0,
             "F01 F03 of TLS reports there are figures", [str(found)])
    wrong = [line for line in daemon.told("event=tlsrpt")
             if not grammar.RESTS[line.split("event=")[1].split()[0]].fullmatch(
                 line.split("event=")[1].partition(" ")[1] +
                 line.split("event=")[1].partition(" ")[2])]
    out.test(not wrong, "in lines of the promised grammar", wrong)


def send_as(user, group, daemon, datagram):
    """Send it as another user, without other groups."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            daemon.send(datagram)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def foreigners(out, daemon):
    """A mode that lets everybody write does not make everybody heard."""
    os.chmod(daemon.socket, 0o666)
    stranger = pwd.getpwnam("daemon")
    sent = send_as(stranger.pw_uid, stranger.pw_gid, daemon,
                   session("alien.example"))
    daemon.await_true(lambda: daemon.told("reason=foreign"), "the line")
    out.test(sent and "alien.example" not in daemon.rows(),
             "H01 a user who is not of the socket's group is not heard")
    group = os.stat(daemon.socket).st_gid
    sent = send_as(stranger.pw_uid, group, daemon, session("friend.example"))
    out.test(sent and daemon.rows().get("friend.example") == (1, 0),
             "one who is of it is")


def reloaded(out, folder):
    """F08: what is counted is as the new settings say; the socket stays."""
    daemon = Daemon(folder, "TLSReportExclude out.example\n")
    daemon.send(session("d.example"), session("out.example"))
    before, number = daemon.rows(), os.stat(daemon.socket).st_ino
    with open(daemon.conf) as file:
        text = file.read().replace("out.example", "d.example")
    with open(daemon.conf, "w") as file:
        file.write(text)
    with daemon.sender() as sender:
        daemon.process.send_signal(signal.SIGHUP)
        daemon.await_true(lambda: daemon.told("event=reload"), "the line")
        for domain in ("d.example", "out.example"):
            sender.send(session(domain))
    out.test(before == {"d.example": (1, 0)} and
             daemon.rows() == {"d.example": (1, 0), "out.example": (1, 0)} and
             os.stat(daemon.socket).st_ino == number,
             "F08 a reload changes what is counted, and nobody who sends sees "
             "it", [repr(before), repr(daemon.rows())] + daemon.lines())
    daemon.stop()


def bounded(out, folder):
    """R46"""
    daemon = Daemon(folder, "TLSReportMaxDomains 2\n")
    for _ in range(2):
        daemon.send(*[session(name + ".example") for name in "abcd"])
        daemon.rows()
    rows = daemon.rows()
    out.test(rows == {"a.example": (2, 0), "b.example": (2, 0)} and
             len(daemon.told("event=tlsrpt-drop reason=max-domains")) == 1 and
             daemon.figures()[
                 "tlsrpt_dropped_total{reason=\"max-domains\"}"] == 4,
             "R46 next hops beyond TLSReportMaxDomains are not kept, which is "
             "counted, and told once", [repr(rows)] + daemon.lines())
    daemon.stop()


def full(out, folder):
    """F03 E08: what came while the disk was full is there after it."""
    state = folder_of(folder, "state")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs",
                    state], check=True)
    try:
        daemon = Daemon(folder, state=state)
        daemon.send(session("d.example"))
        before = daemon.rows()
        with contextlib.suppress(OSError), \
                open(state + "/ballast", "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 512)
        daemon.send(session("d.example"), *[
            session("d.example", 1, strings=["3 1 1 %064d" % (9 * n + each)
                                             for each in range(9)])
            for n in range(40)])
        daemon.ask("list")
        told = daemon.told("event=tlsrpt-trouble reason=store")
        os.remove(state + "/ballast")
        after = daemon.rows()
        out.test(before == {"d.example": (1, 0)} and len(told) == 1 and
                 after == {"d.example": (42, 0)},
                 "F03 E08 on a full disk counts wait, and none is lost",
                 [repr(before), repr(after)] + daemon.lines())
        daemon.stop()
    finally:
        subprocess.run(["umount", "-l", state], check=True)


def replaced(out, folder):
    """F03 E08: the store is taken away, and somebody else's is there."""
    daemon = Daemon(folder)
    daemon.send(session("d.example"))
    daemon.rows()
    for name in os.listdir(folder):
        if name.startswith("tlsrpt.db"):
            os.remove(os.path.join(folder, name))
    with contextlib.closing(sqlite3.connect(folder + "/tlsrpt.db")) as db:
        db.execute("CREATE TABLE other (x)")
    shutil.chown(folder + "/tlsrpt.db", USER)
    daemon.send(session("d.example"), session("e.example"))
    status, _, error = daemon.ask("list")
    told = daemon.told("event=tlsrpt-trouble reason=store")
    os.remove(folder + "/tlsrpt.db")
    daemon.await_true(lambda: daemon.ask("list")[0] == 0, "a store")
    rows = daemon.rows()
    out.test(status == 3 and "none of Postern" in error and len(told) == 1 and
             rows == {"d.example": (1, 0), "e.example": (1, 0)},
             "F03 E08 a store that is replaced by another is left alone, and "
             "counts wait until there is room for one",
             [error, repr(rows)] + daemon.lines())
    daemon.stop()


def surviving(out, daemon):
    before = daemon.rows()
    daemon.stop(signal.SIGKILL)
    daemon = Daemon(daemon.folder)
    out.test(daemon.rows() == before,
             "E08 what was written outlives SIGKILL, and the socket is taken "
             "again", [repr(before), repr(daemon.rows())])
    daemon.send(session("d.example", 1), *[session("last.example")] * LAST)
    status = daemon.stop()
    out.test(status == 0 and not os.path.exists(daemon.socket),
             "TERM ends it, and the socket is gone", [str(status)])
    daemon = Daemon(daemon.folder)
    out.test(daemon.rows()["d.example"] == (10, 2) and
             daemon.rows()["last.example"] == (LAST, 0),
             "F09 what came last before TERM is there after it",
             [repr(daemon.rows())])
    return daemon


def flood(daemon, rate, seconds, datagram):
    """(datagrams that the kernel took, that it refused): as many a second as
    told, or as many as this can keep up with."""
    sent = refused = 0
    with daemon.sender() as sender:
        sender.setblocking(False)
        begin = time.monotonic()
        for number in range(rate * seconds):
            left = begin + number / rate - time.monotonic()
            if left > 0:
                time.sleep(left)
            try:
                sender.send(datagram)
                sent += 1
            except BlockingIOError:
                refused += 1
    return sent, refused


def flooding(out, folder, queue):
    """What the kernel took from the sender is counted or told as lost; a
    network namespace of its own has a queue of its own length."""
    daemon = Daemon(folder, queue=queue)
    sent, refused = flood(daemon, RATE, FLOOD_S, session("flood.example", 1))

    def counted():
        return daemon.rows().get("flood.example", (0,))[0]
    daemon.await_true(lambda: counted() + daemon.dropped() >= sent,
                      "each session")
    lost = daemon.dropped()
    told = sum(int(line.rsplit("count=", 1)[1])
               for line in daemon.told("reason=queue-full"))
    out.test(sent > RATE and counted() + lost == sent and
             (lost == 0) == (not told),
             "E09 %d datagrams a second, %d in the kernel: each that it took "
             "is counted, or is lost and that is told" % (RATE, queue),
             [str(counted()), str(lost), str(sent)])
    out.say("%d of %d refused by the kernel, as their sender is told; %d lost "
            "here" % (refused, sent + refused, lost))
    daemon.stop()


def troubles(out, folder):
    other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    other.bind(folder + "/tlsrpt.sock")
    daemon = Daemon(folder)
    out.test(daemon.told("event=tlsrpt-trouble reason=socket"),
             "F01 a socket that another program has is left to it",
             daemon.lines())
    out.test(daemon.ask("list")[0] == 1, "and posternd serves")
    other.close()
    out.test(daemon.stop() == 0 and os.path.exists(folder + "/tlsrpt.sock"),
             "it does not remove what is not its own")
    os.remove(folder + "/tlsrpt.sock")
    with open(folder + "/tlsrpt.db", "w") as file:
        file.write("no database at all, and long enough to be read as one\n"
                   * 20)
    daemon = Daemon(folder)
    daemon.send(session("d.example"))
    out.test(daemon.rows() == {"d.example": (1, 0)} and
             daemon.told("event=tlsrpt-trouble reason=store") and
             any(name.startswith("tlsrpt.db.damaged-")
                 for name in os.listdir(folder)),
             "F03 a damaged store is put aside, and counting goes on",
             daemon.lines() + os.listdir(folder))
    daemon.stop()


def switched_off(out, folder):
    daemon = Daemon(folder)
    daemon.stop()
    with open(daemon.conf) as file:
        text = file.read().replace("TLSReports collect", "TLSReports no")
    with open(daemon.conf, "w") as file:
        file.write(text)
    log = open(folder + "/log", "a")
    process = subprocess.Popen(
        [program("posternd"), "-f", "-v", "-c", daemon.conf], stderr=log)
    daemon.await_true(
        lambda: "TLSReports no" in daemon.ask("list")[2], "the answer")
    out.test(daemon.ask("list")[0] == 3 and
             not os.path.exists(daemon.socket),
             "without TLSReports there is no socket, and list says why")
    process.terminate()
    process.wait(PATIENCE_S)
    log.close()


def folder_of(top, name):
    path = os.path.join(top, name)
    os.mkdir(path)
    shutil.chown(path, USER)
    return path


def main():
    why = tap.not_built()
    if why or os.geteuid() != 0:
        print("1..0 # SKIP " + (why or "must be root"))
        return 0
    out = tap.Tap()
    with tempfile.TemporaryDirectory(prefix="tlsrpt-") as top, \
            contextlib.ExitStack() as stack:
        stack.callback(lambda: [process.kill() for process in Daemon.running])
        os.chmod(top, 0o755)
        daemon = counting(out, folder_of(top, "count"))
        reporting(out, daemon)
        logging(out, daemon)
        foreigners(out, daemon)
        daemon = surviving(out, daemon)
        daemon.stop()
        for queue in QUEUES:
            flooding(out, folder_of(top, "flood-%d" % queue), queue)
        for test in (reloaded, bounded, full, replaced):
            test(out, folder_of(top, test.__name__))
        troubles(out, folder_of(top, "trouble"))
        switched_off(out, folder_of(top, "off"))
    return out.close()


if __name__ == "__main__":
    sys.exit(main())
