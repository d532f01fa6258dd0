"""Destinations for mail under REQUIRETLS (RFC 8689), for ../requiretls.

No row has a verdict of "postern check" to keep to: what counts is the reply
to such mail.  A host offers REQUIRETLS unless the row says otherwise.
"""
from model import STS, mx as host
from words import BAD, GOOD, UNTRUSTED, UNUSABLE, dest

# Replies; anything else is the reply itself, up to the domain's name.
TAKEN = ""
NO_AUTH = "550 5.7.10"
NOT_OFFERED = "550 5.7.30"
LATER = "451 4.7.5"

# [(number, destination, reply, reason)]
CASES = []


def mx(*words, smtp="requiretls", **kw):
    return host(*words, smtp=smtp, **kw)


def case(number, name, what, *hosts, reply=TAKEN, reason="requiretls-unmet",
         **kw):
    CASES.append((number, dest(name, what, *hosts, **kw), reply, reason))


case("Q01", "q01", "DANE, REQUIRETLS offered", mx(tlsa=GOOD))
case("Q02", "q02", "DANE, REQUIRETLS not offered", mx(tlsa=GOOD, smtp="ok"),
     reply=NOT_OFFERED)
case("Q02", "q02-both", "DANE, offered by neither host",
     mx(tlsa=GOOD, smtp="ok"), mx("mx2.{d}", 20, tlsa=GOOD, smtp="ok"),
     reply=NOT_OFFERED)
case("Q03", "q03", "no policy, MX insecure", mx(), zone="unsigned",
     reply=NO_AUTH)
case("Q03", "q03-mismatch", "DANE does not match", mx(tlsa=BAD),
     reply=NO_AUTH)
case("Q04", "q04", "no policy, MX secure, certificate of the WebPKI", mx())
case("Q04", "q04-untrusted", "the same, certificate of an unknown CA",
     mx(cert=UNTRUSTED), reply=NO_AUTH)
case("Q04", "q04-plain", "the same, not offered", mx(smtp="ok"),
     reply=NOT_OFFERED)
case("Q05", "q05", "MTA-STS enforce, MX insecure", mx(), sts=STS(),
     zone="unsigned")
case("Q05", "q05-mx", "MTA-STS does not name the MX", mx(),
     sts=STS(mx=("mail.{d}",)), zone="unsigned", reply=LATER)
case("Q06", "q06", "MTA-STS testing, all in order", mx(),
     sts=STS(mode="testing"), reply=NO_AUTH)
case("Q07", "q07", "TLSA unusable", mx(tlsa=UNUSABLE), reply=NO_AUTH)
case("Q08", "q08", "good TLSA, MX insecure",
     mx("q08.mx.hosting", tlsa=GOOD), zone="unsigned", reply=NO_AUTH)
case("Q09", "q09", "the first MX fails DANE, the second is in order",
     mx(tlsa=BAD), mx("mx2.{d}", 20, tlsa=GOOD))
case("Q09", "q09-open", "the first MX has no policy, the second is in order",
     mx(cert=UNTRUSTED), mx("mx2.{d}", 20, tlsa=GOOD))
case("Q09", "q09-down", "the first MX is down, the second is in order",
     mx(tlsa=GOOD, smtp="refuse"), mx("mx2.{d}", 20, tlsa=GOOD))
case("", "q-421", "421 to EHLO inside TLS",
     mx(tlsa=GOOD, smtp="requiretls tls-421"), reply=LATER,
     reason="connect-failed")
case("", "q-refused", "nothing listens", mx(tlsa=GOOD, smtp="refuse"),
     reply=LATER, reason="connect-failed")
case("", "q-bogus", "the zone's DNSSEC is broken", mx(tlsa=GOOD),
     zone="bogus", reply=LATER, reason="dnssec-invalid")
