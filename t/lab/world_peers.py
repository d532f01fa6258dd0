"""Destinations whose mail hosts are ../peers and ../faults themselves: nothing
of the lab listens there."""
from model import STS, Cert, mx
from words import BAD, GOOD, dest

# Ports at which ../faults cuts a dialogue, each after another octet.
CUT_PORTS = range(10000, 10160)

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
dest("cut", "a dialogue that is cut", mx(
    tlsa=GOOD, smtp="refuse", cert=Cert(key="rsa"), tlsa_at={
        "_%d._tcp.mx1.{d}" % port: GOOD for port in CUT_PORTS}))
