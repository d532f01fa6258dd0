"""From world.py to files: certificates, zones, server tables."""
import json
import os

import conf
from pki import PKI
from zones import SILENT, Zones, names

FOLDERS = ("mail", "nsd", "unbound", "spool", "var-lib", "var-lib/postern",
           "var-lib/postfix", "run", "run/lab", "run/lock", "run/postern",
           "dev", "bin")


def build(world, state):
    for folder in FOLDERS:
        os.makedirs(os.path.join(state, folder))
    pki = PKI(world.cas, os.path.join(state, "pki"))
    pki.make_cas()
    smtp = [row for dest in world.dests for host in dest.hosts
            for row in smtp_rows(pki, dest, host)]
    https = [https_row(pki, dest) for dest in world.dests if dest.sts]
    pki.make_leaves()
    zones = Zones(world, pki, os.path.join(state, "zones"))
    zones.build()
    conf.servers(state, zones)
    conf.etc(state, pki.ca_pem("webpki-root"), zones.anchor(),
             {dest.domain: dest.fill(dest.relay)
              for dest in world.dests if dest.relay})
    table = {"smtp": smtp, "https": https, "faults": zones.faults,
             "relays": sorted(zones.relays), "silent": SILENT}
    with open(os.path.join(state, "world.json"), "w") as out:
        json.dump(table, out, indent=1)


def smtp_rows(pki, dest, host):
    """One row per address of a host."""
    name = dest.fill(host.name)
    sni = {dest.fill(key, name): base(pki, cert, dest, name)
           for key, cert in host.sni.items()}
    second = host.second and base(pki, host.second, dest, name)
    return [{"name": name, "address": address, "port": host.port,
             "smtp": smtp, "cert": base(pki, cert, dest, name), "sni": sni,
             "second": second}
            for address, smtp, cert in dest.mail_addresses(host)]


def https_row(pki, dest):
    sts = dest.sts
    name = "mta-sts." + dest.domain
    return {"name": name, "address": dest.web_address(), "https": sts.https,
            "cert": base(pki, sts.cert, dest, name), "status": sts.status,
            "ctype": sts.ctype, "body": policy(dest),
            "headers": [dest.fill(line) for line in sts.headers]}


def base(pki, cert, dest, name):
    return os.path.basename(pki.want(cert, names(dest, name)))


def policy(dest):
    """The policy body, CRLF line ends."""
    sts = dest.sts
    if sts.body is not None:
        return dest.fill(sts.body)
    patterns = sts.mx
    if patterns is None:
        patterns = [host.name for host in dest.hosts]
    lines = ["version: STSv1", "mode: " + sts.mode,
             *("mx: " + dest.fill(p) for p in patterns),
             "max_age: %s" % sts.max_age]
    return "\r\n".join(lines) + "\r\n"
