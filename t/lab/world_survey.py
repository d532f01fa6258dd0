"""Hosts of many names, for ../scenario/survey_probe.py alone, which names it in
POSTERN_LAB_WORLD: domains N.NAME.example, mail hosts cN.NAME.example.
"""
from model import STS, Cert, mx, tlsa
from words import GOOD, PRIVATE, WORLD, dest

TENANTS = 300
# Those that are shown another certificate, the last of them by name
ODD = [n for n in range(TENANTS) if str(n)[0] in "56789"]
TURNED = 10
MANY = 2000
FETCHED = 40
UNSIGNED = 30
ALL = Cert(san=("*.{d}",))
OTHER = Cert(san=("*.{d}",), cn="other")


def block(index):
    """The first octets of the addresses of the destination of that index."""
    return "127.%d.%d" % (20 + index // 250, index % 250 + 1)


def tenants(name, what, count, smtp="ok", sni=(), **kw):
    """Each domain has a name of its own for the one host."""
    host = block(len(WORLD.dests)) + ".10"
    dest(name, what, mx("c0.{d}", pref=None, cert=ALL, smtp=smtp,
                        sni={"c%d.{d}" % n: OTHER for n in sni}),
         records=["%d.{d} MX 10 c%d.{d}." % (n, n) for n in range(count)] +
         ["c%d.{d} A %s" % (n, host) for n in range(1, count)], **kw)


tenants("tenants", "a name for each domain, one certificate for all", TENANTS,
        vectors="V71")
tenants("odd", "the same, but some names have another", TENANTS, sni=ODD,
        vectors="V72")
tenants("turned", "says 421 to everybody", TURNED, "421", vectors="V62")
tenants("sent", "says 554 to everybody", TURNED, "554", vectors="V62")
tenants("spaced", "a few names of one host", 6, vectors="G6")
dest("shared", "five hosts with seven addresses for very many domains",
     *(mx("mx%d.{d}" % n, pref=None, tlsa=GOOD,
          smtp=("ok", "ok") if n < 2 else ("ok",)) for n in range(5)),
     records=["%d.{d} MX 10 mx%d.{d}." % (n, n % 5) for n in range(MANY)],
     vectors="V70")
dest("fetched", "a policy host for each domain, all at one address", mx(),
     sts=STS(cert=Cert(san=("mta-sts.{d}", *("mta-sts.%d.{d}" % n
                                             for n in range(FETCHED))))),
     records=[line % {"n": n, "web": block(len(WORLD.dests)) + ".80"}
              for n in range(FETCHED) for line in (
                  "%(n)d.{d} MX 10 mx1.{d}.", "mta-sts.%(n)d.{d} A %(web)s",
                  '_mta-sts.%(n)d.{d} TXT "v=STSv1; id=1;"')], vectors="V73")
dest("v45", "MTA-STS enforce, certificate expired; TLSA matches",
     mx(tlsa=GOOD, cert=Cert(dates="expired")), sts=STS(), vectors="V45")
dest("v60", "a secure host without STARTTLS", mx(smtp="no-starttls"),
     vectors="V60")
dest("v22", "one host of two has TLSA records",
     mx(tlsa=GOOD), mx("mx2.{d}", 20), vectors="V22")
dest("v27", "TLSA matches at one of two addresses",
     mx(tlsa=GOOD, smtp=("ok", "ok"), cert=(Cert(), Cert(key="rsa"))),
     vectors="V27")
dest("c1", "the signature over the DNSKEY records is bad", mx(tlsa=GOOD),
     bogus=[("{d}", "DNSKEY")], vectors="C1")
dest("c3", "the signature over the TLSA records is bad", mx(tlsa=GOOD),
     bogus=[("_25._tcp.mx1.{d}", "TLSA")], vectors="C3")
dest("c5", "TLSA 2 0 1 of another CA",
     mx(tlsa=[tlsa(2, 0, 1, "evil-root")], cert=PRIVATE), vectors="C5")
dest("c7", "several TLSA records, of which one matches",
     mx(tlsa=[tlsa(3, 1, 1, "evil-root"), tlsa(3, 1, 2), tlsa(2, 0, 1,
                                                           "evil-root")]),
     vectors="C7")
dest("stray", "TLSA at a host that many share, in an unsigned zone",
     mx(tlsa=GOOD), zone="unsigned",
     records=["%d.{d} MX 10 mx1.{d}." % n for n in range(UNSIGNED)],
     vectors="V24")
dest("stray-broken", "the same, but it cannot be looked up", mx(),
     zone="unsigned", faults={("_25._tcp.mx1.{d}", "TLSA"): "servfail"},
     vectors="V24")
dest("misplaced", "TLSA at the domain's own name, which is no mail host", mx(),
     records=["_25._tcp.{d} TLSA 3 1 1 " + "ab" * 32], vectors="V25")
dest("wide", "sixteen mail hosts", mx("m0.{d}", pref=None, cert=ALL),
     records=["{d} MX 10 m%d.{d}." % n for n in range(16)] +
     ["m%d.{d} A %s" % (n, block(len(WORLD.dests)) + ".10")
      for n in range(1, 16)])
