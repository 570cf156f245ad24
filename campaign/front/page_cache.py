"""The page cache: public pages answered from what was made before, without a view or a query.

It stands before the application (WSGI, PEP 3333). What a page depends on is noticed while it is
made, so no view can forget to say it: the parameters it read of the query, the reader's language,
and whether it read anything but public rows. What strangers see has a revision
(`public_revision`), which each process looks at twice a second: a page of another one is old.
"""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Response, request

from campaign.db import db
from campaign.front.kept_page import LARGEST, Dated, KeptPage, Shelf
from campaign.front.varying import EVERY_PARAMETER, VARIES_BY_QUERY
from campaign.languages import best_language
from campaign.public_revision import KnownRevision, noting_what_is_read

# Seconds a page lives: one that is made of public rows alone, and one with numbers of people.
LONG, SHORT = 60.0, 5.0
# While one makes a page anew, others are given the last one, if it is no older than this.
STALE_AT_MOST = LONG + 10
# Seconds for which they wait for it where there is none.
WAIT_FOR_MAKER = 10.0
# Whatever somebody has typed is theirs alone, and so is its answer.
TYPED = "q"
# A query longer than this is nobody's link.
LONGEST_QUERY = 300
# Addresses of which it is known what their pages depend on.
MOST_ADDRESSES = 100_000
# The part of the memory for pages with a query: whoever makes up queries only pushes out those.
SHARE_OF_QUERIES = 0.25

_SLOT = "campaign.page_cache"
_ODD = (
    "HTTP_AUTHORIZATION",
    "HTTP_RANGE",
    "HTTP_IF_MATCH",
    "HTTP_IF_RANGE",
    "HTTP_IF_UNMODIFIED_SINCE",
)

Key = tuple[Any, ...]


@dataclass
class Slot:
    """A page that is asked for and not kept: what is made for it goes in here."""

    revision: int
    response: Response | None = None
    rule: str = ""


@dataclass
class Flight:
    """A page that somebody makes, and others wait for."""

    landed: threading.Event = field(default_factory=threading.Event)


class PageCache:
    """The application, with what it answers to strangers kept for a while."""

    def __init__(self, app: Flask, *, megabytes: int, proxies: int) -> None:
        self._app, self._wsgi = app, app.wsgi_app
        self._proxies = proxies
        self._offered = tuple(app.config["LANGUAGES"])
        with app.app_context():
            self._revision = KnownRevision(db.engine)
        room = megabytes * 1_000_000
        self._plain = Shelf(room * (1 - SHARE_OF_QUERIES))
        self._queried = Shelf(room * SHARE_OF_QUERIES)
        # By address: the parameters a page reads, and whether it varies by language. Only what is
        # a page has an entry, so strangers cannot fill it.
        self._varies: dict[tuple[str, str], tuple[frozenset[str], bool]] = {}
        self._flights: dict[Key | None, Flight] = {}
        # Who is signed in, or has just been told something, gets pages of their own.
        self._cookie = f"{app.config['SESSION_COOKIE_NAME']}="

    @property
    def weight(self) -> int:
        """Give the bytes of all that is kept."""
        return self._plain.weight + self._queried.weight

    def ready(self, environ: dict[str, Any]) -> KeptPage | None:
        """Give a page that can be sent as it stands: nobody waits for anything. Else nothing."""
        if not self._revision.is_known or not self._may_be_kept(environ):
            return None
        key = self._key(environ)
        page = None if key is None else self._shelf(key).get(key)
        if page is None or not (self._is_fresh(page) or self._is_good_meanwhile(page, key)):
            return None
        return page if page.is_ready(environ.get("HTTP_ACCEPT_ENCODING", "")) else None

    def is_current(self, page: Dated) -> bool:
        """Tell whether a page is still as it would be made now."""
        return self._revision.is_known and self._is_fresh(page)

    def is_under_way(self, environ: dict[str, Any]) -> bool:
        """Tell whether somebody makes this very page now: waiting for it costs less than making."""
        return self._may_be_kept(environ) and self._flight_key(environ) in self._flights

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request, from what is kept where that can be."""
        if not self._may_be_kept(environ):
            return self._wsgi(environ, start_response)
        began = time.perf_counter()
        self._revision.look()
        page = self._find(environ)
        if page is None or not self._is_fresh(page):
            page, answer = self._make_or_wait(environ, start_response, before=page)
            if page is None:
                return answer
        return page.answer(environ, start_response, began=began)

    def _make_or_wait(
        self, environ: dict[str, Any], start_response: Any, *, before: KeptPage | None
    ) -> tuple[KeptPage | None, Iterable[bytes]]:
        """Have one make the page, and the others take the one before or wait for it."""
        key, ours = self._flight_key(environ), Flight()
        flight = self._flights.setdefault(key, ours)
        if flight is ours:
            try:
                return self._make(environ, start_response, before=before)
            finally:
                self._flights.pop(key, None)
                flight.landed.set()
        if before is not None and self._is_good_meanwhile(before, key):
            return before, ()
        flight.landed.wait(WAIT_FOR_MAKER)
        page = self._find(environ)
        if page is not None and self._is_fresh(page):
            return page, ()
        return self._make(environ, start_response, before=page)

    def _find(self, environ: dict[str, Any]) -> KeptPage | None:
        key = self._key(environ)
        return None if key is None else self._shelf(key).get(key)

    def _shelf(self, key: Key) -> Shelf:
        return self._queried if key[2] else self._plain

    def _address(self, environ: dict[str, Any]) -> tuple[str, str]:
        scheme = environ["wsgi.url_scheme"]
        if self._proxies and (said := environ.get("HTTP_X_FORWARDED_PROTO")):
            hops = said.split(",")
            if len(hops) >= self._proxies:
                scheme = hops[-self._proxies].strip()
        return "https" if scheme == "https" else "http", environ["PATH_INFO"]

    def _key(self, environ: dict[str, Any]) -> Key | None:
        """Give the key of the page that is asked for, as far as the address is known."""
        address = self._address(environ)
        varies = self._varies.get(address)
        return None if varies is None else self._key_of(environ, address, varies)

    def _key_of(self, environ: dict[str, Any], address: Any, varies: Any) -> Key | None:
        parameters, by_language = varies
        query = environ.get("QUERY_STRING", "")
        values: tuple[tuple[str, str], ...] = ()
        if query and parameters:
            if EVERY_PARAMETER in parameters:
                return None
            # In whatever order: of several with one name, their own order counts.
            pairs = parse_qsl(query, keep_blank_values=True)
            values = tuple(sorted((pair for pair in pairs if pair[0] in parameters), key=_name))
        language = ""
        if by_language:
            language = best_language(self._offered, environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        # By the names as well: less may be known of an address than when its pages were made.
        return (*address, values, language, parameters)

    def _is_fresh(self, page: Dated) -> bool:
        return page.revision == self._revision.number and _age(page) < page.life

    def _is_good_meanwhile(self, page: KeptPage, key: Key | None) -> bool:
        """Tell whether an old page will do, because another makes it anew."""
        return key in self._flights and _age(page) < STALE_AT_MOST

    def _flight_key(self, environ: dict[str, Any]) -> Key:
        key = self._key(environ)
        if key is not None:
            return key
        language = environ.get("HTTP_ACCEPT_LANGUAGE", "")
        return (*self._address(environ), environ.get("QUERY_STRING", ""), language)

    def _make(
        self, environ: dict[str, Any], start_response: Any, *, before: KeptPage | None
    ) -> tuple[KeptPage | None, Iterable[bytes]]:
        """Have the application make a page; give it to be kept, or the answer that is no page."""
        slot = environ[_SLOT] = Slot(self._revision.number)
        made_at = time.time()
        told: list[Any] = []

        def begin(*said: Any) -> Callable[[bytes], None]:
            told[:] = said
            return _write

        with noting_what_is_read() as has_read_private:
            answer = self._wsgi(environ, begin)
        # Only now: Flask says last of all that an answer depends on who asks.
        if slot.response is None or _is_personal(slot.response):
            start_response(*told)
            return None, answer
        with closing(answer) if hasattr(answer, "close") else nullcontext():  # type: ignore[type-var]
            page = KeptPage.of(
                slot.response,
                rule=slot.rule,
                revision=slot.revision,
                made_at=made_at,
                life=SHORT if has_read_private[0] else LONG,
                before=before,
            )
        # Compressed while others have the page before, or wait.
        page.representation(environ.get("HTTP_ACCEPT_ENCODING", ""))
        self._keep(environ, page)
        return page, ()

    def _keep(self, environ: dict[str, Any], page: KeptPage) -> None:
        if len(self._varies) >= MOST_ADDRESSES:
            self._varies.clear()
        address = self._address(environ)
        known, by_language = self._varies.get(address, (frozenset(), False))
        varies = self._varies[address] = (
            known | environ.get(VARIES_BY_QUERY, frozenset()),
            by_language or "campaign.varies_by_language" in environ,
        )
        key = self._key_of(environ, address, varies)
        if key is not None and not any(name == TYPED and value for name, value in key[2]):
            self._shelf(key).put(key, page)

    def _may_be_kept(self, environ: dict[str, Any]) -> bool:
        """Tell whether a request may be for a page that is kept; all others go on as they are."""
        query = environ.get("QUERY_STRING", "")
        return (
            environ["REQUEST_METHOD"] in {"GET", "HEAD"}
            and self._cookie not in environ.get("HTTP_COOKIE", "")
            and not any(name in environ for name in _ODD)
            # The application refuses these.
            and (not query or (len(query) <= LONGEST_QUERY and "%00" not in query))
        )


def _is_personal(response: Response) -> bool:
    return "Set-Cookie" in response.headers or "cookie" in response.vary


def _age(page: Dated) -> float:
    age = time.time() - page.made_at
    # The clock was set back: nobody knows how old it is.
    return age if age >= 0 else float("inf")


def _name(pair: tuple[str, str]) -> str:
    return pair[0]


def _write(piece: bytes) -> None:
    raise NotImplementedError("the application gives its answer and writes none")


def init_app(app: Flask, *, megabytes: int, proxies: int) -> None:
    """Put the cache before an application, with so much memory; 0 is none."""
    if megabytes:
        cache = PageCache(app, megabytes=megabytes, proxies=proxies)
        app.extensions["page_cache"] = cache
        app.wsgi_app = cache  # type: ignore[method-assign]


def revision() -> int | None:
    """Give the revision for which the page at hand is made; None where it will not be kept."""
    slot: Slot | None = request.environ.get(_SLOT)
    return slot.revision if slot else None


def take(response: Response, *, is_public: bool) -> bool:
    """Take an answer to be kept, if one was asked for and this one may be; tell whether.

    `is_public` says that a stranger's view made it and nothing in its address is a secret.
    """
    slot: Slot | None = request.environ.get(_SLOT)
    if (
        slot is None
        or not is_public
        or not response.cache_control.public
        or response.status_code != 200
        or response.is_streamed
        or response.calculate_content_length() is None
        or len(response.get_data()) > LARGEST
    ):
        return False
    slot.response, slot.rule = response, request.url_rule.rule if request.url_rule else ""
    return True
