"""Linking: which bare words are links, and where the relative links of a page file lead."""

import re
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any
from urllib.parse import urljoin, urlsplit

from linkify_it import LinkifyIt
from markdown_it.rules_inline import StateInline

# What page files are called; the address of a page is its file's name without it.
PAGE_ENDINGS = (".md", ".markdown")
_PICTURE = re.compile(r"\.(?:avif|gif|jpe?g|png|svg|webp)$", re.IGNORECASE)
_PICTURES = "/static/images/"
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|[#?]|$", re.IGNORECASE)
_WWW = "//www."
# What stands before and behind an address in print, and is not of it.
_OPENING, _CLOSING = "“„‟«‹‘‚(", "”“»›’‘:"
# Looked for in so many characters, and in more only where there is one: 50,000 characters of what
# is nearly an address would else keep a process busy.
_USUAL, _LONGEST = 300, 2000


class _Finder(LinkifyIt):
    """What finds bare links, with the quotes of print for quotes."""

    def _on_compile(self) -> None:
        plain = '|"|'
        before, quote, after = self.re["tpl_email_fuzzy"].partition(plain)
        self.re["tpl_email_fuzzy"] = f'{before}|["{_OPENING}]|{after}' if quote else before


def bare_links() -> LinkifyIt:
    """Make what finds bare links: `https://…`, `www.…` and mail addresses, but no file names."""
    links = _Finder(options={"fuzzy_link": False, "fuzzy_email": True, "fuzzy_ip": False})
    links.tlds(["[a-z]{2,63}"])

    def length(finder: LinkifyIt, text: str, at: int) -> int:
        found = finder._validate_http(text[at : at + _USUAL], 0)
        if found > _USUAL // 2:
            found = finder._validate_http(text[at : at + _LONGEST], 0)
        return len(text[at : at + found].rstrip(_CLOSING))

    def length_without_scheme(finder: LinkifyIt, text: str, at: int) -> int:
        if text[at - len("www.") - 1 : at].startswith((".", "-")):
            return 0
        tail = _WWW + text[at : at + _LONGEST]
        found = tail[: length(finder, tail, 0)]
        return len(found) - len(_WWW) if "." in urlsplit(found).netloc[4:] else 0

    def complete(_finder: LinkifyIt, match: Any) -> None:
        match.url = f"https://{match.url}"

    for scheme in ("ftp:", "//"):
        links.add(scheme, None)
    for scheme in ("http:", "https:"):
        links.add(scheme, {"validate": length})
    links.add("www.", {"validate": length_without_scheme, "normalize": complete})
    return links


# The end of what was read so far, where a scheme would stand, and a character before it.
_SCHEME_AT_END = re.compile(r"(?<![a-z0-9.+-])https?$", re.IGNORECASE)


def link_here(state: StateInline, silent: bool) -> bool:
    """Make a link of an address with a scheme before Markdown reads characters within it.

    The rule of the same name in markdown-it, which looks at all that was read so far at each colon.
    """
    links = state.md.linkify
    if links is None or state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME_AT_END.search(state.pending[-len("https") - 1 :])
    if not scheme:
        return False
    begins = state.pos - len(scheme[0])
    found = links.match_at_start(state.src[begins : begins + 2 * _LONGEST])
    # Not what would be emphasis that ends here.
    url = found.url.rstrip("*") if found else ""
    address = state.md.normalizeLink(url)
    if not url or not state.md.validateLink(address):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        begin = state.push("link_open", "a", 1)
        begin.attrs = {"href": address}
        state.push("text", "", 0).content = state.md.normalizeLinkText(url)
        end = state.push("link_close", "a", -1)
        for token in (begin, end):
            token.markup, token.info = "linkify", "auto"
    state.pos += len(url) - len(scheme[0])
    return True


def own_address(address: str, *, file: str) -> str:
    """Give the address on the site to which a link in a page file leads; others stay as they are.

    Links to other files of the folder lead to their pages. A picture's place in the folder is its
    place in `static/images`, whether or not the folder has an `images` of its own.
    """
    if _ELSEWHERE.match(address):
        return address
    where = urlsplit(urljoin(f"/{file}", address))
    path = normpath(f"/{where.path.lstrip('./')}")
    if not address.startswith("/") and _PICTURE.search(path):
        path = re.sub(r"^/(?:static/)?(?:images/)?", _PICTURES, path)
    elif path.lower().endswith(PAGE_ENDINGS):
        path = str(PurePosixPath(path).with_suffix(""))
        path = re.sub(r"/index$", "", path) or "/"
    return where._replace(path=path).geturl()
