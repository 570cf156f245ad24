"""Verbs of what forms asked for: answer it by mail, end its reservation, forget it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import joinedload

from campaign import jobs, tokens
from campaign.attribution import verbs as attribution_verbs
from campaign.attribution.models import Conversion
from campaign.db import db, insert_all_missing
from campaign.events.models import Event
from campaign.events.policy import INVITATIONS_A_DAY, INVITATIONS_IN_30_DAYS, RESERVATION
from campaign.events.queries import lock_shared
from campaign.events.sign_ups import mails
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.events.sign_ups.verbs import write_with_calendar
from campaign.outbox.queries import when_queued
from campaign.outbox.verbs import queue_all
from campaign.people.models import Person
from campaign.people.queries import by_emails, refusing_mail
from campaign.people.verbs import erases, meet_all


def answer(asks: Sequence[SignUpAsk], *, now: datetime) -> None:
    """Send the invitations that forms asked for, however many in a few statements.

    Of somebody known nothing changes; somebody new is noted as asked, and comes once they press
    the button. Beyond the caps, and to whom we must never write, nothing goes out, and of nobody
    new anything is noted.
    """
    # As everywhere: events are locked first and people after them, each in the order of a name.
    events = {id: lock_shared(id) for id in sorted({ask.event_id for ask in asks})}
    worth = _worth_a_mail(asks, events, now=now)
    people = meet_all({ask.email: ask.language for ask in worth}, now=now)
    wanted = [(people[ask.email], events[ask.event_id]) for ask in worth]
    sign_ups, new = _sign_ups_for(wanted, now=now)
    conversions = Counter[str]()
    invitations = []
    for ask, (person, event) in zip(worth, wanted, strict=True):
        sign_up = sign_ups[person.id, event.id]
        ask.sign_up_id = sign_up.id
        write = partial(mails.invitation, ask=ask)
        invitations.append(write_with_calendar(sign_up, event, write, now=now))
        if (person.id, event.id) in new:
            new.remove((person.id, event.id))
            conversions[ask.source] += 1
    queue_all(invitations, now=now)
    for ask in asks:
        if ask.sign_up_id is None:
            # Of what came to nothing only the reservation is left, until it expires.
            ask.name = ask.news = ask.source = ""
        ask.email, ask.answered_at = "", now
    # Last, and in order: whoever comes by the same link waits until this is saved.
    for source, number in sorted(conversions.items()):
        attribution_verbs.count(source, Conversion.SIGN_UP, number=number)


def _worth_a_mail(
    asks: Sequence[SignUpAsk], events: Mapping[int, Event], *, now: datetime
) -> list[SignUpAsk]:
    """Choose what may be answered: of an event that is ahead, within the caps of its mailbox."""
    emails = sorted({ask.email for ask in asks})
    known = {person.email: person for person in by_emails(emails)}
    refusing = refusing_mail(emails)
    signed_up = _signed_up(asks)
    queued = when_queued(emails, kinds=[mails.INVITATION], since=now - _LATELY)
    worth = []
    for ask in asks:
        event, person, before = events[ask.event_id], known.get(ask.email), queued[ask.email]
        if event.is_called_off or event.is_over(now) or ask.email in refusing:
            continue
        if ask.is_in_vain and (ask.email, event.id) not in signed_up:
            continue
        if sum(at >= now - _DAY for at in before) >= INVITATIONS_A_DAY:
            continue
        if (person is None or not person.confirmed_at) and len(before) >= INVITATIONS_IN_30_DAYS:
            continue
        # Shared by all addresses of a mailbox: the next of them finds this one too.
        before.append(now)
        worth.append(ask)
    return worth


_DAY, _LATELY = timedelta(days=1), timedelta(days=30)


def _signed_up(asks: Sequence[SignUpAsk]) -> set[tuple[str, int]]:
    """Tell who of those that asked in vain is signed up already: address and event."""
    in_vain = [ask for ask in asks if ask.is_in_vain]
    if not in_vain:
        return set()
    rows = db.session.execute(
        select(Person.email, SignUp.event_id)
        .join(SignUp.person)
        .where(
            Person.email.in_({ask.email for ask in in_vain}),
            SignUp.event_id.in_({ask.event_id for ask in in_vain}),
            SignUp.withdrawn_at.is_(None),
        )
    )
    return {(email, event_id) for email, event_id in rows}


_Pair = tuple[int, int]


def _sign_ups_for(
    wanted: Iterable[tuple[Person, Event]], *, now: datetime
) -> tuple[dict[_Pair, SignUp], set[_Pair]]:
    """Find sign-ups of people for events, or note that they are asked for. Tells which are new."""
    missing = {
        (person.id, event.id): {
            "person_id": person.id,
            "event_id": event.id,
            "guests": 0,
            # Some mail servers write local parts in small letters, and so do we.
            "token": tokens.random_token().lower(),
            "signed_up_at": now,
            "notified_sequence": event.sequence,
            "stamped_at": now - timedelta(seconds=1),
        }
        for person, event in wanted
    }
    if not missing:
        return {}, set()
    rows = [row for _pair, row in sorted(missing.items())]
    new: set[_Pair] = set(insert_all_missing(SignUp, rows, unique=["person_id", "event_id"]))
    found = db.session.scalars(
        select(SignUp)
        .where(tuple_(SignUp.person_id, SignUp.event_id).in_(list(missing)))
        .options(joinedload(SignUp.person))
        .execution_options(populate_existing=True)
    )
    sign_ups = {(sign_up.person_id, sign_up.event_id): sign_up for sign_up in found}
    for sign_up in sign_ups.values():
        if not sign_up.is_active:
            # Withdrawn before: asked for again it stands where a new one does.
            sign_up.confirmed_at = sign_up.withdrawn_at = None
            sign_up.signed_up_at = now
            # Higher than the CANCEL they got, or calendars would not believe it.
            sign_up.revisions += 1
    return sign_ups, new


def expire(*, now: datetime) -> None:
    """End old reservations and forget whose they were, what came to nothing or was never answered.

    What became an invitation stays for its button as long as the sign-up does.
    """
    old = SignUpAsk.asked_at <= now - RESERVATION
    stuck = SignUpAsk.answered_at.is_(None) & (SignUpAsk.asked_at <= now - jobs.ASKS_KEPT)
    db.session.execute(
        delete(SignUpAsk).where(
            SignUpAsk.sign_up_id.is_(None), old & SignUpAsk.answered_at.is_not(None) | stuck
        )
    )
    db.session.execute(
        update(SignUpAsk)
        .where(old, SignUpAsk.mailbox_hash != "")
        .values(client_hash="", mailbox_hash="", seats=0)
        .execution_options(synchronize_session=False)
    )


@erases
def forget_asks(email: str, person: Person | None) -> None:
    """Erase what forms asked for in the name of an address and nobody has answered yet."""
    db.session.execute(delete(SignUpAsk).where(SignUpAsk.email == email))
