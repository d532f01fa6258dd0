#!/usr/bin/env python3
"""fleet_many - many hosts that know nothing are asked for many domains at once:
how often each policy host and each mail host is connected to.

fleet_many.py [--whole]: ten hosts and 1,000 domains; else four and 100.  With
the store, with the store stopped, and, of mail hosts, with probes shared.  TAP,
and the figures in comments.
"""
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

os.environ["POSTERN_LAB_WORLD"] = "world_fleet"
sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import fleet
import mta
import socketmap
import tap
import watch

WHOLE = "--whole" in sys.argv
HOSTS = 10 if WHOLE else 4
FARMS = 20
EACH = 50 if WHOLE else 5
ALONE = 5 # domains of each farm, with the store stopped
AT_ONCE = 32 # domains that a host is asked for at once

# of the policy hosts a domain, and of a mail host
MOST_FETCHES, MOST_PROBES = 1.2, 1.5


def domains(first, count):
    """Of each farm so many."""
    return ["d%d.fleet%d.example" % (n, farm)
            for n in range(first, first + count) for farm in range(FARMS)]


def fetches():
    return sum(event["event"] == "connect" and
               event["host"].startswith("mta-sts.fleet")
               for event in watch.events("https"))


def probes():
    return sum(event["event"] == "connect" and
               event["host"].startswith("mx1.fleet")
               for event in watch.events("smtp"))


def ask(host, names):
    """Those of names that get another answer than they should."""
    wrong = []
    with socketmap.Client(host.map, fleet.WAIT_S) as client:
        for start in range(0, len(names), AT_ONCE):
            part = names[start:start + AT_ONCE]
            for name in part:
                client.send(socketmap.frame("QUERY " + name))
            for name in part:
                told = client.reply()
                farm = name.split(".", 1)[1]
                if not told or not told.startswith(
                        "OK secure match=mx1.%s " % farm):
                    wrong.append("%s: %s" % (name, told))
    return wrong


def ask_all(hosts, names):
    """(connections a domain, seconds, wrong answers) of all hosts at once"""
    before, began = fetches(), time.monotonic()
    with ThreadPoolExecutor(len(hosts)) as pool:
        wrong = sum(pool.map(lambda host: ask(host, names), hosts), [])
    return ((fetches() - before) / len(names), time.monotonic() - began,
            wrong)


def policies(out, hosts, store):
    each, seconds, wrong = ask_all(hosts, domains(0, EACH))
    print("# %d hosts, %d domains, cold: %.2f fetches a domain, %.1f s" % (
        len(hosts), EACH * FARMS, each, seconds))
    out.test(each <= MOST_FETCHES and not wrong,
             "F80 GF6 each policy is fetched %.1f times at most" %
             MOST_FETCHES, ["%.2f" % each] + wrong[:5])
    os.kill(store.process.pid, signal.SIGSTOP)
    each, seconds, wrong = ask_all(hosts, domains(EACH, ALONE) if WHOLE
                                   else domains(EACH, 1))
    os.kill(store.process.pid, signal.SIGCONT)
    print("# the same, the store stopped: %.2f fetches a domain, %.1f s" % (
        each, seconds))
    out.test(not wrong and each > 0.9 * len(hosts),
             "F81 without the store each host fetches for itself",
             ["%.2f" % each] + wrong[:5])


def mail_hosts(out, hosts):
    """Each host sends to each farm, at the same time."""
    names = ["fleet%d.example" % farm for farm in range(FARMS)]
    before = probes()
    with ThreadPoolExecutor(len(hosts) * 4) as pool:
        tags = list(pool.map(lambda pair: pair[0].mail(pair[1])[1],
                             [(host, name) for name in names
                              for host in hosts]))
    each = (probes() - before) / FARMS
    wrong = [tag for tag in tags if not tag or "result=pass" not in tag]
    print("# %d hosts, %d mail hosts, probes shared: %.2f connections each" % (
        len(hosts), FARMS, each))
    out.test(each <= MOST_PROBES and not wrong,
             "F82 GF6 each mail host is connected to %.1f times at most" %
             MOST_PROBES, ["%.2f" % each] + wrong[:5])


def with_hosts(out, work, *words, **options):
    start, hosts = mta.syslog_size(), []
    try:
        hosts += [fleet.Host("h%d.host" % n, **options)
                  for n in range(HOSTS)]
        fleet.await_said(start, HOSTS, "state=up")
        work(out, hosts, *words)
    finally:
        with ThreadPoolExecutor(HOSTS) as pool:
            list(pool.map(lambda host: host.daemon.stop(), hosts))


def inside():
    out = tap.Tap()
    fleet.make_folder()
    store = fleet.Store()
    try:
        with_hosts(out, policies, store, extra="Probe no\n")
        store.ask("FLUSHALL")
        with_hosts(out, mail_hosts, map_socket=False,
                   extra="SharedContent policies,flush,probes\n")
    finally:
        store.kill()
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "redis-server"))
