"""TLS reports as they come in: mail that the lab's hosts took, what is in it,
and whether that is as others want it."""
import email
import email.policy
import glob
import gzip
import json
import mailbox
import os

import mta

SCHEMAS = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                       "../scenario")
# RFC 8460's own, and what parsedmarc takes
RULES = ("tlsrpt.schema.json", "tlsrpt_parsedmarc.schema.json")
TYPE = "application/tlsrpt+gzip"


def parsed(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def mailed(domain=None):
    """[(path, message)] of reports about a domain, or of all, as a mail host
    took them."""
    found = []
    for path in sorted(glob.glob(mta.HERE + "/mail/*.json")):
        path = path[:-len("json")] + "eml"
        with open(path, "rb") as file:
            message = parsed(file.read())
        if message["TLS-Report-Domain"] and (
                domain in (None, message["TLS-Report-Domain"])):
            found.append((path, message))
    return found


def attached(message):
    return next((part for part in message.walk()
                 if part.get_content_type() == TYPE), None)


def unpacked(octets):
    return json.loads(gzip.decompress(octets))


def report_of(message):
    return unpacked(attached(message).get_content())


def maildir(path):
    """All of it in a Maildir that is made there."""
    box = mailbox.Maildir(path, create=True)
    for name, _ in mailed():
        with open(name, "rb") as file:
            box.add(file.read())
    box.close()


def numbers(report):
    """What a report counts: {(type, domain): (sessions, failures, details)}.
    """
    return {(policy["policy"]["policy-type"],
             policy["policy"]["policy-domain"]):
            (policy["summary"]["total-successful-session-count"],
             policy["summary"]["total-failure-session-count"],
             sorted((detail["result-type"],
                     detail.get("receiving-mx-hostname", ""),
                     detail.get("failure-reason-code", ""),
                     detail["failed-session-count"])
                    for detail in policy.get("failure-details", [])))
            for policy in report["policies"]}


def faults(report):
    """What in it is against the rules of others, in words."""
    import jsonschema
    found = []
    for name in RULES:
        with open(os.path.join(SCHEMAS, name)) as file:
            checker = jsonschema.Draft7Validator(json.load(file))
        found += [name + ": " + error.message
                  for error in checker.iter_errors(report)]
    return found
