"""The craft of finding slips: addresses that lead nowhere, and merge fields of other programs.

Each is looked for in time that grows with the text alone: every pattern stops after a few signs.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from campaign.content_checks.content_lint import Finding
from campaign.languages import lazy_gettext as _l
from campaign.markdown import Address

# More of one kind tell a writer nothing that these do not.
MOST_OF_A_KIND = 10
_SHOWN = 80

_MAIL_ADDRESS = re.compile(r"[^\s@/:?#]{1,64}@[^\s@/:?#]{1,190}\.[^\s@/:?#.]{2,24}")
# A name of a site at the beginning, where a scheme should be: www.example.org, example.org/page.
_SITE = re.compile(r"(?:www\.|(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}(?:[/?#:]|$))", re.IGNORECASE)
# Ends of files, which a site's name does not have; the others (.md, .py) are countries too.
_FILE = re.compile(
    r"[^/?#]{0,120}\.(?:md|markdown|html?|php|aspx?|pdf|png|jpe?g|gif|webp|svg|docx?)"
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,30})(:/*|/{2,}|;/+|\\+)", re.IGNORECASE)
_KNOWN = {"http", "https", "mailto", "tel"}


def of_addresses(addresses: Iterable[Address]) -> Iterator[Finding]:
    """Find addresses that no mail program could open, and pictures that nobody would see."""
    for address in addresses:
        shown = address.target[:_SHOWN] + ("…" if len(address.target) > _SHOWN else "")
        if address.is_picture:
            if not re.match(r"/(?![/\\])", address.target):
                yield Finding(
                    _l(
                        "The picture %(address)s is not one of ours: readers get only its words. "
                        "Upload it under “Pictures”.",
                        address=shown,
                    ),
                    is_grave=True,
                )
            continue
        sentence = _what_is_wrong(address.target)
        if sentence is not None:
            named = {"words": address.words[:_SHOWN] or "…", "address": shown}
            yield Finding(sentence % named, is_grave=True)


_NO_ADDRESS = _l("The link “%(words)s” has no address.")
_NO_MAILTO = _l("The link “%(words)s” leads nowhere: write “mailto:” before %(address)s.")
_NO_HTTPS = _l("The link “%(words)s” leads nowhere: write “https://” before %(address)s.")
_WRONG_SCHEME = _l(
    "The link “%(words)s” leads nowhere: %(address)s should begin with “https://”, or with "
    "“mailto:”."
)
_NO_SITE = _l("The link “%(words)s” leads nowhere: %(address)s names no site.")
_RELATIVE = _l(
    "The link “%(words)s” leads nowhere from a mail: %(address)s should be a whole address, or a "
    "path of ours that begins with “/”."
)


def _what_is_wrong(target: str) -> Any:
    """Say why an address leads nowhere; None where it may lead somewhere."""
    if not target.strip():
        return _NO_ADDRESS
    if re.match(r"/(?![/\\])", target):
        return None
    url = _parts(target)
    if url is None:
        return _NO_SITE
    scheme = url.scheme.lower()
    if scheme in {"http", "https"}:
        return None if "." in (url.hostname or "").strip(".") or _is_number(url) else _NO_SITE
    if scheme == "mailto":
        return None if _MAIL_ADDRESS.fullmatch(url.path.partition(",")[0]) else _NO_MAILTO_ADDRESS
    if scheme == "tel":
        return None if re.search(r"\d", url.path) else _NO_ADDRESS
    if _MAIL_ADDRESS.fullmatch(target.partition("?")[0]):
        return _NO_MAILTO
    if target.startswith("//") or (_SITE.match(target) and not _FILE.fullmatch(target)):
        return _NO_HTTPS
    misspelt = _SCHEME.match(target)
    return _WRONG_SCHEME if misspelt else _RELATIVE


_NO_MAILTO_ADDRESS = _l("The link “%(words)s” leads nowhere: %(address)s is no e-mail address.")


def _parts(target: str) -> SplitResult | None:
    try:
        url = urlsplit(target)
        _host, _port = url.hostname, url.port
    except ValueError:
        return None
    return url


def _is_number(url: SplitResult) -> bool:
    return ":" in (url.hostname or "")


# As other programs write them: Mailchimp, HubSpot, Brevo, Mailgun, Campaign Monitor, CleverReach,
# phpList, MailPoet, Salesforce, Mailjet, Liquid, ERB. Ours are {{ name }}, looked at elsewhere.
_FOREIGN = re.compile(
    r"\*\|[^|\n]{1,60}\|\*"
    r"|\[\[[^\[\]\n]{1,60}\]\]"
    r"|<<[^<>\n]{1,60}>>"
    r"|<%[^%\n]{1,60}%>|\{%[^%\n]{1,60}%\}|\[%[^%\n]{1,60}%\]"
    r"|(?<![{\w])[$#%]?\{[!$#/]?[A-Za-z_][^{}\n]{0,60}\}(?!\})"
    r"|(?<![\w%])%%[=\w][^%\n]{0,60}%%"
    r"|(?<![\w%])%[A-Za-z][\w.:-]{2,60}%(?![\w%])"
    r"|%\([A-Za-z_]\w{0,40}\)s"
    r"|\[[A-Z][A-Z_]{2,30}(?: ?[|:][^\[\]\n]{0,40})?\](?![(\[:])"
    r"|\[[a-z_]{2,30}:[^\[\]\s/][^\[\]\n]{0,60}\](?![(\[:])"
    r"|(?<!\w)[#@~$]{1,2}[A-Z][A-Z_.]{2,30}[#@~$]{1,2}(?!\w)"
)


def of_foreign_fields(*texts: str) -> Iterator[Finding]:
    """Find merge fields of other programs, which our readers would see as they stand."""
    found: dict[str, None] = {}
    for text in texts:
        for each in _FOREIGN.finditer(text):
            found[each[0]] = None
            if len(found) >= MOST_OF_A_KIND:
                break
    for words in list(found)[:MOST_OF_A_KIND]:
        yield Finding(
            _l(
                "“%(words)s” looks like a merge field of another program: readers would see it as "
                "it stands. Ours look like {{ name | friend }}.",
                words=words,
            ),
            is_grave=True,
        )


_LEFT_LINK = re.compile(r"\[[^\[\]\n]{0,80}\]\([^()\n]{0,80}")
_LEFT_TAG = re.compile(
    r"</?(?:a|b|br|center|div|em|font|h[1-6]|i|img|li|p|span|strong|style|table|td|tr|u|ul)\b"
    r"[^<>\n]{0,80}/?>",
    re.IGNORECASE,
)


def of_what_is_left(shown: str) -> Iterator[Finding]:
    """Find in what readers are shown the marks of a link or of HTML that was not understood."""
    if link := _LEFT_LINK.search(shown):
        yield Finding(
            _l("“%(words)s” is no link: an address holds no space.", words=link[0]), is_grave=True
        )
    if tag := _LEFT_TAG.search(shown):
        yield Finding(
            _l("“%(words)s” is HTML: readers would see it as it stands.", words=tag[0]),
            is_grave=True,
        )
