"""Verbs of what forms ask for: take it down, answer it by mail, erase it."""

from datetime import datetime

from sqlalchemy import delete

from campaign import jobs
from campaign.db import db
from campaign.people.asks.models import PersonAsk
from campaign.people.models import Person, Purpose
from campaign.people.subscriptions.queries import may_be_asked
from campaign.people.subscriptions.verbs import invite_to_confirm
from campaign.people.verbs import erases, meet


def take_ask(
    email: str,
    purpose: Purpose,
    *,
    name: str = "",
    language: str = "",
    wording: str,
    form: str,
    now: datetime,
) -> None:
    """Note that a form asks for a purpose in the name of an address; a duty asks its owner."""
    db.session.add(
        PersonAsk(
            email=email,
            purpose=purpose,
            name=name,
            language=language,
            wording=wording,
            form=form,
            asked_at=now,
        )
    )
    jobs.wake_after_commit("people.answer")


def answer(asked: PersonAsk, *, now: datetime) -> None:
    """Ask the owner of an address by mail whether they want what a form asked for.

    Who must not be written to is not remembered anew because a stranger typed the address.
    """
    db.session.delete(asked)
    if may_be_asked(asked.email, now=now):
        person = meet(asked.email, language=asked.language, now=now)
        invite_to_confirm(
            person,
            Purpose(asked.purpose),
            wording=asked.wording,
            form=asked.form,
            name=asked.name,
            now=now,
        )


def expire_asks(*, now: datetime) -> None:
    """Erase what forms asked for and could not be answered for days."""
    db.session.execute(delete(PersonAsk).where(PersonAsk.asked_at <= now - jobs.ASKS_KEPT))


@erases
def forget_asks(email: str, person: Person | None) -> None:
    """Erase what forms asked for in the name of an address and nobody has answered yet."""
    db.session.execute(delete(PersonAsk).where(PersonAsk.email == email))
