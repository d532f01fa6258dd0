"""Configuration files of the lab's servers, as seen from inside."""
import os
import pwd

import unpacked
from zones import BEHIND, NSD

HERE = "/run/lab"
GATE = "gate.sender.example"
NSDS = {"nsd": NSD, "nsd-behind": BEHIND}

NSD_CONF = """server:
  ip-address: {address}
  port: 53
  username: nsd
  chroot: ""
  database: ""
  server-count: 1
  zonesdir: "/run/lab/zones"
  pidfile: ""
  xfrdfile: ""
  xfrdir: "/run/lab/nsd"
  zonelistfile: "/run/lab/nsd/{address}.list"
  logfile: "/run/lab/nsd/{address}.log"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
"""

UNBOUND = """server:
  interface: 127.0.0.1
  access-control: 127.0.0.0/8 allow
  username: unbound
  chroot: ""
  directory: "/run/lab/unbound"
  pidfile: ""
  use-syslog: no
  logfile: "/run/lab/unbound/unbound.log"
  log-queries: yes
  log-servfail: yes
  val-log-level: 2
  num-threads: 1
  so-reuseport: no
  module-config: "validator iterator"
  root-hints: "/run/lab/root.hints"
  trust-anchor-file: "/run/lab/root.key"
  trust-anchor-signaling: no
  do-not-query-localhost: no
  do-ip6: no
  val-bogus-ttl: 5
  cache-max-negative-ttl: 5
  infra-host-ttl: 30
remote-control:
  control-enable: yes
  control-use-cert: no
  control-interface: /run/lab/unbound/control
"""

# inet_interfaces names one address, so that every other loopback address is
# a remote host to Postfix.
MAIN_CF = """compatibility_level = 3.6
myhostname = gate.sender.example
mydomain = sender.example
myorigin = sender.example
mydestination =
local_transport = error:no local mail
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = all
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtputf8_enable = yes
transport_maps = texthash:/etc/postfix/transport
smtpd_milters = unix:/run/postern/milter.sock
non_smtpd_milters =
milter_default_action = tempfail
smtp_tls_security_level = may
smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt
smtp_tls_loglevel = 1
smtp_connection_cache_on_demand = no
smtp_destination_concurrency_limit = 20
smtp_connect_timeout = 5s
smtp_helo_timeout = 5s
smtp_starttls_timeout = 5s
minimal_backoff_time = 1h
queue_run_delay = 1h
double_bounce_sender = double-bounce
biff = no
"""

MASTER_CF = """smtp      inet  n - n - -   smtpd
pickup    unix  n - n 60 1  pickup
cleanup   unix  n - n - 0   cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - -   trivial-rewrite
bounce    unix  - - n - 0   bounce
defer     unix  - - n - 0   bounce
trace     unix  - - n - 0   bounce
verify    unix  - - n - 1   verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - -   proxymap
proxywrite unix - - n - 1   proxymap
smtp      unix  - - n - -   smtp
relay     unix  - - n - -   smtp
error     unix  - - n - -   error
retry     unix  - - n - -   error
discard   unix  - - n - -   discard
anvil     unix  - - n - 1   anvil
scache    unix  - - n - 1   scache
postlog   unix-dgram n - n - 1 postlogd
"""

# Time-outs are short so that hosts that hang cost seconds, and waits are
# long so that a slow machine does not turn a verdict into "deadline".
POSTERN_CONF = """Socket                 unix:/run/postern/milter.sock
TrustAnchorFile        /etc/postern/root.key
AllowPrivateAddresses  yes
AuthservID             gate.sender.example
InsecureDomains        inside.example
DNSTimeout             3s
GreetingTimeout        3s
ProbeTimeout           3s
STSTimeout             4s
RcptWait               20s
MessageWait            20s
"""

NSSWITCH = """passwd: files
group: files
shadow: files
hosts: files dns
networks: files
protocols: files
services: files
"""


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.remove(path)
    with open(path, "w") as out:
        out.write(text)


def servers(state, zones):
    """Configuration of NSD and Unbound."""
    for name, address in NSDS.items():
        text = NSD_CONF.format(address=address)
        for zone in zones.served(address):
            text += 'zone:\n  name: "%s"\n  zonefile: "%s"\n' % (
                zone.name or ".", os.path.basename(zones.path(zone)))
        write("%s/%s.conf" % (state, name), text)
    write(state + "/unbound.conf", UNBOUND.replace(
        "remote-control:", inside(zones) + "remote-control:"))
    write(state + "/root.hints", ". 3600 IN NS ns.\nns. 3600 IN A %s\n"
          % zones.zones[""].server)
    write(state + "/root.key", zones.anchor())


def inside(zones):
    """What Unbound knows by itself, as a local resolver knows split DNS."""
    text = ""
    for zone in zones.inside():
        text += '  local-zone: "%s." static\n' % zone.name
        text += "".join("  local-data: '%s'\n" % line for line in zone.lines)
    return text


def etc(state, ca_bundle, anchor, relays):
    """Turn the copy of /etc into the lab's own; relays: {domain: next hop}.
    """
    base = state + "/etc"
    if unpacked.is_used():
        unpacked.etc(base)
    write(base + "/resolv.conf", "nameserver 127.0.0.1\noptions trust-ad\n")
    write(base + "/hosts", "127.0.0.1 localhost\n10.53.0.1 %s gate\n" % GATE)
    write(base + "/nsswitch.conf", NSSWITCH)
    write(base + "/mailname", GATE + "\n")
    write(base + "/hostname", GATE + "\n")
    write(base + "/ssl/certs/ca-certificates.crt", ca_bundle)
    write(base + "/postfix/main.cf", MAIN_CF)
    write(base + "/postfix/master.cf", MASTER_CF)
    write(base + "/postfix/transport", "".join(
        "%s smtp:%s\n" % pair for pair in relays.items()))
    write(base + "/postern/postern.conf", POSTERN_CONF)
    write(base + "/postern/root.key", anchor)
    add_user(base)


def add_user(base):
    """User postern, with Postfix in its group to reach the socket."""
    with open(base + "/passwd") as file:
        lines = [line for line in file if not line.startswith("postern:")]
    with open(base + "/group") as file:
        groups = [line for line in file if not line.startswith("postern:")]
    taken = {int(line.split(":")[2]) for line in lines + groups}
    uid = next(n for n in range(990, 100, -1) if n not in taken)
    write(base + "/passwd", "".join(lines) +
          "postern:x:%d:%d::/var/lib/postern:/usr/sbin/nologin\n" % (uid, uid))
    write(base + "/group", "".join(groups) +
          "postern:x:%d:postfix\n" % uid)
    with open(base + "/shadow", "a") as out:
        out.write("postern:!:19000::::::\n")
    return uid


def postern_uid(state):
    with open(state + "/etc/passwd") as file:
        for line in file:
            if line.startswith("postern:"):
                return int(line.split(":")[2])
    raise KeyError("postern")


def owner(path, user):
    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)
