"""The ledger: what the office reads of the outbox, and how much of a mail it may see."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import defer, joinedload, selectinload

from campaign.db import db
from campaign.languages import current_language, force_locale
from campaign.languages import lazy_gettext as _l
from campaign.outbox import fields, queries
from campaign.outbox.fields import FIELD, Recipient
from campaign.outbox.kinds import is_private
from campaign.outbox.masking import masked
from campaign.outbox.models import (
    Batch,
    Message,
    State,
    Variant,
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
    """Find messages, newest first, with their subject and without their texts.

    They are found as `queries.search` says.
    """
    return queries.search(words, **where).options(
        defer(Message.text, raiseload=True),
        defer(Message.html, raiseload=True),
        defer(Message.calendar, raiseload=True),
        selectinload(Message.shared).load_only(
            Variant.subject, Variant.language, Variant.about_id, raiseload=True
        ),
    )


def message(id: int) -> Message | None:
    """Find one message with the text it shares."""
    options = [joinedload(Message.batch), joinedload(Message.shared)]
    return db.session.get(Message, id, options=options)


def subject_of(message: Message, *, now: datetime) -> str:
    """Give the subject as it leaves."""
    if message.shared is None:
        return masked(message.subject)
    return masked(_filled(message.shared.subject, message, now=now))


def text_of(message: Message, *, now: datetime) -> str:
    """Give the text as it leaves, but for the tokens in its links; "" where it is private."""
    if is_private(message.kind):
        return ""
    if message.shared is None:
        return masked(message.text)
    return masked(_filled(message.shared.text, message, now=now))


def _filled(text: str, message: Message, *, now: datetime) -> str:
    known = fields.known()
    language = message.shared.language if message.shared else current_language()
    about_id = message.shared.about_id if message.shared else None
    reader = Recipient(
        message.person_id, message.to_name, language, message.country, message.city_id, about_id
    )

    def value(found: re.Match[str]) -> str:
        field = known.get(found[1])
        if field is None or field.is_hidden:
            return "…"
        return field.make(reader, now).text or found[2] or ""

    with force_locale(language.replace("-", "_")):
        return FIELD.sub(value, text)


def paused_batches() -> list[Batch]:
    """Find the batches that stand still because the relay refused them."""
    return list(
        db.session.scalars(
            select(Batch)
            .where(Batch.paused_because != "", Batch.stopped_at.is_(None))
            .order_by(Batch.paused_at)
        )
    )
