"""OpenDKIM as etc/opendkim.conf has it, behind posternd, and a verifier that is
another program: python3-dkim."""
import atexit
import os
import re
import subprocess

import mta

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../etc/opendkim.conf")
TOOLS = ("opendkim", "dkimverify")
DOMAIN = "sender.example"
SELECTOR = "postern"
HERE = mta.HERE + "/dkim"
# for the Python that Debian's modules are of; the record is for reports alone
VERIFY = ("/usr/bin/python3", "-c", """import dkim, logging, sys
def txt(name, **_):
    return sys.argv[2].encode() if name.decode() == sys.argv[1] else None
logging.basicConfig()
try:
    good = dkim.DKIM(sys.stdin.buffer.read(), logging.getLogger(),
                     tlsrpt="strict").verify(dnsfunc=txt)
    print("good" if good else "bad")
except dkim.DKIMException as error:
    print(error)
""")
OWNER = "%s._domainkey.%s." % (SELECTOR, DOMAIN)
RECORD = "v=DKIM1; h=sha256; k=rsa; s=tlsrpt; p="


def record():
    """What the sender would publish."""
    return RECORD + "".join(mta.run("openssl", "rsa", "-in", HERE + "/key",
                                    "-pubout").splitlines()[1:-1])


def start():
    """It runs, and the lab's Postfix has it sign."""
    os.mkdir(HERE)
    key, conf = HERE + "/key", HERE + "/conf"
    mta.run("openssl", "genrsa", "-out", key, "2048")
    text = mta.read(SAMPLE).replace("example.org", DOMAIN)
    mta.write(conf, re.sub(r"(?m)^KeyFile\s.*", "KeyFile " + key,
                           re.sub(r"(?m)^UserID\s.*\n", "", text)))
    port, host = re.search(r"(?m)^Socket\s+inet:(\d+)@(\S+)", text).groups()
    daemon = subprocess.Popen(["opendkim", "-f", "-x", conf],
                              stdin=subprocess.DEVNULL)
    atexit.register(daemon.kill)
    mta.run("postconf", "-e", "smtpd_milters=unix:%s, inet:%s:%s" % (
        mta.SOCKET, host, port))
    mta.run("postfix", "reload")


def fields(message):
    """The tags of the signature; empty where there is none."""
    text = re.sub(r"\s", "", str(message["DKIM-Signature"] or ""))
    return dict(tag.split("=", 1) for tag in text.lower().split(";") if tag)


def verify(text):
    """"good", or what is wrong."""
    octets = re.sub("\r?\n", "\r\n", text).encode()
    done = subprocess.run([*VERIFY, OWNER, record()], input=octets,
                          capture_output=True, timeout=mta.RUN_S)
    said = done.stdout.decode().strip()
    return said if said == "good" else said + done.stderr.decode()
