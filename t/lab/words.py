"""The world that the rows fill, its certification authorities, and the words
that many rows share."""
from model import NOBODY, Cert, World, tlsa

WORLD = World("example")
ca = WORLD.ca
dest = WORLD.dest

WORLD.zone("example", "signed")
WORLD.zone("hosting", "signed")
WORLD.zone("insecure", "unsigned")

# -- certification authorities ------------------------------------------
ca("webpki-root")
ca("webpki-int", "webpki-root", send=("webpki-int",))
ca("other-root", send=("other-root",))
ca("dane-root")
ca("dane-int", "dane-root", send=("dane-int", "dane-root"))
ca("dane-int-expired", "dane-root", dates="expired",
   send=("dane-int-expired", "dane-root"))
ca("dane-int-no-ca", "dane-root", basic="critical,CA:FALSE",
   send=("dane-int-no-ca", "dane-root"))
ca("dane-int-short", "dane-root", basic="critical,CA:TRUE,pathlen:0")
ca("dane-below-short", "dane-int-short",
   send=("dane-below-short", "dane-int-short", "dane-root"))
ca("dane-int-client", "dane-root", extra=("extendedKeyUsage=clientAuth",),
   send=("dane-int-client",))
ca("dane-int-policy", "dane-root",
   extra=("policyConstraints=critical,requireExplicitPolicy:0",),
   send=("dane-int-policy", "dane-root"))
ca("dane-root-expired", dates="expired")
ca("dane-int-old", "dane-root-expired",
   send=("dane-int-old", "dane-root-expired"))
ca("evil-root")
ca("evil-int", "evil-root", send=("evil-int",))

# -- TLSA records and certificates --------------------------------------
GOOD = [tlsa(3, 1, 1)]
BAD = [tlsa(3, 1, 1, NOBODY)]
BAD_512 = [tlsa(3, 1, 2, NOBODY)]
UNUSABLE = [tlsa(1, 1, 1)]
TA = [tlsa(2, 0, 1, "dane-root")]
PRIVATE = Cert(issuer="dane-int")
UNTRUSTED = Cert(issuer="other-root")
NAME_BAD = Cert(san=("mail.other.example",))


def private(*san, **kw):
    """A certificate of the CA that TA names."""
    return Cert(san=san, issuer="dane-int", **kw)


# -- verdicts -----------------------------------------------------------
PASS = ("pass", "tlsa", "ok")
HALF = ("pass", "tlsa", "insecure-mx")
STS_OK = ("pass", "sts", "ok")
NONE = ("none", "no-policy-found", "no-policy")
RELAYED = ("none", "no-policy-found", "relayed")
ENCRYPT = ("none", "tlsa", "tlsa-unusable")

# How a lookup fails for good reaches us as one or another of these, as the
# resolver between will have it.
LOOKUP = ("dns-servfail", "dns-timeout", "dnssec-invalid")


def fail(reason, policy="tlsa", postfix="sent"):
    return ("fail", policy, reason, postfix)


def soft(reason, policy="tlsa"):
    return ("softfail", policy, reason)


def temp(reason=LOOKUP, policy="tlsa", postfix="sent"):
    return ("temperror", policy, reason, postfix)


def lost(reason):
    """A policy that is not to be had: as if there were none."""
    return ("none", "sts", reason)
