"""The promised grammar of log lines and of the header tag, read strictly.

Each function gives what is wrong, in words, or None.
"""
import re

RESULTS = "pass none softfail fail temperror skip"
POLICIES = "tlsa sts local no-policy-found"
LEVELS = "none may encrypt dane dane-only secure half-dane"
ACTIONS = "none tag defer reject hold"
REASONS = """ok no-policy not-probed insecure-mx starttls-not-supported
certificate-host-mismatch certificate-not-trusted certificate-expired
validation-failure dane-required tlsa-unusable dnssec-invalid dns-servfail
dns-timeout sts-policy-fetch-error sts-policy-invalid sts-webpki-invalid
sts-mx-mismatch sts-testing null-mx nxdomain no-address name-invalid
connect-failed probe-timeout address-blocked source-unusable not-tried
tls-unsupported too-costly deadline queue-full rate-limited
resolver-not-validating internal-error exempt internal relayed tls-required-no
requiretls-unmet expired-rule"""

LINE_MAX = 900
DETAIL_MAX = 120
TAG_ITEMS = 20

VALUE = r"[A-Za-z0-9._:/@+\[\]~,%?-]+"
QUEUE_ID = r"[A-Za-z0-9._-]{1,32}"
NAME = r"(?:[a-z0-9_*-]{1,63}\.)*[a-z0-9_*-]{1,63}"
LITERAL = r"\[[a-z0-9:.-]*\]"
NUMBER = r"\d{1,10}"
FACTS = r"\d{8}T\d{6}Z-[0-9a-f]{8}\.json"
DAY = r"\d{4}-\d\d-\d\d"


def one_of(words):
    return "(?:%s)" % "|".join(map(re.escape, words.split()))


RESULT, REASON, ACTION = map(one_of, (RESULTS, REASONS, ACTIONS))
DETAIL = ("detail", VALUE, "?")

# The keys of an event in their order; "?": may be missing.
EVENTS = {
    "check": (
        ("domain", "(?:%s|%s|-)" % (NAME, LITERAL), ""),
        ("result", RESULT, ""),
        ("policy", one_of(POLICIES), ""), ("level", one_of(LEVELS), ""),
        ("reason", REASON, ""), ("action", ACTION, ""),
        ("rcpts", NUMBER, ""), ("mx", VALUE, "?"),
        ("mode", "(?:enforce|testing|none)", "?"),
        ("depth", "(?:dns|probe)", "?"), ("cache", "(?:hit|miss|shared)", "?"),
        ("ttl", NUMBER, "?"), ("ms", NUMBER, "?"), ("rule", VALUE, "?"),
        ("facts", FACTS, "?"), DETAIL),
    "why": (
        ("domain", "(?:%s|%s|-)" % (NAME, LITERAL), ""),
        ("dane", one_of("none pass fail encrypt temperror"), ""),
        ("sts", one_of("none pass fail testing-fail error"), ""),
        ("stsreason", REASON, "?"), ("rt", "[a-z-]+", "?"),
        ("requiretls", one_of("met not-probed unknown not-offered "
                              "not-authenticated"), "?"),
        ("hosts", VALUE, "?")),
    "skip": (
        ("domain", VALUE, ""), ("reason", REASON, ""), ("action", ACTION, ""),
        ("rcpts", NUMBER, "")),
    "message": (
        ("result", RESULT, ""), ("action", ACTION, ""),
        ("domains", NUMBER, ""), ("rcpts", NUMBER, ""),
        ("auth", "(?:yes|no)", ""), ("ms", NUMBER, ""),
        ("forged", NUMBER, "?")),
    "change": (
        ("domain", NAME, ""), ("old", RESULT, ""), ("new", RESULT, ""),
        ("mx", VALUE, "?")),
    "map": (
        ("domain", NAME, ""),
        ("map", one_of("plain tlsrpt sendmail line"), ""),
        ("answer", one_of("dane dane-only secure encrypt may none notfound "
                          "temp ok refuse"), ""),
        ("policy", one_of(POLICIES), ""), ("reason", REASON, ""),
        ("dane", one_of("unknown none unusable half partial all"), ""),
        ("sts", one_of("unknown error none testing enforce"), ""),
        ("cache", "(?:hit|miss|shared)", ""), ("ttl", NUMBER, ""),
        ("ms", NUMBER, ""), ("rule", VALUE, "?"), DETAIL),
    "map-level": (
        ("map", one_of("sendmail line"), ""), ("rule", VALUE, ""),
        ("level", one_of(LEVELS + " auto"), "")),
    "map-host-rule": (
        ("domain", NAME, ""), ("rule", VALUE, ""),
        ("level", one_of(LEVELS + " auto"), "")),
    "garbage": (("socket", one_of("map line"), ""), DETAIL),
    "resolver": (
        ("addr", VALUE, ""), ("validating", "(?:yes|no)", ""),
        ("reason", REASON, ""), DETAIL),
    "store": (("reason", REASON, ""), DETAIL),
    "facts": (("reason", REASON, ""), DETAIL),
    "shared": (
        ("domain", "(?:%s|-)" % NAME, ""),
        ("what", one_of("rejected shut hint extended created "
                        "used flushed forgotten"), ""),
        ("by", VALUE, ""),
        ("fault", one_of("mac key syntax time size conflict"), "?")),
    "shared-store": (("state", one_of("up down denied"), ""),
                     ("addr", VALUE, "?"), DETAIL),
    "accept": (("reason", REASON, ""), DETAIL),
    "log": (("lost", NUMBER, ""),),
    "rule": (("rule", VALUE, ""), ("until", DAY, ""),
             ("reason", REASON, "?")),
    "reload": (("faults", NUMBER, ""), ("engine", "(?:new|kept)", "?"),
               ("restart", VALUE, "?"), DETAIL),
    "stats": (*((key, NUMBER, "") for key in (
        "uptime messages fail temperror softfail none pass skip hits misses "
        "checks maxrunning maxwaiting queuefull probes fetches verdicts "
        "policies").split()),
              ("store", "[a-z-]+", ""), ("resolver", "[a-z-]+", ""),
              ("rss", NUMBER, ""), ("rcptdefer", NUMBER, ""),
              ("rcptreject", NUMBER, "")),
    "tlsrpt": (("action", one_of("made sent retry failed expired withdrawn "
                                 "suppressed cut"), ""),
               ("domain", NAME, ""), ("day", DAY, ""), ("id", VALUE, ""),
               ("to", VALUE, "?"), ("sessions", NUMBER, ""),
               ("failures", NUMBER, ""), ("tries", NUMBER, "?"),
               ("verify", "failed", "?"), ("reason", "[a-z-]+", "?"), DETAIL),
    "tlsrpt-day": (("day", DAY, ""), *((key, NUMBER, "") for key in (
        "received domains dropped norua foreign").split())),
    "tlsrpt-drop": (("reason", "[a-z-]+", ""), ("count", NUMBER, "")),
    "tlsrpt-trouble": (("reason", "[a-z-]+", ""), DETAIL),
    "start": (("version", VALUE, ""), ("down", NUMBER, "?")),
    "stop": (),
}

# What is said beside the milter; see map.py, kept.py, tlsrpt.py and t/unit/report.
OF_MAPS = {"map", "map-level", "map-host-rule", "garbage"}
OF_FACTS = {"facts"}
OF_FLEET = {"shared", "shared-store"}
OF_TLSRPT = {"tlsrpt", "tlsrpt-day", "tlsrpt-drop", "tlsrpt-trouble"}

SEVERITIES = {
    "why": "info", "step": "debug", "skip": "info", "message": "info", "change": "notice",
    "store": "err", "facts": "err", "accept": "err", "log": "warning", "rule": "warning",
    "map-level": "warning", "map-host-rule": "warning", "garbage": "notice",
    "tlsrpt-day": "info", "tlsrpt-drop": "warning", "tlsrpt-trouble": "err",
    "start": "info", "stats": "info", "stop": "info"}


def pattern(keys):
    return "".join("(?: %s=%s)%s" % (key, value, often)
                   for key, value, often in keys)


LINE = re.compile("(?P<id>%s|-): event=(?P<event>[a-z-]+)(?P<rest>.*)"
                  % QUEUE_ID, re.S)
RESTS = {event: re.compile(pattern(keys)) for event, keys in EVENTS.items()}
# Each step has keys of its own; t/unit/trace has them to the letter.
RESTS["step"] = re.compile(pattern((("domain", VALUE, ""),
                                    ("step", "[a-z-]+", ""))) +
                           "(?: [a-z]+=%s)*" % VALUE)
OUTSIDE_MESSAGES = ("step", "change", "resolver", "map", "map-level",
                    "map-host-rule", "garbage", "store", "facts", "accept", "log",
                    "rule",
                    "reload", "start", "stats", "stop")

# libmilter speaks for itself, under the name that we registered with.
LIBMILTER = re.compile(r"postern[:,] [ -~]{1,300}")


def severity(event, rest):
    """What a line of it must be logged as."""
    pairs = dict(re.findall(r" ([a-z]+)=(\S+)", rest))
    if event == "check":
        result = pairs["result"]
        if result == "temperror":
            return "warning"
        if result == "fail":
            return "notice" if pairs["action"] in ("none", "tag") \
                else "warning"
        return "notice" if result == "softfail" else "info"
    if event == "resolver":
        return "info" if pairs["validating"] == "yes" else "err"
    if event == "map":
        return "warning" if pairs["answer"] == "temp" else "info"
    if event in ("store", "facts") and pairs["reason"] == "ok":
        return "notice"
    if event == "reload":
        return "notice" if pairs["faults"] == "0" else "err"
    if event == "message" and "forged" in pairs:
        return "info" if int(pairs["forged"]) <= 100 else "warning"
    return SEVERITIES[event]


def line_fault(text, level):
    """A line as posternd gave it to syslog(3), and its severity."""
    match = LINE.fullmatch(text)
    if not match:
        return None if LIBMILTER.fullmatch(text) else "not of the grammar"
    event, rest = match["event"], match["rest"]
    if event not in RESTS:
        return "no such event"
    if not RESTS[event].fullmatch(rest):
        return "its keys or values are wrong"
    if len(text.encode()) > LINE_MAX:
        return "too long"
    detail = re.search(r" detail=(\S+)$", rest)
    if detail and len(detail[1]) > DETAIL_MAX:
        return "its detail is too long"
    if match["id"] != "-" and event in OUTSIDE_MESSAGES:
        return "its queue id is wrong"
    if severity(event, rest) != level:
        return "its severity is wrong"
    return None


HEAD = re.compile(r"mail\.([a-z]+) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
                  r"posternd\[\d+\]: (.*)", re.S)


def log_faults(lines):
    """What is wrong with each line of posternd in the lab's syslog, and how
    often each event was told."""
    faults, counts = [], {}
    for line in lines:
        if " posternd[" not in line and "event=" not in line:
            continue
        match = HEAD.fullmatch(line)
        fault = line_fault(match[2], match[1]) if match \
            else "not of facility mail, or not by posternd"
        if fault:
            faults.append("%s: %r" % (fault, line))
        told = match and LINE.fullmatch(match[2])
        event = told["event"] if told else "libmilter"
        counts[event] = counts.get(event, 0) + 1
    return faults, counts


TAG = re.compile(
    r"%s; v=1; result=%s; action=(?:none|tag|hold); id=%s"
    r"(?P<items>(?:;\n d=(?:%s|%s)/%s/%s/%s)*)(?:;\n more=\d{1,5})?"
    % (NAME, RESULT, QUEUE_ID, NAME, LITERAL, RESULT, one_of(POLICIES),
       REASON))


def tag_fault(value):
    """Of the field's value as given to the MTA, folds included."""
    match = TAG.fullmatch(value)
    if not match:
        return "not of the grammar"
    if match["items"].count("\n d=") > TAG_ITEMS:
        return "too many items"
    return None
