"""MTA-STS policy hosts that misbehave as told, and take what is posted.

Behaviour words ("ok" is none of them):
no-address  the name has none     refuse   nothing listens
hang        never handshakes      reset    RST after the ClientHello
alert       a TLS alert instead of the ServerHello
stall       no answer to the GET  drip     body at a byte a second
wait        no answer as long as it is told this
chunked     chunked, no length    gzip     compressed unasked
no-ctype    no Content-Type       big      body padded to 64 KiB and 1
tls12       highest version
"""
import gzip
import json
import os
import time

from live import ALERT, drip, hold, listen, reset, spawn

REQUEST_MAX = 65536
BIG = 65537


def request(connection):
    """The lines of the head, and what came behind it."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(4096)
        if not part or len(data) > REQUEST_MAX:
            return None
        data += part
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), rest


def agent_of(head):
    return next((line.split(b":", 1)[1].strip().decode("latin-1")
                 for line in head if line.lower().startswith(b"user-agent:")),
                None)


def take_post(live, spec, connection, head, rest):
    """Keep what is posted in posted/NNNN, and answer with the status that
    "post" is, 201 where nothing else is wanted."""
    size = int(next(line.split(b":")[1] for line in head
                    if line.lower().startswith(b"content-length:")))
    while len(rest) < size:
        part = connection.recv(65536)
        if not part:
            return
        rest += part
    folder = os.path.join(live.folder, "posted")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "%04d" % live.number())
    with open(path + ".json", "w") as out:
        json.dump([line.decode("latin-1") for line in head], out)
    with open(path + ".tmp", "wb") as out:
        out.write(rest[:size])
    os.rename(path + ".tmp", path + ".gz")
    connection.sendall(("HTTP/1.1 %d Lab\r\nConnection: close\r\n"
                        "Content-Length: 0\r\n\r\n"
                        % spec.get("post", 201)).encode())


def body_of(spec, flags):
    body = spec["body"].encode()
    if "big" in flags:
        body += b"note: "
        body += b"x" * (BIG - len(body) - 1) + b"\n"
    if "gzip" in flags:
        body = gzip.compress(body)
    return body


def answer(connection, spec, flags, path):
    body = body_of(spec, flags)
    status = spec["status"]
    if path != "/.well-known/mta-sts.txt":
        status = 404
    head = ["HTTP/1.1 %d Lab" % status, "Connection: close"]
    if "no-ctype" not in flags:
        head.append("Content-Type: " + spec["ctype"])
    if "gzip" in flags:
        head.append("Content-Encoding: gzip")
    if "chunked" in flags:
        head.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in
                        (body[i:i + 4096] for i in range(0, len(body), 4096))
                        ) + b"0\r\n\r\n"
    else:
        head.append("Content-Length: %d" % len(body))
    head += spec["headers"]
    head = "\r\n".join(head + ["", ""]).encode()
    if "drip" in flags:
        connection.sendall(head)
        drip(connection, body)
    else:
        connection.sendall(head + body)


def serve(live, host, connection):
    spec = live.spec("https", host)
    flags = spec["https"].split()
    seen = []
    with connection:
        connection.settimeout(60)
        live.log("https", "connect", host=spec["name"])
        if "hang" in flags:
            hold(connection)
            return
        if "reset" in flags:
            connection.recv(65536)
            reset(connection)
            return
        if "alert" in flags:
            connection.recv(65536)
            connection.sendall(ALERT)
            return
        context = live.context(spec["cert"], flags, seen=seen.append)
        try:
            connection = context.wrap_socket(connection, server_side=True)
        except OSError as error:
            live.log("https", "handshake", host=spec["name"], sni=seen[-1:],
                     error=str(error))
            raise
        with connection:
            asked = request(connection)
            line = asked and asked[0][0].decode("latin-1")
            live.log("https", "request", host=spec["name"], sni=seen[-1:],
                     line=line, agent=asked and agent_of(asked[0]))
            if line is None:
                return
            if "stall" in flags:
                hold(connection)
                return
            while "wait" in live.spec("https", host)["https"].split():
                time.sleep(0.02)
            if line.startswith("POST "):
                take_post(live, spec, connection, *asked)
            else:
                answer(connection, spec, flags, line.split(" ")[1])
            connection.unwrap()


def start(live, accepts):
    for host in live.world["https"]:
        if not {"refuse", "no-address"} & set(host["https"].split()):
            accepts[listen(host["address"], 443)] = \
                lambda c, h=host: spawn(serve, live, h, c)
