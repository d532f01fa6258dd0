"""What the parts of run share: a process that is measured, and the table."""
import atexit
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

import milter

ROUNDS = int(os.environ.get("POSTERN_BENCH_ROUNDS", 9))
START_S = 60
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

CONF = """Socket unix:%(socket)s
ControlSocket %(socket)s.control
StateDirectory %(folder)s
Syslog no
UserID nobody
AllowPrivateAddresses yes
RcptWait 20s
"""


def program(name):
    folder = "milter" if name == "posternd" else "t/bench"
    return os.path.join(os.environ["POSTERN_BUILDDIR"], folder, name)


def cpu_s_of(pid):
    """By the clock of the process: its ticks are too coarse for a round."""
    return time.clock_gettime(~pid << 3 | 2)


class Process:
    """Starts a command; answers() tells when it serves."""

    def __init__(self, command, answers, **options):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        **options)
        atexit.register(self.process.kill)
        end = time.monotonic() + START_S
        while not answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("%s does not start" % command)
            time.sleep(0.1)

    def cpu_s(self):
        return cpu_s_of(self.process.pid)

    def memory(self):
        with open("/proc/%d/status" % self.process.pid) as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) * 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Filter(Process):
    """posternd or the null filter, in the foreground."""

    def __init__(self, folder, name, extra=None, under=()):
        self.socket = "%s/%s.sock" % (folder, name)
        command = [program("null_filter"), "unix:" + self.socket]
        if extra is not None:
            conf = "%s/%s.conf" % (folder, name)
            with open(conf, "w") as out:
                out.write(CONF % {"socket": self.socket, "folder": folder}
                          + extra)
            command = [program("posternd"), "-f", "-c", conf]
        super().__init__([*under, *command], self.answers)
        os.chmod(self.socket, 0o777)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(self.socket) == 0

    def client(self, *options):
        done = subprocess.run([program("client"), "-s", self.socket,
                               *map(str, options)], check=True, text=True,
                              capture_output=True, timeout=600)
        return [float(word) for word in done.stdout.split()]

    def message(self, domains):
        client = milter.Milter(self.socket, 600)
        client.message("BENCH", domains)
        client.close()


def life(folder, name, extra, work, number):
    """(instructions, where they went) of a life with so much work."""
    out = "%s/callgrind.%s.%d" % (folder, name, number)
    # posternd as nobody from the start: callgrind writes when it ends
    own = Filter(folder, "count-" + name, extra, [
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
        "valgrind", "--tool=callgrind", "--vgdb=no", "-q",
        "--callgrind-out-file=" + out])
    work(own, number)
    own.stop()
    done = subprocess.run(["callgrind_annotate", "--auto=no", "--inclusive=yes",
                           out], text=True, capture_output=True)
    match = re.search(r"^\s*([\d,]+) \(100.*PROGRAM TOTALS", done.stdout,
                      re.M)
    return int(match[1].replace(",", "")), done.stdout


def counted(table, folder, what, extra, work, number):
    """A row: instructions for one of work's number, under callgrind."""
    if shutil.which("valgrind") is None:
        table.row(what, "no valgrind")
        return
    name = what.rpartition(" ")[2]
    few, _ = life(folder, name, extra, work, number // 10)
    many, where = life(folder, name, extra, work, number)
    table.row(what, "%d" % ((many - few) / (number * 9 / 10)))
    if "--where" in sys.argv:
        print(where)


def first_match(pattern, path):
    with open(path) as file:
        found = re.search(pattern, file.read(), re.M)
    return found[1] if found else "?"


def history_line():
    """The run as a line of history: when, of what, where, and each figure that
    has a bound."""
    done = subprocess.run(["git", "-C", os.path.dirname(__file__), "describe",
                           "--always", "--dirty"], text=True,
                          capture_output=True)
    with open(os.environ["POSTERN_BENCH_HISTORY"]) as file:
        figures = file.read().split("\n")[:-1]
    return "%s %s; %s, %d cores; %d rounds; %s" % (
        time.strftime("%Y-%m-%d"), done.stdout.strip() or "?",
        first_match(r"^model name\s*: (.*)", "/proc/cpuinfo"), os.cpu_count(),
        ROUNDS, "; ".join(figures))


class Table:
    def __init__(self):
        self.short = 0

    def row(self, what, value, limit=None, good=None):
        verdict = ""
        if good is not None:
            verdict = "pass" if good else "short"
            self.short += not good
            if "POSTERN_BENCH_HISTORY" in os.environ:
                with open(os.environ["POSTERN_BENCH_HISTORY"], "a") as out:
                    out.write("%s %s\n" % (what, value))
        print(("%-54s %14s %10s %s" % (what, value, limit or "",
                                       verdict)).rstrip(), flush=True)

    def at_most(self, what, value, limit, form="%.2f"):
        self.row(what, form % value, "<= " + form % limit, value <= limit)

    def at_least(self, what, value, limit, form="%.2f"):
        self.row(what, form % value, ">= " + form % limit, value >= limit)


def median_ratio(pairs):
    """Of the medians of two columns: second to first."""
    first, second = zip(*pairs)
    return statistics.median(second) / statistics.median(first)


def spread(values, form="%.0f"):
    """Median, and in brackets the least and the greatest."""
    return "%s (%s-%s)" % tuple(
        form % value for value in (statistics.median(values), min(values),
                                   max(values)))
