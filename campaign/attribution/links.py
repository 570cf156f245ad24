"""Attribution codes in our own links: which mail somebody came by, the same for all its readers.

A code goes only into links to where something can be done: to events, days of action and letters.
Nobody's link differs from anybody else's, so it tells how many came by a mail and never who.
"""

import re
from collections.abc import Callable
from typing import Any

# Where a conversion is done that is counted (`attribution`).
_PAGES = r"/(?:events|actions|write)(?![\w.-])"
_END = r"[^\s<>\"'(){}\[\]]*"


def in_html(html: str, code: str, *, absolute: Callable[[str], Any]) -> str:
    """Put a code into the links of a mail's HTML."""
    links = re.compile(rf'(<a\b[^>]*?\bhref=")({_own(absolute)}{_PAGES}[^"{{}}]*)(")')
    return links.sub(lambda found: found[1] + _with(found[2], code, "&amp;") + found[3], html)


def in_text(text: str, code: str, *, absolute: Callable[[str], Any]) -> str:
    """Put a code into the addresses that stand in a mail's text."""
    addresses = re.compile(rf"{_own(absolute)}{_PAGES}{_END}(?<![.,;:!?])(?!\S*[{{}}])")
    return addresses.sub(lambda found: _with(found[0], code, "&"), text)


def _own(absolute: Callable[[str], Any]) -> str:
    return re.escape(str(absolute("/")).rstrip("/"))


def _with(address: str, code: str, joint: str) -> str:
    if re.search(r"[?;&]via=", address):
        # The writer has a code of their own.
        return address
    page, hash_, anchor = address.partition("#")
    return f"{page}{joint if '?' in page else '?'}via={code}{hash_}{anchor}"
