"""A kept page: one answer, in each encoding it was asked for in, ready to be sent again."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask import Response
from werkzeug.http import remove_entity_headers
from werkzeug.sansio.http import is_resource_modified

from campaign import logs
from campaign.front import compression

# Bytes of the largest page that is kept.
LARGEST = 4_000_000
# A larger answer goes out in parts, so that whoever takes it slowly is noticed.
PART = 256_000
# What a page and its headers weigh beside their bytes.
_OVERHEAD = 4_000

Headers = list[tuple[str, str]]


class Representation(NamedTuple):
    """A page in one encoding: its headers, those of "not modified", its bytes."""

    headers: Headers
    short: Headers
    body: bytes


@dataclass
class KeptPage:
    """One page, as it was made for a revision of what strangers see."""

    headers: Headers
    body: bytes
    etag: str
    last_modified: Any
    rule: str
    revision: int
    made_at: float
    # Seconds for which it may be given.
    life: float
    is_text: bool
    _made: dict[str, Representation] = field(default_factory=dict)

    @classmethod
    def of(cls, response: Response, **known: Any) -> "KeptPage":
        """Keep what a view has answered."""
        response.add_etag()
        is_text = compression.is_text(response)
        if is_text:
            response.vary.add("Accept-Encoding")
        left_out = {"content-length", "etag"}
        return cls(
            headers=[pair for pair in response.headers if pair[0].lower() not in left_out],
            body=response.get_data(),
            etag=response.get_etag()[0] or "",
            last_modified=response.last_modified,
            is_text=is_text and "Content-Encoding" not in response.headers,
            **known,
        )

    @property
    def weight(self) -> int:
        """Give its bytes in memory, with room for its compressed representations."""
        return _OVERHEAD + len(self.body) * (2 if self.is_text else 1)

    def take_over(self, before: "KeptPage") -> None:
        """Use again what was compressed of the page before, where this is the same."""
        if (self.etag, self.headers) == (before.etag, before.headers):
            self._made = before._made

    def is_ready(self, environ: dict[str, Any]) -> bool:
        """Tell whether the representation that is asked for was made, and goes out in one piece."""
        made = self._made.get(self._encoding(environ))
        return made is not None and len(made.body) <= PART

    def ready(self, environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
        """Give status, headers and body for a request, conditional or not (RFC 9110, 13)."""
        encoding = self._encoding(environ)
        made = self._made.get(encoding)
        if made is None:
            made = self._made[encoding] = self._make(encoding)
        asked = environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MODIFIED_SINCE")
        if asked != (None, None) and not is_resource_modified(
            http_if_none_match=asked[0],
            http_if_modified_since=asked[1],
            etag=self.etag,
            last_modified=self.last_modified,
        ):
            return 304, made.short, b""
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        return 200, made.headers, b"" if is_head else made.body

    def asgi(self, environ: dict[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Give the same in the words of ASGI: names in small letters, and bytes."""
        status, headers, body = self.ready(environ)
        return status, _in_bytes(tuple(headers)), body

    def note(self, environ: dict[str, Any], status: int, *, began: float) -> None:
        """Write the line of an answer into the log."""
        took = (time.perf_counter() - began) * 1000
        method = environ["REQUEST_METHOD"]
        logs.access(method=method, rule=self.rule, status=status, ms=took)

    def answer(
        self, environ: dict[str, Any], start_response: Any, *, began: float
    ) -> Iterator[bytes]:
        """Answer a request in the words of WSGI."""
        status, headers, body = self.ready(environ)
        start_response("200 OK" if status == 200 else "304 NOT MODIFIED", list(headers))
        self.note(environ, status, began=began)
        return (body[at : at + PART] for at in range(0, len(body), PART))

    def _encoding(self, environ: dict[str, Any]) -> str:
        if not self.is_text or len(self.body) < compression.WORTH_IT:
            return ""
        return compression.best_of(environ.get("HTTP_ACCEPT_ENCODING", ""))

    def _make(self, encoding: str) -> Representation:
        body, more = self.body, [("ETag", f'"{self.etag}"')]
        if encoding:
            # What lives longer is worth more of the processor.
            body = compression.compressed(body, encoding, once=self.life > 10)
            more = [("ETag", f'W/"{self.etag}"'), ("Content-Encoding", encoding)]
        headers = [*self.headers, *more, ("Content-Length", str(len(body)))]
        short = list(headers)
        remove_entity_headers(short)
        return Representation(headers, short, body)
