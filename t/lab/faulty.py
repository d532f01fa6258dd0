"""Messages to destinations that are in order, while a fault is there and when
it is over; for programs that run inside the lab."""
import time

import mta
import world
from milter_client import Client, Gone

GOOD = "dane-ee.example"
RECOVERY_S = 60

# On a busy machine all things take long.
PATIENT = "Store none\nProbeTimeout 10s\nMessageWait 40s\nRcptWait 40s\n"


class Told:
    """What is wrong, in words, and one test at the end."""

    def __init__(self, out, name):
        self.out = out
        self.name = name
        self.problems = []
        self.begun = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind in (Gone, mta.Failure):
            self.problems.append("%s: %s" % (kind.__name__, error))
        elif kind is not None:
            return False
        self.out.test(not self.problems, self.name, self.problems)
        self.out.say("%.1f s" % (time.monotonic() - self.begun))
        return True

    def same(self, what, got, wanted):
        if got != wanted:
            self.problems.append("%s: %r, expected %r" % (what, got, wanted))

    def among(self, what, got, wanted):
        if got not in wanted:
            self.problems.append("%s: %r, expected one of %r" % (what, got,
                                                                 wanted))


def ask(domain, queue_id="Q", patience_s=90):
    """(result, reason) of a message to a domain, as its tag has it."""
    with Client(mta.SOCKET) as client:
        client.socket.settimeout(patience_s)
        client.negotiate()
        tag = client.message(domain, queue_id)
    items = (tag or "").split("\n d=")[1:]
    parts = items[0].split("/") if items else ["", "no tag", "", ""]
    return parts[1], parts[3]


def passing(count):
    """Domains that are in order by DANE, none of them asked for yet."""
    found = [d.domain for d in world.WORLD.dests if d.expect and
             d.expect.result == "pass" and d.expect.policy == "tlsa" and
             d.zone == "signed" and not d.relay and not d.zones]
    for domain in found:
        if domain not in USED:
            USED.append(domain)
            count -= 1
            yield domain
        if count == 0:
            return


USED = [GOOD]
PASS = ("pass", "ok")


def recovered(told):
    """The verdict when the effect of a fault is over, or its time is up."""
    begun = time.monotonic()
    got = None
    while got != PASS and time.monotonic() < begun + RECOVERY_S:
        for domain in passing(1):
            got = ask(domain)
        told.among("after the fault", got[0], ("temperror", "pass"))
        time.sleep(0.3)
    told.out.say("as before after %.1f s" % (time.monotonic() - begun))
    return got
