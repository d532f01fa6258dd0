"""The rows of a check of which nothing is known: what it costs posternd, part
by part, beside posttls-finger in the same run.

One signed zone and its fifty mail hosts in the lab, all known to its Unbound.
Each way of checking does more than the one before it: lookups that the resolver
has validated; the same validated here; and with a look at the mail hosts.  What
a part costs is the difference.
"""
import os
import resource
import statistics
import subprocess
import threading
import time

from figures import ROUNDS, TICK_S, Filter, spread

COLD = 1000     # domains of a round
AT_ONCE = 10    # messages that they come in
FINGERS = 40    # domains of a round that posttls-finger looks at

CONF = "TrustAnchorFile /etc/postern/root.key\nMessageWait 120s\n"
WAYS = {"lookups": CONF + "Resolver system\nProbe no\n",
        "DNSSEC": CONF + "Resolver embedded\nProbe no\n",
        "probes": CONF + "Resolver embedded\n"}


def spent(pid):
    """(CPU in user space, in the kernel: s; how often its threads waited)."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rpartition(")")[2].split()
    waits = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/status" % (pid, thread)) as file:
                text = file.read()
        except OSError:    # that of a connection, which is over
            continue
        waits += int(text.partition("\nvoluntary_ctxt_switches:")[2]
                     .split()[0])
    return (int(fields[11]) * TICK_S, int(fields[12]) * TICK_S, waits)


def checked(own, first, count):
    own.message(["d%d.bulk.example" % n for n in range(first, first + count)])


def one_round(folder, conf):
    """(user us, kernel us, waits, CPU us) of a check, and checks a second, by
    a posternd that knows nothing."""
    own = Filter(folder, "cold", conf)
    share = COLD // AT_ONCE
    threads = [threading.Thread(target=checked, args=(own, start, share))
               for start in range(0, COLD, share)]
    before, began = spent(own.process.pid), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.monotonic() - began
    user, kernel, waits = (
        after - was for after, was in zip(spent(own.process.pid), before))
    own.stop()
    return (user * 1e6 / COLD, kernel * 1e6 / COLD, waits / COLD,
            (user + kernel) * 1e6 / COLD, COLD / took_s)


def finger():
    """CPU of posttls-finger a domain, in microseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for number in range(FINGERS):
        subprocess.run(["posttls-finger", "-c", "-l", "dane", "-L", "summary",
                        "d%d.bulk.example" % number], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime -
            before.ru_stime) * 1e6 / FINGERS


def cold(table, folder):
    """Each row: the median of the rounds, and the range of them."""
    one_round(folder, WAYS["probes"])    # what the lab knows from then on
    rounds = [({name: one_round(folder, conf) for name, conf in WAYS.items()},
               finger()) for _ in range(ROUNDS)]
    cpu = {name: [ways[name][3] for ways, _ in rounds] for name in WAYS}
    whole = [ways["probes"] for ways, _ in rounds]
    table.row("cold check of a DANE domain, Resolver embedded: us",
              spread(cpu["probes"]))
    table.row("the same, no hosts probed", spread(cpu["DNSSEC"]))
    table.row("the same, Resolver system", spread(cpu["lookups"]))
    table.row("of the first in the kernel", spread([way[1] for way in whole]))
    table.row("how often a thread waits, a check",
              spread([way[2] for way in whole], "%.1f"))
    table.row("posttls-finger on such a domain: CPU, us",
              spread([other for _, other in rounds]))
    table.row("cold check, CPU to posttls-finger's", "%.3f" % (
        statistics.median(cpu["probes"]) /
        statistics.median(other for _, other in rounds)))
    table.row("checks a second, servers on the same cores",
              spread([way[4] for way in whole]))
