"""What an organiser saw is what readers get: an issue goes all the way, in two languages."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from urllib.parse import urlsplit

from flask import Flask, current_app

from campaign import clock
from campaign.db import db
from campaign.delivery import worker
from campaign.delivery.mailbox import folder_in
from campaign.newsletter import mails, verbs
from campaign.newsletter.models import Issue
from campaign.outbox.fields import Recipient
from campaign.outbox.mail import inline
from campaign.people import mail_links
from tests.mailings.conftest import begun
from tests.newsletter.conftest import person_with, subscribed

SOURCE = (
    "Hello {{ name | Tom & “Jerry” <b> }}, in {{country|a country we do not know of, so far away "
    "that this line is long}}.\n\n[**Come & see**](/events?a=1&b=2)\n\n| a | b |\n|---|---|\n"
    "| 1 | {{ name \\| x }} |\n\n- *{{ name | nobody }}*"
)


def received(email: str) -> EmailMessage:
    """Open the mail somebody got."""
    for file in folder_in(current_app.config["INSTANCE"]).glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=default)
        assert isinstance(mail, EmailMessage)
        if email in str(mail["To"]):
            return mail
    raise AssertionError(email)


def half(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    # A value stands on a line of its own in transport; that is undone by decoding.
    return " ".join(str(part.get_content()).split())


def test_each_reader_gets_what_the_preview_showed(app: Flask) -> None:
    with app.app_context():
        subscribed("ada@example.org", name="Ada O'Neil & Co")
        subscribed("bob@example.org", "cora@example.org")
        ada, bob, cora = (person_with(f"{name}@example.org") for name in ("ada", "bob", "cora"))
        ada.country, cora.language = "DE", "de"
        issue = verbs.draft(
            title="A & B",
            slug="",
            subject="{{ name | Friend }}: å & b",
            preview="For {{ name | you }}.",
            source=SOURCE,
            language="en",
            by=None,
            now=clock.now(),
        )
        verbs.translate(
            issue,
            version=1,
            language="de",
            title="Deutsch",
            subject="",
            preview="",
            source="Größe {{ name | du }}",
            by=None,
            now=clock.now(),
        )
        db.session.commit()
        begun(issue.id)
        worker.send_due()

        issue = db.session.get_one(Issue, issue.id)
        for person, language in ((ada, "en"), (bob, "en"), (cora, "de")):
            mail = received(person.email)
            reader = Recipient(person.id, person.name, language, person.country, None)
            seen = mails.seen_by(issue, issue.text_in(language), reader, now=clock.now())

            assert str(mail["Subject"]) == seen.subject
            assert _without_codes(half(mail, "plain")) == " ".join(seen.text.split())
            assert _without_codes(unescape(half(mail, "html"))) == " ".join(
                unescape(inline(seen.html)).split()
            )
            assert "{{" not in mail.as_string()
            out = re.findall(r"<(https://[^>]+)>", str(mail["List-Unsubscribe"]))[0]
            token = urlsplit(out).path.rpartition("/")[2]
            assert mail_links.read_unsubscribe(token)[0] == person.id


def _without_codes(words: str) -> str:
    # What tells by which issue somebody came is put in when it goes out.
    return re.sub(r"(?:&amp;|&|\?)via=[\w.-]+", "", words)
