"""Questions about people."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    literal_column,
    select,
)

from campaign.db import begins_with, db
from campaign.folding import fold, fold_name
from campaign.outbox.models import Message
from campaign.outbox.suppressions.models import Suppression
from campaign.outbox.suppressions.queries import suppression_of
from campaign.people import exports
from campaign.people.models import (
    NOT_ME,
    Person,
    Purpose,
    Subscription,
    Tag,
    as_tag,
    language_tag,
)
from campaign.tables import contains_word, found_by, newest


def by_email(email: str) -> Person | None:
    """Find the person with an address (as `forms.normal_address` writes it)."""
    return db.session.scalar(select(Person).where(Person.email == email))


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


# Written out, as the partial indexes are: by a parameter no planner would know them.
NOTHING = literal_column("''")


def search(
    words: str = "", *, country: str = "", tag: str = "", everywhere: bool = False
) -> Select[Person]:
    """Find people, the latest known first, by name, address or city, by country and by tag."""
    query = select(Person).order_by(Person.id.desc())
    where: list[ColumnElement[bool]] = []
    if country:
        where += [Person.country == country, Person.country != NOTHING]
    if tag:
        # Joined and sorted by its own index, so that few who have it are found at once.
        query = select(Person).join(Tag, Tag.person_id == Person.id)
        query = query.where(Tag.tag == as_tag(tag)).order_by(Tag.person_id.desc())
    if words and everywhere:
        where.append(contains_word(words, Person.email, Person.name, Person.city))
    elif words:
        query = query.where(Person.id.in_(ids_with(words, *where)))
    return query.where(*where)


def ids_with(words: str, *where: ColumnElement[bool]) -> Any:
    """Find the ids of people by words: whoever's address, name or last name begins with them.

    In whom we have come to know lately they may stand anywhere, in the city too.
    """
    latest, key = newest(Person), fold_name(words)
    ways = [
        select(latest.id).where(contains_word(words, latest.email, latest.name, latest.city)),
        select(Person.id).where(begins_with(Person.email, fold(words.strip())), *where),
    ]
    if key:
        has_name = Person.name_key != NOTHING
        ways += [
            select(Person.id).where(begins_with(column, key), has_name, *where)
            for column in (Person.name_key, Person.last_name_key)
        ]
    return found_by(*ways)


def tags_of(person_id: int) -> list[str]:
    """List a person's tags."""
    return list(
        db.session.scalars(select(Tag.tag).where(Tag.person_id == person_id).order_by(Tag.tag))
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
