"""Destinations made up by chance, for ../agree.

A destination is a description: {"hosts": [{KEY: WORD}, ...], "sts": {KEY: WORD}
or None, KEY: WORD}.  The tables have the words of each key, the plain one first,
with how often each is taken; what is not named in a description is plain.  So a
description can be written down, made simpler by a word at a time, and told by
the words that are not plain.  Nothing here does I/O.
"""
import random

from model import NOBODY, STS, Cert, mx, tlsa

ALL = {"zone": {"signed": 70, "unsigned": 18, "bogus": 5, "lame": 3},
       "mx": {"list": 80, "none": 7, "alias": 4, "alias-insecure": 3,
              "null": 2, "null-beside": 2, "nxdomain": 2},
       "fault": {"-": 92, "MX servfail": 2, "MX bogus": 2, "MX nodata": 1,
                 "TXT servfail": 3}}
HOST = {"where": {"own": 74, "hosting": 16, "insecure": 10},
        "pref": {"10": 60, "20": 40},
        "alias": {"-": 86, "own": 8, "insecure": 6},
        "place": {"start": 40, "end": 40, "both": 20},
        "smtp": {"ok": 66, "no-starttls": 7, "starttls-454": 3,
                 "tls-alert": 3, "tls-reset": 2, "tls-garbage": 2, "tls10": 4,
                 "tls12": 4, "cbc": 2, "close": 2, "refuse": 2, "421": 1,
                 "inject": 1, "helo-550": 1},
        "beside": {"-": 80, "ok": 6, "6:ok": 6, "no-starttls": 3,
                   "refuse": 3, "6:refuse": 2},
        "names": {"host": 68, "other": 9, "domain": 6, "wildcard": 5, "cn": 4,
                  "part-wildcard": 2, "cn-other-san": 2, "base": 4},
        "issuer": {"webpki-int": 45, "dane-int": 26, "self": 9,
                   "other-root": 8, "dane-int-expired": 3,
                   "dane-int-no-ca": 2, "dane-int-old": 2, "evil-root": 3,
                   "dane-int-client": 2},
        "dates": {"valid": 86, "expired": 9, "future": 5},
        "key": {"ec": 80, "rsa": 20},
        "fault": {"-": 90, "A servfail": 2, "AAAA servfail": 1,
                  "A bogus": 2, "TLSA servfail": 2, "TLSA refused": 1,
                  "TLSA bogus": 1, "TLSA nodata": 1}}
STS_WORDS = {
    "mode": {"enforce": 66, "testing": 18, "none": 8, "report": 4},
    "mx": {"all": 64, "other": 12, "first": 8, "wildcard": 8, "capitals": 3,
           "dot": 2, "deep": 3},
    "record": {"good": 82, "two": 4, "no-id": 4, "lower-case": 3,
               "beside": 4, "split": 3},
    "answer": {"200": 78, "404": 5, "500": 3, "301": 4, "html": 4,
               "charset": 3, "big": 2, "gzip": 2},
    "host": {"ok": 90, "refuse": 3, "reset": 3, "no-address": 3,
             "tls12": 2},
    "names": {"host": 84, "other": 6, "wildcard": 5, "cn": 3},
    "issuer": {"webpki-int": 86, "self": 6, "other-root": 6},
    "dates": {"valid": 88, "expired": 8, "future": 4},
    "body": {"plain": 80, "lf": 4, "no-version": 3, "no-age": 3,
             "two-modes": 3, "blank-line": 2, "blank-before": 2, "bom": 2,
             "unknown-key": 3}}

# TLSA records by name.
RECORDS = {"3 1 1": 22, "3 1 1 other": 16, "3 0 1": 5, "3 1 2": 5,
           "3 1 2 other": 5, "3 1 0": 3, "3 0 0": 3, "2 0 1 root": 8,
           "2 1 1 int": 5, "2 1 1 other": 3, "2 1 1 web": 5, "2 0 1 leaf": 2,
           "2 0 0 root": 3, "2 1 0 root": 3, "1 1 1": 4, "0 0 1": 2,
           "3 1 1 short": 3, "3 2 1": 2, "3 1 3": 2, "3 1 255": 1,
           "2 0 0 garbage": 2}
OF = {"root": "dane-root", "int": "dane-int", "web": "webpki-int",
      "other": NOBODY}


def draw(chance, table):
    """One word of a table; "" where it is the plain one."""
    word = chance.choices(list(table), list(table.values()))[0]
    return word if word != next(iter(table)) else ""


def drawn(chance, tables):
    return {key: word for key, table in tables.items()
            if (word := draw(chance, table))}


def host(chance):
    found = drawn(chance, HOST)
    if "alias" not in found:
        found.pop("place", None)
    count = chance.choices((0, 1, 2, 3), (34, 42, 18, 6))[0]
    records = chance.choices(list(RECORDS), list(RECORDS.values()), k=count)
    if records:
        found["tlsa"] = list(dict.fromkeys(records))
    return found


def make(seed, number):
    """The description of a destination; the same for the same two numbers."""
    chance = random.Random("%d/%d" % (seed, number))
    found = drawn(chance, ALL)
    count = chance.choices((1, 2, 3), (66, 27, 7))[0]
    found["hosts"] = [host(chance) for _ in range(count)]
    found["sts"] = drawn(chance, STS_WORDS) if chance.random() < 0.45 else None
    return found


# -- simpler ones -----------------------------------------------------------

def without(some, key):
    return {name: value for name, value in some.items() if name != key}


def simpler_hosts(hosts):
    for at, one in enumerate(hosts):
        rest = hosts[:at], hosts[at + 1:]
        if len(hosts) > 1:
            yield rest[0] + rest[1]
        for key, value in one.items():
            yield rest[0] + [without(one, key)] + rest[1]
            if key == "tlsa" and len(value) > 1:
                for record in value:
                    less = [other for other in value if other != record]
                    yield rest[0] + [dict(one, tlsa=less)] + rest[1]


def simpler(found):
    """All descriptions with one thing less that is not plain."""
    for key in found:
        if key not in ("hosts", "sts"):
            yield without(found, key)
    for hosts in simpler_hosts(found["hosts"]):
        yield dict(found, hosts=hosts)
    if found["sts"] is not None:
        yield dict(found, sts=None)
        for key in found["sts"]:
            yield dict(found, sts=without(found["sts"], key))


def tags(found):
    """What is not plain, as a sorted list of words without blanks."""
    said = ["%s=%s" % (key, value) for key, value in found.items()
            if key not in ("hosts", "sts")]
    for one in found["hosts"]:
        said += ["host.%s=%s" % (key, value) for key, value in one.items()
                 if key != "tlsa"]
        said += ["tlsa=" + record for record in one.get("tlsa", ())]
    if found["sts"] is not None:
        said += ["sts"] + ["sts.%s=%s" % pair
                           for pair in found["sts"].items()]
    if len(found["hosts"]) > 1:
        said.append("hosts=%d" % len(found["hosts"]))
    return sorted({word.replace(" ", "-") for word in said})


# -- as a destination of the lab --------------------------------------------

def record(name):
    *numbers, of = (name + " leaf").split()[:4]
    usage, selector, mtype = map(int, numbers)
    if selector == 2:
        return tlsa(usage, selector, mtype, data=32 * "5a")
    if of == "garbage":
        return tlsa(usage, selector, mtype, data=40 * "5a")
    return tlsa(usage, selector, mtype, OF.get(of, "leaf"),
                trim=31 if of == "short" else None)


def names_of(word, base):
    """(names, common name) of a certificate."""
    return {"host": (("{h}",), ""), "other": (("mail.other.example",), ""),
            "domain": (("{d}",), ""), "wildcard": (("*.{d}",), ""),
            "cn": ((), "{h}"), "part-wildcard": (("m*.{d}",), ""),
            "cn-other-san": (("mail.other.example",), "{h}"),
            "base": ((base,), "")}[word]


def certificate(words, base="{h}"):
    san, cn = names_of(words.get("names", "host"), base)
    issuer = words.get("issuer", "webpki-int")
    send = ("evil-root", "dane-root") if issuer == "evil-root" else None
    return Cert(san=san, cn=cn, issuer=issuer, send=send,
                dates=words.get("dates", "valid"), key=words.get("key", "ec"))


class Place:
    """Where the names of a destination are."""

    def __init__(self, name, found):
        self.name = name
        self.shape = found.get("mx", "list")
        self.zone = found.get("zone", "signed")
        self.domain = None
        self.target = "{d}"
        self.zones = {}
        if self.shape.startswith("alias"):
            self.target = "%sh.example" % name
            self.zones = {self.target: self.zone}
            self.zone = "absent"
        if self.shape == "alias-insecure":
            self.domain = name + ".insecure"
        if self.shape == "nxdomain":
            self.zone = "absent"

    def host(self, number, words):
        if self.shape == "none":
            return "{d}"
        where = words.get("where", "own")
        if where == "hosting":
            return "%s-%d.mx.hosting" % (self.name, number)
        if where == "insecure":
            return "%s-%d.mx.insecure" % (self.name, number)
        return "mx%d.%s" % (number, self.target)

    def alias(self, number, words):
        """The end of the alias of a host, or None."""
        kind = words.get("alias", "-")
        if kind == "-" or self.shape == "none":
            return None
        if kind == "insecure":
            return "%s-%d.end.insecure" % (self.name, number)
        return "%s-%d.end.hosting" % (self.name, number)


def one_host(place, number, words):
    """A mail host of the model."""
    name = place.host(number, words)
    end = place.alias(number, words)
    records = [record(each) for each in words.get("tlsa", ())]
    at = words.get("place", "start") if end else "start"
    smtp = [words.get("smtp", "ok")]
    if words.get("beside", "-") != "-":
        smtp.append(words["beside"])
    listed = place.shape in ("list", "null-beside")
    return mx(name, int(words.get("pref", 10)) if listed else None,
              tlsa=records if at != "end" else [],
              tlsa_at={end: records} if end and at != "start" else {},
              alias=(end,) if end else (), smtp=tuple(smtp),
              cert=certificate(words, end or name))


def faults_of(place, number, words):
    """({(name, type): fault}, [(name, type)] with a broken signature)"""
    rtype, _, how = words.get("fault", "-").partition(" ")
    if not how or words.get("where", "own") != "own" or \
            place.alias(number, words) or place.zone in ("absent", "lame"):
        return {}, []
    name = place.host(number, words)
    if rtype == "TLSA":
        name = "_25._tcp." + name
    if how != "bogus":
        return {(name, rtype): how}, []
    there = rtype == "A" or words.get("tlsa")
    return {}, [(name, rtype)] if there and place.zone == "signed" else []


def faults(place, found, count):
    """The same for the whole destination, of which so many hosts count."""
    rtype, _, how = found.get("fault", "-").partition(" ")
    spoilt, bogus = {}, []
    if how and place.zone not in ("absent", "lame"):
        name = "_mta-sts.{d}" if rtype == "TXT" else "{d}"
        if how != "bogus":
            spoilt[name, rtype] = how
        elif place.zone == "signed" and place.shape in ("list", "null",
                                                        "null-beside"):
            bogus.append((name, rtype))
    for number, words in enumerate(found["hosts"][:count], 1):
        more, broken = faults_of(place, number, words)
        spoilt.update(more)
        bogus += broken
    return spoilt, list(dict.fromkeys(bogus))


def exchanges(place, hosts, found):
    """(MX records or None, records of an alias)"""
    if place.shape == "list":
        return None, []
    if place.shape == "null-beside":
        return ["0 ."] + ["%d %s." % (one.pref, one.name)
                          for one in hosts], []
    if place.shape.startswith("alias"):
        return [], ["{d} CNAME %s." % place.target] + [
            "%s MX %s %s." % (place.target, words.get("pref", 10), one.name)
            for one, words in zip(hosts, found["hosts"])]
    return (["0 ."] if place.shape == "null" else []), []


RECORD = {"good": ("v=STSv1; id=1;",),
          "two": ("v=STSv1; id=1;", "v=STSv1; id=2;"),
          "no-id": ("v=STSv1;",), "lower-case": ("v=stsv1; id=1;",),
          "beside": ("some words", "v=STSv1; id=1;"),
          "split": (["v=STSv1; id=20", "26;"],)}
ANSWER = {"404": {"status": 404}, "500": {"status": 500},
          "301": {"status": 301, "headers": (
              "Location: https://mta-sts.sender.example/",)},
          "html": {"ctype": "text/html"}, "big": {"https": "big"},
          "charset": {"ctype": "text/plain; charset=iso-8859-1"},
          "gzip": {"https": "gzip"}}


def patterns(word, hosts):
    names = [one.name for one in hosts]
    return {"all": names, "other": ["mail.{d}"], "first": names[:1],
            "wildcard": ["*." + names[0].split(".", 1)[-1]],
            "capitals": [name.replace("mx", "MX") for name in names],
            "dot": [name + "." for name in names],
            "deep": ["*.example"]}[word]


def body(words, hosts):
    lines = ["version: STSv1", "mode: " + words.get("mode", "enforce"),
             *("mx: " + name for name in patterns(words.get("mx", "all"),
                                                  hosts)),
             "max_age: 86400"]
    how = words.get("body", "plain")
    more = {"no-version": lines[1:], "no-age": lines[:-1],
            "two-modes": lines + ["mode: none"],
            "blank-line": lines[:2] + [""] + lines[2:],
            "blank-before": lines[:1] + [" " + lines[1]] + lines[2:],
            "bom": ["\ufeff" + lines[0]] + lines[1:],
            "unknown-key": lines + ["note: words of our own"]}
    end = "\n" if how == "lf" else "\r\n"
    return end.join(more.get(how, lines)) + end


def policy(words, hosts):
    """The policy and its host."""
    keys = {"https": words.get("host", "ok"),
            **ANSWER.get(words.get("answer", "200"), {})}
    if words.get("host", "ok") != "ok":
        keys["https"] = words["host"]
    return STS(txt=RECORD[words.get("record", "good")],
               body=body(words, hosts), cert=certificate(words), **keys)


def declare(world, name, found):
    """Make it a destination of the lab."""
    place = Place(name, found)
    hosts = [] if place.shape in ("null", "nxdomain") else [
        one_host(place, number, words)
        for number, words in enumerate(found["hosts"], 1)]
    if place.shape == "none":
        hosts = hosts[:1]
    raw, records = exchanges(place, hosts, found)
    spoilt, bogus = faults(place, found, len(hosts)) if hosts else ({}, [])
    sts = policy(found["sts"], hosts) if found["sts"] is not None and hosts \
        else None
    return world.dest(name, " ".join(tags(found)) or "plain", *hosts,
                      domain=place.domain, mx=raw, sts=sts, zone=place.zone,
                      zones=place.zones, records=records, bogus=bogus,
                      faults=spoilt)
