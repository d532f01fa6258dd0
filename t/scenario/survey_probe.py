#!/usr/bin/env python3
"""survey_probe - a survey that connects to mail hosts, and its manners.

What it finds at that depth by each vector's id; that each host is asked once
for each name, in turn and with a gap; what is inferred; who is left alone; and
that who is killed goes on to the same end.  The lab has the hosts of
../lab/world_survey.py for it.  TAP.
"""
import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")
os.environ["POSTERN_LAB_WORLD"] = "world_survey"

import change
import check
import cli
import mta
import survey
import tap
import watch
import world
import world_survey

DIR = "/run/lab/survey"
KILLS = 20
SEED = 20
HELO = "gate.sender.example"
BOUND_S = 120
ROUND = 3000 # names, all of which fail
CUT_OFF_S = 110
ROUND_S = 60 # at 20 queries a second they would take minutes
PACE = 20 # --probe-rate

# A destination, and what must be found of it: "a.b=value".
VECTORS = {
    "V11 timeout": ("v11-timeout", "mx.state=error out.may=t out.auto=t "
                    "out.secure=t tries=1"),
    "V12": ("v12", "mx.count=16 mx.cut=True out.may=d"),
    "V20": ("dane-ee", "dane.adoption=full dane.health=ok protection=dane "
            "out.dane=d out.dane-only=d out.auto=d depth=probe"),
    "V21": ("half-dane", "dane.adoption=half protection=partial "
            "out.dane-only=q out.auto=d"),
    "V22": ("v22", "dane.adoption=partial out.auto=d out.dane-only=d "
            "dane.health=ok"),
    "V23": ("d35", "dane.adoption=unusable out.dane-only=q out.auto=d "
            "out.encrypt=d reason=tlsa-unusable mx.cut=False"),
    "V26": ("dane-mismatch", "dane.adoption=full dane.health=broken "
            "dane.fault=validation-failure out.dane=q out.auto=q out.sts=d "
            "out.may=d"),
    "V26 and a policy": ("dane-over-sts", "dane.health=broken out.auto=q "
                         "out.sts=d sts.health=ok"),
    "V27 host": ("second-mx", "dane.health=degraded out.auto=d"),
    "V27 address": ("v27", "dane.adoption=full dane.health=degraded "
                    "out.auto=d"),
    "V28": ("d55-servfail", "dane.adoption=error out.dane=t out.auto=t "
            "out.sts=d out.may=d"),
    "V28 one of two": ("v28", "dane.adoption=partial out.may=d out.dane=d "
                       "out.auto=d out.sts=d"),
    "V30": ("dual-rsa", "dane.health=broken dane.fault=validation-failure"),
    "V40": ("sts", "sts.health=ok out.sts=d out.secure=d"),
    "V40 testing": ("m59-mx", "sts.mode=testing protection=sts-testing"),
    "V43 BOM": ("v43-bom", "sts.fetch=charset sts.health=broken"),
    "V42 alert": ("v42-alert", "sts.fetch=tls sts.health=broken out.sts=d "
                  "out.auto=d"),
    "V42 empty": ("v42-empty", "sts.fetch=empty sts.health=broken out.sts=d "
                  "out.auto=d"),
    "V44": ("sts-mx", "sts.cover=none sts.health=broken out.sts=q "
            "out.auto=q out.dane=d"),
    "V44 one of two": ("m50", "sts.cover=some sts.health=degraded "
                       "sts.fault=sts-mx-mismatch out.sts=d out.auto=d"),
    "V44 testing": ("m59-mx", "sts.cover=none sts.health=degraded "
                    "sts.fault=sts-mx-mismatch out.sts=d out.auto=d"),
    "V44 testing, certificate": ("sts-testing", "sts.cover=all "
                                 "sts.health=degraded out.sts=d out.auto=d"),
    **{"V50 " + name: (name + ".v50", "tlsrpt.record=%s tlsrpt.why=%s "
                       "tlsrpt.rua=%s" % found) for name, found in {
        "mailto": ("valid", "", "mailto"),
        "https": ("valid", "", "https"),
        "both": ("valid", "", "mailto,https"),
        "two": ("invalid", "multiple", ""),
        "ten": ("invalid", "not-tlsrpt", ""),
        "none": ("invalid", "no-rua", ""),
        "ftp": ("invalid", "no-usable-rua", ""),
        "beside": ("valid", "", "mailto"),
        "spf": ("none", "", "")}.items()},
    "V45": ("v45", "out.sts=q out.dane=d out.auto=d sts.health=broken "
            "sts.fault=certificate-expired"),
    "V60": ("v60", "out.may=d out.encrypt=q out.secure=q out.auto=d"),
    "V61": ("plain", "out.secure=d out.sts=d protection=neither"),
    "V62 421": ("0.turned", "out.may=u out.encrypt=u out.auto=u "
                "dane.health=na"),
    "V62 554": ("0.sent", "out.may=u out.secure=u"),
    "V62 with TLSA": ("v62", "dane.adoption=full dane.health=unknown "
                      "out.dane=u out.auto=u out.dane-only=u"),
    "C1": ("c1", "out.may=t reason=dnssec-invalid"),
    "C2": ("c2", "out.may=t out.auto=t out.secure=t reason=dnssec-invalid "
           "dnssec.domain=bogus"),
    "C3": ("c3", "out.dane=t reason=dnssec-invalid"),
    "C4": ("c4", "out.dane=t out.auto=t out.sts=d reason=dnssec-invalid "
           "dane.adoption=error"),
    "C5": ("c5", "dane.health=broken out.dane=q"),
    "C6": ("c6", "dane.adoption=full dane.health=broken out.dane=q "
           "out.auto=q dane.fault=validation-failure"),
    "C7": ("c7", "dane.health=ok out.dane=d"),
}


def scan(conf, path, *words, given=None):
    return survey.scan(conf, path, "--depth", "probe", "--probe-rate", "0",
                       *words, given=given)


def names_of(dest, numbers):
    return "".join("%d.%s.example\n" % (n, dest) for n in numbers)


def at_host(dest, event):
    """The events of a kind at the first host of a destination."""
    address = "%s.10" % world.WORLD.find(dest).block()
    return [each for each in watch.events("smtp")
            if each["address"] == address and each["event"] == event]


def check_vectors(out, conf):
    path = DIR + "/vectors"
    names = ["%s.example" % name for name, _ in VECTORS.values()]
    done = scan(conf, path, "--probe-gap", "0", *names)
    rows = survey.rows_of(path)
    out.test(done.returncode == 0 and set(rows) == set(names),
             "all names are asked about", survey.failed(done))
    for vector, (name, wanted) in VECTORS.items():
        row = rows["%s.example" % name]
        out.test(not survey.differing(row, wanted), "%s: %s is told as it is" %
                 (vector, name), survey.differing(row, wanted))
    schema = check.validator("survey")
    wrong = [text for row in survey.lines_of(path)
             for text in check.mistakes(schema, row)]
    out.test(not wrong, "all of it is as the schema has it", wrong)
    check_hosts(out, path)
    seen = {event["name"] for event in watch.events("smtp")
            if event["event"] == "ehlo"}
    out.test(seen == {HELO} and not os.listdir("/run/lab/mail"),
             "it says who it is, and sends no mail", [str(seen)])


def hosts_of(path):
    return {line["name"]: line for line in survey.lines_of(path)
            if line["kind"] == "host"}


# Hosts, and what each of their addresses must be told to show.
HOSTS = {"mx1.dane-ee.example": ("secure", 1, [("tls", True, True)]),
         "mx1.v45.example": ("secure", 1, [("tls", True, True)]),
         "mx1.v27.example": ("secure", 1, [("tls", True, True)] * 2),
         "mx1.plain.example": ("secure", 0, [("tls", True, True)]),
         "mx1.v60.example": ("secure", 0, [("no-starttls", False, False)]),
         # no TLSA, no policy, and another is the best
         "mx2.v22.example": ("secure", 0, [("not-done", False, False)]),
         "mx1.c4.example": ("secure", 0, [("tls", True, True)]),
         "nowhere.example": None}


def check_hosts(out, path):
    """A line for each mail host."""
    hosts = hosts_of(path)
    wrong = []
    for name, wanted in HOSTS.items():
        host = hosts.get(name)
        seen = host and (host["security"], len(host["tlsa"]), [
            (one["probe"], one["starttls"], one["tls"] != "" and
             len(one["spki_sha256"]) == 64 and one["not_after"] is not None)
            for one in host["addresses"]])
        if seen != wanted:
            wrong.append("%s: %s" % (name, host))
    out.test(not wrong and list(hosts) == sorted(hosts),
             "a line for each mail host says what it has and shows", wrong)
    dane, old = hosts["mx1.dane-ee.example"], hosts["mx1.v45.example"]
    shown = dane["addresses"][0]
    out.test(dane["tlsa"] == ["3 1 1 " + shown["spki_sha256"]] and
             hosts["mx1.plain.example"]["addresses"][0]["verify"] == "ok" and
             old["addresses"][0]["verify"] == "certificate-expired" and
             old["addresses"][0]["not_after"] < "2021" and
             not shown["inferred_from"],
             "by digests, dates and whether others vouch for it",
             [str(dane), str(old)])


def check_blocked(out):
    """V63"""
    conf = cli.configuration("system", "AllowPrivateAddresses no\n")
    before = len(watch.events("smtp"))
    done = scan(conf, DIR + "/blocked", "plain.example")
    row = survey.rows_of(DIR + "/blocked").get("plain.example", {})
    out.test(done.returncode == 0 and row["reason"] == "address-blocked" and
             row["out"]["may"] == "u" and
             len(watch.events("smtp")) == before,
             "V63: an address that nobody may be sent to is not connected to",
             survey.failed(done) + [str(row)])


def check_dedup(out, conf):
    """V70"""
    given = names_of("shared", range(world_survey.MANY))
    done = scan(conf, DIR + "/shared", "--list", "-", "-j", "256", given=given)
    rows = survey.rows_of(DIR + "/shared")
    block = world.WORLD.find("shared").block()
    seen = [event["address"] for event in watch.events("smtp")
            if event["event"] == "connect" and
            event["address"].startswith(block + ".")]
    out.test(done.returncode == 0 and len(rows) == world_survey.MANY and
             {row["dane"]["health"] for row in rows.values()} == {"ok"},
             "V70: very many domains at five hosts", survey.failed(done))
    out.test(len(seen) == len(set(seen)) == 7,
             "for which each of seven addresses is connected to once",
             [str(seen)])
    hosts = hosts_of(DIR + "/shared")
    out.test({name: (host["domains"], host["messages"])
              for name, host in hosts.items()} ==
             {"mx%d.shared.example" % n: (400, 400) for n in range(5)},
             "each host has a line, with how many have it", [str(hosts)])


def check_tenants(out, conf):
    """V71, V72"""
    given = names_of("tenants", range(world_survey.TENANTS))
    done = scan(conf, DIR + "/tenants", "--list", "-", "--probe-gap", "0",
                "-j", "16", given=given)
    rows = survey.rows_of(DIR + "/tenants")
    inferred = sum(row["inferred"] for row in rows.values())
    out.test(done.returncode == 0 and (len(rows), inferred) == (300, 290) and
             len(at_host("tenants", "connect")) == 10,
             "V71: of 300 names at an address ten are asked for, the rest "
             "inferred", survey.failed(done) +
             [str((len(rows), inferred, len(at_host("tenants", "connect"))))])
    out.test({row["out"]["secure"] for row in rows.values()} == {"d"},
             "and all are judged by their names")
    sources = [host["addresses"][0]["inferred_from"]
               for host in hosts_of(DIR + "/tenants").values()]
    out.test(sources.count("") == 10 and all(
        re.fullmatch(r"(c\d+\.tenants\.example)?", name) for name in sources),
             "hosts that were not asked for say whom it is inferred from",
             [str(sources)])
    given = names_of("odd", range(world_survey.TENANTS))
    done = scan(conf, DIR + "/odd", "--list", "-", "--probe-gap", "0", "-j",
                "16", given=given)
    rows = survey.rows_of(DIR + "/odd")
    asked = [event["sni"] for event in at_host("odd", "tls")]
    out.test(done.returncode == 0 and len(rows) == 300 and
             not any(row["inferred"] for row in rows.values()) and
             len(asked) == len(set(asked)) == 300,
             "V72: where names differ nothing is inferred in the end, and "
             "each is asked for once", survey.failed(done) +
             [str((len(rows), len(asked), len(set(asked))))])
    out.test(any(asked.index("c%d.odd.example" % n) > asked.index(
        "c%d.odd.example" % odd) for odd in world_survey.ODD for n in
        set(range(world_survey.TENANTS)) - set(world_survey.ODD)),
             "also for those that it had been inferred of")


def check_gap(out, conf):
    """G6"""
    done = scan(conf, DIR + "/spaced", "--list", "-", "--probe-gap", "1",
                given=names_of("spaced", range(6)))
    begun = [event["t"] for event in at_host("spaced", "connect")]
    ended = [event["t"] for event in at_host("spaced", "close")]
    gaps = [after - before for before, after in zip(begun, begun[1:])]
    # one that is seen late makes the next gap short; none makes all short
    out.test(done.returncode == 0 and len(begun) == 5 and
             begun[-1] - begun[0] >= 4 * 0.95 and
             all(after >= before for before, after in zip(ended, begun[1:])),
             "G6: never two at once, and a second between them",
             survey.failed(done) + [str(gaps), str(ended)])


def check_turned_away(out, conf):
    """V62: who does not want us is asked three times, and not again before
    ten minutes have passed."""
    for dest in ("turned", "sent"):
        path = "%s/%s" % (DIR, dest)
        before = len(at_host(dest, "connect"))
        child = subprocess.Popen(
            [mta.program("postern"), "survey", "scan", "-c", conf, "--db",
             path, "--depth", "probe", "--probe-gap", "0", "--probe-rate",
             "0", "--retry", "0",
             *names_of(dest, range(world_survey.TURNED)).split()],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            mta.await_true(lambda: os.path.exists(path) and
                           survey.status(path)["done"] == 3, cli.ASK_S,
                           "three names")
            time.sleep(1) # more would come now, if any did
            child.send_signal(signal.SIGINT)
            error = child.communicate(timeout=cli.ASK_S)[1]
        finally:
            child.kill()
            child.wait()
        seen = len(at_host(dest, "connect")) - before
        out.test(child.returncode == 75 and seen == 3 and
                 survey.status(path)["left"] == world_survey.TURNED - 3,
                 "V62: a host that is %s is left alone after three" % dest,
                 [str((child.returncode, seen)), error])
        out.test({row["out"]["auto"] for row in
                  survey.rows_of(path).values()} == {"u"},
                 "and nothing is said of it")


def check_silence(out, conf):
    """V62: who answered three names, and then no more."""
    dest, path = world.WORLD.find("quiet"), DIR + "/quiet"
    done = scan(conf, path, "--probe-gap", "0", "-j", "1", "--limit", "3",
                *names_of("quiet", range(8)).split())
    out.test(done.returncode == 75 and
             {row["out"]["auto"] for row in survey.rows_of(path).values()} ==
             {"d"}, "three names of a host that answers",
             survey.failed(done))
    changes = change.Changes()
    changes.host(dest, "silent")
    changes.apply()
    before = len(at_host("quiet", "connect"))
    child = subprocess.Popen(
        [mta.program("postern"), "survey", "scan", "-c", conf, "--db", path,
         "--depth", "probe", "--probe-gap", "0", "--probe-rate", "0",
         "--retry", "0"], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        mta.await_true(lambda: survey.status(path)["done"] == 6, cli.ASK_S,
                       "three names more")
        time.sleep(1) # more would come now, if any did
        child.send_signal(signal.SIGINT)
        error = child.communicate(timeout=cli.ASK_S)[1]
    finally:
        child.kill()
        child.wait()
        change.Changes().apply()
    ends = sorted(row["out"]["auto"] for row in
                  survey.rows_of(path).values())
    out.test(child.returncode == 75 and ends == list("ddduuu") and
             len(at_host("quiet", "connect")) - before == 3,
             "V62: when it goes silent it is left alone after three more, and "
             "not called broken", [str(ends), error])


def check_first_failure(out, conf):
    """V11: a lookup that fails at first."""
    path = DIR + "/first"
    changes = change.Changes()
    changes.kinds["dns"]["v11.example MX"] = "servfail"
    changes.zones.add("v11.example")
    changes.apply()
    child = subprocess.Popen(
        [mta.program("postern"), "survey", "scan", "-c", conf, "--db", path,
         "--retry", "2", "--retry-wait", "2", "v11.example"],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        mta.await_true(lambda: os.path.exists(path) and
                       known_of(path, "failing") == 1, cli.ASK_S,
                       "the first failure")
        after = change.Changes()
        after.zones.add("v11.example")
        after.apply()
        error = child.communicate(timeout=cli.ASK_S)[1]
    finally:
        child.kill()
        child.wait()
    row = survey.rows_of(path)["v11.example"]
    out.test(child.returncode == 0 and not survey.differing(
        row, "tries=2 mx.state=mx out.may=d out.auto=d result=none"),
             "V11: a lookup that fails at first is in order at the second try",
             survey.differing(row, "tries=2 mx.state=mx out.may=d") + [error])


def check_loops(out):
    """V91: where all names go round, that is no illness of the resolver."""
    names = ["m%d.round.v91.example" % n for n in range(ROUND)]
    for resolver in ("system", "embedded"):
        path = DIR + "/round-" + resolver
        begun = time.monotonic()
        done = survey.scan(cli.configuration(resolver), path, "--list", "-",
                           given="\n".join(names))
        took = time.monotonic() - begun
        found = survey.status(path)
        out.test(done.returncode == 0 and found["failing"] == ROUND and
                 "half as often" not in done.stderr and took < ROUND_S,
                 "V91: of aliases that go round alone there is a list, and "
                 "nobody is slowed for it (%s)" % resolver,
                 survey.failed(done) + [str(found), "%.1f s" % took])


def stop_and_go(name, number):
    """That signal to all processes of a server."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid) as file:
                if change.HERE + "/%s.conf" % name in file.read().split("\0"):
                    os.kill(int(pid), number)
        except OSError:
            continue


def check_cut_off(out):
    """V74, V91: who is cut off from the zones cannot say that they are why."""
    path = DIR + "/cut-off"
    names = ["c%d.round.v91.example" % n for n in range(10 * ROUND)]
    child = subprocess.Popen(
        [mta.program("postern"), "survey", "scan", "-c",
         cli.configuration("system"), "--db", path, "--retry", "0", "--rate",
         "150", "--list", "-"], stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        child.stdin.write("\n".join(names))
        child.stdin.close()
        child.stdin = None
        mta.await_true(lambda: os.path.exists(path) and
                       survey.status(path)["done"] > 0, cli.ASK_S,
                       "first answers")
        stop_and_go("nsd", signal.SIGSTOP)
        began = time.monotonic()
        try:
            error = child.communicate(timeout=CUT_OFF_S)[1]
        except subprocess.TimeoutExpired:
            child.kill()
            error = child.communicate()[1]
        took = time.monotonic() - began
    finally:
        stop_and_go("nsd", signal.SIGCONT)
        child.kill()
    out.test(child.returncode == 69 and "answers no more" in error,
             "V74: a resolver that is cut off ends the run, also where names "
             "go round", ["%.0f s" % took, error])


def check_large(out, conf):
    """V91"""
    path = DIR + "/large"
    given = "".join("n%d.v91.example\n" % n
                    for n in range(world_survey.LOOPS))
    begun = time.monotonic()
    done = scan(conf, path, "--probe-gap", "0", "--list", "-",
                given=given + "v91-mx.example\nv91-policy.example\n")
    took = time.monotonic() - begun
    rows = survey.rows_of(path)
    out.test(done.returncode == 0 and len(rows) == world_survey.LOOPS + 2 and
             all(rows["n%d.v91.example" % n]["mx"]["state"] == "error"
                 for n in range(world_survey.LOOPS)),
             "V91: aliases that go round are errors, each told once",
             survey.failed(done) + [str(list(rows.items())[:1])])
    out.test(not survey.differing(
        rows["v91-mx.example"], "mx.state=error mx.count=0") and
             not survey.differing(rows["v91-policy.example"],
                                  "sts.policy=failed sts.fetch=mx-syntax"),
             "V91: more records than are read are an error, and a policy of "
             "64 KiB is none",
             [str(rows["v91-mx.example"])[:300],
              str(rows["v91-policy.example"]["sts"])])
    out.test(took < BOUND_S, "V91: in less than %d s" % BOUND_S,
             ["%.1f s" % took])


def timed(conf, name, given):
    """(seconds that a scan took, what came of it), at the usual pace."""
    begun = time.monotonic()
    done = survey.scan(conf, DIR + "/" + name, "--depth", "probe", "--list",
                       "-", given=given)
    return time.monotonic() - begun, done


def check_spread(out, conf):
    """V92: names of a zone that has much for each."""
    wild = names_of("v92", range(world_survey.ORDINARY))
    rest = names_of("v92-rest", range(world_survey.ORDINARY))
    block = world.WORLD.find("v92").block() + "."
    before = len(watch.events("smtp"))
    alone, first = timed(conf, "spread-rest", rest)
    hosts, second = timed(conf, "spread-wild", wild)
    seen = [event for event in watch.events("smtp")[before:]
            if event["address"].startswith(block)]
    connected = [event["address"] for event in seen
                 if event["event"] == "connect"]
    rows = survey.rows_of(DIR + "/spread-wild")
    out.test(first.returncode == second.returncode == 0 and
             len(connected) == len(set(connected)) ==
             8 * world_survey.SPREAD and
             {row["dane"]["health"] for row in rows.values()} == {"ok"},
             "V92: of a hundred names with 128 addresses each of these is "
             "connected to once", survey.failed(second) +
             [str(len(connected))] + [
                 json.dumps(row) for row in rows.values()
                 if row["dane"]["health"] != "ok"][:2])
    begun = [event["t"] for event in seen if event["event"] == "connect"]
    out.test(max(sum(at <= other < at + 1 for other in begun)
                 for at in begun) <= PACE + 1,
             "V92: no more than %d in a second" % PACE, [str(begun[:60])])
    both, third = timed(conf, "spread-both", wild + rest)
    # as long as both together, as one pace is for all; half as much is for
    # what the machine does beside, not for attempts that are made twice
    out.test(third.returncode == 0 and both <= 1.5 * (alone + hosts) and
             len(survey.rows_of(DIR + "/spread-both")) ==
             2 * world_survey.ORDINARY,
             "V92: the rest of a list is not slower by more than that takes",
             survey.failed(third) + ["%.1f s, of %.1f and %.1f" % (
                 both, alone, hosts)])


def check_fetches(out, conf):
    """V73"""
    dest, path = world.WORLD.find("fetched"), DIR + "/fetched"
    changes = change.Changes()
    changes.policy(dest, https="wait")
    changes.apply()
    # none gives up meanwhile, and lets another begin
    patient = DIR + "/patient.conf"
    with open(patient, "w") as file:
        file.write(re.sub(r"(?m)^STSTimeout.*$", "STSTimeout 60s",
                          mta.read(conf)))
    child = subprocess.Popen(
        [mta.program("postern"), "survey", "scan", "-c", patient, "--db", path,
         "-j", "64", "--fetch-rate", "0", "--retry", "0",
         *names_of("fetched", range(world_survey.FETCHED)).split()],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    hosts = {"mta-sts.%d.fetched.example" % n
             for n in range(world_survey.FETCHED)}
    try:
        mta.await_true(lambda: hosts <= {name for name, _ in
                                         watch.queries()} and
                       len(fetches()) >= 2, cli.ASK_S, "all fetches")
        time.sleep(0.5) # more would come now, if any did
        held = len(fetches())
        change.Changes().apply()
        error = child.communicate(timeout=cli.ASK_S)[1]
    finally:
        child.kill()
        child.wait()
    rows = survey.rows_of(path)
    out.test(held == 2 and child.returncode == 0 and
             len(fetches()) == len(rows) == world_survey.FETCHED and
             {row["sts"]["policy"] for row in rows.values()} == {"fetched"},
             "V73: of 40 policy hosts at an address no more than two are "
             "asked at once", [str((held, len(fetches()))), error])
    agents = {event["agent"] for event in fetches()}
    out.test(len(agents) == 1 and re.fullmatch(
        r"postern-survey/\S+ \(\+%s\)" % re.escape(HELO), agents.pop()),
             "and they are told who asks", [str(agents)])
    before = len(watch.events("https"))
    done = survey.scan(conf, DIR + "/unfetched", "--no-fetch", "sts.example")
    row = survey.rows_of(DIR + "/unfetched")["sts.example"]
    out.test(done.returncode == 0 and row["sts"]["record"] == "valid" and
             row["sts"]["policy"] == "skipped" and
             row["protection"] == "unknown" and
             len(watch.events("https")) == before,
             "with --no-fetch none is", survey.failed(done) + [str(row)])


def fetches():
    return [event for event in watch.events("https") if
            event["event"] == "request" and
            event["host"] == "mta-sts.fetched.example"]


def check_excluded(out, conf):
    path = DIR + "/excluded"
    block = world.WORLD.find("dane-ta").block()
    with open(DIR + "/exclude", "w") as file:
        file.write("# who asked for it\nsts.example\n.hosting\n.tenants."
                   "example\nmx:mx1.dane-ee.example\n%s.0/24\n" % block)
    before = len(watch.events("smtp")) + len(watch.events("https"))
    done = scan(conf, path, "--exclude", DIR + "/exclude", "sts.example",
                "7.tenants.example", "dane-ee.example", "dane-ta.example")
    rows = survey.rows_of(path)
    out.test(done.returncode == 0 and len(rows) == 4 and
             {(row["result"], row["reason"]) for row in rows.values()} ==
             {("skip", "exempt")} and
             len(watch.events("smtp")) + len(watch.events("https")) == before,
             "who is on the list is not connected to",
             survey.failed(done) + [str(rows)])
    for text, code in (("a b\n", 65), (None, 66)):
        name = DIR + "/exclude-%s" % code
        if text:
            with open(name, "w") as file:
                file.write(text)
        done = scan(conf, DIR + "/none", "--exclude", name, "sts.example")
        out.test(done.returncode == code and not
                 os.path.exists(DIR + "/none"),
                 "a list of that which is no good: exit %d" % code,
                 survey.failed(done))


def steady():
    """Names whose answers do not depend on how busy the machine is."""
    return survey.steady()[:120]


def known_of(path, key):
    try:
        return survey.status(path)[key]
    except ValueError: # it is no survey's yet
        return 0


def check_kills(out, conf):
    """G5, V75: who is killed goes on, and finds the same."""
    whole, path, names = DIR + "/whole", DIR + "/killed", DIR + "/names"
    with open(names, "w") as file:
        file.write("\n".join(steady()))
    done = scan(conf, whole, "--list", names, "--probe-gap", "0")
    out.test(done.returncode == 0, "a run that nobody kills",
             survey.failed(done))
    dice = random.Random(SEED)
    seen = [0]
    for i in range(KILLS):
        known = os.path.exists(path) and known_of(path, "names") > 0
        child = subprocess.Popen(
            [mta.program("postern"), "survey", "scan", "-c", conf, "--db",
             path, "--retry", "0", "--depth", "probe", "--probe-gap", "0",
             "--rate", "40"] + ([] if known else ["--list", names]),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        if i % 2: # at any moment, or not before it has come further
            time.sleep(dice.uniform(0.1, 1))
        else:
            mta.await_true(lambda: child.poll() is not None or (
                os.path.exists(path) and known_of(path, "done") > seen[-1]),
                cli.ASK_S, "more names")
        child.send_signal(signal.SIGKILL)
        child.wait()
        seen.append(known_of(path, "done"))
    out.test(seen == sorted(seen) and seen[-1] > 0,
             "G5, V75: after each of %d kills nothing that was kept is lost" %
             KILLS,
             [str(seen)])
    done = scan(conf, path, "--probe-gap", "0")
    one, other = ({**survey.without_time(survey.rows_of(each)),
                   **hosts_of(each)} for each in (path, whole))
    out.test(done.returncode == 0 and one == other and
             len(survey.rows_of(path)) == len(steady()) < len(one),
             "G5, V75: in the end it has what the other run has, of domains "
             "and of hosts", survey.failed(done) +
             ["%s: %s" % (name, part) for name in other for part in (
                 one.get(name), other[name]) if one.get(name) != other[name]])


def shown_since(before):
    return [(event["address"], event["sni"]) for event in
            watch.events("smtp")[before:] if event["event"] == "tls"]


def check_kept(out, conf):
    """What hosts had shown is not asked for again."""
    path = DIR + "/kept"
    before = len(watch.events("smtp"))
    done = scan(conf, path, "--limit", "1", "-j", "1", "--probe-gap", "0",
                "--list", "-", given=names_of("shared", range(0, 10, 5)))
    out.test(done.returncode == 75 and len(shown_since(before)) == 2,
             "a run that stops after one name of a host", survey.failed(done))
    done = scan(conf, path, "--probe-gap", "0")
    out.test(done.returncode == 0 and survey.status(path)["done"] == 2 and
             len(shown_since(before)) == 2,
             "goes on with the next, and does not connect again",
             survey.failed(done) + [str(shown_since(before))])


def times_asked(name, rtype):
    return len(re.findall(r"info: \S+ %s\. %s IN$" % (re.escape(name), rtype),
                          mta.read(mta.HERE + "/unbound/unbound.log"), re.M))


def check_beside(out, conf):
    """V24, V25: TLSA records that no sender asks for, and the zone."""
    path = DIR + "/unsigned"
    given = names_of("stray", range(world_survey.UNSIGNED)) + \
        "stray-broken.example\nmisplaced.example\n"
    done = survey.scan(conf, path, "--list", "-", given=given)
    rows = survey.rows_of(path)
    many = [row for name, row in rows.items() if ".stray." in name]
    out.test(done.returncode == 0 and
             len(many) == world_survey.UNSIGNED and
             {(row["dane"]["adoption"], row["protection"], row["out"]["auto"])
              for row in many} == {("insecure", "neither", "d")},
             "V24: TLSA records in an unsigned zone are told as that",
             survey.failed(done) + [str(many[:2])])
    out.test(times_asked("_25._tcp.mx1.stray.example", "TLSA") == 1,
             "and are asked for once for %d names" % world_survey.UNSIGNED,
             [str(times_asked("_25._tcp.mx1.stray.example", "TLSA"))])
    broken, plain = rows["stray-broken.example"], rows["misplaced.example"]
    out.test((broken["dane"]["adoption"], broken["out"]["auto"],
              broken["tries"]) == ("none", "d", 1),
             "that they cannot be looked up counts against nobody",
             [str(broken)])
    out.test(plain["dane"]["adoption"] == "none" and
             {row["dnssec"][key] for row in rows.values() for key in
              ("chain", "dns_host")} == {""} and
             times_asked("_25._tcp.misplaced.example", "TLSA") == 0,
             "V25: at the domain's own name they are not asked for",
             [str(plain)])
    names = {"misplaced": "secure", "stray": "unsigned", "bogus": "bogus-sig",
             "dane-ee": "secure"}
    # which tells what is bogus, whatever a nameserver says
    conf = cli.configuration("embedded")
    done = survey.scan(conf, DIR + "/extra", "--extra", *[
        "%s.example" % name for name in names])
    rows = survey.rows_of(DIR + "/extra")
    found = {name: rows.get("%s.example" % name) for name in names}
    out.test(done.returncode == 0 and
             found["misplaced"]["dane"]["adoption"] == "misplaced" and
             found["misplaced"]["protection"] == "neither" and
             found["dane-ee"]["dane"]["adoption"] == "full",
             "V25: but with --extra", survey.failed(done) + [str(found)])
    out.test({name: row["dnssec"]["chain"] for name, row in found.items()} ==
             names and found["misplaced"]["dnssec"]["dns_host"] != "",
             "which also tells how the zone is and who has it", [
                 json.dumps(row["dnssec"]) for row in found.values()])


def check_dns_rate(out, conf):
    """No more queries in a second than are wanted, and no failure for it."""
    rate, log = 40, mta.HERE + "/unbound/unbound.log"
    before = len(mta.read(log))
    began = time.monotonic()
    done = survey.scan(conf, DIR + "/paced", "--dns-rate", str(rate), "-j",
                       "2048", "wide.example",
                       *names_of("shared", range(40)).split())
    took = time.monotonic() - began
    seen = re.findall(r"^\[(\d+)\] unbound.* info: 127\.0\.0\.1 (?!\. )\S+ "
                      r"\S+ IN$", mta.read(log)[before:], re.M)
    seconds = collections.Counter(seen)
    rows = survey.rows_of(DIR + "/paced")
    out.test(done.returncode == 0 and not done.stderr and
             rows.pop("wide.example")["mx"]["count"] == 16 and
             len(rows) == 40 and
             {row["dane"]["adoption"] for row in rows.values()} == {"full"},
             "with --dns-rate all is as without it", survey.failed(done))
    out.test(len(seen) >= 120 and max(seconds.values()) <= rate + 2 and
             took >= (len(seen) - rate) / rate,
             "never more queries in a second than that",
             [str(seconds), "%.1f s" % took])


def inside():
    out = tap.Tap()
    os.makedirs(DIR, exist_ok=True)
    try:
        check_vectors(out, cli.configuration("embedded"))
        conf = cli.configuration("system")
        check_beside(out, conf)
        check_dns_rate(out, conf)
        check_blocked(out)
        check_dedup(out, conf)
        check_tenants(out, conf)
        check_gap(out, conf)
        check_turned_away(out, conf)
        check_silence(out, conf)
        check_first_failure(out, conf)
        check_large(out, conf)
        check_loops(out)
        check_spread(out, conf)
        check_excluded(out, conf)
        check_fetches(out, conf)
        check_kept(out, conf)
        check_kills(out, conf)
        # last: the resolver remembers for minutes that the zones were silent
        check_cut_off(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(check.main(__file__, inside))
