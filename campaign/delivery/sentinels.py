"""Sentinels: what stands for values while the MIME of a text is built, and where they stood."""

import re
import secrets

# The kinds of place: a header, the text, the HTML. And what every mail has.
HEAD, TEXT, HTML = "H", "T", "M"
TOKEN, DATE, CALENDAR = "token", "date", "calendar"

# Drawn anew by each process, and cut out again of all it was put into: nothing that somebody wrote
# can be taken for it. Plain letters and digits, so that no encoding changes it.
_MARK = f"Q{secrets.token_hex(7)}Z"
# Quoted-printable may break it across lines.
_BREAK = "(?:=\r\n)?"
SENTINEL = re.compile(
    f"{_BREAK.join(_MARK)}{_BREAK}"
    rf"(?:([HTM])((?:{_BREAK}\d){{3}})|({TOKEN}|{DATE}|{CALENDAR}))".encode()
)


def sentinel(kind: str, number: int) -> str:
    """Give what stands for a field in a kind of place."""
    return f"{_MARK}{kind}{number:03d}"


def named_sentinel(name: str) -> str:
    """Give what stands for something that every mail has."""
    return f"{_MARK}{name}"
