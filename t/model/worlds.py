"""worlds - cases for t/model/rules.py: all of small domains, and large ones by
chance."""
import itertools
import random

OPEN = ["g" + dane + web for dane in "ovx" for web in "oth"] + ["gohR", "gooR"]
PROBES = OPEN + ["Hoo", "Hvt", "Loo", "Lvt", "Uoo", "p", "q", "a", "c", "t",
                 "N", "k", "."]
TLSA = "uxiNBT"
MX = "SIN-nBETX0"
STS = ["-", "E", "T", "N", "F", "W", "L", "Ec"]
LEVELS = ["a", "Rx", "Ry", "Rz", "Rm", "d", "o", "s", "RM", "e", "n"]


def states(probes, tlsa, addresses="SIDPFGMHKkjf"):
    """A host: what DNS says of it and what one address shows."""
    for address in addresses:
        if address in "DFGM":
            yield address + ",-,%s"
            continue
        records = tlsa if address in "SPKk" else "-"
        for record in records:
            for probe in probes:
                yield "%s,%s,%%s,%s" % (address, record, probe)


def terms(levels=LEVELS, insecure="demp", partial="o", more=("", "+", "Q")):
    for level, i, p, rest in itertools.product(levels, insecure, partial,
                                               more):
        if rest == "+" and level != "a":
            continue
        yield level + i + p + rest


def one_host():
    """Every combination of one host."""
    hosts = [state % named for state in states(PROBES, TLSA)
             for named in "yn"]
    for mx, term, sts in itertools.product("SIN-n", list(terms()), STS):
        if mx != "I" and term.lstrip("R*")[1] != "d":
            continue
        for host in hosts:
            if sts not in ("E", "T", "Ec") and host.split(",")[2] == "n":
                continue
            yield "%s %s %s 1,%s" % (mx, term, sts, host)


def no_host():
    for mx, term, sts in itertools.product("BETX0SI", list(
            terms(partial="osd")), STS):
        yield "%s %s %s" % (mx, term, sts)


FEW = ["S,u,%s,goo", "S,u,%s,gvo", "S,u,%s,c", "S,x,%s,gvo", "S,x,%s,p",
       "S,N,%s,got", "S,N,%s,goo", "S,N,%s,p", "S,B,%s,goo", "D,-,%s",
       "F,-,%s", "S,u,%s,N", "S,u,%s,goo,gvo", "S,N,%s,goo,p", "S,u,%s,!goo"]


def two_hosts():
    """Two hosts of few kinds, of one preference and of two."""
    hosts = [state % named for state in FEW for named in "yn"]
    for mx, sts in itertools.product("SI", ("-", "E", "T")):
        for term in terms(["a", "o", "s"], "dp", "osd", ("", "+")):
            for first, second in itertools.product(hosts, hosts):
                if sts == "-" and "n," in first[4:6] + second[4:6]:
                    continue
                for preference in "12":
                    yield "%s %s %s 1,%s %s,%s" % (
                        mx, term, sts, first, preference, second)


def ruled_hosts():
    """Two hosts with rules of their own."""
    hosts = ["S,u,y,goo", "S,u,n,gvt", "S,N,y,goo", "S,N,n,got", "S,N,n,p",
             "S,x,n,goo", "S,B,n,goo", "D,-,n"]
    rules = ["", "@m", "@o", "@e", "@s", "@x", "@z", "@M", "@n", "@a"]
    for mx, sts, term in itertools.product(
            "SIn", "-E", ("ado", "odo", "RMdo", "*mdo", "*odo", "*Mdo",
                          "ado+", "adoQ", "*ado", "*xdo")):
        for first, second in itertools.product(hosts, hosts):
            for a, b in itertools.product(rules, rules):
                yield "%s %s %s 1,%s%s 2,%s%s" % (mx, term, sts, first, a,
                                                  second, b)


def by_chance(count, seed):
    """Up to six hosts, each of several addresses, each with its own TTL."""
    chance = random.Random(seed)
    single = list(states([""], TLSA))
    letters = list("ado") + ["s", "e", "d"] + LEVELS
    for _ in range(count):
        hosts = []
        preference = 1
        for _ in range(chance.randint(0, 6)):
            preference += chance.random() < 0.5
            state = chance.choice(single) % chance.choice("yyn")
            fields = state.rstrip(",").split(",")[:3]
            for at in (0, 1):
                if chance.random() < 0.3 and fields[at] not in "-":
                    fields[at] += ":%d" % chance.choice(
                        (0, 29, 31, 44, 46, 200, 299, 301, 900, 2399))
            if fields[0][0] not in "DFGM":
                fields += [chance.choice(("", "", "", "!")) +
                           chance.choice(PROBES + OPEN + ["gooR", "goo"])
                           for _ in range(chance.randint(1, 4))]
            rule = "@" + chance.choice("xyznmedosMa") \
                if chance.random() < 0.15 else ""
            hosts.append("%d,%s%s" % (preference, ",".join(fields), rule))
        mx = chance.choice("SSSSSIIIN-nBETX0") if hosts else \
            chance.choice("BETX0SI")
        if mx in "BETX0":
            hosts = []
        if mx in "Nn-":
            hosts = hosts[:1]
        tail = ":%d" % chance.choice((10, 31, 250, 800)) \
            if chance.random() < 0.3 and mx not in "BET-" else ""
        more = ">" if chance.random() < 0.05 and mx in "SI" else ""
        scope = chance.choice(("", "", "*", "R"))
        level = chance.choice(letters) if not scope else \
            scope + chance.choice("xyznmedosMa")
        if not scope and level[0] == "R":
            scope = "R"
        yield " ".join([mx + more + tail, "%s%s%s%s" % (
            level, chance.choice("demp"), chance.choice("osd"),
            chance.choice(("", "", "Q", "+" if level == "a" else ""))),
            chance.choice(STS) + (":%d" % chance.choice((5, 31, 100, 1000))
                                  if chance.random() < 0.2 else "")] + hosts)
