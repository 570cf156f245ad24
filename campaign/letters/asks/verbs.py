"""Verbs of what forms asked for: keep the letter and ask its owner, forget what was asked."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from campaign import tokens
from campaign.attribution import verbs as attribution_verbs
from campaign.attribution.models import Conversion
from campaign.db import db, insert_missing
from campaign.letters import mails
from campaign.letters.models import Letter, LetterAsk, State
from campaign.letters.policy import SENT_TWICE
from campaign.outbox.verbs import queue
from campaign.people.models import Person
from campaign.people.subscriptions.queries import may_be_asked
from campaign.people.verbs import erases, lock_person, meet
from campaign.summits.models import Post, Summit

_TYPED = ("name", "subject", "body", "own_words")


def answer(asked: LetterAsk, *, now: datetime) -> None:
    """Keep a letter until the person confirms it, and ask them to.

    Who has confirmed a letter to this post before this summit, has been asked too often, or has
    said that it was not them, gets nothing; nor does anybody for whom it is too late by now.
    """
    db.session.delete(asked)
    to = db.session.get_one(Post, asked.post_id)
    summit = db.session.get(Summit, asked.summit_id) if asked.summit_id is not None else None
    is_too_late = summit is not None and not summit.is_ahead(now.date())
    if is_too_late or not to.is_writable(now.date()) or not may_be_asked(asked.email, now=now):
        return
    person = meet(asked.email, language=asked.language, now=now)
    # Two asked at once are counted one after the other.
    lock_person(person.id)
    if not may_be_asked(asked.email, now=now):
        return
    is_new, letter = _letter_of(person, to, summit, asked, now=now)
    if letter.state not in {State.PENDING, State.DROPPED}:
        return
    said = {field: getattr(asked, field) for field in _TYPED}
    is_changed = said != {field: getattr(letter, field) for field in _TYPED}
    if not (is_new or is_changed) and asked.asked_at - letter.written_at < SENT_TWICE:
        return
    if is_changed or letter.state == State.DROPPED:
        letter.token = tokens.random_token()
        letter.language = asked.letter_language
        for field, value in said.items():
            setattr(letter, field, value)
    letter.state = State.PENDING
    letter.dropped_at = letter.reminded_at = None
    letter.written_at = now
    queue(mails.confirmation(letter), now=now)
    if is_new:
        attribution_verbs.count(asked.source, Conversion.LETTER)


def _letter_of(
    person: Person, to: Post, summit: Summit | None, asked: LetterAsk, *, now: datetime
) -> tuple[bool, Letter]:
    """Find somebody's letter to a post before a summit, or keep it. Tells if it is new."""
    occasion = summit.slug if summit else ""
    is_new = insert_missing(
        Letter,
        {
            "token": tokens.random_token(),
            "key": tokens.random_token(),
            "person_id": person.id,
            "post_id": to.id,
            "summit_id": summit.id if summit else None,
            "occasion": occasion,
            "language": asked.letter_language,
            "written_at": now,
            **{field: getattr(asked, field) for field in _TYPED},
        },
        unique=["person_id", "post_id", "occasion"],
    )
    letter = db.session.scalars(
        select(Letter)
        .where(Letter.person_id == person.id, Letter.post_id == to.id, Letter.occasion == occasion)
        .options(joinedload(Letter.person), joinedload(Letter.post), joinedload(Letter.summit))
        .with_for_update(of=Letter)
    ).one()
    return is_new, letter


@erases
def forget_asks(email: str, person: Person | None) -> None:
    """Erase the letters that forms asked for in the name of an address and wait to be taken up."""
    db.session.execute(delete(LetterAsk).where(LetterAsk.email == email))
