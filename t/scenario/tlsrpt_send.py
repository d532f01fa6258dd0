#!/usr/bin/env python3
"""tlsrpt_send - TLS reports of a day that is over, sent by a real posternd: by
mail through Postfix and past its own milter, and to an https: address.

Sessions are told as Postfix 3.10 does; then their day is made yesterday.  TAP.
"""
import glob
import json
import os
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import grammar
import json_page
import mta
import reports
import signing
import tap
import world
from reports import attached, mailed

STATE = "/var/lib/postern"
SOCKET = "/run/postern/tlsrpt.sock"
SENDER = "tlsrpt@sender.example"
CONF = """TLSReports yes
TLSReportSocket unix:%s
TLSReportOrganization Example Org
TLSReportContact %s
On-Fail reject
On-TempError reject
DecideAt rcpt
TLSReportExclude left-out.example
""" % (SOCKET, SENDER)
# what has a record, and where that has reports sent
PLAIN, BROKEN, GONE, WEB = "plain", "dane-mismatch", "dane-ee", "sts"
# whose certificate is its own; which has reports sent where none may go
SELF, BARRED = "m20-self", "second-mx"
WEB_HOST = "mta-sts.%s"


def dest_of(name):
    return next(dest for dest in world.WORLD.dests if dest.name == name)


def domain_of(name):
    return dest_of(name).domain


def session(domain, failed):
    policy = {"policy-type": 9, "t": int(failed), "f": int(failed)}
    if failed:
        policy["failure-details"] = [{"c": 201, "n": "mx1." + domain}]
    return json.dumps({"d": domain, "policies": [policy],
                       "pr": "v=TLSRPTv1; rua=mailto:x@elsewhere.example"}
                      ).encode()


def tell(domain, good, bad):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(SOCKET)
        for number in range(good + bad):
            out.send(session(domain, number >= good))


def postern(verb, *words):
    done = subprocess.run(
        [mta.program("postern"), "tlsrpt", verb, "-c",
         mta.HERE + "/send.conf", *words], capture_output=True, text=True,
        timeout=4 * mta.RUN_S)
    return done.returncode, done.stdout, done.stderr


def rows(*words):
    _, text, _ = postern("list", "--json", *words)
    return {row["domain"]: row for row in map(json.loads, text.splitlines())}


def start():
    daemon = mta.Posternd("send", CONF)
    mta.await_true(lambda: os.path.exists(SOCKET), mta.START_S, SOCKET)
    return daemon


def make_yesterday():
    """The day of all sessions, in the store of a posternd that is down."""
    with sqlite3.connect(STATE + "/tlsrpt.db") as db:
        for table in ("policy", "day"):
            db.execute("UPDATE %s SET day = day - 1" % table)
    db.close()


def posted():
    return sorted(glob.glob(mta.HERE + "/posted/*.gz"))


def last_posted():
    with open(posted()[-1], "rb") as file:
        return reports.unpacked(file.read())


def records():
    for name, rua in ((PLAIN, "mailto:tls@" + domain_of(PLAIN)),
                      (BROKEN, "https://left-out.example/,mailto:tls@" +
                       domain_of(BROKEN)),
                      (BARRED, "mailto:tls@left-out.example"),
                      (WEB, "https://%s/v1/report" % (
                          WEB_HOST % domain_of(WEB)))):
        change.records(domain_of(name), "_smtp._tls." + domain_of(name), "TXT",
                       ['"v=TLSRPTv1; rua=%s"' % rua])


def sent(out):
    """E03 E04 E08 E10: once, to each."""
    before = {name: json.loads(postern("show", domain_of(name), "--day",
                                       DAY)[1]) for name in (PLAIN, WEB)}
    status, text, error = postern("send", "--dry-run")
    out.test(status == 1 and not mailed(domain_of(PLAIN)),
             "--dry-run sends nothing", [text, error])
    status, text, error = postern("send")
    got = rows("--day", DAY)
    states = {name: got[domain_of(name)]["state"]
              for name in (PLAIN, BROKEN, WEB, GONE, BARRED)}
    out.test(states == {PLAIN: "sent", BROKEN: "sent", WEB: "sent",
                        GONE: "withdrawn", BARRED: "suppressed"} and
             status == 1,
             "S01 F04 each report goes where the record says now, and where "
             "there is none it does not go", [repr(states), text, error])
    out.test(got[domain_of(BROKEN)]["destinations"] == 1 and
             got[domain_of(BARRED)]["destinations"] == 0,
             "none goes where TLSReportExclude has it left out", [repr(got)])
    mta.await_true(lambda: mailed(domain_of(PLAIN)), mta.DELIVERY_S,
                   "the mail")
    path, message = mailed(domain_of(PLAIN))[0]
    part = attached(message)
    report = reports.report_of(message)
    out.test(report == before[PLAIN] and
             [policy["summary"] for policy in report["policies"]] == [
                 {"total-successful-session-count": 5,
                  "total-failure-session-count": 2}],
             "E03 J03 what arrives is what show printed the day before",
             [repr(report)])
    out.test(message.get_content_type() == "multipart/report" and
             message["From"] == SENDER and
             message["TLS-Report-Submitter"] == "sender.example" and
             message["TLS-Required"] == "No" and
             message["Auto-Submitted"] == "auto-generated" and
             report["report-id"] in message["Subject"] and
             part.get_filename().startswith("sender.example!" +
                                            domain_of(PLAIN) + "!"),
             "S10 S11 S12 in the form that RFC 8460 has for it",
             [str(message)[:2000]])
    envelope = json.loads(mta.read(path[:-3] + "json"))
    out.test("<%s>" % SENDER in envelope["from"] and
             message["From"] == SENDER, "S15 what bounces goes to its sender",
             [repr(envelope)])
    done = subprocess.run(
        [mta.program("postern"), "tlsrpt", "read", "--format", "json", path],
        capture_output=True, text=True, timeout=mta.RUN_S)
    page = json.loads(done.stdout)
    summary = page["reports"][0]["policies"][0]["summary"]
    out.test(summary == before[PLAIN]["policies"][0]["summary"],
             "E10 postern tlsrpt read gives the same numbers",
             [done.stdout[:2000]])
    report = last_posted()
    with open(posted()[0][:-3] + ".json") as file:
        head = json.load(file)
    wrong = [fault for each in [report] + [
        reports.report_of(message) for _, message in mailed()]
             for fault in reports.faults(each)]
    out.test(not wrong, "E10 each report that is sent keeps to RFC 8460, and is "
             "what parsedmarc takes", wrong)
    out.test(report == before[WEB] and
             head[0] == "POST /v1/report HTTP/1.1" and
             "Content-Type: application/tlsrpt+gzip" in head,
             "S20 E04 what is posted is the same", head)


def exempt(out, start_of_log):
    """X01 E05: a report passes where other mail by the same sender does not."""
    mta.await_true(lambda: [line for line in mta.syslog(start_of_log)
                            if "event=skip domain=%s reason=exempt"
                            % domain_of(BROKEN) in line],
                   mta.DELIVERY_S, "the line of the exempt mail")
    out.test(True, "X01 E05 the report to a broken domain is let pass")
    with smtplib.SMTP("127.0.0.1", 25, "app.sender.example",
                      timeout=90) as client:
        client.ehlo()
        client.mail(SENDER)
        code, reply = client.rcpt("other@" + domain_of(BROKEN))
        out.test(code == 550, "X01 H09 other mail by its sender is refused",
                 [str(code), repr(reply)])


def signed(out):
    """E11: by OpenDKIM, behind posternd, as etc/opendkim.conf has it."""
    domain = SENDER.split("@")[1]
    for name in (PLAIN, BROKEN):
        path, message = mailed(domain_of(name))[0]
        fields = signing.fields(message)
        out.test(fields.get("d") == domain and "l" not in fields and
                 {"from", "tls-report-domain", "tls-report-submitter",
                  "tls-required"} <= set(fields.get("h", "").split(":")),
                 "E11 the report to %s is signed by its sender's domain, "
                 "with the fields of RFC 8460" % domain_of(name),
                 [repr(fields)])
        text = mta.read(path)
        said = signing.verify(text)
        out.test(said == "good", "E11 and the signature is good for a TLS "
                 "report", [said])
        said = signing.verify(text.replace(
            "\nTLS-Report-Domain: ", "\nTLS-Report-Domain: x."))
        out.test(said != "good", "E11 but not with another TLS-Report-Domain",
                 [said])


def once(out, daemon):
    counts = len(mailed(domain_of(PLAIN))), len(posted())
    daemon.kill()
    daemon = start()
    status, _, _ = postern("send", domain_of(PLAIN))
    out.test(status == 0 and
             (len(mailed(domain_of(PLAIN))), len(posted())) == counts,
             "E08 after SIGKILL nothing that was taken is sent again")
    with sqlite3.connect(STATE + "/tlsrpt.db") as db:
        states = db.execute("SELECT state FROM delivery").fetchall()
    db.close()
    out.test(set(states) == {(3,)}, "and all are noted as sent",
             [repr(states)])
    return daemon


def answers(out):
    """S02: what a web server says decides."""
    for code, state in ((503, "sending"), (429, "sending"), (404, "failed"),
                        (301, "failed"), (200, "sent"), (201, "sent")):
        changes = change.Changes()
        changes.policy(dest_of(WEB), post=code)
        changes.apply()
        count = len(posted())
        start_of_log = mta.syslog_size()
        word = {"sending": "retry"}.get(state, state)
        asked = subprocess.Popen(
            [mta.program("postern"), "tlsrpt", "send", "--again",
             domain_of(WEB), "-c", mta.HERE + "/send.conf"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        line = mta.await_true(
            lambda: [line for line in mta.syslog(start_of_log)
                     if "event=tlsrpt action=%s domain=%s"
                     % (word, domain_of(WEB)) in line],
            mta.DELIVERY_S, "what came of %d" % code)
        asked.kill()
        asked.wait()
        got = rows(domain_of(WEB))[domain_of(WEB)]["state"]
        out.test(got == state and len(posted()) == count + 1,
                 "S02 E04 %d makes it %s" % (code, state), [got, line[0]])


def ask_test(keys, *words):
    """Exit status, and the object, whose keys are noted."""
    status, text, error = postern("test", "--json", *words)
    if not text:
        return status, {"error": error}
    found = json.loads(text)
    json_page.keys_of(found, keys)
    return status, found


def tried(out):
    """What the record says of each URI."""
    keys = {}
    domain = domain_of(PLAIN)
    before = len(mailed(domain)), len(posted())
    status, found = ask_test(keys, domain)
    out.test(status == 0 and found["record"] == "valid" and found["sending"]
             and found["uris"] == [{
                 "uri": "mailto:tls@" + domain, "used": True, "why": "",
                 "by": "smtp:127.0.0.1:25"}],
             "tlsrpt test says where a report goes", [repr(found)])
    change.records(domain_of(GONE), "_smtp._tls." + domain_of(GONE), "TXT",
                   ['"v=TLSRPTv1; rua=ftp://x.example/?a,'
                    'mailto:tls@left-out.example,https://r.example/v1"'])
    status, found = ask_test(keys, domain_of(GONE))
    out.test(status == 0 and
             [(uri["used"], uri["by"]) for uri in found["uris"]] == [
                 (False, ""), (False, ""), (True, "POST")] and
             found["uris"][0]["why"] and
             found["uris"][0]["uri"] == "ftp://x.example/?a" and
             found["uris"][1]["why"] == "TLSReportExclude",
             "and where none does, and why", [repr(found)])
    status, found = ask_test(keys, "dane-ta.example")
    out.test(status == 1 and found["record"] == "absent" and found["why"],
             "and that there is no record", [str(status), repr(found)])
    status, text, _ = postern("test", domain_of(GONE))
    out.test(status == 0 and "left-out.example\n    none goes there: "
             "TLSReportExclude\n" in text and
             "https://r.example/v1\n    a report goes there, by POST\n"
             in text, "in words, too", [text])
    out.test((len(mailed(domain)), len(posted())) == before,
             "and sends nothing")
    sampled(out, keys)
    json_page.compare(out, "tlsrpt test", keys)


def sampled(out, keys):
    """A sample, which nobody takes for a report."""
    domain = domain_of(GONE)
    status, found = ask_test(keys, domain, "--to",
                             "probe@" + domain_of(PLAIN))
    mta.await_true(lambda: mailed(domain), mta.DELIVERY_S, "the sample")
    _, message = mailed(domain)[0]
    report = reports.report_of(message)
    out.test(status == 0 and found["sample"]["taken"] and
             report["report-id"] == found["sample"]["id"] and
             report["report-id"].split(".")[1].startswith("sample-") and
             report["report-id"] in message["Subject"] and
             message["To"] == "probe@" + domain_of(PLAIN) and
             message.get_body().get_content().startswith("THIS IS A SAMPLE"),
             "--to sends a sample, marked in its id and its text",
             [repr(found), str(message)[:2000]])
    out.test([policy["summary"] for policy in report["policies"]] == [
        {"total-successful-session-count": 0,
         "total-failure-session-count": 0}], "of no session", [repr(report)])
    count = len(posted())
    status, found = ask_test(keys, domain, "--to", "https://%s/v1/sample" % (
        WEB_HOST % domain_of(WEB)))
    report = last_posted()
    out.test(status == 0 and len(posted()) == count + 1 and
             found["sample"]["verified"] and
             report["report-id"] == found["sample"]["id"],
             "by POST as well", [repr(found)])
    status, found = ask_test(keys, domain, "--to", "https://%s/v1/sample" % (
        WEB_HOST % domain_of(SELF)))
    out.test(status == 1 and len(posted()) == count + 1 and
             not found["sample"]["taken"] and found["sample"]["why"],
             "S21 to who shows a certificate of his own it is not posted",
             [repr(found)])
    status, _, error = postern("test", domain, "--to", "ftp://x.example/")
    out.test(status == 64 and "--to" in error, "what is no rua is a mistake",
             [str(status), error])


def became(start_of_log, action):
    """The line of the log that says so of the report to GONE."""
    return mta.await_true(
        lambda: [line for line in mta.syslog(start_of_log)
                 if "event=tlsrpt action=%s domain=%s "
                 % (action, domain_of(GONE)) in line],
        4 * mta.START_S, "action=" + action)[0]


def untrusted(out, daemon):
    """S21 S02 F07: a server whose certificate does not do."""
    domain, host = domain_of(GONE), WEB_HOST % domain_of(SELF)
    count = len(posted())
    change.records(domain, "_smtp._tls." + domain, "TXT",
                   ['"v=TLSRPTv1; rua=https://%s/v1/r"' % host])
    start_of_log = mta.syslog_size()
    with subprocess.Popen(
            [mta.program("postern"), "tlsrpt", "send", domain, "-c",
             mta.HERE + "/send.conf"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL) as asked:
        line = became(start_of_log, "retry")
        asked.kill()
    out.test(" to=https:%s " % host in line and len(posted()) == count,
             "S21 it gets no report, which is tried again", [line])
    out.test(daemon.stop() == 0, "posternd ends well between two tries")
    with sqlite3.connect(STATE + "/tlsrpt.db") as db:
        changed = db.execute("UPDATE delivery SET first = first - 86400,"
                             " due = 0 WHERE state = 2").rowcount
    db.close()
    start_of_log = mta.syslog_size()
    daemon = start()
    line = became(start_of_log, "expired")
    out.test(changed == 1 and " tries=2 " in line + " " and
             rows(domain)[domain]["state"] == "failed" and
             len(posted()) == count,
             "S02 F07 after a day of failures it expires", [line])
    daemon.reload(CONF + "TLSReportHTTPSVerify no\n")
    start_of_log = mta.syslog_size()
    status, text, error = postern("send", domain)
    line = became(start_of_log, "sent")
    report = last_posted()
    out.test(status == 0 and " verify=failed" in line and
             len(posted()) == count + 1 and
             report == json.loads(postern("show", domain, "--day", DAY)[1]),
             "S21 with TLSReportHTTPSVerify no it gets it, and the log says "
             "so", [line, text, error])
    return daemon


def logged(out):
    wrong, events = [], 0
    for line in mta.syslog():
        if "event=tlsrpt" not in line:
            continue
        found = grammar.LINE.search(line[line.index(" -: ") + 1:])
        events += 1
        if not grammar.RESTS[found["event"]].fullmatch(found["rest"]):
            wrong.append(line)
    out.test(events > 8 and not wrong, "what is logged is as promised", wrong)


def inside():
    global DAY
    out = tap.Tap()
    try:
        records()
        signing.start()
        daemon = start()
        tell(domain_of(PLAIN), 5, 2)
        tell(domain_of(BROKEN), 1, 1)
        tell(domain_of(GONE), 3, 0)
        tell(domain_of(WEB), 2, 0)
        tell(domain_of(BARRED), 1, 0)
        mta.await_true(lambda: len(rows()) == 5, mta.START_S, "the sessions")
        out.test(daemon.stop() == 0, "posternd ends well")
        make_yesterday()
        start_of_log = mta.syslog_size()
        daemon = start()
        DAY = min(row["day"] for row in rows().values())
        mta.await_true(lambda: all(row["state"] == "due"
                                   for row in rows().values()),
                       4 * mta.START_S, "the reports")
        out.test(time.strftime("%Y-%m-%d", time.gmtime()) > DAY,
                 "reports of a day that is over are made")
        sent(out)
        signed(out)
        exempt(out, start_of_log)
        daemon = once(out, daemon)
        answers(out)
        tried(out)
        daemon = untrusted(out, daemon)
        logged(out)
        out.test(daemon.stop() == 0, "F09 posternd ends well")
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks", *signing.TOOLS))
