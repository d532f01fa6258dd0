#!/usr/bin/env python3
"""tools - the receiving side's verbs of postern, in the lab.

Records that "tlsa gen" makes are compared with those of ldns-dane, published
in a signed zone, and then looked at by "postern check" and ldns-dane.  The
policy of "sts gen" is put on a policy host.  TAP.
"""
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import cli
import mta
import tap
import world

RUN_S = 120
WORKERS = 4
CONF = None


def run(*words):
    """(exit status, stdout, stderr) of any program."""
    done = subprocess.run(words, capture_output=True, text=True,
                          timeout=RUN_S, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def postern(*words):
    """The same of postern."""
    return run(mta.program("postern"), "-c", CONF, *words)


def asked(status, *words):
    """The object that postern prints with --json; its exit status is known."""
    got, out, err = postern("--json", *words)
    if got != status:
        raise mta.Failure("%s: exit status %d, not %d: %s%s" % (
            " ".join(words), got, status, out, err))
    return json.loads(out)


def dest(name):
    return world.WORLD.find(name)


def host(name):
    """The name of a destination's first mail host."""
    where = dest(name)
    return where.fill(where.hosts[0].name)


def pki(name, number=0):
    """The path without suffix of the certificate that a host shows."""
    rows = [row for row in json.loads(mta.read(mta.HERE + "/world.json"))
            ["smtp"] if row["name"] == host(name)]
    return "%s/pki/%s" % (mta.HERE, rows[number]["cert"])


def rdata(line):
    """"3 1 1 0123..." of a line of a zone file, in one spelling."""
    return re.sub(r"(\w+ \w+ \w+) (.*)", lambda m: m[1] + " " + re.sub(
        r"\s", "", m[2]), re.search(r"TLSA\s+(.*)", line)[1].lower()
        .replace("\t", " "))


def ldns_record(name, base, form):
    """The RDATA that ldns-dane makes of a certificate."""
    status, out, err = run("ldns-dane", "-c", base + ".chain", "create",
                           host(name), "25", *form.split())
    if status != 0:
        raise mta.Failure("ldns-dane create: " + out + err)
    return rdata(out.splitlines()[0])


def ldns_verifies(name, base):
    """Whether ldns-dane finds that the zone's records fit a certificate."""
    status, out, err = run("ldns-dane", "-k", "/etc/postern/root.key", "-c",
                           base + ".chain", "verify", host(name), "25")
    return status == 0, out + err


def verdict(name):
    answers, wrong = cli.check(CONF, dest(name).domain)
    if dest(name).domain not in answers:
        raise mta.Failure(wrong)
    answer = answers[dest(name).domain]
    return "%s %s" % (answer["result"], answer["reason"])


# -- tlsa gen ------------------------------------------------------------

def made_like_ldns(t):
    """One record of each kind, from file and live host."""
    for name, form in (("dane-ee", "3 1 1"), ("d02", "3 0 1"),
                       ("d03", "3 1 2"), ("d04", "3 1 0"), ("d05", "3 0 0"),
                       ("d99", "3 1 1")):
        theirs = ldns_record(name, pki(name), form)
        for word in (pki(name) + ".chain", "mx:" + host(name)):
            answer = asked(0, "tlsa", "gen", word, form)
            ours = answer["records"][0]
            t.test(ours["rdata"] == theirs and len(answer["records"]) == 1,
                   "%s of %s is what ldns-dane makes" % (form, word),
                   [ours["rdata"], theirs])
        t.test(ours["owner"] == "_25._tcp." + host(name) and
               not ours["authenticated"] and answer["warnings"],
               "it is told that nobody vouches for a live host")


def made_of_hosts_that_differ(t):
    answer = asked(0, "tlsa", "gen", "mx:" + host("two-addresses"))
    t.test({r["rdata"] for r in answer["records"]} ==
           {ldns_record("two-addresses", pki("two-addresses", n), "3 1 1")
            for n in (0, 1)}, "two certificates of one host, two records")
    status, out, err = postern("tlsa", "gen", "mx:" + host("refused"))
    t.test(status == 3 and out == "" and "connect-failed" in err,
           "no host, no record", [err])
    status, out, err = postern("tlsa", "gen", "mx:nowhere.example")
    t.test(status == 3 and out == "", "no address, no record", [err])


def published(t):
    """From the file to the zone: the lines as they are printed."""
    base = pki("fresh")
    t.test(verdict("fresh") == "none no-policy", "nothing is published")
    status, out, err = postern("tlsa", "gen", base + ".key", "--name",
                               host("fresh"))
    line = out.splitlines()[0]
    owner = line.split()[0].rstrip(".")
    change.records("fresh.example", owner, "TLSA", [rdata(line)])
    t.test(verdict("fresh") == "pass ok", "what was made passes", [out, err])
    good, why = ldns_verifies("fresh", base)
    t.test(good, "ldns-dane agrees", [why])
    generic = out.splitlines()[1].split("TYPE52 ")[1]
    change.records("fresh.example", owner, "TYPE52", [generic])
    t.test(verdict("fresh") == "pass ok", "so does the other form", [out])
    good, why = ldns_verifies("fresh", pki("dane-ee"))
    t.test(not good, "another certificate does not", [why])


# -- tlsa check ----------------------------------------------------------

# Destinations: exit status, result, and the findings there are, all or with
# those of a note left out.
CHECKS = {
    "dane-ee": (0, ""), "ipv6": (0, ""), "dane-ta": (0, ""),
    "d07": (0, "note/record-unmatched"),
    "d02": (1, "warning/usage-3-0"),
    "d42": (2, "warning/record-unusable fail/validation-failure "
            "note/record-unmatched"),
    "d35": (1, "warning/record-unusable warning/tlsa-unusable"),
    "d30": (2, "note/record-outdone note/record-unmatched "
            "fail/validation-failure"),
    "d22": (2, "note/record-unmatched fail/certificate-expired"),
    "d01": (0, "note/certificate-expires"),
    "dane-ta-name": (2, "note/record-unmatched "
                     "fail/certificate-host-mismatch"),
    "dane-stripped": (2, "fail/starttls-not-supported"),
    "second-mx": (2, "note/record-unmatched fail/validation-failure"),
    "two-addresses": (2, "fail/validation-failure "
                      "warning/addresses-differ"),
    "one-address-down": (1, "warning/connect-failed"),
    "half-dane": (1, "warning/insecure-mx"),
    "unsigned-tlsa": (1, "warning/insecure-mx warning/tlsa-insecure"),
    "d52": (1, "warning/no-tlsa"), "d53": (1, "warning/tlsa-insecure"),
    "d54": (2, "fail/dnssec-invalid"),
    "d55-refused": (2, "fail/dns-servfail"),
    "plain": (1, "warning/no-tlsa"),
    "refused": (3, "warning/no-tlsa unknown/connect-failed"),
    "bogus": (2, "fail/dnssec-invalid"),
    "null-mx": (1, "warning/null-mx"),
    "nowhere": (3, "unknown/nxdomain"),
}
RESULTS = ("ok", "warning", "fail", "unknown")


def findings(answer):
    return sorted("%(severity)s/%(code)s" % f for f in answer["findings"])


def checked(t):
    def one(name):
        status, expected = CHECKS[name]
        return name, asked(status, "tlsa", "check", name + ".example"), \
            RESULTS[status], sorted(expected.split())
    with ThreadPoolExecutor(WORKERS) as pool:
        for name, answer, result, expected in pool.map(one, CHECKS):
            t.test(answer["result"] == result and
                   findings(answer) == expected,
                   "%s: %s %s" % (name, result, " ".join(expected)),
                   [json.dumps(answer)])


def checked_record_by_record(t):
    """What each record matches is what ldns-dane finds for it alone."""
    for name in ("d07", "d29", "d31", "d32", "d42"):
        where = json.loads(postern("--json", "tlsa", "check",
                                   name + ".example")[1])["hosts"][0]
        shown = {ldns_record(name, pki(name), form)
                 for form in ("3 1 1", "3 1 2", "3 0 1")}
        for record in where["tlsa"]:
            text = "%(usage)d %(selector)d %(mtype)d %(data)s" % record
            t.test((text in shown) == bool(record["matches"]),
                   "%s: %.20s... %s" % (name, text, "matches" if text in shown
                                        else "does not"), [str(record)])


def shown_whole(t):
    """With -v nothing is cut."""
    record = ldns_record("dane-ee", pki("dane-ee"), "3 1 1")
    whole = ldns_record("dane-ee", pki("dane-ee"), "3 0 1")
    status, out, err = postern("check", "-v", dest("dane-ee").domain)
    t.test(status == 0 and record + "  matches" in out and
           "1 1      " + record.split()[3] in out and
           "0 1      " + whole.split()[3] in out and
           re.search(r"TLS1\.[23], ok, \d+ ms\n", out),
           "check -v tells digests, certificates and times", [out, err])
    told = dict(re.findall(r"^ {16}(\w+) +(\S.*)$", out, re.M)[::-1])
    t.test(told.get("names") == host("dane-ee") and
           told.get("key") == "ECDSA, 256 bits" and
           re.fullmatch("TLS_[A-Z0-9_]+", told.get("cipher", "")) and
           told.get("group") == "X25519" and
           told.get("signed", "").startswith("ECDSA-") and
           host("dane-ee") in told.get("banner", "") and
           re.fullmatch(", ".join(part + r" \d+" for part in (
               "connect", "greeting", "starttls", "handshake", "ehlo")) +
               " ms", told.get("times", "")),
           "and the session, its parts, the key and its names", [out])
    where = asked(0, "check", dest("dane-ee").domain)
    where = where["hosts"][0]["addresses"][0]
    t.test([where[key] for key in ("cipher", "group", "signature")] ==
           [told["cipher"], told["group"], told["signed"]] and
           where["banner"] == told["banner"] and
           where["chain"][0]["names"] == [host("dane-ee")] and
           where["chain"][0]["key_bits"] == 256 and
           sum(where["phases"].values()) <= where["ms"],
           "as JSON has them without -v", [json.dumps(where)])
    status, out, err = postern("check", dest("dane-ee").domain)
    t.test(status == 0 and record[:38] + "...  matches" in out and
           record not in out and " ms\n" not in out,
           "without it a digest is cut", [out, err])


def hosts_that_disagree(t):
    """A host without TLSA beside one with it; a certificate about to end."""
    base = mta.HERE + "/pki/soon"
    ca = mta.HERE + "/pki/ca/dane-int"
    for words in (("req", "-new", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                   base + ".key", "-out", base + ".csr", "-subj", "/CN=soon",
                   "-addext", "subjectAltName=DNS:" + host("fresh")),
                  ("x509", "-req", "-in", base + ".csr", "-CA", ca + ".pem",
                   "-CAkey", ca + ".key", "-days", "10", "-copy_extensions",
                   "copyall", "-out", base + ".pem")):
        done = run("openssl", *words)
        if done[0] != 0:
            raise mta.Failure(done[2])
    with open(base + ".chain", "w") as out:
        for path in (base, ca, mta.HERE + "/pki/ca/dane-root"):
            out.write(mta.read(path + ".pem"))
    changes = change.Changes()
    changes.certificate(dest("fresh"), "soon")
    changes.apply()
    change.records("fresh.example", "fresh.example", "MX",
                   ["10 %s." % host("fresh"), "20 %s." % host("plain")])
    for form, expected in (
            ("2 1 1", "warning/certificate-expires warning/no-tlsa"),
            ("3 1 1", "note/certificate-expires warning/no-tlsa")):
        made = asked(0, "tlsa", "gen", base + ".chain", form, "--name",
                     host("fresh"))["records"][0]
        change.records("fresh.example", made["owner"], "TLSA",
                       [made["rdata"]])
        answer = asked(1, "tlsa", "check", "fresh.example")
        t.test(findings(answer) == expected.split(),
               "%s: %s" % (form, expected), [json.dumps(answer)])
    status, out, err = postern("tlsa", "check", "mx:" + host("plain"))
    t.test(status == 1 and "DANE does not protect" in out,
           "one host alone, as text", [out, err])


# -- a host with two types of key ----------------------------------------

def made_key(name, *kind):
    """The path without suffix of a certificate of fresh's host."""
    base = mta.HERE + "/pki/" + name
    done = run("openssl", "req", "-x509", "-newkey", *kind, "-nodes",
               "-keyout", base + ".key", "-out", base + ".chain", "-days",
               "90", "-subj", "/CN=" + name, "-addext",
               "subjectAltName=DNS:" + host("fresh"))
    if done[0] != 0:
        raise mta.Failure(done[2])
    with open(base + ".pem", "w") as out:
        out.write(mta.read(base + ".key") + mta.read(base + ".chain"))
    return base


def two_types_of_key(t):
    """Postfix as the host, with an RSA and an ECDSA certificate."""
    rsa = made_key("two-rsa", "rsa:2048")
    ec = made_key("two-ec", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    coming = made_key("two-next", "rsa:2048")
    for words in (("postconf", "-e", "milter_default_action = accept",
                   "smtpd_tls_security_level = may", "smtpd_tls_chain_files ="
                   " %s.pem, %s.pem" % (rsa, ec)), ("postfix", "reload")):
        done = run(*words)
        if done[0] != 0:
            raise mta.Failure(" ".join(words) + ": " + done[2])
    name, zone = host("fresh"), "fresh.example"
    change.records(zone, zone, "MX", ["10 %s." % name])
    change.records(zone, name, "A", ["127.0.0.1"])
    change.records(zone, name, "AAAA", [])
    record = {base: ldns_record("fresh", base, "3 1 1")
              for base in (rsa, ec, coming)}
    def made():
        """Once Postfix has read its files anew."""
        answer = asked(0, "tlsa", "gen", "mx:" + name)
        found = {r["rdata"] for r in answer["records"]}
        return found if len(found) > 1 else None
    found = mta.await_true(made, RUN_S, "records of two keys")
    t.test(found == {record[rsa], record[ec]},
           "records are made of both keys that a host has", [str(found)])
    for bases, status, expected in (
            ((rsa, ec), 0, ""), ((ec,), 1, "warning/key-unmatched"),
            ((rsa,), 2, "fail/validation-failure"),
            ((rsa, ec, coming), 0, "note/record-unmatched")):
        change.records(zone, "_25._tcp." + name, "TLSA",
                       [record[base] for base in bases])
        answer = asked(status, "tlsa", "check", zone)
        t.test(findings(answer) == expected.split(),
               "TLSA of %s: %s" % (" ".join(os.path.basename(b)
                                            for b in bases),
                                   expected or "ok"), [json.dumps(answer)])
        fits = {"3 1 1 " + r["data"]: bool(r["matches"])
                for r in answer["hosts"][0]["tlsa"]}
        t.test(fits == {record[b]: b != coming for b in bases},
               "no record of a key that is shown counts as unmatched",
               [json.dumps(answer)])
        finger = run("posttls-finger", "-c", "-l", "dane", zone)
        t.test(("Verified TLS" in finger[1] + finger[2]) == (status < 2),
               "posttls-finger agrees", list(finger))
    shown = answer["hosts"][0]["addresses"][0]["others"]
    t.test([s["type"] for s in shown] == ["RSA"],
           "the certificate that Postfix does not see is told", [str(shown)])
    answer = asked(1, "tlsa", "plan", "--name", name, rsa + ".chain",
                   coming + ".chain")
    t.test(answer["phase"] == "wait" and
           [s["key"] for s in answer["shown"]] == ["current"],
           "a plan sees the key that is to change", [json.dumps(answer)])


# -- tlsa plan -----------------------------------------------------------

OLD_TTL_S = 60
NEW_TTL_S = 4
ROLLOVER = "rollover.example"


def when(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()


def ago(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ",
                         time.gmtime(time.time() - seconds))


class Rollover:
    """The key of a host on its way from one to another."""

    def __init__(self, t):
        self.t = t
        self.current = pki("rollover")
        self.next = mta.HERE + "/pki/next"
        done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                   self.next + ".key", "-out", self.next + ".chain", "-days",
                   "90", "-subj", "/CN=next", "-addext", "subjectAltName="
                   "DNS:" + host("rollover") + ",DNS:" + host("d03") +
                   ",DNS:" + host("d07"))
        if done[0] != 0:
            raise mta.Failure(done[2])
        self.records = [ldns_record("rollover", base, "3 1 1")
                        for base in (self.current, self.next)]

    def plan(self, status, phase, *words, name="rollover"):
        """The answer, of which these two are known."""
        words = ("tlsa", "plan", "--name", host(name), *words,
                 self.current + ".chain", self.next + ".key")
        answer = asked(status, *words)
        self.t.test(answer["phase"] == phase and
                    answer["safe"] == (status == 0),
                    "plan %s: exit %d, %s" % (" ".join(
                        w for w in words[4:-2] if "/" not in w), status,
                        phase), [json.dumps(answer)])
        return answer

    def publish(self, records):
        change.records(ROLLOVER, "_25._tcp." + host("rollover"), "TLSA",
                       records, NEW_TTL_S)

    def show(self, base):
        changes = change.Changes()
        changes.certificate(dest("rollover"), base)
        changes.apply()

    def passes(self, text):
        found = verdict("rollover")
        self.t.test(found == "pass ok", text, [found])


def planned(t):
    """All of a rollover, as RFC 7671 section 8.1 has it."""
    r = Rollover(t)
    state = mta.HERE + "/rollover.json"
    early = mta.HERE + "/early.json"
    r.plan(1, "publish", "--since", ago(OLD_TTL_S + 1), "--state", early)
    answer = r.plan(1, "publish", "--state", state)
    t.test([a["rdata"] for a in answer["add"]] == [r.records[1]] and
           answer["ttl"] == OLD_TTL_S and answer["servers"][0]["answered"],
           "the next key's record is wanted, beside the other",
           [json.dumps(answer)])
    r.publish(r.records)
    for base in (r.current, r.next):
        good, why = ldns_verifies("rollover", base)
        t.test(good, "ldns-dane takes either key", [why])
    answer = r.plan(1, "wait")
    t.test(answer["not_before"] is None and answer["since"] is None and
           answer["add"] == [], "who looks once cannot know since when",
           [json.dumps(answer)])
    r.plan(1, "wait", "--state", early)
    answer = r.plan(1, "wait", "--state", state)
    t.test(when(answer["not_before"]) - when(answer["since"]) ==
           2 * OLD_TTL_S and answer["ttl_known"],
           "the TTL from before counts, twice", [json.dumps(answer)])
    again = r.plan(1, "wait", "--state", state)
    t.test(again["not_before"] == answer["not_before"],
           "the next look goes on from there", [json.dumps(again)])
    old = ("--old-ttl", str(OLD_TTL_S))
    r.plan(1, "wait", "--since", ago(0), *old)
    answer = r.plan(1, "wait", "--since", ago(86400))
    t.test(answer["not_before"] is None and not answer["ttl_known"],
           "nor does the new TTL tell how long the old records live",
           [json.dumps(answer)])
    r.plan(1, "wait", "--since", ago(OLD_TTL_S + 1), *old)
    r.plan(0, "switch", "--since", ago(2 * OLD_TTL_S + 1), *old)
    r.plan(1, "wait", "--since", ago(2 * NEW_TTL_S + 1), "--state", state)
    kept(r, state)
    polled(r)
    r.show("next")
    r.passes("the host shows the next key, and nobody notices")
    answer = r.plan(0, "drop")
    t.test(answer["drop"] == [r.records[0]], "the old record may go",
           [json.dumps(answer)])
    r.publish(r.records[1:])
    r.passes("it goes, and nobody notices")
    r.plan(0, "done")
    answer = asked(1, "tlsa", "plan", "--name", host("one-address-down"),
                   r.next + ".key", pki("one-address-down") + ".chain")
    t.test(answer["phase"] == "unseen" and not answer["safe"] and
           sorted(s["key"] for s in answer["shown"]) == ["next", "none"],
           "an address that is not seen may show the old key",
           [json.dumps(answer)])
    r.show(os.path.basename(r.current))
    t.test(verdict("rollover") == "fail validation-failure",
           "the old key once more is a failure")
    answer = r.plan(2, "broken")
    t.test([a["rdata"] for a in answer["add"]] == [r.records[0]],
           "what would mend it is told", [json.dumps(answer)])


def kept(r, path):
    """What a state file tells of another time and of another rollover."""
    def changed(**words):
        with open(path) as file:
            state = json.load(file)
        copy = path + ".changed"
        with open(copy, "w") as file:
            json.dump({k: v for k, v in {**state, **words}.items()
                       if v is not None}, file)
        return r.plan(1, "wait", "--state", copy)
    answer = changed(since=int(time.time()) + 10 ** 8)
    r.t.test(abs(when(answer["since"]) - time.time()) < 60,
             "seen in the future is seen now", [json.dumps(answer)])
    answer = changed(next=64 * "0", last=7 * OLD_TTL_S)
    r.t.test(answer["ttl"] == 7 * OLD_TTL_S and answer["ttl_known"] and
             abs(when(answer["since"]) - time.time()) < 60,
             "of another rollover the last TTL counts, and no time",
             [json.dumps(answer)])
    answer = changed(owner="_25._tcp.other.example", since=1)
    r.t.test(not answer["ttl_known"] and answer["not_before"] is None,
             "of another host nothing counts", [json.dumps(answer)])
    answer = changed(before=None, last=None)
    r.t.test(answer["ttl_known"] and answer["ttl"] == OLD_TTL_S,
             "a file that an earlier release wrote is read",
             [json.dumps(answer)])


def polled(r):
    """The loop of the man page."""
    state = mta.HERE + "/polled.json"
    r.publish(r.records[:1])
    r.plan(1, "publish", "--state", state)
    r.publish(r.records)
    begun = time.monotonic()
    done = run("sh", "-c", "until '%s' tlsa plan -c '%s' --name %s --state "
               "'%s' '%s.chain' '%s.key' >/dev/null; do sleep 1; done" % (
                   mta.program("postern"), CONF, host("rollover"), state,
                   r.current, r.next))
    took = time.monotonic() - begun
    r.t.test(done[0] == 0 and took >= 2 * NEW_TTL_S,
             "a loop ends when two TTLs are over", [str(took), done[2]])
    # a server that lost the record starts the wait anew
    r.publish(r.records[:1])
    r.plan(1, "publish", "--state", state)
    r.publish(r.records)
    answer = r.plan(1, "wait", "--state", state)
    r.t.test(time.time() - when(answer["since"]) < took + 60 and
             answer["ttl"] == NEW_TTL_S, "a record that went and came waits "
             "anew", [json.dumps(answer)])


def planned_in_other_forms(t):
    """Records of other forms, hosts without, servers that are silent."""
    r = Rollover(t)
    plan = ("tlsa", "plan", "--name")
    answer = asked(1, *plan, host("d03"), pki("d03") + ".chain",
                   r.next + ".key")
    t.test([a["rdata"] for a in answer["add"]] ==
           [ldns_record("d03", r.next, "3 1 2")],
           "the next record has the digest of the one there is",
           [json.dumps(answer)])
    answer = asked(1, *plan, host("d02"), pki("d02") + ".chain",
                   pki("d02") + ".key")
    t.test(answer["phase"] == "publish" and
           answer["add"][0]["rdata"].startswith("3 1 1 "),
           "of a key alone no 3 0 1 can be made, so it is 3 1 1",
           [json.dumps(answer)])
    answer = asked(0, *plan, host("dane-ee"), pki("dane-ee") + ".chain",
                   pki("dane-ee") + ".key")
    t.test(answer["phase"] == "switch", "the same key: switch",
           [json.dumps(answer)])
    answer = asked(0, *plan, host("dane-ta"), pki("dane-ta") + ".chain",
                   pki("dane-ta") + ".chain")
    t.test(answer["phase"] == "done" and answer["tlsa"][0]["next"],
           "a record of the CA fits what it issued", [json.dumps(answer)])
    answer = asked(1, *plan, host("dane-ta"), pki("dane-ta") + ".chain",
                   r.next + ".key")
    t.test([a["usage"] for a in answer["add"]] == [3],
           "a key alone has no CA: 3 1 1", [json.dumps(answer)])
    answer = asked(0, *plan, host("unsigned-tlsa"), r.next + ".key",
                   r.next + ".key")
    t.test(answer["phase"] == "unheeded" and answer["warnings"],
           "an unsigned zone: nobody looks", [json.dumps(answer)])
    answer = asked(1, *plan, host("plain"), pki("plain") + ".chain",
                   r.next + ".key")
    t.test(answer["phase"] == "publish" and len(answer["add"]) == 2,
           "no records: those of both keys are wanted", [json.dumps(answer)])
    zone, owner = dest("d03").domain, "_25._tcp." + host("d03")
    change.records(zone, owner, "TLSA", [])
    change.records(zone, owner, "CNAME", ["_tlsa.%s." % zone])
    change.records(zone, "_tlsa." + zone, "TLSA",
                   [ldns_record("d03", base, "3 1 1")
                    for base in (pki("d03"), r.next)])
    answer = asked(0, *plan, host("d03"), "--since", ago(86400),
                   "--old-ttl", str(OLD_TTL_S), pki("d03") + ".chain", r.next + ".key")
    t.test(answer["phase"] == "switch" and
           [s["next"] for s in answer["servers"]] == [True],
           "records behind an alias", [json.dumps(answer)])
    zone = dest("d07").domain
    change.records(zone, zone, "NS", ["ns%s.%s." % (n, zone)
                                      for n in ("", 2, 3)])
    change.records(zone, "ns2." + zone, "A",
                   ["127.53.0.%d" % n for n in range(2, 7)])
    answer = mta.await_true(lambda: planned_past_dead_servers(
        (*plan, host("d07"), pki("d07") + ".chain", r.next + ".key")),
        RUN_S, "an answer of Unbound")
    t.test([s["answered"] for s in sorted(
        answer["servers"], key=lambda s: s["name"])] ==
        [True] + 4 * [False] + [False] and
        sum("did not tell" in w for w in answer["warnings"]) == 5,
        "a server that refuses is told, and one without an address",
        [json.dumps(answer)])
    t.test(any("more authoritative" in w for w in answer["warnings"]),
           "so are those that are not asked", [json.dumps(answer)])
    records_that_came_to_fit(t)


def planned_past_dead_servers(words):
    """What is planned, but for lookups at which Unbound itself gave up: it
    meets the dead servers too."""
    answer = asked(1, *words)
    failed = [s for s in answer["servers"] if s["why"] == "dns-servfail"]
    return None if failed else answer


def records_that_came_to_fit(t):
    """What a cache has from before need not fit the next key."""
    state = mta.HERE + "/fit.json"
    base = pki("dane-ee")
    plan = ("tlsa", "plan", "--name", host("dane-ee"), "--state", state,
            base + ".chain", base + ".key")
    zone, owner = dest("dane-ee").domain, "_25._tcp." + host("dane-ee")
    change.records(zone, owner, "TLSA", ["3 1 1 " + 32 * "00"])
    answer = asked(2, *plan)
    t.test(answer["phase"] == "broken", "neither key fits",
           [json.dumps(answer)])
    change.records(zone, owner, "TLSA", [ldns_record("dane-ee", base,
                                                     "3 1 1")])
    answer = asked(1, *plan)
    t.test(answer["phase"] == "wait" and answer["not_before"] is not None,
           "both fit now: a wait begins", [json.dumps(answer)])


def servers_that_lag(t):
    """Another server of the zone has not got the records: dnsfault.py says
    so, at the address of a destination that has faults."""
    r = Rollover(t)
    zone, name = dest("d07").domain, host("d07")
    owner = "_25._tcp." + name
    changes = change.Changes()
    changes.kinds["dns"][owner + " TLSA"] = "nxdomain"
    changes.apply()
    change.records(zone, zone, "NS", ["ns.%s." % zone, "ns2.%s." % zone,
                                      host("d58") + "."])
    change.records(zone, "ns2." + zone, "A", [dest("m05").dns_address()])
    change.records(zone, owner, "TLSA", [
        ldns_record("d07", base, "3 1 1") for base in (pki("d07"), r.next)])
    answer = asked(1, "tlsa", "plan", "--name", name, "--since",
                   ago(OLD_TTL_S + 1), pki("d07") + ".chain",
                   r.next + ".key")
    has = {s["name"]: s["next"] for s in answer["servers"] if s["answered"]}
    t.test(answer["phase"] == "spread" and answer["add"] == [] and
           has == {"ns." + zone: True, "ns2." + zone: False},
           "a server that lags holds the switch up", [json.dumps(answer)])
    t.test(any(s["name"] == host("d58") and s["address"] == "" and
               s["why"] == "dns-servfail" for s in answer["servers"]),
           "an address that cannot be looked up is told",
           [json.dumps(answer)])
    change.records(zone, zone, "NS", ["ns.%s." % zone, host("d58") + "."])
    words = ("tlsa", "plan", "--name", name, "--old-ttl", str(OLD_TTL_S))
    keys = (pki("d07") + ".chain", r.next + ".key")
    state = mta.HERE + "/silent.json"
    answer = asked(1, *words, "--state", state, *keys)
    t.test(answer["phase"] == "spread" and answer["since"] is None,
           "while a server is silent, no wait begins", [json.dumps(answer)])
    answer = asked(0, *words, "--since", ago(86400), *keys)
    t.test(answer["phase"] == "switch", "unless the administrator says that "
           "all servers have both", [json.dumps(answer)])


def plans_that_cannot_be(t):
    r = Rollover(t)
    bad = mta.HERE + "/bad.json"
    with open(bad, "w") as out:
        out.write('{"schema":1,"owner":7}')
    keys = (r.current + ".chain", r.next + ".key")
    name = ("--name", host("rollover"))
    for status, words in (
            (3, ("--name", "nowhere.example", *keys)),
            (3, ("--name", host("bogus"), *keys)),
            (3, ("--name", host("d54"), *keys)),
            (64, keys), (64, (*name, keys[0])),
            (64, (*name, "--name", "b.example", *keys)),
            (64, (*name, "--since", "yesterday", *keys)),
            (65, (*name, "--state", bad, *keys)),
            (65, (*name, keys[0], "/dev/null")),
            (66, (*name, keys[0], "/nowhere")),
            (73, (*name, "--state", "/nowhere/state", *keys))):
        got, out, err = postern("tlsa", "plan", *words)
        t.test(got == status and out == "" and err != "",
               "plan %s: exit %d" % (" ".join(
                   w for w in words if w not in keys), status),
               ["exit %d" % got, out, err])


# -- sts gen -------------------------------------------------------------

def policies(t):
    """A policy that is made is valid, and when served it is kept."""
    where = dest("renewed")
    answer = asked(0, "sts", "gen", where.domain, "--mode", "enforce",
                   "--max-age", "86400")
    body = answer["policy"]["body"]
    text = answer["records"][0]["text"]
    path = mta.HERE + "/made.txt"
    with open(path, "w") as out:
        out.write(body)
    linted = json.loads(run(mta.program("postern"), "sts", "lint", "--txt",
                            text, path)[1])
    t.test(linted["record"]["valid"] and linted["policy"]["valid"] and
           linted["policy"]["mode"] == "enforce" and
           not linted["policy"]["notes"], "sts lint finds no fault",
           [json.dumps(linted)])
    changes = change.Changes()
    changes.record(where, "txt=" + text)
    changes.policy(where, body=body)
    changes.apply()
    seen = asked(0, "sts", "check", where.domain)
    t.test(seen["sts"]["result"] == "pass" and
           seen["sts"]["id"] == linted["record"]["id"],
           "served so, all hosts keep it", [json.dumps(seen)])


def policies_of_many_hosts(t):
    """More MX hosts than are looked at: a policy names all or is none."""
    where = dest("fresh").domain
    names = ["h%02d.%s" % (n, where) for n in range(20)]
    change.records(where, where, "MX", ["%d %s." % (n, name)
                                        for n, name in enumerate(names)])
    answer = asked(0, "sts", "gen", where, "--depth", "dns")
    t.test(sorted(answer["policy"]["mx"]) == names and
           all("mx: %s\n" % name in answer["policy"]["body"]
               for name in names), "a policy names all of 20 MX hosts",
           [json.dumps(answer)])
    answer = asked(1, "sts", "gen", where)
    t.test(any("h19" in w and "could not be seen" in w
               for w in answer["warnings"]),
           "those that are not looked at are told", [json.dumps(answer)])
    names = ["h%03d.%s" % (n, where) for n in range(257)]
    change.records(where, where, "MX", ["10 %s." % name for name in names])
    answer = asked(2, "sts", "gen", where, "--depth", "dns")
    t.test("over 255" in answer["error"] and answer["exit"] == 2 and
           "policy" not in answer, "of too many there is no policy, and an "
           "object says so", [json.dumps(answer)])


def policies_unseen(t):
    """What could not be looked up is not "none"."""
    for status, name, verdict, unseen in (
            (3, "bogus", "unknown", "dnssec-invalid"),
            (1, "plain", "none", "")):
        words = ("sts", "check", name + ".example")
        answer = asked(status, *words)
        t.test((answer["verdict"], answer["unseen"]) == (verdict, unseen),
               "%s: is %s" % (name, verdict), [json.dumps(answer)])
        got, out, err = postern(*words)
        t.test(got == status and "  verdict     %s\n" % ": ".join(
            filter(None, (verdict, unseen))) in out,
               "%s: in words too" % name, [out, err])


def policies_in_doubt(t):
    rows = (("sts-untrusted", 1, "would not keep the policy"),
            ("refused", 1, "could not be seen"),
            ("null-mx", 2, "takes no mail"),
            ("d69", 2, "no MX"), ("absent", 2, "no such domain"),
            ("bogus", 3, "dnssec-invalid"))
    for name, wanted, words in rows:
        domain = name + ".example"
        status, out, err = postern("sts", "gen", domain)
        t.test(status == wanted and words in err and
               (out != "") == (wanted == 1),
               "%s: exit %d, %s" % (name, wanted, words), [out, err])
    for name, warned in (("plain", True), ("sts", False)):
        status, out, err = postern("sts", "gen", name + ".example", "--mode",
                                   "enforce", "--part", "policy")
        t.test(status == 0 and ("begin with --mode testing" in err) == warned,
               "%s: enforce %s" % (name, "before testing is told" if warned
                                   else "after a policy is not"), [err])
    answer = asked(0, "sts", "gen", "müller.example", "--depth", "dns")
    t.test(answer["policy"]["mx"] == ["mx1.xn--mller-kva.example"] and
           answer["records"][0]["owner"] == "_mta-sts.xn--mller-kva.example",
           "U-labels become A-labels", [json.dumps(answer)])


PARTS = (made_like_ldns, made_of_hosts_that_differ, published, checked,
         checked_record_by_record, shown_whole, hosts_that_disagree,
         two_types_of_key,
         planned,
         planned_in_other_forms, servers_that_lag, plans_that_cannot_be,
         policies, policies_of_many_hosts, policies_unseen,
         policies_in_doubt)


def inside():
    global CONF
    t = tap.Tap()
    CONF = cli.configuration("embedded")
    for part in PARTS:
        try:
            part(t)
        except (mta.Failure, subprocess.TimeoutExpired) as error:
            t.test(False, part.__name__, [str(error)])
    return t.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "ldns-dane", "dig"))
