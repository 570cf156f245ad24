"""Pages for what went wrong: each says what happened, in words, and where to go next."""

from typing import Any

import structlog
from flask import Flask, Response, render_template, request
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from campaign.db import db
from campaign.front import navigation
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
        _l("We could not do that"),
        _l("This came from another site, or you may not do it. Start again from our page."),
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
    422: (_l("Something needs to be corrected"), ""),
    429: (_l("Too many at once"), _l("Wait a few minutes and try again.")),
    500: (
        _l("Something broke on our side"),
        _l("The fault is ours, and nothing was half saved. Please try again in a few minutes."),
    ),
    503: (_l("We are not ready yet"), _l("Please try again in a minute.")),
}


# Headers that belong to what went wrong (RFC 9110 sections 10.2.1 and 10.2.3).
_KEPT_HEADERS = {"Allow", "Retry-After"}


def init_app(app: Flask) -> None:
    """Answer refusals and errors with a page of their own."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)
    # Flask's own would print the path, and paths carry tokens.
    app.log_exception = _note  # type: ignore[method-assign]


def page(status: int, sentence: Any = "") -> tuple[str, int]:
    """Make the page for a status; `sentence` says more than the status can."""
    title, advice = _WORDS.get(status) or _WORDS[400 if status < 500 else 500]
    _undo()
    if status >= 500:
        # What failed must not be asked again, and waited for again, by the page that says so.
        navigation.keep_as_it_is()
    return (
        render_template(
            "front/error.html",
            status=status,
            title=title,
            advice=sentence or advice,
            typed=_typed() if status >= 500 else [],
        ),
        status,
    )


def _typed() -> list[tuple[str, str]]:
    """Give what was typed into a form that our own fault has stopped: nothing of it may be lost.

    With its token, so that the same form can be sent again from here. Files cannot be shown again.
    """
    try:
        if request.method != "POST" or request.files:
            return []
        return [(name, value) for name, value in request.form.items(multi=True) if value]
    except HTTPException:
        # A body that cannot be read.
        return []


def _undo() -> None:
    """Leave nothing half done, and no lock held, while the page about it is made."""
    try:
        db.session.rollback()
    except SQLAlchemyError as trouble:
        log.warning("rollback.failed", fault=type(trouble).__name__)


def _refused(refusal: Refusal) -> tuple[str, int]:
    return page(refusal.status, refusal.sentence)


def _http(error: HTTPException) -> Any:
    if error.response is not None or (error.code or 500) < 400:
        return error
    answer, status = page(error.code or 500)
    headers = [(k, v) for k, v in error.get_headers(request.environ) if k in _KEPT_HEADERS]
    return answer, status, headers


def _broken(error: Exception) -> Any:
    log.error("request.failed", exc_info=error)
    status = 503 if isinstance(error, OperationalError) else 500
    try:
        return page(status)
    except Exception as trouble:  # the last edge: a page about trouble must not need the template
        log.error("error_page.failed", exc_info=trouble)
        title, advice = _WORDS[status]
        return Response(f"{title}\n\n{advice}\n", status, mimetype="text/plain")


def _note(exc_info: Any) -> None:
    log.error("request.failed", exc_info=exc_info[1] if exc_info else None)
