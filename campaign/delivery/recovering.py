"""Recovering: take back what a sender had claimed that is dead or whose lease has ended."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update

from campaign.db import db
from campaign.delivery.claiming import COLUMNS
from campaign.delivery.journal import Recorded
from campaign.delivery.settling import RELEASED, release, settle
from campaign.outbox.mail import ClaimedMessage
from campaign.outbox.models import Message, State

_MESSAGES: Any = Message.__table__


def recover(claimant: str, recorded: Recorded | None, *, is_dead: bool, now: datetime) -> None:
    """Take back what a sender had claimed that is dead or whose lease has ended.

    With its journal, what ended is settled as it ended, and only what it had begun is uncertain:
    that goes out again with the same Message-ID. Without one, the relay may have had any of it; and
    one that may wake up yet (a machine that slept) may yet send what it has at hand.
    """
    theirs = and_(_MESSAGES.c.state == State.SENDING, _MESSAGES.c.claimed_by == claimant)
    uncertain = {**RELEASED, "tries": _MESSAGES.c.tries, "is_uncertain": True}
    if recorded is None:
        db.session.connection().execute(update(_MESSAGES).where(theirs).values(**uncertain))
        return
    rows = db.session.connection().execute(select(*COLUMNS).where(theirs))
    mails = [ClaimedMessage(*row) for row in rows]
    settle(
        [(mail, recorded.ended[mail.id]) for mail in mails if mail.id in recorded.ended],
        sender=claimant,
        now=now,
    )
    begun = [
        mail.id
        for mail in mails
        if mail.id in recorded.begun or (not is_dead and mail.id not in recorded.ended)
    ]
    if begun:
        db.session.connection().execute(
            update(_MESSAGES).where(theirs, _MESSAGES.c.id.in_(begun)).values(**uncertain)
        )
    release([mail for mail in mails if mail.id not in recorded.ended], sender=claimant)
