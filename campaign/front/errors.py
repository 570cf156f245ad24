"""Pages for what went wrong: each says what happened, in words, and where to go next."""

from typing import Any

import structlog
from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException

from campaign.languages import lazy_gettext as _l
from campaign.refusals import Refusal

log = structlog.get_logger()

# status -> (title, what to do)
_WORDS: dict[int, tuple[Any, Any]] = {
    400: (
        _l("We could not read that"),
        _l("Something was missing from what your browser sent. Go back and try once more."),
    ),
    403: (
        _l("That is not allowed"),
        _l("This came from another site, or it is not yours to do. Begin again from our page."),
    ),
    404: (
        _l("There is no page here"),
        _l("Check the address. If a link on this site led you here, we would like to know."),
    ),
    405: (
        _l("That cannot be done here"),
        _l("Open the page again and use its button."),
    ),
    409: (_l("That did not work"), ""),
    410: (_l("This link has expired"), _l("Ask for a new one.")),
    413: (
        _l("That is too large"),
        _l("Send less text or a smaller file."),
    ),
    422: (_l("Something needs to be mended"), ""),
    429: (_l("Too many at once"), _l("Wait a few minutes and try again.")),
    500: (
        _l("Something broke on our side"),
        _l("Nothing you sent was saved by halves. Please try again in a few minutes."),
    ),
    503: (_l("We are not ready yet"), _l("Please try again in a minute.")),
}


def init_app(app: Flask) -> None:
    """Answer refusals and errors with a page of their own."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


def page(status: int, sentence: Any = "") -> tuple[str, int]:
    """Make the page for a status; `sentence` says more than the status can."""
    title, advice = _WORDS.get(status, _WORDS[400])
    return (
        render_template("front/error.html", status=status, title=title, advice=sentence or advice),
        status,
    )


def _refused(refusal: Refusal) -> tuple[str, int]:
    return page(refusal.status, refusal.sentence)


def _http(error: HTTPException) -> Any:
    if error.response is not None or (error.code or 500) < 400:
        return error
    answer, status = page(error.code or 500)
    headers = [(k, v) for k, v in error.get_headers(request.environ) if k in {"Allow"}]
    return answer, status, headers


def _broken(error: Exception) -> tuple[str, int]:
    log.error("request.failed", exc_info=error)
    return page(500)
