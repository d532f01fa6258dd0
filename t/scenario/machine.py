#!/usr/bin/env python3
"""machine - what may break in the machine that posternd runs on: syslog, its
clock, descriptors, threads.  TAP."""
import contextlib
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import grammar
import limits
import mta
import tap
import watch
from faulty import GOOD, PASS, PATIENT, Told, ask, passing, recovered
from milter_client import Client, Gone, ready
from moment import faked, set_clock
from servers import readable


# -- syslog ------------------------------------------------------------------

def syslog_gone(out):
    """Nobody waits for it; what is told when it is back is there."""
    daemon = mta.Posternd("syslog", PATIENT)
    with Told(out, "syslog's socket goes and comes back") as told:
        told.same("before", ask(GOOD, "BEFORE"), PASS)
        os.rename("/dev/log", "/dev/log.away")
        told.same("gone", ask(GOOD, "GONE"), PASS)
        os.rename("/dev/log.away", "/dev/log")
        told.same("back", ask(GOOD, "BACK"), PASS)
        mta.await_true(lambda: any("BACK: event=message" in line
                                   for line in mta.syslog()), 20, "the line")
    with Told(out, "syslog's socket is closed, and another is there") as told:
        os.rename("/dev/log", "/dev/log.away")
        for number in range(2):
            other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            other.bind("/dev/log")
            os.chmod("/dev/log", 0o666)
            told.same("message", ask(GOOD, "OTHER%d" % number), PASS)
            other.close()
            os.remove("/dev/log")
            told.same("closed", ask(GOOD, "CLOSED%d" % number), PASS)
        os.rename("/dev/log.away", "/dev/log")
        told.same("status", daemon.stop(), 0)


FULL = "mail.info full"
ROUND = 10000


class Unread:
    """A syslog that takes nothing until it is told to."""

    def __init__(self):
        os.rename("/dev/log", "/dev/log.away")
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.server.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.fill()

    def fill(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.connect("/dev/log")
            other.setblocking(False)
            try:
                while True:
                    other.send(b"<22>full")
            except BlockingIOError:
                pass

    def read(self, quiet_s=3):
        """Lines until there are no more for some time."""
        lines = []
        self.server.settimeout(quiet_s)
        try:
            while True:
                lines.append(readable(self.server.recv(65536)))
        except TimeoutError:
            return [line for line in lines if line != FULL]

    def close(self):
        self.server.close()
        os.remove("/dev/log")
        os.rename("/dev/log.away", "/dev/log")


def syslog_unread(out):
    """Mail goes on.  No line is lost but what is beyond the limit, and that is
    counted."""
    log = Unread()
    with Told(out, "nobody reads syslog's socket for a while: mail goes on, "
              "and all lines come") as told:
        daemon = mta.Posternd("unread", PATIENT + "MaxDomains 1\n")
        for number in range(20):
            told.same("unread", ask(GOOD, "UNREAD%d" % number, 10), PASS)
        lines = log.read()
        out.say("%d lines" % len(lines))
        told.same("lines", [line.split(" UNREAD")[1].split(":")[0]
                            for line in lines if "event=message" in line],
                  [str(number) for number in range(20)])
    with Told(out, "nobody reads it for very long: mail goes on, and what is "
              "lost is counted") as told:
        log.fill()
        many_lines()
        told.same("then", ask(GOOD, "THEN"), PASS)
        lines = log.read()
        lost = sum(map(int, re.findall(r"event=log lost=(\d+)",
                                       "\n".join(lines))))
        out.say("%d lines, %d lost" % (len(lines), lost))
        told.same("all kept at once", len(lines) > limits.LIMIT_LOG_BACKLOG,
                  True)
        # the lines of the message, and of the one behind it
        told.same("lines, and those lost", len(lines) + lost,
                  ROUND + 1 + 2 + 1)
        told.same("by the grammar", grammar.log_faults(lines)[0][:5], [])
        told.same("status", daemon.stop(), 0)
    log.close()


def many_lines():
    """A message with a line for each of its domains."""
    with ready(mta.SOCKET) as client:
        client.begin("MANY")
        client.macros(b"E", "i", "MANY")
        client.macros(b"R", "{rcpt_mailer}", "smtp")
        for number in range(ROUND):
            client.recipient("<u@n%d.null-mx.example>" % number)
        client.end()


# -- descriptors and threads -------------------------------------------------

@contextlib.contextmanager
def under(command):
    """A posternd that starts meanwhile does so by such a command."""
    kept = mta.program
    path = "/run/lab/under"
    mta.write(path, "#!/bin/sh\nexec env %s %s \"$@\"\n"
              % (command, kept("posternd")))
    os.chmod(path, 0o755)
    mta.program = lambda which: path
    try:
        yield
    finally:
        mta.program = kept


IDLE_S = 3
LAST = []  # the last one, also if it did not start


class Limited(mta.Posternd):
    """A posternd under prlimit(1)."""

    def __init__(self, name, limit, extra=""):
        LAST[:] = [self]
        # LeakSanitizer, where there is one, has a thread of its own
        with under("ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 prlimit "
                   + limit):
            super().__init__(name, extra)

    def alive(self):
        return self.process.poll() is None


def descriptors_of(daemon):
    return len(os.listdir("/proc/%d/fd" % daemon.process.pid))


def cpu_s(daemon):
    fields = mta.read("/proc/%d/stat" % daemon.process.pid).rsplit(") ")[1]
    return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")


def enough_descriptors(out):
    """As many connections as the hard limit allows."""
    with Told(out, "the soft limit of descriptors is no limit") as told:
        daemon = Limited("soft", "--nofile=64:2048", PATIENT)
        crowd = [ready(mta.SOCKET) for _ in range(500)]
        for client in crowd[::100]:
            tag = client.message(GOOD, "MANY")
            told.same("tag", "%s/pass/tlsa/ok" % GOOD in tag, True)
        for client in crowd:
            client.close()
        told.same("status", daemon.stop(), 0)


def no_descriptors(out):
    """Nothing is judged by that; one that is just closed may do."""
    with Told(out, "no descriptor is left: temperror at most, no core is "
              "burnt, then as before") as told:
        daemon = Limited("nofile", "--nofile=40:40", PATIENT)
        start = mta.syslog_size()
        told.same("before", ask(GOOD), PASS)
        last = ready(mta.SOCKET)
        crowd = [Client(mta.SOCKET) for _ in range(60)]
        mta.await_true(lambda: descriptors_of(daemon) == 40, 20,
                       "use of all descriptors")
        for domain in passing(3):
            tag = last.message(domain, "FEW")
            out.say(tag)
            told.among("few", tag.split(domain + "/")[1].split("/")[0],
                       ("temperror", "pass"))
        mta.await_true(lambda: any(
            "event=accept reason=internal-error detail=Too_many_open_files"
            in line for line in mta.syslog(start)), 20, "a word about it")
        used_s = cpu_s(daemon)
        time.sleep(IDLE_S)
        used_s = cpu_s(daemon) - used_s
        told.same("a core is burnt", used_s > IDLE_S / 4, False)
        out.say("%.2f s of CPU" % used_s)
        for client in [last, *crowd]:
            client.close()
        told.same("in the end", recovered(told), PASS)
        told.same("alive", daemon.alive(), True)
        told.same("status", daemon.stop(), 0)


def add_user(name):
    """A user that no other process of the machine has: its threads are
    counted for all of them together."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    uid = 20000 + os.stat(mta.HERE).st_ino % 20000
    assert uid not in taken and uid not in {g.gr_gid for g in grp.getgrall()}
    with open("/etc/passwd", "a") as out:
        out.write("%s:x:%d:%d::/:/usr/sbin/nologin\n" % (name, uid, uid))
    with open("/etc/group", "a") as out:
        out.write("%s:x:%d:\n" % (name, uid))


def give_to(user):
    """What posternd needs of its own, which is the user "postern"'s."""
    for path in ("/run/postern", "/var/lib/postern"):
        shutil.chown(path, user, user)


def threads_of(pid):
    return len(os.listdir("/proc/%d/task" % pid))


def no_threads(out):
    add_user("threads")
    give_to("threads")
    extra = "UserID threads\nStore none\nMaxChecks 8\nProbeTimeout 2s\n" \
        "GreetingTimeout 2s\n"
    daemon = Limited("nproc", "--nproc=1000:1000", extra)
    ask(GOOD)
    count = threads_of(daemon.process.pid)
    daemon.stop()
    with Told(out, "too few threads at the start, however many: it ends and "
              "says so, or works") as told:
        for number in range(2, count - 1, 2):
            too_few(told, number, extra)
        just_enough(told, count, extra)
    daemon = Limited("nproc", "--nproc=%d:%d" % (count + 2, count + 2), extra)
    with Told(out, "no thread is left for some messages: they wait, or get no "
              "answer, then all is as before") as told:
        with ThreadPoolExecutor(12) as crowd:
            answers = list(crowd.map(slow_message, range(12)))
        out.say("%d of %d answered in time" % (sum(answers), len(answers)))
        told.among("answered", sum(answers), range(1, 13))
        told.same("then", answer_of(GOOD), PASS)
    with Told(out, "no thread is left for new settings: the old ones stay, "
              "and it says so") as told:
        try:
            daemon.reload(extra.replace("Timeout 2s", "Timeout 3s"))
        except mta.Failure as error:
            out.say(str(error))
            told.same("said", "event=reload faults=1 detail=cannot_start_"
                      in str(error), True)
        else:
            told.problems.append("it has new settings")
        told.same("then", answer_of(GOOD), PASS)
        told.same("status", daemon.stop(), 0)
    give_to("postern")


def too_few(told, number, extra):
    """It ends and says so; 70 is libmilter's word."""
    what = "%d threads" % number
    start = mta.syslog_size()
    try:
        Limited("nproc", "--nproc=%d:%d" % (number, number), extra)
    except mta.Failure:
        pass
    status = LAST[0].process.wait(30)
    told.among(what + " status", status, (70, 71))
    said = mta.read(LAST[0].err) if status == 71 else \
        "\n".join(mta.syslog(start))
    if "thread" not in said and "worker" not in said:
        told.problems.append("%s said: %s" % (what, said))


def just_enough(told, number, extra):
    """What gets an answer gets the right one; libmilter loses a connection
    for which it finds no thread."""
    daemon = Limited("nproc", "--nproc=%d:%d" % (number, number), extra)
    told.same("just enough", answer_of(GOOD), PASS)
    told.same("status", daemon.stop(), 0)


def answer_of(domain):
    """(result, reason), by a client that tries again soon."""
    for _ in range(8):
        try:
            return ask(domain, patience_s=8)
        except Gone:
            pass
    return "no answer", ""


def slow_message(_):
    """Whether a message to a host that hangs is answered at its end; its MTA
    is not patient."""
    try:
        with Client(mta.SOCKET) as client:
            client.socket.settimeout(8)
            client.negotiate()
            client.message("tls-hang.example", "SLOW")
            return True
    except Gone:
        return False


# -- the clock -----------------------------------------------------------------

STATE = "/run/lab/state-clock"
CLOCK = (PATIENT.replace("Store none\n", "") + "Resolver system\n"
         "StateDirectory %s\n" % STATE)
NOW, LATER, BEFORE = "0", "630720000", "-630720000"
STS = "sts.example"
# by a trust anchor, so that dates count
ANCHORED = ("d09.example", "d10.example", "d12.example", "d15.example")
EXPIRED = ("fail", "certificate-expired")
NOT_YET = ("fail", "validation-failure")


def clock_jumps(out):
    command, why = faked()
    if not command:
        out.test(True, "the clock jumps # SKIP " + why)
        return
    os.mkdir(STATE)
    shutil.chown(STATE, "postern", "postern")
    set_clock(NOW)
    with under(" ".join(command)):
        jumps_at_work(out)
        jumps_and_restarts(out)


def jumps_at_work(out):
    """Certificates count by the new time; what is known, and deadlines, do
    not move."""
    with Told(out, "the clock jumps by 20 years, while it works") as told, \
            ThreadPoolExecutor(1) as beside:
        daemon = mta.Posternd("clock", CLOCK + "VerdictTTL 1h\n")
        for domain in (GOOD, STS, ANCHORED[0]):
            told.same(domain, ask(domain), PASS)
        hanging = beside.submit(ask, "tls-hang.example")
        for domain, moment, expected in zip(
                ANCHORED[1:], (LATER, BEFORE, NOW), (EXPIRED, NOT_YET, PASS)):
            time.sleep(1)
            set_clock(moment)
            told.same(domain + " at " + moment, ask(domain), expected)
            told.same("DANE-EE has no dates", ask(GOOD), PASS)
        told.same("a host that hangs", hanging.result(),
                  ("temperror", "probe-timeout"))
        told.same("status", daemon.stop(), 0)


def fetches():
    """Connections to its policy host so far."""
    return sum(event["event"] == "connect" and
               event["host"] == "mta-sts." + STS
               for event in watch.events("https"))


def jumps_and_restarts(out):
    """A policy that is over by a wrong clock is kept for the right one."""
    with Told(out, "the clock is wrong for a while: a kept policy outlives "
              "it") as told:
        counts = []
        for moment, expected in (
                (LATER, ("none", "sts-webpki-invalid")), (BEFORE, NOT_YET),
                (NOW, PASS)):
            set_clock(moment)
            daemon = mta.Posternd("clock", CLOCK)
            told.same("at " + moment, ask(STS), expected)
            told.same("status", daemon.stop(), 0)
            counts.append(fetches())
        told.same("fetches where it is not over", counts[1:], counts[:1] * 2)


# -- the service manager, the host's name --------------------------------------

class Manager:
    """What systemd would be told, while it is there."""

    def __init__(self, path, watchdog_us):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        if path[0] == "/":
            os.chmod(path, 0o666)
        self.words = {"NOTIFY_SOCKET": path.replace("\0", "@"),
                      "WATCHDOG_USEC": str(watchdog_us)}

    def __enter__(self):
        os.environ.update(self.words)
        return self

    def __exit__(self, *_):
        for word in self.words:
            del os.environ[word]
        self.socket.close()

    def told(self, seconds):
        """The next that is said, "" if it does not come."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(4096).decode()
        except TimeoutError:
            return ""

    def next(self, seconds, *besides):
        """The same, past some words."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            said = self.told(seconds)
            if said not in besides:
                return said
        return ""


ALIVE = "WATCHDOG=1"


def manager_is_told(out):
    for path in ("/run/lab/notify", "\0postern-lab-notify"):
        with Told(out, "the service manager at %r is told" % path) as told, \
                Manager(path, 2000000) as manager:
            daemon = mta.Posternd("notify", PATIENT)
            told.same("at start", manager.next(mta.START_S), "READY=1")
            told.same("alive", manager.told(mta.START_S), ALIVE)
            told.same("still alive", manager.told(mta.START_S), ALIVE)
            daemon.reload(PATIENT)
            said = manager.next(mta.START_S, ALIVE)
            told.same("reloading", re.sub(r"\d+$", "N", said),
                      "RELOADING=1\nMONOTONIC_USEC=N")
            told.same("reloaded", manager.next(mta.START_S, ALIVE), "READY=1")
            mta.write(daemon.conf, "Sokcet x\n")
            daemon.process.send_signal(signal.SIGHUP)
            told.same("a mistake", manager.next(mta.START_S, ALIVE)[:11],
                      "RELOADING=1")
            told.same("serves on", manager.next(mta.START_S, ALIVE), "READY=1")
            daemon.process.send_signal(signal.SIGTERM)
            told.same("at the end", manager.next(mta.START_S, ALIVE),
                      "STOPPING=1")
            told.same("status", daemon.process.wait(mta.STOP_S), 0)


BARE = "unshare --uts sh -c 'hostname bare && exec \"$@\"' sh"
QUICK_S = 9


def unread(udp):
    """The datagrams that wait at a socket."""
    udp.setblocking(False)
    found = []
    try:
        while True:
            found.append(udp.recv(4096))
    except BlockingIOError:
        return found


def silent_for_the_name(out):
    """A host whose name has no domain asks for it at start, but not for ever,
    and not again."""
    resolv = mta.read("/etc/resolv.conf")
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.77", 53))
    mta.write("/etc/resolv.conf", "nameserver 127.0.0.77\n")
    conf = mta.read(mta.CONF)
    mta.write(mta.CONF, re.sub("(?m)^AuthservID.*\n", "", conf))
    try:
        with Told(out, "a resolver that is silent keeps the start short") as \
                told, under(BARE):
            begun = time.monotonic()
            daemon = mta.Posternd("bare", PATIENT + "Nameservers 127.0.0.1\n")
            told.same("started soon", time.monotonic() - begun < QUICK_S, True)
            silent.settimeout(mta.START_S)
            heard = [silent.recv(4096)]
            daemon.reload(PATIENT + "Nameservers 127.0.0.1\n")
            told.same("message", ask(GOOD), PASS)
            told.same("status", daemon.stop(), 0)
            heard += unread(silent)
            told.same("the name was asked for",
                      all(b"\x04bare" in query for query in heard), True)
            # who tries again keeps the ID
            told.same("and not again", len({query[:2] + query[-4:]
                                            for query in heard}) <= 2, True)
    finally:
        mta.write("/etc/resolv.conf", resolv)
        mta.write(mta.CONF, conf)
        silent.close()


# -- the run -----------------------------------------------------------------

PARTS = {"syslog": syslog_gone, "unread": syslog_unread,
         "enough": enough_descriptors, "descriptors": no_descriptors, "threads": no_threads,
         "clock": clock_jumps, "manager": manager_is_told,
         "name": silent_for_the_name}


def inside():
    out = tap.Tap()
    try:
        for part in [PARTS[word] for word in sys.argv[1:] if word in PARTS] or \
                PARTS.values():
            part(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside))
