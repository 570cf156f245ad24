"""The ledger: what the office reads of the outbox, and how much of a mail it may see."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from campaign.db import db
from campaign.languages import current_language, force_locale
from campaign.languages import lazy_gettext as _l
from campaign.outbox import queries
from campaign.outbox.fields import Field, Recipient, Value
from campaign.outbox.filling import fill
from campaign.outbox.kinds import is_private
from campaign.outbox.masking import masked
from campaign.outbox.models import (
    Batch,
    Message,
    State,
    Text,
)

# What each state says to somebody who has not read the code.
STATES: dict[str, Any] = {
    State.WAITING: _l("waiting"),
    State.SENDING: _l("being sent"),
    State.SENT: _l("sent"),
    State.RETRY: _l("to be tried again"),
    State.FAILED: _l("failed"),
    State.WITHHELD: _l("withheld"),
    State.BOUNCED: _l("bounced"),
}


def messages(words: str = "", **where: Any) -> Select[Message]:
    """Find messages, newest first, with the subjects of their texts.

    They are found as `queries.search` says.
    """
    return queries.search(words, **where).options(
        selectinload(Message.text).load_only(
            Text.subject, Text.language, Text.about_id, raiseload=True
        ),
    )


def message(id: int) -> Message | None:
    """Find one message with its text."""
    options = [joinedload(Message.batch), joinedload(Message.text)]
    return db.session.get(Message, id, options=options)


def subject_of(message: Message, *, now: datetime) -> str:
    """Give the subject as it leaves."""
    return _filled(message.text.subject, message, now=now) if message.text else ""


def reply_to_of(message: Message, *, now: datetime) -> str:
    """Give the address to which answers go, if it is another than the sender's."""
    return _filled(message.text.reply_to, message, now=now) if message.text else ""


def text_of(message: Message, *, now: datetime) -> str:
    """Give the text as it leaves, but for the tokens in its links; "" where it is private."""
    if message.text is None or is_private(message.kind):
        return ""
    return _filled(message.text.text, message, now=now)


def _filled(text: str, message: Message, *, now: datetime) -> str:
    named = message.text
    language = (named and named.language) or current_language()
    reader = Recipient(
        message.person_id,
        message.to_name,
        language,
        message.country,
        message.city_id,
        named.about_id if named else None,
        message.to_address,
        message.fields or {},
    )

    with force_locale(language.replace("-", "_")):
        return masked(fill(text, reader, now=now, make=_shown))


def _shown(field: Field, reader: Recipient, now: datetime) -> Value:
    if field.is_hidden:
        return Value("…")
    try:
        return field.make(reader, now)
    except KeyError:
        # No room offers it any more, nor has this message such a value.
        return Value("…")


def paused_batches() -> list[Batch]:
    """Find the batches that stand still because the relay refused them."""
    return list(
        db.session.scalars(
            select(Batch)
            .where(Batch.paused_because != "", Batch.stopped_at.is_(None))
            .order_by(Batch.paused_at)
        )
    )
