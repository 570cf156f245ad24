"""Questions about people."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    literal,
    literal_column,
    select,
)

from campaign.counts.queries import all_numbers
from campaign.db import begins_with, db
from campaign.outbox.models import Message
from campaign.outbox.queries import find_people_by
from campaign.outbox.suppressions.models import Suppression
from campaign.outbox.suppressions.queries import suppressed_among
from campaign.people import exports
from campaign.people.models import (
    NOT_ME,
    TAGGED,
    Person,
    Purpose,
    Subscription,
    Tag,
    as_tag,
    language_tag,
)
from campaign.people.policy import TAGS_SUGGESTED
from campaign.tables import contains_word, found


def by_email(email: str) -> Person | None:
    """Find the person with an address (as `forms.normal_address` writes it)."""
    return db.session.scalar(select(Person).where(Person.email == email))


def by_emails(emails: Iterable[str]) -> list[Person]:
    """Find the people with some addresses."""
    return list(db.session.scalars(select(Person).where(Person.email.in_(list(emails)))))


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


# Written out, as the index is: with a parameter no planner would use it.
_NO_COUNTRY: ColumnElement[str] = literal_column("''")


def search(
    words: str = "", *, country: str = "", tag: str = "", everywhere: bool = False
) -> Select[Person]:
    """Find people, the latest known first, by name, address or city, by country and by tag.

    Of many the newest are looked through for words, and the beginnings of all addresses; or all,
    where words are looked for `everywhere`.
    """
    rows = select(Person).order_by(Person.id.desc())
    query = rows
    where: list[ColumnElement[bool]] = []
    if tag:
        # Joined and in the order of its own index, so that a few among a million are found at once.
        query = select(Person).join(Tag, Tag.person_id == Person.id).where(Tag.tag == as_tag(tag))
        query = query.order_by(Tag.person_id.desc())
        where.append(exists().where(Tag.person_id == Person.id, Tag.tag == as_tag(tag)))
    if country:
        query = query.where(Person.country == country, Person.country != _NO_COUNTRY)
        where.append(Person.country == country)
    if not words:
        return query
    said = contains_word(words, Person.email, Person.name, Person.city)
    by = [ids_beginning_with(words)]
    return found(rows, said, where=where, by=by, newest=query, everywhere=everywhere)


@find_people_by
def ids_beginning_with(words: str) -> Select[int]:
    """Find the ids of those whose address begins with words."""
    return select(Person.id).where(begins_with(Person.email, words.strip().lower()))


def tags_of(person_id: int) -> list[str]:
    """List a person's tags."""
    return list(
        db.session.scalars(select(Tag.tag).where(Tag.person_id == person_id).order_by(Tag.tag))
    )


def tags_in_use() -> list[str]:
    """List the tags in use."""
    return sorted(all_numbers(TAGGED))[:TAGS_SUGGESTED]


def number_tagged() -> list[tuple[str, int]]:
    """List each tag in use with the number of people who have it."""
    return sorted(all_numbers(TAGGED).items())


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
    return bool(refusing_mail([email]))


def refusing_mail(emails: Iterable[str]) -> set[str]:
    """Name those of some addresses whose owner has said that we must never write to them."""
    return suppressed_among(emails, reason=NOT_ME)
