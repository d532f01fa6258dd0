"""Next hops that the admin chose: which of several counts, and ports by name.

What smtp(8) makes of each is the promise; it is asked with TLS level "may", so
that a host which fails its policy gets the mail all the same.
"""
from model import mx
from words import BAD, GOOD, PASS, dest, fail

NOBODY = dict(mx=["10 nobody.{d}."])
FAIL = fail("validation-failure")


def gone(reason):
    return ("none", "no-policy-found", reason, "bounced")


dest("relay-port", "a relay, its port by the name of the service",
     mx("gw.{d}", None, port=587, tlsa=GOOD,
        tlsa_at={"_25._tcp.gw.{d}": BAD}), relay="[gw.{d}]:submission",
     expect=PASS, demo=True, **NOBODY,
     facts=dict(asked=[("_587._tcp.gw.{d}", "TLSA")],
                never=[("_25._tcp.gw.{d}", "TLSA")]))
dest("relay-smtp", "a relay at port \"smtp\"", mx("gw.{d}", None, tlsa=BAD),
     relay="[gw.{d}]:smtp", expect=FAIL, **NOBODY)
dest("relay-colon", "a relay with a colon and no port behind it",
     mx("gw.{d}", None, tlsa=BAD), relay="[gw.{d}]:", expect=FAIL, **NOBODY)

dest("hop-gone", "of two relays the first does not exist, the second fails",
     mx("gw.{d}", None, tlsa=BAD), relay="[gone.{d}], [gw.{d}]", expect=FAIL,
     demo=True, **NOBODY)
dest("hop-gone-domain", "the first relay is a domain that does not exist",
     mx("gw.{d}", None, tlsa=BAD), relay="gone.{d}, [gw.{d}]", expect=FAIL,
     **NOBODY)
dest("hop-null-mx", "the first relay takes no mail, by a null MX",
     mx("gw.{d}", None, tlsa=BAD), records=["none.{d} MX 0 ."],
     relay="none.{d}, [gw.{d}]", expect=FAIL, **NOBODY)
dest("hop-no-address", "the first relay has no address",
     mx("gw.{d}", None, tlsa=BAD), records=["none.{d} TXT text"],
     relay="[none.{d}], [gw.{d}]", expect=FAIL, **NOBODY)
dest("hop-servfail", "the first relay's MX cannot be looked up",
     mx("gw.{d}", None, tlsa=GOOD), relay="down.{d}, [gw.{d}]", expect=PASS,
     faults={("down.{d}", "MX"): "servfail"}, **NOBODY)
dest("hop-refused", "the first relay is down",
     mx("down.{d}", None, smtp="refuse"), mx("gw.{d}", None, tlsa=GOOD),
     relay="[down.{d}], [gw.{d}]", expect=PASS, **NOBODY)
dest("hop-takes", "the first relay takes the mail, the second does not exist",
     mx("gw.{d}", None, tlsa=GOOD), relay="[gw.{d}], [gone.{d}]", expect=PASS,
     **NOBODY)
dest("hop-last-gone", "the first relay is down, the second does not exist",
     mx("down.{d}", None, smtp="refuse"), relay="[down.{d}], gone.{d}",
     expect=gone("nxdomain"), **NOBODY)
dest("hop-none", "neither relay exists", mx=["10 nobody.{d}."],
     relay="[gone.{d}], gone2.{d}", expect=gone("nxdomain"))

dest("keys", "every name below is a domain at one host, for ../remembered",
     mx(tlsa=GOOD), records=["*.{d} MX 10 mx1.{d}."])
