"""Very many domains with policies, at twenty policy hosts and mail hosts, for
../scenario/fleet_many alone: dN.fleetM.example, N below EACH.
"""
from model import STS, Cert, mx
from words import dest

HOSTS = 20
EACH = 55

for host in range(HOSTS):
    names = ["d%d.{d}" % n for n in range(EACH)]
    made = dest("fleet%d" % host, "%d domains with policies" % EACH, mx(),
                sts=STS(cert=Cert(san=("{h}", *("mta-sts." + name
                                               for name in names)))))
    made.records = [record for name in names for record in (
        name + " MX 10 mx1.{d}.", "_mta-sts." + name + ' TXT "v=STSv1; id=1;"',
        "mta-sts.%s A %s" % (name, made.web_address()))]
