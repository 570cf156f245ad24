"""The craft of an issue: its Markdown as the mail's two halves, and its address from its title."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from campaign import markup


@dataclass(frozen=True)
class Written:
    """The body of an issue as it is mailed: plain text, and HTML whose links are whole."""

    text: str
    html: str


def write(source: str, *, absolute: Callable[[str], str]) -> Written:
    """Make both halves of a mail's body from Markdown; `absolute` completes our own paths."""
    return Written(
        text=markup.plain(source, absolute=absolute),
        html=complete_links(markup.render(source).html, absolute=absolute),
    )


def complete_links(html: str, *, absolute: Callable[[str], str]) -> str:
    """Make the paths in links and images of rendered HTML into full addresses."""

    def whole(attribute: re.Match[str]) -> str:
        return f'{attribute[1]}="{absolute(attribute[2])}"'

    def tag(found: re.Match[str]) -> str:
        return re.sub(r'\b(href|src)="([^"]*)"', whole, found[0])

    # In rendered HTML every other "<" is escaped, so this finds tags and nothing that only looks
    # like one, such as an example in a code block.
    return re.sub(r"<(?:a|img)\b[^>]*>", tag, html)


def holds_a_field(*texts: str) -> bool:
    """Tell whether a text would be taken for one with fields when it goes to many.

    Asked of what is mailed, not of the source: Markdown has many ways to write two braces.
    """
    return any("{{" in text for text in texts)


def slug_of(title: str) -> str:
    """Make the last part of an address from a title: small Latin letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")
