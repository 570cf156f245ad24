"""Mail through a real Postfix and OpenDKIM: it arrives signed, whole, and as it was written."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.delivery import mail_server, worker
from campaign.events import verbs as events
from campaign.newsletter import verbs as issues
from campaign.outbox.models import Message, State
from campaign.people import mail_links
from campaign.people.models import Purpose
from tests.events.conftest import PARTICULARS
from tests.events.deeds import asks
from tests.mailings.conftest import begun
from tests.newsletter.conftest import person_with, subscribed
from tests.services import (
    NotSigned,
    Received,
    Signer,
    Sink,
    free_port,
    opendkim,
    postfix,
    verify,
)

LONG = "Ein Satz, der größer als nichts ist und kein Ende nimmt, " * 40
SOURCE = f"""{LONG}

[**Write to your minister**](/write)

{{{{ next_event }}}}

.
A line that begins with a dot, and a long address: /{"x" * 300}
"""


@pytest.fixture
def signed(app: Flask, signing_relay: tuple[Sink, int, Signer]) -> Iterator[tuple[Sink, Signer]]:
    """Give the sink and the signer of the relay that the application sends to."""
    sink, port, signer = signing_relay
    before = {name: app.config[name] for name in app.config if name.startswith("MAIL_")}
    worker.hang_up()
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port)
    mail_server.init_app(app)
    yield sink, signer
    worker.hang_up()
    app.config.update(before)
    mail_server.init_app(app)


def header(raw: bytes, name: str) -> bytes:
    """Give a header field as it stands in a mail, its lines unjoined."""
    [found] = re.findall(rb"^%s:((?:[^\r]|\r\n[ \t])*)\r\n" % name.encode(), raw, re.MULTILINE)
    return bytes(found)


def send_an_issue() -> None:
    subscribed("ada@example.org", name="Zoë")
    now = clock.now()
    issue = issues.draft(
        title="Größer als nichts, und ein Titel, der für eine einzige Zeile viel zu lang ist",
        slug="", subject="", preview="", source=SOURCE, language="en", by=None, now=now,
    )  # fmt: skip
    db.session.commit()
    begun(issue.id, now=now)


def sign_up() -> None:
    now = clock.now()
    particulars = {**PARTICULARS, "starts_on": (now + timedelta(days=9)).date()}
    event = events.plan(now=now, **particulars)
    asks(event, name="Bo", email="bo@example.org", language="en", now=now)
    db.session.commit()


def test_an_issue_is_signed_with_its_way_out_and_arrives_byte_for_byte(
    app: Flask, signed: tuple[Sink, Signer], queued: Callable[..., list[Message]]
) -> None:
    sink, signer = signed
    with app.app_context():
        send_an_issue()
        worker.send_due()
        token = mail_links.unsubscribe_token(person_with("ada@example.org").id, Purpose.NEWSLETTER)
        way_out = mail_links.unsubscribe_url(token)
    [row] = queued("newsletter")
    with app.app_context():
        message_id = f"<{row.token}@campaign.example>"

    [kept] = sink.wait_for(1, timeout=30)

    signature = verify(kept.raw, dns=signer.dns)
    assert (signature.domain, signature.selector) == ("campaign.example", "2027")
    covered = {
        "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "list-id",
        "list-unsubscribe", "list-unsubscribe-post", "list-archive", "feedback-id",
    }  # fmt: skip
    assert covered <= set(signature.covers)
    mailto = f"mailto:unsubscribe+{token}@campaign.example"
    assert header(kept.raw, "List-Unsubscribe") == f" <{way_out}>, <{mailto}>".encode()
    assert header(kept.raw, "List-Unsubscribe-Post") == b" List-Unsubscribe=One-Click"
    assert header(kept.raw, "Message-ID").strip() == message_id.encode()
    assert_whole(kept)


def test_an_invitation_is_signed_with_its_calendar(app: Flask, signed: tuple[Sink, Signer]) -> None:
    sink, signer = signed
    with app.app_context():
        sign_up()
        worker.send_due()

    [kept] = sink.wait_for(1, timeout=30)

    signature = verify(kept.raw, dns=signer.dns)
    assert {"from", "to", "subject", "message-id", "content-type"} <= set(signature.covers)
    assert "text/calendar" in [part.get_content_type() for part in kept.message.walk()]
    assert_whole(kept)


def assert_whole(kept: Received) -> None:
    assert max(len(line) for line in kept.raw.split(b"\r\n")) <= 998
    assert kept.raw.isascii()
    assert kept.message.defects == []


CHANGES = {
    "a word of the body": (rb"(<h1[^>]*>)", rb"\1No, "),
    "the way out": (rb"(\r\nList-Unsubscribe: <https://)campaign", rb"\1evil"),
    "one way out more": (rb"^", b"List-Unsubscribe: <https://evil.example/>\r\n"),
    "somebody else to answer to": (rb"^", b"Reply-To: mallory@evil.example\r\n"),
    "another sender": (rb"^", b"From: mallory@evil.example\r\n"),
    "a subject above the other": (rb"^", b"Subject: Win a prize\r\n"),
}


def test_whatever_is_changed_or_added_on_the_way_breaks_the_signature(
    app: Flask, signed: tuple[Sink, Signer]
) -> None:
    sink, signer = signed
    with app.app_context():
        send_an_issue()
        worker.send_due()
    [kept] = sink.wait_for(1, timeout=30)
    with opendkim("campaign.example") as another:
        assert another.record != signer.record

    for what, (pattern, changed) in CHANGES.items():
        tampered, number = re.subn(pattern, changed, kept.raw, count=1)

        assert number == 1, what
        with pytest.raises(NotSigned):
            verify(tampered, dns=signer.dns)
    with pytest.raises(NotSigned):
        verify(kept.raw, dns=another.dns)
    # What every relay adds on its way changes nothing.
    passed_on = b"Received: from relay.example.test\r\n\tby mx.example.org\r\n" + kept.raw
    assert verify(passed_on, dns=signer.dns)


def test_while_the_signer_is_away_mail_waits_and_nothing_leaves_unsigned(
    app: Flask, signed: tuple[Sink, Signer], queued: Callable[..., list[Message]]
) -> None:
    sink, _signer = signed

    with postfix(sink.port, milter_port=free_port()) as port:
        worker.hang_up()
        app.config["MAIL_PORT"] = port
        mail_server.init_app(app)
        with app.app_context():
            sign_up()
            worker.send_due()
        worker.hang_up()

    [row] = queued("invitation")
    assert row.state in {State.RETRY, State.WAITING}
    assert sink.received == []
