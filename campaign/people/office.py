"""People in the office: who they are, what they agreed to, what was sent to them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import Select

from campaign import clock, tables
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _, country_name, languages, territories
from campaign.languages import lazy_gettext as _l
from campaign.outbox import kinds, ledger
from campaign.outbox.masking import masked
from campaign.outbox.models import Message
from campaign.outbox.suppressions.queries import suppression_of
from campaign.outbox.suppressions.verbs import lift
from campaign.people import queries, verbs
from campaign.people.forms import TagForm
from campaign.people.models import Person, Rhythm
from campaign.people.subscriptions import queries as subscriptions_queries
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.refusals import Refusal
from campaign.tables import Column

bp = Blueprint("people", __name__, url_prefix="/people")

# How it is recorded that somebody left, or is not written to, because they told an organiser.
OFFICE = "office"

RHYTHMS = {Rhythm.ALL.value: _l("every issue"), Rhythm.MONTHLY.value: _l("one a month")}


def _link(person: Person) -> Markup:
    href = url_for("office.people.person", id=person.id)
    return Markup('<a href="{}">{}</a>').format(href, person.email)


def _country(person: Person) -> str:
    return country_name(person.country) if person.country else ""


PEOPLE = [
    Column("email", _l("Address"), lambda row: row.email, cell=_link),
    Column("name", _l("Name"), lambda row: row.name),
    Column("country", _l("Country"), lambda row: row.country, cell=_country),
    Column("city", _l("City"), lambda row: row.city),
    Column("language", _l("Language"), lambda row: row.language),
    Column("known_since", _l("Known since"), lambda row: row.remembered_at),
]


@bp.get("")
def index() -> Any:
    """List everybody the campaign knows."""
    country, tag = request.args.get("country", ""), request.args.get("tag", "")
    all_of_them = queries.search(country=country, tag=tag)
    query = queries.search(
        request.args.get("q", ""),
        country=country,
        tag=tag,
        everywhere=tables.is_everywhere(request.args),
    )
    if request.args.get("format") == "csv":
        return tables.download(query, PEOPLE, name="people")
    return render_template(
        "people/office/index.html",
        table=tables.page(
            query,
            PEOPLE,
            arguments=request.args,
            path=request.path,
            is_narrowed=tables.finds_some(all_of_them, request.args, "q"),
        ),
        countries=territories(),
        country=country,
        tags=[(word, word) for word in queries.tags_in_use()],
        tag=tag,
    )


@bp.get("/tags")
def tags() -> Any:
    """List the tags in use, each with how many people have it."""
    return render_template("people/office/tags.html", tags=queries.number_tagged())


@bp.get("/<int:id>")
def person(id: int) -> Any:
    """Show all that is known of a person, and the history of what was sent to them."""
    found = _found(id)
    if request.args.get("format") == "csv":
        return tables.download(_sent_to(found), _history(clock.now()), name=f"sent-to-{id}")
    return _person_page(found, TagForm())


def _found(id: int) -> Person:
    found: Person = db.session.get(Person, id) or abort(404)
    return found


def _sent_to(found: Person) -> Select[Message]:
    return ledger.messages().where(Message.person_id == found.id)


def _history(now: datetime) -> list[Column]:
    def subject(message: Message) -> str:
        return ledger.subject_of(message, now=now) or str(_("(no subject)"))

    def link(message: Message) -> Markup:
        href = url_for("office.outbox.message", id=message.id)
        return Markup('<a href="{}">{}</a>').format(href, subject(message))

    return [
        Column("subject", _l("Subject"), subject, cell=link),
        Column("kind", _l("Kind"), lambda m: m.kind, cell=lambda m: kinds.name_of(m.kind)),
        Column("state", _l("State"), lambda m: m.state, cell=lambda m: ledger.STATES[m.state]),
        Column("reply", _l("The relay’s reply"), lambda m: masked(m.last_reply)),
        Column("queued_at", _l("Queued"), lambda m: m.queued_at),
        Column("settled_at", _l("Settled"), lambda m: m.settled_at),
    ]


def _person_page(found: Person, form: TagForm) -> str:
    path = url_for("office.people.person", id=found.id)
    suppression = suppression_of(found.email)
    subscriptions = subscriptions_queries.subscriptions_of(found.id)
    return render_template(
        "people/office/person.html",
        person=found,
        language_name=dict(languages()).get(found.language, found.language),
        subscriptions=subscriptions,
        rhythms=RHYTHMS,
        consents=subscriptions_queries.consents_of(found.id),
        topics=subscriptions_queries.refused_topics_of(found.id),
        tags=queries.tags_of(found.id),
        known_tags=queries.tags_in_use(),
        suppression=suppression,
        history=tables.page(
            _sent_to(found), _history(clock.now()), arguments=request.args, path=path
        ),
        form=form,
        may_leave=any(one.is_active or one.is_pending for one in subscriptions),
        may_forget=g.organiser.is_administrator,
    )


@bp.post("/<int:id>/tags")
def tag(id: int) -> Any:
    """Give a person a tag."""
    found = _found(id)
    form = TagForm()
    if not form.validate():
        return _person_page(found, form), form.refusal_status()
    verbs.tag(found, form.tag.data)
    return _done(_("They have the tag now."), id)


@bp.post("/<int:id>/tags/remove")
def untag(id: int) -> Any:
    """Take a tag from a person."""
    found = _found(id)
    form = TagForm()
    if not form.validate():
        return _person_page(found, form), form.refusal_status()
    verbs.untag(found, form.tag.data)
    return _done(_("They no longer have the tag."), id)


def _done(sentence: str, id: int) -> Any:
    db.session.commit()
    flash(sentence, "done")
    return redirect(url_for("office.people.person", id=id), 303)


@dataclass(frozen=True)
class Operation:
    """An operation that is asked about once more on a page of its own, with one button."""

    title: Any
    text: Any
    button: Any
    done: Any
    do: Callable[[Person, datetime], None]
    is_for_administrators: bool = False


def _leave(found: Person, now: datetime) -> None:
    subscriptions_verbs.leave_all(found.id, through=OFFICE, now=now)


def _never_write(found: Person, now: datetime) -> None:
    who = str(_("An organiser was told: %(email)s", email=g.organiser.email))
    subscriptions_verbs.never_write(
        found.id, found.address_hash, because=OFFICE, evidence=who, now=now
    )


def _write_again(found: Person, now: datetime) -> None:
    lift(found.email)


def _forget(found: Person, now: datetime) -> None:
    verbs.forget(found)


OPERATIONS = {
    "leave": Operation(
        _l("Take them off the list?"),
        _l(
            "They get no more issues. What they agreed to, and that it was taken back today, stays "
            "on record. Only they themselves can subscribe again."
        ),
        _l("Take them off the list"),
        _l("They are off the list."),
        _leave,
    ),
    "never-write": Operation(
        _l("Never write to them again?"),
        _l(
            "No mail of any kind goes to this address any more, whoever types it into a form. They "
            "leave the list too. You can undo it on their page when its owner asks for that."
        ),
        _l("Never write to them again"),
        _l("Nothing is written to them any more."),
        _never_write,
    ),
    "write-again": Operation(
        _l("Write to them again?"),
        _l(
            "Only when the owner of the address has asked for it: a second complaint makes all our "
            "mail less likely to arrive. It does not subscribe them to anything."
        ),
        _l("Write to them again"),
        _l("They are written to again."),
        _write_again,
    ),
    "forget": Operation(
        _l("Forget them?"),
        _l(
            "Everything we know of them is erased: their name and address, what they agreed to, "
            "their places at events, their letters, the mails they wrote to us, and the history of "
            "what was sent. You cannot undo this. If they asked never to be written to, that stays."
        ),
        _l("Forget them for good"),
        _l("They are forgotten."),
        _forget,
        is_for_administrators=True,
    ),
}


class OnlyAdministratorsForget(Refusal):
    status = 403
    sentence = _l("Only administrators erase what is known of somebody.")


def _operation(name: str) -> Operation:
    operation = OPERATIONS.get(name) or abort(404)
    if operation.is_for_administrators and not g.organiser.is_administrator:
        raise OnlyAdministratorsForget
    return operation


@bp.get("/<int:id>/<name>")
def confirm_operation(id: int, name: str) -> Any:
    """Ask once more before an operation that is hard to take back."""
    return _confirm_page(_found(id), name, _operation(name), ButtonForm())


def _confirm_page(found: Person, name: str, operation: Operation, form: ButtonForm) -> str:
    return render_template(
        "people/office/confirm.html", person=found, name=name, operation=operation, form=form
    )


@bp.post("/<int:id>/<name>")
def do_operation(id: int, name: str) -> Any:
    """Do what was asked about."""
    operation = _operation(name)
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _confirm_page(found, name, operation, form), form.refusal_status()
    operation.do(found, clock.now())
    if db.session.get(Person, id) is not None and name != "forget":
        return _done(str(operation.done), id)
    db.session.commit()
    flash(str(operation.done), "done")
    return redirect(url_for("office.people.index"), 303)
