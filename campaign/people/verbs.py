"""Verbs of people: remember, meet, move, lock, tag, forget."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import delete, select

from campaign.db import db, insert_all_missing, insert_missing, lock
from campaign.outbox.models import address_hash
from campaign.outbox.suppressions.verbs import keep_no_evidence
from campaign.people import queries
from campaign.people.models import (
    Person,
    Tag,
    as_tag,
)
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
    """Meet the person with an address that a form named, as `meet_all`."""
    return meet_all({email: language}, now=now)[email]


def meet_all(languages: Mapping[str, str], *, now: datetime) -> dict[str, Person]:
    """Find the people with addresses that forms named, or make them known, and lock them.

    Whoever types an address need not be its owner: so of somebody known nothing changes, and of
    somebody new nothing is noted but the language in which to ask them. Two at once make one
    person. `languages` is by address, and so is the answer.
    """
    people: dict[str, Person] = {}
    # Locked, so that no duty forgets them meanwhile; forgotten just before, they are made again.
    while missing := sorted(languages.keys() - people.keys()):
        known = [
            {
                "email": email,
                "name": "",
                "language": languages[email],
                "country": "",
                "address_hash": address_hash(email),
                "remembered_at": now,
            }
            for email in missing
        ]
        insert_all_missing(Person, known, unique=["email"])
        query = lock(select(Person).where(Person.email.in_(missing)).order_by(Person.id))
        found = db.session.scalars(query.execution_options(populate_existing=True))
        people |= {person.email: person for person in found}
    return people


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


def lock_person(person_id: int) -> None:
    """Let one change to a person happen at a time.

    Always before what hangs on the person is locked: two changes never wait for each other.
    """
    db.session.execute(lock(select(Person.id).where(Person.id == person_id)))


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
