"""A signed root with one delegation, "lab", that is not: what a validator asks
of it, ready to send."""
import base64
import calendar
import glob
import struct
import time

from pki import run

TTL = 3600
TYPES = {"NS": 2, "SOA": 6, "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48}
ZONE = """. %(ttl)d IN SOA ns.lab. h.lab. 1 3600 600 86400 %(ttl)d
. %(ttl)d IN NS ns.lab.
lab. %(ttl)d IN NS ns.lab.
""" % {"ttl": TTL}


def wire(name):
    labels = [x for x in name.split(".") if x]
    return b"".join(bytes([len(x)]) + x.encode() for x in labels) + b"\0"


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y%m%d%H%M%S"))


def bitmap(types):
    bits = bytearray(max(types) // 8 + 1)
    for number in types:
        bits[number // 8] |= 128 >> number % 8
    return bytes([0, len(bits)]) + bytes(bits)


def rdata(rtype, words):
    if rtype == "DNSKEY":
        return struct.pack("!HBB", *map(int, words[:3])) + \
            base64.b64decode(words[3])
    if rtype == "RRSIG":
        return struct.pack("!HBBIIIH", TYPES[words[0]], *map(int, words[1:4]),
                           seconds(words[4]), seconds(words[5]),
                           int(words[6])) + wire(words[7]) + \
            base64.b64decode(words[8])
    if rtype == "NSEC":
        return wire(words[0]) + bitmap([TYPES[x] for x in words[1:]])
    return wire(words[0]) + wire(words[1]) + \
        struct.pack("!IIIII", *map(int, words[2:7]))


class Root:
    """anchor: its trust anchor; keys, denial: the records that answer for its
    DNSKEY, and for the DS of "lab" that there is none."""

    def __init__(self, folder):
        run(["sh", "-c", "cd '%s' && ldns-keygen -k -a ECDSAP256SHA256 ."
             % folder])
        key = glob.glob(folder + "/K*.key")[0]
        with open(folder + "/zone", "w") as out:
            out.write(ZONE)
        run(["ldns-signzone", "-i", time.strftime(
            "%Y%m%d", time.gmtime(time.time() - 86400)), "-o", ".",
            "-f", folder + "/signed", folder + "/zone", key[:-len(".key")]])
        with open(key) as file:
            self.anchor = file.read()
        self.keys, self.denial = [], []
        with open(folder + "/signed") as file:
            for line in file:
                self._take(line.partition(";")[0].split())

    def _take(self, words):
        owner, rtype = words[0], words[3]
        what = words[4] if rtype == "RRSIG" else rtype
        if rtype not in ("DNSKEY", "RRSIG", "NSEC", "SOA"):
            return
        data = rdata(rtype, words[4:])
        record = wire(owner) + struct.pack(
            "!HHIH", TYPES[rtype], 1, TTL, len(data)) + data
        if what == "DNSKEY":
            self.keys.append(record)
        elif what == "SOA" or (what == "NSEC" and owner == "lab."):
            self.denial.append(record)
