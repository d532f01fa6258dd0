"""What other programs say, and want to be told, by release of Debian."""
import re

# bookworm: Postfix 3.7, libunbound 1.17, Dovecot 2.3;
# trixie: Postfix 3.10, libunbound 1.26, Dovecot 2.4
RELEASES = {
    "bookworm": {
        # posttls-finger of a chain that is good, but for another name
        "wrong name": "Untrusted TLS connection",
        # lines of libunbound in check.expected
        "bad signature": "TLSA IN]: ECDSA\n              signature "
                         "verification failed from",
        "dovecot": "mail_location = maildir:%s\n"},
    "trixie": {
        "wrong name": "Trusted TLS connection",
        "bad signature": "TLSA IN]: signature\n              crypto failed "
                         "from",
        "dovecot": "dovecot_config_version = 2.4.0\n"
                   "dovecot_storage_version = 2.4.0\n"
                   "mail_driver = maildir\nmail_path = %s\n"}}

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
