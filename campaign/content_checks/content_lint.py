"""The craft of reading a text as a mailbox provider and a hurried reader do: what they dislike."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from campaign.languages import lazy_gettext as _l
from campaign.outbox.fields import FIELD, Value

# Gmail shows the first 102 kB of a mail and hides the rest, the link to leave among it.
MOST_BYTES = 100_000
LONGEST_ADDRESS = 120
LONGEST_SUBJECT = 70
_FEW_WORDS = 20

SHORTENERS = {
    "bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly",
    "shorturl.at", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "v.gd",
}  # fmt: skip
# Words that spam lives on, each alone harmless in a talk and costly in a subject.
_SPAM = re.compile(
    r"\b(free money|act now|urgent|winner|you have won|100% free|cash bonus|click here|"
    r"limited time|risk[- ]free|guaranteed|double your|no obligation|once in a lifetime)\b",
    re.IGNORECASE,
)
_EMPTY_WORDS = {"here", "click here", "click", "this", "link", "more", "this link", "read more"}
_DOMAIN = re.compile(r"\b((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """Something to mend, or only to think about, before a text goes out."""

    sentence: Any
    is_grave: bool = False


@dataclass(frozen=True)
class Link:
    """A link of a text: where it leads, and the words that are pressed."""

    address: str
    words: str


# Of a link no more is looked at: what is longer is wrong anyhow, and looking would take its time.
_MOST_OF_ADDRESS, _MOST_OF_WORDS = 2000, 200


def links_in(html: str) -> list[Link]:
    """List the links of rendered HTML in the order of reading."""
    found = re.finditer(r'<a\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return [
        Link(
            unescape(link[1])[:_MOST_OF_ADDRESS],
            " ".join(unescape(re.sub(r"<[^>]+>", "", link[2])).split())[:_MOST_OF_WORDS],
        )
        for link in found
    ]


def pictures_in(html: str) -> list[str]:
    """List the addresses of the pictures of rendered HTML."""
    return [unescape(found) for found in re.findall(r'<img\b[^>]*?\bsrc="([^"]*)"', html)]


def of_subject(subject: str) -> Iterator[Finding]:
    """Find what is wrong with the line by which a mail is opened or not."""
    words = FIELD.sub("", subject)
    shouted = re.findall(r"\b[^\W\d_]{4,}\b", words)
    if len(shouted) >= 2 and sum(word.isupper() for word in shouted) * 2 > len(shouted):
        yield Finding(_l("The subject is in capitals: it reads as shouting, and as spam."))
    if re.search(r"[!?]{2,}|!.*!", words):
        yield Finding(_l("The subject has more than one mark of exclamation: spam has them too."))
    if spam := _SPAM.search(words):
        yield Finding(
            _l("The subject says “%(words)s”, as spam does. Say the news.", words=spam[0])
        )
    if re.match(r"\s*(re|aw|fw|fwd|wg)\s*:", words, re.IGNORECASE):
        yield Finding(_l("The subject pretends to be an answer. Readers resent it."), is_grave=True)
    if len(subject) > LONGEST_SUBJECT:
        yield Finding(
            _l(
                "The subject has %(now)s characters: after 40 or so most phones cut it.",
                now=len(subject),
            )
        )


def of_preview(preview: str, *, subject: str) -> Iterator[Finding]:
    """Find what is wrong with the line that an inbox shows beneath the subject."""
    if not preview:
        yield Finding(_l("There is no preview: inboxes show how the text begins instead."))
    elif preview.strip().casefold() == subject.strip().casefold():
        yield Finding(_l("The preview says the same as the subject. Say the next thing."))


def of_body(text: str, html: str, *, bytes_of_html: int) -> Iterator[Finding]:
    """Find what is wrong with both halves of the text itself; the mail has so many bytes."""
    words = re.findall(r"\w+", FIELD.sub("", re.sub(r"https?://\S+", "", text)))
    pictures = re.findall(r"<img\b[^>]*>", html)
    if not words:
        yield Finding(_l("The text half is empty: say something in words."), is_grave=True)
    elif pictures and len(words) < _FEW_WORDS:
        yield Finding(
            _l("Nearly all of it is pictures. Many readers do not load them, and filters mind."),
            is_grave=True,
        )
    for picture in pictures:
        if not re.search(r'\balt="[^"]+"', picture):
            yield Finding(
                _l("A picture has no description: write what it shows between [ and ]."),
                is_grave=True,
            )
    if bytes_of_html > MOST_BYTES:
        yield Finding(
            _l(
                "The mail has %(now)s kB: Gmail cuts it at 102 kB, and with it the link to leave.",
                now=bytes_of_html // 1000,
            ),
            is_grave=True,
        )
    if re.search(r"!{2,}", text):
        yield Finding(_l("“!!” reads as shouting, and as spam."))
    if spam := _SPAM.search(text):
        yield Finding(_l("It says “%(words)s”, as spam does.", words=spam[0]))
    if re.search(r"\b(?:[A-Z]{4,}\W+){4,}", text):
        yield Finding(_l("A sentence is in capitals: that is hard to read, and reads as shouting."))


def of_links(links: list[Link], *, base: str) -> Iterator[Finding]:
    """Find what is wrong with links by looking at them alone; `base` begins our own addresses."""
    for link in links:
        yield from _of_words(link)
        if link.address != base and not link.address.startswith(f"{base}/"):
            yield from _of_address(link)


def _of_words(link: Link) -> Iterator[Finding]:
    if not link.words and link.address:
        yield Finding(
            _l("A link to %(address)s has no words.", address=link.address), is_grave=True
        )
    elif link.words.casefold().rstrip(".!") in _EMPTY_WORDS:
        yield Finding(
            _l("A link says only “%(words)s”. Let it say where it leads.", words=link.words)
        )


def _of_address(link: Link) -> Iterator[Finding]:
    try:
        url = urlsplit(link.address)
    except ValueError:
        # Said of it elsewhere: no site has such a name (`slips`).
        return
    if url.scheme not in {"http", "https"} or not url.hostname:
        return
    host = url.hostname.removeprefix("www.")
    if host in SHORTENERS:
        yield Finding(
            _l(
                "%(address)s hides where it leads, as spam does. Give the whole address.",
                address=link.address,
            ),
            is_grave=True,
        )
    if re.fullmatch(r"[\d.]+|\[.*", host):
        yield Finding(_l("%(address)s is a number, not a name.", address=link.address))
    if url.scheme == "http":
        yield Finding(_l("%(address)s is not encrypted (https).", address=link.address))
    shown = _DOMAIN.search(link.words)
    # Words such as "e.g." are no domain; nor is the end of a sentence that lacks a space.
    is_address = shown and re.search(r"://|www\.|^\S+$", link.words)
    if shown and is_address and not _same_site(shown[1].lower(), host):
        yield Finding(
            _l(
                "A link shows %(shown)s and leads to %(host)s. Mail programs warn of that.",
                shown=shown[1],
                host=host,
            ),
            is_grave=True,
        )
    if len(link.address) > LONGEST_ADDRESS:
        yield Finding(
            _l(
                "An address at %(host)s has %(now)s characters and stands so in the text half.",
                host=host,
                now=len(link.address),
            )
        )


def _same_site(shown: str, host: str) -> bool:
    shown = shown.removeprefix("www.")
    return host == shown or host.endswith(f".{shown}") or shown.endswith(f".{host}")


def of_fields(
    lines: str, text: str, html: str, *, sampled: Mapping[str, Value]
) -> Iterator[Finding]:
    """Find merge fields that leave a gap for a reader we know nothing of, or burst their line.

    `lines` are subject and preview, the other two the halves of the text; `sampled` has the value
    of each known field for such a reader.
    """
    seen: set[str] = set()
    for found in FIELD.finditer(f"{lines}\n{text}"):
        name = found[1]
        if name not in sampled or name in seen:
            continue
        seen.add(name)
        value = sampled[name]
        if not value.text and not found[2]:
            yield Finding(
                _l(
                    "“%(name)s” is empty for some readers. Say what stands there for them: "
                    "{{ %(name)s | … }}.",
                    name=name,
                )
            )
        if not value.is_card:
            continue
        if any(name == asked[1] for asked in FIELD.finditer(lines)):
            yield Finding(
                _l("“%(name)s” is a whole card: it cannot stand in a subject.", name=name),
                is_grave=True,
            )
        alone = re.sub(rf'<div class="field">{FIELD.pattern}</div>', "", html)
        if any(name == asked[1] for asked in FIELD.finditer(alone)):
            yield Finding(
                _l("“%(name)s” is a whole card: give it a paragraph of its own.", name=name),
                is_grave=True,
            )
