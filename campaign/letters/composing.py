"""Composing: a template made into a draft, a draft into a finished letter, and its mailto address.

A draft holds two placeholders in square brackets, where the supporter's own words and name will
stand. The supporter may move them; one that was taken out does not lose the words (`finish`).
"""

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from campaign.languages import _, force_locale, short_date
from campaign.letters.models import Template
from campaign.summits.models import Holder, Post, Summit

MERGE_FIELDS = ("salutation", "post", "summit", "summit_place", "own_words", "name")
_MERGE_FIELD = re.compile(r"\{(" + "|".join(MERGE_FIELDS) + r")\}")


@dataclass(frozen=True)
class Draft:
    """A letter ready for the supporter's own words."""

    subject: str
    body: str


@dataclass(frozen=True)
class Placeholders:
    """What stands in a draft for what only the supporter knows."""

    own_words: str
    name: str


class Fallbacks(NamedTuple):
    """What a letter says in one language where the directory or the calendar knows nothing."""

    salutation: str
    post: str
    summit: str
    summit_place: str


# A letter's language is the ministry's, not the site's, so these are not in its catalogues; each
# language a letter comes in has its own.
_FALLBACKS = {
    "en": Fallbacks(
        salutation="Dear Minister,",
        post="Minister responsible for artificial intelligence",
        summit="next world summit on AI",
        summit_place="place and days not announced yet",
    ),
    "de": Fallbacks(
        salutation="Sehr geehrte Frau Ministerin, sehr geehrter Herr Minister,",
        post="Ministerium mit Zuständigkeit für künstliche Intelligenz",
        summit="nächster Weltgipfel zu KI",
        summit_place="Ort und Tage noch nicht bekannt",
    ),
    "fr": Fallbacks(
        salutation="Madame la Ministre, Monsieur le Ministre,",
        post="Ministère chargé de l'intelligence artificielle",
        summit="prochain sommet mondial sur l'IA",
        summit_place="lieu et dates pas encore annoncés",
    ),
}


def fallbacks_in(language: str) -> Fallbacks:
    """Give what a letter in a language says of what is not known; `fr-CA` as `fr`.

    In a language of which we know no such words the salutation is left out, and the other places
    stay open for the supporter: better than words of another language.
    """
    base = language.replace("_", "-").lower().partition("-")[0]
    return _FALLBACKS.get(base) or Fallbacks("", "{post}", "{summit}", "{summit_place}")


def empty_template() -> Template:
    """Give a template that says nothing yet, for a campaign that has not written one."""
    return Template(language="en", subject="", body="{salutation}\n\n{own_words}\n\n{name}")


def placeholders() -> Placeholders:
    """Give the placeholders in the reader's language."""
    return Placeholders(own_words=_("[Your own words will stand here]"), name=_("[Your name]"))


def draft(
    template: Template,
    *,
    post: Post | None,
    holder: Holder | None,
    summit: Summit | None,
    placeholders: Placeholders,
) -> Draft:
    """Fill in all of a template but what the supporter adds."""
    fallbacks = fallbacks_in(template.language)
    with force_locale(template.language.replace("-", "_")):
        words = {
            "salutation": (holder.salutation.strip() if holder else "") or fallbacks.salutation,
            "post": post.title if post else fallbacks.post,
            "summit": summit.name if summit else fallbacks.summit,
            "summit_place": where_and_when(summit) if summit else fallbacks.summit_place,
        }
    words |= {"own_words": placeholders.own_words, "name": placeholders.name}
    return Draft(
        subject=_fill(template.subject, words),
        body=_fill(template.body, words),
    )


def where_and_when(summit: Summit) -> str:
    """Say where and when a summit is, as exactly as it is known: Geneva, 2027."""
    when = short_date(summit.first_day) if summit.first_day else str(summit.year)
    return f"{summit.location}, {when}"


def unfilled(text: str) -> list[str]:
    """List the merge fields that a text still has, as they are written."""
    return sorted({found[0] for found in _MERGE_FIELD.finditer(text)})


def closing_of(template: Template) -> str:
    """Give the paragraph with which a template takes its leave: the last before the name."""
    before = template.body.partition("{name}")[0]
    return _paragraphs(before)[-1]


def finish(
    body: str, *, own_words: str, name: str, placeholders: Placeholders, closing: str
) -> str:
    """Put a supporter's own words and name into a draft.

    They stand where their placeholders are. Where one was taken out, the own words come before the
    closing and the name at the end, unless the text has them already. Without a name its
    placeholder goes, since a mail program signs by itself.
    """
    if placeholders.own_words in body:
        # Split and joined rather than replaced: the words may themselves hold a placeholder.
        first, *rest = body.split(placeholders.own_words)
        body = first + own_words + "".join(rest)
    elif not _says(body, own_words):
        body = _before_the_close(
            body, own_words, placeholders=placeholders, closing=closing, name=name
        )
    if placeholders.name in body:
        body = body.replace(placeholders.name, name)
    elif not _is_signed(body, name):
        body = f"{body}\n\n{name}"
    return re.sub(r"\n{3,}", "\n\n", body).strip()


# After it a town, an address, a postscript may stand.
_LAST_PARAGRAPHS = 3
_AROUND_A_NAME = " \t,.;:-–—_*~"


def _is_signed(body: str, name: str) -> bool:
    """Tell whether a text ends with a name, on a line of its own or after its closing's comma.

    A name may be a word of any sentence: Will, May, Grace, or the Ada of Canada.
    """
    wanted = _plain(name)
    lines = [line for part in _paragraphs(body)[-_LAST_PARAGRAPHS:] for line in part.splitlines()]
    # "Yours, Ada": what follows the last comma or dash of a short last line.
    *_earlier, last = lines or [""]
    after = re.split(r"[,–—]", last)[-1] if len(last) <= _LONGEST_CLOSING + len(name) else ""
    return not wanted or wanted in {*map(_plain, lines), _plain(after)}


_LONGEST_CLOSING = 40


def _plain(line: str) -> str:
    return " ".join(line.strip(_AROUND_A_NAME).casefold().split())


def _says(body: str, words: str) -> bool:
    """Tell whether somebody's words stand in a text as they wrote them, not within other words."""
    bounded = rf"(?:(?<=[\n.!?:…\"”»)])|\A)[ \t]*{re.escape(words.strip())}(?!\w)"
    return re.search(bounded, body) is not None


def _before_the_close(
    body: str, words: str, *, placeholders: Placeholders, closing: str, name: str
) -> str:
    paragraphs = _paragraphs(body)
    lines = [paragraph.strip() for paragraph in paragraphs]
    at = len(lines)
    if lines and lines[-1] in {placeholders.name, name}:
        at -= 1
    if closing in lines:
        at = len(lines) - 1 - lines[::-1].index(closing)
    return "\n\n".join([*paragraphs[:at], words, *paragraphs[at:]])


def _paragraphs(text: str) -> list[str]:
    return [part for part in re.split(r"\n[ \t]*\n\s*", text.strip()) if part.strip()]


def _fill(text: str, words: dict[str, str]) -> str:
    return _MERGE_FIELD.sub(lambda found: words[found[1]], text).strip()


def mailto(address: str, *, subject: str, body: str) -> str:
    """Write a letter as a mailto address (RFC 6068): each part encoded, lines ended by CRLF."""
    lines = body.replace("\r\n", "\n").replace("\n", "\r\n")
    return (
        f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}"
        f"&body={quote(lines, safe='')}"
    )


def mailto_without_text(address: str, *, subject: str) -> str:
    """Write a mailto address that opens a mail with its subject, for a text to be pasted into."""
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}"
