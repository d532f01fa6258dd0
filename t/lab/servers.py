"""All servers of the lab that are written in Python, in one process."""
import os
import resource
import selectors
import socket
import sys

sys.dont_write_bytecode = True

import dnsfault
import httpsd
import smtpsink
from live import Live

FACILITIES = {0: "kern", 1: "user", 2: "mail", 3: "daemon", 4: "auth",
              5: "syslog"}
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info",
              "debug")


def readable(datagram):
    """"mail.notice ..." for "<21>..."."""
    text = datagram.decode("utf-8", "replace").rstrip("\n\0")
    head, bracket, rest = text.partition(">")
    if not bracket or not head[1:].isdigit():
        return "user.notice " + text
    number = int(head[1:])
    facility = FACILITIES.get(number >> 3, "local%d" % ((number >> 3) - 16))
    return "%s.%s %s" % (facility, SEVERITIES[number & 7],
                         rest.replace("\n", "\\n"))


def syslog(folder):
    """A process of its own, for the servers keep this one busy."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind("/dev/log")
    os.chmod("/dev/log", 0o666)

    if os.fork() > 0:
        server.close()
        return
    with open(os.path.join(folder, "syslog"), "a", buffering=1) as out:
        while True:
            out.write(readable(server.recv(65536)) + "\n")


def main(folder):
    syslog(folder)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    live = Live(folder)
    accepts = {}
    for module in (smtpsink, httpsd, dnsfault):
        module.start(live, accepts)
    selector = selectors.DefaultSelector()
    for server, handle in accepts.items():
        selector.register(server, selectors.EVENT_READ, handle)
    open(os.path.join(folder, "servers.ready"), "w").close()
    while True:
        for key, _ in selector.select():
            connection, _ = key.fileobj.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            key.data(connection)


if __name__ == "__main__":
    main(sys.argv[1])
