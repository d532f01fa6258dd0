"""What other programs say, and want to be told, by release of Debian."""
import re

# Of the ClientHellos of Postfix and of a probe: what only one of them has, and
# why.
ARIA = "GnuTLS has no ARIA"
CCM = "in GnuTLS, CCM is for TLS 1.3 as well as for 1.2; the probe takes no " \
    "session that ends with it"
DSA = "GnuTLS puts no DSA and no SHA-224 into a ClientHello"
ML_DSA = "GnuTLS is built without ML-DSA"
BRAINPOOL = "GnuTLS has none of Brainpool's curves"
ARIA_SUITES = (0xc05c, 0xc05d, 0xc060, 0xc061, 0xc052, 0xc053, 0xc050, 0xc051)
DSA_SIGNATURES = (0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602)

# bookworm: Postfix 3.7, OpenSSL 3.0, GnuTLS 3.7, libunbound 1.17, Dovecot 2.3;
# trixie: Postfix 3.10, OpenSSL 3.5, GnuTLS 3.8, libunbound 1.26, Dovecot 2.4
RELEASES = {
    "bookworm": {
        # posttls-finger of a chain that is good, but for another name
        "wrong name": "Untrusted TLS connection",
        # lines of libunbound in check.expected
        "bad signature": "TLSA IN]: ECDSA\n              signature "
                         "verification failed from",
        "dovecot": "mail_location = maildir:%s\n",
        "suites of Postfix": {
            ARIA: ARIA_SUITES + (0xc056, 0xc057),
            DSA: (0x00a3, 0x006a, 0x0038, 0x00a2, 0x0040, 0x0032, 0x00c3,
                  0x0087, 0x00bd, 0x0044)},
        "suites of a probe": {CCM: (0x1304, 0x1305)},
        "signatures of Postfix": {DSA: DSA_SIGNATURES},
        "sendmail has DANE": False},
    "trixie": {
        "wrong name": "Trusted TLS connection",
        "bad signature": "TLSA IN]: signature\n              crypto failed "
                         "from",
        "dovecot": "dovecot_config_version = 2.4.0\n"
                   "dovecot_storage_version = 2.4.0\n"
                   "mail_driver = maildir\nmail_path = %s\n",
        "suites of Postfix": {ARIA: ARIA_SUITES},
        "suites of a probe": {CCM: (0x1304,)},
        "signatures of Postfix": {
            DSA: DSA_SIGNATURES, ML_DSA: (0x0904, 0x0905, 0x0906),
            BRAINPOOL: (0x081a, 0x081b, 0x081c)},
        "sendmail has DANE": True}}

# whose words check.expected has
WRITTEN = "bookworm"


def codename():
    with open("/etc/os-release") as file:
        found = re.search(r"^VERSION_CODENAME=(\w+)$", file.read(), re.M)
    return found[1] if found and found[1] in RELEASES else "trixie"


def word(what):
    return RELEASES[codename()][what]


def read(text):
    """A text of check.expected in the words of this release."""
    return text.replace(RELEASES[WRITTEN]["bad signature"],
                        word("bad signature"))


def written(text):
    """What is said here, as check.expected has it."""
    return text.replace(word("bad signature"),
                        RELEASES[WRITTEN]["bad signature"])
