"""Compression of answers for slow networks: gzip, and Brotli for what is kept."""

import gzip
from functools import lru_cache

import brotli
from flask import Response, request
from werkzeug.http import parse_accept_header

_COMPRESSED = {
    "text/html",
    "text/css",
    "text/plain",
    "text/calendar",
    "text/javascript",
    "image/svg+xml",
    "application/atom+xml",
    "application/xml",
}
# Bytes below which an answer goes out as it is.
WORTH_IT = 800
# Bytes up to which Brotli may try everything: it takes a second for each megabyte then.
TRY_EVERYTHING = 100_000
LONGEST_WISH = 200


def compress(response: Response, public: frozenset[str]) -> None:
    """Compress text. Not where a page holds a session's token (BREACH)."""
    has_session = request.blueprint is not None and request.blueprint not in public
    if not is_text(response) or has_session:
        return
    response.vary.add("Accept-Encoding")
    if (
        response.status_code not in {200, 404, 422}
        or "Content-Encoding" in response.headers
        or not request.accept_encodings["gzip"]
        or (response.is_streamed and not response.direct_passthrough)
    ):
        return
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < WORTH_IT:
        return
    # Only what everyone may read is kept in memory; it is also what is asked for again.
    is_public = response.cache_control.public
    response.set_data(_compressed_once(body) if is_public else _compressed(body))
    response.headers["Content-Encoding"] = "gzip"
    tag, _ = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)


def is_text(response: Response) -> bool:
    """Tell whether an answer is of a kind that compression makes smaller."""
    return response.mimetype in _COMPRESSED


def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


# Compressing a page takes longer than making it.
_compressed_once = lru_cache(maxsize=128)(_compressed)


@lru_cache(maxsize=1000)
def best_of(accepted: str) -> str:
    """Give the best encoding that an `Accept-Encoding` header allows: br, gzip, or none ("")."""
    if len(accepted) > LONGEST_WISH:
        return ""
    allowed = {name.lower(): quality for name, quality in parse_accept_header(accepted)}
    gzipped = allowed.get("gzip", allowed.get("*", 0))
    if allowed.get("br", 0) >= max(gzipped, 0.001):
        return "br"
    return "gzip" if gzipped else ""


def compressed(body: bytes, encoding: str, *, once: bool) -> bytes:
    """Compress what many will get; `once` says that it will stay as it is for a while."""
    if encoding == "gzip":
        return gzip.compress(body, 9, mtime=0)
    quality = 11 if once and len(body) <= TRY_EVERYTHING else 5
    return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=quality))
