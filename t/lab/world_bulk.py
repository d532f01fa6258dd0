"""Very many domains at fifty hosts, for ../bench/run alone: dN.bulk.example, and
the name of a sink; and any name below wH.wild.example, signed, or
wH.wilder.example, not signed, at host H.  Any name below round.loops.example is
an alias of one that is an alias of another, and that of it.
"""
from model import mx
from words import GOOD, dest

HOSTS = 50
DOMAINS = 1000

dest("bulk", "%d domains at %d hosts" % (DOMAINS, HOSTS),
     *(mx("mx%d.{d}" % n, pref=None, tlsa=GOOD) for n in range(HOSTS)),
     records=["d%d.{d} MX 10 mx%d.{d}." % (n, n % HOSTS)
              for n in range(DOMAINS)] + ["sink.{d} A 127.0.0.1"])
for name, zone in (("wild", "signed"), ("wilder", "unsigned")):
    dest(name, "any number of domains at the same hosts", zone=zone,
         records=["*.w%d.{d} MX 10 mx%d.bulk.example." % (n, n)
                  for n in range(HOSTS)])
dest("loops", "any number of aliases that go round", zone="unsigned",
     records=["*.round.{d} CNAME a.{d}.", "a.{d} CNAME b.{d}.",
              "b.{d} CNAME a.{d}."])
