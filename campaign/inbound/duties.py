"""What the inbox owes the clock: to look into the mailbox, to finish, and to erase what is old."""

from datetime import timedelta

from flask import current_app

from campaign import clock
from campaign.db import db
from campaign.inbound import polling, verbs, worker
from campaign.jobs import duty


@duty("inbound.poll", every=timedelta(minutes=5))
def poll() -> None:
    """Fetch what has come into the mailbox, where one is set."""
    settings = current_app.config
    if settings["INBOUND_IMAP_SERVER"]:
        polling.poll(
            polling.Account(
                server=settings["INBOUND_IMAP_SERVER"],
                username=settings["INBOUND_IMAP_USERNAME"],
                password=settings["INBOUND_IMAP_PASSWORD"],
                folder=settings["INBOUND_IMAP_FOLDER"],
            )
        )


@duty("inbound.work", every=timedelta(minutes=5))
def work() -> None:
    """Act upon what was stored and not acted upon."""
    worker.work_what_is_left()


@duty("inbound.tidy", every=timedelta(days=1))
def tidy() -> None:
    """Erase what mails said 30 days after they were settled."""
    verbs.tidy(now=clock.now())
    db.session.commit()
