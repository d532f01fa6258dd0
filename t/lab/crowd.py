"""Very many destinations, made up from their names as they are asked for.

A name server with the AD bit and mail hosts in one process, for a network
namespace of its own; no signatures, but for those of a root that is given.
KIND-N.test; from N 65536 on their addresses come again:

good    answers at once, without STARTTLS
warm    the same, and what is not there may be remembered for an hour
drip    its mail host says a byte a second
mute    its name servers never answer
late    as good, but an answer is there first some time after the question
web     as good, but the policy host says nothing
farm    each has an MX of its own; all are one address, which takes a while
"""
import resource
import selectors
import socket
import struct
import threading
import time

NAMESERVER = "127.53.0.1"
BLOCKS = {"good": "127.81", "drip": "127.82", "web": "127.83",
          "farm": "127.84"}
FARM_S = 0.5
LATE_S = 3.5   # under DNSTimeout, over what a resolver may wait of itself
SOA = b"\4test\0" + struct.pack("!HHIH", 6, 1, 3600, 22) + b"\0\0" + \
    struct.pack("!IIIII", 1, 3600, 600, 86400, 3600)
TYPES = {1: "A", 15: "MX", 16: "TXT", 43: "DS", 48: "DNSKEY"}
TTL = 3600


def question(query):
    """([labels], type, offset behind the question)."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return labels, struct.unpack_from("!H", query, at + 1)[0], at + 5


def wire(labels):
    return b"".join(bytes([len(x)]) + x.encode() for x in labels) + b"\0"


def address(kind, number):
    block = BLOCKS["good" if kind in ("web", "warm", "late") else kind]
    if kind == "farm":
        number = 1
    return socket.inet_aton("%s.%d.%d" % (block, number >> 8 & 255,
                                          number & 255))


def rdata(labels, rtype):
    """RDATA of the only record; "" for none, None for no answer at all."""
    if not labels:
        return b"\1\1\3\x0d" + b"k" * 32 if rtype == "DNSKEY" else b""
    if len(labels) < 2:
        return b""
    kind, _, number = labels[-2].partition("-")
    if number and not number.isdigit():
        return b""  # none of the crowd, as the names of BogusNames
    number = int(number or 0)
    if kind == "mute":
        return None
    host = labels[:-2]
    if rtype == "MX" and not host:
        return b"\0\12" + wire(["mx"] + labels)
    if rtype == "A" and host == ["mx"]:
        return address(kind, number)
    if rtype == "A" and host == ["mta-sts"] and kind == "web":
        return socket.inet_aton("127.83.%d.%d" % (number >> 8, number & 255))
    if rtype == "TXT" and host == ["_mta-sts"] and kind == "web":
        return b"\x0ev=STSv1; id=1;"
    return b""


def signed(labels, rtype, root):
    """What the root says: (answer, authority), or None for another's name."""
    if root and not labels and rtype == "DNSKEY":
        return root.keys, []
    if root and labels == ["lab"] and rtype == "DS":
        return [], root.denial
    return None


def answer(query, root):
    labels, number, end = question(query)
    records = signed(labels, TYPES.get(number), root)
    if records is not None:
        return query[:2] + struct.pack(
            "!HHHHH", 0x81a0, 1, *map(len, records), 0) + query[12:end] + \
            b"".join(records[0] + records[1])
    data = rdata(labels, TYPES.get(number))
    if data is None:
        return None
    denied = not data and len(labels) > 1 and \
        labels[-2].startswith("warm-")
    head = query[:2] + struct.pack("!HHHHH", 0x81a0, 1, bool(data), denied, 0)
    if denied:
        return head + query[12:end] + SOA
    if not data:
        return head + query[12:end]
    return head + query[12:end] + b"\xc0\x0c" + \
        struct.pack("!HHIH", number, 1, TTL, len(data)) + data


class Crowd:
    """The servers; most: connections to the farm at once, ever."""

    def __init__(self, root=None):
        self.root = root
        self.known = {}  # when, by what was asked
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.lock = threading.Lock()
        self.at_farm = self.most = 0
        names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        names.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
        names.bind((NAMESERVER, 53))
        threading.Thread(target=self.names, args=(names,),
                         daemon=True).start()
        threading.Thread(target=self.accept, daemon=True).start()

    def names(self, server):
        while True:
            query, client = server.recvfrom(4096)
            reply = answer(query, self.root)
            if reply is None:
                continue
            wait = self.wait_for(question(query)[:2])
            if wait > 0:
                threading.Timer(wait, server.sendto, (reply, client)).start()
            else:
                server.sendto(reply, client)

    def wait_for(self, asked):
        """Of a question: the seconds until its answer is there."""
        if len(asked[0]) < 2 or not asked[0][-2].startswith("late-"):
            return 0
        now = time.monotonic()
        return self.known.setdefault(str(asked), now + LATE_S) - now

    def accept(self):
        selector = selectors.DefaultSelector()
        for port in (25, 443):
            server = socket.create_server(("0.0.0.0", port), backlog=4096)
            selector.register(server, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                connection, _ = key.fileobj.accept()
                threading.Thread(target=self.serve, args=(connection,),
                                 daemon=True).start()

    def serve(self, connection):
        block = connection.getsockname()[0].rsplit(".", 2)[0]
        try:
            with connection:
                connection.settimeout(60)
                if block == BLOCKS["good"]:
                    talk(connection)
                elif block == BLOCKS["farm"]:
                    self.farm(connection)
                elif block == BLOCKS["drip"]:
                    drip(connection)
                else:
                    while connection.recv(4096):
                        pass
        except OSError:
            pass

    def farm(self, connection):
        with self.lock:
            self.at_farm += 1
            self.most = max(self.most, self.at_farm)
        time.sleep(FARM_S)
        # from here on the client may be gone before we see it
        with self.lock:
            self.at_farm -= 1
        talk(connection)


def talk(connection):
    connection.sendall(b"220 mx ESMTP\r\n")
    while (line := connection.recv(4096)):
        connection.sendall(b"221 bye\r\n" if line.startswith(b"QUIT")
                           else b"250 mx\r\n")


def drip(connection):
    while True:
        connection.sendall(b"2")
        time.sleep(1)
