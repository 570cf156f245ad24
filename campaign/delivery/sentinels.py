"""Sentinels: what stands for values while the MIME of a text is built, and where they stood."""

import re
import secrets
from base64 import b64encode

# The kinds of place: a header, the text, the HTML. And what every mail has.
HEAD, TEXT, HTML = "H", "T", "M"
TOKEN, DATE = "token", "date"
# Quoted-printable may break a placeholder across lines.
_BREAK = "(?:=\r\n)?"


class Sentinels:
    """The sentinels of one text.

    A mark made anew for each text, so that nothing somebody wrote can be taken for one; plain
    letters and digits, so that no encoding changes it.
    """

    def __init__(self) -> None:
        self._mark = f"Q{secrets.token_hex(7)}Z"
        # Of twelve octets, or any number that three divides, base64 is the same whatever follows.
        self.calendar = f"{self._mark}CAL".ljust(21, "Z")
        inner = rf"([HTM])((?:{_BREAK}\d){{3}})|({TOKEN}|{DATE})"
        self.pattern = re.compile(
            f"{_BREAK.join(self._mark)}{_BREAK}(?:{inner})"
            f"|({re.escape(b64encode(self.calendar.encode()).decode())}[A-Za-z0-9+/=]*)".encode()
        )

    def of(self, kind: str, number: int) -> str:
        """Give what stands for a field in a kind of place."""
        return f"{self._mark}{kind}{number:03d}"

    def named(self, name: str) -> str:
        """Give what stands for something that every mail has."""
        return f"{self._mark}{name}"
