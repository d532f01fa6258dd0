#!/usr/bin/env python3
"""metrics - figures of posternd as monitoring takes them.

Real mail passes posternd in the lab; promtool, node_exporter and Prometheus of
Debian read what "postern stats" writes, and the dashboard and the alerts are
asked for by their own expressions.  TAP.
"""
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import faulty
import mta
import newer
import tap

TREE = os.path.dirname(os.path.dirname(HERE))
DIR = "/run/lab/metrics"
PROM = DIR + "/textfile/postern.prom"
RUN_S = 60
METRICS = "127.0.0.1:9642"
EXPORTER = "127.0.0.1:19100"
# Present from the start, whatever the mail.
AT_ONCE = """build_info start_time_seconds resident_memory_bytes open_fds
messages_total check_duration_seconds_bucket wait_duration_seconds_bucket
cache_requests_total cache_entries checks_running checks_waiting
checks_refused_total probes_total sts_fetches_total store_ok changes_total
log_lines_dropped_total overrides dns_lookups_total sts_policies
milter_connections milter_errors_total tlsrpt_reports_total
tlsrpt_datagrams_total tlsrpt_dropped_total shared_up shared_requests_total
shared_request_duration_seconds_bucket shared_rejected_total
shared_dropped_total shared_events_total""".split()
STORE = "/run/lab/store.sock"
CONF = """On-Fail tag
MetricsSocket inet:9642@127.0.0.1
TLSReports collect
TLSReportOrganization Postern's lab
TLSReportContact tlsrpt@sender.example
SharedStore unix:%s
SharedKeyFile %s/fleet.key
""" % (STORE, DIR)
# Settings, and who then gets mail: each result, and each action.
KINDS = (
    ("", ("two-good",)), ("", ("two-bad",)), ("", ("two-good", "two-bad")),
    ("", ("bogus",)), ("", ("sts",)), ("", ("plain",)),
    ("", ("sts-testing",)),
    ("ExemptDomains plain.example\n", ("plain",)),
    ("On-Fail hold\n", ("two-bad",)),
    ("On-Fail defer\nDecideAt message\n", ("two-bad",)),
    ("On-Fail reject\nDecideAt message\n", ("two-bad",)),
)
# What each of these makes one more of, beside what all do.
FETCH_S = 90  # a fetch has a minute
ONE_MORE = (
    ("m06", 'sts_fetches_total{result="ok"}'),
    ("m17-nodns", 'sts_fetches_total{result="dns"}'),
    ("m17-servfail", 'sts_fetches_total{result="dns"}'),
    ("m17-refused", 'sts_fetches_total{result="connect"}'),
    ("m17-404", 'sts_fetches_total{result="http"}'),
    ("m18", 'sts_fetches_total{result="http"}'),
    ("m20-self", 'sts_fetches_total{result="tls"}'),
    ("m23", 'sts_fetches_total{result="invalid"}'),
    ("m25", 'sts_fetches_total{result="invalid"}'),
    ("m26-hang", 'sts_fetches_total{result="timeout"}'),
    ("m26-stall", 'sts_fetches_total{result="timeout"}'),
    ("m35", 'sts_fetches_total{result="invalid"}'),
    ("m04", 'dns_lookups_total{type="txt",status="servfail"}'),
    ("m75", 'dns_lookups_total{type="mx",status="bogus"}'),
    ("unsigned-tlsa", 'dns_lookups_total{type="mx",status="insecure"}'),
    ("d64", 'dns_lookups_total{type="ds",status="nodata"}'),
    ("dane-ee", 'dns_lookups_total{type="tlsa",status="secure"}'),
    ("dane-stripped", 'probes_total{result="plaintext"}'),
    ("m07", 'sts_fetches_total{result=NONE}'),
)
# Panels that show nothing in the lab, and why.
EMPTY = {
    "Domains that fail now": "asks Loki",
    "Settings read": "nothing is read anew here before the end",
}


def stats(*words, conf):
    done = subprocess.run([mta.program("postern"), "stats", "-c", conf,
                           *words], capture_output=True, text=True,
                          timeout=RUN_S)
    return done.returncode, done.stdout, done.stderr


def promtool(*words, text=None):
    done = subprocess.run(["promtool", *words], input=text, text=True,
                          capture_output=True, timeout=RUN_S)
    return done.returncode, done.stdout + done.stderr


def value(text, sample):
    found = re.search("^%s (\\S+)$" % re.escape(sample), text, re.M)
    return float(found[1]) if found else None


# -- the text ----------------------------------------------------------------

def check_fresh(out, daemon):
    status, text, error = stats("--prometheus", conf=daemon.conf)
    out.test(status == 0 and not error, "F01 a fresh posternd tells figures",
             [error])
    rc, said = promtool("check", "metrics", text=text)
    out.test((rc, said.strip()) == (0, ""), "F01 promtool finds no fault",
             [said])
    missing = [name for name in AT_ONCE
               if not re.search("^postern_%s[{ ]" % name, text, re.M)]
    out.test(not missing, "F01 what is there at once is there", missing)
    out.test(value(text, 'postern_messages_total{result="fail",action="tag"}')
             == 0, "F01 small families begin with 0", [text])
    status, text, _ = stats("--openmetrics", conf=daemon.conf)
    out.test(status == 0 and text.endswith("# EOF\n") and
             "# TYPE postern_messages counter\n" in text,
             "F02 OpenMetrics has its own names for counters, and an end",
             [text])


def settings(more):
    """CONF, with these in the place of what it has of the same keyword."""
    words = {line.split()[0] for line in more.splitlines()}
    return "".join(line for line in CONF.splitlines(True)
                   if line.split()[0] not in words) + more


def send_some(daemon, kinds=KINDS):
    """A message of each kind: counters are compared with the log."""
    start, now = mta.syslog_size(), ""
    for count, (more, names) in enumerate(kinds, 1):
        if more != now:
            daemon.reload(settings(more))
            now = more
        mta.send(["user@%s.example" % n for n in names], "-".join(names))
        mta.await_true(lambda c=count: c == sum(
            " event=message " in line for line in mta.syslog(start)),
                       mta.DELIVERY_S, "the message line")
    daemon.reload(CONF)
    return mta.syslog(start)


def check_counters(out, daemon, lines):
    _, text, _ = stats("--prometheus", conf=daemon.conf)
    wanted, checks = {}, {}
    for line in lines:
        words = dict(re.findall(r" (\w+)=(\S+)", line))
        if " event=message " in line:
            key = 'postern_messages_total{result="%(result)s",' \
                'action="%(action)s"}' % words
            wanted[key] = wanted.get(key, 0) + 1
        elif " event=check " in line or " event=skip " in line:
            words = {"policy": "no-policy-found", "result": "skip", **words}
            key = 'postern_domain_checks_total{policy="%(policy)s",' \
                'result="%(result)s",reason="%(reason)s"}' % words
            checks[key] = checks.get(key, 0) + 1
    wrong = ["%s: %s in the log, %s" % (key, count, value(text, key))
             for key, count in {**wanted, **checks}.items()
             if value(text, key) != count]
    kinds = {tuple(re.findall('"(.*?)"', key)) for key in wanted}
    out.test({result for result, _ in kinds} == set(
        "pass none softfail fail temperror skip".split()) and
             {action for _, action in kinds} == set(
                 "none tag hold defer reject".split()),
             "F03 there is a message of each result, and of each action",
             [str(kinds)])
    out.test(not wrong, "F03 counters are what the log tells", wrong)
    said = {m for m in re.findall(r"^(postern_domain_checks_total\{.*\}) ",
                                  text, re.M)}
    out.test(said == set(checks), "F03 and there are no others", [str(said)])
    total = value(text, 'postern_wait_duration_seconds_count{stage="message"}')
    out.test(total == sum(wanted.values()), "F03 each message's wait counts")
    hits = value(text, 'postern_cache_requests_total{result="hit"}')
    miss = value(text, 'postern_cache_requests_total{result="miss"}')
    miss += value(text, 'postern_cache_requests_total{result="joined"}')
    looked = sum(count for key, count in checks.items()
                 if 'result="skip"' not in key)
    out.test(hits + miss == looked and hits >= 2,
             "F03 hits and misses are the checks", [str((hits, miss))])
    out.test(value(text, "postern_port25_open") == 1 and
             value(text, "postern_resolver_validating") == 1 and
             value(text, 'postern_probes_total{result="tls"}') >= 2,
             "F03 the states are told once they are known", [text])
    odd = [word for word in re.findall(r'="([^"]*)"', text)
           if not re.fullmatch(r"[a-z0-9.+-]+|\+Inf|[0-9.]+", word)]
    out.test(not odd and ".example" not in text,
             "F12 no label has a name of somebody else", odd)


def figures(conf):
    """{sample: value}, "postern_" left out"""
    _, text, _ = stats("--prometheus", conf=conf)
    return {name: float(number) for name, number in
            re.findall(r"^postern_(\S+) (\S+)$", text, re.M)}


def risen(before, conf):
    """Samples that are more than they were."""
    after = figures(conf)
    return {key for key in after if after[key] > before.get(key, 0)}


def check_each(out, daemon):
    """One domain after the other; of fetches nothing else comes to more.  One
    goes on for its minute when the check that wanted it has given up."""
    wrong = []
    for name, sample in ONE_MORE:
        before = figures(daemon.conf)
        faulty.ask(name + ".example")
        if "NONE" not in sample:
            with contextlib.suppress(mta.Failure):
                mta.await_true(lambda: sample in risen(before, daemon.conf),
                               FETCH_S, sample)
        more = risen(before, daemon.conf)
        fetched = {key for key in more if key.startswith("sts_fetches")}
        if "NONE" in sample and not fetched:
            continue
        if sample not in more or (sample.startswith("sts_fetches") and
                                  fetched != {sample}):
            wrong.append("%s: %s, but %s" % (name, sample, sorted(more)))
    out.test(not wrong, "lookups, fetches and probes are counted by what came "
             "of them", wrong)
    now = figures(daemon.conf)
    out.test(now['sts_policies{mode="enforce",freshness="fresh"}'] >= 2 and
             now['sts_policies{mode="enforce",freshness="failing"}'] == 0,
             "policies are counted by mode", [str(now)])


def check_joined(out, daemon):
    """Many at once ask for one that takes its time."""
    before = figures(daemon.conf)
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda n: faulty.ask("m26.example", "Q%d" % n),
                         range(4)))
    after = figures(daemon.conf)
    joined = {word: after[key] - before[key] for word in
              ("hit", "miss", "joined") for key in
              ['cache_requests_total{result="%s"}' % word]}
    # some may come when it is at an end
    out.test(joined["miss"] == 1 and joined["joined"] >= 1 and
             sum(joined.values()) == 4,
             "who joins a check is counted apart", [str(joined)])


def check_milter(out, daemon):
    def count():
        return figures(daemon.conf)["milter_connections"]
    mta.await_true(lambda: count() == 0, RUN_S, "the end of connections")
    with faulty.Client(mta.SOCKET) as client:
        client.negotiate()
        mta.await_true(lambda: count() == 1, RUN_S, "a connection")
        client.message("two-good.example", "Q1")
        out.test(count() == 1, "a connection of an MTA is one, whatever it "
                 "sends", [str(count())])
    mta.await_true(lambda: count() == 0, RUN_S, "its end")
    errors = {key: number for key, number in figures(daemon.conf).items()
              if key.startswith("milter_errors")}
    out.test(len(errors) == 5 and not any(errors.values()),
             "and nothing was an error", [str(errors)])


# -- the file ----------------------------------------------------------------

def check_file(out, daemon):
    os.makedirs(os.path.dirname(PROM))
    status, text, error = stats("--prometheus", "-o", PROM, conf=daemon.conf)
    out.test((status, text, error) == (0, "", "") and
             os.stat(PROM).st_mode & 0o777 == 0o644 and
             os.listdir(os.path.dirname(PROM)) == ["postern.prom"],
             "F05 the file is there, whole and for all to read", [error])
    status, _, error = stats("--prometheus", "-o", DIR + "/none/x",
                             conf=daemon.conf)
    out.test(status == 73, "F05 a missing folder is told", [error])
    os.mkdir(DIR + "/full")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none",
                    DIR + "/full"], check=True)
    try:
        mta.write(DIR + "/full/x", "before")
        status, _, error = stats("--prometheus", "-o", DIR + "/full/x",
                                 conf=daemon.conf)
        out.test(status == 74 and mta.read(DIR + "/full/x") == "before" and
                 os.listdir(DIR + "/full") == ["x"],
                 "F05 on a full disk the old file stays whole", [error])
    finally:
        subprocess.run(["umount", DIR + "/full"], check=True)
    mta.write(DIR + "/target", "before")
    os.symlink(DIR + "/target", DIR + "/link")
    status, _, error = stats("--prometheus", "-o", DIR + "/link",
                             conf=daemon.conf)
    out.test(status == 0 and mta.read(DIR + "/target") == "before" and
             not os.path.islink(DIR + "/link"),
             "F05 a link is replaced, not followed", [error])
    for words in (("--prometheus", "--openmetrics"), ("--json",
                  "--prometheus"), ("-o", PROM)):
        status, _, error = stats(*words, conf=daemon.conf)
        out.test(status == 64, "%s is a mistake" % " ".join(words), [error])


def check_gone(out, conf):
    before = os.stat(PROM).st_mtime_ns
    status, _, error = stats("--prometheus", "-o", PROM, conf=conf)
    out.test(status == 69 and os.stat(PROM).st_mtime_ns == before and
             os.path.getsize(PROM) > 1000,
             "F06 nobody answers: exit 69, and the file grows old", [error])


# -- node_exporter and Prometheus --------------------------------------------

def get(url):
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.read().decode()


def ready(url):
    def look():
        try:
            return get(url)
        except OSError:
            return None
    return mta.await_true(look, RUN_S, url)


def query(expr):
    url = "http://127.0.0.1:19090/api/v1/query?" + urllib.parse.urlencode(
        {"query": expr})
    return json.loads(get(url))["data"]["result"]


def check_exporter(out, daemon):
    child = subprocess.Popen(
        ["prometheus-node-exporter", "--web.listen-address=" + EXPORTER,
         "--collector.disable-defaults", "--collector.textfile",
         "--collector.textfile.directory=" + os.path.dirname(PROM)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        text = ready("http://%s/metrics" % EXPORTER)
        out.test(value(text, "node_textfile_scrape_error") == 0 and
                 "postern_build_info{" in text and
                 re.search(r'^node_textfile_mtime_seconds\{file="[^"]*'
                           r'postern.prom"\}', text, re.M),
                 "F09 node_exporter reads the file", [text[:500]])
        check_prometheus(out, daemon)
    finally:
        child.terminate()
        child.wait()


def check_label(out, daemon):
    """Two posternd on one host: with a label their files do not collide."""
    daemon.reload(CONF + "MetricsLabel gate1\n")
    _, text, _ = stats("--prometheus", conf=daemon.conf)
    bare = [line for line in text.splitlines() if not line.startswith("#") and
            'name="gate1"' not in line]
    rc, said = promtool("check", "metrics", text=text)
    out.test(not bare and (rc, said.strip()) == (0, ""),
             "F09 MetricsLabel stands at every figure", bare + [said])
    out.test(value(text, 'postern_last_reload_successful{name="gate1"}') == 1,
             "the reload is told", [text])
    check_two(out, daemon)


def exporters():
    """Those of this Debian and, where t/release made its root, of the next, by
    the name of each: only read, with the libraries of its own."""
    program = "prometheus-node-exporter"
    found = [("here", [program])]
    other = "%s/usr/bin/%s" % (newer.OTHER, program)
    if os.path.exists(other):
        lib = newer.OTHER + "/usr/lib/x86_64-linux-gnu"
        found.append(("of Debian 13", [
            lib + "/ld-linux-x86-64.so.2", "--library-path", lib, other]))
    return found


def check_two(out, daemon):
    folder = DIR + "/two"
    os.mkdir(folder)
    for label in ("gate1", "gate2"):
        daemon.reload(CONF + "MetricsLabel %s\n" % label)
        stats("--prometheus", "-o", "%s/%s.prom" % (folder, label),
              conf=daemon.conf)
    for name, command in exporters():
        child = subprocess.Popen(
            command + ["--web.listen-address=" + EXPORTER,
                       "--collector.disable-defaults", "--collector.textfile",
                       "--collector.textfile.directory=" + folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            text = ready("http://%s/metrics" % EXPORTER)
        finally:
            child.terminate()
            child.wait()
        out.test(value(text, "node_textfile_scrape_error") == 0 and
                 all('postern_start_time_seconds{name="%s"}' % label in text
                     for label in ("gate1", "gate2")),
                 "F09 node_exporter %s reads the files of two posternd" % name,
                 [text[:500]])


def expressions():
    """[(title, expression)] of the dashboard, with its variables replaced."""
    with open(TREE + "/etc/grafana/postern.json") as file:
        board = json.load(file)
    found = []
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            expr = target["expr"]
            for name, text in (("$job", ".*"), ("$instance", ".*"),
                               ("$__rate_interval", "1m")):
                expr = expr.replace(name, text)
            found.append((panel["title"], expr))
    return board, found


def check_prometheus(out, daemon):
    """It asks posternd for OpenMetrics, and node_exporter for the other."""
    mta.write(DIR + "/prometheus.yml", """global: {scrape_interval: 1s}
rule_files: [%s/etc/prometheus/postern-rules.yml]
scrape_configs:
- job_name: postern
  static_configs: [{targets: ['%s']}]
- job_name: postern-node
  static_configs: [{targets: ['%s']}]
""" % (TREE, METRICS, EXPORTER))
    child = subprocess.Popen(
        ["prometheus", "--config.file=" + DIR + "/prometheus.yml",
         "--storage.tsdb.path=" + DIR + "/tsdb",
         "--web.listen-address=127.0.0.1:19090"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ready("http://127.0.0.1:19090/-/ready")
        mta.await_true(lambda: len(query("postern_build_info")) == 2, RUN_S,
                       "a scrape of both")
        check_scraped(out, daemon)
    finally:
        child.terminate()
        child.wait()


def check_scraped(out, daemon):
    up = {r["metric"]["job"]: r["value"][1] for r in query("up")}
    out.test(up == {"postern": "1", "postern-node": "1"},
             "F02 Prometheus takes both forms", [str(up)])
    kinds = json.loads(get("http://127.0.0.1:19090/api/v1/targets/metadata?"
                           "match_target=" + urllib.parse.quote(
                               '{job="postern"}')))["data"]
    kinds = {kind["metric"]: kind["type"] for kind in kinds}
    out.test(kinds.get("postern_messages") == "counter" and
             kinds.get("postern_wait_duration_seconds") == "histogram",
             "F02 by MetricsSocket it is OpenMetrics that it reads",
             [str(kinds)])
    # rates want two samples that differ
    send_some(daemon, KINDS[:5])
    stats("--prometheus", "-o", PROM, conf=daemon.conf)
    mta.await_true(lambda: query("sum(increase(postern_messages_total[1m])) "
                                 "> 0"), RUN_S, "a change")
    time.sleep(3)
    board, found = expressions()
    wrong = ["%s: %s" % (title, expr) for title, expr in found
             if title not in EMPTY and not query(expr)]
    out.test(not wrong and len(found) > 20,
             "F10 each panel shows something", wrong)
    out.test(board["schemaVersion"] == 39, "F10 the schema is Grafana's")


def check_rules(out):
    folder = TREE + "/etc/prometheus/"
    rc, said = promtool("check", "rules", folder + "postern-rules.yml")
    out.test(rc == 0, "F11 the alerts are rules", [said])
    rc, said = promtool("test", "rules", folder + "postern-rules.test.yml")
    named = [set(re.findall(pattern, mta.read(folder + name), re.M))
             for name, pattern in (
                 ("postern-rules.yml", r"^ *- alert: (\w+)"),
                 ("postern-rules.test.yml", r'alertname="(\w+)"'))]
    out.test(named[0] == named[1] and len(named[0]) == 12,
             "F11 the test has each alert", [str(named)])
    out.test(rc == 0, "F11 each fires for one series, and not for another",
             [said])
    _, found = expressions()
    mta.write(DIR + "/board.yml", json.dumps({"groups": [
        {"name": "board", "rules": [
            {"record": "x:%d" % i, "expr": expr}
            for i, (title, expr) in enumerate(found)
            if title not in ("Domains that fail now",)]}]}))
    rc, said = promtool("check", "rules", DIR + "/board.yml")
    out.test(rc == 0, "F10 each expression of the dashboard is one", [said])


def start_store():
    """What hosts share; there is one host."""
    mta.write(DIR + "/fleet.key", "5a" * 32 + "\n")
    os.chmod(DIR + "/fleet.key", 0o640)
    shutil.chown(DIR + "/fleet.key", "root", "postern")
    store = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", STORE,
         "--unixsocketperm", "777", "--save", ""],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    mta.await_true(lambda: os.path.exists(STORE), RUN_S, STORE)
    return store


def inside():
    out = tap.Tap()
    os.mkdir(DIR)
    store = start_store()
    try:
        daemon = mta.Posternd("metrics", CONF)
        check_fresh(out, daemon)
        check_counters(out, daemon, send_some(daemon))
        check_each(out, daemon)
        check_joined(out, daemon)
        check_milter(out, daemon)
        check_file(out, daemon)
        check_exporter(out, daemon)
        check_rules(out)
        check_label(out, daemon)
        daemon.stop()
        check_gone(out, daemon.conf)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    finally:
        store.terminate()
        store.wait()
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks", "promtool", "prometheus",
                      "prometheus-node-exporter", "redis-server"))
