"""Deeds about people: remember, ask, remind, confirm, leave, refuse, forget."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from campaign import jobs
from campaign.db import db, insert_missing, lock
from campaign.outbox.bounces.verbs import keep_from, lift_bounce
from campaign.outbox.mail import Mail
from campaign.outbox.models import Message, State, address_hash
from campaign.outbox.suppressions.queries import is_suppressed
from campaign.outbox.suppressions.verbs import keep_no_evidence, suppress_hash
from campaign.outbox.verbs import queue
from campaign.people import mails, queries
from campaign.people.links import CONFIRM_WITHIN
from campaign.people.models import (
    NOT_ME,
    Consent,
    Person,
    PersonAsk,
    Purpose,
    Subscription,
    Tag,
    as_tag,
)
from campaign.people.queries import may_be_asked, may_be_reminded, subscription_of
from campaign.places import cities


def remember(
    email: str,
    *,
    name: str = "",
    language: str = "",
    country: str = "",
    city: str = "",
    now: datetime,
) -> Person:
    """Find the person with an address or make them known, and complete what is known of them.

    For what they said themselves, or an organiser said of them; what a stranger's form says of
    the owner of an address is not that (`meet`).
    """
    person = meet(email, language=language, now=now)
    person.name = person.name or name
    person.language = person.language or language
    person.country = person.country or country
    # A city of another country than theirs is somebody else's idea of them.
    if country in {"", person.country}:
        person.city = person.city or city
    _locate(person)
    return person


def meet(email: str, *, language: str = "", now: datetime) -> Person:
    """Find the person with an address that a form named, or make them known; held for the deed.

    Whoever types an address need not be its owner: so of somebody known nothing changes, and of
    somebody new nothing is noted but the language in which to ask them. Two at once make one
    person.
    """
    known = {
        "email": email,
        "name": "",
        "language": language,
        "country": "",
        "address_hash": address_hash(email),
        "remembered_at": now,
    }
    # Held, so that no duty forgets them meanwhile; one that just did leaves them to be made again.
    query = lock(select(Person).where(Person.email == email)).execution_options(
        populate_existing=True
    )
    person: Person | None = None
    while person is None:
        insert_missing(Person, known, unique=["email"])
        person = db.session.scalar(query)
    return person


def _locate(person: Person) -> None:
    """Find a person's city and zone in the gazetteer, where they are not known yet."""
    found = cities.find(person.city, person.country) if person.city_id is None else None
    if found:
        person.city_id = found.id
    if found or not person.timezone:
        person.timezone = cities.zone_of(person.city_id, person.country)


def move(person: Person, *, country: str, city: str) -> None:
    """Note where a person says they live now; with both empty it is forgotten."""
    person.country, person.city = country, city
    person.city_id, person.timezone = None, ""
    _locate(person)


def hold(person_id: int) -> None:
    """Let one deed about a person happen at a time.

    Always before what hangs on the person is held: two deeds never wait for each other.
    """
    db.session.execute(lock(select(Person.id).where(Person.id == person_id)))


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


def ask(
    person: Person,
    purpose: Purpose,
    *,
    wording: str,
    form: str,
    name: str = "",
    now: datetime,
) -> Subscription:
    """Note that somebody asked for a purpose in this person's name; nothing is agreed yet."""
    insert_missing(
        Subscription,
        {"person_id": person.id, "purpose": purpose, "asked_at": now},
        unique=["person_id", "purpose"],
    )
    subscription = db.session.scalars(
        select(Subscription).where(
            Subscription.person_id == person.id, Subscription.purpose == purpose
        )
    ).one()
    if subscription.is_active:
        return subscription
    # Who left has left still: whoever typed the address need not be its owner.
    if subscription.left_at is not None and not subscription.is_pending:
        subscription.reminded_at = None
    subscription.asked_at = now
    subscription.asked_name = "" if person.name else name
    db.session.add(
        Consent(
            person_id=person.id,
            purpose=purpose,
            wording=wording,
            wording_version=hashlib.sha256(wording.encode()).hexdigest()[:12],
            form=form,
            asked_at=now,
        )
    )
    return subscription


def invite_to_confirm(
    person: Person,
    purpose: Purpose,
    *,
    wording: str,
    form: str,
    name: str = "",
    now: datetime,
) -> None:
    """Ask the owner of an address by mail whether they want what a form asked for.

    `wording` is the sentence of the form, word for word; `form` names the form. Subscribers are
    told that they are in already. Beyond the caps, and to an address whose owner wants no mail,
    nothing goes out and nothing is noted; the door answers the same in every case. Where mail came
    back from the address before, its owner is asked all the same: the button lifts that.
    """
    # Two forms sent at once are counted one after the other.
    hold(person.id)
    if not may_be_asked(person.email, now=now):
        return
    subscription = ask(person, purpose, wording=wording, form=form, name=name, now=now)
    has_bounced = is_suppressed(person.email)
    is_in = subscription.is_active and not has_bounced
    mail = (mails.already_subscribed if is_in else mails.confirmation)(person, purpose)
    queue(replace(mail, is_own_act=has_bounced), now=now)


REMIND_AFTER = timedelta(days=3)


def remind_pending(purpose: Purpose, *, write: Callable[[Person], Mail], now: datetime) -> None:
    """Ask once more those who have not answered for three days; never a third time.

    `write` makes the mail for each.
    """
    waiting = queries.waiting_for_a_reminder(
        purpose, asked_after=now - CONFIRM_WITHIN, asked_before=now - REMIND_AFTER
    )
    for subscription in db.session.scalars(lock(waiting)).all():
        person = db.session.get_one(Person, subscription.person_id)
        if may_be_reminded(person.email, now=now):
            subscription.reminded_at = now
            queue(write(person), now=now)


def expire_pending(purpose: Purpose, *, now: datetime) -> None:
    """Erase what was asked for 30 days ago and never agreed to."""
    old = queries.never_confirmed(purpose, asked_before=now - CONFIRM_WITHIN)
    for subscription in db.session.scalars(lock(old)).all():
        _drop(subscription)


def _drop(subscription: Subscription) -> None:
    """Undo what was only asked; with it goes a person of whom nothing else is known."""
    theirs = (
        Consent.person_id == subscription.person_id,
        Consent.purpose == subscription.purpose,
    )
    db.session.execute(delete(Consent).where(*theirs, Consent.given_at.is_(None)))
    if subscription.left_at is not None:
        # They had left before somebody asked again: so they have left still.
        subscription.asked_at = subscription.left_at
        subscription.asked_name = ""
        return
    db.session.delete(subscription)
    db.session.flush()
    person = db.session.get_one(Person, subscription.person_id)
    if person.confirmed_at is None and not queries.is_known_elsewhere(person):
        let_go(person)


def confirm(subscription: Subscription, *, now: datetime) -> bool:
    """Record the agreement the person gave with the button. Returns whether it is new."""
    # Pressed twice at once, the second press waits here and finds the first.
    hold(subscription.person_id)
    db.session.refresh(subscription, with_for_update=True)
    person = db.session.get_one(Person, subscription.person_id)
    # The mail with the button has arrived.
    lift_bounce(person.email)
    if subscription.is_active:
        return False
    subscription.confirmed_at = now
    subscription.left_at = None
    person.confirmed_at = person.confirmed_at or now
    # They have seen it on the page with the button.
    person.name = person.name or subscription.asked_name
    subscription.asked_name = ""
    latest = db.session.scalars(
        select(Consent)
        .where(Consent.person_id == subscription.person_id, Consent.purpose == subscription.purpose)
        .order_by(Consent.id.desc())
        .limit(1)
    ).one()
    latest.given_at = now
    latest.withdrawn_at = None
    return True


# What follows once somebody has agreed to a purpose; the room it belongs to says so (`welcomes`).
_welcomes: dict[Purpose, Callable[..., None]] = {}


def welcomes(purpose: Purpose) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register what is done for a person, `now=`, who has just agreed to a purpose."""

    def register(do: Callable[..., None]) -> Callable[..., None]:
        _welcomes[purpose] = do
        return do

    return register


def agree(person: Person, purpose: Purpose, *, wording: str, form: str, now: datetime) -> None:
    """Record what the owner of an address agreed to with a button in another mail of ours."""
    hold(person.id)
    if confirm(ask(person, purpose, wording=wording, form=form, now=now), now=now):
        _welcomes[purpose](person, now=now)


def leave(person_id: int, purpose: Purpose, *, through: str, now: datetime) -> bool:
    """Take back what a person agreed to; done twice it stays done. Returns whether it is new."""
    hold(person_id)
    subscription = subscription_of(person_id, purpose)
    if subscription is None:
        return False
    db.session.refresh(subscription, with_for_update=True)
    if subscription.left_at is not None and not subscription.is_pending:
        return False
    subscription.left_at = now
    for consent in db.session.scalars(
        select(Consent).where(
            Consent.person_id == person_id,
            Consent.purpose == purpose,
            Consent.withdrawn_at.is_(None),
        )
    ):
        consent.withdrawn_at = now
        consent.withdrawn_through = through
    _withhold(person_id, purpose, now=now)
    return True


def _withhold(person_id: int, purpose: Purpose, *, now: datetime) -> None:
    """Keep back what was queued for somebody under a purpose and has not left yet."""
    db.session.execute(
        update(Message)
        .where(
            Message.person_id == person_id,
            Message.kind == purpose.value,
            # What failed or came back could be sent again.
            Message.state.in_([State.WAITING, State.RETRY, State.FAILED]),
        )
        .values(state=State.WITHHELD, settled_at=now, last_reply="not sent: they have left")
        .execution_options(synchronize_session=False)
    )
    keep_from(person_id, kind=purpose.value)


def never_write(
    person_id: int, hashed: str, *, because: str = NOT_ME, evidence: str = "", now: datetime
) -> None:
    """Never write to an address again, and drop what was asked for or agreed to in its name.

    `hashed` is `outbox.models.address_hash` of the address: it counts when the person is erased.
    """
    hold(person_id)
    suppress_hash(hashed, reason=because, evidence=evidence, now=now)
    person = db.session.get(Person, person_id)
    if person is None or address_hash(person.email) != hashed:
        return
    for subscription in queries.subscriptions_of(person_id):
        if subscription.is_pending:
            _drop(subscription)
        else:
            leave(person_id, Purpose(subscription.purpose), through=because, now=now)


def leave_all(person_id: int, *, through: str, now: datetime) -> None:
    """Take back all that a person agreed to, and what they were asked and have not answered."""
    hold(person_id)
    for subscription in queries.subscriptions_of(person_id):
        leave(person_id, Purpose(subscription.purpose), through=through, now=now)


def tag(person: Person, word: str) -> None:
    """Give a person a tag."""
    known = {"tag": as_tag(word), "person_id": person.id}
    insert_missing(Tag, known, unique=["tag", "person_id"])


def untag(person: Person, word: str) -> None:
    """Take a tag from a person."""
    db.session.execute(delete(Tag).where(Tag.tag == as_tag(word), Tag.person_id == person.id))


# What a room keeps of a person by their address, beside the rows that hang on theirs.
Eraser = Callable[[str, Person | None], None]
_erasers: list[Eraser] = []


def erases(erase: Eraser) -> Eraser:
    """Register what a room erases when somebody asks to be forgotten.

    It is told their address, and the person where there is one.
    """
    _erasers.append(erase)
    return erase


@erases
def forget_asks(email: str, person: Person | None) -> None:
    """Erase what forms asked for in the name of an address and nobody has answered yet."""
    db.session.execute(delete(PersonAsk).where(PersonAsk.email == email))


def forget(person: Person) -> None:
    """Erase a person who asked for it: their row, what hangs on it, what is kept by their address.

    That they must not be written to stays, as a hash of the address and the reason.
    """
    _erase_by_address(person.email, person)
    let_go(person)


def forget_address(email: str) -> bool:
    """Erase what is known of whoever owns an address. Returns whether they were known by it."""
    person = queries.by_email(email)
    if person is None:
        _erase_by_address(email, None)
        return False
    forget(person)
    return True


def _erase_by_address(email: str, person: Person | None) -> None:
    for erase in _erasers:
        erase(email, person)
    keep_no_evidence(address_hash(email))


def let_go(person: Person) -> None:
    """Erase a person of whom nothing else is known any more, with all that hangs on the row.

    Nobody asked for it, so a mail of theirs that nobody has read yet waits to be read.
    """
    db.session.delete(person)
