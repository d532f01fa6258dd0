"""Mail hosts that a test plays itself, at addresses of world_peers.py."""
import fcntl
import json
import os
import selectors
import socket
import ssl
import struct
import subprocess
import termios
import threading
import time

import world
from live import guard, listen, reset, spawn
from mta import HERE
from pki import CONFIG

IDLE_S = 30
WHOLE = 1 << 30
PKI = HERE + "/pki/"


class Host:
    """Serves each connection to an address by a function of its own."""

    def __init__(self, address, serve, port=25):
        self.serve = serve
        self.server = listen(address, port)
        self.thread = threading.Thread(target=guard, args=(self.run,),
                                       daemon=True)
        self.thread.start()

    def run(self):
        while True:
            connection, _ = self.server.accept()
            connection.settimeout(IDLE_S)
            threading.Thread(target=guard, args=(self.one, connection),
                             daemon=True).start()

    def one(self, connection):
        with connection:
            self.serve(connection)

    def close(self):
        """The address is free then: who waits in accept() is woken."""
        self.server.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.server.close()


def address_of(name):
    """The first address of the first mail host of a destination."""
    dest = world.WORLD.find(name)
    return dest.mail_addresses(dest.hosts[0])[0][0]


def built(name):
    """The files of the certificate that build.py made for it."""
    with open(HERE + "/world.json") as file:
        for host in json.load(file)["smtp"]:
            if host["address"] == address_of(name):
                return os.path.join(PKI, host["cert"])
    raise KeyError(name)


def context(base):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(base + ".chain", base + ".key")
    return made


def certificate(name, subject, issuer=None, newkey=("rsa:2048",)):
    """Base of the files of a certificate whose subject has any octets; issuer:
    one of the lab's CAs."""
    base = PKI + name
    with open(base + ".cnf", "w") as out:
        out.write(CONFIG.format(cn="x", ext="basicConstraints=CA:FALSE",
                                base=base, dir=PKI))
    signer = ["-CA", PKI + "ca/%s.pem" % issuer, "-CAkey",
              PKI + "ca/%s.key" % issuer] if issuer else []
    subprocess.run(["openssl", "req", "-batch", "-config", base + ".cnf",
                    "-newkey", *newkey, "-nodes", "-keyout", base + ".key",
                    "-x509", *signer, "-days", "30", "-subj", subject,
                    "-multivalue-rdn", "-utf8", "-out", base + ".chain"],
                   check=True, capture_output=True, timeout=60)
    if issuer:
        with open(base + ".chain", "a") as out, \
                open(PKI + "ca/%s.pem" % issuer) as chain:
            out.write(chain.read())
    return base


def steps(*what):
    """Serve: octets are said, None reads, a TLS context is a handshake."""
    def serve(connection):
        for step in what:
            if step is None:
                connection.recv(65536)
            elif isinstance(step, bytes):
                connection.sendall(step)
            else:
                connection = step.wrap_socket(connection, server_side=True)
        while connection.recv(65536):
            connection.sendall(b"250 ok\r\n")
    return serve


class Cutter:
    """The address of a destination's host: passes dialogues on to a target,
    and resets them after so many octets of the server's; limits: {port: octets
    to pass, WHOLE for all}."""

    def __init__(self, name, target, limits):
        self.target = target
        self.turns = []  # octets of the server's when its client speaks
        self.selector = selectors.DefaultSelector()
        for port, limit in limits.items():
            self.selector.register(listen(address_of(name), port),
                                   selectors.EVENT_READ, limit)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            for key, _ in self.selector.select():
                spawn(self.serve, key.fileobj.accept()[0], key.data)

    def serve(self, client, limit):
        turns = []
        with client, socket.create_connection(self.target) as server, \
                selectors.DefaultSelector() as both:
            for side in (client, server):
                both.register(side, selectors.EVENT_READ)
            while limit > 0:
                side = next((key.fileobj for key, _ in
                             both.select(IDLE_S)), client)
                data = side.recv(min(65536, limit))
                if not data:
                    break
                if side is client:
                    turns.append(WHOLE - limit)
                    server.sendall(data)
                else:
                    limit -= len(data)
                    client.sendall(data)
            if limit > 0:
                self.turns = turns
            drain(client)
            reset(client)


def drain(connection):
    """Until all has left: what is still here would be lost by a reset."""
    end = time.monotonic() + 2
    left = 1
    while left and time.monotonic() < end:
        left, = struct.unpack("I", fcntl.ioctl(connection, termios.TIOCOUTQ,
                                               b"\0" * 4))
        time.sleep(0.001)
