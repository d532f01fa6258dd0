"""A certificate whose RSA key is too big for anybody, and the part of a TLS 1.2
handshake that shows it.  No such key can be made in time, and openssl(1) takes
none: its numbers are any odd ones, and nothing is signed."""
import ssl
import struct

BITS = 65536
EXPONENT_BITS = 65536  # the dearest there is: a check would take minutes
RECORD = 16384  # RFC 5246 section 6.2.1
HANDSHAKE, SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE = 22, 2, 11, 12

SHA256_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")
PLAIN_RSA = bytes.fromhex("300d06092a864886f70d0101010500")
VERSION_3 = bytes.fromhex("a003020102")
SERIAL = bytes.fromhex("020101")
DATES = b"200101000000Z", b"490101000000Z"


def element(tag, *parts):
    data = b"".join(parts)
    return bytes([tag, 0x83]) + len(data).to_bytes(3, "big") + data


def odd_number(bits):
    return element(2, b"\0" + b"\xc1" * (bits // 8))


def certificate(name):
    """In PEM, for one host."""
    key = element(0x30, odd_number(BITS), odd_number(EXPONENT_BITS))
    common = element(0x30, element(0x31, element(
        0x30, b"\x06\x03\x55\x04\x03", element(12, name.encode()))))
    dates = element(0x30, *(element(0x17, date) for date in DATES))
    to_sign = element(0x30, VERSION_3, SERIAL, SHA256_RSA, common, dates,
                      common, element(0x30, PLAIN_RSA,
                                      element(3, b"\0", key)))
    return ssl.DER_cert_to_PEM_cert(element(
        0x30, to_sign, SHA256_RSA, element(3, b"\0" + b"\x51" * (BITS // 8))))


def message(kind, data):
    return bytes([kind]) + len(data).to_bytes(3, "big") + data


def flight(pem):
    """What a server says to a ClientHello, up to the signature that its client
    is to check by the key.  ECDHE-RSA-AES128-GCM-SHA256, x25519."""
    der = ssl.PEM_cert_to_DER_cert(pem)
    hello = b"\3\3" + bytes(32) + bytes.fromhex("00c02f000005ff01000100")
    chain = len(der).to_bytes(3, "big") + der
    exchange = bytes.fromhex("03001d20") + bytes(range(1, 33)) + \
        bytes.fromhex("0401") + struct.pack("!H", BITS // 8) + \
        b"\x51" * (BITS // 8)
    data = message(SERVER_HELLO, hello) + message(
        CERTIFICATE, len(chain).to_bytes(3, "big") + chain) + message(
            KEY_EXCHANGE, exchange)
    parts = [data[at:at + RECORD] for at in range(0, len(data), RECORD)]
    return b"".join(struct.pack("!BHH", HANDSHAKE, 0x0303, len(part)) + part
                    for part in parts)
