"""The headers of every answer: what a browser may do with it, and how long it may be cached."""

from flask import Response, request

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


def secure(response: Response) -> None:
    """Tell browsers what a page of ours may do: nothing that it does not need."""
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


def cache(response: Response, public: frozenset[str]) -> None:
    """Say how long an answer may be kept: what strangers share a minute, all else not at all."""
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
