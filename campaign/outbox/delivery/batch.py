"""A batch compiled: its MIME built once, each recipient's values put in where they belong."""

import html
import re
from email.headerregistry import Address
from email.policy import SMTP

from campaign.outbox.mail import Envelope, Leaving, compose, display_name, one_address

_FIELD = re.compile(r"\{\{(\w+)\}\}")
# A marker is plain letters and digits, so that no encoding changes it; quoted-printable may only
# break it across lines, which the pattern allows for.
_HEAD, _TEXT, _HTML = "H", "T", "M"
_BREAK = rb"(?:=\r\n)?"
_MARKER = re.compile(
    _BREAK.join([rb"Q", rb"Z", rb"X", rb"([HTM])"])
    + _BREAK
    + rb"((?:\d"
    + _BREAK
    + rb"){3})"
    + _BREAK.join([rb"X", rb"Z", rb"Q"])
)
_TO = "qzxto@qzx.invalid"
_TOKEN = "QZXtokenXZQ"  # noqa: S105  # a marker, not a secret


def fields_of(text: str) -> set[str]:
    """Name the fields a text asks for: `{{name}}` asks for `name`."""
    return set(_FIELD.findall(text))


class CompiledBatch:
    """The bytes of a batch with holes, and what goes into each.

    Compiling costs as much as composing one mail; filling in costs a join of bytes.
    """

    def __init__(self, sample: Leaving, envelope: Envelope) -> None:
        self._names = sorted(
            fields_of(sample.subject + sample.text + sample.html + str(sample.headers))
        )
        marked = Leaving(
            **{
                **sample.__dict__,
                "to": _TO,
                "to_name": "",
                "token": _TOKEN,
                "subject": self._mark(sample.subject, _HEAD),
                "text": self._mark(sample.text, _TEXT),
                "html": self._mark(sample.html, _HTML),
                "headers": {k: self._mark(v, _HEAD) for k, v in sample.headers.items()},
            }
        )
        raw = compose(marked, envelope)
        raw = raw.replace(f"To: {_TO}\r\n".encode(), b"", 1)
        self._parts: list[bytes] = []
        self._holes: list[tuple[int, str, str]] = []
        self._cut(raw)

    def _mark(self, text: str, kind: str) -> str:
        return _FIELD.sub(lambda found: f"QZX{kind}{self._names.index(found[1]):03d}XZQ", text)

    def _cut(self, raw: bytes) -> None:
        end = 0
        pattern = re.compile(_MARKER.pattern + b"|" + _TOKEN.encode())
        for found in pattern.finditer(raw):
            self._parts.append(raw[end : found.start()])
            if found[1] is None:
                hole = (len(self._parts), _HEAD, "")
            else:
                digits = re.sub(rb"\D", b"", found[2])
                hole = (len(self._parts), found[1].decode(), self._names[int(digits)])
            self._holes.append(hole)
            self._parts.append(b"")
            end = found.end()
        self._parts.append(raw[end:])

    def fill(self, mail: Leaving) -> bytes:
        """Build one recipient's mail. Raises KeyError when a field has no value."""
        parts = self._parts.copy()
        for at, kind, name in self._holes:
            if not name:
                parts[at] = mail.token.encode()
                continue
            value = mail.fields[name]
            if kind == _HEAD:
                parts[at] = _header_value(value)
            elif kind == _TEXT:
                parts[at] = _quoted_printable(value)
            else:
                parts[at] = _quoted_printable(html.escape(value))
        return _to_header(mail) + b"".join(parts)


def _to_header(mail: Leaving) -> bytes:
    address = Address(display_name(mail.to_name), *one_address(mail.to))
    name, header = SMTP.header_store_parse("To", address)
    return bytes(SMTP.fold_binary(name, header))


def _header_value(value: str) -> bytes:
    # Only our own ASCII goes into headers: tokens and addresses of ours.
    if not re.fullmatch(r"[\x21-\x7e]*", value):
        raise ValueError("a header field may hold visible ASCII only")
    return value.encode()


def _quoted_printable(value: str) -> bytes:
    """Encode a value (RFC 2045 section 6.7) on lines of its own, so that none grows too long."""
    units = [
        bytes([octet]) if (33 <= octet <= 126 and octet != 61) or octet == 32 else b"=%02X" % octet
        for octet in value.encode()
    ]
    lines, line = [], b""
    for unit in units:
        if len(line) + len(unit) > 72:
            lines.append(line)
            line = b""
        line += unit
    lines.append(line)
    return b"=\r\n" + b"=\r\n".join(lines) + b"=\r\n"
