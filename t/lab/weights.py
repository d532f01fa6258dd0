"""How much mail goes where, as "postern survey" counts it, beside a log that is
read another way."""
import json
import os
import re
import sqlite3
import subprocess

import mta

ASK_S = 120


def counted(conf, *words):
    """({domain: messages} of a survey's file, its octets, the scan)"""
    path = mta.HERE + "/weights"
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            os.unlink(path + end)
    done = subprocess.run(
        [mta.program("postern"), "survey", "scan", "-c", conf, "--db", path,
         "--limit", "1", "--retry", "0", *words],
        capture_output=True, text=True, timeout=ASK_S,
        stdin=subprocess.DEVNULL)
    if done.returncode not in (0, 75):
        return {}, b"", done
    database = sqlite3.connect(path)
    rows = dict(database.execute("SELECT domain, weight FROM domain"))
    database.close()
    with open(path, "rb") as file:
        return rows, file.read(), done


def add(found, domain):
    domain = domain.lower().rstrip(".")
    if re.fullmatch(r"[a-z0-9._-]+", domain):
        found[domain] = found.get(domain, 0) + 1


def of_syslog(lines):
    """By Postfix, Sendmail and posternd: a message for each id and domain."""
    found, seen = {}, set()
    for line in lines:
        match = re.search(r" (?:\S*/smtp|sendmail|sm-mta|posternd)"
                          r"\[\d+\]: (\w+): (.*)", line)
        gone = re.search(r"/qmgr\[\d+\]: (\w+): removed$", line)
        if gone:
            seen = {pair for pair in seen if pair[0] != gone[1]}
        if not match or match[1] == "NOQUEUE":
            continue
        head, _, rest = match[2].partition(", ")
        ours = re.match(r"event=check domain=(\S+)", match[2])
        domains = [ours[1]] if ours else re.findall(
            r"@([^>,\s]+)", head) if head.startswith("to=") and (
                "status=" in rest or "mailer=esmtp" in rest) else []
        for domain in domains:
            if (match[1], domain) not in seen:
                seen.add((match[1], domain))
                add(found, domain)
    return found


def of_exim(text):
    found = {}
    for one, domain in sorted(set(re.findall(
            r" (\S{6}-\S+-\S+) (?:[=-]>|==|\*\*) \S+?@(\S+?):? .*T=remote_smtp",
            text))):
        add(found, domain)
    return found


def of_queue():
    found = {}
    said = subprocess.run(["postqueue", "-j"], capture_output=True, text=True,
                          timeout=ASK_S)
    for message in map(json.loads, said.stdout.splitlines()):
        for domain in {one["address"].rpartition("@")[2]
                       for one in message["recipients"]}:
            add(found, domain)
    return found


def compare(out, name, conf, wanted, *words):
    found, octets, done = counted(conf, *words)
    out.test(found == wanted and found, name,
             ["%s: %s, not %s" % (key, found.get(key), wanted.get(key))
              for key in sorted(set(found) | set(wanted))
              if found.get(key) != wanted.get(key)] + [done.stderr])
    out.test(not re.search(rb"user\d*@", octets) and
             not any(("@" + domain).encode() in octets for domain in found) and
             not re.search(r"user\d*@", done.stdout + done.stderr),
             "and no address is kept, or said")
