"""What of a mail is its recipient's alone is cut wherever the office shows a mail."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock, tokens
from campaign.db import db
from campaign.inbound import worker
from campaign.inbound.models import InboundMail
from campaign.organisers.models import Role
from campaign.organisers.verbs import add, make_link
from campaign.outbox.masking import masked
from campaign.outbox.suppressions.verbs import suppress
from campaign.outbox.verbs import queue
from campaign.people.mail_links import preferences_token, unsubscribe_token
from campaign.people.models import Purpose
from tests.conftest import signed_in
from tests.mails import a_mail
from tests.visitor import Visitor


def doors(app: Flask) -> list[str]:
    """List what stands in addresses before a token, of every door that there is."""
    found = {
        rule.rule.partition("<token>")[0]
        for rule in app.url_map.iter_rules()
        if "token" in rule.arguments
    }
    return sorted(found)


def secrets(app: Flask) -> list[str]:
    """Make one token of each form, among them those that are all in small letters."""
    return [
        tokens.sign("not-me", [7, "0123456789abcdef"]),
        tokens.sign_timed("confirm", [7, "newsletter"]),
        unsubscribe_token(7, Purpose.NEWSLETTER),
        preferences_token(7, Purpose.NEWSLETTER),
        tokens.random_token(),
        "0123456789abcdefghij",
    ]


WAYS: list[Callable[[str], str]] = [
    lambda link: f"Leave: {link}\n",
    lambda link: f"<{link}>, or not.",
    lambda link: f'<a href="{link}">Leave</a>',
    lambda link: f"> > {link}",
    lambda link: link.replace("https://campaign.example", "HTTP://CAMPAIGN.EXAMPLE:8443/de"),
    lambda link: link.replace("https://campaign.example", ""),
    lambda link: f"https://links.example/?url={quote(link, safe='')}&data=05",
    lambda link: f"https://links.example/?u={quote(quote(link, safe=''), safe='')}",
    lambda link: f"{link}?utm_source=mail#top",
    lambda link: link.upper() if "://" not in link else link.title(),
    # A mail program broke the line within the token; another quotes what it broke.
    lambda link: f"{'x' * 60} {link[:-9]}\n{link[-9:]} is the link",
    lambda link: f"> {'x' * 60} {link[:-9]}\r\n> {link[-9:]} is the link",
    lambda link: f"{link[:-9]}=\r\n{link[-9:]}\r\n" if len(link) > 69 else link,
    # Or after a slash.
    lambda link: "\n".join(link.rpartition("/")[::2]).replace("\n", "/\n"),
    lambda link: "\n".join(link.rpartition("/")[::2]).replace("\n", "/\r\n> > "),
]


@pytest.mark.parametrize("way", range(len(WAYS)))
def test_no_token_of_any_door_is_shown_however_its_link_is_written(app: Flask, way: int) -> None:
    with app.test_request_context():
        for door in doors(app):
            for secret in secrets(app):
                shown = masked(WAYS[way](f"https://campaign.example{door}{secret}"))

                # Not even enough of it to guess the rest.
                pieces = {secret[at : at + 6].lower() for at in range(len(secret) - 5)}
                assert not [piece for piece in pieces if piece in shown.lower()], shown
                assert "…" in shown


@pytest.mark.parametrize("role", ["bounces", "rsvp", "unsubscribe", "Bounces"])
@pytest.mark.parametrize("at", ["@", "%40", "=40"])
def test_no_address_of_ours_that_acts_by_itself_is_shown(app: Flask, role: str, at: str) -> None:
    with app.app_context():
        secret = unsubscribe_token(7, Purpose.NEWSLETTER)

        assert secret[-10:] not in masked(f"To: <{role}+{secret}{at}campaign.example>")
        assert secret[-10:] not in masked(f"Message-ID: <{secret}@campaign.example>")


def test_what_stands_below_a_line_that_ends_with_a_link_stays_readable(app: Flask) -> None:
    with app.app_context():
        shown = masked(
            f"> https://campaign.example/events/withdraw/{'x' * 40}\n>\n> Anyone who has this\n"
            f"https://campaign.example/events/withdraw/{'y' * 40}\n\nPause Frontier AI\n"
        )

    assert "x" * 9 not in shown
    assert "y" * 9 not in shown
    assert "> Anyone who has this\n" in shown
    assert shown.endswith("\n\nPause Frontier AI\n")


@pytest.mark.parametrize(
    "words",
    [
        "See https://campaign.example/events/geneva-pause-frontier-ai-protest",
        "https://campaign.example/newsletter/issues/THE-FIRST-ISSUE-OF-MAY/de",
        "https://video.example/watch?v=dQw4w9WgXcQ and ada+news@example.org",
        "Please confirm/deny that you come: 13 May, 18:00",
        "I unsubscribe/leave.",
    ],
)
def test_what_is_no_token_stays_readable(app: Flask, words: str) -> None:
    with app.app_context():
        shown = masked(words)

    assert shown == words or (shown.count("…") == 1 and "://" not in words)


def test_a_reader_sees_no_secret_link_that_a_mail_quotes(app: Flask) -> None:
    reader = signed_in(app, Role.READER, email="reader@example.org")
    with app.app_context():
        boss = add("boss@example.org", role=Role.ADMINISTRATOR, now=clock.now())
        link = make_link(boss, now=clock.now())
        leave = unsubscribe_token(7, Purpose.NEWSLETTER)
        db.session.commit()
        raw = (
            f"From: boss@example.org\r\nSubject: Fwd: {link}\r\n\r\nIs this you?\r\n> {link}\r\n"
            f"> Leave: https://campaign.example/unsubscribe/{leave}\r\n"
        )
        worker.take_in(raw.encode(), recipient="hello@campaign.example", envelope_sender="b@x.test")
        number = db.session.scalars(select(InboundMail.id)).one()

    paths = ("", "/all", "?format=csv", f"/{number}")
    pages = [reader.open(f"/office/inbound{path}").text for path in paths]

    assert "Is this you?" in pages[-1]
    for page in pages:
        assert "Fwd: https://campaign.example/office/sign-in/…" in page
        assert link.rpartition("/")[2] not in page
        assert leave not in page


def test_a_relays_reply_and_evidence_quote_no_address_that_acts(
    app: Flask, organiser: Visitor
) -> None:
    with app.app_context():
        message = queue(
            a_mail(kind="invitation", to="ada@example.org", subject="Hi", text="Hi"),
            now=clock.now(),
        )
        db.session.flush()
        number, secret = message.id, message.token
        said = f"550 sender <bounces+{secret}@campaign.example> rejected"
        message.last_reply = said
        suppress("ada@example.org", reason="bounce", evidence=said, now=clock.now())
        db.session.commit()

    pages = [
        organiser.open(f"/office/outbox{path}").text
        for path in ("", f"/{number}", "?format=csv", "/suppressions", "/suppressions?format=csv")
    ]

    for page in pages:
        assert "bounces+…@campaign.example" in page
        assert secret not in page
