#!/usr/bin/env python3
"""fleet_failover - the master of the store is killed under hosts that share.

Three real servers, one of which is the master, and a real Sentinel that makes
another one that when it is gone.  posternd knows nothing of Sentinel: it has
the three in SharedStore.  TAP.
"""
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import fleet
import mta
import tap

PORTS = (6391, 6392, 6393)
SENTINEL = 26391
STORES = "SharedCAFile /etc/ssl/certs/ca-certificates.crt\nSharedStore %s\n" \
    % ",".join("tcp://127.0.0.1:%d" % port for port in PORTS)
# after a server has become the master
FOUND_S = 5

SERVER_CONF = """port %d
bind 127.0.0.1
save ""
dir %s
aclfile %s
masteruser admin
masterauth admin
repl-diskless-sync-delay 0
"""
SENTINEL_CONF = """port %d
bind 127.0.0.1
dir %s
sentinel monitor fleet 127.0.0.1 %d 1
sentinel auth-user fleet admin
sentinel auth-pass fleet admin
sentinel down-after-milliseconds fleet 1000
sentinel failover-timeout fleet 2000
"""


class Servers:
    def __init__(self):
        self.running = {}
        for port in PORTS:
            folder = "%s/%d" % (fleet.FOLDER, port)
            os.mkdir(folder)
            mta.write(folder + "/users.acl", fleet.ACL)
            mta.write(folder + "/conf", SERVER_CONF % (
                port, folder, folder + "/users.acl") + (
                    "replicaof 127.0.0.1 %d\n" % PORTS[0]
                    if port != PORTS[0] else ""))
            self.start(port, folder + "/conf")
        for port in PORTS[1:]:
            mta.await_true(lambda: "master_link_status:up" in self.ask(
                port, "INFO", "replication"), fleet.WAIT_S, "a replica")
        folder = fleet.FOLDER + "/sentinel"
        os.mkdir(folder)
        mta.write(folder + "/conf", SENTINEL_CONF % (SENTINEL, folder,
                                                     PORTS[0]))
        self.start(SENTINEL, folder + "/conf", "--sentinel")
        mta.await_true(lambda: "slaves=2" in self.ask(
            SENTINEL, "INFO", "sentinel"), fleet.WAIT_S, "Sentinel")

    def start(self, port, conf, *words):
        self.running[port] = subprocess.Popen(
            [*fleet.SERVER, conf, *words], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL)
        mta.await_true(lambda: self.ask(port, "PING") == "PONG",
                       fleet.WAIT_S, "server %d" % port)

    def ask(self, port, *words):
        login = [] if port == SENTINEL else [
            "--user", "admin", "--pass", "admin", "--no-auth-warning"]
        return subprocess.run(
            ["redis-cli", "-p", str(port), *login, *words],
            capture_output=True, text=True,
            timeout=fleet.WAIT_S).stdout.rstrip("\n")

    def masters(self):
        return [port for port in PORTS if port in self.running and
                self.ask(port, "ROLE").startswith("master")]

    def kill(self, port):
        self.running[port].kill()
        self.running.pop(port).wait()

    def stop(self):
        for port in list(self.running):
            self.kill(port)


def fail_over(out, servers, hosts, changes):
    known, fresh = fleet.find("kill0"), fleet.find("kill1")
    told = [host.answer(known.domain) for host in hosts]
    start, mail = mta.syslog_size(), fleet.Load(hosts[0], known)
    servers.kill(PORTS[0])
    fleet.await_said(start, len(hosts), "state=down")
    master, = mta.await_true(servers.masters, fleet.WAIT_S, "a new master")
    began = time.monotonic()
    lines = fleet.await_said(start, len(hosts), "state=up",
                             "addr=127.0.0.1:%d" % master)
    took = time.monotonic() - began
    mail.stop()
    out.test(len(lines) == len(hosts) and took <= FOUND_S,
             "F44 a server that has become the master is found within %d s" %
             FOUND_S, ["%.1f s" % took] + lines)
    out.test(not mail.wrong and mail.count > 0 and
             all(text.startswith(fleet.enforced(known)) for text in told),
             "F44 meanwhile no message gets another answer",
             told + mail.wrong[:5] + [str(mail.count)])
    hosts[0].answer(fresh.domain)
    mta.await_true(lambda: servers.ask(
        master, "EXISTS", "postern:1:p:" + fresh.domain) == "1",
        fleet.WAIT_S, "a put")
    changes.policy(fresh, status=503)
    changes.apply()
    told = hosts[1].answer(fresh.domain)
    out.test(told.startswith(fleet.enforced(fresh)),
             "and hosts share through it", [told])


def come_back(out, servers, hosts):
    """The old master is started again, and is a replica by and by."""
    start = mta.syslog_size()
    servers.start(PORTS[0], "%s/%d/conf" % (fleet.FOLDER, PORTS[0]))
    mta.await_true(lambda: len(servers.masters()) == 1, fleet.WAIT_S,
                   "one master")
    master, = servers.masters()
    servers.kill(master)
    fleet.await_said(start, len(hosts), "state=down")
    now, = mta.await_true(servers.masters, fleet.WAIT_S, "a third master")
    fleet.await_said(start, len(hosts), "state=up", "addr=127.0.0.1:%d" % now)
    out.test(now != master, "F44 and once more")


def inside():
    out = tap.Tap()
    fleet.make_folder()
    servers, hosts = Servers(), []
    try:
        start = mta.syslog_size()
        hosts += [fleet.Host(name, extra=STORES) for name in
                  ("a.host", "b.host")]
        fleet.await_said(start, len(hosts), "state=up",
                         "addr=127.0.0.1:%d" % PORTS[0])
        fail_over(out, servers, hosts, change.Changes())
        come_back(out, servers, hosts)
    finally:
        for host in hosts:
            out.test(host.daemon.stop() == 0, host.name + " ends well")
        servers.stop()
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "redis-server", "redis-cli"))
