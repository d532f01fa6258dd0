#!/usr/bin/env python3
"""flood - datagrams as Postfix 3.10 tells of its TLS sessions, RATE of them a
second to SOCKET, until it is killed.

flood SOCKET RATE; flood SOCKET: take them and throw them away.
"""
import json
import socket
import sys
import time

TICKS = 100  # a second
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
    begin, sent = time.monotonic(), 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(path)
        print("floods", flush=True)
        while True:
            due = int((time.monotonic() - begin) * rate)
            for _ in range(due - sent):
                try:
                    out.send(DATAGRAM, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    pass    # as Postfix does
            sent = due
            time.sleep(1 / TICKS)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        flood(sys.argv[1], int(sys.argv[2]))
    else:
        drain(sys.argv[1])
