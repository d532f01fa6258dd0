"""The rows of the map socket: posternd, a server that does nothing, and
postfix-mta-sts-resolver, asked by one client in turns.

Of 1000 domains a tenth have MTA-STS, a tenth DANE, and the others neither;
those are followed by the key of their parent, as Postfix asks.
"""
import atexit
import os
import random
import re
import resource
import socket
import ssl
import statistics
import subprocess
import tempfile
import threading
import time

import figures
import map_peer
from figures import ROUNDS, median_ratio, program, spread

NAMESERVER = "127.53.0.1"
POLICY_HOST = "127.83.0.1"
PORT = 8642
NULL_PORT = 8643
PEER_PORT = 8461
DOMAINS = 1000
LOOKUPS = 150000     # of a round, at depth 1
DEEP = 400000        # the same at depth 32
DEPTH = 32
PEER_LOOKUPS = 6000
COUNTED = 100000     # lookups under callgrind
IDLE = 1000          # connections beside
STUCK = 128          # lookups that nobody answers
STUCK_CHECKS = 32
COUNTED_COLD = 3000  # of domains that nobody has asked about
COLD = 10000         # domains of a round that nobody has asked about
MORE = 50000         # domains more to remember

CONF = """Nameservers %s
Resolver system
AuthservID gate.test
ProbeHelo gate.test
MapSocket inet:%d@127.0.0.1
MapMaxClients 4096
""" % (NAMESERVER, PORT)


# -- who is asked about -------------------------------------------------------

def kind(number):
    return {0: "sts", 1: "dane"}.get(number % 10, "none")


def keys(folder, name, domains, parents=True):
    """A file of them, in no order."""
    path = "%s/%s.keys" % (folder, name)
    with open(path, "w") as out:
        for domain in random.Random(1).sample(domains, len(domains)):
            out.write(domain + "\n")
            if parents and domain.startswith("none"):
                out.write(".example\n")
    return path


class PolicyHost:
    """Answers for all of them with a policy of mode enforce."""

    def __init__(self, folder, domains):
        self.ca = folder + "/ca.pem"
        leaf = folder + "/leaf"
        openssl(folder, "ca", "/CN=bench", "basicConstraints=critical,CA:TRUE")
        openssl(folder, "leaf", "/CN=mta-sts", "subjectAltName=" + ",".join(
            "DNS:mta-sts." + domain for domain in domains),
            "-CA", self.ca, "-CAkey", folder + "/ca.key")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(leaf + ".pem", leaf + ".key")
        self.server = socket.create_server((POLICY_HOST, 443), backlog=1024)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        try:
            client.settimeout(30)
            with self.context.wrap_socket(client, server_side=True) as tls:
                asked = tls.recv(4096).decode()
                domain = re.search(r"(?i)host: mta-sts\.(\S+)", asked)[1]
                body = "version: STSv1\r\nmode: enforce\r\nmx: mx.%s\r\n" \
                    "max_age: 604800\r\n" % domain
                tls.sendall(("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                             "Connection: close\r\nContent-Length: %d\r\n\r\n"
                             "%s" % (len(body), body)).encode())
        except OSError:
            pass


def openssl(folder, name, subject, extension, *signer):
    base = "%s/%s" % (folder, name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", subject, "-addext", extension, *signer,
                    "-keyout", base + ".key", "-out", base + ".pem"],
                   check=True, capture_output=True)


# -- who asks -----------------------------------------------------------------

class Asked:
    """What one run of the client came to."""

    def __init__(self, port, file, *options):
        done = subprocess.run([program("map_load"), "-p", str(port),
                               *map(str, options), file], check=True,
                              text=True, capture_output=True, timeout=300)
        seconds, self.p50, self.p99, *answers = map(float,
                                                    done.stdout.split())
        self.ok, self.not_found, self.other = map(int, answers)
        self.rate = sum(answers) / seconds


def rate(port, file, depth, count, *options):
    return Asked(port, file, "-d", depth, "-n", count, *options).rate


def check_answers(port, file):
    """What is measured must be what is meant: all answered, from memory."""
    with open(file) as lines:
        count = len(list(lines))
    for _ in range(2):
        asked = Asked(port, file, "-c", 1, "-d", DEPTH, "-n", count)
    if asked.other or asked.ok != DOMAINS // 5:
        raise RuntimeError("of %d answers %d are policies, %d errors" % (
            count, asked.ok, asked.other))


# -- parts --------------------------------------------------------------------

class Stage:
    """Everything that a part asks."""

    def __init__(self, folder):
        self.folder = folder
        self.domains = ["%s-%d.example" % (kind(n), n) for n in range(DOMAINS)]
        policies = [name for name in self.domains if name.startswith("sts")]
        self.keys = keys(folder, "all", self.domains)
        self.alone = keys(folder, "alone", self.domains, False)
        self.policies = keys(folder, "policies", policies)
        self.ca = PolicyHost(folder, policies).ca
        self.names = subprocess.Popen([program("names"), NAMESERVER])
        atexit.register(self.names.kill)
        with open(folder + "/resolv.conf", "w") as out:
            out.write("nameserver %s\n" % NAMESERVER)
        subprocess.run(["mount", "--bind", folder + "/resolv.conf",
                        os.path.realpath("/etc/resolv.conf")], check=True)

    def conf(self, extra):
        return CONF + "CAFile %s\n" % self.ca + extra

    def own(self, name, extra=""):
        return figures.Filter(self.folder, name, self.conf(extra))


def null_server():
    def answers():
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", NULL_PORT)) == 0
    return figures.Process([program("null_map"), str(NULL_PORT)], answers)


def lookups(table, stage):
    """B1, B2, B3, B5 and B7, with the peer."""
    own = stage.own("map")
    null = null_server()
    peer, why = start_peer(stage)
    check_answers(PORT, stage.keys)
    rounds = [turn(stage, own, null, peer) for _ in range(ROUNDS)]
    show(table, {name: [each[name] for each in rounds]
                 for name in rounds[0]}, why)
    for each in filter(None, (null, own, peer)):
        each.stop()


def start_peer(stage):
    """It, or None and why it is not there."""
    folder, why = map_peer.fetched()
    if why:
        return None, why
    peer = map_peer.Peer(folder, stage.folder, PEER_PORT, stage.ca)
    rate(PEER_PORT, stage.keys, 1, 4 * DOMAINS)
    return peer, ""


def costly(process, *asked):
    """(lookups a second, CPU of the process for one in microseconds)."""
    before = process.cpu_s()
    found = rate(*asked)
    return found, (process.cpu_s() - before) * 1e6 / asked[3]


def turn(stage, own, null, peer):
    """One round of everything: lookups a second by row."""
    found = {}
    found["null"], found["null cpu"] = costly(null, NULL_PORT, stage.keys, 1,
                                              LOOKUPS)
    found["own"], found["own cpu"] = costly(own, PORT, stage.keys, 1, LOOKUPS)
    found["alone"] = rate(PORT, stage.alone, 1, LOOKUPS)
    found["tlsrpt"] = rate(PORT, stage.keys, 1, LOOKUPS, "-m",
                           "QUERYwithTLSRPT")
    idle = [socket.create_connection(("127.0.0.1", PORT))
            for _ in range(IDLE)]
    found["crowd"] = rate(PORT, stage.keys, 1, LOOKUPS)
    for each in idle:
        each.close()
    found["null deep"] = rate(NULL_PORT, stage.keys, DEPTH, DEEP)
    found["deep"] = rate(PORT, stage.keys, DEPTH, DEEP)
    if peer is not None:
        found["peer"], found["peer cpu"] = costly(
            peer, PEER_PORT, stage.keys, 1, PEER_LOOKUPS)
        found["peer kept"] = rate(PEER_PORT, stage.policies, 1, PEER_LOOKUPS)
        found["peer deep"] = rate(PEER_PORT, stage.keys, DEPTH, PEER_LOOKUPS)
    return found


ROWS = (("null", "null server"), ("own", "posternd"),
        ("alone", "posternd, no parents"),
        ("tlsrpt", "posternd, QUERYwithTLSRPT"),
        ("crowd", "posternd, %d idle clients beside" % IDLE),
        ("peer", "mta-sts-resolver"),
        ("peer kept", "mta-sts-resolver, policies alone"),
        ("null deep", "null server, depth %d" % DEPTH),
        ("deep", "posternd, depth %d" % DEPTH),
        ("peer deep", "mta-sts-resolver, depth %d" % DEPTH))


def show(table, found, why):
    for name, what in ROWS:
        if name in found:
            table.row("map, %s: lookups/s" % what, spread(found[name]))
    middle = {name: statistics.median(values)
              for name, values in found.items()}
    own = middle["own"]
    table.at_least("B1: lookups/s", own, 150000, "%.0f")
    table.row("B1: to the null server", "%.2f" % (own / middle["null"]))
    if not why:
        table.at_least("B1: to mta-sts-resolver", own / middle["peer"], 5,
                       "%.1f")
        table.row("B1: to it, policies alone",
                  "%.1f" % (own / middle["peer kept"]))
    else:
        table.row("B1: to mta-sts-resolver", "skipped: " + why)
    table.row("B1: to postfix-tlspol", "skipped: not in Debian")
    table.at_least("B2: lookups/s, depth %d" % DEPTH, middle["deep"], 500000,
                   "%.0f")
    table.at_least("B3: QUERYwithTLSRPT, to B1", middle["tlsrpt"] / own, 0.9)
    table.at_least("B5: %d idle clients beside, to B1" % IDLE,
                   middle["crowd"] / own, 0.95)
    table.at_most("B7: CPU a lookup, us", middle["own cpu"], 6, "%.2f")
    table.row("B7: of the null server", "%.2f" % middle["null cpu"])
    if not why:
        table.row("B7: of mta-sts-resolver", "%.0f" % middle["peer cpu"])


def counted_lookups(table, stage):
    def ask(_, number):
        check_answers(PORT, stage.keys)
        rate(PORT, stage.keys, 1, number)
    first = stage.own("first") # so that both find the policies in the store
    check_answers(PORT, stage.keys)
    first.stop()
    figures.counted(table, stage.folder, "instructions of a map lookup",
                    stage.conf("MaxChecks 4\n"), ask, COUNTED)


def counted_cold(table, stage):
    figures.counted(table, stage.folder, "instructions of a cold lookup",
                    stage.conf("MaxChecks 32\n"),
                    lambda _, number: ask_new(stage, 0, number, 4),
                    COUNTED_COLD)


def stuck(table, stage):
    """B4: idle and stuck in turns."""
    own = stage.own("stuck", "MaxChecks %d\nDNSTimeout 2s\n" % STUCK_CHECKS)
    check_answers(PORT, stage.keys)
    pairs, held = [], 0
    for number in range(ROUNDS):
        idle = Asked(PORT, stage.keys, "-n", LOOKUPS // 3).p99
        with socket.create_connection(("127.0.0.1", PORT)) as dead:
            for n in range(STUCK):
                text = "QUERY mute-%d-%d.example" % (number, n)
                dead.sendall(b"%d:%s," % (len(text), text.encode()))
            dead.shutdown(socket.SHUT_WR)
            time.sleep(0.2)
            pairs.append((idle, Asked(PORT, stage.keys, "-n",
                                      LOOKUPS // 3).p99))
            dead.setblocking(False)
            held += not readable(dead)
            dead.setblocking(True)
            while dead.recv(65536):
                pass
    for name, column in zip(("idle", "all workers stuck"), zip(*pairs)):
        table.row("map, p99 of an answer, %s: us" % name, spread(column))
    table.at_most("B4: p99 with all workers stuck, to idle",
                  median_ratio(pairs), 1.25)
    table.row("B4: rounds in which they were stuck to the end", "%d" % held,
              ">= %d" % ROUNDS, held == ROUNDS)
    own.stop()


def readable(client):
    try:
        return bool(client.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False


def ask_new(stage, first, count, depth=128):
    """Domains that nobody has asked about: lookups a second."""
    file = keys(stage.folder, "new", ["none-%d.example" % n for n in
                                      range(first, first + count)], False)
    asked = Asked(PORT, file, "-d", depth, "-n", count)
    if asked.not_found != count:
        raise RuntimeError("%d of %d came to nothing" % (
            count - asked.not_found, count))
    return asked.rate


def cold_lookups(table, stage):
    """B6."""
    def spent():
        """CPU of posternd, the nameserver and the client so far."""
        client = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (own.cpu_s(), figures.cpu_s_of(stage.names.pid),
                client.ru_utime + client.ru_stime)

    own = stage.own("cold")
    ask_new(stage, 0, COLD)
    before = spent()
    rates = [ask_new(stage, COLD * (n + 1), COLD) for n in range(ROUNDS)]
    cpu = [(after - at) * 1e6 / COLD / ROUNDS
           for at, after in zip(before, spent())]
    table.row("map, domains without a policy, cold: lookups/s",
              spread(rates))
    table.at_least("B6: cold lookups/s", statistics.median(rates), 10000,
                   "%.0f")
    table.row("B6: CPU of posternd for one, us", "%.0f" % cpu[0])
    table.row("B6: of the nameserver, of the client", "%.0f, %.0f" % (
        cpu[1], cpu[2]))
    table.row("B6: all CPU of %d cores makes: lookups/s" % os.cpu_count(),
              "%.0f" % (os.cpu_count() * 1e6 / sum(cpu)))
    own.stop()


def remembered(table, stage):
    """B8."""
    own = stage.own("memory")
    ask_new(stage, 0, 20000)
    before = own.memory()
    ask_new(stage, 20000, MORE)
    grown = own.memory() - before
    table.at_most("B8: %d more answered domains, MiB" % MORE,
                  grown / 2 ** 20, 30, "%.1f")
    own.stop()


PARTS = (lookups, counted_lookups, stuck, cold_lookups, counted_cold,
         remembered)


def inside(table, parts):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        stage = Stage(folder)
        for part in parts:
            part(table, stage)
