"""Compression of answers for slow networks: Brotli and gzip."""

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
# Bytes up to which Brotli tries hard: it takes some tenth of a second for each megabyte then.
TRY_HARD = 1_000_000
# Characters of the longest header that names encodings.
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
        or (response.is_streamed and not response.direct_passthrough)
    ):
        return
    response.direct_passthrough = False
    body = response.get_data()
    encoding = best_encoding(request.headers.get("Accept-Encoding", ""))
    if not encoding or len(body) < WORTH_IT:
        return
    # Only what everyone may read is kept in memory; it is also what is asked for again.
    compress_it = _compressed_once if response.cache_control.public else compressed
    response.set_data(compress_it(body, encoding))
    response.headers["Content-Encoding"] = encoding
    tag, _ = response.get_etag()
    if tag:
        # Other bytes, another tag: it is a strong one (RFC 9110 section 8.8.3.3).
        response.set_etag(f"{tag}-{encoding}")


def is_text(response: Response) -> bool:
    """Tell whether an answer is of a kind that compression makes smaller."""
    return response.mimetype in _COMPRESSED


@lru_cache(maxsize=1000)
def _best(accepted: str) -> str:
    allowed = {name.lower(): quality for name, quality in parse_accept_header(accepted)}
    gzipped = allowed.get("gzip", allowed.get("*", 0))
    if allowed.get("br", 0) >= max(gzipped, 0.001):
        return "br"
    return "gzip" if gzipped else ""


def best_encoding(accepted: str) -> str:
    """Give the best encoding that an `Accept-Encoding` header allows: br, gzip, or none ("")."""
    return _best(accepted) if len(accepted) <= LONGEST_WISH else ""


def compressed(body: bytes, encoding: str) -> bytes:
    """Compress what is given; the same bytes each time, on whatever host, for they have one tag."""
    if encoding == "gzip":
        return gzip.compress(body, 6, mtime=0)
    quality = 9 if len(body) <= TRY_HARD else 5
    return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=quality))


# Compressing a page takes longer than making it.
_compressed_once = lru_cache(maxsize=128)(compressed)
