"""Certificates of the lab, made with openssl(1), and TLSA data from them."""
import hashlib
import os
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor

import costly
from model import NOBODY

DATES = {"expired": ("20200101000000Z", "20200201000000Z"),
         "future": ("20900101000000Z", "20910101000000Z"),
         "valid": ("20200101000000Z", "20600101000000Z")}

EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("rsa:2048",)

CONFIG = """[req]
distinguished_name=dn
prompt=no
x509_extensions=ext
string_mask=utf8only
utf8=yes
[dn]
CN={cn}
[ext]
{ext}
[ca]
default_ca=lab
[lab]
database={base}.db
serial={base}.serial
new_certs_dir={dir}
default_md=sha256
policy=any
x509_extensions=ext
unique_subject=no
rand_serial=yes
[any]
commonName=optional
"""


class PKI:
    """Makes each certificate once and remembers its files."""

    def __init__(self, cas, folder):
        self.cas = cas
        self.folder = folder
        self.leaves = {}
        os.makedirs(os.path.join(folder, "ca"))

    def make_cas(self):
        for ca in self.cas.values():
            ext = ["basicConstraints=" + ca.basic, "subjectKeyIdentifier=hash",
                   "keyUsage=critical,keyCertSign,cRLSign", *ca.extra]
            self._issue(self._ca_base(ca.name), "Lab " + ca.name, ext,
                        ca.issuer, ca.dates, EC)

    def want(self, cert, names):
        """Ask for a leaf; names: replacements for "{d}" and "{h}"."""
        def fill(text):
            for key, value in names.items():
                text = text.replace(key, value)
            return text
        key = (cert, tuple(sorted(names.items())))
        if key not in self.leaves:
            base = os.path.join(self.folder, "%03d" % len(self.leaves))
            san = tuple(fill(name) for name in cert.san)
            cn = fill(cert.cn) or (san[0] if san else "none")
            self.leaves[key] = (base, cert, san, cn)
        return self.leaves[key][0]

    def make_leaves(self):
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            list(pool.map(self._make_leaf, self.leaves.values()))

    def _make_leaf(self, leaf):
        base, cert, san, cn = leaf
        if cert.key == "costly":
            with open(base + ".pem", "w") as out:
                out.write(costly.certificate(cn))
            return
        ext = ["basicConstraints=critical,CA:FALSE",
               "subjectKeyIdentifier=hash", "extendedKeyUsage=serverAuth",
               "keyUsage=" + cert.usage]
        if san:
            ext.append("subjectAltName=" + ",".join("DNS:" + n for n in san))
        self._issue(base, cn[:64], ext, cert.issuer, cert.dates,
                    RSA if cert.key == "rsa" else EC)
        send = cert.send
        if send is None:
            send = self.cas[cert.issuer].send if cert.issuer != "self" else ()
        with open(base + ".chain", "w") as out:
            for path in [base, *map(self._ca_base, send)]:
                out.write(read(path + ".pem"))

    def _issue(self, base, cn, ext, issuer, dates, key):
        """One certificate and its key.  openssl-req can only start now, so
        other dates go by way of openssl-ca."""
        with open(base + ".cnf", "w") as out:
            out.write(CONFIG.format(cn=cn, ext="\n".join(ext), base=base,
                                    dir=self.folder))
        signer = [] if issuer == "self" else [
            "-CA", self._ca_base(issuer) + ".pem",
            "-CAkey", self._ca_base(issuer) + ".key"]
        new = ["openssl", "req", "-batch", "-config", base + ".cnf",
               "-newkey", *key, "-nodes", "-keyout", base + ".key"]
        if dates == "valid":
            run([*new, "-x509", *signer, "-days", "3650",
                 "-out", base + ".pem"])
            return
        run([*new, "-new", "-out", base + ".csr"])
        open(base + ".db", "w").close()
        signer = ["-selfsign", "-keyfile", base + ".key"] \
            if issuer == "self" else [
                "-cert", self._ca_base(issuer) + ".pem",
                "-keyfile", self._ca_base(issuer) + ".key"]
        start, end = DATES[dates]
        run(["openssl", "ca", "-batch", "-config", base + ".cnf", "-notext",
             "-startdate", start, "-enddate", end, "-in", base + ".csr",
             *signer, "-out", base + ".pem"])

    def _ca_base(self, name):
        return os.path.join(self.folder, "ca", name)

    def ca_pem(self, name):
        return read(self._ca_base(name) + ".pem")

    def rdata(self, record, leaf_base):
        """The presentation format of a TLSA record's RDATA."""
        data = record.data
        if data is None:
            data = self._association(record, leaf_base).hex()
        if record.trim is not None:
            data = data[:2 * record.trim]
        return "%d %d %d %s" % (record.usage, record.selector, record.mtype,
                                data)

    def _association(self, record, leaf_base):
        if record.of == NOBODY:
            der = b"no certificate looks like this"
        else:
            base = leaf_base if record.of == "leaf" \
                else self._ca_base(record.of)
            der = ssl.PEM_cert_to_DER_cert(read(base + ".pem"))
            if 1 in (record.part, record.selector) and record.part != 0:
                der = spki(der)
        if record.mtype == 1:
            return hashlib.sha256(der).digest()
        if record.mtype == 2:
            return hashlib.sha512(der).digest()
        return der


def tlv(der, at):
    """(start of value, end of value) of the DER element at an offset."""
    length = der[at + 1]
    at += 2
    if length & 0x80:
        size = length & 0x7f
        length = int.from_bytes(der[at:at + size], "big")
        at += size
    return at, at + length


def spki(der):
    """SubjectPublicKeyInfo of a certificate, as its bytes stand there."""
    at, _ = tlv(der, 0)
    at, _ = tlv(der, at)
    if der[at] == 0xa0:
        at = tlv(der, at)[1]
    for _ in range(5):
        at = tlv(der, at)[1]
    return der[at:tlv(der, at)[1]]


def read(path):
    with open(path) as file:
        return file.read()


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=60)
    if done.returncode != 0:
        raise RuntimeError("%s\n%s" % (" ".join(command), done.stdout))
