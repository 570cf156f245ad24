"""The texts of single mails: one for all that are alike, which nothing changes afterwards."""

from datetime import timedelta
from typing import Any

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select

from campaign import clock
from campaign.db import db
from campaign.outbox.calendar_lines import LINE
from campaign.outbox.fields import Recipient
from campaign.outbox.filling import filled
from campaign.outbox.mail import Content, Mail
from campaign.outbox.models import Message, Text
from campaign.outbox.placeholders import Placeholders
from campaign.outbox.policy import FINISHED_KEPT
from campaign.outbox.verbs import queue, tidy
from tests.mails import QueuedMail, a_mail
from tests.relaying import send
from tests.services import Sink

NOBODY = Recipient(None, "", "en", "", None)


def greeting(of: str, *, written: list[str], **otherwise: Any) -> Mail:
    """Write a mail about a thing to somebody, and note that its text had to be written."""

    def write(field: Placeholders) -> Content:
        written.append(of)
        return Content(subject=f"About {of}", text=f"To {field('whom')}, about {of}.\n")

    given = {"to": "ada@example.org", "key": (of,), "fields": {"whom": "Ada"}, **otherwise}
    return Mail(kind="invitation", write=write, **given)


def texts() -> int:
    return db.session.scalar(select(func.count()).select_from(Text)) or 0


def test_a_text_is_written_for_the_first_mail_alone_and_named_by_all(app: Flask) -> None:
    written: list[str] = []
    with app.app_context():
        for name in ("Ada", "Bo", "Cy"):
            queue(greeting("London", written=written, fields={"whom": name}), now=clock.now())
            db.session.commit()
        queue(greeting("Paris", written=written), now=clock.now())
        db.session.commit()

        said = [QueuedMail(row).text for row in db.session.scalars(select(Message))]

        assert written == ["London", "Paris"]
        assert texts() == 2
        assert sorted(said) == [
            "To Ada, about London.\n", "To Ada, about Paris.\n", "To Bo, about London.\n",
            "To Cy, about London.\n",
        ]  # fmt: skip


def test_another_process_finds_the_text_that_the_first_has_written(app: Flask) -> None:
    written: list[str] = []
    with app.app_context():
        queue(greeting("London", written=written), now=clock.now())
        db.session.commit()
        del app.extensions["outbox.texts"]

        queue(greeting("London", written=written), now=clock.now())
        db.session.commit()

        assert written == ["London", "London"]
        assert texts() == 1


def test_a_text_that_was_undone_with_its_deed_is_written_again(app: Flask) -> None:
    written: list[str] = []
    with app.app_context():
        queue(greeting("London", written=written), now=clock.now())
        db.session.rollback()
        # It may get the number that the other would have had.
        queue(greeting("Paris", written=written), now=clock.now())
        db.session.commit()

        queue(greeting("London", written=written), now=clock.now())
        db.session.commit()

        said = [QueuedMail(row).subject for row in db.session.scalars(select(Message))]
        assert sorted(said) == ["About London", "About Paris"]


def test_what_no_mail_names_any_more_is_erased_and_written_again_when_wanted(app: Flask) -> None:
    written: list[str] = []
    now = clock.now()
    with app.app_context():
        for _ in range(2):
            queue(greeting("London", written=written), now=now)
            queue(greeting("Paris", written=written), now=now)
            db.session.commit()
        db.session.execute(
            delete(Message).where(
                Message.text_id.in_(select(Text.id).filter_by(subject="About London"))
            )
        )
        db.session.commit()

        tidy(now=now + FINISHED_KEPT - timedelta(hours=1))
        assert texts() == 2
        tidy(now=now + FINISHED_KEPT + timedelta(hours=1))
        db.session.commit()
        assert db.session.scalars(select(Text.subject)).all() == ["About Paris"]

        later = now + FINISHED_KEPT + timedelta(hours=2)
        queue(greeting("London", written=written), now=later)
        db.session.commit()
        assert texts() == 2


def test_however_many_texts_no_mail_names_they_are_erased(app: Flask) -> None:
    now = clock.now()
    row = {"subject": "", "text": "", "html": "", "used_at": now - 2 * FINISHED_KEPT}
    # More than a database takes as so many values.
    rows = [{**row, "fingerprint": str(number)} for number in range(66_000)]
    with app.app_context():
        db.session.connection().execute(insert(Text), rows)

        tidy(now=now)

        assert texts() == 0
        db.session.rollback()


def test_a_text_that_is_named_still_is_kept_however_long_ago_it_was_written(app: Flask) -> None:
    written: list[str] = []
    now = clock.now()
    with app.app_context():
        queue(greeting("London", written=written), now=now)
        db.session.commit()
        # Its mail is gone; another process remembers it and names it anew, just before it is old.
        db.session.execute(delete(Message))
        queue(greeting("London", written=written), now=now + FINISHED_KEPT - timedelta(hours=1))
        db.session.commit()
        db.session.execute(delete(Message))
        db.session.commit()

        tidy(now=now + FINISHED_KEPT + timedelta(hours=1))
        db.session.commit()

        queue(greeting("London", written=written), now=now + FINISHED_KEPT + timedelta(hours=1))
        db.session.commit()
        assert written == ["London"]


def test_a_text_holds_no_recipient_and_goes_on_when_one_is_forgotten(app: Flask) -> None:
    with app.app_context():
        queue(greeting("London", written=[], fields={"whom": "Mallory"}), now=clock.now())
        db.session.commit()

        text = db.session.scalars(select(Text)).one()

        assert "Mallory" not in text.subject + text.text
        assert "ada@" not in text.subject + text.text


HOSTILE = "{{ whom }} {{ unsubscribe }} {{{{ x }}}} Q000 {{ braces }} }}"


def test_what_strangers_typed_is_never_taken_for_a_field(app: Flask, sink: Sink) -> None:
    with app.app_context():
        mail = greeting(HOSTILE, written=[], fields={"whom": HOSTILE}, to_name=HOSTILE)
        queue(mail, now=clock.now())
        db.session.commit()

    send(app)

    [received] = sink.received
    body = received.message.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == f"To {HOSTILE}, about {HOSTILE}.\n"
    assert received.message["Subject"] == f"About {HOSTILE}"


def test_a_value_that_would_be_a_header_of_its_own_stops_its_mail_and_no_other(
    app: Flask, sink: Sink
) -> None:
    def write(field: Placeholders) -> Content:
        return Content(subject="Hello", text="Hello\n", headers={"X-Token": field("token")})

    with app.app_context():
        for token in ("one", "two\r\nBcc: eve@example.org"):
            mail = Mail("invitation", "ada@example.org", write, ("x",), {"token": token})
            queue(mail, now=clock.now())
        db.session.commit()

    send(app)

    assert [mail.message["X-Token"] for mail in sink.received] == ["one"]


CALENDAR = "BEGIN:VCALENDAR\r\nSUMMARY:{{{{ given }}}}\r\nX-A:to {}\r\nEND:VCALENDAR\r\n"
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300)


@settings(deadline=None)
@given(name=NAMES)
def test_a_line_of_a_calendar_is_folded_rightly_whatever_is_put_into_it(name: str) -> None:
    placeholders = Placeholders()
    text = CALENDAR.format(placeholders("whom"))
    closed = placeholders.close(Content(subject="", text="", calendar=text))

    entry = filled(closed, NOBODY._replace(fields={"whom": name}), now=clock.now()).calendar

    assert all(len(line) <= LINE for line in entry.encode().split(b"\r\n"))
    assert all(line.decode() is not None for line in entry.encode().split(b"\r\n"))
    unfolded = entry.replace("\r\n ", "")
    assert unfolded == CALENDAR.format(name)


def test_a_mail_without_a_key_says_what_it_alone_says(app: Flask) -> None:
    with app.app_context():
        for words in ("One", "Two", "One"):
            queue(a_mail(text=words), now=clock.now())
            db.session.commit()

        said = [QueuedMail(row).text for row in db.session.scalars(select(Message))]

        assert sorted(said) == ["One", "One", "Two"]
        assert texts() == 2
