#!/usr/bin/env python3
"""model - the judge beside a second reading of the rules.

t/model/worlds.py makes cases, t/model/cases is judge() and enforce() for a line
a case, and t/model/rules.py says what each has to come to.  Beside it, what must
hold of every case, whatever either says.  "--whole" looks at all of them, which
takes some minutes; without it at a sample.  TAP.
"""
import itertools
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")
sys.path.insert(0, HERE)

import rules
import tap
import worlds

WHOLE = "--whole" in sys.argv[1:]
BATCH = 200000
SHOWN = 10
PROGRAM = os.path.join(os.environ.get("POSTERN_BUILDDIR", HERE + "/../.."),
                       "t/model/cases")


def answers(lines):
    """What the C says of each."""
    with tempfile.TemporaryFile("w+") as given:
        given.write("\n".join(lines) + "\n")
        given.seek(0)
        done = subprocess.run([PROGRAM], stdin=given, capture_output=True,
                              text=True)
    found = done.stdout.splitlines()
    if done.returncode != 0 or len(found) != len(lines):
        raise SystemExit("Bail out! cases: exit %d, %d of %d: %s" % (
            done.returncode, len(found), len(lines), done.stderr[:300]))
    return found


# -- what holds of every case -------------------------------------------------

def is_authenticated(case, host):
    """Whether an address of it that mail gets to shows who it is, by DANE or
    by a policy that names it."""
    for probe in host.probes:
        if probe[0] != "g":
            continue
        if host.tlsa == "u" and probe[1] == "o":
            return True
        if probe[2] == "o" and (
                (case.sts in "ET" and host.named) or
                rules.demand_at(host, rules.Context(
                    case.mx, case.terms, case.sts)).level == "secure"):
            return True
    return False


def no_pass_for_nothing(case, words):
    return words[0] != "pass" or any(is_authenticated(case, host)
                                     for host in case.hosts)


def no_pass_without_lookups(case, words):
    return case.mx not in "BET" or words[0] == "temperror"


def no_failed_lookup_is_none(case, words):
    """Where DANE counts, and no host could be told of."""
    if not case.hosts or case.mx not in "SIN-n" or \
            not case.terms.demand.dane or any(h.rule for h in case.hosts) or \
            case.terms.insecure in "mp":
        return True
    failed = all(host.address == "F" or (host.address in "SPK" and
                                         host.tlsa in "BET" and
                                         host.probes[0][0] != "!")
                 for host in case.hosts)
    return not failed or words[0] == "temperror"


def dane_is_not_lifted(case, words):
    """Every host has TLSA records that what it shows does not fit."""
    if case.terms.demand.letter not in "ado" or not case.hosts or \
            case.mx not in "SN-" or any(h.rule for h in case.hosts):
        return True
    broken = all(host.tlsa == "u" and host.probes and all(
        probe[0] in "pqa" or (probe[0] == "g" and probe[1] == "v")
        for probe in host.probes) for host in case.hosts)
    return not broken or words[0] == "fail"


STRONG = ("dane", "dane-only", "SEC", "SEC(N)", "names", "TEMP")


def enforcement_is_no_weaker(case, words):
    result, level, answer = words[0], words[3], words[10]
    if any(host.rule for host in case.hosts):
        return True
    if result in ("pass", "fail") and \
            level in ("dane-only", "secure", "half-dane"):
        return answer in STRONG or (answer == "encrypt" and
                                    case.terms.demand.encrypt)
    if result == "fail" and level == "encrypt":
        return answer in STRONG + ("encrypt",)
    return True


def ttl_is_no_longer(case, words):
    ttl = int(words[8])
    found, failed = rules.ttls_of(case)
    return ttl == rules.FLOOR or (
        all(ttl <= one for one in found) and
        (not failed or ttl <= rules.CAPS["temperror"]) and
        (case.sts not in "ETN" or ttl <= case.left))


HOLDS = {
    "no pass without a host that shows who it is": no_pass_for_nothing,
    "no verdict but temperror where MX cannot be looked up":
        no_pass_without_lookups,
    "a failed lookup is no absence": no_failed_lookup_is_none,
    "DANE that fails is lifted by nothing": dane_is_not_lifted,
    "what is enforced is no weaker than the verdict":
        enforcement_is_no_weaker,
    "a verdict lives no longer than what it rests on": ttl_is_no_longer,
}


# -- neighbours --------------------------------------------------------------

# A host that keeps less, and one that takes no mail: behind that another may
WEAKER_PROBES = {"g": "pa"}
WEAKER_CODES = {"o": "vt"}


def weaker(line):
    """The same with one fact less secure, or unknown."""
    mx, term, sts, *hosts = line.split()
    for i, host in enumerate(hosts):
        body, at, rule = host.partition("@")
        fields = body.split(",")
        alone = len(hosts) == 1 and len(fields) < 6
        for new in weaker_hosts(fields, alone, rule):
            yield " ".join([mx, term, sts] + hosts[:i] +
                           [",".join(new) + at + rule] + hosts[i + 1:])
    # without a policy a host that it forbade may be skipped for another, TLSA
    # records count where InsecureMX is policy, and rules for hosts that may be
    # forged
    if sts[0] in "ET" and len(hosts) == 1 and \
            term.lstrip("R*")[1] != "p" and "@" not in line:
        yield " ".join([mx, term, "F"] + hosts)


def weaker_hosts(fields, alone, rule):
    if alone:
        if fields[2][0] in "uxN":
            yield fields[:2] + ["E"] + fields[3:]
        if len(fields) > 4:
            yield fields[:4] + ["c"]
        yield [fields[0], "F", "-", fields[3]]
    if fields[3] == "y" and not rule:
        yield fields[:3] + ["n"] + fields[4:]
    for k in range(4, len(fields)):
        probe = fields[k]
        for new in WEAKER_PROBES.get(probe[0], ""):
            yield fields[:k] + [new] + fields[k + 1:]
        if probe[0] == "g":
            for j in (1, 2):
                for code in WEAKER_CODES.get(probe[j], ""):
                    yield fields[:k] + [probe[:j] + code + probe[j + 1:]] + \
                        fields[k + 1:]


def turned(line):
    """The same with hosts of one preference the other way round."""
    head, hosts = line.split()[:3], line.split()[3:]
    turned_hosts = sorted(reversed(hosts), key=lambda host: host[0])
    return " ".join(head + turned_hosts)


def gains(line, was, now):
    """A fact that is weaker has made a pass of what was none."""
    return was.split()[0] != "pass" and now.split()[0] == "pass"


# -- the run -----------------------------------------------------------------

def sampled(cases, step):
    return cases if WHOLE else itertools.islice(cases, 0, None, step)


def sets():
    yield "no host", worlds.no_host()
    yield "one host", sampled(worlds.one_host(), 7)
    yield "two hosts", sampled(worlds.two_hosts(), 3)
    yield "hosts with rules", sampled(worlds.ruled_hosts(), 7)
    yield "hosts by chance", worlds.by_chance(
        1000000 if WHOLE else 100000, 7672)


class Findings:
    def __init__(self):
        self.count = 0
        self.bad = {name: [] for name in HOLDS}
        self.bad["no fact that is weaker makes a pass"] = []
        self.bad["the order of equals does not count"] = []

    def look(self, lines, said):
        self.count += len(lines)
        wrong = []
        for line, text in zip(lines, said):
            if rules.judge(line) != text:
                wrong.append((line, text))
            case, words = rules.read(line), text.split()
            for name, holds in HOLDS.items():
                if not holds(case, words):
                    self.bad[name].append("%s: %s" % (line, text))
        return wrong

    def look_around(self, lines, said):
        """Of each fifth case, those beside it."""
        around, of = [], []
        for line, text in list(zip(lines, said))[::5]:
            for other in weaker(line):
                around.append(other)
                of.append((line, text, False))
            if turned(line) != line:
                around.append(turned(line))
                of.append((line, text, True))
        if not around:
            return
        for other, now, (line, was, is_turned) in zip(around, answers(around),
                                                      of):
            if is_turned and any(now.split()[i] != was.split()[i]
                                 for i in (0, 7, 10)):
                self.bad["the order of equals does not count"].append(
                    "%s: %s, turned: %s" % (line, was, now))
            if not is_turned and gains(line, was, now):
                self.bad["no fact that is weaker makes a pass"].append(
                    "%s: %s, but %s: %s" % (line, was, other, now))


def batches(cases):
    cases = iter(cases)
    while True:
        batch = list(itertools.islice(cases, BATCH))
        if not batch:
            return
        yield batch


def main():
    out, findings = tap.Tap(), Findings()
    if not os.access(PROGRAM, os.X_OK):
        print("1..0 # SKIP %s is not built" % PROGRAM)
        return 0
    for name, cases in sets():
        wrong, before = [], findings.count
        for batch in batches(cases):
            said = answers(batch)
            wrong += findings.look(batch, said)
            findings.look_around(batch, said)
        out.test(findings.count > before and not wrong,
                 "judge and model agree on %d cases of %s" % (
                     findings.count - before, name),
                 ["%d differ" % len(wrong)] +
                 ["%s: judge %s, model %s" % (line, text, rules.judge(line))
                  for line, text in wrong[:SHOWN]])
    for name, bad in findings.bad.items():
        out.test(not bad, name, ["%d do not" % len(bad)] + bad[:SHOWN])
    return out.close()


if __name__ == "__main__":
    sys.exit(main())
