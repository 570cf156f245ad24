"""Compression of answers for slow networks (gzip)."""

import gzip
from functools import lru_cache

from flask import Response, request

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


def compress(response: Response, public: frozenset[str]) -> None:
    """Compress text. Not where a page holds a session's token (BREACH)."""
    has_session = request.blueprint is not None and request.blueprint not in public
    if response.mimetype not in _COMPRESSED or has_session:
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
    if len(body) < 800:
        return
    # Only what everyone may read is kept in memory; it is also what is asked for again.
    is_public = response.cache_control.public
    response.set_data(_compressed_once(body) if is_public else _compressed(body))
    response.headers["Content-Encoding"] = "gzip"
    tag, _ = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)


def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


# Compressing a page takes longer than making it.
_compressed_once = lru_cache(maxsize=128)(_compressed)
