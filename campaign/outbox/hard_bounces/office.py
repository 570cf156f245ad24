"""Bounces for organisers: what caused them, what waits, and the two buttons that settle it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from markupsafe import Markup

from campaign import clock, tables
from campaign.db import db
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.outbox.hard_bounces import queries
from campaign.outbox.hard_bounces.causes import verbs
from campaign.outbox.hard_bounces.forms import JudgeForm
from campaign.outbox.hard_bounces.models import Cause, Decision
from campaign.tables import Column

bp = Blueprint("hard_bounces", __name__, url_prefix="/bounces")

# What became of a cause, to somebody who has not read the code.
STATES: dict[str, Any] = {
    "withheld": _l("waits for you"),
    Decision.UNDECIDED: _l("not written to any more"),
    Decision.GONE: _l("looked at: they are gone"),
    Decision.RELAY: _l("looked at: it was the relay"),
}


def _state(cause: Cause) -> str:
    return "withheld" if cause.is_withheld else cause.decision


def what(cause: Cause) -> str:
    """Name what a cause is about: an issue, or a domain."""
    if cause.domain:
        return str(_("Mail to %(domain)s", domain=cause.domain))
    return cause.batch.subject if cause.batch else str(_("An issue that is no more"))


def _link(cause: Cause) -> Markup:
    href = url_for("office.outbox.hard_bounces.cause", id=cause.id)
    return Markup('<a href="{}">{}</a>').format(href, what(cause))


CAUSES = [
    Column("what", _l("What came back"), what, cell=_link),
    Column("began_at", _l("Since"), lambda row: row.began_at),
    Column("state", _l("State"), _state, cell=lambda row: STATES[_state(row)]),
]


@bp.get("")
def index() -> Any:
    """List what caused bounces, the newest first."""
    return render_template(
        "outbox/office/hard_bounces.html",
        table=tables.page(queries.causes(), CAUSES, arguments=request.args, path=request.path),
        withheld=queries.withheld(),
    )


@bp.get("/<int:id>")
def cause(id: int) -> Any:
    """Show what one cause did, in the words that were said, and ask what it was."""
    return _cause_page(queries.cause(id) or abort(404), JudgeForm())


def _cause_page(found: Cause, form: JudgeForm) -> str:
    return render_template(
        "outbox/office/hard_bounce.html",
        cause=found,
        what=what(found),
        number=queries.number_of([found])[found.id],
        suppressed=queries.number_suppressed(found),
        words=queries.words_of(found),
        state=STATES[_state(found)],
        form=form,
    )


def _press(id: int, decide: Callable[..., None], said: Any) -> Any:
    found = queries.cause(id) or abort(404)
    form = JudgeForm()
    if not form.validate():
        return _cause_page(found, form), form.refusal_status()
    decide(found, by=g.organiser.id, now=clock.now())
    db.session.commit()
    flash(said, "done")
    return redirect(url_for("office.outbox.hard_bounces.cause", id=id), 303)


@bp.post("/<int:id>/gone")
def find_gone(id: int) -> Any:
    """Settle that they are gone."""
    return _press(id, verbs.find_gone, _("Settled: nothing is sent to these addresses again."))


@bp.post("/<int:id>/relay")
def find_reachable(id: int) -> Any:
    """Settle that it was the relay, and lift all that it suppressed."""
    return _press(
        id,
        verbs.find_reachable,
        _("Settled: all of them are written to again, and what they missed goes once more."),
    )
