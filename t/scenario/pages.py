#!/usr/bin/env python3
"""pages - each page that postern writes, as a browser shows it.

Of real mail in the lab: review, status, TLS reports, advise, survey; at 360 and
1280 pixels, light and dark.  Nothing is cut off, all text stands out, nothing
is asked for, nothing is complained of.  With POSTERN_PICTURES=FOLDER there are
pictures of each, and what is printed, for a person to look at.  TAP.
"""
import contextlib
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import browser
import mta
import tap

DIR = "/run/lab/pages"
PICTURES = os.environ.get("POSTERN_PICTURES")
WIDTHS, SCHEMES = (360, 1280), ("light", "dark")
TALLEST = 6000
ENDLESS = 40000 # pixels; the longest has 24,000 on a telephone
NAMES = ("two-good", "two-bad", "dane-mismatch", "d22", "sts", "sts-mx",
         "sts-testing", "plain", "bogus", "d71")
DAYS = 9
CONF = """On-Fail tag
TLSReports collect
TLSReportOrganization Postern's lab
TLSReportContact tlsrpt@sender.example
"""


def postern(*words, page=None):
    done = subprocess.run([mta.program("postern"), *words], text=True,
                          capture_output=True, timeout=mta.RUN_S,
                          stdin=subprocess.DEVNULL)
    if page:
        mta.write(page, done.stdout)
    return done.stdout


# -- the pages ---------------------------------------------------------------

def send_all():
    """Their log, when each has come to its end or to a first try."""
    start = mta.syslog_size()
    for name in NAMES:
        recipient = "user@%s.example" % name
        sent = mta.send([recipient], name)
        mta.status(sent.queue_id(), recipient, start)
    return mta.syslog(start)


def some_days(lines):
    """The log again on days before, with queue ids of their own; every third
    day what failed is well."""
    for day in range(DAYS, -1, -1):
        for line in lines:
            line = re.sub(r"(?<= )([0-9A-Za-z]{10,16})(?=: )",
                          lambda m, d=day: m[1] + "X" * d, line)
            line = re.sub(r"^(\S+) (\w+) +\d+ ", lambda m, d=day:
                          "%s %s %2d " % (m[1], m[2], 28 - d), line)
            if day % 3 == 1 and "domain=two-bad" in line:
                line = line.replace("result=fail", "result=pass").replace(
                    "reason=validation-failure", "reason=ok")
            yield line + "\n"


def write_reviewed(lines):
    mta.write(DIR + "/log", "".join(some_days(lines)))
    postern("review", "--log", DIR + "/log", "--as", "html", "-o",
            DIR + "/review.html")


def write_told(conf):
    os.mkdir(DIR + "/reports")
    for line in postern("tlsrpt", "list", "--json", "-c", conf).splitlines():
        domain = json.loads(line)["domain"]
        postern("tlsrpt", "show", domain, "-c", conf,
                page="%s/reports/%s.json" % (DIR, domain))
    postern("tlsrpt", "read", "--format", "html", DIR + "/reports",
            page=DIR + "/tlsrpt.html")


def write_pages():
    daemon = mta.Posternd("pages", CONF)
    lines = send_all()
    postern("status", "-c", daemon.conf, "--html", DIR + "/status.html")
    write_told(daemon.conf)
    write_reviewed(lines)
    daemon.stop()
    postern("advise", "-c", daemon.conf, "--as", "html", "--standard", "bsi",
            "dane-mismatch.example", "sts-mx.example",
            page=DIR + "/advise.html")
    postern("survey", "scan", "-c", daemon.conf, "--db", DIR + "/survey.db",
            "--retry", "0", *("%s.example" % name for name in NAMES))
    postern("survey", "report", "--db", DIR + "/survey.db", "--as", "html",
            page=DIR + "/survey.html")
    return sorted(name for name in os.listdir(DIR) if name.endswith(".html"))


# -- what a browser makes of them --------------------------------------------

def check_page(out, shown, name):
    for width in WIDTHS:
        for scheme in SCHEMES:
            at = "%s at %d pixels, %s" % (name, width, scheme)
            seen = shown.open("%s/%s" % (DIR, name), width, scheme)
            out.test(seen["width"] <= width and not seen["wide"],
                     "F13 %s: nothing is cut off" % at,
                     ["%d pixels wide" % seen["width"]] + seen["wide"])
            out.test(300 < seen["height"] < ENDLESS,
                     "%s: it is neither empty nor endless" % at,
                     ["%d pixels high" % seen["height"]])
            out.test(not seen["faint"], "%s: all text stands out" % at,
                     seen["faint"])
            out.test(not seen["console"] and not seen["requests"],
                     "F13 %s: it asks for nothing, and nothing is complained "
                     "of" % at, seen["console"] + seen["requests"])
            if PICTURES:
                shown.picture("%s/%s.%d.%s.png" % (
                    PICTURES, name, width, scheme), width, min(
                        seen["height"], TALLEST))
    if PICTURES:
        shown.paper("%s/%s.pdf" % (PICTURES, name))


# What each of these does must be seen, or the tests above see nothing.
BAD = (
    ("wide", "<p style='width:50rem'>wide text</p>"),
    ("faint", "<p style='color:#aaa;background:#fff'>faint text</p>"),
    ("console", "<script>console.log('said')</script>"),
    ("requests", "<img src='file:///nowhere.png'>"),
)


def check_browser(out, shown):
    for key, text in BAD:
        path = "%s/bad-%s" % (DIR, key)
        mta.write(path + ".html", "<!DOCTYPE html><title>x</title>" + text)
        seen = shown.open(path + ".html", WIDTHS[0], "light")
        out.test(seen[key], "a page with %s is seen to be so" % key,
                 [str(seen)])


def inside():
    out = tap.Tap()
    os.mkdir(DIR)
    try:
        names = write_pages()
        out.test(names == ["advise.html", "review.html", "status.html",
                           "survey.html", "tlsrpt.html"] and
                 all(os.path.getsize("%s/%s" % (DIR, name)) > 4000
                     for name in names), "there are five pages", names)
        with contextlib.closing(browser.Browser()) as shown:
            for name in names:
                check_page(out, shown, name)
            check_browser(out, shown)
    except (mta.Failure, browser.Failure) as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


def main():
    if "--inside" not in sys.argv[1:] and not browser.program():
        print("1..0 # SKIP packages are missing: chromium")
        return 0
    return tap.main(__file__, inside, "swaks")


if __name__ == "__main__":
    sys.exit(main())
