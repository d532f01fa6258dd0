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
dest("c2", "the signature over the DNSKEY records has expired", mx(tlsa=GOOD),
     expired=[("{d}", "DNSKEY")], vectors="C2")
dest("c3", "the signature over the TLSA records is bad", mx(tlsa=GOOD),
     bogus=[("_25._tcp.mx1.{d}", "TLSA")], vectors="C3")
dest("c4", "the signature over the TLSA records has expired", mx(tlsa=GOOD),
     expired=[("_25._tcp.mx1.{d}", "TLSA")], vectors="C4")
dest("c5", "TLSA 2 0 1 of another CA",
     mx(tlsa=[tlsa(2, 0, 1, "evil-root")], cert=PRIVATE), vectors="C5")
dest("c6", "TLSA 3 0 1 with the digest of the key, which 3 1 1 would have",
     mx(tlsa=[tlsa(3, 0, 1, part=1)]), vectors="C6")
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

# -- what is asked of DNS ------------------------------------------------
dest("v11", "the MX lookup fails as long as it is told to", mx(),
     faults={("{d}", "MX"): "pass"}, vectors="V11")
dest("v11-timeout", "the MX lookup is never answered", mx(),
     faults={("{d}", "MX"): "drop"}, vectors="V11")
dest("v12", "40 MX hosts", mx("m0.{d}", pref=None, cert=ALL),
     records=["{d} MX 10 m%d.{d}." % n for n in range(40)] +
     ["m%d.{d} A %s" % (n, block(len(WORLD.dests)) + ".10")
      for n in range(1, 40)], vectors="V12")
dest("v28", "TLSA lookups fail at one host of two",
     mx(tlsa=GOOD), mx("mx2.{d}", 20, tlsa=GOOD),
     faults={("_25._tcp.mx1.{d}", "TLSA"): "servfail"}, vectors="V28")

# -- MTA-STS and TLS reports ---------------------------------------------
dest("v42-alert", "policy host: TLS alert", mx(), sts=STS(https="alert"),
     vectors="V42")
dest("v42-empty", "policy of no octets", mx(), sts=STS(body=""),
     vectors="V42")
dest("v43-bom", "policy with a byte order mark", mx(),
     sts=STS(body="\ufeffversion: STSv1\nmode: enforce\nmx: mx1.{d}\n"
             "max_age: 86400\n"), vectors="V43")
REPORTS = {"mailto": "rua=mailto:r@{d}", "https": "rua=https://{d}/r",
           "both": "rua=mailto:r@{d},https://{d}/r", "none": "note=hi",
           "ftp": "rua=ftp://{d}/r",
           "beside": "rua=ftp://{d}/r,mailto:r@{d}"}
dest("v50", "records for TLS reports", mx(),
     records=["%s.{d} MX 10 mx1.{d}." % name
              for name in [*REPORTS, "ten", "two", "spf"]] +
     ['_smtp._tls.%s.{d} TXT "v=TLSRPTv1; %s"' % pair
      for pair in REPORTS.items()] +
     ['_smtp._tls.ten.{d} TXT "v=TLSRPTv10; rua=mailto:r@{d}"',
      '_smtp._tls.two.{d} TXT "v=TLSRPTv1; rua=mailto:r@{d}"',
      '_smtp._tls.two.{d} TXT "v=TLSRPTv1; rua=mailto:s@{d}"',
      '_smtp._tls.spf.{d} TXT "v=spf1 -all"'], vectors="V50")

# -- who does not want us, and who wants too much -------------------------
dest("v62", "TLSA, and 421 to everybody", mx(tlsa=GOOD, smtp="421"),
     vectors="V62")
tenants("quiet", "goes silent after three answers", 8, vectors="V62")
# fewer in a row than make a resolver look dead
LOOPS, LARGE = 150, 1200
dest("v91", "names that are aliases of each other", mx(),
     records=["n%d.{d} CNAME n%d.{d}." % (n, (n + 1) % LOOPS)
              for n in range(LOOPS)] + ["*.round.{d} CNAME n0.{d}."],
     vectors="V91")
dest("v91-mx", "MX records of some 60 KiB", mx(pref=None),
     records=["{d} MX 10 %s%d.{d}." % ("x" * 30, n) for n in range(LARGE)],
     vectors="V91")
dest("v91-policy", "a policy of 64 KiB of mx lines", mx(),
     sts=STS(body="version: STSv1\nmode: enforce\nmax_age: 86400\n" +
             "mx: mx1.{d}\n" * 2300), vectors="V91")
SPREAD, ORDINARY = 16, 100
dest("v92", "each name has 16 hosts of eight addresses",
     *(mx("m%d.{d}" % n, pref=None, tlsa=GOOD, cert=ALL, smtp=8 * ("ok",))
       for n in range(SPREAD)),
     records=["*.{d} MX 10 m%d.{d}." % n for n in range(SPREAD)],
     vectors="V92")
dest("v92-rest", "who has to wait for nobody",
     *(mx("r%d.{d}" % n, pref=None, cert=ALL) for n in range(ORDINARY)),
     records=["%d.{d} MX 10 r%d.{d}." % (n, n) for n in range(ORDINARY)],
     vectors="V92")
