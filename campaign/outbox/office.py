"""The outbox for organisers: what became of every mail."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import Select

from campaign import clock, tables
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _, ngettext
from campaign.languages import lazy_gettext as _l
from campaign.outbox import kinds, ledger, queries, verbs
from campaign.outbox.ledger import STATES
from campaign.outbox.masking import masked
from campaign.outbox.models import Message, State
from campaign.outbox.throttles import queries as throttles_queries
from campaign.outbox.timings import queries as timings_queries
from campaign.tables import Column

# What bounds the speed of sending, by what most of the senders' time goes into.
BOUNDS = {
    "relay": _l(
        "The mail server bounds the speed now: the senders wait for it %(share)s%% of their time."
    ),
    "rate": _l(
        "The rate that was set bounds the speed now: the senders wait for it "
        "%(share)s%% of their time."
    ),
    "database": _l(
        "The database bounds the speed now: the senders wait for it %(share)s%% of their time."
    ),
    "processor": _l(
        "The processor bounds the speed now: the senders work, or wait for it, "
        "%(share)s%% of their time."
    ),
}

bp = Blueprint("outbox", __name__, url_prefix="/outbox")


def _subject(message: Message) -> str:
    return ledger.subject_of(message, now=clock.now())


def _link(message: Message) -> Markup:
    href = url_for("office.outbox.message", id=message.id)
    label = _subject(message) or _("(no subject)")
    return Markup('<a href="{}">{}</a>').format(href, label)


def _tries(message: Message) -> int | str:
    # One try is the rule, so only more say anything.
    return message.tries if message.tries > 1 else ""


MESSAGES = [
    Column("subject", _l("Subject"), _subject, cell=_link),
    Column("to", _l("To"), lambda row: row.to_address),
    Column("kind", _l("Kind"), lambda row: row.kind, cell=lambda row: kinds.name_of(row.kind)),
    Column("state", _l("State"), lambda row: row.state, cell=lambda row: STATES[row.state]),
    Column("tries", _l("Tries"), lambda row: row.tries, cell=_tries, is_number=True),
    Column("reply", _l("The relay’s reply"), lambda row: masked(row.last_reply)),
    Column("queued_at", _l("Queued"), lambda row: row.queued_at),
    Column("settled_at", _l("Settled"), lambda row: row.settled_at),
]


@bp.get("")
def index() -> Any:
    """List every message with its state."""
    if request.args.get("format") == "csv":
        return tables.download(_asked_for(), MESSAGES, name="outbox")
    return _list_page(ButtonForm())


def _asked_for() -> Select[Message]:
    return ledger.messages(
        request.args.get("q", ""),
        kind=request.args.get("kind", ""),
        everywhere=tables.is_everywhere(request.args),
        **_filters(),
    )


def _filters() -> dict[str, Any]:
    return {
        "state": request.args.get("state", ""),
        "batch_id": request.args.get("batch", type=int),
    }


def _list_page(form: ButtonForm) -> str:
    path = url_for("office.outbox.index")
    state = request.args.get("state", "")
    counts = queries.counts()
    return render_template(
        "outbox/office/index.html",
        table=tables.page(
            _asked_for(),
            MESSAGES,
            arguments=request.args,
            path=path,
            is_narrowed=tables.finds_some(queries.search(**_filters()), request.args, "q", "kind"),
        ),
        counts=counts,
        states=STATES,
        kinds=[(name, kinds.name_of(name)) for name in kinds.known()],
        state=state,
        kind=request.args.get("kind", ""),
        relay=throttles_queries.troubled_relay(),
        bound=_bound(),
        is_closed=throttles_queries.is_relay_closed(now=clock.now()),
        may_retry=state == State.FAILED and counts[State.FAILED] > 0,
        form=form,
    )


def _bound() -> str:
    """Say in one sentence what bounds the speed of sending; nothing where nobody sends."""
    found = timings_queries.what_bounds(now=clock.now())
    if found is None:
        return ""
    words = str(BOUNDS[found.kind]) % {"share": round(found.share * 100)}
    each_minute = round(found.each_minute)
    left = ngettext("One mail left in a minute.", "%(num)s mails left in a minute.", each_minute)
    return f"{words} {left}"


@bp.get("/<int:id>")
def message(id: int) -> Any:
    """Show one message with its whole story."""
    return _message_page(id, ButtonForm())


def _message_page(id: int, form: ButtonForm) -> Any:
    found = ledger.message(id) or abort(404)
    return render_template(
        "outbox/office/message.html",
        message=found,
        subject=_subject(found),
        reply_to=ledger.reply_to_of(found, now=clock.now()),
        kind=kinds.name_of(found.kind),
        text=ledger.text_of(found, now=clock.now()),
        is_private=kinds.is_private(found.kind),
        state=STATES[found.state],
        may_retry=found.state == State.FAILED,
        form=form,
    )


@bp.post("/<int:id>/retry")
def retry(id: int) -> Any:
    """Let a failed message try again."""
    form = ButtonForm()
    if not form.validate():
        return _message_page(id, form), form.refusal_status()
    verbs.retry(ledger.message(id) or abort(404), now=clock.now())
    db.session.commit()
    flash(_("It will be tried again within a minute."), "done")
    return redirect(url_for("office.outbox.message", id=id), 303)


@bp.post("/retry")
def retry_all() -> Any:
    """Let every failed message try again."""
    form = ButtonForm()
    if not form.validate():
        return _list_page(form), form.refusal_status()
    again = verbs.retry_all(now=clock.now())
    db.session.commit()
    flash(
        ngettext("One message is tried again.", "%(num)s messages are tried again.", again),
        "done",
    )
    return redirect(url_for("office.outbox.index"), 303)
