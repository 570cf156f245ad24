"""Questions about people."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import contains_eager

from campaign.db import db
from campaign.outbox.models import Message
from campaign.outbox.queries import queued_lately
from campaign.outbox.suppressions.models import BOUNCE, Suppression
from campaign.outbox.suppressions.queries import is_suppressed, suppression_of
from campaign.people import exports
from campaign.people.mails import CAUSED_BY_STRANGERS
from campaign.people.models import (
    NOT_ME,
    Consent,
    Person,
    Purpose,
    RefusedTopic,
    Subscription,
    Tag,
    as_tag,
    language_tag,
)
from campaign.tables import holds

# Confirmation mails are a weapon against the owner of an address: so many, over all forms.
MOST_A_DAY = 3
MOST_IN_30_DAYS = 5


def by_email(email: str) -> Person | None:
    """Find the person with an address (as `forms.normal_address` writes it)."""
    return db.session.scalar(select(Person).where(Person.email == email))


def subscription_of(person_id: int, purpose: Purpose) -> Subscription | None:
    """Find a person's status towards a purpose."""
    return db.session.scalar(
        select(Subscription).where(
            Subscription.person_id == person_id, Subscription.purpose == purpose
        )
    )


def subscriptions_of(person_id: int) -> list[Subscription]:
    """List a person's status towards every purpose."""
    return list(db.session.scalars(select(Subscription).where(Subscription.person_id == person_id)))


def subscribers(purpose: Purpose) -> Select[Person]:
    """Find everyone who agreed to a purpose and has not left, in the order of their ids."""
    return (
        select(Person)
        .join(Subscription, Subscription.person_id == Person.id)
        .where(
            Subscription.purpose == purpose,
            Subscription.confirmed_at.is_not(None),
            Subscription.left_at.is_(None),
        )
        .order_by(Person.id)
    )


def language_among(offered: Sequence[str], *, otherwise: str) -> ColumnElement[str]:
    """Give the language, of those offered, that a person reads: theirs, else one it belongs to.

    Who reads Austrian German reads German where there is no Austrian text.
    """
    theirs = language_tag()
    tags = {language: language.replace("_", "-").lower() for language in offered}
    exact = [(theirs == tag, literal(language)) for language, tag in tags.items()]
    related = [
        (theirs.startswith(f"{tag}-", autoescape=True), literal(language))
        for language, tag in tags.items()
    ]
    return case(*exact, *related, else_=literal(otherwise))


def search(words: str = "", *, country: str = "", tag: str = "") -> Select[Person]:
    """Find people, the latest known first, by name, address or city, by country and by tag."""
    query = select(Person).order_by(Person.id.desc())
    if words:
        query = query.where(holds(words, Person.email, Person.name, Person.city))
    if country:
        query = query.where(Person.country == country)
    if tag:
        query = query.where(Person.id.in_(select(Tag.person_id).where(Tag.tag == as_tag(tag))))
    return query


def consents_of(person_id: int) -> list[Consent]:
    """List what a person agreed to, word for word, the latest first."""
    return list(
        db.session.scalars(
            select(Consent).where(Consent.person_id == person_id).order_by(Consent.id.desc())
        )
    )


def tags_of(person_id: int) -> list[str]:
    """List a person's tags."""
    return list(
        db.session.scalars(select(Tag.tag).where(Tag.person_id == person_id).order_by(Tag.tag))
    )


def refused_topics_of(person_id: int) -> list[str]:
    """List the topics of which a person wants no issues."""
    return list(
        db.session.scalars(
            select(RefusedTopic.topic)
            .where(RefusedTopic.person_id == person_id)
            .order_by(RefusedTopic.topic)
        )
    )


# Of tags typed before: more help nobody.
_MOST_SUGGESTED = 500


def tags_in_use() -> list[str]:
    """List the tags in use."""
    # Each found by a step in the index: there are many rows and few tags.
    step = select(Tag.tag).order_by(Tag.tag).limit(1)
    found: list[str] = []
    while len(found) < _MOST_SUGGESTED:
        following = step.where(Tag.tag > found[-1]) if found else step
        tag = db.session.scalar(following)
        if tag is None:
            break
        found.append(tag)
    return found


def number_tagged() -> list[tuple[str, int]]:
    """List each tag in use with the number of people who have it."""
    found = select(Tag.tag, func.count()).group_by(Tag.tag).order_by(Tag.tag)
    return [(row[0], row[1]) for row in db.session.execute(found)]


def search_subscriptions(words: str = "", *, status: str = "") -> Select[Subscription]:
    """Find subscriptions with their person, newest first; status is active, pending or left."""
    query = (
        select(Subscription)
        .join(Subscription.person)
        .options(contains_eager(Subscription.person))
        .order_by(Subscription.asked_at.desc(), Subscription.id.desc())
    )
    if words:
        query = query.where(holds(words, Person.email, Person.name))
    match status:
        case "active":
            query = query.where(
                Subscription.confirmed_at.is_not(None), Subscription.left_at.is_(None)
            )
        case "pending":
            query = query.where(_is_pending())
        case "left":
            query = query.where(Subscription.left_at.is_not(None))
    return query


# Read so many at a time, so that a million take no more memory than these.
_BLOCK = 1000


def everybody() -> Iterator[exports.Line]:
    """Give everybody we know, in the order of their ids, as a file of people has them."""
    last = 0
    while True:
        people = db.session.execute(
            select(
                Person.__table__,
                Subscription.confirmed_at.label("joined"),
                Subscription.left_at,
                Suppression.reason.label("suppressed"),
            )
            .outerjoin(
                Subscription,
                and_(
                    Subscription.person_id == Person.id,
                    Subscription.purpose == Purpose.NEWSLETTER,
                ),
            )
            .outerjoin(Suppression, Suppression.address_hash == Person.address_hash)
            .where(Person.id > last)
            .order_by(Person.id)
            .limit(_BLOCK)
        ).all()
        if not people:
            return
        last = people[-1].id
        tags: dict[int, list[str]] = {}
        found = select(Tag.person_id, Tag.tag).where(Tag.person_id.between(people[0].id, last))
        for person_id, tag in db.session.execute(found.order_by(Tag.person_id, Tag.tag)):
            tags.setdefault(person_id, []).append(tag)
        for person in people:
            status, why = exports.status(
                has_joined=person.joined is not None,
                has_left=person.left_at is not None,
                suppressed=person.suppressed,
            )
            yield exports.Line(
                person.email,
                person.name,
                person.country,
                person.city,
                person.language,
                status,
                exports.listed(tags.get(person.id, [])),
                why,
            )


def number_of_subscribers(purpose: Purpose) -> int:
    """Count those who agreed to a purpose and have not left."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Subscription)
            .where(
                Subscription.purpose == purpose,
                Subscription.confirmed_at.is_not(None),
                Subscription.left_at.is_(None),
            )
        )
        or 0
    )


def may_be_asked(address: str, *, now: datetime) -> bool:
    """Tell whether one more mail that a stranger may have caused can go to an address.

    Not to one whose owner wants none, nor beyond the caps, which count over all forms. To one from
    which mail came back it may: the form is their own act, and the button in the mail lifts that.
    """
    if refuses_questions(address):
        return False
    for most, time in ((MOST_A_DAY, timedelta(days=1)), (MOST_IN_30_DAYS, timedelta(days=30))):
        if queued_lately(address, kinds=CAUSED_BY_STRANGERS, since=now - time) >= most:
            return False
    return True


def refuses_questions(address: str) -> bool:
    """Tell whether an address must not even be asked: suppressed, and not for a bounce alone."""
    found = suppression_of(address)
    return found is not None and found.reason != BOUNCE


def may_be_reminded(address: str, *, now: datetime) -> bool:
    """Tell whether an address that was asked can be asked once more, which is nobody's own act."""
    return not is_suppressed(address) and may_be_asked(address, now=now)


def is_known_elsewhere(person: Person) -> bool:
    """Tell whether anything but mails hangs on a person: a sign-up, a letter, a consent.

    Rooms above are not known here, so every foreign key of every table is asked.
    """
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            # A mail to them or from them is no reason to know them.
            is_mail = table is Message.__table__ or table.info.get("is_mail", False)
            if key.column is not Person.__table__.c.id or is_mail:
                continue
            if db.session.scalar(select(exists().where(key.parent == person.id))):
                return True
    return False


def refuses_mail(email: str) -> bool:
    """Tell whether the owner of an address has said that we must never write to them."""
    found = suppression_of(email)
    return found is not None and found.reason == NOT_ME


def waiting_for_a_reminder(
    purpose: Purpose, *, asked_after: datetime, asked_before: datetime
) -> Select[Subscription]:
    """Find those who asked in a time, have not answered, and have not been reminded."""
    return _pending(purpose).where(
        Subscription.asked_at > asked_after,
        Subscription.asked_at <= asked_before,
        Subscription.reminded_at.is_(None),
    )


def never_confirmed(purpose: Purpose, *, asked_before: datetime) -> Select[Subscription]:
    """Find those who asked before a moment and never answered."""
    return _pending(purpose).where(Subscription.asked_at <= asked_before)


def _pending(purpose: Purpose) -> Select[Subscription]:
    return (
        select(Subscription)
        .where(
            Subscription.purpose == purpose,
            _is_pending(),
        )
        .order_by(Subscription.id)
    )


def _is_pending() -> ColumnElement[bool]:
    """Say in SQL what `Subscription.is_pending` says of a row."""
    return or_(
        and_(Subscription.confirmed_at.is_(None), Subscription.left_at.is_(None)),
        Subscription.asked_at > Subscription.left_at,
    )
