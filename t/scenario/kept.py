#!/usr/bin/env python3
"""kept - facts that posternd keeps of what it refused.

One message goes to each row of the demo that fails; it is held, and each file
that the log names is judged again without a network, as the auditor's host will.
Then the folder: its bounds, a disk that is full, a folder that is not there;
and what explain makes of all, and of files that nobody should have.  TAP.
"""
import json
import os
import pwd
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import check
import cli
import json_page
import mta
import tap
import world

DIR = "/run/lab/kept"
FACTS = DIR + "/facts"
DISK = DIR + "/disk"
HOLD = "On-Fail hold\nOn-TempError hold\nMessageWait 90s\n"
KEPT = "FactsDirectory %s\n"
NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}\.json")
WORDS = ("domain", "result", "policy", "level", "reason")


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=cli.ASK_S, **more)


def judge(path):
    """The answer, from a namespace where nothing is in reach."""
    done = run("unshare", "-n", mta.program("postern"), "judge", "--json",
               path, stdin=subprocess.DEVNULL)
    return json.loads(done.stdout) if done.stdout else {"error": done.stderr}


def pairs_of(line):
    return dict(re.findall(r" ([a-z]+)=(\S+)", line))


def send(domains, key, queue_id=True):
    """(queue id, {domain: pairs of its line}), once the message has ended."""
    start = mta.syslog_size()
    sent = mta.send(["user@" + domain for domain in domains], key)
    lines = mta.await_true(
        lambda: [line for line in mta.syslog(start)
                 if "event=message" in line] and mta.syslog(start),
        mta.DELIVERY_S, "the end of the message")
    if queue_id and not sent.queue_id():
        raise mta.Failure("not queued: %s" % sent)
    return sent.queue_id(), {
        pairs_of(line)["domain"]: pairs_of(line) for line in lines
        if " event=check " in line}


def files():
    return sorted(os.listdir(FACTS)) if os.path.isdir(FACTS) else []


def await_files(names):
    mta.await_true(lambda: set(names) <= set(files()), mta.DELIVERY_S,
                   "the files that the log names")


def explain(queue_id, conf, *words):
    done = run(mta.program("postern"), "explain", "-c", conf, "--log",
               mta.HERE + "/syslog", *words, queue_id,
               stdin=subprocess.DEVNULL)
    return done.stdout, done.stderr


# -- what is kept ------------------------------------------------------------

def check_rows(out):
    """Returns the queue id, the lines, and the configuration."""
    domains = [dest.domain for dest in world.WORLD.dests
               if dest.demo and not dest.show]
    daemon = mta.Posternd("kept", HOLD + KEPT % FACTS)
    queue_id, lines = send(domains, "kept")
    stopping = {name for name, pairs in lines.items()
                if pairs["action"] == "hold"}
    named = {name: pairs["facts"] for name, pairs in lines.items()
             if "facts" in pairs}
    out.test(set(lines) == set(domains) and len(stopping) > 10 and
             set(named) == stopping and
             all(NAME.fullmatch(name) for name in named.values()) and
             len(set(named.values())) == len(named),
             "each verdict that stops mail names a file, no other does",
             ["stopped %s" % sorted(stopping), "named %s" % sorted(named)])
    again = send(domains, "kept-again")[1]
    out.test({name: pairs.get("facts") for name, pairs in again.items()
              if pairs["cache"] == "hit"}.items() <=
             {name: named.get(name) for name in again}.items() and
             any(pairs["cache"] == "hit" and "facts" in pairs
                 for pairs in again.values()),
             "a verdict that was known from before names the same file",
             [str(again)])
    out.test(daemon.stop() == 0, "posternd ends well")
    await_files(named.values())
    mode = os.stat(FACTS).st_mode & 0o777, {
        os.stat(FACTS + "/" + name).st_mode & 0o777 for name in files()}
    out.test(mode == (0o750, {0o640}), "no stranger may read them",
             [str(mode)])
    wrong = []
    for domain, name in sorted(named.items()):
        found, line = judge(FACTS + "/" + name), lines[domain]
        if any(found.get(word) != line[word] for word in WORDS):
            wrong.append("%s: %s, logged %s" % (domain, found, line))
    out.test(named and not wrong,
             "each gives the verdict of its line again, without a network",
             wrong)
    schema = check.validator("facts")
    wrong = []
    for name in files():
        text = mta.read(FACTS + "/" + name)
        wrong += check.mistakes(schema, json.loads(text))
        wrong += re.findall(r"user@[a-z.]+", text)
    out.test(not wrong, "they are as the schema has them, without addresses",
             wrong)
    return queue_id, lines, daemon.conf


def check_explained(out, queue_id, lines, conf):
    text, error = explain(queue_id, conf)
    line = lines["dane-mismatch.example"]
    part = text[text.index("\ndane-mismatch.example\n"):]
    part = part[:part.index("\n\n")] if "\n\n" in part else part
    out.test(re.search(r"facts +learnt at 20\S+: fail \(%s\)\n"
                       % line["reason"], part) and
             re.search(r"host +%s: fail" % line["mx"], part) and
             "its key is 3 1 1" in part and
             "postern judge %s/%s" % (FACTS, line["facts"]) in part,
             "explain shows what was seen then", [part, error])
    found = json.loads(explain(queue_id, conf, "--json")[0])
    wrong = []
    for domain in found["domains"]:
        seen, pairs = domain["seen"], lines[domain["domain"]]
        if ("facts" in pairs) != (seen is not None) or domain["unread"] or \
                domain["facts"] != pairs.get("facts", "") or (
                    seen and any(seen[word] != pairs[word] for word in
                                 ("result", "policy", "level", "reason"))):
            wrong.append(str((domain, pairs)))
    out.test(len(found["domains"]) == len(lines) and not wrong,
             "and so it does as JSON", wrong)
    seen = [d["seen"] for d in found["domains"]
            if d["domain"] == "dane-mismatch.example"][0]
    out.test(seen["path"] == "%s/%s" % (FACTS, line["facts"]) and
             seen["hosts"][0]["name"] == line["mx"] and
             seen["hosts"][0]["addresses"][0]["chain"],
             "with each host and its certificates", [json.dumps(seen)[:500]])
    told = json_page.page_keys()["explain"]["domains"]["seen"]
    out.test(set(seen) == set(told), "its keys are those of postern-json(7)",
             [str(sorted(set(seen) ^ set(told)))])


# -- files that nobody should have -------------------------------------------

def check_hostile(out, queue_id, lines, conf):
    path = FACTS + "/" + lines["dane-mismatch.example"]["facts"]
    other = FACTS + "/" + lines["bogus.example"]["facts"]
    kept = path + ".kept"
    os.rename(path, kept)

    def link():
        os.symlink("/etc/shadow", path)

    def written(text):
        def write():
            with open(path, "w") as file:
                file.write(text)
        return write

    def sparse():
        with open(path, "w") as file:
            file.truncate(33 << 20)

    of_other, text = mta.read(other), mta.read(kept)
    for what, make, why in (
            ("nothing", lambda: None, "not there any more"),
            ("a link", link, "symbolic links"),
            ("a FIFO, which nobody waits for", lambda: os.mkfifo(path),
             "it is no file of facts"),
            ("a folder", lambda: os.mkdir(path), "it is no file of facts"),
            ("what is too large", sparse, "it is no file of facts"),
            ("a NUL", written(text[:100] + "\0"), "it is no file of facts"),
            ("half of it", written(text[:len(text) // 2]), "does not end"),
            ("other JSON", written('{"schema":1}'), "kind"),
            ("facts of another domain", written(of_other),
             "of another domain")):
        make()
        domain = [d for d in json.loads(explain(queue_id, conf, "--json")[0])
                  ["domains"] if d["domain"] == "dane-mismatch.example"][0]
        shown, _ = explain(queue_id, conf)
        out.test(domain["seen"] is None and why in domain["unread"] and
                 "postern judge " + path not in shown and
                 re.search(r"facts +%s:" % os.path.basename(path), shown),
                 "in its place %s: told, and no more" % what,
                 [str(domain), shown[:300]])
        if os.path.isdir(path):
            os.rmdir(path)
        elif os.path.lexists(path):
            os.unlink(path)
    os.rename(kept, path)
    other_conf = DIR + "/none.conf"
    mta.write(other_conf, mta.read(conf).replace(KEPT % FACTS, ""))
    out.test("no FactsDirectory is set" in explain(queue_id, other_conf)[0],
             "without FactsDirectory explain says that there is none")
    log = DIR + "/log"
    mta.write(log, "".join(
        line.replace("facts=" + os.path.basename(path),
                     "facts=../../../../../../etc/shadow") + "\n"
        for line in mta.syslog()))
    done = run(mta.program("postern"), "explain", "-c", conf, "--log", log,
               queue_id, stdin=subprocess.DEVNULL)
    out.test("it is no name of such a file" in done.stdout and
             "root:" not in done.stdout + done.stderr,
             "a name in the log that leads elsewhere is not followed",
             [done.stdout[:500], done.stderr])


# -- the folder --------------------------------------------------------------

def check_bounds(out):
    before = files()
    daemon = mta.Posternd(
        "kept-few", HOLD + KEPT % FACTS + "FactsMaxFiles 2\n")
    mta.await_true(lambda: len(files()) == 2, mta.DELIVERY_S,
                   "the oldest to go")
    out.test(files() == before[-2:], "at start the oldest go, beyond the "
             "number", [str(files()), str(before[-2:])])
    named = [pairs["facts"] for pairs in send(
        ["dane-mismatch.example", "bogus.example"], "kept-few")[1].values()]
    await_files(named)
    out.test(files() == sorted(named), "and for each that comes",
             [str(files()), str(named)])
    daemon.stop()
    old = FACTS + "/20200101T000000Z-00000001.json"
    mta.write(old, "{}")
    mta.write(FACTS + "/notes", "of the admin")
    daemon = mta.Posternd("kept-old", HOLD + KEPT % FACTS)
    mta.await_true(lambda: not os.path.exists(old), mta.DELIVERY_S,
                   "what is too old to go")
    out.test(files() == sorted(named) + ["notes"],
             "what is too old goes, what is none of ours stays",
             [str(files())])
    daemon.stop()


def troubles(start):
    return [pairs_of(line) for line in mta.syslog(start)
            if " -: event=facts " in line]


def check_trouble(out):
    """Neither holds mail up, and each is told once."""
    os.mkdir(DISK)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=750,"
                    "uid=%d" % pwd.getpwnam("postern").pw_uid,
                    "facts", DISK], check=True)
    mta.write(DISK + "/notes", "x" * 4096)
    for what, folder, why in (
            ("a disk that is full", DISK, "No_space_left"),
            ("a folder that is not there", DIR + "/a/b", "No_such_file"),
            ("a folder that others may write to", DIR + "/open",
             "others_may_write")):
        if folder.endswith("open"):
            os.mkdir(folder)
            shutil.chown(folder, "postern")
            os.chmod(folder, 0o777)
        start = mta.syslog_size()
        daemon = mta.Posternd("kept-trouble", HOLD + KEPT % folder)
        first = send(["dane-mismatch.example"], "trouble")[1]
        mta.await_true(lambda: troubles(start), mta.DELIVERY_S,
                       "a line about the folder")
        second = send(["no-starttls.example", "two-bad.example"],
                      "trouble-again")[1]
        told = troubles(start)
        out.test(len(told) == 1 and told[0]["reason"] == "internal-error" and
                 why in told[0].get("detail", "") and
                 [pairs["action"] for pairs in first.values()] ==
                 ["hold"] and not any(
                     "facts" in pairs for pairs in second.values()),
                 "%s is told once, mail goes its way, and no line names what "
                 "is not kept" % what,
                 [str(told), str(first), str(second)])
        out.test(daemon.stop() == 0, "and posternd ends well")
    left = os.listdir(DISK)
    out.test(left == ["notes"],
             "no half file is left on the disk", left)
    subprocess.run(["umount", DISK], check=True)


def inside():
    out = tap.Tap()
    os.mkdir(DIR)
    shutil.chown(DIR, "postern", "postern")
    try:
        found = check_rows(out)
        check_explained(out, *found)
        check_hostile(out, *found)
        check_bounds(out)
        check_trouble(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks"))
