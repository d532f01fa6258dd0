"""What the lab's servers saw; for programs that run inside the lab."""
import json
import re

from mta import HERE, read

QUERY = re.compile(r"info: \S+ (\S+) (\S+) IN$", re.M)


def queries():
    """{(name without the final dot, type)} that Unbound was asked."""
    return {(name.lower().rstrip("."), rtype) for name, rtype in
            QUERY.findall(read(HERE + "/unbound/unbound.log"))}


def events(server):
    """The events at the servers of a kind (smtp, https, dns), in order."""
    found = []
    for line in read(HERE + "/servers.log").splitlines():
        event = json.loads(line)
        if event["server"] == server:
            found.append(event)
    return found


def sni_at():
    """{address of a mail host: [names that TLS clients sent]}"""
    seen = {}
    for event in events("smtp"):
        if event["event"] == "tls":
            seen.setdefault(event["address"], []).append(event["sni"])
    return seen


def visited():
    """The names of mail hosts and policy hosts that were connected to."""
    return {event["host"] for server in ("smtp", "https")
            for event in events(server) if event["event"] == "connect"}


def policy_requests():
    """{policy host: [(SNI, request line)]}"""
    seen = {}
    for event in events("https"):
        if event["event"] == "request":
            seen.setdefault(event["host"], []).append(
                (event["sni"], event["line"]))
    return seen
