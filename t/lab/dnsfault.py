"""A relay before NSD that spoils single answers, and servers that are mute.

A fault belongs to a name and a type: servfail, refused, notimp, formerr,
nodata and nxdomain (both without a proof), drop, delay=SECONDS, txt=STRING
(an unsigned answer of its own), rdata=HEX (the only record, signed as the zone
is; zones.py makes "answer=" of it), or pass (none yet: what NSD says, for
answers that change while the lab runs).
"""
import socket
import struct
import threading
import time

from live import hold, listen, spawn
from zones import BEHIND

NSD = (BEHIND, 53)
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 15: "MX", 16: "TXT",
         28: "AAAA", 43: "DS", 48: "DNSKEY", 52: "TLSA"}
RCODES = {"nodata": 0, "formerr": 1, "servfail": 2, "nxdomain": 3,
          "notimp": 4, "refused": 5}


def question(query):
    """(name, type, offset behind the question section)."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    rtype, = struct.unpack_from("!H", query, at + 1)
    return ".".join(labels).lower(), TYPES.get(rtype, str(rtype)), at + 5


def reply(query, end, rcode, count=0, answer=b""):
    flags = 0x8400 | (query[2] & 1) << 8 | rcode
    return query[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0) \
        + query[12:end] + answer


def txt(text):
    data = text.encode()
    parts = b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255]
                     for i in range(0, len(data), 255))
    return b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 1, len(parts)) + parts


def resolve(live, query, ask):
    """The answer to a query, or None; ask passes it to NSD."""
    name, rtype, end = question(query)
    fault = live.fault("%s %s" % (name, rtype))
    live.log("dns", "query", name=name, type=rtype, fault=fault)
    if fault in (None, "pass"):
        return ask(query)
    if fault == "drop":
        return None
    if fault in RCODES:
        return reply(query, end, RCODES[fault])
    key, _, value = fault.partition("=")
    if key == "delay":
        time.sleep(float(value))
        return ask(query)
    if key == "txt":
        return reply(query, end, 0, 1, txt(value))
    if key == "answer":
        return reply(query, end, 0, 2, bytes.fromhex(value))
    raise ValueError(fault)


def ask_udp(query):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
        upstream.settimeout(3)
        upstream.sendto(query, NSD)
        return upstream.recv(65535)


def ask_tcp(query):
    with socket.create_connection(NSD, timeout=3) as upstream:
        upstream.sendall(struct.pack("!H", len(query)) + query)
        return read_tcp(upstream)


def read_tcp(connection):
    size, = struct.unpack("!H", exactly(connection, 2))
    return exactly(connection, size)


def exactly(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise OSError("closed")
        data += part
    return data


def serve_udp(live, server):
    def one(query, client):
        answer = resolve(live, query, ask_udp)
        if answer is not None:
            server.sendto(answer, client)
    while True:
        query, client = server.recvfrom(65535)
        spawn(one, query, client)


def serve_tcp(live, connection):
    with connection:
        connection.settimeout(10)
        while True:
            answer = resolve(live, read_tcp(connection), ask_tcp)
            if answer is None:
                hold(connection)
            connection.sendall(struct.pack("!H", len(answer)) + answer)


def bind_udp(address):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    return server


def start(live, accepts):
    for address in live.world["relays"]:
        threading.Thread(target=serve_udp, args=(live, bind_udp(address)),
                         daemon=True).start()
        accepts[listen(address, 53)] = lambda c: spawn(serve_tcp, live, c)
    # A bound socket that no one reads: without it the kernel would answer
    # "port unreachable", which a resolver takes for an answer.
    live.mute = bind_udp(live.world["silent"])
    accepts[listen(live.world["silent"], 53)] = lambda c: spawn(hold, c)
