"""What each program says of the destinations that ../agree made up; inside the
lab.

postern's facts are judged twice: by DANE alone, which is what those know that
know no MTA-STS, and in full.  An opinion is compared with what it should be
where postern is right.
"""
import http.client
import json
import os
import re
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import agree
import cli
import exim
import mta
import postfix
from socketmap import CONF, MAP

WORKERS = 6
CHECK_S = 600
QUEUE_S = 300
FETCH_S = 20
BODY_MAX = 65536
TRANSPORT = mta.HERE + "/chance.transport"
DANE = "/^dane@/ dane:\n"
MASTER = """dane unix - - n - - smtp -o smtp_tls_policy_maps=
  -o smtp_tls_security_level=dane -o smtp_dns_support_level=dnssec
"""


class Row(agree.Row):
    """A destination: the verdict by DANE alone, and in full."""

    def __init__(self, dest, dane, full):
        super().__init__(dest, dane)
        self.full = full

    def full_text(self):
        return "%s/%s/%s" % tuple(self.full[key] for key in
                                  ("result", "policy", "reason"))


class Opinion:
    """of: where, for a program that looks at more than one thing of a
    destination; verdict: postern's, in words."""

    def __init__(self, program, row, found, expected, said="", of="",
                 verdict=None):
        self.program = program
        self.name = row.dest.name
        self.of = of
        self.found = found
        self.expected = expected
        self.said = said.splitlines()[-20:]
        self.verdict = verdict or row.text()

    def differs(self):
        return self.found not in self.expected.split("|")


# -- postern ----------------------------------------------------------------

def postern(conf, verb, *words, given):
    done = subprocess.run(
        [mta.program("postern"), verb, "-c", conf, *words, "-"], input=given,
        capture_output=True, text=True, timeout=CHECK_S)
    if done.stderr:
        raise mta.Failure(done.stderr)
    return done.stdout


def answers(text):
    return {answer["domain"]: answer
            for answer in map(json.loads, text.splitlines())}


def rows(conf, dests):
    facts = postern(conf, "check", "--facts", "-j", "8", "-f", given="".join(
        dest.domain + "\n" for dest in dests))
    full = answers(postern(conf, "judge", "--json", given=facts))
    dane = answers(postern(conf, "judge", "--json", "--level", "dane",
                           given=facts))
    for dest in dests:
        if dest.domain not in full or dest.domain not in dane:
            raise mta.Failure("no answer for " + dest.domain)
    return [Row(dest, dane[dest.domain], full[dest.domain])
            for dest in dests]


# -- posttls-finger and openssl ---------------------------------------------

def finger(row):
    if not row.is_single():
        return []
    said = agree.finger(row)
    found = agree.finger_found(row, said)
    if found == "wrong-name" and row.unusable() == len(row.records):
        found = "untrusted"     # and nothing is authenticated
    expected = agree.finger_expected(row.answer)
    if expected == "tls-failed" and not any(
            "handshake" in address["phases"] for _, address in row.addresses):
        expected = "no-starttls"
    return [Opinion("posttls-finger", row, found, expected, said)]


def openssl_dane(row):
    """Each address that shows a certificate, against the records."""
    for host, address in row.addresses:
        usable = any(record["usable"] for record in host["tlsa"])
        if not address["tls"] or not usable:
            continue
        said = agree.openssl(host, address)
        yield Opinion(
            "openssl", row,
            "verified" if "Verification: OK" in said else "not-verified",
            "verified" if address["verify"] == "ok" else "not-verified",
            said, address["address"], address["verify"])


def openssl_pkix(row):
    """Each certificate that a policy wants, against the CAs."""
    names = {host["name"]: host for host in row.answer["hosts"]}
    for host in row.full["hosts"]:
        if any(record["usable"] for record in names[host["name"]]["tlsa"]):
            continue
        for address in host["addresses"]:
            if not address["tls"] or address["verify"] in (
                    "", "sts-mx-mismatch"):
                continue
            said = pkix(host["name"], address["address"])
            yield Opinion(
                "openssl-pkix", row,
                "verified" if "Verification: OK" in said else "not-verified",
                "verified" if address["verify"] == "ok" else "not-verified",
                said, address["address"], address["verify"])


def pkix(name, address):
    done = subprocess.run(
        ["openssl", "s_client", "-brief", "-starttls", "smtp", "-connect",
         ("[%s]:25" if ":" in address else "%s:25") % address, "-servername",
         name, "-verify_hostname", name, "-CAfile",
         "/etc/ssl/certs/ca-certificates.crt", "-x509_strict"],
        capture_output=True, text=True, timeout=agree.RUN_S,
        input="QUIT\r\n")
    return done.stdout + done.stderr


# -- the policy -------------------------------------------------------------

# RFC 8461, sections 3.1 and 3.2, read once more.
TXT = re.compile(r"v=STSv1([ \t]*;[ \t]*(id=[A-Za-z0-9]{1,32}|"
                 r"(?!id=)[A-Za-z0-9][\w.-]{0,31}=[!-:<>-~]+))+"
                 r"[ \t]*;?[ \t]*", re.A)
FIELD = re.compile(r"([A-Za-z0-9][\w.-]{0,31}):[ \t]*(\S(?:.*\S)?)[ \t]*",
                   re.A)
PATTERN = re.compile(r"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.A)


def record_of(domain):
    """Whether there is one record, and it is in order."""
    said = mta.run("dig", "+short", "+tries=2", "_mta-sts." + domain, "TXT")
    texts = ["".join(re.findall(r'"([^"]*)"', line))
             for line in said.splitlines() if line.startswith('"')]
    ours = [text for text in texts if re.match(r"v=STSv1[ \t]*;", text)]
    return len(ours) == 1 and TXT.fullmatch(ours[0]) is not None and \
        re.search(r";[ \t]*id=", ours[0]) is not None


def fetched(domain):
    """(what went wrong or "", the body)"""
    name = "mta-sts." + domain
    context = ssl.create_default_context(
        cafile="/etc/ssl/certs/ca-certificates.crt")
    context.hostname_checks_common_name = False
    client = http.client.HTTPSConnection(name, timeout=FETCH_S,
                                         context=context)
    try:
        client.request("GET", "/.well-known/mta-sts.txt")
        answer = client.getresponse()
        data = answer.read(BODY_MAX + 1)
    except ssl.SSLCertVerificationError as error:
        return "sts-webpki-invalid", str(error)
    except (OSError, http.client.HTTPException) as error:
        return "sts-policy-fetch-error", str(error)
    finally:
        client.close()
    if answer.status != 200:
        return "sts-policy-fetch-error", "status %d" % answer.status
    if answer.headers.get_content_type() != "text/plain" or \
            len(data) > BODY_MAX or answer.headers["Content-Encoding"]:
        return "sts-policy-invalid", str(answer.headers)
    return "", data.decode("utf-8", "replace")


def parsed(text):
    """"MODE NAME...", or None for a policy that is none."""
    lines = re.sub(r"(\r?\n)+\Z", "", text)
    fields = [FIELD.fullmatch(line) for line in re.split(r"\r?\n", lines)]
    if None in fields:
        return None
    first = {}
    for field in fields:
        first.setdefault(field[1], field[2])
    names = [field[2] for field in fields if field[1] == "mx"]
    if first.get("version") != "STSv1" or \
            first.get("mode") not in ("enforce", "testing", "none") or \
            not re.fullmatch(r"\d{1,10}", first.get("max_age", "")) or \
            not all(map(PATTERN.fullmatch, names)) or \
            not names and first["mode"] != "none":
        return None
    return " ".join([first["mode"], *(name.lower() for name in names)])


def policy(row):
    """What Python's HTTPS and another reading make of it, where there are
    hosts that it is for."""
    if row.dest.sts is None or not row.full["hosts"]:
        return []
    found, said = "none", ""
    if record_of(row.dest.domain):
        found, said = fetched(row.dest.domain)
        found = found or parsed(said) or "sts-policy-invalid"
    sts = row.full["sts"]
    expected = " ".join([sts["mode"], *(name.lower() for name in sts["mx"])]) \
        if sts["mode"] else sts["reason"] or "none"
    return [Opinion("policy", row, found, expected, said,
                    verdict=row.full_text())]


# -- MTAs -------------------------------------------------------------------

def be_sender():
    """Two ways out: "dane" by DANE alone, the other asks posternd's map."""
    agree.be_sender()
    mta.write(TRANSPORT, DANE)
    with open("/etc/postfix/master.cf", "a") as file:
        file.write(MASTER)
    os.chmod(MAP, 0o666)
    mta.run("postconf", "-e", "transport_maps=regexp:" + TRANSPORT,
            "default_process_limit=20", *(
                "%s=%s" % pair for pair in postfix.map_settings().items()))
    mta.run("postfix", "reload")


OUTCOME = re.compile(r"postfix/\w+\[\d+\]: (\w+): to=<(\w+)@([^>]+)>,.* "
                     r"status=(\w+)")


def delivered(domains):
    """{(user, domain): (outcome, line of the log)}"""
    start = mta.syslog_size()
    wanted = {(user, domain) for domain in domains
              for user in ("dane", "map")}
    with agree.smtplib.SMTP("127.0.0.1", 25, timeout=agree.RUN_S) as client:
        client.ehlo()
        for user, domain in sorted(wanted):
            client.sendmail(mta.SENDER, "%s@%s" % (user, domain),
                            b"Subject: outbound\r\n\r\nA test.\r\n")
    outcomes = {}
    end = time.monotonic() + QUEUE_S
    while wanted - outcomes.keys() and time.monotonic() < end:
        for line in mta.syslog(start):
            match = OUTCOME.search(line)
            if match and (match[2], match[3]) in wanted:
                outcomes[match[2], match[3]] = match[4], line
        time.sleep(0.5)
    return outcomes


def smtp(row, outcomes):
    """Delivery by smtp(8)."""
    none = ("none", "no outcome")
    found, line = outcomes.get(("dane", row.dest.domain), none)
    yield Opinion("smtp-dane", row, found,
                  agree.postfix_expected(row.answer), line)
    found, line = outcomes.get(("map", row.dest.domain), none)
    yield Opinion("smtp-map", row, found, agree.postfix_expected(row.full),
                  line, of=row.full["postfix"], verdict=row.full_text())


def exim_sends(row, gate):
    found, line = gate.send(row.dest.domain)
    return [Opinion("exim", row, found, agree.postfix_expected(row.full),
                    line, verdict=row.full_text())]


# -- all of them ------------------------------------------------------------

def ask(row, gate, programs):
    """The opinions of all programs that are asked by themselves."""
    asked = {"posttls-finger": finger, "openssl": openssl_dane,
             "openssl-pkix": openssl_pkix, "policy": policy}
    found = []
    for name, say in asked.items():
        if name in programs:
            found += say(row)
    if gate is not None and "exim" in programs:
        found += exim_sends(row, gate)
    return found


def all_opinions(dests, root, programs, workers=WORKERS):
    """Opinions of all; root: where Exim is, or "" for none."""
    conf = cli.configuration("embedded", CONF)
    gate = exim.Exim(root) if root and "exim" in programs else None
    if gate is not None:
        gate.forget()
    found = rows(conf, dests)
    with ThreadPoolExecutor(workers) as pool:
        outcomes = pool.submit(delivered, [dest.domain for dest in dests])
        said = list(pool.map(lambda row: ask(row, gate, programs), found))
        outcomes = outcomes.result()
    return [one for row, some in zip(found, said)
            for one in [*some, *smtp(row, outcomes)]
            if one.program in programs]


def with_posternd(act):
    """act() while posternd answers MTAs."""
    running = mta.Posternd("chance", CONF + cli.PATIENCE.replace(
        "RcptWait 60s\n", "RcptWait 25s\nMapWait 25s\n"))
    try:
        be_sender()
        return act()
    finally:
        status = running.stop()
        if status != 0:
            raise mta.Failure("posternd ended with status %d:\n%s"
                              % (status, mta.read(running.err)))
