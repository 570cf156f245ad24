"""Polling a mailbox: all that is unseen comes in once, and nothing is taken out of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from campaign import create_app
from campaign.db import count_of, db
from campaign.inbound import duties
from campaign.inbound.models import InboundMail, Made
from tests.closing import close
from tests.conftest import SECRET
from tests.inbound.imap import Mailbox
from tests.inbound.making import dsn, left, personal, why_suppressed


@contextmanager
def polled(app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let an application know the mailbox."""
    monkeypatch.setenv("SSL_CERT_FILE", str(mailbox.ca_file))
    for name, value in {
        "SERVER": mailbox.address, "USERNAME": "us", "PASSWORD": "secret", "FOLDER": "INBOX",
    }.items():  # fmt: skip
        monkeypatch.setitem(app.config, f"INBOUND_IMAP_{name}", value)
    with mailbox, app.app_context():
        yield


def test_what_is_unseen_comes_in_once_and_stays_in_the_mailbox(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounce = f"Return-Path: <>\r\nDelivered-To: {left(app)}\r\n{dsn()}".encode()
    mailbox = Mailbox(tmp_path, bounce, b"Subject: junk \xff\r\n\r\n\x00\xff", personal())

    with polled(app, mailbox, monkeypatch):
        duties.poll()
        duties.poll()
        mailbox.seen.clear()
        duties.poll()

        rows = db.session.scalars(select(InboundMail).order_by(InboundMail.id)).all()
    assert [row.made for row in rows] == [Made.SUPPRESSED, Made.TO_BE_READ, Made.TO_BE_READ]
    assert why_suppressed(app) is not None
    assert mailbox.seen == {1, 2, 3}
    assert len(mailbox.mails) == 3
    assert not [said for said in mailbox.said if "Deleted" in said or "MOVE" in said]


def test_a_mail_of_forty_megabytes_stays_where_it_is_and_a_person_is_told(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox(tmp_path, personal(Subject="Forty megabytes"), personal())
    mailbox.sizes[1] = 40_000_000

    with polled(app, mailbox, monkeypatch):
        duties.poll()

        large, small = db.session.scalars(select(InboundMail).order_by(InboundMail.id))
        assert (large.made, large.waits, large.size) == (Made.TOO_LARGE, True, 40_000_000)
        assert large.subject == "Forty megabytes"
        assert small.made == Made.TO_BE_READ
    assert not [said for said in mailbox.said if "FETCH 1 (BODY.PEEK[])" in said]


def test_what_cannot_be_stored_is_not_marked_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its tables are not even made.
    app = create_app({"SECRET_KEY": SECRET, "INSTANCE": str(tmp_path), "TESTING": True})
    mailbox = Mailbox(tmp_path, personal())

    with polled(app, mailbox, monkeypatch), pytest.raises(OperationalError):
        duties.poll()
    close(app)

    assert mailbox.seen == set()


def test_without_a_mailbox_there_is_nothing_to_do(app: Flask) -> None:
    with app.app_context():
        duties.poll()

        assert count_of(select(InboundMail)) == 0
