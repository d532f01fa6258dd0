#!/usr/bin/env python3
"""vectors - every numbered case of vectors.list, proven.

Asks "postern check" inside the lab for each destination, with each resolver,
and holds the answer against what lab/world*.py promises and what the list
says of the case.  Then counts by number, the rows of the unit tests and of
sts_cache with it: a case that is proven nowhere is a failure.  TAP.

Facts that a destination of the lab may promise beyond its verdict:
verdict, rt         instead of the list's
level, dane, sts    as in the answer
base                TLSA base domain
hosts               their verdicts, in order
id, mode, max_age   of the policy
asked, never        [(name, type)] of DNS queries
silent              hosts that nobody connected to
"""
import base64
import glob
import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import cli
import mta
import tap
import watch
import world
import world_require
from listed import load_list
from model import Expect
from words import NONE, fail

BATCH = 40
WORKERS = 2
DNS_REASONS = ("dnssec-invalid", "dns-servfail", "dns-timeout")
GOOD_HOSTS = ("secure-dane", "half-dane", "sts-ok", "encrypt-only",
              "no-policy")
LEVELS = {"secure-dane": "dane-only", "half-dane": "half-dane",
          "encrypt-only": "encrypt", "sts-ok": "secure", "no-policy": "may"}

# Cases that the lab cannot show, and why; a unit test proves them.
NOT_IN_LAB = {
    "D40": "NSD and ldns refuse a TLSA record without data",
    "D83": "a resolver answers the query for the CNAME from what it learnt "
           "with the address"}

# Fields of a message, and a null sender, in requiretls.
Q_BY_MAIL = ("Q10", "Q11", "Q12", "Q13", "Q14", "Q15", "Q16")

FAMILIES = {"D": ("DANE", 99), "M": ("MTA-STS", 76), "Q": ("RFC 8689", 16)}


@dataclass
class Case:
    """One question to postern, and the answer to expect."""
    ids: tuple
    name: str
    what: str
    ask: str
    domain: str
    expect: Expect
    facts: dict = field(default_factory=dict)
    options: tuple = ()
    conf: str = ""
    relayed: bool = False
    answer: dict = None
    problems: list = field(default_factory=list)

    def wrong(self, text, *values):
        self.problems.append(text % values)

    def same(self, what, got, expected):
        wanted = expected if isinstance(expected, tuple) else (expected,)
        if got not in wanted:
            self.wrong("%s is %r, expected %s", what, got,
                       " or ".join(repr(w) for w in wanted))


# -- the cases --------------------------------------------------------------

def of_world(dest):
    facts = {key: filled(dest, value) for key, value in dest.facts.items()}
    return Case(dest.vectors, dest.name, dest.what, dest.show or dest.domain,
                dest.domain, dest.expect, facts, relayed=bool(dest.relay))


def filled(dest, value):
    """A fact with the destination's names put in."""
    if isinstance(value, str):
        return dest.fill(value)
    if isinstance(value, (list, tuple)):
        return [filled(dest, item) for item in value]
    return value


def other(number, name, text, expect, ask=None, **kw):
    """A case that asks for a destination in another way."""
    dest = world.WORLD.find(name)
    return Case((number,), name, text, ask or dest.domain, dest.domain,
                Expect(*expect), **kw)


def extra_cases():
    floor = ("none", "tlsa", "insecure-mx")
    yield other("D63", "half-dane", "InsecureMX may", NONE,
                conf="InsecureMX may\n", facts=dict(verdict="no-policy"))
    yield other("D63", "half-dane", "InsecureMX encrypt", floor,
                conf="InsecureMX encrypt\n",
                facts=dict(verdict="encrypt-only", rt=""))
    yield other("D64", "d64", "InsecureMX may", NONE,
                conf="InsecureMX may\n",
                facts=dict(verdict="no-policy", rt=""))
    yield other("D64", "d64", "InsecureMX encrypt", floor,
                conf="InsecureMX encrypt\n",
                facts=dict(verdict="encrypt-only", rt=""))
    yield other("D96", "plain", "--level dane-only", fail("dane-required"),
                options=("--level", "dane-only"),
                facts=dict(level="dane-only"))
    yield other("D96", "half-dane", "--level dane-only, insecure MX",
                fail("dane-required"), options=("--level", "dane-only"),
                facts=dict(level="dane-only"))
    yield other("D98", "xn--bcher-kva", "an address in UTF-8", NONE,
                ask="jürgen@bücher.example", options=("--depth", "probe"))
    literal = "user@[192.0.2.1]"
    yield Case(("D89",), "literal", "an address literal", literal, literal,
               Expect("skip", "no-policy-found", "no-policy"))


def cases():
    return [of_world(dest) for dest in world.WORLD.dests if dest.expect] + \
        list(extra_cases())


# -- asking -----------------------------------------------------------------

def ask(conf, batch):
    """Put one batch of cases to one process of postern."""
    answers, error = cli.check(conf, *batch[0].options,
                               *(case.ask for case in batch))
    for case in batch:
        case.answer = answers.get(case.domain)
        if case.answer is None:
            case.wrong("no answer, %s", error)


def batches(found):
    """Cases of the same options, few enough for one process."""
    groups = {}
    for case in found:
        groups.setdefault((case.options, case.conf), []).append(case)
    return [group[i:i + BATCH] for group in groups.values()
            for i in range(0, len(group), BATCH)]


def ask_all(resolver, found):
    confs = {extra: cli.configuration(resolver, extra)
             for extra in {case.conf for case in found}}
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda batch: ask(confs[batch[0].conf], batch),
                      batches(found)))
    for case in found:
        if case.answer and cli.is_late(case.answer, case.expect):
            ask(confs[case.conf], [case])


def reasons(resolver, case):
    """The reasons that will do.  A validating resolver tells a stub of bogus
    data by SERVFAIL."""
    wanted = case.expect.reasons()
    if resolver == "system" and "dnssec-invalid" in wanted:
        wanted += ("dns-servfail",)
    return wanted


# -- comparing --------------------------------------------------------------

def verdict_of(expect):
    """The word of the list that an expected verdict comes to."""
    if expect.reason in ("null-mx", "nxdomain", "no-address"):
        return "bounce"
    if expect.result in ("softfail", "fail", "temperror", "skip"):
        return expect.result
    return {("pass", "tlsa", "ok"): "secure-dane",
            ("pass", "tlsa", "insecure-mx"): "half-dane",
            ("pass", "sts", "ok"): "sts-ok",
            ("none", "tlsa", "tlsa-unusable"): "encrypt-only",
            }.get((expect.result, expect.policy, expect.reason), "no-policy")


def rt_of(expect):
    """The result type of a verdict that no number stands beside."""
    if expect.result in ("fail", "softfail"):
        return expect.reason if expect.reason != "sts-mx-mismatch" \
            else "validation-failure"
    return ""


def states_of(expect):
    """(dane, sts) that an expected verdict implies."""
    result, policy = expect.result, expect.policy
    if policy == "tlsa":
        unusable = expect.reason in ("tlsa-unusable", "insecure-mx")
        return {"pass": "pass", "softfail": "pass", "fail": "fail",
                "none": "encrypt" if unusable else "none",
                "temperror": "temperror"}[result], "none"
    if policy == "sts":
        return "none", {"pass": "pass", "softfail": "pass", "fail": "fail",
                        "none": "error"}[result] \
            if expect.reason != "sts-testing" else "testing-fail"
    if set(DNS_REASONS) & set([expect.reason] if isinstance(
            expect.reason, str) else expect.reason):
        return "temperror", "none"
    return "none", "none"


def compare(case, resolver, listed):
    """Hold the answer against all that is promised."""
    answer, expect = case.answer, case.expect
    numbered = [listed[number] for number in case.ids]
    verdict = case.facts.get("verdict") or \
        (numbered[0][0] if numbered else verdict_of(expect))
    rt = case.facts.get("rt", numbered[0][1] if numbered else rt_of(expect))
    case.same("result", answer["result"], expect.result)
    case.same("policy", answer["policy"], expect.policy)
    case.same("reason", answer["reason"], reasons(resolver, case))
    # RFC 8460 section 4.3.4: that nobody answered is no result type
    case.same("rt", answer["rt"],
              "" if answer["reason"] == "dns-timeout" else rt)
    dane, sts = states_of(expect)
    case.same("dane", answer["dane"], case.facts.get("dane", dane))
    case.same("sts.result", answer["sts"]["result"],
              case.facts.get("sts", sts))
    compare_verdict(case, verdict)
    compare_policy(case)


def compare_verdict(case, verdict):
    """The list's word against result, level and hosts."""
    answer = case.answer
    hosts = [host["verdict"] for host in answer["hosts"]]
    taker = next((v for v in hosts if v in GOOD_HOSTS), None)
    level = case.facts.get("level", LEVELS.get(verdict))
    if level:
        case.same("level", answer["level"], level)
    if "hosts" in case.facts:
        case.same("verdicts of the hosts", " ".join(hosts),
                  case.facts["hosts"])
    if verdict in LEVELS:
        case.same("verdict of the host that takes the mail", taker, verdict)
    elif verdict == "softfail":
        if taker is None:
            case.wrong("no host takes the mail: %s", hosts)
    elif verdict == "fail":
        if taker or "fail" not in hosts:
            case.wrong("hosts are %s, expected all fail", hosts)
    elif set(hosts) - {"skip"}:
        case.wrong("hosts are %s, expected none or all skip", hosts)


def compare_policy(case):
    for key in ("id", "mode", "max_age"):
        if key in case.facts:
            case.same("sts." + key, case.answer["sts"][key],
                      case.facts[key])


def compare_hosts(case, snis):
    """Base domain, and the SNI that the mail hosts saw: RFC 7672 section 8.1
    where DANE verifies, RFC 8461 section 4.1 elsewhere; RFC 6066 section 3
    has none for an address."""
    for i, host in enumerate(case.answer["hosts"]):
        usable = any(record["usable"] for record in host["tlsa"])
        if host["tlsa"] and not case.conf:
            base = case.facts.get("base", host["name"]) if i == 0 \
                else host["name"]
            case.same("base domain", host["base_domain"], base)
        name = host["base_domain"] if usable and not case.conf \
            else host["name"]
        if re.fullmatch(r"[\d.]+", name):
            name = None
        for address in host["addresses"]:
            seen = snis.get(address["address"], [])
            if address["tls"] and name not in seen:
                case.wrong("SNI at %s is %s, expected %s",
                           address["address"], seen[-1:], name)


def compare_traffic(case, queries, visited):
    for name, rtype in case.facts.get("asked", ()):
        if (name.lower(), rtype) not in queries:
            case.wrong("%s %s was not asked for", name, rtype)
    for name, rtype in case.facts.get("never", ()):
        if (name.lower(), rtype) in queries:
            case.wrong("%s %s was asked for", name, rtype)
    for name in case.facts.get("silent", ()):
        if name in visited:
            case.wrong("somebody connected to %s", name)


def compare_fetch(case, requests):
    """RFC 8461 section 3.3 and 7.1: path and SNI of a policy that counted."""
    if case.answer["sts"]["result"] != "pass":
        return
    host = "mta-sts." + case.domain
    if ([host], "GET /.well-known/mta-sts.txt HTTP/1.1") not in \
            requests.get(host, ()):
        case.wrong("requests at %s: %s", host, requests.get(host))


def watch_all(found):
    queries, visited, snis = watch.queries(), watch.visited(), watch.sni_at()
    requests = watch.policy_requests()
    for case in found:
        compare_traffic(case, queries, visited)
        if case.answer and not case.relayed:
            compare_hosts(case, snis)
            compare_fetch(case, requests)


# -- relays: by mail, since only an MTA names a next hop ---------------------

def mail_relayed(resolver, found):
    daemon = mta.Posternd("vectors-mail-" + resolver,
                          "Resolver %s\n" % resolver)
    try:
        for case in found:
            start = mta.syslog_size()
            mta.send(["user@" + case.ask], case.name)
            pairs = mta.check_line(case.domain, start)
            for key in ("result", "policy", "reason"):
                case.same(key, pairs.get(key), getattr(case.expect, key))
    except mta.Failure as error:
        case.wrong("%s", error)
    finally:
        status = daemon.stop()
    if status != 0:
        found[-1].wrong("posternd ended with status %d", status)


# -- a resolver that cannot validate ----------------------------------------

def other_anchor():
    """The file of a trust anchor that no zone of the lab has."""
    head, key = mta.read("/etc/postern/root.key").rsplit(None, 1)
    octets = bytearray(base64.b64decode(key))
    octets[-1] ^= 1
    path = mta.HERE + "/other-root.key"
    with open(path, "w") as out:
        out.write("%s %s\n" % (head, base64.b64encode(octets).decode()))
    return path


def refused(resolver):
    """D97: no verdict rests on a resolver that does not validate."""
    conf = {"embedded": "TrustAnchorFile %s\n" % other_anchor(),
            "system": "Nameservers 127.53.0.1\n"}[resolver]
    case = Case(("D97",), "other-anchor", conf.split()[0], "", "", None)
    status, text, error = cli.run(cli.configuration(resolver, conf),
                                  "dane-ee.example")
    case.same("exit status", status, 69)
    answer = json.loads(text or "{}")
    case.same("what is told", sorted(answer), ["error", "exit", "schema"])
    if not answer.get("error"):
        case.wrong("no reason is told, but: %s", error)
    return case


# -- counting ---------------------------------------------------------------

def unit_rows():
    """{number: [unit tests that have it in a row or beside a test]}"""
    found = {}
    for path in sorted(glob.glob(HERE + "/../unit/*.c")):
        name = os.path.basename(path)[:-2]
        text = mta.read(path)
        marked = re.findall(r'"((?:[DMQ]\d\d ?)+[^"]*)"|/\*([^*]*)\*/',
                            text)
        for row, comment in marked:
            for number in re.findall(r"\b[DMQ]\d\d\b", row or comment):
                if name not in found.setdefault(number, []):
                    found[number].append(name)
    return found


def mailed_rows():
    """{number: [what other tests send mail for, and which]}: stories of
    sts_cache, and what requiretls sends."""
    found = {}
    for number in Q_BY_MAIL:
        found[number] = ["requiretls"]
    for number, dest, _, _ in world_require.CASES:
        found.setdefault(number, ["requiretls"]).append(dest.name)
    for dest in world.WORLD.dests:
        if not dest.expect:
            for number in dest.vectors:
                found.setdefault(number, ["sts_cache"]).append(dest.name)
    return found


def count(out, resolver, found, listed, units):
    """Which numbers are proven, and where."""
    lab, kept = {}, mailed_rows()
    for case in found:
        for number in case.ids:
            lab.setdefault(number, []).append(case)
    for letter, (family, size) in FAMILIES.items():
        numbers = ["%s%02d" % (letter, i + 1) for i in range(size)]
        missing = [n for n in numbers if not tell(out, n, lab, kept, units)]
        wrong = missing + [n for n in numbers if n not in listed]
        wrong += must_be_in_lab(numbers, lab, kept)
        out.test(not wrong, "%s: %d of %d vectors (Resolver %s)" % (
            family, size - len(missing), size, resolver),
            ["not proven: " + " ".join(sorted(set(wrong)))])


def tell(out, number, lab, kept, units):
    """Say where a number is proven; whether it is."""
    good = [case.name for case in lab.get(number, []) if not case.problems]
    proven = number in units or number in kept or bool(good)
    bad = [case.name for case in lab.get(number, []) if case.problems]
    words = []
    if good:
        words.append("lab " + " ".join(dict.fromkeys(good)))
    if number in kept:
        words.append(" ".join(kept[number]))
    if number in units:
        words.append("unit " + " ".join(units[number]))
    if number in NOT_IN_LAB:
        words.append("not in the lab: " + NOT_IN_LAB[number])
    if bad:
        words.append("WRONG " + " ".join(bad))
    out.say("%s %s" % (number, "; ".join(words) or "nowhere"))
    return proven and not bad


def must_be_in_lab(numbers, lab, kept):
    """States of the DNS and sessions are for the lab to show."""
    return [n for n in numbers if n not in lab and n not in kept
            and n not in NOT_IN_LAB]


# -- the run ----------------------------------------------------------------

def one_run(out, resolver, listed, units):
    found = cases()
    asked = [case for case in found if not case.relayed]
    ask_all(resolver, asked)
    for case in asked:
        if case.answer:
            compare(case, resolver, listed)
    mail_relayed(resolver, [case for case in found if case.relayed])
    watch_all(found)
    found.append(refused(resolver))
    for case in found:
        why = list(case.problems)
        if case.answer:
            why.append(json.dumps(case.answer, ensure_ascii=False))
        out.test(not case.problems, "%s %s: %s (Resolver %s)" % (
            " ".join(case.ids) or "also", case.name, case.what, resolver),
            why)
    count(out, resolver, found, listed, units)


def inside():
    out = tap.Tap()
    listed, units = load_list(), unit_rows()
    for resolver in ("embedded", "system"):
        try:
            one_run(out, resolver, listed, units)
        except mta.Failure as error:
            print("Bail out! " + str(error).replace("\n", " / "))
            return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks"))
