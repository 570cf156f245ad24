"""Answers at hand: what the very same request was answered just now, in the words of ASGI.

A thousand visitors with one browser ask in the same words. Theirs are compared, and nothing is
worked out again: not what the words mean, nor which page and which encoding they ask for.
"""

import time
from collections.abc import Mapping
from typing import Any

from werkzeug.http import http_date

from campaign.front.kept_page import KeptPage
from campaign.front.page_cache import PageCache

# Bytes of all that is at hand; when there are more, it begins anew.
MOST_BYTES = 8_000_000
# What an answer weighs beside its bytes, and how long a request's own words may be.
_OVERHEAD, _LONGEST = 2_000, 1_000
# The headers that tell one request from another: what else is sent changes no page that is kept.
_TELLING = frozenset(
    {
        b"accept-encoding",
        b"accept-language",
        b"authorization",
        b"content-length",
        b"cookie",
        b"if-match",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"range",
        b"transfer-encoding",
        b"x-forwarded-proto",
    }
)

Words = tuple[str, str, bytes, tuple[tuple[bytes, bytes], ...]]


class AnswerAtHand:
    """One answer: its two messages, and how long the page holds of which it is."""

    def __init__(self, page: KeptPage, environ: Mapping[str, Any]) -> None:
        # Not the page: all of its bytes would stay for as long as a "not modified" is at hand.
        self.rule, self.revision = page.rule, page.revision
        self.made_at, self.life = page.made_at, page.life
        self.status, self._headers, body = page.asgi(environ)
        self.body = {"type": "http.response.body", "body": body}
        self._start: dict[str, Any] = {}
        self._second = 0

    def start(self) -> dict[str, Any]:
        """Give the first message, with the time of now."""
        second = int(time.time())
        if second != self._second:
            date = (b"date", http_date(second).encode())
            start = {"type": "http.response.start", "status": self.status}
            self._start = {**start, "headers": [*self._headers, date]}
            self._second = second
        return self._start


class AtHand:
    """The answers of one process, by the words in which they were asked for."""

    def __init__(self, pages: PageCache) -> None:
        self._pages = pages
        self._answers: dict[Words, AnswerAtHand] = {}
        self._weight = 0

    def find(self, scope: Mapping[str, Any]) -> AnswerAtHand | None:
        """Find the answer to what was asked before in the same words, if it still holds."""
        answer = self._answers.get(_words(scope))
        return answer if answer is not None and self._pages.is_current(answer) else None

    def keep(self, scope: Mapping[str, Any], answer: AnswerAtHand) -> None:
        """Keep an answer for whoever asks in the same words."""
        words = _words(scope)
        length = len(words[1]) + len(words[2]) + sum(len(value) for _name, value in words[3])
        if length > _LONGEST:
            return
        weight = len(answer.body["body"]) + _OVERHEAD
        if self._weight + weight > MOST_BYTES:
            self._answers.clear()
            self._weight = 0
        # One that takes another's place counts as well: it begins anew a little sooner.
        self._weight += weight
        self._answers[words] = answer


def _words(scope: Mapping[str, Any]) -> Words:
    telling = tuple([pair for pair in scope["headers"] if pair[0] in _TELLING])
    return scope["method"], scope["path"], scope["query_string"], telling
