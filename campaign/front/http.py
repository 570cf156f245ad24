"""HTTP, the same for every request and answer: guards, headers, compression, the access log."""

import time
from collections.abc import Mapping

import structlog
from flask import Flask, Response, g, request

from campaign.front import compression, guards, http_headers, page_cache
from campaign.front.varying import PublicRequest

log = structlog.get_logger()


def init_app(
    app: Flask,
    *,
    public: frozenset[str],
    larger_bodies: Mapping[str, int],
    from_other_sites: frozenset[str],
) -> None:
    """Have every request guarded and logged, and every answer given its headers.

    `public` names the blueprints open to strangers; `larger_bodies` the views that read more than
    others, with how many bytes; `from_other_sites` those that answer a POST of another site's page.
    """
    app.request_class = PublicRequest
    app.before_request(_start_the_watch)
    app.before_request(guards.too_much_for(larger_bodies))
    app.before_request(guards.other_sites_but(from_other_sites))
    app.before_request(guards.what_no_text_holds)

    @app.after_request
    def _finish(response: Response) -> Response:
        http_headers.secure(response)
        http_headers.cache(response, public)
        if page_cache.take(response, is_public=http_headers.is_for_all(public)):
            return response
        compression.compress(response, public)
        http_headers.make_conditional(response)
        _log(response)
        return response


def _start_the_watch() -> None:
    g.started = time.perf_counter()


def _log(response: Response) -> None:
    # The rule, not the path: paths carry tokens.
    log.info(
        "request",
        method=request.method,
        rule=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
    )
