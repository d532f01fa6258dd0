"""Destinations for the vectors of DANE."""
from model import NOBODY, Cert, mx, tlsa
from words import (BAD, BAD_512, ENCRYPT, GOOD, HALF, LOOKUP, NONE, PASS,
                   PRIVATE, TA, UNTRUSTED, UNUSABLE, dest, fail, private,
                   soft, temp)

TA_INT = [tlsa(2, 0, 1, "dane-int")]
TA_KEY = [tlsa(2, 1, 0, "dane-root")]
NO_ROOT = private("{h}", send=("dane-int",))
KEY_ENCIPHERMENT = Cert(key="rsa", usage="critical,keyEncipherment")

# -- D01 to D42: matching -----------------------------------------------
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
     mx(tlsa=TA_INT, cert=NO_ROOT), expect=PASS, vectors="D09")
dest("d10", "2 1 1 of the intermediate, root not sent",
     mx(tlsa=[tlsa(2, 1, 1, "dane-int")], cert=NO_ROOT), expect=PASS,
     vectors="D10")
dest("d10-512", "2 1 2 of the intermediate, root not sent",
     mx(tlsa=[tlsa(2, 1, 2, "dane-int")], cert=NO_ROOT), expect=PASS,
     vectors="D10")
dest("d11", "2 0 1 of the root, root not sent", mx(tlsa=TA, cert=NO_ROOT),
     expect=fail("certificate-not-trusted"), vectors="D11")
dest("d12", "2 0 0: root only in the DNS",
     mx(tlsa=[tlsa(2, 0, 0, "dane-root")], cert=NO_ROOT), expect=PASS,
     vectors="D12")
dest("d13", "2 1 0: the root's key only in the DNS",
     mx(tlsa=TA_KEY, cert=NO_ROOT), expect=PASS, vectors="D13")
dest("d13-self", "2 1 0: the key that signed the leaf is its own",
     mx(tlsa=[tlsa(2, 1, 0)], cert=Cert(issuer="self")), expect=PASS,
     vectors="D13")
dest("d14", "2 1 0, but another key signed the chain",
     mx(tlsa=TA_KEY, cert=Cert(issuer="evil-int")),
     expect=fail("certificate-not-trusted"), vectors="D14")
dest("d15", "DANE-TA, certificate for the next-hop domain",
     mx(tlsa=TA, cert=private("{d}")), expect=PASS, vectors="D15")
dest("d17", "DANE-TA, wildcard", mx(tlsa=TA, cert=private("*.{d}")),
     expect=PASS, vectors="D17")
dest("d18", "DANE-TA, wildcard for a host two labels down",
     mx("a.b.{d}", tlsa=TA, cert=private("*.{d}")),
     expect=fail("certificate-host-mismatch"), vectors="D18")
dest("d19", "DANE-TA, wildcard behind part of a label",
     mx(tlsa=TA, cert=private("mx*.{d}")),
     expect=fail("certificate-host-mismatch"), vectors="D19")
dest("d19-front", "DANE-TA, wildcard before part of a label",
     mx(tlsa=TA, cert=private("*1.{d}")),
     expect=fail("certificate-host-mismatch"), vectors="D19")
dest("d20", "DANE-TA, no SAN, name in the CN",
     mx(tlsa=TA, cert=private(cn="{h}")), expect=PASS, vectors="D20")
dest("d21", "DANE-TA, another name in the SAN, the right one in the CN",
     mx(tlsa=TA, cert=private("other.example", cn="{h}")),
     expect=fail("certificate-host-mismatch"), vectors="D21")
dest("d22", "DANE-TA, leaf expired",
     mx(tlsa=TA, cert=private("{h}", dates="expired")),
     expect=fail("certificate-expired"), vectors="D22")
dest("d23", "DANE-TA, intermediate expired",
     mx(tlsa=TA, cert=Cert(issuer="dane-int-expired")),
     expect=fail("certificate-expired"), vectors="D23")
dest("d24", "2 0 1 of a root that expired",
     mx(tlsa=[tlsa(2, 0, 1, "dane-root-expired")],
        cert=Cert(issuer="dane-int-old")),
     expect=fail("certificate-expired"), vectors="D24")
dest("d24-full", "2 0 0 of a root that expired",
     mx(tlsa=[tlsa(2, 0, 0, "dane-root-expired")],
        cert=Cert(issuer="dane-int-old")),
     expect=fail("certificate-expired"), vectors="D24")
dest("d25", "DANE-TA, leaf not yet valid",
     mx(tlsa=TA, cert=private("{h}", dates="future")),
     expect=fail("validation-failure"), vectors="D25")
dest("d26", "2 0 1 of the self-signed leaf",
     mx(tlsa=[tlsa(2, 0, 1)], cert=Cert(issuer="self")),
     expect=fail("certificate-not-trusted"), vectors="D26")
dest("d27", "DANE-TA, the anchor appended to a chain of another CA",
     mx(tlsa=TA, cert=Cert(issuer="evil-root",
                           send=("evil-root", "dane-root"))),
     expect=fail("certificate-not-trusted"), vectors="D27")
dest("d28", "DANE-TA, intermediate is no CA",
     mx(tlsa=TA, cert=Cert(issuer="dane-int-no-ca")),
     expect=fail("certificate-not-trusted"), vectors="D28")
dest("d28-pathlen", "DANE-TA, path longer than a CA allows",
     mx(tlsa=TA, cert=Cert(issuer="dane-below-short")),
     expect=fail("certificate-not-trusted"), vectors="D28")
dest("d28-purpose", "DANE-TA, the anchor is a CA for clients",
     mx(tlsa=[tlsa(2, 0, 1, "dane-int-client")],
        cert=Cert(issuer="dane-int-client")),
     expect=fail("certificate-not-trusted"), vectors="D28")
dest("d28-key", "2 1 0 of a root that signed a CA for clients",
     mx(tlsa=TA_KEY, cert=Cert(issuer="dane-int-client")),
     expect=fail("certificate-not-trusted"), vectors="D28")
dest("d28-usage", "DANE-TA, key usage of a leaf that may serve nobody",
     mx(tlsa=TA, cert=private("{h}", usage="critical,keyCertSign")),
     expect=fail("certificate-not-trusted"), vectors="D28")
dest("d08-policy", "DANE-TA, intermediate with critical policyConstraints",
     mx(tlsa=TA, cert=Cert(issuer="dane-int-policy")), expect=PASS,
     vectors="D08")
dest("d21-dot", "DANE-TA, the right name with a final dot",
     mx(tlsa=TA, cert=private("{h}.")),
     expect=fail("certificate-host-mismatch"), vectors="D21")
dest("d29", "2 0 1 does not match, 3 1 1 does",
     mx(tlsa=[tlsa(2, 0, 1, NOBODY)] + GOOD), expect=PASS, vectors="D29")
dest("d30", "agility: 3 1 1 matches, 3 1 2 does not",
     mx(tlsa=GOOD + BAD_512), expect=fail("validation-failure"),
     vectors="D30")
dest("d31", "3 1 2 with 63 octets is dropped, 3 1 1 matches",
     mx(tlsa=[tlsa(3, 1, 2, trim=63), *GOOD]), expect=PASS, vectors="D31")
dest("d32", "agility: another selector is none of its business",
     mx(tlsa=BAD_512 + [tlsa(3, 0, 1)]), expect=PASS, vectors="D32")
dest("d33", "agility: a full record stays",
     mx(tlsa=BAD_512 + [tlsa(3, 1, 0)]), expect=PASS, vectors="D33")
dest("d34", "agility: another usage is none of its business",
     mx(tlsa=BAD_512 + [tlsa(2, 1, 1, "dane-int")], cert=PRIVATE),
     expect=PASS, vectors="D34")
dest("d35", "only 1 1 1", mx(tlsa=UNUSABLE), expect=ENCRYPT, vectors="D35")
dest("d36", "only 0 0 1",
     mx(tlsa=[tlsa(0, 0, 1, "dane-root")], cert=PRIVATE), expect=ENCRYPT,
     vectors="D36")
dest("d37", "only 3 2 1", mx(tlsa=[tlsa(3, 2, 1)]), expect=ENCRYPT,
     vectors="D37")
dest("d38", "only 3 1 3", mx(tlsa=[tlsa(3, 1, 3, data="00" * 48)]),
     expect=ENCRYPT, vectors="D38")
dest("d38-private", "only 3 1 255",
     mx(tlsa=[tlsa(3, 1, 255, data="00" * 32)]), expect=ENCRYPT,
     vectors="D38")
dest("d39", "only 3 1 1 with 31 octets", mx(tlsa=[tlsa(3, 1, 1, trim=31)]),
     expect=ENCRYPT, vectors="D39")
dest("d41", "only 2 0 0 of garbage",
     mx(tlsa=[tlsa(2, 0, 0, data="3082" + "5a" * 200)]), expect=ENCRYPT,
     vectors="D41")
dest("d42", "1 1 1 would match, 3 1 1 does not", mx(tlsa=UNUSABLE + BAD),
     expect=fail("validation-failure"), vectors="D42")

# -- D43 to D50, D99: the session ---------------------------------------
dest("d43", "all TLSA unusable, no STARTTLS",
     mx(tlsa=UNUSABLE, smtp="no-starttls"),
     expect=fail("starttls-not-supported"), vectors="D43",
     facts=dict(dane="encrypt", level="encrypt"))
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
dest("d49", "SNI ignored, the only certificate matches",
     mx(tlsa=GOOD, cert=Cert(san=("other.example",), issuer="other-root")),
     expect=PASS, vectors="D49")
dest("d50", "40 TLSA records, the last matches",
     mx(tlsa=[tlsa(3, 1, 1, data="%064x" % n) for n in range(39)] + GOOD),
     expect=PASS, vectors="D50")
dest("d46-cbc", "a host that has CBC with SHA-2 only",
     mx(tlsa=GOOD, smtp="cbc"), expect=PASS)
dest("d99", "RSA certificate for key encipherment only",
     mx(tlsa=GOOD, cert=KEY_ENCIPHERMENT), expect=PASS, vectors="D99")
dest("d99-tls12", "the same with TLS 1.2",
     mx(tlsa=GOOD, smtp="tls12", cert=KEY_ENCIPHERMENT), expect=PASS,
     vectors="D99")

# -- D52 to D60: states of TLSA and of addresses ------------------------
dest("d52", "_tcp is a zone of its own, unsigned", mx(),
     zones={"_tcp.mx1.{d}": "unsigned"}, expect=NONE, vectors="D52")
dest("d53", "TLSA in an unsigned zone under a signed one", mx(tlsa=BAD),
     zones={"_tcp.mx1.{d}": "unsigned"}, expect=NONE, vectors="D53")
dest("d54", "signature of the TLSA broken", mx(tlsa=GOOD),
     bogus=[("_25._tcp.mx1.{d}", "TLSA")], expect=temp("dnssec-invalid"),
     vectors="D54")
for rcode in ("nodata", "nxdomain"):
    dest("d54-" + rcode, "TLSA denied without a proof: " + rcode.upper(),
         mx(tlsa=BAD), faults={("_25._tcp.mx1.{d}", "TLSA"): rcode},
         expect=temp(), vectors="D54")
for rcode in ("servfail", "refused", "notimp"):
    dest("d55-" + rcode, "TLSA query answered " + rcode.upper(),
         mx(tlsa=GOOD), faults={("_25._tcp.mx1.{d}", "TLSA"): rcode},
         expect=temp(), vectors="D55")
dest("d56", "TLSA query never answered", mx(tlsa=GOOD),
     faults={("_25._tcp.mx1.{d}", "TLSA"): "drop"},
     expect=temp(("dns-timeout", "dns-servfail")), vectors="D56")
dest("d57", "address unsigned, TLSA would fail: must not be asked",
     mx("mx1.d57.insecure"), zones={"d57.insecure": "unsigned"},
     faults={("_25._tcp.mx1.d57.insecure", "TLSA"): "servfail"},
     expect=NONE, vectors="D57",
     facts=dict(asked=[("mx1.d57.insecure", "A")],
                never=[("_25._tcp.mx1.d57.insecure", "TLSA")]))
dest("d57-cut", "host in an unsigned zone right below a signed domain",
     mx(), zones={"mx1.{d}": "unsigned"},
     faults={("_25._tcp.mx1.{d}", "TLSA"): "servfail"},
     expect=NONE, vectors="D57", facts=dict(asked=[("mx1.{d}", "A")]))
dest("d57-silent", "the same, and its TLSA query is never answered", mx(),
     zones={"mx1.{d}": "unsigned"},
     faults={("_25._tcp.mx1.{d}", "TLSA"): "drop"}, expect=NONE,
     vectors="D57", facts=dict(asked=[("mx1.{d}", "A")]))
# A record that a fault hides is there all the same: of one that is not, a
# resolver may find a proof in its cache, and never ask.
dest("d58", "AAAA fails, A and TLSA are in order", mx(tlsa=GOOD),
     records=["mx1.{d} AAAA fd00:1ab::1"],
     faults={("mx1.{d}", "AAAA"): "servfail"}, expect=PASS, vectors="D58",
     facts=dict(asked=[("mx1.{d}", "AAAA")]))
dest("d59", "host without an address", mx(smtp=()),
     records=["mx1.{d} TXT \"no address\""],
     expect=("none", "no-policy-found", "no-address", "bounced"),
     vectors="D59")
dest("d60", "signature of the address broken", mx(tlsa=GOOD),
     bogus=[("mx1.{d}", "A")],
     expect=temp("dnssec-invalid", "no-policy-found", "deferred"),
     vectors="D60")

# -- D61 to D74: states of the MX ---------------------------------------
dest("d61-nodata", "MX denied without a proof: no falling back",
     mx("{d}", None), mx=["10 nobody.{d}."],
     faults={("{d}", "MX"): "nodata"},
     expect=temp(LOOKUP, "no-policy-found", "deferred"), vectors="D61",
     facts=dict(silent=["{d}"]))
dest("d62", "MX query fails: no falling back to the address",
     mx("{d}", None), mx=["10 nobody.{d}."],
     faults={("{d}", "MX"): "servfail"},
     expect=temp(LOOKUP, "no-policy-found", "deferred"), vectors="D62",
     facts=dict(silent=["{d}"]))
dest("d62-silent", "no server of the domain answers", zone="silent",
     expect=temp(LOOKUP, "no-policy-found", "deferred"), vectors="D62")
dest("d62-lame", "all servers of the domain refuse", zone="lame",
     expect=temp(LOOKUP, "no-policy-found", "deferred"), vectors="D62")
dest("d64", "insecure MX, TLSA does not match",
     mx("d64.mx.hosting", tlsa=BAD), zone="unsigned",
     expect=fail("validation-failure"), vectors="D64",
     facts=dict(level="half-dane"))
dest("d65", "insecure MX, DANE-TA certificate for the domain only",
     mx("d65.mx.hosting", tlsa=TA, cert=private("{d}")), zone="unsigned",
     expect=fail("certificate-host-mismatch"), vectors="D65",
     facts=dict(level="half-dane"))
dest("d66", "insecure MX, insecure address", mx(), zone="unsigned",
     expect=NONE, vectors="D66")
dest("d68", "null MX beside a real one", mx(), mx=["0 .", "10 mx1.{d}."],
     expect=("none", "no-policy-found", "no-policy", "bounced"),
     vectors="D68")
dest("d69", "no MX: the domain is its own host",
     mx("{d}", None, tlsa=GOOD), expect=PASS, vectors="D69")
dest("d70", "no MX, domain is a CNAME, certificate for the domain",
     mx("{d}", None, alias=("h.{d}.hosting",), tlsa_at={"h.{d}.hosting": TA},
        cert=private("{d}")), zone="absent", expect=PASS, vectors="D70",
     facts=dict(base="h.{d}.hosting"))
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

# -- D75 to D88: aliases ------------------------------------------------
dest("d75", "MX is a CNAME, TLSA and certificate at its end",
     mx(alias=("m.{d}",), tlsa_at={"m.{d}": TA}, cert=private("m.{d}")),
     expect=PASS, vectors="D75", facts=dict(base="m.{d}"))
dest("d76", "MX is a CNAME, TLSA at its start only",
     mx(alias=("m.{d}",), tlsa=TA, cert=UNTRUSTED, sni={"{h}": PRIVATE}),
     expect=PASS, vectors="D76")
# TLSA records of a host right below its domain are asked for beside its
# addresses, and count in their turn: these hosts are further down.
dest("d77", "MX is a CNAME, TLSA bad at its end, good at its start",
     mx("mx1.deep.{d}", alias=("m.{d}",), tlsa=GOOD, tlsa_at={"m.{d}": BAD}),
     expect=fail("validation-failure"), vectors="D77",
     facts=dict(base="m.{d}", never=[("_25._tcp.mx1.deep.{d}", "TLSA")]))
dest("d78", "MX is a CNAME, TLSA query at its end fails",
     mx("mx1.deep.{d}", alias=("m.{d}",), tlsa=GOOD, tlsa_at={"m.{d}": BAD}),
     faults={("_25._tcp.m.{d}", "TLSA"): "servfail"}, expect=temp(),
     vectors="D78", facts=dict(never=[("_25._tcp.mx1.deep.{d}", "TLSA")]))
dest("d79", "MX is a CNAME, TLSA unusable at its end",
     mx("mx1.deep.{d}", alias=("m.{d}",), tlsa=GOOD,
        tlsa_at={"m.{d}": UNUSABLE}),
     expect=ENCRYPT, vectors="D79",
     facts=dict(base="m.{d}", never=[("_25._tcp.mx1.deep.{d}", "TLSA")]))
dest("d77-near", "right below the domain, TLSA bad at its end",
     mx(alias=("m.{d}",), tlsa=GOOD, tlsa_at={"m.{d}": BAD}),
     expect=fail("validation-failure"), vectors="D77",
     facts=dict(base="m.{d}"))
dest("d78-near", "right below the domain, TLSA query at its end fails",
     mx(alias=("m.{d}",), tlsa=GOOD, tlsa_at={"m.{d}": BAD}),
     faults={("_25._tcp.m.{d}", "TLSA"): "servfail"}, expect=temp(),
     vectors="D78", facts=dict(asked=[("_25._tcp.mx1.{d}", "TLSA")]))
dest("d79-near", "right below the domain, TLSA unusable at its end",
     mx(alias=("m.{d}",), tlsa=GOOD, tlsa_at={"m.{d}": UNUSABLE}),
     expect=ENCRYPT, vectors="D79", facts=dict(base="m.{d}"))
dest("d80", "MX is a CNAME, TLSA at its end insecure",
     mx(alias=("m.{d}",), tlsa=GOOD, tlsa_at={"m.{d}": BAD}),
     zones={"_tcp.m.{d}": "unsigned"}, expect=PASS, vectors="D80",
     facts=dict(asked=[("_25._tcp.m.{d}", "TLSA")]))
dest("d81", "secure CNAME to an insecure address, TLSA at its start",
     mx(alias=("m.d81.insecure",), tlsa=GOOD), expect=PASS, vectors="D81",
     facts=dict(never=[("_25._tcp.m.d81.insecure", "TLSA")]))
dest("d82", "insecure CNAME to a secure address: no TLSA query",
     mx("mx1.d82.insecure", alias=("m.{d}",), tlsa=BAD,
        tlsa_at={"m.{d}": BAD}), expect=NONE, vectors="D82",
     facts=dict(asked=[("mx1.d82.insecure", "A")],
                never=[("_25._tcp.mx1.d82.insecure", "TLSA"),
                       ("_25._tcp.m.{d}", "TLSA")]))
dest("d84", "three CNAMEs, TLSA at the middle name only",
     mx(alias=("a.{d}", "b.{d}", "c.{d}"), tlsa_at={"b.{d}": BAD}),
     expect=NONE, vectors="D84",
     facts=dict(never=[("_25._tcp.b.{d}", "TLSA")]))
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
              "_b.{d} CNAME _a.{d}."], expect=temp(), vectors="D87")
dest("d87-host", "MX host is a CNAME loop", mx(smtp=()),
     records=["mx1.{d} CNAME a.{d}.", "a.{d} CNAME b.{d}.",
              "b.{d} CNAME a.{d}."],
     expect=temp(LOOKUP, "no-policy-found", "deferred"), vectors="D87",
     facts=dict(rt=""))
dest("d88", "DNAME above the MX",
     mx("mx1.to.{d}", None, tlsa=TA, cert=private("mx1.to.{d}")),
     mx=["10 mx1.from.{d}."], records=["from.{d} DNAME to.{d}."],
     expect=PASS, vectors="D88", facts=dict(base="mx1.to.{d}"))

# -- D90 to D98: relay, preference, names -------------------------------
dest("d90", "a relay on port 587 with its own TLSA",
     mx("gw.{d}", None, port=587, tlsa=GOOD,
        tlsa_at={"_25._tcp.gw.{d}": BAD}), mx=["10 nobody.{d}."],
     records=["gw.{d} MX 10 nobody.{d}."], relay="[gw.{d}]:587",
     expect=PASS, vectors="D90",
     facts=dict(asked=[("_587._tcp.gw.{d}", "TLSA")],
                never=[("{d}", "MX"), ("gw.{d}", "MX"),
                       ("_25._tcp.gw.{d}", "TLSA")]))
dest("d91", "first MX: TLSA bad; second: no TLSA", mx(tlsa=BAD),
     mx("mx2.{d}", 20), expect=soft("validation-failure"), vectors="D91",
     facts=dict(hosts="fail no-policy", dane="none", level="may"))
dest("d92", "first MX: no TLSA; second: good TLSA", mx(),
     mx("mx2.{d}", 20, tlsa=GOOD), expect=NONE, vectors="D92",
     facts=dict(silent=["mx2.{d}"]))
dest("d93", "first MX: TLSA query fails; second: good TLSA", mx(tlsa=GOOD),
     mx("mx2.{d}", 20, tlsa=GOOD),
     faults={("_25._tcp.mx1.{d}", "TLSA"): "servfail"}, expect=PASS,
     vectors="D93", facts=dict(hosts="skip secure-dane", rt=""))
dest("d94", "both hosts: TLSA bad", mx(tlsa=BAD),
     mx("mx2.{d}", 20, tlsa=BAD), expect=fail("validation-failure"),
     vectors="D94", facts=dict(hosts="fail fail"))
dest("d95", "first MX refuses, second has good TLSA",
     mx(smtp="refuse", tlsa=GOOD), mx("mx2.{d}", 20, tlsa=GOOD),
     expect=PASS, vectors="D95", facts=dict(hosts="skip secure-dane"))
dest("xn--bcher-kva", "IDN without a policy", mx(), expect=NONE,
     vectors="D98", show="bücher.example",
     facts=dict(asked=[("xn--bcher-kva.example", "MX")]))
