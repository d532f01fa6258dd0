#!/usr/bin/env python3
"""flood - datagrams as Postfix 3.10 tells of its TLS sessions, RATE of them a
second to SOCKET, until SIGTERM: then how many the kernel took, how many it
refused, and the seconds.

flood SOCKET RATE; flood SOCKET: take them and throw them away.
"""
import json
import signal
import socket
import sys
import time

TICKS = 1000  # a second
DATAGRAM = json.dumps({
    "d": "flood.test", "pr": "v=TLSRPTv1; rua=mailto:tls@flood.test",
    "policies": [{"policy-type": 9, "policy-domain": "flood.test", "t": 0,
                  "f": 0}]}).encode()


def drain(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(path)
        while True:
            inbox.recv(65536)


def flood(path, rate):
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    begin, sent, refused = time.monotonic(), 0, 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(path)
        print("floods", flush=True)
        while not ended:
            due = int((time.monotonic() - begin) * rate)
            while sent < due:
                sent += 1
                try:
                    out.send(DATAGRAM, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    refused += 1    # and go on, as Postfix does
            time.sleep(1 / TICKS)
    print(sent - refused, refused, time.monotonic() - begin, flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        flood(sys.argv[1], int(sys.argv[2]))
    else:
        drain(sys.argv[1])
