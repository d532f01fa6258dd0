"""Every destination of the lab; see README for the words.

A row: name (the domain is NAME.example), what is wrong with it, its mail
hosts, the verdict to expect, the vectors it hosts.  The order gives the
addresses.  Here stand the demo and what is of no vector; the rows of
world_dane.py and world_sts.py are named after their vectors.
"""
import importlib
import os

from model import STS, Cert, mx
from words import (BAD, GOOD, HALF, LOOKUP, NAME_BAD, NONE, PASS, PRIVATE,
                   RELAYED, STS_OK, TA, UNTRUSTED, WORLD, dest, fail,
                   private, soft, temp)

# -- our side -----------------------------------------------------------
dest("sender", "our own domain, where bounces go", mx("mx.{d}"),
     records=["gate.{d} A 10.53.0.1"])

# -- the demo -----------------------------------------------------------
dest("dane-ee", "DANE-EE: TLSA 3 1 1 matches the certificate",
     mx(tlsa=GOOD), expect=PASS, demo=True)
dest("dane-mismatch", "TLSA of another key: a forgotten rollover",
     mx(tlsa=BAD), expect=fail("validation-failure"), vectors="D06",
     demo=True)
dest("dane-stripped", "TLSA published, but STARTTLS is stripped",
     mx(tlsa=GOOD, smtp="no-starttls"),
     expect=fail("starttls-not-supported"), vectors="D44", demo=True)
dest("dane-ta", "DANE-TA: a private CA, named by TLSA 2 0 1",
     mx(tlsa=TA, cert=PRIVATE), expect=PASS, vectors="D08", demo=True)
dest("dane-ta-name", "DANE-TA, but the certificate is for another name",
     mx(tlsa=TA, cert=private("mail.other.example")),
     expect=fail("certificate-host-mismatch"), vectors="D16", demo=True)
dest("bogus", "the zone's DNSSEC is broken (wrong DS)", mx(tlsa=GOOD),
     zone="bogus",
     expect=temp("dnssec-invalid", "no-policy-found", "deferred"),
     vectors="D61", demo=True)
dest("malformed-address", "a signed address record without an address",
     mx(tlsa=GOOD), faults={("mx1.{d}", "A"): "rdata="},
     expect=temp(LOOKUP, "no-policy-found", "deferred"), demo=True)
dest("unsigned-tlsa", "TLSA mismatch in an unsigned zone: to be ignored",
     mx(tlsa=BAD), zone="unsigned", expect=NONE, demo=True)
dest("plain", "no policy at all", mx(), expect=NONE, vectors="D51 M02",
     demo=True)
dest("sts", "MTA-STS enforce, everything in order", mx(), sts=STS(),
     expect=STS_OK, vectors="M01", demo=True)
dest("sts-untrusted", "MTA-STS enforce, certificate of an unknown CA",
     mx(cert=UNTRUSTED), sts=STS(),
     expect=fail("certificate-not-trusted", "sts"), vectors="M53", demo=True)
dest("sts-mx", "MTA-STS enforce, the MX is not in the policy", mx(),
     sts=STS(mx=("mail.{d}",)), expect=fail("sts-mx-mismatch", "sts"),
     vectors="M51", demo=True)
dest("sts-testing", "MTA-STS testing, certificate of an unknown CA",
     mx(cert=UNTRUSTED), sts=STS(mode="testing"),
     expect=soft("sts-testing", "sts"), vectors="M59", demo=True)
dest("dane-over-sts", "DANE is broken, while MTA-STS would pass",
     mx(tlsa=BAD), sts=STS(), expect=fail("validation-failure"),
     vectors="M72", facts=dict(sts="pass"), demo=True)
dest("half-dane", "good TLSA at the host, but the MX is unsigned",
     mx("half.mx.hosting", tlsa=GOOD), zone="unsigned", expect=HALF,
     vectors="D63", demo=True)
dest("second-mx", "the first MX fails DANE, the second keeps it",
     mx(tlsa=BAD), mx("mx2.{d}", 20, tlsa=GOOD),
     expect=soft("validation-failure"), demo=True,
     facts=dict(hosts="fail secure-dane"))
dest("dual-ec", "ECDSA and RSA certificates, TLSA of the ECDSA key alone",
     mx(tlsa=GOOD, second=Cert(key="rsa")), expect=PASS, demo=True)
dest("dual-rsa", "ECDSA and RSA certificates, TLSA of the RSA key alone",
     mx(tlsa=GOOD, cert=Cert(key="rsa"), second=Cert()),
     expect=fail("validation-failure"), demo=True)
dest("huge-key", "TLSA of an RSA key of 65,536 bits: not worth the CPU",
     mx(tlsa=GOOD, smtp="tls-costly", cert=Cert(key="costly")),
     expect=fail("validation-failure", postfix="deferred"), demo=True)
dest("xn--mller-kva", "IDN, DANE-EE in order", mx(tlsa=GOOD), expect=PASS,
     demo=True, show="müller.example")
dest("null-mx", "null MX: takes no mail", mx=["0 ."],
     expect=("none", "no-policy-found", "null-mx", "bounced"),
     vectors="D67", demo=True)
dest("refused", "nothing listens on port 25", mx(smtp="refuse"),
     expect=temp("connect-failed", "no-policy-found", "deferred"), demo=True)
dest("split", "its relay is known to the local resolver alone (split DNS)",
     mx("relay.corp.internal", None), zone="absent", mx=[],
     zones={"corp.internal": "inside"}, relay="[relay.corp.internal]",
     expect=RELAYED, demo=True)
dest("tls-hang", "TLSA published, the host hangs after STARTTLS",
     mx(tlsa=GOOD, smtp="tls-hang"),
     expect=temp("probe-timeout", postfix="deferred"), demo=True)
dest("two-good", "first recipient of two, in order", mx(tlsa=GOOD),
     expect=PASS)
dest("two-bad", "second recipient of the same message, TLSA mismatch",
     mx(tlsa=BAD), expect=fail("validation-failure"))


# -- zones that are not signed, or not for everyone ---------------------
dest("split-zone", "the zone around its relay denies it; TLSA inside",
     mx("relay.inside.example", None, tlsa=BAD), zone="absent", mx=[],
     zones={"inside.example": "inside"}, relay="[relay.inside.example]",
     expect=RELAYED)
dest("ed448", "zone signed with Ed448, TLSA does not match", mx(tlsa=BAD),
     zone="ed448", expect=fail("validation-failure"))

# -- several addresses, IPv6 --------------------------------------------
dest("two-addresses", "one address of two shows another certificate",
     mx(tlsa=GOOD, smtp=("ok", "ok"), cert=(Cert(), UNTRUSTED)),
     expect=soft("validation-failure"))
dest("one-address-down", "one address of two refuses",
     mx(tlsa=GOOD, smtp=("refuse", "ok")), expect=PASS)
dest("ipv6", "host with an IPv6 address only", mx(tlsa=GOOD, smtp="6:ok"),
     expect=PASS)
dest("equal-mx", "two MX of one preference, one fails DANE", mx(tlsa=BAD),
     mx("mx2.{d}", tlsa=GOOD), expect=soft("validation-failure"),
     facts=dict(hosts="fail secure-dane"))

# RFC 5321 section 5.1 has no such MX; Postfix connects all the same.
address_mx = dest("mx-address", "the first MX is an address, and no policy's",
                  mx("spare.{d}", None), mx("mx1.{d}", 20, tlsa=GOOD),
                  expect=NONE, facts=dict(hosts="no-policy no-policy"))
address_mx.mx = ["10 %s.10." % address_mx.block(), "20 mx1.{d}."]

# -- hosts that answer badly or not at all ------------------------------
for words, what, reason in (
        ("silent", "no banner", "probe-timeout"),
        ("drip", "banner at a byte a second", "probe-timeout"),
        ("close", "closes at once", "connect-failed"),
        ("421", "greets with 421", "connect-failed"),
        ("garbage-banner", "garbage instead of a banner", "connect-failed"),
        ("big-banner", "banner of 1 MB", "connect-failed")):
    dest("smtp-" + words, what, mx(tlsa=GOOD, smtp=words),
         expect=temp(reason, postfix="deferred"))
dest("helo-550", "refuses our name", mx(tlsa=GOOD, smtp="helo-550"),
     expect=temp("connect-failed", postfix="bounced"))
dest("inject", "plaintext behind the reply to STARTTLS",
     mx(tlsa=GOOD, smtp="inject"), expect=PASS)

# Their rows follow.
import world_dane, world_sts, world_store    # noqa: E401,E402,F401
import world_require, world_mta, world_peers  # noqa: E401,E402,F401
import world_hops, world_map    # noqa: E401,E402,F401

# What a benchmark adds.
if os.environ.get("POSTERN_LAB_WORLD"):
    importlib.import_module(os.environ["POSTERN_LAB_WORLD"])
