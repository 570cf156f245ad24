"""A campaign that grows: one row of each kind, and then as many like it as are wanted."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import String, case, cast, func, insert, literal, select, text

from campaign import clock
from campaign.db import db
from campaign.events.event_mails.models import EventMail
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.letters.models import Letter
from campaign.mailings.models import Mailing
from campaign.newsletter.models import Issue, IssueText
from campaign.outbox.models import Batch, Message, State
from campaign.outbox.suppressions.models import Suppression
from campaign.people.models import Person, Purpose, Subscription, Tag
from campaign.segments.models import Segment
from campaign.summits.models import Post

# The messages of an issue have ids of their own, far beyond those of single mails.
OF_AN_ISSUE = 1_000_000


def begin() -> None:
    """Write one row of each kind; all others are like it."""
    now = clock.now()
    text = IssueText(language="en", title="First", subject="First", source="Words", html="Words")
    for first in (
        Event(
            id=1, slug="event-1", uid="1", title="Pause", city="Berlin", country="DE",
            zone="Europe/Berlin", starts_on=now.date(), revised_at=now, created_at=now,
        ),
        Person(id=1, email="reader1@example.org", name="Ada", country="DE", remembered_at=now),
        Batch(id=1, kind="newsletter", queued_at=now),
        Issue(
            id=1, uid="1", slug="first", language="en", created_at=now, changed_at=now,
            queued_at=now, texts=[text],
        ),
        Segment(id=1, name="All", made_at=now),
        Post(id=1, country="DE", title="Minister", email="post@example.org", language="de"),
        Tag(tag="press", person_id=1),
        Subscription(
            id=1, person_id=1, purpose=Purpose.NEWSLETTER, asked_at=now, confirmed_at=now
        ),
        SignUp(
            id=1, event_id=1, person_id=1, token="1", signed_up_at=now, confirmed_at=now,
            stamped_at=now,
        ),
        SignUpAsk(id=1, event_id=1, sign_up_id=1, name="Ada", asked_at=now, answered_at=now),
        Mailing(
            id=1, content_kind="issue", content_id=1, version=1, starts_at=now, asked_at=now,
            queued_at=now, batch_id=1,
        ),
        EventMail(
            id=1, event_id=1, language="en", subject="Hello", source="Words", written_at=now
        ),
        Letter(
            id=1, token="1", key="1", person_id=1, post_id=1, name="Ada", subject="Pause",
            body="Words", own_words="", language="de", state="sent", written_at=now,
        ),
        Message(
            id=1, kind="invitation", person_id=1, to_address="reader1@example.org",
            address_hash="1", state=State.SENT, queued_at=now, due_at=now, settled_at=now,
        ),
        Suppression(address_hash="1", reason="bounce", since=now),
    ):  # fmt: skip
        db.session.add(first)
        db.session.flush()
    db.session.commit()


def grow(first: int, last: int) -> None:
    """Let so many people come, each with all that people do."""
    now = clock.now()
    few: dict[str, Any] = {"confirmed_at": _one_in(40, None, now)}
    people = range(first, last + 1)
    _multiply(
        Person, people, email=_address, address_hash=_spelled, country=_one_in(5000, "IS", "DE")
    )
    _multiply(
        Subscription, people, person_id=_same, asked_at=_ago, left_at=_one_in(200, now, None), **few
    )
    _multiply(SignUp, people, person_id=_same, token=_spelled, signed_up_at=_ago, **few)
    _multiply(SignUpAsk, people, sign_up_id=_same)
    _multiply(
        Letter, people, person_id=_same, token=_spelled, key=_spelled, written_at=_ago,
        state=_one_in(40, "ready", "sent"),
    )  # fmt: skip
    _multiply(
        Message, people, person_id=_same, to_address=_address, address_hash=_spelled,
        state=_one_in(2500, "failed", "sent"), kind=_one_in(5000, "letter", "invitation"),
        mailbox_hash=_scattered,
    )  # fmt: skip
    _multiply(
        Message, range(OF_AN_ISSUE + first, OF_AN_ISSUE + last + 1),
        person_id=lambda number: number - OF_AN_ISSUE, batch_id=lambda _: literal(1),
        kind=lambda _: literal("newsletter"), state=_one_in(10, "sent", "waiting"),
    )  # fmt: skip
    _copy_for(Suppression, people, address_hash=cast(Person.id, String), since=_ago(Person.id))
    _copy_for(Tag, people, person_id=Person.id)
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ANALYZE"))
        db.session.commit()


def _same(number: Any) -> Any:
    return number


def _spelled(number: Any) -> Any:
    return cast(number, String)


def _scattered(number: Any) -> Any:
    # As hashes are: an index of them is in no order of the table.
    return cast(number * 7919 % 100_003, String)


def _address(number: Any) -> Any:
    return literal("reader") + _spelled(number) + literal("@example.org")


def _ago(number: Any) -> Any:
    """Give a moment so many seconds ago."""
    now = clock.now()
    if db.engine.dialect.name == "postgresql":
        return literal(now) - func.make_interval(0, 0, 0, 0, 0, 0, number)
    back = literal("-") + _spelled(number) + literal(" seconds")
    return func.strftime("%Y-%m-%d %H:%M:%S.000000", now.isoformat(" "), back)


def _one_in(many: int, then: Any, otherwise: Any) -> Callable[[Any], Any]:
    return lambda number: case((number % many == 0, then), else_=otherwise)


def _multiply(model: Any, numbers: range, **changed: Callable[[Any], Any]) -> None:
    """Insert rows like the one with id 1; what is `changed` is made from the number of the row."""
    table = model.__table__
    counted = select(literal(numbers[0]).label("n")).cte("counted", recursive=True)
    counted = counted.union_all(select(counted.c.n + 1).where(counted.c.n < numbers[-1]))
    made = {name: make(counted.c.n) for name, make in changed.items()}
    _copy(table, {"id": counted.c.n, **made}, table.join(counted, literal(True)), table.c.id == 1)


def _copy_for(model: Any, people: range, **changed: Any) -> None:
    """Insert rows like that of the first person, one for each of some others."""
    table = model.__table__
    key = next(iter(changed))
    of_the_first = table.c[key] == ("1" if key == "address_hash" else 1)
    meant = Person.id.between(people[0], people[-1])
    _copy(table, changed, table.join(Person.__table__, meant), of_the_first)


def _copy(table: Any, changed: dict[str, Any], rows: Any, where: Any) -> None:
    values = {column.name: column for column in table.columns} | changed
    found = select(*values.values()).select_from(rows).where(where)
    db.session.execute(insert(table).from_select(list(values), found))
