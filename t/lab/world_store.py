"""Destinations whose record, policy and hosts change while ../sts_cache runs,
for the vectors of policies that are kept; and those of ../tools."""
from model import STS, mx
from words import GOOD, WORLD, dest

# Addresses that are in no special range; ../sts_cache brings them up.
OWN_MAIL = "9.53.0.25"
OWN_WEB = "9.53.0.80"


def kept(name, what, policy=None, vectors="", **kw):
    """Not signed, for a record that changes has no signature; and a domain
    below, whose mail is relayed there."""
    base = dest(name, what, mx(**kw), sts=policy or STS(), zone="unsigned",
                faults={("_mta-sts.{d}", "TXT"): "pass"}, vectors=vectors)
    dest(name + "-again", "another domain whose mail goes there",
         domain="again." + base.domain, mx=[], zone="absent",
         relay=base.domain)


kept("m03", "the record goes, the policy is kept", vectors="M03 M76")
kept("m05", "the record cannot be looked up, the policy is kept",
     vectors="M05")
kept("m40-kept", "max_age 0: used and forgotten", STS(max_age=0),
     vectors="M40")
kept("m44-kept", "mode none without mx, kept", STS(mode="none", mx=()),
     vectors="M44", smtp="no-starttls")
kept("m61", "a new policy with mode none", vectors="M61",
     smtp="no-starttls")
kept("m62", "a new policy that is not to be had", vectors="M62")
kept("m63", "the kept policy expires", STS(max_age=3600), vectors="M63")
kept("m64", "a failed fetch is not tried again for five minutes",
     vectors="M64")
kept("m65", "a failed fetch is tried again for a new id", vectors="M65")
kept("renewed", "a kept policy is renewed before it expires",
     STS(max_age=3600))
kept("flip", "keeps its policy, breaks it, keeps it again")
kept("flop", "breaks its policy, then keeps it")
for number in range(6):
    kept("kill%d" % number, "fetched while posternd is killed")
for number in range(4):
    kept("disk%d" % number, "fetched while the disk fails")

dest("own", "host and policy host have addresses of this machine", mx=[
    "10 mx1.{d}."], records=["mx1.{d} A " + OWN_MAIL,
                             "mta-sts.{d} A " + OWN_WEB,
                             "_mta-sts.{d} TXT \"v=STSv1; id=1;\""])

dest("fresh", "no TLSA yet: records are made and published", mx())
dest("rollover", "gets another key, as a rollover should be", mx(tlsa=GOOD))
