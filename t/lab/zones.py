"""The lab's DNS data: zone files, signatures, delegations.

Every name lives in the longest zone that holds it.  State of a zone:
signed    signed, DS in the parent
unsigned  not signed, no DS
bogus     signed, but the DS in the parent is of another key
lame      delegated to a server that refuses
silent    delegated to an address that never answers
absent    no zone of its own: the names live in the parent
ed448     signed with Ed448, which Debian's libunbound cannot validate
inside    the lab's Unbound alone knows it, unsigned: split DNS
"""
import base64
import calendar
import hashlib
import os
import re
import struct
import time
from concurrent.futures import ThreadPoolExecutor

from model import TLSA
from pki import read, run

NSD = "127.53.0.1"
BEHIND = "127.53.0.2"
SILENT = "127.53.0.99"
SIGNED = ("signed", "bogus", "ed448")
SERVERS = {"silent": SILENT, "lame": BEHIND}
TTL = 60
NEGATIVE_TTL = 5


class Zone:
    def __init__(self, name, state, server=NSD):
        self.name = name
        self.state = state
        self.server = server
        self.lines = []

    def add(self, owner, rtype, rdata):
        self.lines.append("%s %d IN %s %s" % (absolute(owner), TTL, rtype,
                                              rdata))


class Zones:
    def __init__(self, world, pki, folder):
        self.world = world
        self.pki = pki
        self.folder = folder
        self.zones = {"": Zone("", "signed")}
        self.faults = {}
        self.relays = set()

    def build(self):
        """Declare zones, fill them, delegate them, write and sign them."""
        os.makedirs(self.folder)
        for name, state in self.world.zones.items():
            self._declare(name, state)
        for dest in self.world.dests:
            self._declare(dest.domain, dest.zone)
            for name, state in dest.zones.items():
                self._declare(dest.fill(name), state)
        for dest in self.world.dests:
            self._faults(dest)
            self._records(dest)
        self._make_key()
        for zone in self.zones.values():
            self._delegate(zone)
        bogus, expired = {}, {}
        for dest in self.world.dests:
            self._collect(bogus, dest, dest.bogus)
            self._collect(expired, dest, dest.expired)
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            list(pool.map(lambda z: self._write(
                z, bogus.get(z.name, ()), expired.get(z.name, ())),
                          self.served()))

    def _collect(self, spoilt, dest, sets):
        """By zone: {(owner, type)} whose signatures are no good."""
        for name, rtype in sets:
            name = dest.fill(name)
            spoilt.setdefault(self._holding(name).name, set()).add(
                (absolute(name), rtype))

    def served(self, at=None):
        """The zones that the NSDs have, or one of them.  A zone behind the
        relay is on an NSD of its own: the one that has the parent too would
        answer for the child unasked."""
        return [z for z in self.zones.values()
                if z.state not in ("lame", "silent", "inside")
                and at in (None, (
                    BEHIND if z.server in self.relays else NSD))]

    def inside(self):
        """The zones that the lab's Unbound has."""
        return [z for z in self.zones.values() if z.state == "inside"]

    def anchor(self):
        """The trust anchor of the lab's root."""
        return ". IN DNSKEY " + self.zones[""].dnskey + "\n"

    def _declare(self, name, state):
        if state != "absent":
            assert name not in self.zones, name
            self.zones[name] = Zone(name, state, SERVERS.get(state, NSD))

    def _holding(self, name, below=False):
        """The zone that holds a name; below: the zone around its cut."""
        labels = name.split(".") if name else []
        for i in range(1 if below else 0, len(labels) + 1):
            zone = self.zones.get(".".join(labels[i:]))
            if zone is not None:
                return zone
        return None

    def _faults(self, dest):
        """A zone with a fault is asked through the relay of dnsfault.py."""
        for (name, rtype), action in dest.faults.items():
            name = dest.fill(name)
            self.faults["%s %s" % (name, rtype)] = action
            self._holding(name).server = dest.dns_address()
            self.relays.add(dest.dns_address())

    def _add(self, owner, rtype, rdata):
        self._holding(owner).add(owner, rtype, rdata)

    def _records(self, dest):
        exchanges = dest.mx
        if exchanges is None:
            exchanges = ["%d %s." % (h.pref, dest.fill(h.name))
                         for h in dest.hosts if h.pref is not None]
        for text in exchanges:
            self._add(dest.domain, "MX", dest.fill(text))
        for host in dest.hosts:
            self._host(dest, host)
        for record in dest.records:
            owner, rtype, rdata = dest.fill(record).split(None, 2)
            self._add(owner.rstrip("."), rtype, rdata)
        if dest.sts is not None:
            self._sts(dest)

    def _host(self, dest, host):
        name = owner = dest.fill(host.name)
        for target in host.alias:
            target = dest.fill(target)
            self._add(owner, "CNAME", target + ".")
            owner = target
        addresses = dest.mail_addresses(host)
        for address, _, _ in addresses:
            self._add(owner, "AAAA" if ":" in address else "A", address)
        leaf = self.pki.want(addresses[0][2], names(dest, name)) \
            if addresses else None
        bases = {name: host.tlsa, **host.tlsa_at}
        for base, records in bases.items():
            for record in records:
                base = dest.fill(base)
                at = base if base.startswith(("_", "*.")) \
                    else "_%d._tcp.%s" % (host.port, base)
                if isinstance(record, TLSA):
                    self._add(at, "TLSA", self.pki.rdata(record, leaf))
                else:
                    self._add(at, *record)

    def _sts(self, dest):
        for record in dest.sts.txt:
            strings = [record] if isinstance(record, str) else record
            self._add("_mta-sts." + dest.domain, "TXT",
                      " ".join('"%s"' % s for s in strings))
        owner = "mta-sts." + dest.domain
        if dest.sts.alias:
            target = dest.fill(dest.sts.alias)
            self._add(owner, "CNAME", target + ".")
            owner = target
        if "no-address" not in dest.sts.https.split():
            self._add(owner, "A", dest.web_address())

    def _make_key(self):
        """One key of an algorithm for every zone: only its owner name
        differs."""
        folder = os.path.join(self.folder, "keys")
        os.makedirs(folder)
        for algorithm in ("ECDSAP256SHA256", "ED448"):
            zones = [z for z in self.zones.values()
                     if (z.state == "ed448") == (algorithm == "ED448")]
            if not zones:
                continue
            before = set(os.listdir(folder))
            run(["sh", "-c", "cd '%s' && ldns-keygen -r /dev/urandom "
                 "-a %s -k lab" % (folder, algorithm)])
            made, = (n for n in set(os.listdir(folder)) - before
                     if n.endswith(".key"))
            base = os.path.join(folder, made[:-4])
            text = read(base + ".key")
            for zone in zones:
                zone.private = base + ".private"
                zone.dnskey = text.split("DNSKEY", 1)[1].split(";")[0].strip()

    def _ds(self, zone):
        flags, protocol, algorithm, key = zone.dnskey.split(None, 3)
        rdata = struct.pack("!HBB", int(flags), int(protocol),
                            int(algorithm)) + base64.b64decode(key)
        tag = sum(b << 8 if i % 2 == 0 else b for i, b in enumerate(rdata))
        tag = (tag + (tag >> 16)) & 0xffff
        digest = hashlib.sha256(wire(zone.name) + rdata).hexdigest()
        if zone.state == "bogus":
            digest = digest[::-1]
        return "%d %s 2 %s" % (tag, algorithm, digest)

    def _delegate(self, zone):
        if zone.state == "inside":
            return
        server = "ns." + zone.name if zone.name else "ns"
        for at in (zone, self._holding(zone.name, below=True)):
            if at is not None:
                at.add(zone.name, "NS", server + ".")
                at.add(server, "A", zone.server)
        parent = self._holding(zone.name, below=True)
        if parent is not None and parent is not zone and \
                zone.state in SIGNED:
            parent.add(zone.name, "DS", self._ds(zone))

    def _write(self, zone, bogus, expired):
        path = self.path(zone)
        server = "ns." + zone.name if zone.name else "ns"
        soa = "%s %d IN SOA %s. hostmaster. 1 3600 600 864000 %d" % (
            absolute(zone.name), TTL, server, NEGATIVE_TTL)
        with open(path, "w") as out:
            out.write("\n".join([soa, *dict.fromkeys(zone.lines)]) + "\n")
        if zone.state not in SIGNED:
            return
        key = os.path.join(self.folder, "keys", zone.name or "root")
        with open(key + ".key", "w") as out:
            out.write("%s IN DNSKEY %s\n" % (absolute(zone.name),
                                             zone.dnskey))
        os.symlink(os.path.basename(zone.private), key + ".private")
        self._sign_faults(path, zone)
        signed = spoil(sign(path, zone.name), bogus)
        if expired:
            signed = age(signed, sign(path, zone.name, -2), expired)
        with open(path, "w") as out:
            out.write(signed)

    def _sign_faults(self, path, zone):
        """RDATA that a fault makes up is signed as if it stood in the zone:
        no server takes such a zone, but nothing in it is bogus."""
        for key, action in self.faults.items():
            word, _, data = action.partition("=")
            if word == "rdata" and self._holding(key.split()[0]) is zone:
                self.faults[key] = "answer=" + signed_answer(
                    path, zone.name, key, bytes.fromhex(data)).hex()

    def path(self, zone):
        return os.path.join(self.folder, (zone.name or "root") + ".zone")


def sign(path, name, last=None):
    """The text of a zone's file, signed with the key beside it since
    yesterday; last: before that, to so many days from now."""
    key = os.path.join(os.path.dirname(path), "keys", name or "root")
    dates = ["-i", day(-1)] if last is None else ["-i", day(last - 9), "-e",
                                                  day(last)]
    run(["ldns-signzone", *dates, "-o", absolute(name),
         "-f", path + ".signed", path, key])
    return read(path + ".signed")


def day(count):
    """The day that is so many from today, as ldns-signzone has it."""
    return time.strftime("%Y%m%d", time.gmtime(time.time() + 86400 * count))


def signed_answer(path, zone, key, data):
    """The two records of an answer, in the form of a message that asks for
    the first: RDATA for key, "name type", and the signature of that."""
    name, rtype = key.split()
    start = "%s %d IN %s " % (absolute(name), TTL, rtype)
    lines = [line for line in read(path).splitlines()
             if not line.startswith(start)]
    lines.append("%s\\# %d %s" % (start, len(data), data.hex()))
    with open(path + ".odd", "w") as out:
        out.write("\n".join(lines) + "\n")
    found = re.search(r"^%s\s+\d+\s+IN\s+RRSIG\s+%s\s+(.*)$" % (
        re.escape(absolute(name)), rtype), sign(path + ".odd", zone),
        flags=re.M)
    return record(TYPES[rtype], data) + record(
        TYPES["RRSIG"], signature(rtype, found[1].split()))


TYPES = {"A": 1, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28, "RRSIG": 46,
         "TLSA": 52}


def record(rtype, data):
    """A record whose owner is the name in the question."""
    return b"\xc0\x0c" + struct.pack("!HHIH", rtype, 1, TTL, len(data)) + data


def signature(rtype, fields):
    """RFC 4034 section 3.1, from the words of section 3.2."""
    algorithm, labels, ttl, ends, begins, tag, signer = fields[:7]
    times = [calendar.timegm(time.strptime(at, "%Y%m%d%H%M%S"))
             for at in (ends, begins)]
    return struct.pack("!HBBIIIH", TYPES[rtype], int(algorithm), int(labels),
                       int(ttl), *times, int(tag)) \
        + wire(signer.rstrip(".")) + base64.b64decode("".join(fields[7:]))


def signatures(owner, rtype):
    """A pattern of the line that has the signature of a set."""
    return r"^%s\s+\d+\s+IN\s+RRSIG\s+%s\s.*$" % (re.escape(owner), rtype)


def age(text, older, sets):
    """Replace the signature of each (owner, type) by the older one."""
    for owner, rtype in sets:
        found, = re.findall(signatures(owner, rtype), older, re.M | re.I)
        text, count = re.subn(signatures(owner, rtype), found, text,
                              flags=re.M | re.I)
        if count != 1:
            raise ValueError("no signature of %s %s" % (owner, rtype))
    return text


def spoil(text, sets):
    """Break the signature of each (owner, type)."""
    for owner, rtype in sets:
        pattern = r"^(%s\s+\d+\s+IN\s+RRSIG\s+%s\s.*\s)(\S)(\S{40,})$" % (
            re.escape(owner), rtype)
        text, count = re.subn(
            pattern, lambda m: m[1] + ("A" if m[2] != "A" else "B") + m[3],
            text, flags=re.M | re.I)
        if count != 1:
            raise ValueError("no signature of %s %s" % (owner, rtype))
    return text


def absolute(name):
    return name if name.endswith(".") else name + "."


def names(dest, host):
    """What "{d}" and "{h}" stand for, as certificates want it."""
    return {"{d}": dest.domain, "{h}": host}


def wire(name):
    out = b""
    for label in name.split(".") if name else []:
        out += bytes([len(label)]) + label.encode()
    return out + b"\0"
