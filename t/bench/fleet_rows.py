"""The rows of hosts that share: posternd with a store and without one, in turn.

The store is a real one at a Unix socket of this network namespace.
"""
import os
import shutil
import signal
import socket
import statistics
import subprocess
import time

import crowd
import milter
from figures import ROUNDS, Filter, Process, counted, median_ratio

WARM = 16000     # messages of a round
TURNS = 16       # that they are sent in
COUNTED = 2000   # messages under callgrind
RCPTS = 4000     # answers of which the latency is taken
COLD = 500       # domains of a round that nobody has asked about
SCRAPES = 500
MIB = 1 << 20

ALONE = """Nameservers %s
Resolver system
AuthservID gate.test
ProbeHelo gate.test
Probe no
MessageWait 60s
""" % crowd.NAMESERVER
SHARES = ALONE + """SharedStore unix:%(folder)s/store.sock
SharedKeyFile %(folder)s/fleet.key
"""


class Store(Process):
    def __init__(self, folder):
        self.path = folder + "/store.sock"
        with open(folder + "/store.conf", "w") as out:
            out.write("port 0\nunixsocket %s\nunixsocketperm 777\ndir %s\n"
                      'save ""\n' % (self.path, folder))
        with open(folder + "/fleet.key", "w") as out:
            out.write("01" * 32 + "\n")
        os.chown(folder + "/fleet.key", 65534, 65534)
        os.chmod(folder + "/fleet.key", 0o600)
        program = shutil.which("valkey-server") or "redis-server"
        super().__init__([program, folder + "/store.conf"], self.answers,
                         stdout=subprocess.DEVNULL)

    def answers(self):
        return os.path.exists(self.path)

    def pause(self, signal_number):
        self.process.send_signal(signal_number)


def in_turn(number, measure, alone, shares):
    """(without a store, with one), the one first and then the other: whoever
    comes first finds what is around in another state."""
    if number % 2 == 0:
        first = measure(alone)
        return first, measure(shares)
    second = measure(shares)
    return measure(alone), second


def in_small_turns(spend, gates):
    """What each spends in all, so that what else the machine does falls on
    both."""
    spent = [0, 0]
    for turn in range(TURNS):
        for at in (0, 1) if turn % 2 == 0 else (1, 0):
            spent[at] += spend(gates[at])
    return spent


def warm_cpu_s(own):
    before = own.cpu_s()
    own.client("-n", WARM // TURNS)
    return own.cpu_s() - before


def gate(folder, kind, conf):
    """It knows a few domains."""
    own = Filter(folder, kind, conf % {"folder": folder} +
                 "MetricsSocket unix:%s/%s.metrics\n" % (folder, kind))
    own.client("-n", 100)
    return own


def two_gates(folder, name="", turned=False):
    """(one that shares nothing, one that does); turned: that starts first."""
    if turned:
        shares = gate(folder, "shares" + name, SHARES)
        return gate(folder, "alone" + name, ALONE), shares
    return (gate(folder, "alone" + name, ALONE),
            gate(folder, "shares" + name, SHARES))


def warm(table, folder):
    """By two of them anew in each round, now the one first and now the other:
    where its memory lies makes a process slower or faster by more than a store
    does."""
    rounds = []
    for number in range(2 * ROUNDS):
        gates = two_gates(folder, "-warm", number % 2 == 1)
        rounds.append(in_small_turns(warm_cpu_s, gates))
        for own in gates:
            own.stop()
    table.at_most("GF1: warm message, CPU with a store to without",
                  statistics.median(shares / alone for alone, shares in rounds),
                  1.01, "%.3f")
    for name, conf in (("alone", ALONE), ("shares", SHARES)):
        counted(table, folder, "GF1: instructions of a warm message, " + name,
                conf % {"folder": folder} + "MaxChecks 4\n",
                lambda own, number: own.client("-n", number), COUNTED)


class Names:
    """Of domains that nobody has asked about."""

    def __init__(self):
        self.next = 0

    def take(self, count):
        self.next += count
        return ["warm-%d.test" % n for n in range(self.next - count,
                                                  self.next)]


def cold(own, names):
    """(CPU, median time) of a cold check, in microseconds, by messages to one
    domain each."""
    client = milter.Milter(own.socket, 60)
    before, took = own.cpu_s(), []
    for name in names:
        began = time.monotonic()
        client.message("BENCH", [name])
        took.append(time.monotonic() - began)
    client.close()
    return ((own.cpu_s() - before) * 1e6 / len(names),
            statistics.median(took) * 1e6)


def cold_rows(table, alone, shares, names):
    rounds = [in_turn(number, lambda own: cold(own, names.take(COLD)), alone,
                      shares) for number in range(2 * ROUNDS)]
    cpu, took = (statistics.median(with_store[i] - without[i]
                                   for without, with_store in rounds)
                 for i in (0, 1))
    table.at_most("GF2: cold check, CPU that a store adds, us", cpu, 60, "%.0f")
    table.at_most("GF2: cold check, p50 that a store adds, us", took, 1000,
                  "%.0f")


def cold_s(own, names):
    """For so many that nobody has asked about, on the clock."""
    began = time.monotonic()
    own.message(names.take(COLD // 2))
    return time.monotonic() - began


def stopped(table, store, alone, shares, names):
    store.pause(signal.SIGSTOP)
    # the first second: three answers that do not come
    for name in names.take(20):
        shares.message([name])
    time.sleep(1)
    known = [in_turn(number, lambda own: own.client(
        "-l", "-c", 1, "-n", RCPTS)[1], alone, shares)
             for number in range(2 * ROUNDS)]
    fresh = [in_small_turns(lambda own: cold_s(own, names), (alone, shares))
             for _ in range(4 * ROUNDS)]
    store.pause(signal.SIGCONT)
    table.at_most("GF3: store stopped, RCPT p99 of known domains, to without",
                  median_ratio(known), 1.05)
    table.at_least("GF3: store stopped, cold checks/s, to without",
                   statistics.median(without / with_store
                                     for without, with_store in fresh), 0.95)


def scrape(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65536), b""))


def scrapes(table, shares, path):
    before = shares.cpu_s()
    size = max(len(scrape(path)) for _ in range(SCRAPES))
    table.at_most("GF5: scrape, CPU in ms", (shares.cpu_s() - before) * 1e3 /
                  SCRAPES, 2)
    table.at_most("GF5: scrape, KiB", size / 1024, 64, "%.0f")


def fleet(table, folder):
    store = Store(folder)
    alone, shares = two_gates(folder)
    table.at_most("GF4: memory that a store adds, MiB",
                  (shares.memory() - alone.memory()) / MIB, 2, "%.2f")
    warm(table, folder)
    names = Names()
    names.take(10)
    cold_rows(table, alone, shares, names)
    stopped(table, store, alone, shares, names)
    scrapes(table, shares, folder + "/shares.metrics")
    for own in (alone, shares, store):
        own.stop()


PARTS = (fleet,)
