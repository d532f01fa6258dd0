#!/usr/bin/env python3
"""faults - what may break around posternd, each with its expected outcome.

Two rules hold for all: what cannot be known is a temperror with a reason,
never a pass and never a fail; and when the fault is over, so is its effect.
TAP.  Faults that are tested elsewhere:

    store full, read-only, damaged; SIGKILL while it writes     sts_cache
    store deleted or replaced while it runs, on a torn disk     store.c
    syslog, clock, descriptors and threads of the machine       machine
    a time that has passed: policies, failures, deadlines       sts_cache,
                                                       policies.c, pool.c
    a dialogue in the clear that ends after any octet           smtp.c
    silent, slow, endless mail hosts and policy hosts           world.py,
                                                       world_sts.py, https.c
    certificates and chains that are odd, changed, too long     x509.c, fuzz/
    DNS answers that are odd, changed, too long                 dns.c, fuzz/
    single names whose lookups fail                             world_dane.py
    HUP under load, TERM with a message in flight               posternd.t
    whatever a milter client sends                              peers
"""
import os
import re
import resource
import shutil
import signal
import smtplib
import struct
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import dnsfault
import evil
import faulty
import inside as lab
import mta
import tap
import world
from faulty import GOOD, PASS, PATIENT, Told, ask, passing, recovered
from milter_client import ready

UNKNOWN = ("temperror", "connect-failed")
NOT_KEPT = ("fail", "validation-failure")


# -- the resolver ------------------------------------------------------------

UNBOUND = [mta.HERE + "/bin/unbound", "-d", "-c", mta.HERE + "/unbound.conf"]


def unbound_pid():
    for name in filter(str.isdigit, os.listdir("/proc")):
        if mta.read("/proc/%s/cmdline" % name).split("\0")[0] == UNBOUND[0]:
            return int(name)
    return None


def is_free():
    try:
        dnsfault.bind_udp("127.0.0.1").close()
    except OSError:
        return False
    return unbound_pid() is None


def stop_unbound():
    os.kill(unbound_pid(), signal.SIGKILL)
    mta.await_true(is_free, 20, "the end of Unbound")


def start_unbound():
    lab.start("unbound", UNBOUND)
    mta.await_true(lambda: lab.rcode("127.0.0.1", "sender.example", 15) ==
                   (0, True), faulty.RECOVERY_S, "Unbound")


def resolver_restarts(out, resolver):
    """Dead: temperror.  Back: as before, within seconds."""
    with Told(out, "Resolver %s: the resolver dies and comes back"
              % resolver) as told:
        daemon = mta.Posternd("dead-" + resolver, PATIENT +
                              "DNSTimeout 2s\nResolver %s\n" % resolver)
        for domain in passing(1):
            told.same("before", ask(domain), PASS)
        stop_unbound()
        for domain in passing(2):
            result, reason = ask(domain)
            told.same("dead", result, "temperror")
            told.among("dead", reason, ("dns-timeout", "dns-servfail",
                                        "resolver-not-validating"))
        start_unbound()
        told.same("in the end", recovered(told), PASS)
        told.same("status", daemon.stop(), 0)


FOLLOW_S = 12


def followed(text):
    """Other nameservers, which posternd finds out by itself."""
    start = mta.syslog_size()
    mta.write("/etc/resolv.conf", text)
    mta.await_true(lambda: any(
        "event=reload faults=0 engine=new" in line
        for line in mta.syslog(start)), 4 * FOLLOW_S, "the new nameservers")


def resolv_conf_changes(out):
    """Without Nameservers, those of resolv.conf count from when they stand
    there."""
    kept = mta.read("/etc/resolv.conf")
    dead = kept.replace("127.0.0.1", "127.0.0.66")
    for resolver in ("embedded", "system"):
        extra = PATIENT + "DNSTimeout 1s\nResolver %s\n" % resolver
        with Told(out, "Resolver %s: resolv.conf changes" % resolver) as told:
            mta.write("/etc/resolv.conf", dead)
            daemon = mta.Posternd("follow-" + resolver, extra)
            told.same("dead", ask(GOOD)[0], "temperror")
            mta.write("/etc/resolv.conf", kept)
            daemon.reload(extra)
            told.same("at a reload", ask(GOOD), PASS)
            followed(dead)
            told.same("dead again", ask(GOOD)[0], "temperror")
            os.rename("/etc/resolv.conf", "/etc/resolv.conf.away")
            time.sleep(FOLLOW_S)
            mta.write("/etc/resolv.conf", "# as before\n" + dead)
            start = mta.syslog_size()
            time.sleep(FOLLOW_S)
            told.same("what is no news", [line for line in mta.syslog(start)
                                          if "event=reload" in line], [])
            followed(kept)
            told.same("by itself", ask(GOOD), PASS)
            told.same("status", daemon.stop(), 0)
    mta.write("/etc/resolv.conf", kept)


class Liar:
    """A resolver that answers every question alike, as answer says now."""

    def __init__(self):
        self.answer = None
        self.udp = threading.Thread(target=self.run, daemon=True, args=(
            dnsfault.bind_udp("127.0.0.1"),))
        self.udp.start()
        self.tcp = evil.Host("127.0.0.1", self.one, 53)

    def run(self, server):
        while self.answer is not DONE:
            server.settimeout(0.2)
            try:
                query, client = server.recvfrom(65535)
                server.sendto(self.answer(query), client)
            except TimeoutError:
                pass
        server.close()

    def one(self, connection):
        answer = self.answer(dnsfault.read_tcp(connection))
        connection.sendall(struct.pack("!H", len(answer)) + answer)

    def close(self):
        self.answer = DONE
        self.udp.join()
        self.tcp.close()


def DONE(_):
    return b""


def rcode(number):
    return lambda query: dnsfault.reply(query, dnsfault.question(query)[2],
                                        number)


LIES = {
    "SERVFAIL": rcode(2), "REFUSED": rcode(5), "NOTIMP": rcode(4),
    "FORMERR": rcode(1), "NXDOMAIN": rcode(3), "no records": rcode(0),
    "garbage": lambda query: query[:2] + b"\x81\x80" + b"\xff" * 40,
    "half a header": lambda query: query[:6]}


def resolver_lies(out):
    """Nothing of it is believed: not that there is no policy either."""
    daemon = mta.Posternd("lies", PATIENT + "DNSTimeout 1s\n")
    ask(GOOD)
    stop_unbound()
    liar = Liar()
    for what, liar.answer in LIES.items():
        with Told(out, "a resolver that answers %s to all" % what) as told:
            for domain in passing(1):
                result, reason = ask(domain)
                told.same("result", result, "temperror")
                out.say(reason)
    liar.close()
    with Told(out, "a resolver that is honest again") as told:
        start_unbound()
        told.same("in the end", recovered(told), PASS)
        told.same("status", daemon.stop(), 0)


# -- a peer that resets ------------------------------------------------------

FIRST_PORT = 10000
CUT_SERVER = ("127.0.0.1", 2525)


def cut_server():
    """A mail host that keeps DANE."""
    tls = evil.context(evil.built("cut"))
    return evil.Host(CUT_SERVER[0], evil.steps(
        b"220 mx1.cut.example\r\n", None,
        b"250-mx1.cut.example\r\n250 STARTTLS\r\n", None, b"220 go\r\n", tls,
        None, b"250 mx1.cut.example\r\n"), CUT_SERVER[1])


def hop(port):
    return "[mx1.cut.example]:%d" % port


def verdicts_of_many(ports, at_once=100):
    """The same for so many side by side, each batch in a message's time."""
    found = {}
    ports = list(ports)
    for first in range(0, len(ports), at_once):
        found.update(verdicts_at(ports[first:first + at_once]))
    return found


def verdicts_at(ports):
    """{port: (result, reason)} for next hops, side by side."""
    start = mta.syslog_size()
    with ready(mta.SOCKET) as client:
        client.begin("CUT")
        for port in ports:
            client.macros(b"R", "{rcpt_mailer}", "smtp", "{rcpt_host}",
                          hop(port))
            client.recipient("<u@p%d.cut.example>" % port)
        client.end()
    mta.await_true(lambda: any("CUT: event=message" in line
                               for line in mta.syslog(start)), 20,
                   "the last line")
    return {int(port): (result, reason) for port, result, reason in
            re.findall(r"domain=p(\d+)\.cut\.\S+ result=(\S+) .*"
                       r" reason=(\S+)", "\n".join(mta.syslog(start)))}


def resets(out):
    """Before STARTTLS is offered nothing is known; from then on, it is not
    kept.  Behind the handshake all is told."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = cut_server()
    whole = evil.Cutter("cut", CUT_SERVER, {FIRST_PORT: evil.WHOLE})
    daemon = mta.Posternd("cut", PATIENT + "MaxDomains 5000\n")
    with Told(out, "a mail host that resets after any octet is no pass") \
            as told:
        told.same("without a reset", verdicts_at([FIRST_PORT]),
                  {FIRST_PORT: PASS})
        offer, handshake = whole.turns[1], whole.turns[3]
        limits = {FIRST_PORT + i: i for i in range(1, handshake)}
        evil.Cutter("cut", CUT_SERVER, limits)
        found = verdicts_of_many(limits)
        told.same("verdicts", len(found), len(limits))
        for port, got in found.items():
            told.same("after %d octets" % limits[port], got,
                      UNKNOWN if limits[port] < offer else NOT_KEPT)
        out.say("%d resets; the client speaks after %s octets"
                % (len(found), whole.turns))
        told.same("status", daemon.stop(), 0)
    server.close()


# -- much of all --------------------------------------------------------------

def offers(tls):
    """A mail host in order up to its certificates."""
    return evil.steps(b"220 x\r\n", None, b"250-x\r\n250 STARTTLS\r\n", None,
                      b"220 go\r\n", tls, None, b"250 x\r\n")


def long_chain(count):
    """The certificate that TLSA names, and others behind it."""
    base = evil.built("huge-chain")
    with open(evil.PKI + "long.chain", "w") as out:
        out.write(mta.read(base + ".pem") +
                  mta.read(evil.PKI + "ca/webpki-int.pem") * count)
    shutil.copy(base + ".key", evil.PKI + "long.key")
    return evil.context(evil.PKI + "long")


GROWTH_KB = 64 * 1024


class Watched:
    """A posternd that must not grow by what it is sent."""

    def __init__(self, name):
        self.daemon = mta.Posternd(name, PATIENT)
        ask(GOOD)
        self.before = self.peak_kb()

    def peak_kb(self):
        status = mta.read("/proc/%d/status" % self.daemon.process.pid)
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])

    def stop(self, told):
        grown = self.peak_kb() - self.before
        told.out.say("grown by %d KiB" % grown)
        # a sanitizer multiplies it
        told.same("it grows by %d KiB" % grown,
                  grown > max(GROWTH_KB, 3 * self.before), False)
        told.same("status", self.daemon.stop(), 0)


def much(out):
    """A verdict, not for want of time; and memory that does not grow."""
    line = b"250-" + b"x" * 500 + b"\r\n"
    host = evil.Host(evil.address_of("huge-ehlo"), evil.steps(
        b"220 x\r\n", None, line * (10000000 // len(line))))
    for name, expected in (("huge-names", PASS), ("huge-tlsa", PASS),
                           ("huge-ehlo", UNKNOWN)):
        with Told(out, world.WORLD.find(name).what) as told:
            watched = Watched("much")
            told.same("verdict", ask(name + ".example"), expected)
            watched.stop(told)
    host.close()
    for count, expected in ((99, PASS), (1000, NOT_KEPT)):
        chain = evil.Host(evil.address_of("huge-chain"),
                          offers(long_chain(count)))
        with Told(out, "%d certificates" % (count + 1)) as told:
            watched = Watched("chain")
            told.same("verdict", ask("huge-chain.example"), expected)
            watched.stop(told)
        chain.close()


# -- SIGKILL under load --------------------------------------------------------

def deliver(number, seconds=90):
    """Send until it is taken or refused for good, as any client does: the
    message, the last reply, and how often it was sent."""
    domain = "dane-mismatch.example" if number % 3 == 0 else GOOD
    sent = mta.Sent(["user@" + domain], "<killed.%d@sender.example>" % number)
    time.sleep(0.2)  # so that all together outlast the kills
    end = time.monotonic() + seconds
    tries = 0
    while time.monotonic() < end:
        tries += 1
        try:
            mta.send_utf8(sent)
        except (OSError, smtplib.SMTPException):
            pass
        reply = sent.final or "".join(sent.replies.values())
        # 503: it was MAIL that was refused for now
        if reply[:1] in ("2", "5") and not reply.startswith("503"):
            return sent, reply, tries
        sent.replies.clear()
        sent.final = ""
        time.sleep(0.1)
    return sent, "never", tries


def killed(out):
    """Postfix answers for now what posternd did not: nothing is lost, nothing
    comes twice, nothing goes out without a tag."""
    extra = PATIENT + "On-Fail reject\nOn-TempError defer\n"
    with Told(out, "killed again and again under load: each message is "
              "delivered once, or refused") as told:
        daemon = mta.Posternd("killed-0", extra)
        with ThreadPoolExecutor(6) as pool:
            waiting = [pool.submit(deliver, number) for number in range(120)]
            for life in range(1, 9):
                time.sleep(0.5)
                daemon.kill()
                time.sleep(0.4)
                daemon = mta.Posternd("killed-%d" % life, extra)
            results = [one.result() for one in waiting]
        tries = sum(tries - 1 for _, _, tries in results)
        out.say("%d messages, %d tries more" % (len(results), tries))
        told.same("some are sent again", tries > 0, True)
        for sent, reply, _ in results:
            refused = "mismatch" in sent.recipients[0]
            told.same(sent.message_id, reply[:3], "550" if refused else "250")
            if not refused:
                mta.await_true(lambda s=sent: mta.in_sink(
                    s.message_id, "head"), mta.DELIVERY_S, "its copy")
            copies = mta.in_sink(sent.message_id, "head")
            told.same("copies of " + sent.message_id, len(copies),
                      0 if refused else 1)
            for _, message in copies:
                told.same("tags", len(mta.headers(message,
                                                  "X-TLS-Precheck")), 1)
        told.same("status", daemon.stop(), 0)


# -- the run -----------------------------------------------------------------

PARTS = (lambda out: resolver_restarts(out, "embedded"),
         lambda out: resolver_restarts(out, "system"),
         resolv_conf_changes, resolver_lies,
         resets, much, killed)


def inside():
    out = tap.Tap()
    try:
        for part in PARTS:
            part(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside))
