"""What a test changes while the lab runs; see live.py.

Every change is seen by the next query: the lab's Unbound is told to forget
the zones that it has to do with.
"""
import json
import os
import socket

from mta import HERE, Failure

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
        self.kinds["smtp"][dest.fill(dest.hosts[0].name)] = {"smtp": words}

    def apply(self):
        with open(HERE + "/override.tmp", "w") as out:
            json.dump(self.kinds, out)
        os.rename(HERE + "/override.tmp", HERE + "/override.json")
        unbound(*("flush_zone " + zone for zone in sorted(self.zones)))
        self.zones.clear()
