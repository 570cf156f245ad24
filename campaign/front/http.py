"""The manners of every answer: who may cause a POST, headers, caching, compression, the log."""

import gzip
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, abort, current_app, g, request

log = structlog.get_logger()

# Nothing inline, nothing from another host (CSP Level 3).
POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    ]
)
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
_CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def init_app(
    app: Flask,
    *,
    public: frozenset[str],
    larger_bodies: Mapping[str, int],
    from_other_sites: frozenset[str],
) -> None:
    """Teach the application its manners.

    `public` names the blueprints open to strangers; `larger_bodies` the views that read more than
    others, with how many bytes; `from_other_sites` those that answer a POST of another site's page.
    """
    app.before_request(_start_the_watch)
    app.before_request(_refuse_too_much_for(larger_bodies))
    app.before_request(_refuse_other_sites_but(from_other_sites))
    app.before_request(_refuse_what_no_text_holds)

    @app.after_request
    def _finish(response: Response) -> Response:
        _set_headers(response)
        _set_caching(response, public)
        _compress(response, public)
        _note(response)
        return response


def _start_the_watch() -> None:
    g.started = time.perf_counter()


def _refuse_too_much_for(larger_bodies: Mapping[str, int]) -> Callable[[], None]:
    def refuse_too_much() -> None:
        """Refuse a body too large before any of it is read, also where nobody would read it."""
        larger = larger_bodies.get(request.endpoint or "")
        if larger is not None:
            request.max_content_length = larger
        most = request.max_content_length
        if most is None:
            return
        length = request.content_length
        if length is None and request.method in _CHANGING:
            # Sent in pieces, with no length said: Werkzeug would cut it off and go on with half.
            length = len(request.get_data()) + 1
        if (length or 0) > most:
            abort(413)

    return refuse_too_much


def _refuse_other_sites_but(open_to_all: frozenset[str]) -> Callable[[], None]:
    def refuse_other_sites() -> None:
        """Refuse a POST that another site caused (Fetch Metadata; RFC 6454 section 7).

        Most programs send neither header and pass.
        """
        if request.method not in _CHANGING or request.endpoint in open_to_all:
            return
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            if site not in {"same-origin", "none"}:
                abort(403)
            return
        origin = request.headers.get("Origin")
        if origin is None:
            return
        ours = {urlsplit(current_app.config["BASE_URL"]).netloc, request.host}
        try:
            theirs = urlsplit(origin).netloc
        except ValueError:
            theirs = ""
        if theirs not in ours:
            abort(403)

    return refuse_other_sites


def _refuse_what_no_text_holds() -> None:
    """Refuse a NUL in an address: no page has one, and PostgreSQL would stumble over it."""
    if "\0" in request.path:
        abort(404)
    if b"%00" in request.query_string or b"\0" in request.query_string:
        abort(400)


def _set_headers(response: Response) -> None:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # Not "no-referrer": with it browsers send `Origin: null`, and our own forms would be refused.
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault(
        "Permissions-Policy", "camera=(), geolocation=(), microphone=(), interest-cohort=()"
    )
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def _set_caching(response: Response, public: frozenset[str]) -> None:
    if "Cache-Control" in response.headers and request.endpoint != "static":
        return
    if request.endpoint == "static":
        # Its address changes with its content.
        known = "v" in request.args
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if known else "public, max-age=300"
        )
        return
    shared = (
        request.blueprint in public
        and request.method in {"GET", "HEAD"}
        and response.status_code == 200
        and "token" not in (request.view_args or {})
    )
    if not shared:
        response.headers["Cache-Control"] = "no-store"
        return
    response.headers["Cache-Control"] = "public, max-age=60"
    if request.environ.get("campaign.varies_by_language"):
        response.vary.add("Accept-Language")
    if not response.is_streamed:
        response.add_etag()
        response.make_conditional(request)


def _compress(response: Response, public: frozenset[str]) -> None:
    """Compress text for slow networks. Not where a page holds a session's token (BREACH)."""
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


def _note(response: Response) -> None:
    # The rule, not the path: paths carry tokens.
    log.info(
        "request",
        method=request.method,
        rule=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
    )
