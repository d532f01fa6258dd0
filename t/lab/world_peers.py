"""Destinations whose mail hosts are ../peers and ../faults themselves: nothing
of the lab listens there."""
from model import STS, Cert, mx, tlsa
from words import BAD, GOOD, TA, dest, private

for number in range(8):
    dest("evil%d" % number, "says what would break a log line",
         mx(tlsa=BAD, smtp="refuse"))
for number in range(2):
    dest("evil-sts%d" % number,
         "a certificate that would break a log line, MTA-STS",
         mx(smtp="refuse"), sts=STS())
dest("evil-mx", "names of MX and policy that would break a log line",
     mx=[r"10 mx\061pass\032event\061check\010\;x.{d}.",
         r"20 \x=y."],
     sts=STS(mx=("a=b event=check", "x\ry.{d}"),
             txt=("v=STSv1; id=1; x=\\010\\013event=check;",)))
# What ../probe says, and whether it is what smtp(8) takes.
for number in range(29):
    dest("odd%d" % number, "says odd things", mx(tlsa=GOOD, smtp="refuse"))
dest("odd-rsa", "shows two certificates, of which RSA's has a record",
     mx(tlsa=GOOD, smtp="refuse", cert=Cert(key="rsa")))
dest("odd-three", "shows three certificates, of which RSA's has a record",
     mx(tlsa=GOOD, smtp="refuse", cert=Cert(key="rsa")))
dest("odd-aria", "has suites that GnuTLS lacks",
     mx(tlsa=GOOD, smtp="refuse"))
dest("odd-aria-rsa", "has suites that GnuTLS lacks, and an RSA key",
     mx(tlsa=GOOD, smtp="refuse", cert=Cert(key="rsa")))
dest("odd-aria-wrong", "has suites that GnuTLS lacks, and another certificate",
     mx(tlsa=BAD, smtp="refuse"))
dest("odd-suites", "has suites that nobody offers",
     mx(tlsa=GOOD, smtp="refuse"))
dest("screen", "a postscreen that does not know its client",
     mx(tlsa=GOOD, smtp="refuse"))
# One port for each octet after which ../faults cuts a dialogue.
dest("cut", "a dialogue that is cut", mx(
    tlsa=GOOD, smtp="refuse", cert=Cert(key="rsa"),
    tlsa_at={"*._tcp.mx1.{d}": GOOD}))

# Much of all that a peer may send, and still a policy that is kept.
dest("huge-chain", "more certificates than anybody needs",
     mx(tlsa=GOOD, smtp="refuse"))
dest("huge-names", "a certificate with 16 kB of names, its own the last",
     mx(tlsa=TA, cert=private(*(("n%03d." % i) + "x" * 60 + "." + "y" * 60 +
                                ".example" for i in range(120)), "{h}")))
# As many as fit the 64 KiB in which Unbound validates them, names spelt out.
dest("huge-tlsa", "800 TLSA records, one of which matches",
     mx(tlsa=[tlsa(3, 1, 1, data="%064x" % i) for i in range(800)] + GOOD))
dest("huge-ehlo", "10 MB in reply to EHLO", mx(tlsa=GOOD, smtp="refuse"))
