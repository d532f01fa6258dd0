"""rules - what Postern has to make of a destination, read once more.

Written from RFC 7672, RFC 8461, RFC 8689 and from what the manuals promise, not
from the C: the judge is run beside it.  A case is the line that t/model/cases.c
reads: "MX TERMS STS HOST...".

MX     S secure, I insecure records; N, n no records, securely or not: the next
       hop is its own host; X no such name; 0 null MX; B bogus, E SERVFAIL,
       T time-out; - the host is given.  ">" more hosts than are looked at
TERMS  the level without a rule (a auto, n none, m may, e encrypt, d dane,
       o dane-only, s secure), or R and the letter of the domain's rule, or *
       and that of the rule for all (x dane=no, y sts=no, z both, M secure with
       names given); InsecureMX (d e m p); PartialDANE (o s d); + a floor of
       TLS; Q the mail demands TLS (REQUIRETLS)
STS    - no record; E enforce, T testing, N none; F W V not to be had; L the
       record cannot be looked up; ? nobody looked; c behind it: kept, and
       cannot be renewed
HOST   PREFERENCE,ADDRESSES,TLSA,NAMED,PROBE...[@RULE]
       ADDRESSES S I; D denied, P A alone answers, F both fail, G one denied and
       one fails, M no address in the answer, H A secure and AAAA insecure; as
       alias: K secure, k insecure addresses, j insecure alias, f unknown alias
       TLSA: u usable, x not usable, i insecure, N none, B E T, - not asked
       NAMED: y n, by the policy
       PROBE: g TLS and let in, H refused inside, L lost inside, U our library
       cannot, each with a letter for DANE and one for the WebPKI (o right,
       h name, t trust, e date, v other, x too dear, z unread), and R for
       REQUIRETLS; p no STARTTLS, q refused, a handshake fails; r w c t not in
       reach; k O not to be asked; N no way out of ours; . not probed; ! before
       it: no mail gets there
":SECONDS" behind MX, ADDRESSES, TLSA is a TTL, behind STS what is left of the
policy.
"""
from collections import namedtuple
from functools import lru_cache

FAILED = {"B": "dnssec-invalid", "E": "dns-servfail", "T": "dns-timeout"}
CODES = {"o": "ok", "h": "certificate-host-mismatch",
         "t": "certificate-not-trusted", "e": "certificate-expired",
         "v": "validation-failure", "x": "too-costly", "z": "tls-unsupported"}
OURS = ("too-costly", "tls-unsupported")
PLAIN = {"p": "starttls-not-supported", "q": "starttls-not-supported",
         "a": "validation-failure"}
NOBODY = {"r": "connect-failed", "w": "connect-failed", "c": "connect-failed",
          "t": "probe-timeout", "N": "source-unusable",
          "k": "address-blocked", "O": "address-blocked"}
FETCH = {"F": "sts-policy-fetch-error", "W": "sts-webpki-invalid",
         "V": "sts-policy-invalid"}
LEVELS = {"a": "auto", "n": "none", "m": "may", "e": "encrypt", "d": "dane",
          "o": "dane-only", "s": "secure", "M": "secure", "x": "auto",
          "y": "auto", "z": "auto"}
TYPES = {"starttls-not-supported", "certificate-host-mismatch",
         "certificate-not-trusted", "certificate-expired",
         "validation-failure", "dane-required"} | set(FETCH.values())
OTHER_TYPES = {"sts-mx-mismatch": "validation-failure",
               "tlsa-unusable": "tlsa-invalid"}
STRENGTH = ["fail", "skip", "no-policy", "encrypt-only", "sts-ok",
            "half-dane", "secure-dane"]
TTL = 3600
CAPS = {"pass": 2400, "fail": 300, "temperror": 45}
FLOOR = 30

Demand = namedtuple("Demand", "letter rule level encrypt dane sts")
Terms = namedtuple("Terms", "demand scope insecure partial requiretls")
Host = namedtuple("Host", "preference address tlsa named probes rule")
Case = namedtuple("Case", "mx more terms sts kept hosts ttls left")
# What is the same for all hosts, as far as a host's verdict goes
Context = namedtuple("Context", "mx terms sts")
Address = namedtuple("Address", "outcome reason sts sts_reason requiretls")
Verdict = namedtuple("Verdict", "outcome reason policy level rt dane sts "
                     "sts_reason requiretls mixed")


def report_type(reason):
    """RFC 8460 section 4.3."""
    return reason if reason in TYPES else OTHER_TYPES.get(reason, "-")


# -- reading -----------------------------------------------------------------

@lru_cache(None)
def demand_of(letter, rule, floor):
    level = LEVELS[letter]
    return Demand(letter, rule, level,
                  level == "encrypt" or (floor and not rule),
                  level in ("dane", "dane-only") or
                  (level == "auto" and letter not in "xz"),
                  level == "auto" and letter not in "yz")


@lru_cache(None)
def read_terms(token):
    scope = token[0] if token[0] in "R*" else ""
    rest = token[1:] if scope else token
    # a floor is beside the level that holds without a rule
    return Terms(demand_of(rest[0], scope, "+" in rest), scope, rest[1],
                 rest[2], "Q" in rest)


@lru_cache(None)
def cut(token, plain):
    word, colon, number = token.partition(":")
    return word, int(number) if colon else plain


@lru_cache(200000)
def read_host(token):
    token, _, rule = token.partition("@")
    preference, address, tlsa, named, *probes = token.split(",")
    address, address_ttl = cut(address, TTL)
    tlsa, tlsa_ttl = cut(tlsa, TTL)
    return (Host(int(preference), address, tlsa, named == "y",
                 tuple(probes) if address in "SIPHKkjf" else (), rule),
            (address_ttl, tlsa_ttl))


def read(line):
    mx, terms, sts, *hosts = line.split()
    mx, mx_ttl = cut(mx, TTL)
    sts, left = cut(sts, TTL)
    read_hosts = [read_host(host) for host in hosts]
    return Case(mx[0], mx.endswith(">"), read_terms(terms), sts[0],
                sts.endswith("c"), tuple(host for host, _ in read_hosts),
                (mx_ttl, [ttls for _, ttls in read_hosts]), left)


# -- what is demanded of a host ----------------------------------------------

def in_force(sts):
    """RFC 8461 section 5: mode none is as no policy."""
    return sts in "ET"


def given_names(demand):
    return demand.letter == "M"


def demand_at(host, context):
    """postern-destinations(5): a rule for a host ranks above * only; and under
    MX records that anybody may forge it lifts nothing that would hold at any
    host which the forger may name."""
    whole = context.terms.demand
    if not host.rule or context.terms.scope == "R":
        return whole
    own = demand_of(host.rule, "H", False)
    vouched = context.mx in "SN-0"
    holds = whole.level == "dane-only" or given_names(whole) or (
        whole.sts and context.sts == "E" and not host.named)
    if vouched or not holds:
        return own
    return own if own.level == "dane-only" else whole


def is_half(context):
    return context.mx == "I"


def wants_lookup(host):
    """RFC 7672 section 2.2.2, 2.2.3: addresses that are secure, or an alias
    that is itself."""
    return host.address in "SPKk" and bool(host.probes)


def dane_class(host, demand, context):
    """unknown, none, encrypt or verify: RFC 7672 sections 2.1 and 2.2."""
    if not demand.dane:
        return "none"
    if is_half(context) and (
            context.terms.insecure == "m" or
            (context.terms.insecure == "p" and demand.sts and
             context.sts == "E")):
        return "none"
    if host.address == "f" or host.tlsa in FAILED:
        return "unknown"
    if host.tlsa == "-" and wants_lookup(host):
        return "unknown"
    if host.tlsa not in "ux":
        return "none"
    if host.tlsa == "x" or (is_half(context) and
                            context.terms.insecure == "e"):
        return "encrypt"
    return "verify"


# What a host's case comes to, before anything is seen
Wanted = namedtuple("Wanted", "demand dane policy enforced named half tls "
                    "webpki")


def wanted_of(host, context):
    demand = demand_at(host, context)
    dane = dane_class(host, demand, context)
    policy = demand.sts and in_force(context.sts)
    enforced = policy and context.sts == "E"
    webpki = demand.level == "secure" or enforced
    return Wanted(demand, dane, policy, enforced, policy and host.named,
                  is_half(context),
                  dane in ("encrypt", "verify") or demand.encrypt or webpki,
                  webpki)


# -- one address -------------------------------------------------------------

def unauthenticated(wanted, host):
    if wanted.dane == "encrypt":
        return "encrypt-only", ("tlsa-unusable" if host.tlsa == "x"
                                else "insecure-mx")
    if wanted.demand.encrypt:
        return "encrypt-only", "ok"
    return "no-policy", "no-policy"


def fault_of(wanted, kind, codes):
    """What is wrong: DANE goes first, RFC 8461 section 2."""
    if wanted.dane != "verify" and wanted.enforced and not wanted.named:
        return "sts-mx-mismatch"
    if kind in PLAIN:
        return PLAIN[kind] if wanted.tls else "ok"
    if not codes:
        return "ok"
    if wanted.dane == "verify":
        return CODES[codes[0]]
    return CODES[codes[1]] if wanted.webpki else "ok"


def outcome_of(wanted, host, kind, codes):
    fault = fault_of(wanted, kind, codes)
    if fault in OURS:
        return "skip", fault
    if fault != "ok":
        return "fail", fault
    if kind == ".":
        nothing = not wanted.tls and wanted.dane == "none" and \
            not wanted.policy
        return "no-policy", "no-policy" if nothing else "not-probed"
    if kind in NOBODY:
        return "skip", NOBODY[kind]
    if kind == "U" and wanted.tls:
        return "encrypt-only", "tls-unsupported"
    if kind == "L" and not wanted.tls:
        return "no-policy", "no-policy"
    if kind in "HL":
        return "skip", "connect-failed"
    if kind == "g":
        if wanted.dane == "verify":
            return ("half-dane", "insecure-mx") if wanted.half else \
                ("secure-dane", "ok")
        if (wanted.demand.level == "secure" or wanted.named) and \
                codes[1] == "o":
            return "sts-ok", "ok"
    return unauthenticated(wanted, host)


def sts_alone(wanted, context, kind, codes):
    """Whatever DANE says."""
    if not wanted.policy:
        return "none", "ok"
    fault = "ok"
    if not wanted.named:
        fault = "sts-mx-mismatch"
    elif kind in PLAIN:
        fault = PLAIN[kind]
    elif codes and CODES[codes[1]] not in OURS:
        fault = CODES[codes[1]]
    if fault != "ok":
        return "fail" if context.sts == "E" else "testing-fail", fault
    return "pass" if kind == "g" and codes[1] == "o" else "none", "ok"


def name_is_vouched(wanted):
    """RFC 8689 section 4.2.1."""
    if wanted.demand.level == "none":
        return False
    if wanted.dane == "verify" and not wanted.half:
        return True
    if wanted.policy:
        return wanted.enforced and wanted.named
    if wanted.dane == "encrypt":
        return False
    return not wanted.half or given_names(wanted.demand)


def requiretls_at(wanted, context, outcome, kind, codes, offered):
    if not context.terms.requiretls:
        return "-"
    if outcome == "fail" or not name_is_vouched(wanted):
        return "no-auth"
    if kind == ".":
        return "unprobed"
    if outcome == "skip":
        return "unknown"
    if not codes:
        return "no-auth"
    verified = outcome == "sts-ok" or (
        kind in "gHL" and wanted.dane == "verify" and codes[0] == "o")
    if not verified and codes[1] != "o":
        return "unknown" if CODES[codes[1]] in OURS else "no-auth"
    if kind != "g":
        return "unknown"
    return "met" if offered else "not-offered"


def judge_address(wanted, host, context, probe):
    if probe[0] == "!":
        return Address("skip", "not-tried", "none", "ok", "no-auth")
    kind, codes = probe[0], probe[1:3]
    outcome, reason = outcome_of(wanted, host, kind, codes)
    sts, sts_reason = sts_alone(wanted, context, kind, codes)
    return Address(outcome, reason, sts, sts_reason, requiretls_at(
        wanted, context, outcome, kind, codes, probe[3:4] == "R"))


# -- a host ------------------------------------------------------------------

def is_good(outcome):
    return outcome not in ("skip", "fail")


def weakest(items):
    return min(items, key=lambda item: STRENGTH.index(item.outcome))


def address_fault(host):
    if host.probes:
        return "ok"
    return {"D": "no-address", "F": "dns-servfail", "G": "dns-timeout"}.get(
        host.address, "dns-servfail")


def tlsa_fault(host, wanted):
    if wanted.dane != "unknown":
        return "ok"
    if host.address == "f":
        return "dns-servfail"
    return FAILED.get(host.tlsa, "internal-error")


def choose(host, wanted, addresses):
    """outcome, reason, reason of another address that fails, whether it is a
    failed TLSA lookup."""
    fault = address_fault(host)
    if fault != "ok":
        return "skip", fault, None, False
    tried = [one for one in addresses if one.reason != "not-tried"]
    if not tried:
        return "skip", "not-tried", None, False
    fault = tlsa_fault(host, wanted)
    if fault != "ok":
        return "skip", fault, None, fault != "internal-error"
    if wanted.demand.level == "dane-only" and (
            wanted.dane != "verify" or wanted.half):
        return "fail", "dane-required", None, False
    good = [one for one in tried if is_good(one.outcome)]
    failed = [one for one in tried if one.outcome == "fail"]
    unseen = [one for one in tried if one.reason == "source-unusable"]
    if good and unseen:
        return "skip", "source-unusable", None, False
    if good:
        one = weakest(good)
        return (one.outcome, one.reason,
                failed[0].reason if failed else None, False)
    one = failed[0] if failed else tried[0]
    return one.outcome, one.reason, None, False


def label(wanted):
    """The policy that is the host's, and the level that an MTA enforces."""
    demand = wanted.demand
    if demand.level == "dane-only":
        return "tlsa", "dane-only"
    if wanted.dane == "verify":
        return "tlsa", "half-dane" if wanted.half else "dane-only"
    must = wanted.dane == "encrypt" or demand.encrypt
    if wanted.policy:
        return "sts", ("secure" if wanted.webpki else
                       "encrypt" if must else "may")
    if wanted.dane == "encrypt":
        return "tlsa", "encrypt"
    if demand.encrypt:
        return "local", "encrypt"
    if demand.level in ("auto", "dane"):
        return "no-policy-found", "may"
    return "local", demand.level


def dane_alone(host, wanted, outcome, reason):
    if not wanted.demand.dane:
        return "none"
    if wanted.dane == "unknown" or (not host.probes and
                                    reason != "no-address"):
        return "temperror"
    if wanted.demand.level == "dane-only" and outcome == "fail":
        return "fail"
    if wanted.dane == "none" or not is_probed(host):
        return "none"
    if outcome == "skip" or reason == "tls-unsupported":
        return "temperror"
    if wanted.dane == "encrypt":
        return "encrypt"
    return "fail" if outcome == "fail" else "pass"


def is_probed(host):
    return any(probe.lstrip("!") != "." for probe in host.probes)


def requiretls_of(outcome, reason, addresses, wanted_by_mail):
    if outcome == "skip" and reason not in ("no-address", "not-tried"):
        return "unknown"
    if not is_good(outcome):
        return "no-auth"
    return best_requiretls([one.requiretls for one in addresses
                            if is_good(one.outcome)])


def best_requiretls(states):
    order = ["no-auth", "not-offered", "unknown", "unprobed", "met", "-"]
    return max(states, key=order.index, default="no-auth")


@lru_cache(400000)
def judge_host(host, context):
    wanted = wanted_of(host, context)
    addresses = [judge_address(wanted, host, context, probe)
                 for probe in host.probes]
    outcome, reason, other, by_tlsa = choose(host, wanted, addresses)
    policy, level = ("tlsa", "dane") if by_tlsa else label(wanted)
    dane = dane_alone(host, wanted, outcome, reason)
    sts = ("none", "ok")
    for one in addresses:
        if one.sts == "pass":
            sts = ("pass", "ok")
            break
        if one.sts != "none":
            sts = (one.sts, one.sts_reason)
    rt = "-"
    if by_tlsa:
        rt = "-" if reason == "dns-timeout" else "dnssec-invalid"
    elif outcome == "fail" or reason == "tlsa-unusable":
        rt = report_type(reason)
    elif dane == "encrypt" and host.tlsa == "x":
        rt = "tlsa-invalid"
    return Verdict(outcome, reason, policy, level, rt, dane, sts[0], sts[1],
                   requiretls_of(outcome, reason, addresses,
                                 context.terms.requiretls), other)


# -- the domain --------------------------------------------------------------

def out_of_the_way(verdict):
    return verdict.outcome == "skip" and \
        verdict.reason in ("no-address", "not-tried")


def fails_test(verdict):
    """A policy in testing mode would fail, and DANE does not make up for it."""
    return verdict.sts == "testing-fail" and verdict.dane != "pass"


def walk(case, verdicts):
    """RFC 7672 section 2.2.1, RFC 5321 section 5.1: the host that takes the
    mail, the last that failed and the last that was skipped before it."""
    taker = failed = skipped = None
    for preference in sorted({host.preference for host in case.hosts}):
        level = [verdict for host, verdict in zip(case.hosts, verdicts)
                 if host.preference == preference]
        for verdict in level:
            if verdict.outcome == "skip":
                if skipped is None or skipped.reason == "no-address" or \
                        not out_of_the_way(verdict):
                    skipped = verdict
            elif verdict.outcome == "fail" or verdict.mixed:
                failed = (verdict, verdict.mixed or verdict.reason)
        good = [verdict for verdict in level if is_good(verdict.outcome)]
        if good:
            taker = min(good, key=lambda v: (STRENGTH.index(v.outcome),
                                             v.mixed is None,
                                             not fails_test(v)))
        unseen = [verdict for verdict in level
                  if verdict.reason == "source-unusable"]
        if unseen:
            return None, failed, unseen[0]
        if taker:
            break
    return taker, failed, skipped


def states_of(case, decides):
    if decides is None:
        return "none", "ok"
    state, reason = decides.sts, decides.sts_reason
    return state, reason


def counts(case, decides):
    """Whether MTA-STS counts at the host that decides."""
    if decides is None:
        return True
    for host in case.hosts:
        context = Context(case.mx, case.terms, case.sts)
        if judge_host(host, context) is decides:
            return demand_at(host, context).sts
    return True


def domain_verdict(case):
    """result reason policy level dane sts sts_reason requiretls rt, verdicts"""
    mail = case.terms.requiretls
    if case.mx in FAILED:
        dane = "temperror" if case.terms.demand.dane else "none"
        return ["temperror", FAILED[case.mx], "no-policy-found", "may", dane,
                "none", "ok", "unknown" if mail else "-", "-"], ()
    if case.mx in "X0":
        return ["none", "nxdomain" if case.mx == "X" else "null-mx",
                "no-policy-found", "may", "none", "none", "ok",
                "no-auth" if mail else "-", "-"], ()
    context = Context(case.mx, case.terms, case.sts)
    verdicts = [judge_host(host, context) for host in case.hosts]
    taker, failed, skipped = walk(case, verdicts)
    decides = taker or (failed[0] if failed else skipped)
    sts, sts_reason = states_of(case, decides)
    if counts(case, decides):
        if case.kept and sts_reason == "ok":
            sts_reason = "sts-policy-fetch-error"
        if case.sts in FETCH:
            sts, sts_reason = "error", FETCH[case.sts]
    dane = decides.dane if decides else "none"
    requiretls = best_requiretls([v.requiretls for v in verdicts]) \
        if mail else "-"
    head = conclude(case, taker, failed, skipped, sts, sts_reason)
    result, reason, policy, level, rt = head
    if case.kept and policy == "sts" and rt == "-":
        rt = "sts-policy-fetch-error"
    return [result, reason, policy, level, dane, sts, sts_reason, requiretls,
            rt], verdicts


def conclude(case, taker, failed, skipped, sts, sts_reason):
    if taker is None and failed:
        verdict, reason = failed
        return "fail", reason, verdict.policy, verdict.level, verdict.rt
    if taker is None:
        if skipped and skipped.reason != "no-address":
            return ("temperror", skipped.reason, skipped.policy,
                    skipped.level, skipped.rt)
        return "none", "no-address", "no-policy-found", "may", "-"
    if failed:
        verdict, reason = failed
        return ("softfail", reason, verdict.policy, taker.level,
                report_type(reason))
    if fails_test(taker):
        return ("softfail", "sts-testing", taker.policy, taker.level,
                report_type(taker.sts_reason))
    if taker.reason == "no-policy":
        if sts == "error":
            return ("none", sts_reason, "sts", taker.level,
                    report_type(sts_reason))
        return "none", "no-policy", taker.policy, taker.level, taker.rt
    passes = taker.outcome in ("secure-dane", "half-dane", "sts-ok")
    return ("pass" if passes else "none", taker.reason, taker.policy,
            taker.level, taker.rt)


# -- how long it lives -------------------------------------------------------

def ttls_of(case):
    """All that it rests on, and whether a lookup failed."""
    mx_ttl, host_ttls = case.ttls
    found, failed = [], case.mx in FAILED or case.kept or case.sts == "L"
    if case.mx not in FAILED and case.mx != "-":
        found.append(mx_ttl)
    for host, (address, tlsa) in zip(case.hosts, host_ttls):
        if host.address == "F":
            failed = True
        else:
            found.append(address)
        failed |= host.address in "PGf" or host.tlsa in FAILED
        if host.tlsa not in FAILED and host.tlsa != "-":
            found.append(tlsa)
    return found, failed


def ttl_of(case, words, verdicts):
    """postern.conf(5): VerdictTTL, FailTTL, TempErrorTTL, never longer than
    what it rests on, a failed lookup as TempErrorTTL; never under 30 s."""
    result, sts, requiretls = words[0], words[5], words[7]
    skipped = any(v.outcome == "skip" and not out_of_the_way(v)
                  for v in verdicts)
    if result == "temperror" or requiretls == "unknown":
        ttl = CAPS["temperror"]
    elif result in ("fail", "softfail") or sts == "error" or skipped or \
            requiretls not in ("-", "met"):
        ttl = CAPS["fail"]
    else:
        ttl = CAPS["pass"]
    found, failed = ttls_of(case)
    if failed:
        ttl = min(ttl, CAPS["temperror"])
    ttl = min([ttl, TTL] + found)
    if case.sts in "ETN":
        ttl = min(ttl, case.left)
    return max(ttl, FLOOR)


# -- what an MTA is told: postern-map(5) --------------------------------------

CLASS = {"unknown": "E", "none": "N", "encrypt": "X", "verify": "U"}


def may_have_address(host):
    return host.address != "D"


def joint_demand(case, hosts, context):
    """Of all hosts: P52 and P53."""
    whole = case.terms.demand
    own = [demand_at(host, context) for host in hosts]
    alike = {one[2:] + ((one.letter == "M",) if one.level == "secure" else ())
             for one in own}
    if not own:
        return whole
    if len(alike) == 1:
        return own[0]
    strict = ["encrypt", "secure", "dane-only"]
    best = None
    for one in own:
        if one.level in strict and (best is None or strict.index(one.level) >
                                    strict.index(best.level)):
            best = one
    if best and best.level == "dane-only":
        return best
    dane, sts = any(one.dane for one in own), any(one.sts for one in own)
    more = (sts and case.sts == "E") or (
        dane and not is_half(context) and any(
            wanted_of(host, context).dane == "verify" and host.probes
            for host in hosts))
    if best and not more:
        return best
    if dane or sts or whole.level != "auto":
        encrypt = any(one.encrypt or one.level in strict for one in own)
        if whole.level == "auto":
            encrypt |= whole.encrypt
            dane |= whole.dane
            sts |= whole.sts
        return Demand("a", "", "auto", encrypt, dane, sts)
    return whole


def by_level(demand):
    return {"none": "none", "may": "may", "encrypt": "encrypt",
            "dane": "dane", "dane-only": "dane-only",
            "secure": "names"}[demand.level]


def answer_of(case):
    context = Context(case.mx, case.terms, case.sts)
    reachable = case.mx not in "X0" and case.mx not in FAILED
    hosts = [host for host in case.hosts if may_have_address(host)]
    demand = joint_demand(case, hosts, context)
    if demand.level != "auto":
        return by_level(demand)                              # P40-P46
    enforce = demand.sts and case.sts == "E"
    if not demand.dane:                                      # P47, P49
        return "SEC" if enforce else "encrypt" if demand.encrypt else "may"
    kinds = [CLASS[wanted_of(host, context).dane] if host.probes else "E"
             for host in hosts]
    if case.more:
        kinds.append("E")
    named = any(kind in "NX" and host.named
                for kind, host in zip(kinds, hosts))
    if case.mx in "X0" or (reachable and not kinds):         # P16
        forged = enforce and not is_vouched_for(case)
        return "SEC" if forged else "NOTFOUND"
    has, half = {kind: kind in kinds for kind in "UXNE"}, case.mx == "I"
    if has["U"] and set(kinds) == {"U"} and not half:        # P01
        return "dane-only"
    if case.mx in FAILED:                                    # P12, P13, P34
        return "TEMP" if enforce or demand.encrypt else "dane"
    if enforce:
        return enforced_answer(case, has, half, named)
    plain = "dane" if has["U"] or has["X"] or has["E"] else "NOTFOUND"
    return floor_answer(case, has, half) if demand.encrypt else plain


def is_vouched_for(case):
    """By DNSSEC: that there is nobody to send to."""
    return case.mx in "SN-0X" and all(host.address == "D"
                                      for host in case.hosts)


def enforced_answer(case, has, half, named):
    if half:                                                 # P06
        return "SEC"
    if not has["U"]:
        if not has["E"]:                                     # P08, P15
            return "SEC"
        return "SEC(N)" if named else "TEMP"                 # P10, P10b
    if not has["N"] and not has["X"]:                        # P03
        return "dane-only"
    if case.terms.partial == "s":                            # P04
        return "SEC(N)" if named else "dane-only"
    return "dane" if case.terms.partial == "d" else "dane-only"


def floor_answer(case, has, half):
    if not has["U"]:
        if has["E"]:                                         # P34
            return "TEMP"
        return "encrypt"                                     # P33, P35
    if half:                                                 # P32, P33
        return "encrypt" if has["N"] or has["E"] else "dane"
    return {"o": "dane-only", "s": "encrypt", "d": "dane"}[
        case.terms.partial]                                  # P31


def judge(line):
    """The line that t/model/cases has to print."""
    case = read(line)
    words, verdicts = domain_verdict(case)
    return " ".join(words[:8] + [str(ttl_of(case, words, verdicts)), words[8],
                                 answer_of(case)])
