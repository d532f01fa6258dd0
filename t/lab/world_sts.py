"""Destinations for the vectors of MTA-STS."""
from model import STS, Cert, mx
from words import (GOOD, NAME_BAD, NONE, PASS, STS_OK, UNTRUSTED, UNUSABLE,
                   WORLD, dest, fail, lost, soft, temp)

FETCH = lost("sts-policy-fetch-error")
INVALID = lost("sts-policy-invalid")
WEBPKI = lost("sts-webpki-invalid")
VERSION = "version: STSv1"
ENFORCE = "mode: enforce"
MX1 = "mx: mx1.{d}"
AGE = "max_age: 86400"


def sts(row, what, policy, expect=STS_OK, facts=(), **kw):
    """A row whose host is in order, and the policy is the matter; the vector
    is the row's first word."""
    dest(row, what, mx(**kw), sts=policy, expect=expect, facts=dict(facts),
         vectors=row.split("-")[0].upper())


def record(name, what, *txt, expect=STS_OK, facts=()):
    """The same, where the TXT records are the matter."""
    sts(name, what, STS(txt=txt), expect, facts)


def body(name, what, *lines, expect=STS_OK, facts=(), end="\r\n", last=True):
    """The same, where the policy's text is; last: whether a line end stands
    behind the last line."""
    text = end.join(lines) + (end if last else "")
    sts(name, what, STS(body=text), expect, facts)


# -- M04 to M16: the record ---------------------------------------------
dest("m04", "TXT query fails", mx(), sts=STS(), expect=NONE, vectors="M04",
     faults={("_mta-sts.{d}", "TXT"): "servfail"})
record("m06", "unrelated TXT beside the record", "some words",
       "v=STSv1; id=1;")
record("m07", "two records", "v=STSv1; id=1;", "v=STSv1; id=2;",
       expect=NONE)
record("m08", "record in two strings", ["v=STSv1; id=20", "26;"],
       facts=dict(id="2026"))
record("m09", "record without blanks and final semicolon", "v=STSv1;id=a",
       facts=dict(id="a"))
record("m09-extension", "record with another field", "v=STSv1; id=a; x=y",
       facts=dict(id="a"))
record("m10", "record with a blank before the semicolon", "v=STSv1 ; id=a",
       facts=dict(id="a"))
record("m11-case", "version in lower case", "v=stsv1; id=a", expect=NONE)
record("m11-order", "version not first", "id=a; v=STSv1;", expect=NONE)
record("m11-ten", "version STSv10", "v=STSv10; id=a", expect=NONE)
record("m12", "record without id", "v=STSv1;", expect=NONE)
record("m13", "id with hyphens", "v=STSv1; id=2026-01-01", expect=NONE)
record("m13-long", "id of 33 characters", "v=STSv1; id=" + 33 * "a",
       expect=NONE)
record("m14", "two ids: the first counts", "v=STSv1; id=a; id=b",
       facts=dict(id="a"))
record("m15", "extension with a blank in its value",
       "v=STSv1; id=a; note=has space;", expect=NONE)
record("m16", "_mta-sts is a CNAME")
WORLD.find("m16").records = [
    "_mta-sts.{d} CNAME _sts.m16.hosting.",
    "_sts.m16.hosting TXT \"v=STSv1; id=1;\""]

# -- M17 to M27: the fetch ----------------------------------------------
sts("m17-404", "policy: 404", STS(status=404), FETCH)
sts("m17-500", "policy: 500", STS(status=500), FETCH)
sts("m17-refused", "policy host refuses", STS(https="refuse"), FETCH)
sts("m17-nodns", "policy host has no address", STS(https="no-address"),
    FETCH)
dest("m17-servfail", "address of the policy host cannot be looked up", mx(),
     sts=STS(), faults={("mta-sts.{d}", "A"): "servfail"}, expect=FETCH,
     vectors="M17")
sts("m18", "policy: redirect", STS(status=301, headers=(
    "Location: https://mta-sts.m18-target.example/.well-known/mta-sts.txt",
    )), FETCH, facts=dict(silent=["mta-sts.m18-target.example"]))
dest("m18-target", "where m18 redirects to", mx(), sts=STS())
sts("m19", "policy host: certificate for another name",
    STS(cert=Cert(san=("other.example",))), WEBPKI)
sts("m20-expired", "policy host: certificate expired",
    STS(cert=Cert(dates="expired")), WEBPKI)
sts("m20-self", "policy host: self-signed certificate",
    STS(cert=Cert(issuer="self")), WEBPKI)
sts("m20-other", "policy host: unknown CA", STS(cert=UNTRUSTED), WEBPKI)
sts("m21", "policy host: name in the CN only",
    STS(cert=Cert(san=(), cn="{h}")), WEBPKI)
sts("m22", "policy host: wildcard certificate",
    STS(cert=Cert(san=("*.{d}",))))
sts("m23", "policy: text/html", STS(ctype="text/html"), INVALID)
sts("m23-absent", "policy: no Content-Type", STS(https="no-ctype"), INVALID)
sts("m24", "policy: charset", STS(ctype="text/plain; charset=utf-8"))
sts("m24-charset", "policy: another charset",
    STS(ctype="text/plain; charset=iso-8859-1"))
sts("m24-parameter", "policy: another parameter",
    STS(ctype="text/plain; foo=bar"))
sts("m24-case", "policy: media type in capitals", STS(ctype="TEXT/PLAIN"))
sts("m25", "policy: more than 64 KiB", STS(https="big"), INVALID)
sts("m25-chunked", "policy: more than 64 KiB, chunked",
    STS(https="big chunked"), INVALID)
sts("m26", "policy: drips", STS(https="drip"), FETCH)
sts("m26-hang", "policy host hangs", STS(https="hang"), FETCH)
sts("m26-stall", "policy host does not answer the GET", STS(https="stall"),
    FETCH)
sts("m27", "policy: gzip", STS(https="gzip"), INVALID)

# -- M28 to M49: the policy ---------------------------------------------
body("m28", "line feeds, none at the end", VERSION, ENFORCE, MX1, AGE,
     end="\n", last=False)
body("m28-crlf", "CRLF", VERSION, ENFORCE, MX1, AGE)
body("m28-mixed", "both line ends", VERSION + "\n" + ENFORCE, MX1, AGE)
body("m29", "carriage returns only", VERSION, ENFORCE, MX1, AGE, end="\r",
     expect=INVALID)
body("m30", "fields in reverse order", AGE, MX1, ENFORCE, VERSION)
body("m31", "blank before a field", VERSION, " mode: enforce", MX1, AGE,
     expect=INVALID)
body("m31-colon", "blank before a colon", VERSION, "mode : enforce", MX1,
     AGE, expect=INVALID)
body("m32", "no blank behind a colon", VERSION, "mode:enforce", MX1, AGE)
body("m32-blanks", "blanks about a value", VERSION, "mode: \t enforce  ",
     MX1, AGE)
body("m33", "blank line inside", VERSION, ENFORCE, "", MX1, AGE,
     expect=INVALID)
body("m34", "mode twice: the first counts", VERSION, ENFORCE, "mode: none",
     MX1, AGE)
body("m35", "no version", ENFORCE, MX1, AGE, expect=INVALID)
body("m36", "version STSv2", "version: STSv2", ENFORCE, MX1, AGE,
     expect=INVALID)
body("m36-case", "version stsv1", "version: stsv1", ENFORCE, MX1, AGE,
     expect=INVALID)
body("m37", "no mode", VERSION, MX1, AGE, expect=INVALID)
body("m38", "mode Enforce", VERSION, "mode: Enforce", MX1, AGE,
     expect=INVALID)
body("m38-key", "field Mode", VERSION, "Mode: enforce", MX1, AGE,
     expect=INVALID)
body("m39", "no max_age", VERSION, ENFORCE, MX1, expect=INVALID)
body("m40", "max_age 0", VERSION, ENFORCE, MX1, "max_age: 0",
     facts=dict(max_age=0))
body("m41", "max_age over the limit", VERSION, ENFORCE, MX1,
     "max_age: 31557601", facts=dict(max_age=31557600))
body("m41-digits", "max_age of ten digits", VERSION, ENFORCE, MX1,
     "max_age: 9999999999", facts=dict(max_age=31557600))
for word, text in dict(negative="-1", exponent="1e3", unit="86400s",
                       digits="00000086400").items():
    body("m42-" + word, "max_age: " + text, VERSION, ENFORCE, MX1,
         "max_age: " + text, expect=INVALID)
body("m43", "enforce without mx", VERSION, ENFORCE, AGE, expect=INVALID)
body("m44", "none without mx", VERSION, "mode: none", AGE, expect=NONE,
     facts=dict(mode="none"))
sts("m45", "policy: wildcard", STS(mx=("*.{d}",)))
sts("m46", "policy: wildcard, and the domain itself is the host",
    STS(mx=("*.{d}",)), fail("sts-mx-mismatch", "sts"), name="{d}")
sts("m46-deep", "policy: wildcard, and the host is two labels down",
    STS(mx=("*.{d}",)), fail("sts-mx-mismatch", "sts"), name="a.b.{d}")
for word, text in dict(dot="mx1.{d}.", ulabel="mx1.müller.example", star="*",
                       part="mx*.{d}", address="192.0.2.1").items():
    body("m47-" + word, "mx: " + text.replace("{d}", "DOMAIN"), VERSION,
         ENFORCE, "mx: " + text, AGE, expect=INVALID)
dest("m48", "capitals in policy and MX", mx(), mx=["10 Mx1.{d}."],
     sts=STS(mx=("MX1.M48.EXAMPLE",)), expect=STS_OK, vectors="M48")
body("m49", "unknown field", VERSION, ENFORCE, MX1, AGE, "note: hi")
body("m49-utf8", "unknown field in UTF-8", VERSION, ENFORCE, MX1, AGE,
     "note: grüße €")

# -- M50 to M60: the hosts ----------------------------------------------
dest("m50", "first MX is not in the policy, second is", mx(),
     mx("mx2.{d}", 20), sts=STS(mx=("mx2.{d}",)),
     expect=soft("sts-mx-mismatch", "sts"), vectors="M50",
     facts=dict(hosts="fail sts-ok", level="secure"))
sts("m52", "enforce, no STARTTLS", STS(),
    fail("starttls-not-supported", "sts"), smtp="no-starttls")
sts("m54", "enforce, certificate expired", STS(),
    fail("certificate-expired", "sts"), cert=Cert(dates="expired"))
sts("m55", "enforce, certificate for another name", STS(),
    fail("certificate-host-mismatch", "sts"), cert=NAME_BAD)
sts("m56", "enforce, certificate of another host of the policy",
    STS(mx=("mx1.{d}", "mx2.{d}")),
    fail("certificate-host-mismatch", "sts"), cert=Cert(san=("mx2.{d}",)))
sts("m57", "enforce, certificate for the domain only", STS(),
    fail("certificate-host-mismatch", "sts"), cert=Cert(san=("{d}",)))
sts("m58", "enforce, name in the CN only", STS(),
    fail("certificate-host-mismatch", "sts"), cert=Cert(san=(), cn="{h}"))
TESTING = soft("sts-testing", "sts")
sts("m59-mx", "testing, MX not in the policy",
    STS(mode="testing", mx=("mail.{d}",)), TESTING,
    facts=dict(rt="validation-failure"))
sts("m59-starttls", "testing, no STARTTLS", STS(mode="testing"), TESTING,
    facts=dict(rt="starttls-not-supported"), smtp="no-starttls")
sts("m59-expired", "testing, certificate expired", STS(mode="testing"),
    TESTING, facts=dict(rt="certificate-expired"),
    cert=Cert(dates="expired"))
sts("m59-name", "testing, certificate for another name",
    STS(mode="testing"), TESTING,
    facts=dict(rt="certificate-host-mismatch"), cert=NAME_BAD)
sts("m60", "policy: mode none, untrusted certificate",
    STS(mode="none", mx=()), NONE, facts=dict(mode="none"), cert=UNTRUSTED)

# -- M66 to M75: next hops, and DANE beside -----------------------------
dest("m66", "a policy, but not for the domain below", mx(), sts=STS(),
     expect=STS_OK)
dest("m66-sub", "a domain below one with a policy", mx(),
     domain="sub.m66.example", zone="absent", expect=NONE, vectors="M66")
dest("m67", "the relay's policy counts, not the domain's own", mx(),
     sts=STS(mx=("nobody.{d}",)), relay="m67-relay.example", expect=STS_OK,
     vectors="M67", facts=dict(never=[("_mta-sts.{d}", "TXT")]))
dest("m67-relay", "a relay with a policy", mx(), sts=STS(), expect=STS_OK)
dest("m68", "domain is a CNAME, a policy at its end only", mx=[],
     zone="absent", records=["{d} CNAME m68-end.example."], expect=NONE,
     vectors="M68")
dest("m68-end", "where m68 points to: it breaks its own policy", mx(),
     sts=STS(mx=("nobody.{d}",)), expect=fail("sts-mx-mismatch", "sts"))
sts("m69", "MX is a CNAME, certificate for its start", STS(),
    alias=("m.{d}",))
sts("m69-end", "MX is a CNAME, certificate for its end", STS(),
    fail("certificate-host-mismatch", "sts"), alias=("m.{d}",),
    cert=Cert(san=("m.{d}",)),
    facts=dict(verdict="fail", rt="certificate-host-mismatch"))
dest("m70", "no MX: the policy names the domain", mx("{d}", None),
     sts=STS(mx=("{d}",)), expect=STS_OK, vectors="M70")
sts("m71", "DANE in order, MTA-STS names another MX",
    STS(mx=("mail.{d}",)), PASS, tlsa=GOOD, facts=dict(sts="fail"))
dest("m73", "TLSA query fails, MTA-STS is in order", mx(tlsa=GOOD),
     sts=STS(), faults={("_25._tcp.mx1.{d}", "TLSA"): "servfail"},
     expect=temp(), vectors="M73", facts=dict(sts="pass"))
sts("m74", "TLSA unusable, MTA-STS is in order", STS(), tlsa=UNUSABLE,
    facts=dict(dane="encrypt", rt="tlsa-invalid"))
sts("m74-untrusted", "TLSA unusable, certificate of an unknown CA", STS(),
    fail("certificate-not-trusted", "sts"), tlsa=UNUSABLE, cert=UNTRUSTED,
    facts=dict(verdict="fail", dane="encrypt",
               rt="certificate-not-trusted"))
dest("m75", "signature of the MX broken, MTA-STS is in order", mx(),
     bogus=[("{d}", "MX")], sts=STS(), vectors="M75",
     expect=temp("dnssec-invalid", "no-policy-found", "deferred"))
