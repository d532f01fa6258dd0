"""What a test changes while the lab runs; see live.py.

Every change is seen by the next query: the lab's Unbound is told to forget
the zones that it has to do with.
"""
import json
import os
import re
import signal
import socket
import subprocess

import zones
from mta import HERE, Failure, await_true

LOAD_S = 30

CONTROL = HERE + "/unbound/control"


def unbound(*commands):
    """Each command of unbound-control(8), without its program."""
    for command in commands:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(CONTROL)
            client.sendall(("UBCT1 " + command + "\n").encode())
            reply = b"".join(iter(lambda: client.recv(4096), b"")).decode()
        if not reply.startswith("ok"):
            raise Failure("unbound: %s: %s" % (command, reply.strip()))


def server(name):
    """The PID of "nsd", the authoritative server, or of "unbound"."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid) as file:
                words = file.read().split("\0")
            with open("/proc/%s/stat" % pid) as file:
                parent = file.read().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if "%s/%s.conf" % (HERE, name) in words and parent == "1":
            return int(pid)
    raise Failure("no " + name)


def nsd():
    """The PID of the authoritative server."""
    return server("nsd")


def serial(zone, text=None):
    """Of the zone as it is served, or as the text of its file has it."""
    if text is None:
        text = subprocess.run(
            ["dig", "@" + zones.NSD, "+norecurse", "+noall", "+answer", zone,
             "SOA"], capture_output=True, text=True, timeout=30).stdout
    found = re.search(r"\sSOA\s+\S+\s+\S+\s+(\d+)", text)
    return int(found[1]) if found else 0


def records(zone, owner, rtype, rdatas, ttl=zones.TTL):
    """Replace an RRset of a signed zone, and sign and load the zone anew."""
    path = "%s/zones/%s.zone" % (HERE, zone)
    with open(path) as file:
        lines = file.read().splitlines()
    old = serial(zone, "\n".join(lines))
    kept = []
    for line in lines:
        name, _, _, kind, rdata = (line.split(None, 4) + [""] * 5)[:5]
        if kind in ("RRSIG", "NSEC", "DNSKEY") or \
                (name, kind) == (owner + ".", rtype):
            continue
        if kind == "SOA":
            line = line.replace(" %d " % old, " %d " % (old + 1), 1)
        kept.append(line)
    kept += ["%s. %d IN %s %s" % (owner, ttl, rtype, rdata)
             for rdata in rdatas]
    with open(path, "w") as out:
        out.write("\n".join(kept) + "\n")
    signed = zones.sign(path, zone)
    with open(path, "w") as out:
        out.write(signed)
    os.kill(nsd(), signal.SIGHUP)
    await_true(lambda: serial(zone) == old + 1, LOAD_S, "zone " + zone)
    unbound("flush_zone " + zone)


class Changes:
    """The overrides in force; nothing changes before apply()."""

    def __init__(self):
        self.kinds = {"smtp": {}, "https": {}, "dns": {}}
        self.zones = set()

    def record(self, dest, fault):
        """What dnsfault.py answers for the MTA-STS record, from a row with a
        fault there."""
        self.kinds["dns"]["_mta-sts.%s TXT" % dest.domain] = fault
        self.zones.add(dest.domain)

    def policy(self, dest, **keys):
        """Keys of a policy host as build.py writes them: body, status, ..."""
        self.kinds["https"].setdefault("mta-sts." + dest.domain,
                                       {}).update(keys)

    def host(self, dest, words):
        """The behaviour of the first mail host."""
        self._host(dest)["smtp"] = words

    def certificate(self, dest, base):
        """The certificate of the first mail host: a name in pki/."""
        self._host(dest)["cert"] = base

    def _host(self, dest):
        return self.kinds["smtp"].setdefault(
            dest.fill(dest.hosts[0].name), {})

    def apply(self):
        with open(HERE + "/override.tmp", "w") as out:
            json.dump(self.kinds, out)
        os.rename(HERE + "/override.tmp", HERE + "/override.json")
        unbound(*("flush_zone " + zone for zone in sorted(self.zones)))
        self.zones.clear()
