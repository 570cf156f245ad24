"""Masking: what of a mail is its recipient's alone, cut out wherever the office shows a mail.

With the links in a supporter's mails one could answer in their name, and with an organiser's come
in as that organiser: those we sent, and those that somebody quotes in a mail to us.
"""

import re

from flask import Flask, current_app

_CUT = "…"

# As links are written in mails: plainly, or within another's link, encoded once or twice.
_SLASH = r"(?:/|%(?:25)*2[Ff]|=2[Ff])"
_ENDS = r"[\w.~%=+-]+"
# Some programs break a line where a slash is.
_BREAK = r"(?:=?\r?\n[>|\s]*)?"
# A token ends a line that a mail program has broken; its rest stands on the next, after its quotes.
_LONG_LINE = 60
_REST = re.compile(r"\r?\n[>| \t]*([\w.~%=+-]+)")
# An address of ours that acts by itself, and the tokens that are all in small letters.
_ADDRESS = re.compile(r"\b([a-z-]{2,20})(?:\+|%(?:25)*2[Bb])[\w.=-]{10,}(?=@|%40|=40)")
_SHORT = re.compile(r"\b\d{1,18}[a-z][0-9a-f]{20}\b")


def init_app(app: Flask) -> None:
    """Let templates cut what strangers and relays say of our links."""
    app.jinja_env.filters["masked"] = masked


def masked(text: str) -> str:
    """Give a text without the tokens in its links and addresses, whoever's words it is."""
    kept, end = [], 0
    for found in _doors().finditer(text):
        if found.start() < end:
            continue
        kept += [text[end : found.end(1)], _CUT]
        end = _end_of_token(text, found)
    shown = "".join(kept) + text[end:]
    return _SHORT.sub(_CUT, _ADDRESS.sub(rf"\1+{_CUT}", shown))


def _end_of_token(text: str, found: re.Match[str]) -> int:
    begins = text.rfind("\n", 0, found.start()) + 1
    rest = _REST.match(text, found.end())
    if rest and found.end() - begins >= _LONG_LINE:
        return rest.end()
    return found.end()


def _doors() -> re.Pattern[str]:
    """Make the pattern of every address of ours that has a token in its path.

    It goes by what stands before the token, on any host: strangers write what they like.
    """
    known: re.Pattern[str] | None = current_app.extensions.get("masking")
    if known is None:
        before = {
            rule.rule.partition("/<token>")[0].rpartition("/")[2]
            for rule in current_app.url_map.iter_rules()
            if "token" in rule.arguments
        }
        names = "|".join(sorted(map(re.escape, before)))
        known = re.compile(rf"({_SLASH}(?:{names}){_SLASH}){_BREAK}{_ENDS}", re.IGNORECASE)
        current_app.extensions["masking"] = known
    return known
