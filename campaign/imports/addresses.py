"""Addresses: the one e-mail address in a cell, with whatever programs put around it taken off."""

import re
import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES

from campaign.spreadsheets import unguarded
from campaign.validators import normal_address

# What the slow check would pass as it stands (`forms.normal_address`): nearly every address.
_PLAIN = re.compile(
    r"[a-z0-9_+-]{1,64}(?:\.[a-z0-9_+-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
    re.ASCII,
)
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)
# What spreadsheets, mail programs and web pages put around an address.
_AROUND = " \t\r\n\"'`´‘’‚‛“”„«»‹›<>;,.:"
_REMARKED = re.compile(r"([^()\s]+@[^()\s]+)\s*\([^()@]*\)[\s;,.]*")
_NAMED = re.compile(r"[^<>]*<\s*(?:mailto:)?([^<>\s]+@[^<>\s]+?)\s*>[\s;,.]*", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:\s*([^?]+)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
# A cell with one of these before the address may pass as it stands, and is not meant so.
_OPENS = "'`´‘’‚‛“”„\""


def mended(typed: str) -> str:
    """Find the one address in a cell with a name, a link, or stray characters around it."""
    text = "".join(one for one in typed if unicodedata.category(one) != "Cf")
    text = text.replace("＠", "@").replace("\N{NO-BREAK SPACE}", " ").strip()
    found = _NAMED.fullmatch(text)
    if found:
        # A name that is another address leaves open which one is meant.
        others = {word.strip(_AROUND).lower() for word in text.split("<")[0].split() if "@" in word}
        text = found[1] if others <= {found[1].lower()} else ""
    elif "<" in text.strip("<") or ">" in text.strip(">"):
        return ""
    found = _REMARKED.fullmatch(text)
    text = found[1] if found else text
    found = _MAILTO.fullmatch(text.strip(_AROUND))
    # A dot before an address is a mistake in it; one after it ends a sentence.
    text = (found[1] if found else text).lstrip(_AROUND.replace(".", "")).rstrip(_AROUND)
    return address(text) if text != typed else ""


def address(typed: str) -> str:
    """Give a cell's address in the form we keep; "" where it is not exactly one."""
    plain = typed.lower()
    if (
        len(plain) <= 254
        and _PLAIN.fullmatch(plain)
        and plain.index("@") <= 64
        and "--" not in plain
        and not plain.endswith(_SPECIAL)
    ):
        return plain
    cell = unguarded(typed)
    if cell.startswith(tuple(_OPENS)):
        return ""
    try:
        return normal_address(cell)
    except ValueError:
        return ""
