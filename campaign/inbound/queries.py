"""Questions to the inbox."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select

from campaign.db import count_of, db
from campaign.inbound.models import InboundMail, Made
from campaign.inbound.policy import TAKEN_UP_AFTER, TOLD_BEFORE, WAITING_KEPT
from campaign.outbox.models import Message, address_hash
from campaign.tables import contains_word, found

# Written out, as the index is: with a parameter no planner would use it.
_AUTH_FAILURE: ColumnElement[str] = literal_column(f"'{Made.AUTH_FAILURE.value}'")


def waiting(words: str = "") -> Select[InboundMail]:
    """Find the mails that wait for a person, the oldest first."""
    query = select(InboundMail).where(
        InboundMail.settled_at.is_(None), InboundMail.made != Made.NOTHING_YET
    )
    if words:
        query = query.where(contains_word(words, InboundMail.sender, InboundMail.subject))
    return query.order_by(InboundMail.received_at, InboundMail.id)


def all_mails(words: str = "", *, kind: str = "", everywhere: bool = False) -> Select[InboundMail]:
    """Find all mails that came in, the newest first.

    Of many the newest are looked through for words and kinds, or all `everywhere`.
    """
    query = select(InboundMail).order_by(InboundMail.id.desc())
    said: list[ColumnElement[bool]] = []
    if words:
        said.append(contains_word(words, InboundMail.sender, InboundMail.subject))
    if kind:
        said.append(InboundMail.kind == kind)
    return found(query, and_(*said), everywhere=everywhere) if said else query


def number_waiting() -> int:
    """Count the mails that wait for a person."""
    return count_of(waiting())


def number_expiring(*, now: datetime) -> int:
    """Count the mails that wait for a person and are erased before long if nobody looks."""
    return count_of(waiting().where(InboundMail.received_at < now - WAITING_KEPT + TOLD_BEFORE))


def number_unverified(*, since: datetime) -> int:
    """Count the mails in our name of which receivers told that they could not verify them."""
    return count_of(
        select(InboundMail).where(
            InboundMail.made == _AUTH_FAILURE, InboundMail.received_at >= since
        )
    )


def mail(id: int) -> InboundMail | None:
    """Find one mail."""
    return db.session.get(InboundMail, id)


def bytes_of(mail: InboundMail) -> bytes:
    """Give a mail as it came; nothing once it is erased."""
    query = select(InboundMail.raw).where(InboundMail.id == mail.id)
    return db.session.scalar(query) or b""


def left_behind(*, now: datetime) -> list[int]:
    """List the ids of the mails that were stored and not worked on, such as when the power went."""
    return list(
        db.session.scalars(
            select(InboundMail.id)
            .where(
                InboundMail.settled_at.is_(None),
                InboundMail.made == Made.NOTHING_YET,
                InboundMail.received_at < now - TAKEN_UP_AFTER,
            )
            .order_by(InboundMail.id)
        )
    )


def soft_bounces(address_hash: str, *, since: datetime) -> tuple[int, datetime | None]:
    """Count the soft bounces of an address, each of another message, and date the first."""
    number, first = db.session.execute(
        select(func.count(), func.min(InboundMail.received_at)).where(
            InboundMail.address_hash == address_hash, InboundMail.received_at >= since
        )
    ).one()
    return number, first


def has_come_back(message: Message) -> bool:
    """Tell whether a message was counted as a soft bounce already."""
    query = select(InboundMail.id).where(
        InboundMail.message_id == message.id, InboundMail.address_hash != ""
    )
    return db.session.scalar(query.limit(1)) is not None


def of_person(email: str, person_id: int | None) -> Select[InboundMail]:
    """Find the mails that somebody wrote, or that are about mails to them."""
    hashed = address_hash(email)
    to_them = Message.address_hash == hashed
    theirs = [
        func.lower(InboundMail.sender) == email.lower(),
        func.lower(InboundMail.envelope_sender) == email.lower(),
        InboundMail.address_hash == hashed,
    ]
    if person_id is not None:
        theirs.append(InboundMail.person_id == person_id)
        to_them = or_(to_them, Message.person_id == person_id)
    theirs.append(InboundMail.message_id.in_(select(Message.id).where(to_them)))
    return select(InboundMail).where(or_(*theirs))


def kept_whole() -> Iterator[InboundMail]:
    """Give the mails whose bytes are here still, one after the other."""
    for number in db.session.scalars(select(InboundMail.id).where(InboundMail.raw.is_not(None))):
        yield db.session.get_one(InboundMail, number)
