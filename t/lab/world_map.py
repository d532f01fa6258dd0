"""Destinations of ../scenario/map_*: what one answer for all hosts of a next
hop has to do with, each with a policy of mode enforce; and long lists."""
from model import STS, mx
from words import (BAD, GOOD, HALF, PASS, STS_OK, UNTRUSTED, dest,
                   fail, soft)

# -- an insecure MX RRset, signed hosts: P06 ------------------------------
AT = "%s.mx.hosting"


def insecure(name, what, *hosts, expect, policy=None, **facts):
    dest(name, what, *hosts, zone="unsigned", sts=policy or STS(),
         expect=expect, facts=facts)


insecure("p06-good", "insecure MX, TLSA in order",
         mx(AT % "p06-good", tlsa=GOOD), expect=HALF, sts="pass")
insecure("p06-stale", "insecure MX, TLSA of another key",
         mx(AT % "p06-stale", tlsa=BAD), expect=fail("validation-failure"),
         sts="pass")
insecure("p06-private", "insecure MX, TLSA in order, CA that nobody knows",
         mx(AT % "p06-private", tlsa=GOOD, cert=UNTRUSTED), expect=HALF,
         sts="fail")
insecure("p06-forged", "insecure MX, the first is forged and has no STARTTLS",
         mx(AT % "p06-evil", smtp="no-starttls"),
         mx(AT % "p06-right", 20, tlsa=GOOD),
         policy=STS(mx=(AT % "p06-right",)),
         expect=soft("sts-mx-mismatch", "sts"), dane="pass")

# -- a secure one, hosts with TLSA and without: P04, P10 ------------------
dest("p04-two", "first MX: no TLSA; second: TLSA in order", mx(),
     mx("mx2.{d}", 20, tlsa=GOOD), sts=STS(), expect=STS_OK)
dest("p04-stale", "first MX: TLSA of another key; second: none", mx(tlsa=BAD),
     mx("mx2.{d}", 20), sts=STS(), expect=soft("validation-failure"),
     facts=dict(dane="none", sts="pass"))
dest("p04-clear", "first MX: no TLSA, no STARTTLS; second: TLSA in order",
     mx(smtp="no-starttls"), mx("mx2.{d}", 20, tlsa=GOOD), sts=STS(),
     expect=soft("starttls-not-supported", "sts"), facts=dict(dane="pass"))
dest("p10", "first MX: TLSA query fails; second: no TLSA", mx(tlsa=GOOD),
     mx("mx2.{d}", 20), sts=STS(), expect=STS_OK,
     faults={("_25._tcp.mx1.{d}", "TLSA"): "servfail"})

# -- more than Sendmail takes: S02, S03 -----------------------------------
MANY = ("mx1.{d}",) + tuple("host-%02d.of-a-long-list.{d}" % number
                            for number in range(40))
LONG = "%c" + 40 * "x" + ".{d}"

dest("s02", "a policy of 41 names, one of which is the host", mx(),
     sts=STS(mx=MANY), expect=STS_OK)
dest("s02-untrusted", "the same, certificate of an unknown CA",
     mx(cert=UNTRUSTED), sts=STS(mx=MANY),
     expect=fail("certificate-not-trusted", "sts"))
dest("s03", "a policy of six hosts with long names", *[
    mx(LONG % letter) for letter in "abcdef"], sts=STS(), expect=STS_OK)

# -- next hops: K03, K05 ---------------------------------------------------
dest("hop-26", "mail goes to port 26", mx(
    port=26, tlsa=GOOD, tlsa_at={"_25._tcp.mx1.{d}": BAD}),
    relay="{d}:26", expect=PASS)
