"""What the lab's servers share: the built world, overrides, logs, threads.

world.json is what build.py made.  override.json may appear beside it at any
time: {"smtp": {HOST: {...}}, "https": {HOST: {...}}, "dns": {"NAME TYPE":
ACTION}} replaces single keys from the next connection or query on.
"""
import json
import os
import socket
import ssl
import struct
import threading
import time

IDLE_S = 60
ALERT = bytes.fromhex("15030300020228")
CBC_SHA2 = "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256"


class Live:
    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "world.json")) as file:
            self.world = json.load(file)
        self.log_lock = threading.Lock()
        self.lock = threading.Lock()
        self.override = {}
        self.stamp = None
        self.contexts = {}
        self.counter = 0

    def _refresh(self):
        path = os.path.join(self.folder, "override.json")
        try:
            stat = os.stat(path)
        except FileNotFoundError:
            self.override, self.stamp = {}, None
            return
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self.stamp:
            with open(path) as file:
                self.override = json.load(file)
            self.stamp = stamp

    def spec(self, kind, base):
        """A server's behaviour now: as built, then as overridden."""
        with self.lock:
            self._refresh()
            return {**base, **self.override.get(kind, {}).get(base["name"],
                                                              {})}

    def fault(self, key):
        with self.lock:
            self._refresh()
            changed = self.override.get("dns", {})
            return changed.get(key, self.world["faults"].get(key))

    def log(self, server, event, **more):
        line = json.dumps({"t": round(time.time(), 3), "server": server,
                           "event": event, **more})
        with self.log_lock:
            with open(os.path.join(self.folder, "servers.log"), "a") as out:
                out.write(line + "\n")

    def number(self):
        with self.lock:
            self.counter += 1
            return self.counter

    def context(self, cert, flags=(), sni=None, seen=None, second=None):
        """A TLS context; sni: {name: cert}; seen: called with the name; second:
        a certificate beside the first."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(CBC_SHA2 if "cbc" in flags
                            else "ALL:@SECLEVEL=0")
        if "tls10" in flags:
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1
        else:
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        if {"tls12", "cbc"} & set(flags):
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        for each in filter(None, (cert, second)):
            base = os.path.join(self.folder, "pki", each)
            context.load_cert_chain(base + ".chain", base + ".key")

        def switch(connection, name, _):
            if seen is not None:
                seen(name)
            if sni and name in sni:
                connection.context = self.context(sni[name], flags)
        context.sni_callback = switch
        return context


def listen(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen(128)
    return server


def spawn(function, *args):
    threading.Thread(target=guard, args=(function, *args),
                     daemon=True).start()


def guard(function, *args):
    """A client that goes away is no event."""
    try:
        function(*args)
    except OSError:
        pass


def reset(connection):
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
    connection.close()


def hold(connection):
    """Say nothing until the client leaves."""
    connection.settimeout(IDLE_S)
    while connection.recv(65536):
        pass


def drip(connection, data):
    """One byte a second."""
    for byte in data[:IDLE_S]:
        connection.sendall(bytes([byte]))
        time.sleep(1)
