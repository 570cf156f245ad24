"""A kept page: one answer, in each encoding it was asked for in, and the shelf of such pages."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from flask import Response
from werkzeug.http import http_date, parse_etags, remove_entity_headers

from campaign import logs
from campaign.front import compression

# Bytes of the largest page that is kept.
LARGEST = 16_000_000
# A larger answer goes out in parts, so that whoever takes it slowly is noticed.
PART = 256_000
# What a page and its headers weigh beside their bytes.
_OVERHEAD = 4_000

Headers = list[tuple[str, str]]
RawHeaders = list[tuple[bytes, bytes]]


class Representation(NamedTuple):
    """A page in one encoding: its tag, its headers, those of "not modified", its bytes."""

    tag: str
    headers: Headers
    short: Headers
    body: bytes
    # The headers once more, in the words of ASGI.
    raw_headers: RawHeaders
    raw_short: RawHeaders


class Dated(Protocol):
    """What holds for a revision, from a moment on, for so many seconds."""

    revision: int
    made_at: float
    life: float


@dataclass
class KeptPage:
    """One page, as it was made for a revision of what strangers see."""

    headers: Headers
    body: bytes
    etag: str
    rule: str
    revision: int
    made_at: float
    # Seconds for which it may be given.
    life: float
    is_text: bool
    # When it first said what it says.
    is_since: float
    _made: dict[str, Representation] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(
        cls,
        response: Response,
        *,
        rule: str,
        revision: int,
        made_at: float,
        life: float,
        before: "KeptPage | None" = None,
    ) -> "KeptPage":
        """Keep what a view has answered; of the same page `before`, what still holds is used."""
        response.add_etag()
        is_text = compression.is_text(response)
        if is_text:
            response.vary.add("Accept-Encoding")
        left_out = {"content-length", "date", "etag"}
        page = cls(
            headers=[pair for pair in response.headers if pair[0].lower() not in left_out],
            body=response.get_data(),
            etag=response.get_etag()[0] or "",
            is_text=is_text and "Content-Encoding" not in response.headers,
            rule=rule,
            revision=revision,
            made_at=made_at,
            life=life,
            is_since=made_at,
        )
        if before is not None and (page.etag, page.headers) == (before.etag, before.headers):
            page.is_since, page._made = before.is_since, before._made
        return page

    @property
    def weight(self) -> int:
        """Give its bytes in memory, with room for its compressed representations."""
        return _OVERHEAD + len(self.body) * (2 if self.is_text else 1)

    def is_ready(self, accepted: str) -> bool:
        """Tell whether the representation that is asked for was made, and goes out in one piece."""
        made = self._made.get(self._encoding(accepted))
        return made is not None and len(made.body) <= PART

    def representation(self, accepted: str) -> Representation:
        """Give the page in the best of the encodings that are accepted, made once."""
        encoding = self._encoding(accepted)
        made = self._made.get(encoding)
        if made is None:
            with self._making:
                made = self._made.get(encoding)
                if made is None:
                    made = self._made[encoding] = self._make(encoding)
        return made

    def asgi(self, environ: Mapping[str, Any]) -> tuple[int, RawHeaders, bytes]:
        """Give status, headers but for the date, and body for a request, in the words of ASGI."""
        made = self.representation(environ.get("HTTP_ACCEPT_ENCODING", ""))
        if _is_known(made.tag, environ):
            return 304, made.raw_short, b""
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        return 200, made.raw_headers, b"" if is_head else made.body

    def answer(
        self, environ: dict[str, Any], start_response: Any, *, began: float
    ) -> Iterator[bytes]:
        """Answer a request in the words of WSGI."""
        made = self.representation(environ.get("HTTP_ACCEPT_ENCODING", ""))
        is_known, date = _is_known(made.tag, environ), ("Date", http_date())
        if is_known:
            start_response("304 NOT MODIFIED", [*made.short, date])
        else:
            start_response("200 OK", [*made.headers, date])
        took = (time.perf_counter() - began) * 1000
        status, method = 304 if is_known else 200, environ["REQUEST_METHOD"]
        logs.write(logs.access_line(method=method, rule=self.rule, status=status, ms=took))
        body = b"" if is_known or environ["REQUEST_METHOD"] == "HEAD" else made.body
        return (body[at : at + PART] for at in range(0, len(body), PART))

    def _encoding(self, accepted: str) -> str:
        if not self.is_text or len(self.body) < compression.WORTH_IT:
            return ""
        return compression.best_encoding(accepted)

    def _make(self, encoding: str) -> Representation:
        body, tag = self.body, self.etag
        if encoding:
            # Other bytes, another tag: it is a strong one (RFC 9110 section 8.8.3.3).
            body, tag = compression.compressed(body, encoding), f"{tag}-{encoding}"
        headers = [*self.headers, ("ETag", f'"{tag}"')]
        if encoding:
            headers.append(("Content-Encoding", encoding))
        if not any(name == "Last-Modified" for name, _value in headers):
            headers.append(("Last-Modified", http_date(self.is_since)))
        headers.append(("Content-Length", str(len(body))))
        short = list(headers)
        remove_entity_headers(short)
        return Representation(tag, headers, short, body, _in_bytes(headers), _in_bytes(short))


class Shelf:
    """Pages by their keys, in so many bytes; whichever was asked for longest ago goes first."""

    def __init__(self, most: float) -> None:
        self._most, self.weight = most, 0
        self._pages: OrderedDict[Any, KeptPage] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any) -> KeptPage | None:
        """Find a page."""
        page = self._pages.get(key)
        if page is not None:
            try:
                self._pages.move_to_end(key)
            except KeyError:
                # Another thread has put it away just now.
                return None
        return page

    def put(self, key: Any, page: KeptPage) -> None:
        """Keep a page, in the place of the one before it."""
        with self._lock:
            before = self._pages.pop(key, None)
            self.weight -= before.weight if before else 0
            if page.weight > self._most:
                # It would push out all others, and then go itself.
                return
            self.weight += page.weight
            self._pages[key] = page
            while self.weight > self._most and self._pages:
                _key, oldest = self._pages.popitem(last=False)
                self.weight -= oldest.weight


def _is_known(tag: str, environ: Mapping[str, Any]) -> bool:
    """Tell whether the reader has the page already (RFC 9110 section 13.1.2).

    Not by its age: on another host the same words may have stood a moment longer.
    """
    asked = environ.get("HTTP_IF_NONE_MATCH")
    return asked is not None and parse_etags(asked).contains_weak(tag)


def _in_bytes(headers: Headers) -> RawHeaders:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
