"""The rows of a survey: a scan of very many names, and the report of it.

Beside a nameserver that makes names up (names.c), so that what a resolver costs
is left out; and in the lab, with a real one.  There are POSTERN_BENCH_NAMES
names instead of 100,000, and of 10,000 of which some are aliases that go round.
"""
import contextlib
import os
import sqlite3
import subprocess
import time

from figures import TICK_S, program

NAMESERVER = "127.53.0.1"
NAMES = int(os.environ.get("POSTERN_BENCH_NAMES", 100000))
LAB_NAMES = 20000
LOOPS = int(os.environ.get("POSTERN_BENCH_NAMES", 10000))
LAB_HOSTS = 50
LOOP_EACH = 5
MILLION = 1e6
MIB = 1 << 20

CONF = """Nameservers %s
Resolver system
AuthservID gate.test
ProbeHelo gate.test
AllowPrivateAddresses yes
StateDirectory %s
"""


LAB_CONF = """Resolver %s
TrustAnchorFile /etc/postern/root.key
AllowPrivateAddresses yes
StateDirectory %s
"""


class Run:
    """A command to its end: its time, CPU and memory."""

    def __init__(self, *words, lines=()):
        began = time.monotonic()
        command = [os.path.join(os.environ["POSTERN_BUILDDIR"],
                                "milter/postern"), "survey", *words]
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
        process.stdin.writelines(lines)
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise RuntimeError("%s: %d" % (command, status))
        self.wall_s = time.monotonic() - began
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.octets = usage.ru_maxrss * 1024


def scan(folder, conf, names, count):
    """The run, and the file that it made."""
    path = "%s/survey-%d" % (folder, count)
    done = Run("scan", "-c", conf, "--db", path, "--retry", "0", "--list",
               "-", lines=(b"%s\n" % name.encode() for name in names))
    return done, path


def made_up(folder, conf, count):
    return scan(folder, conf, ("at-%d.example" % n for n in range(count)),
                count)


def survey(table, folder):
    """G1 to G4, G8."""
    conf = folder + "/survey.conf"
    with open(conf, "w") as out:
        out.write(CONF % (NAMESERVER, folder))
    few, _ = made_up(folder, conf, NAMES // 10)
    many, path = made_up(folder, conf, NAMES)
    table.row("survey: names", "%d" % NAMES)
    table.at_most("G1: CPU of a domain, system: ms",
                  many.cpu_s * 1000 / NAMES, 0.9, "%.3f")
    table.at_least("G2: domains a second", NAMES / many.wall_s, 1000, "%.0f")
    table.at_most("G3: memory, to that of a tenth of the names: MiB more",
                  (many.octets - few.octets) / MIB, 40, "%.0f")
    table.row("memory", "%.0f MiB" % (many.octets / MIB))
    table.at_most("G4: octets of the file, a domain",
                  os.path.getsize(path) / NAMES, 150, "%.0f")
    page = Run("report", "--db", path, "--as", "html", "-o",
               folder + "/page.html")
    table.at_most("G8: report of a million names as HTML, CPU: s",
                  page.cpu_s * MILLION / NAMES, 20, "%.1f")
    table.row("the same, on the clock", "%.1f s" % (
        page.wall_s * MILLION / NAMES))
    table.at_most("G8: memory of it: MiB", page.octets / MIB, 200, "%.0f")


# -- in the lab ---------------------------------------------------------------

def cpu_of(name):
    """Of the processes of that name so far."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as file:
                head, _, tail = file.read().rpartition(")")
        except OSError:
            continue
        if head.partition("(")[2].startswith(name): # "nsd: server 1" too
            total += sum(map(int, tail.split()[11:13])) * TICK_S
    return total


def lab_names(count):
    """One in ten of a signed zone."""
    return ("d%d.w%d.%s.example" % (n, n % LAB_HOSTS,
                                    "wild" if n % 10 == 0 else "wilder")
            for n in range(count))


def scan_loops(folder, conf, count, each):
    """(the run, names that are told as errors, octets of the file): one in
    so many goes round."""
    done, path = scan(folder, conf, (
        "d%d.round.loops.example" % n if n % each == 0 else
        "d%d.w%d.wilder.example" % (n, n % LAB_HOSTS) for n in range(count)),
                      count)
    with contextlib.closing(sqlite3.connect(path)) as database:
        (marked,), = database.execute(
            "SELECT count(*) FROM answer WHERE domain LIKE '%.round.%' AND "
            "mx_state = 'error'")
    octets = os.path.getsize(path)
    os.unlink(path)
    return done, marked, octets


def survey_loops(table, folder):
    """V91: what names cost that are aliases which go round."""
    for resolver, limit_ms in (("system", 0.9), ("embedded", 1.8)):
        conf = "%s/loops-%s.conf" % (folder, resolver)
        with open(conf, "w") as out:
            out.write(LAB_CONF % (resolver, folder))
        few, _, _ = scan_loops(folder, conf, LOOPS // 10, LOOP_EACH)
        many, marked, octets = scan_loops(folder, conf, LOOPS, LOOP_EACH)
        alone, all_marked, _ = scan_loops(folder, conf, LOOPS // 10, 1)
        table.row("V91: names, %s" % resolver, "%d" % LOOPS)
        table.at_least("of aliases that go round, told as errors",
                       marked / -(-LOOPS // LOOP_EACH), 1, "%.3f")
        table.at_most("CPU of a name: ms", many.cpu_s * 1000 / LOOPS, limit_ms,
                      "%.3f")
        table.row("the same, on the clock", "%.3f ms" % (
            many.wall_s * 1000 / LOOPS))
        table.at_most("memory, to that of a tenth of the names: MiB more",
                      (many.octets - few.octets) / MIB, 40, "%.0f")
        table.row("memory", "%.0f MiB" % (many.octets / MIB))
        table.at_most("octets of the file, a name", octets / LOOPS, 150,
                      "%.0f")
        # at 20 queries a second it would be 150
        table.at_most("where all go round, on the clock: ms a name",
                      alone.wall_s * 1000 / (LOOPS // 10), 10, "%.3f")
        table.at_least("the same, told as errors",
                       all_marked / (LOOPS // 10), 1, "%.3f")


def survey_in_lab(table, folder):
    """The same with NSD and Unbound, and with our own resolver."""
    for resolver, limit_ms in (("system", 0.9), ("embedded", 1.8)):
        conf = "%s/%s.conf" % (folder, resolver)
        with open(conf, "w") as out:
            out.write(LAB_CONF % (resolver, folder))
        before = cpu_of("unbound"), cpu_of("nsd")
        done, path = scan(folder, conf, lab_names(LAB_NAMES), LAB_NAMES)
        os.unlink(path)
        table.at_most("G1: in the lab, CPU of a domain, %s: ms" % resolver,
                      done.cpu_s * 1000 / LAB_NAMES, limit_ms, "%.3f")
        table.row("the same, domains a second",
                  "%.0f" % (LAB_NAMES / done.wall_s))
        for name, was in zip(("unbound", "nsd"), before):
            table.row("the same, CPU of %s" % name, "%.3f ms" % (
                (cpu_of(name) - was) * 1000 / LAB_NAMES))


def inside(table, parts, folder):
    """In a network of its own."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    names = subprocess.Popen([program("names"), NAMESERVER])
    try:
        for part in parts:
            part(table, folder)
    finally:
        names.kill()
        names.wait()


PARTS = (survey,)
