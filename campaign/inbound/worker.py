"""The worker of the inbox, a door: it stores each mail, saves, and only then acts upon it."""

import structlog
from sqlalchemy.exc import DBAPIError

from campaign import clock
from campaign.db import db
from campaign.inbound import queries, verbs

log = structlog.get_logger()


def take_in(raw: bytes, *, recipient: str, envelope_sender: str | None) -> None:
    """Take a mail in. When this returns it is stored; what it asks for is done now or by a duty.

    Raises `verbs.TooLarge`, and what the database raises: then nothing of it is kept.
    """
    try:
        mail = verbs.store(
            raw, recipient=recipient, envelope_sender=envelope_sender, now=clock.now()
        )
        db.session.commit()
    except Exception:
        db.session.rollback()
        raise
    if mail is not None:
        work(mail.id)


def take_in_head(head: bytes, *, size: int, recipient: str) -> None:
    """Note a mail that is too large and stays where it lies."""
    verbs.store_head(head, size=size, recipient=recipient, now=clock.now())
    db.session.commit()


def work(mail_id: int) -> None:
    """Act upon a stored mail. What fails leaves nothing half done and is not tried for ever."""
    try:
        verbs.act(mail_id, now=clock.now())
        db.session.commit()
    except DBAPIError as trouble:
        # The database is in trouble, not the mail: a duty takes it up later.
        db.session.rollback()
        log.warning("inbound.later", trouble=type(trouble).__name__)
    except Exception:  # the edge of a process: a person looks at what no program understands
        db.session.rollback()
        log.exception("inbound.unreadable", mail=mail_id)
        verbs.leave_unread(mail_id)
        db.session.commit()


def work_what_is_left() -> None:
    """Act upon what was stored when the power went, or while the database was in trouble."""
    left = queries.left_behind(now=clock.now())
    db.session.commit()
    for mail_id in left:
        work(mail_id)
