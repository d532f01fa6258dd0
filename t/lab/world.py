"""Every destination of the lab; see README for the words.

A row: name (the domain is NAME.example), what is wrong with it, its mail
hosts, the verdict to expect, the vectors it hosts.  The order gives the
addresses.
"""
from model import NOBODY, STS, Cert, World, mx, tlsa

WORLD = World("example")
ca = WORLD.ca
dest = WORLD.dest

WORLD.zone("example", "signed")
WORLD.zone("hosting", "signed")
WORLD.zone("insecure", "unsigned")

# -- certification authorities ------------------------------------------
ca("webpki-root")
ca("webpki-int", "webpki-root", send=("webpki-int",))
ca("other-root", send=("other-root",))
ca("dane-root")
ca("dane-int", "dane-root", send=("dane-int", "dane-root"))
ca("dane-int-expired", "dane-root", dates="expired",
   send=("dane-int-expired", "dane-root"))

# -- words for the rows -------------------------------------------------
GOOD = [tlsa(3, 1, 1)]
BAD = [tlsa(3, 1, 1, NOBODY)]
UNUSABLE = [tlsa(1, 1, 1)]
TA = [tlsa(2, 0, 1, "dane-root")]
PRIVATE = Cert(issuer="dane-int")
UNTRUSTED = Cert(issuer="other-root")
NAME_BAD = Cert(san=("mail.other.example",))


def private(*san, **kw):
    """A certificate of the CA that TA names."""
    return Cert(san=san, issuer="dane-int", **kw)


PASS = ("pass", "tlsa", "ok")
HALF = ("pass", "tlsa", "insecure-mx")
STS_OK = ("pass", "sts", "ok")
NONE = ("none", "no-policy-found", "no-policy")
ENCRYPT = ("none", "tlsa", "tlsa-unusable")


def fail(reason, policy="tlsa", postfix="sent"):
    return ("fail", policy, reason, postfix)


def temp(reason, policy="tlsa", postfix="sent"):
    return ("temperror", policy, reason, postfix)


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
     expect=("softfail", "sts", "sts-testing"), vectors="M59", demo=True)
dest("dane-over-sts", "DANE is broken, while MTA-STS would pass",
     mx(tlsa=BAD), sts=STS(), expect=fail("validation-failure"),
     vectors="M72", demo=True)
dest("half-dane", "good TLSA at the host, but the MX is unsigned",
     mx("half.mx.hosting", tlsa=GOOD), zone="unsigned", expect=HALF,
     vectors="D63", demo=True)
dest("second-mx", "the first MX fails DANE, the second keeps it",
     mx(tlsa=BAD), mx("mx2.{d}", 20, tlsa=GOOD),
     expect=("softfail", "tlsa", "validation-failure"), demo=True)
dest("xn--mller-kva", "IDN, DANE-EE in order", mx(tlsa=GOOD), expect=PASS,
     demo=True, show="müller.example")
dest("null-mx", "null MX: takes no mail", mx=["0 ."],
     expect=("none", "no-policy-found", "null-mx", "bounced"),
     vectors="D67", demo=True)
dest("refused", "nothing listens on port 25", mx(smtp="refuse"),
     expect=temp("connect-failed", "no-policy-found", "deferred"), demo=True)
dest("tls-hang", "TLSA published, the host hangs after STARTTLS",
     mx(tlsa=GOOD, smtp="tls-hang"),
     expect=temp("probe-timeout", postfix="deferred"), demo=True)
dest("two-good", "first recipient of two, in order", mx(tlsa=GOOD),
     expect=PASS)
dest("two-bad", "second recipient of the same message, TLSA mismatch",
     mx(tlsa=BAD),
     expect=fail("validation-failure"))

# -- TLSA matching and the TLS session ----------------------------------
dest("d01", "DANE-EE: self-signed, other name, expired",
     mx(tlsa=GOOD, cert=Cert(san=("other.example",), issuer="self",
                             dates="expired")), expect=PASS, vectors="D01")
dest("d02", "3 0 1", mx(tlsa=[tlsa(3, 0, 1)]), expect=PASS, vectors="D02")
dest("d03", "3 1 2", mx(tlsa=[tlsa(3, 1, 2)]), expect=PASS, vectors="D03")
dest("d04", "3 1 0", mx(tlsa=[tlsa(3, 1, 0)]), expect=PASS, vectors="D04")
dest("d05", "3 0 0", mx(tlsa=[tlsa(3, 0, 0)]), expect=PASS, vectors="D05")
dest("d07", "rollover: one record of two matches", mx(tlsa=BAD + GOOD),
     expect=PASS, vectors="D07")
dest("d09", "2 0 1 of the intermediate, root not sent",
     mx(tlsa=[tlsa(2, 0, 1, "dane-int")],
        cert=private("{h}", send=("dane-int",))), expect=PASS, vectors="D09")
dest("d11", "2 0 1 of the root, root not sent",
     mx(tlsa=TA, cert=private("{h}", send=("dane-int",))),
     expect=fail("certificate-not-trusted"), vectors="D11")
dest("d12", "2 0 0: root only in the DNS",
     mx(tlsa=[tlsa(2, 0, 0, "dane-root")],
        cert=private("{h}", send=("dane-int",))), expect=PASS, vectors="D12")
dest("d15", "DANE-TA, certificate for the next-hop domain",
     mx(tlsa=TA, cert=private("{d}")), expect=PASS, vectors="D15")
dest("d20", "DANE-TA, no SAN, name in the CN",
     mx(tlsa=TA, cert=private(cn="{h}")), expect=PASS, vectors="D20")
dest("d22", "DANE-TA, leaf expired",
     mx(tlsa=TA, cert=private("{h}", dates="expired")),
     expect=fail("certificate-expired"), vectors="D22")
dest("d23", "DANE-TA, intermediate expired",
     mx(tlsa=TA, cert=Cert(issuer="dane-int-expired")),
     expect=fail("certificate-expired"), vectors="D23")
dest("d31", "3 1 2 with 63 octets is dropped, 3 1 1 matches",
     mx(tlsa=[tlsa(3, 1, 2, trim=63), *GOOD]), expect=PASS, vectors="D31")
dest("d35", "only 1 1 1", mx(tlsa=UNUSABLE), expect=ENCRYPT, vectors="D35")
dest("d43", "all TLSA unusable, no STARTTLS",
     mx(tlsa=UNUSABLE, smtp="no-starttls"),
     expect=fail("starttls-not-supported"), vectors="D43")
dest("d45", "STARTTLS answered 454", mx(tlsa=GOOD, smtp="starttls-454"),
     expect=fail("starttls-not-supported"), vectors="D45")
dest("d46-alert", "handshake ends in an alert",
     mx(tlsa=GOOD, smtp="tls-alert"), expect=fail("validation-failure"),
     vectors="D46")
dest("d46-reset", "handshake ends in a reset",
     mx(tlsa=GOOD, smtp="tls-reset"), expect=fail("validation-failure"),
     vectors="D46")
dest("d46-garbage", "garbage instead of a handshake",
     mx(tlsa=GOOD, smtp="tls-garbage"), expect=fail("validation-failure"),
     vectors="D46")
dest("d47", "TLS 1.0 only", mx(tlsa=GOOD, smtp="tls10"),
     expect=fail("validation-failure"), vectors="D47")
dest("d48", "certificate switched by SNI",
     mx(tlsa=TA, cert=UNTRUSTED, sni={"{h}": PRIVATE}), expect=PASS,
     vectors="D48")
dest("d50", "40 TLSA records, the last matches",
     mx(tlsa=[tlsa(3, 1, 1, data="%064x" % n) for n in range(39)] + GOOD),
     expect=PASS, vectors="D50")
dest("d99", "RSA certificate for key encipherment only",
     mx(tlsa=GOOD, cert=Cert(key="rsa", usage="critical,keyEncipherment")),
     expect=PASS, vectors="D99")
dest("d99-tls12", "the same with TLS 1.2",
     mx(tlsa=GOOD, smtp="tls12",
        cert=Cert(key="rsa", usage="critical,keyEncipherment")),
     expect=PASS, vectors="D99")
dest("inject", "plaintext behind the reply to STARTTLS",
     mx(tlsa=GOOD, smtp="inject"), expect=PASS)

# -- DANE: states of the DNS --------------------------------------------
dest("d52", "_tcp is a zone of its own, unsigned", mx(),
     zones={"_tcp.mx1.{d}": "unsigned"}, expect=NONE, vectors="D52")
dest("d53", "TLSA in an unsigned zone under a signed one", mx(tlsa=BAD),
     zones={"_tcp.mx1.{d}": "unsigned"}, expect=NONE, vectors="D53")
dest("d54", "signature of the TLSA broken", mx(tlsa=GOOD),
     bogus=[("_25._tcp.mx1.{d}", "TLSA")], expect=temp("dnssec-invalid"),
     vectors="D54")
for rcode in ("servfail", "refused", "notimp"):
    dest("d55-" + rcode, "TLSA query answered " + rcode.upper(),
         mx(tlsa=GOOD), faults={("_25._tcp.mx1.{d}", "TLSA"): rcode},
         expect=temp(None), vectors="D55")
dest("d56", "TLSA query never answered", mx(tlsa=GOOD),
     faults={("_25._tcp.mx1.{d}", "TLSA"): "drop"}, expect=temp(None),
     vectors="D56")
dest("d57", "address unsigned, TLSA would fail: must not be asked",
     mx("mx1.d57.insecure"),
     zones={"d57.insecure": "unsigned"},
     faults={("_25._tcp.mx1.d57.insecure", "TLSA"): "servfail"},
     expect=NONE, vectors="D57")
dest("d58", "AAAA fails, A and TLSA are in order", mx(tlsa=GOOD),
     faults={("mx1.{d}", "AAAA"): "servfail"}, expect=PASS, vectors="D58")
dest("d59", "host without an address", mx(smtp=()),
     records=["mx1.{d} TXT \"no address\""],
     expect=("none", "no-policy-found", "no-address", "bounced"),
     vectors="D59")
dest("d60", "signature of the address broken", mx(tlsa=GOOD),
     bogus=[("mx1.{d}", "A")],
     expect=temp("dnssec-invalid", None, "deferred"), vectors="D60")
dest("d62", "MX query fails: no falling back to the address", mx(pref=None),
     records=["{d} A 127.20.1.10"], faults={("{d}", "MX"): "servfail"},
     expect=temp(None, "no-policy-found", "deferred"), vectors="D62")
dest("d62-silent", "no server of the domain answers", zone="silent",
     expect=temp(None, "no-policy-found", "deferred"), vectors="D62")
dest("d62-lame", "all servers of the domain refuse", zone="lame",
     expect=temp(None, "no-policy-found", "deferred"), vectors="D62")
dest("d64", "insecure MX, TLSA does not match",
     mx("d64.mx.hosting", tlsa=BAD), zone="unsigned",
     expect=fail("validation-failure"), vectors="D64")
dest("d65", "insecure MX, DANE-TA certificate for the domain only",
     mx("d65.mx.hosting", tlsa=TA, cert=private("{d}")), zone="unsigned",
     expect=fail("certificate-host-mismatch"), vectors="D65")
dest("d66", "insecure MX, insecure address", mx(), zone="unsigned",
     expect=NONE, vectors="D66")
dest("d68", "null MX beside a real one", mx(), mx=["0 .", "10 mx1.{d}."],
     expect=("none", "no-policy-found", "no-policy", "bounced"),
     vectors="D68")
dest("d69", "no MX: the domain is its own host",
     mx("{d}", None, tlsa=GOOD), expect=PASS, vectors="D69")
dest("d70", "no MX, domain is a CNAME, certificate for the domain",
     mx("{d}", None, alias=("h.{d}.hosting",), tlsa_at={"h.{d}.hosting": TA},
        cert=private("{d}")), zone="absent", expect=PASS, vectors="D70")
dest("d71", "the domain does not exist", zone="absent", mx=[],
     expect=("none", "no-policy-found", "nxdomain", "bounced"),
     vectors="D71")
dest("d72", "domain is a CNAME to one with an MX, certificate for it",
     mx("mx1.d72h.example", tlsa=TA, cert=private("{d}")), zone="absent",
     mx=[], records=["{d} CNAME d72h.example.",
                     "d72h.example MX 10 mx1.d72h.example."],
     zones={"d72h.example": "signed"}, expect=PASS, vectors="D72")
dest("d73", "the same, certificate for the expanded name",
     mx("mx1.d73h.example", tlsa=TA, cert=private("d73h.example")),
     zone="absent", mx=[], records=["{d} CNAME d73h.example.",
                                    "d73h.example MX 10 mx1.d73h.example."],
     zones={"d73h.example": "signed"}, expect=PASS, vectors="D73")
dest("d74", "domain is an insecure CNAME to one with a secure MX",
     mx("mx1.d74h.example", tlsa=GOOD), mx=[],
     records=["{d} CNAME d74h.example.",
              "d74h.example MX 10 mx1.d74h.example."],
     zones={"d74h.example": "signed"}, domain="d74.insecure", zone="absent",
     expect=HALF, vectors="D74")
dest("d75", "MX is a CNAME, TLSA and certificate at its end",
     mx(alias=("m.{d}",), tlsa_at={"m.{d}": TA}, cert=private("m.{d}")),
     expect=PASS, vectors="D75")
dest("d76", "MX is a CNAME, TLSA at its start only",
     mx(alias=("m.{d}",), tlsa=TA, cert=UNTRUSTED, sni={"{h}": PRIVATE}),
     expect=PASS, vectors="D76")
dest("d77", "MX is a CNAME, TLSA bad at its end, good at its start",
     mx(alias=("m.{d}",), tlsa=GOOD, tlsa_at={"m.{d}": BAD}),
     expect=fail("validation-failure"), vectors="D77")
dest("d78", "MX is a CNAME, TLSA query at its end fails",
     mx(alias=("m.{d}",), tlsa=GOOD, tlsa_at={"m.{d}": BAD}),
     faults={("_25._tcp.m.{d}", "TLSA"): "servfail"}, expect=temp(None),
     vectors="D78")
dest("d79", "MX is a CNAME, TLSA unusable at its end",
     mx(alias=("m.{d}",), tlsa=GOOD, tlsa_at={"m.{d}": UNUSABLE}),
     expect=ENCRYPT, vectors="D79")
dest("d80", "MX is a CNAME, TLSA at its end insecure",
     mx(alias=("m.{d}",), tlsa=GOOD, tlsa_at={"m.{d}": BAD}),
     zones={"_tcp.m.{d}": "unsigned"}, expect=PASS, vectors="D80")
dest("d81", "secure CNAME to an insecure address, TLSA at its start",
     mx(alias=("m.d81.insecure",), tlsa=GOOD), expect=PASS, vectors="D81")
dest("d82", "insecure CNAME to a secure address: no TLSA query",
     mx("mx1.d82.insecure", alias=("m.{d}",)), expect=NONE, vectors="D82")
dest("d84", "three CNAMEs, TLSA at the middle name only",
     mx(alias=("a.{d}", "b.{d}", "c.{d}"), tlsa_at={"b.{d}": BAD}),
     expect=NONE, vectors="D84")
dest("d85", "TLSA owner is a CNAME",
     mx(tlsa_at={"_tlsa.{d}": TA}, cert=PRIVATE),
     records=["_25._tcp.mx1.{d} CNAME _tlsa.{d}."], expect=PASS,
     vectors="D85")
dest("d86", "TLSA owner is a CNAME into an insecure zone",
     mx(tlsa_at={"_tlsa.d86.insecure": BAD}),
     records=["_25._tcp.mx1.{d} CNAME _tlsa.d86.insecure."], expect=NONE,
     vectors="D86")
dest("d87", "TLSA owner is a CNAME loop", mx(),
     records=["_25._tcp.mx1.{d} CNAME _a.{d}.", "_a.{d} CNAME _b.{d}.",
              "_b.{d} CNAME _a.{d}."], expect=temp(None), vectors="D87")
dest("d88", "DNAME above the MX",
     mx("mx1.to.{d}", None, tlsa=TA, cert=private("mx1.to.{d}")),
     mx=["10 mx1.from.{d}."], records=["from.{d} DNAME to.{d}."],
     expect=PASS, vectors="D88")
dest("d90", "a relay on port 587 with its own TLSA",
     mx("gw.{d}", None, port=587, tlsa=GOOD), vectors="D90")
dest("d91", "first MX: TLSA bad; second: no TLSA", mx(tlsa=BAD),
     mx("mx2.{d}", 20), expect=("softfail", "tlsa", "validation-failure"),
     vectors="D91")
dest("d92", "first MX: no TLSA; second: good TLSA", mx(),
     mx("mx2.{d}", 20, tlsa=GOOD), expect=NONE, vectors="D92")
dest("d93", "first MX: TLSA query fails; second: good TLSA", mx(tlsa=GOOD),
     mx("mx2.{d}", 20, tlsa=GOOD),
     faults={("_25._tcp.mx1.{d}", "TLSA"): "servfail"},
     expect=("softfail", "tlsa", None), vectors="D93")
dest("d94", "both hosts: TLSA bad", mx(tlsa=BAD),
     mx("mx2.{d}", 20, tlsa=BAD), expect=fail("validation-failure"),
     vectors="D94")
dest("d95", "first MX refuses, second has good TLSA",
     mx(smtp="refuse", tlsa=GOOD), mx("mx2.{d}", 20, tlsa=GOOD),
     expect=None, vectors="D95")

# -- several addresses, IPv6 --------------------------------------------
dest("two-addresses", "one address of two shows another certificate",
     mx(tlsa=GOOD, smtp=("ok", "ok"), cert=(Cert(), UNTRUSTED)),
     expect=("softfail", "tlsa", "validation-failure"))
dest("ipv6", "host with an IPv6 address only", mx(tlsa=GOOD, smtp="6:ok"),
     expect=PASS)

# -- hosts that answer badly or not at all ------------------------------
for words, what in {
        "silent": "no banner", "drip": "banner at a byte a second",
        "close": "closes at once", "421": "greets with 421",
        "garbage-banner": "garbage instead of a banner",
        "big-banner": "banner of 1 MB"}.items():
    dest("smtp-" + words, what, mx(tlsa=GOOD, smtp=words))

# -- MTA-STS ------------------------------------------------------------
STS_NONE = ("none", "no-policy-found", None)


def sts(name, what, policy, expect=STS_OK, vectors="", **kw):
    """A row whose host is in order, and the policy is the matter."""
    dest(name, what, mx(**kw), sts=policy, expect=expect, vectors=vectors)


sts("m06", "unrelated TXT beside the record",
    STS(txt=("some words", "v=STSv1; id=1;")), vectors="M06")
sts("m07", "two records",
    STS(txt=("v=STSv1; id=1;", "v=STSv1; id=2;")), STS_NONE, "M07")
sts("m08", "record in two strings",
    STS(txt=(["v=STSv1; id=20", "26;"],)), vectors="M08")
sts("m16", "_mta-sts is a CNAME", STS(txt=()), vectors="M16")
WORLD.find("m16").records = [
    "_mta-sts.{d} CNAME _sts.m16.hosting.",
    "_sts.m16.hosting TXT \"v=STSv1; id=1;\""]
sts("m17-404", "policy: 404", STS(status=404), STS_NONE, "M17")
sts("m17-refused", "policy host refuses", STS(https="refuse"), STS_NONE,
    "M17")
sts("m17-nodns", "policy host has no address", STS(https="no-address"),
    STS_NONE, "M17")
sts("m18", "policy: redirect", STS(status=301, headers=(
    "Location: https://mta-sts.sts.example/.well-known/mta-sts.txt",)),
    STS_NONE, "M18")
sts("m19", "policy host: certificate for another name",
    STS(cert=Cert(san=("other.example",))), STS_NONE, "M19")
sts("m20-expired", "policy host: certificate expired",
    STS(cert=Cert(dates="expired")), STS_NONE, "M20")
sts("m20-self", "policy host: self-signed certificate",
    STS(cert=Cert(issuer="self")), STS_NONE, "M20")
sts("m20-other", "policy host: unknown CA", STS(cert=UNTRUSTED), STS_NONE,
    "M20")
sts("m21", "policy host: name in the CN only",
    STS(cert=Cert(san=(), cn="{h}")), STS_NONE, "M21")
sts("m22", "policy host: wildcard certificate",
    STS(cert=Cert(san=("*.{d}",))), vectors="M22")
sts("m23", "policy: text/html", STS(ctype="text/html"), STS_NONE, "M23")
sts("m23-absent", "policy: no Content-Type", STS(https="no-ctype"),
    STS_NONE, "M23")
sts("m25", "policy: more than 64 KiB", STS(https="big"), STS_NONE, "M25")
sts("m25-chunked", "policy: more than 64 KiB, chunked",
    STS(https="big chunked"), STS_NONE, "M25")
sts("m26", "policy: drips", STS(https="drip"), STS_NONE, "M26")
sts("m26-hang", "policy host hangs", STS(https="hang"), STS_NONE, "M26")
sts("m27", "policy: gzip", STS(https="gzip"), STS_NONE, "M27")
sts("m45", "policy: wildcard", STS(mx=("*.{d}",)), vectors="M45")
sts("m52", "enforce, no STARTTLS", STS(),
    fail("starttls-not-supported", "sts"), "M52", smtp="no-starttls")
sts("m54", "enforce, certificate expired", STS(),
    fail("certificate-expired", "sts"), "M54", cert=Cert(dates="expired"))
sts("m55", "enforce, certificate for another name", STS(),
    fail("certificate-host-mismatch", "sts"), "M55", cert=NAME_BAD)
sts("m58", "enforce, name in the CN only", STS(),
    fail("certificate-host-mismatch", "sts"), "M58",
    cert=Cert(san=(), cn="{h}"))
sts("m60", "policy: mode none, untrusted certificate",
    STS(mode="none", mx=()), NONE, "M60", cert=UNTRUSTED)
sts("m71", "DANE in order, MTA-STS names another MX",
    STS(mx=("mail.{d}",)), PASS, "M71", tlsa=GOOD)
