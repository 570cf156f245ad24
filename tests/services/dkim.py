"""A verifier of DKIM signatures (RFC 6376) as mailbox providers have one, apart from the signer."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import load_der_public_key

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:((?:[^\r]|\r\n[ \t])*)\r\n")


class NotSigned(Exception):
    """A mail without a signature that verifies; says which part of it does not."""


@dataclass(frozen=True)
class Signature:
    """A signature that verifies: whose it is, and which header fields it covers."""

    domain: str
    selector: str
    covers: list[str]


def verify(raw: bytes, *, dns: Callable[[str], bytes]) -> Signature:
    """Verify the first signature of a mail; `dns` gives a TXT record. Raises `NotSigned`."""
    head, parted, body = raw.partition(b"\r\n\r\n")
    if not parted:
        raise NotSigned("no body")
    fields = [(found[1], found[2]) for found in _FIELD.finditer(head + b"\r\n")]
    if b"".join(b":".join(field) + b"\r\n" for field in fields) != head + b"\r\n":
        raise NotSigned("the header is not one")
    signature = next((said for name, said in fields if name.lower() == b"dkim-signature"), None)
    if signature is None:
        raise NotSigned("no signature")
    tags = _tags(signature)
    if (tags["v"], tags["a"]) != ("1", "rsa-sha256") or "l" in tags:
        raise NotSigned("another kind of signature")
    of_head, _, of_body = tags.get("c", "simple/simple").partition("/")
    if _hash(_body(body, of_body or "simple")) != base64.b64decode(tags["bh"]):
        raise NotSigned("the body was changed")
    covers = [name.lower() for name in tags["h"].split(":")]
    signed = _signed(fields, covers, of_head)
    # The signature stands in what it signs, without itself and without the end of its line.
    bare = re.sub(rb"(^|;)(\s*b\s*=)[^;]*", rb"\1\2", signature)
    signed += _field(b"DKIM-Signature", bare, of_head).removesuffix(b"\r\n")
    name = f"{tags['s']}._domainkey.{tags['d']}"
    key = load_der_public_key(base64.b64decode(_tags(dns(name))["p"]))
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(base64.b64decode(tags["b"]), signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise NotSigned("the header was changed") from None
    return Signature(tags["d"], tags["s"], covers)


def _tags(said: bytes) -> dict[str, str]:
    parts = (part.partition("=") for part in said.decode().split(";") if part.strip())
    return {name.strip(): re.sub(r"\s+", "", value) for name, _, value in parts}


def _hash(said: bytes) -> bytes:
    digest = Hash(SHA256())
    digest.update(said)
    return digest.finalize()


def _body(body: bytes, way: str) -> bytes:
    """Give a body in canonical form (section 3.4.3 and 3.4.4)."""
    if way == "relaxed":
        body = re.sub(rb"[ \t]+(?=\r\n)", b"", re.sub(rb"[ \t]+", b" ", body))
    stripped = re.sub(rb"(\r\n)+\Z", b"", body)
    return stripped + b"\r\n" if stripped or way == "simple" else b""


def _signed(fields: list[tuple[bytes, bytes]], covers: list[str], way: str) -> bytes:
    """Give the fields a signature names, each time the next one from below (section 5.4.2)."""
    left = list(reversed(fields))
    out = b""
    for wanted in covers:
        at = next((n for n, (name, _) in enumerate(left) if name.lower().decode() == wanted), None)
        if at is not None:
            out += _field(*left.pop(at), way)
    return out


def _field(name: bytes, said: bytes, way: str) -> bytes:
    """Give a header field in canonical form (section 3.4.1 and 3.4.2)."""
    if way == "simple":
        return name + b":" + said + b"\r\n"
    one_line = re.sub(rb"[ \t]+", b" ", said.replace(b"\r\n", b"")).strip(b" \t")
    return name.lower() + b":" + one_line + b"\r\n"
