"""The words in which world.py describes destinations.

A destination is one recipient domain with its zones, mail hosts and MTA-STS
policy host.  In every text "{d}" stands for the recipient domain and "{h}"
for the name of the host that the text belongs to.  Nothing here does I/O.
"""
from dataclasses import dataclass, field

NOBODY = "nobody"
ZONE_STATES = ("signed", "unsigned", "bogus", "lame", "silent", "absent",
               "ed448", "inside")


@dataclass(frozen=True)
class CA:
    """A certification authority; send: what its leaves' servers send."""
    name: str
    issuer: str = "self"
    dates: str = "valid"
    send: tuple = ()
    basic: str = "critical,CA:TRUE"
    extra: tuple = ()


@dataclass(frozen=True)
class Cert:
    """A server certificate.

    san: names, () for none.  cn: default the first name.  issuer: a CA's
    name or "self".  send: CA certificates sent after the leaf, None for the
    issuer's habit.  dates: valid, expired or future.  key: ec, rsa, or costly
    for a huge one, of which a server shows no more than costly.py can say.
    """
    san: tuple = ("{h}",)
    cn: str = ""
    issuer: str = "webpki-int"
    send: tuple = None
    dates: str = "valid"
    key: str = "ec"
    usage: str = "critical,digitalSignature"


@dataclass(frozen=True)
class TLSA:
    """One record; of: "leaf", a CA's name, or NOBODY (matches nothing).
    part: the selector of its data, where that is not the one that it says."""
    usage: int
    selector: int
    mtype: int
    of: str = "leaf"
    trim: int = None
    data: str = None
    part: int = None


@dataclass
class Host:
    """A mail host.

    smtp: one behaviour per address; a leading "6:" makes it an IPv6 address.
    cert: one for all addresses, or one per address.
    second: a certificate with a key of another kind, for clients that prefer it.
    alias: the CNAME chain from the name to where the addresses are.
    tlsa_at: TLSA records at base domains other than the name itself.
    sni: certificates shown instead when the client names that host.
    """
    name: str = "mx1.{d}"
    pref: int = 10
    tlsa: list = field(default_factory=list)
    smtp: tuple = ("ok",)
    cert: object = Cert()
    second: Cert = None
    port: int = 25
    alias: tuple = ()
    tlsa_at: dict = field(default_factory=dict)
    sni: dict = field(default_factory=dict)


@dataclass
class STS:
    """An MTA-STS record and policy.

    txt: the TXT records, each a string or a list of strings.  mx: None for
    all of the destination's hosts.  body: the whole policy instead of one
    made of mode, mx and max_age.  https: behaviour words of httpsd.py.
    alias: the policy host's name is a CNAME to this.
    """
    mode: str = "enforce"
    mx: tuple = None
    max_age: object = 86400
    txt: tuple = ("v=STSv1; id=1;",)
    body: str = None
    cert: Cert = Cert()
    https: str = "ok"
    status: int = 200
    ctype: str = "text/plain"
    headers: tuple = ()
    alias: str = None


@dataclass
class Expect:
    """The verdict promised for a destination.

    reason: a tuple where one of several will do.  postfix: what a Postfix
    with TLS level "may" does with tagged mail: sent, deferred or bounced.
    """
    result: str
    policy: str
    reason: object
    postfix: str = "sent"

    def reasons(self):
        """All reasons that will do."""
        return self.reason if isinstance(self.reason, tuple) \
            else (self.reason,)

    def __str__(self):
        return "/".join([self.result, self.policy, "|".join(self.reasons())])


@dataclass
class Dest:
    """A recipient domain.

    relay: the next hop that Postfix has for it, as in transport(5).
    facts: what else the verdict shows, or the servers see, where it does not
    follow from the rest; the keys are those of ../vectors.
    """
    name: str
    what: str
    hosts: list
    domain: str
    mx: list = None
    sts: STS = None
    zone: str = "signed"
    zones: dict = field(default_factory=dict)
    records: list = field(default_factory=list)
    bogus: list = field(default_factory=list)
    expired: list = field(default_factory=list)
    faults: dict = field(default_factory=dict)
    expect: Expect = None
    facts: dict = field(default_factory=dict)
    relay: str = ""
    vectors: tuple = ()
    demo: bool = False
    show: str = ""
    index: int = 0

    def fill(self, text, host=None):
        """Put the domain's and the host's names into a text."""
        text = text.replace("{d}", self.domain)
        if host is not None:
            text = text.replace("{h}", host)
        return text

    def block(self):
        """The first three octets of the destination's addresses."""
        return "127.%d.%d" % (20 + self.index // 250, self.index % 250 + 1)

    def web_address(self):
        return self.block() + ".80"

    def dns_address(self):
        return self.block() + ".53"

    def mail_addresses(self, host):
        """[(address, behaviour, Cert)] of a host, in order."""
        out = []
        base = 10
        for other in self.hosts:
            if other is host:
                break
            base += len(other.smtp)
        for i, smtp in enumerate(host.smtp):
            cert = host.cert[i] if isinstance(host.cert, tuple) else host.cert
            if smtp.startswith("6:"):
                address = "fd00:1ab:0:%x::%x" % (self.index + 1, base + i)
                smtp = smtp[2:]
            else:
                address = "%s.%d" % (self.block(), base + i)
            out.append((address, smtp, cert))
        return out


class World:
    """The list of CAs and destinations, in the order of declaration."""

    def __init__(self, tld):
        self.tld = tld
        self.cas = {}
        self.dests = []
        self.zones = {}

    def ca(self, name, issuer="self", **kw):
        self.cas[name] = CA(name, issuer, **kw)

    def zone(self, name, state):
        """A zone that belongs to no destination."""
        assert state in ZONE_STATES
        self.zones[name] = state

    def dest(self, name, what, *hosts, expect=None, vectors="", domain=None,
             **kw):
        assert all(d.name != name for d in self.dests), name
        dest = Dest(name, what, list(hosts), domain or name + "." + self.tld,
                    expect=Expect(*expect) if expect else None,
                    vectors=tuple(vectors.split()), index=len(self.dests),
                    **kw)
        for state in [dest.zone, *dest.zones.values()]:
            assert state in ZONE_STATES, state
        self.dests.append(dest)
        return dest

    def find(self, name):
        """The destination of that name or domain."""
        for dest in self.dests:
            if name in (dest.name, dest.domain):
                return dest
        raise KeyError(name)


def mx(name="mx1.{d}", pref=10, **kw):
    """A mail host; smtp and cert may be given bare instead of in a tuple."""
    if isinstance(kw.get("smtp"), str):
        kw["smtp"] = (kw["smtp"],)
    return Host(name, pref, **kw)


def tlsa(usage, selector, mtype, of="leaf", **kw):
    return TLSA(usage, selector, mtype, of, **kw)
