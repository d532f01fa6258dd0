"""Destinations of ../mta: many domains at once, and hosts that hang."""
from model import STS, mx
from words import BAD, GOOD, PASS, dest, fail

STUCK = 10

dest("behind", "its mail goes to a host that fails DANE", mx=[],
     zone="absent", relay="[mx1.dane-mismatch.example]",
     expect=fail("validation-failure"))
dest("hops", "of two next hops the second takes the mail", mx=[],
     zone="absent",
     relay="[mx1.dane-mismatch.example], [mx1.dane-ee.example]",
     expect=PASS)
many = dest("many", "every name below good, bad, plain and mute is a domain",
            mx(tlsa=GOOD), mx("mx2.{d}", None, tlsa=BAD),
            mx("mx3.{d}", None), sts=STS(https="hang"),
            records=["*.good.{d} MX 10 mx1.{d}.", "*.bad.{d} MX 10 mx2.{d}.",
                     "*.plain.{d} MX 10 mx3.{d}.",
                     "*.mute.{d} MX 10 mx3.{d}.",
                     "*.mute.{d} TXT \"v=STSv1; id=1;\""])
many.records.append("*.mute.{d} A " + many.web_address())
dest("stuck", "the MX of names below is never told", mx(),
     records=["*.{d} MX 10 mx1.{d}."],
     faults={("n%d.{d}" % n, "MX"): "drop" for n in range(STUCK)})
