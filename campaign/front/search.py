"""The craft of the search: what was asked for, which hits come first, and the words around them."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from unicodedata import normalize

from flask import url_for
from markupsafe import Markup

from campaign import markup
from campaign.comments import without_comments
from campaign.events import queries as events_queries
from campaign.events.models import Event
from campaign.folding import fold
from campaign.front.policy import LONGEST_SEARCH, MOST_LOOKED_AT, MOST_SEARCH_WORDS
from campaign.languages import country_name
from campaign.languages import lazy_gettext as _l
from campaign.newsletter import queries as newsletter_queries
from campaign.pages import queries as pages_queries
from campaign.paging import Pager, nearest_page, pages_of

ON_A_PAGE = 20
# Characters of text around the first word found.
BEFORE, AROUND = 60, 240


def words_of(asked: str) -> list[str]:
    """Part what was typed into the words to look for; what stands between them is no word."""
    found = re.findall(r"[^\W_]+(?:[-'’.][^\W_]+)*", normalize("NFC", asked[:LONGEST_SEARCH]))
    # One Latin letter stands everywhere; one Chinese character may say something.
    words = [word.lower() for word in found if len(word) > 1 or not word.isascii()]
    return list(dict.fromkeys(words))[:MOST_SEARCH_WORDS]


@dataclass(frozen=True)
class Hit:
    """One thing found: where it is, what it is called, and its text as Markdown."""

    kind: Any
    path: str
    title: str
    summary: str
    source: str
    on: date | None
    language: str = ""
    # The text rendered, where it is kept so.
    rendered: str = ""
    # What it is looked for by, where that is not its title: many events have nearly the same one.
    names: str = ""
    bonus: int = 0

    @property
    def text(self) -> str:
        """Give its words alone."""
        return _words_in(self.rendered or markup.render(self.source).html)

    def is_found_by_comment(self, words: Sequence[str], source: str) -> bool:
        """Tell whether one of the words stands only in comments, at which the database looks too.

        They are not for readers, who would learn from a hit what stands there.
        """
        if "<!--" not in source:
            return False
        seen = fold(f"{self.title} {self.names} {self.summary} {self.source}")
        whole = fold(source)
        return any(word in whole and word not in seen for word in map(fold, words))


# Tags within a line, where no space is: a full stop may follow.
_WITHIN = re.compile(r"</?(?:a|abbr|code|del|em|s|strong|sub|sup)\b[^>]*>")


def _words_in(rendered: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", _WITHIN.sub("", rendered)))


def find(words: Sequence[str], *, now: datetime) -> list[Hit]:
    """Find everything in which all of the words stand, what fits best first."""
    if not words:
        return []
    found = list(_everything(words, now))
    return sorted(
        found, key=lambda hit: (_weight(hit, words), hit.on or date.min, hit.path), reverse=True
    )


def _everything(words: Sequence[str], now: datetime) -> Iterator[Hit]:
    for page in pages_queries.with_words(words, most=MOST_LOOKED_AT):
        hit = Hit(
            kind=_l("News") if page.is_news else _l("Page"),
            path=page.path,
            title=page.title,
            summary=page.description,
            source=without_comments(page.source),
            on=page.published_on if page.is_news else None,
            language=page.language,
            rendered=page.html,
        )
        if not hit.is_found_by_comment(words, page.source):
            yield hit
    for action in events_queries.actions_with_words(words, most=MOST_LOOKED_AT):
        path = url_for("events.action", slug=action.slug)
        yield Hit(_l("Day of action"), path, action.title, "", action.summary, action.day)
    for event in events_queries.with_words(words, now=now, most=MOST_LOOKED_AT):
        hit = _event(event, now)
        if not hit.is_found_by_comment(words, event.description):
            yield hit
    for issue, text in newsletter_queries.with_words(words, most=MOST_LOOKED_AT):
        path = url_for("newsletter.issue", slug=issue.slug)
        if len(issue.texts) > 1:
            path = url_for("newsletter.issue_in", slug=issue.slug, language=text.language)
        day = issue.published_at.date() if issue.published_at else None
        hit = Hit(
            kind=_l("Newsletter"),
            path=path,
            title=text.title,
            summary=text.summary,
            source=_words_in(text.html),
            on=day,
            language=text.language,
            rendered=text.html,
        )
        # The database also looks at the tags.
        said = fold(f"{hit.title} {hit.source}")
        if all(fold(word) in said for word in words):
            yield hit


def _event(event: Event, now: datetime) -> Hit:
    place = ", ".join(part for part in (event.location, country_name(event.country)) if part)
    return Hit(
        kind=_l("Event"),
        path=url_for("events.event", slug=event.slug),
        title=event.title,
        names=f"{event.city} {country_name(event.country)}",
        summary=place,
        source=without_comments(event.description),
        on=event.starts_on,
        bonus=-6 if event.is_over(now) or event.is_called_off else 6,
    )


def _weight(hit: Hit, words: Sequence[str]) -> int:
    """Weigh a hit: words in the title most, whole words and beginnings more than parts."""
    title, summary = fold(hit.names or hit.title), fold(hit.summary)
    # A text may be long, and need not be weighed so closely as to fold it.
    source = hit.source.lower()
    weight = hit.bonus
    for word in words:
        weight += 12 * _fit(fold(word), title) + 4 * _fit(fold(word), summary)
        weight += _fit(word, source) + min(source.count(word), 5)
    phrase = " ".join(words)
    if len(words) > 1:
        weight += 20 * (fold(phrase) in title) + 6 * (phrase in source)
    return weight + 30 * (fold(phrase) == title)


def _fit(word: str, text: str) -> int:
    """Tell how well a word fits a text: 0 not at all, 1 within a word, 2 its beginning, 3 whole."""
    if word not in text:
        return 0
    if re.search(rf"\b{re.escape(word)}\b", text):
        return 3
    return 2 if re.search(rf"\b{re.escape(word)}", text) else 1


def marked(text: str, words: Sequence[str]) -> Markup:
    """Give a text, made safe, with the words marked that hold one of those asked for."""
    if not words:
        return Markup.escape(text)
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    parts = re.split(rf"(\w*(?:{either})\w*)", text, flags=re.IGNORECASE)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(part) if at % 2 else Markup.escape(part)
        for at, part in enumerate(parts)
    )


def around(hit: Hit, words: Sequence[str]) -> Markup:
    """Give the words of a hit around the first place where one of those asked for stands."""
    text = " ".join(hit.text.split())
    places = [found.start() for word in words if (found := _search(word, text))]
    if not places or (hit.summary and any(_search(word, hit.summary) for word in words)):
        # What it says of itself is the better answer.
        text, places = hit.summary or text, [0]
    begin = max(min(places) - BEFORE, 0)
    if begin:
        begin = text.find(" ", begin) + 1
    cut = text[begin : begin + AROUND]
    if begin + AROUND < len(text):
        cut = cut.rpartition(" ")[0] + " …"
    return marked(("… " if begin else "") + cut, words)


def _search(word: str, text: str) -> re.Match[str] | None:
    return re.search(re.escape(word), text, re.IGNORECASE)


@dataclass(frozen=True)
class Found(Pager):
    """One page of hits, the best first."""

    hits: Sequence[Hit]
    address: str

    def address_of(self, number: int) -> str:
        """Give the address of a page of these hits."""
        return f"{self.address}&page={number}"


def page_of(hits: Sequence[Hit], number: int, *, address: str) -> Found:
    """Give one page of the hits; a number beyond them gives the last."""
    pages = pages_of(len(hits), size=ON_A_PAGE)
    number = nearest_page(number, pages)
    shown = hits[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
    return Found(number, pages, len(hits), shown, address)
