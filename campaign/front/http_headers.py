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

# A browser shows a page again for a minute. A cache that many share asks each second whether it is
# still so, and answers with what it has while it asks (RFC 5861 section 3).
SHARED = "public, max-age=60, s-maxage=1, stale-while-revalidate=1"


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


def is_for_all(public: frozenset[str]) -> bool:
    """Tell whether a stranger's page is answered, and nothing in its address is a secret."""
    return request.blueprint in public and "token" not in (request.view_args or {})


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
        is_for_all(public) and request.method in {"GET", "HEAD"} and response.status_code == 200
    )
    if not shared:
        response.headers["Cache-Control"] = "no-store"
        return
    response.headers["Cache-Control"] = SHARED
    if request.environ.get("campaign.varies_by_language"):
        response.vary.add("Accept-Language")
    if not response.is_streamed:
        response.add_etag()


def make_conditional(response: Response) -> None:
    """Send nothing of what a cache has already (RFC 9110 section 13), where its tag is ours."""
    if response.cache_control.public and not response.is_streamed and response.get_etag()[0]:
        response.make_conditional(request)
