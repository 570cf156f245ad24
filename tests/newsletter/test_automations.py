"""Automations: the welcome and its steps, the month, the reminder; each once, and to whom."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from campaign import clock
from campaign.db import db
from campaign.delivery import worker
from campaign.delivery.mailbox import folder_in
from campaign.newsletter.automations import duties, queries, verbs
from campaign.newsletter.automations.models import (
    Automation,
    DigestSent,
    Enrolment,
    StepSent,
)
from campaign.newsletter.automations.texts import verbs as texts_verbs
from campaign.newsletter.subscribers import verbs as subscribers
from campaign.outbox.models import Batch, Message, Text
from campaign.outbox.suppressions.verbs import suppress
from campaign.people import mail_links
from campaign.people import verbs as people
from campaign.people.models import Person, Purpose, Subscription
from campaign.people.subscriptions import verbs as subscriptions_verbs
from tests.mails import QueuedMail
from tests.newsletter.conftest import asked_for, link_in, person_with, subscribed
from tests.newsletter.test_at_once import at_once
from tests.visitor import Visitor

Queued = Callable[..., list[Message]]
START = datetime(2027, 1, 4, 10, tzinfo=UTC)


@pytest.fixture
def clock_at(app: Flask) -> Any:
    """Stop the clock, and give what moves it."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def join(*addresses: str) -> None:
    """Subscribe as strangers do, with the button pressed."""
    for address in addresses:
        asked_for(address, name="Ada")
        subscribers.confirm(person_with(address).id, now=clock.now())
    db.session.commit()


def switch_on(key: str) -> None:
    """Press the switch."""
    verbs.switch_on(key, by=None, now=clock.now())
    db.session.commit()


def single(kind: str) -> list[QueuedMail]:
    """List the mails of a kind that went to one person each."""
    return [QueuedMail(row) for row in db.session.scalars(select(Message).filter_by(kind=kind))]


def reached() -> list[tuple[str, str]]:
    """List what went to many: the subject, and to whom."""
    rows = db.session.execute(
        select(Text.subject, Message.to_address)
        .join(Message, Message.batch_id == Text.batch_id)
        .order_by(Message.id)
    )
    return [(subject, address) for subject, address in rows]


def test_the_welcome_answers_the_button_and_the_next_step_comes_on_its_day_once(
    app: Flask, clock_at: Any
) -> None:
    with app.app_context():
        switch_on("welcome-1")
        join("ada@example.org")
        assert [mail.subject for mail in single("welcome")] == ["Welcome to the newsletter"]

        for hours in (71, 1, 1, 24):
            clock_at.shift(timedelta(hours=hours))
            duties.send_steps()
            duties.send_steps()
            assert len(reached()) == (0 if clock.now() < START + timedelta(days=3) else 1)

        assert reached() == [("Three things you can do", "ada@example.org")]
        assert len(single("welcome")) == 1


def test_a_step_goes_to_nobody_whose_day_was_past_when_it_was_switched_on(
    app: Flask, clock_at: Any
) -> None:
    with app.app_context():
        join("early@example.org")
        clock_at.shift(timedelta(days=4))
        join("late@example.org")

        switch_on("welcome-1")
        clock_at.shift(timedelta(days=3))
        duties.send_steps()

        assert [address for _, address in reached()] == ["late@example.org"]


def test_who_left_is_suppressed_or_wants_one_mail_a_month_gets_no_further_step(
    app: Flask, clock_at: Any
) -> None:
    with app.app_context():
        switch_on("welcome-1")
        join("ada@example.org", "gone@example.org", "hurt@example.org", "seldom@example.org")
        subscriptions_verbs.leave(
            person_with("gone@example.org").id,
            Purpose.NEWSLETTER,
            through="link",
            now=clock.now(),
        )
        suppress("hurt@example.org", reason="bounce", now=clock.now())
        subscribers.choose(person_with("seldom@example.org").id, rhythm="monthly", name="")
        db.session.commit()

        clock_at.shift(timedelta(days=3))
        duties.send_steps()

        assert [address for _, address in reached()] == ["ada@example.org"]


def test_who_leaves_before_a_step_has_left_does_not_get_it(app: Flask, clock_at: Any) -> None:
    with app.app_context():
        switch_on("welcome-1")
        join("ada@example.org")
        clock_at.shift(timedelta(days=3))
        duties.send_steps()

        subscriptions_verbs.leave(
            person_with("ada@example.org").id, Purpose.NEWSLETTER, through="link", now=clock.now()
        )
        db.session.commit()

        states = select(Message.state).where(Message.batch_id.is_not(None))
        assert db.session.scalars(states).all() == ["withheld"]


def test_a_step_undone_half_way_is_taken_whole_the_next_time(app: Flask, clock_at: Any) -> None:
    with app.app_context():
        switch_on("welcome-1")
        join("ada@example.org")
        clock_at.shift(timedelta(days=3))

        verbs.send_step("welcome-1", now=clock.now())
        db.session.rollback()  # as a worker that was killed
        assert reached() == []
        clock_at.shift(timedelta(days=30))
        duties.send_steps()

        assert len(reached()) == 1


def test_two_workers_at_once_post_a_step_and_a_month_once(app: Flask, clock_at: Any) -> None:
    with app.app_context():
        for key in ("welcome-1", "digest"):
            switch_on(key)
        join("ada@example.org")
    clock_at.move_to(datetime(2027, 2, 2, 9, 1, tzinfo=UTC))

    wrong = at_once(
        app,
        *[lambda: verbs.send_step("welcome-1", now=clock.now())] * 3,
        *[lambda: verbs.send_digest(zone="UTC", now=clock.now())] * 3,
    )

    assert wrong == []
    with app.app_context():
        assert sorted(subject for subject, _ in reached()) == [
            "Three things you can do",
            "What’s on this month",
        ]


def test_who_leaves_and_comes_back_is_welcomed_again_and_gets_no_step_twice(
    app: Flask, clock_at: Any
) -> None:
    with app.app_context():
        switch_on("welcome-1")
        join("ada@example.org")
        clock_at.shift(timedelta(days=3))
        duties.send_steps()
        ada = person_with("ada@example.org").id
        subscriptions_verbs.leave(ada, Purpose.NEWSLETTER, through="link", now=clock.now())
        db.session.commit()
        clock_at.shift(timedelta(days=3))
        join("ada@example.org")
        clock_at.shift(timedelta(days=9))
        duties.send_steps()

        assert len(single("welcome")) == 2
        assert len(reached()) == 1


def test_many_are_posted_to_by_one_batch_and_imported_people_only_when_chosen(
    app: Flask, clock_at: Any
) -> None:
    with app.app_context():
        switch_on("welcome-1")
        subscribed(*(f"reader{number}@example.org" for number in range(40)))
        clock_at.shift(timedelta(days=9))
        duties.send_steps()
        assert reached() == []

        assert queries.number_enrolled() == 0
        assert verbs.enrol({}, now=clock.now()) == 40
        assert queries.number_enrolled() == 40
        assert verbs.enrol({}, now=clock.now()) == 0
        db.session.commit()
        duties.send_steps()
        clock_at.shift(timedelta(days=3))
        duties.send_steps()
        duties.send_steps()

        subjects = [subject for subject, _ in reached()]
        assert subjects.count("Welcome to the newsletter") == 40
        assert subjects.count("Three things you can do") == 40
        assert db.session.scalar(select(func.count()).select_from(Batch)) == 2
        assert db.session.scalar(select(func.count()).select_from(StepSent)) == 80


def test_each_reader_gets_a_step_in_their_language(app: Flask, clock_at: Any) -> None:
    app.config["LANGUAGES"] = ["en", "de"]
    try:
        with app.app_context():
            for language, subject in (("en", "Three things"), ("de", "Drei Dinge")):
                texts_verbs.write(
                    "welcome-1",
                    version=queries.automation("welcome-1").version,  # type: ignore[union-attr]
                    language=language,
                    subject=subject,
                    source="…",
                    by=None,
                    now=clock.now(),
                )
            switch_on("welcome-1")
            join("ada@example.org", "bo@example.org", "cy@example.org")
            for address, language in (("ada", "de"), ("bo", "fr"), ("cy", "de_AT")):
                person_with(f"{address}@example.org").language = language
            db.session.commit()
            clock_at.shift(timedelta(days=3))
            duties.send_steps()

            variants = select(Message.variant).where(Message.batch_id.is_not(None))
            assert db.session.scalars(variants.order_by(Message.to_address)).all() == [
                "de",
                "en",
                "de",
            ]
    finally:
        app.config["LANGUAGES"] = ["en"]


def test_the_mail_of_the_month_goes_on_its_day_to_all_once_a_month(
    app: Flask, clock_at: Any
) -> None:
    # The fifth of January 2027 is its first Tuesday.
    with app.app_context():
        subscribed("ada@example.org", "seldom@example.org")
        subscribers.choose(person_with("seldom@example.org").id, rhythm="monthly", name="")
        switch_on("digest")
        for _ in range(24 * 5):
            duties.send_digest()
            clock_at.shift(timedelta(hours=1))

        assert [address for _, address in reached()] == ["ada@example.org", "seldom@example.org"]
        month = db.session.scalars(select(DigestSent)).one()
        assert (month.month, month.queued_at) == ("2027-01", datetime(2027, 1, 5, 9, tzinfo=UTC))

        clock_at.move_to(datetime(2027, 2, 2, 8, 59, tzinfo=UTC))
        duties.send_digest()
        assert len(reached()) == 2
        clock_at.shift(timedelta(minutes=1))
        duties.send_digest()
        duties.send_digest()
        assert len(reached()) == 4


def test_the_mail_of_the_month_is_not_sent_late_nor_for_a_day_before_it_was_switched_on(
    app: Flask, clock_at: Any
) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        clock_at.move_to(datetime(2027, 1, 5, 9, 1, tzinfo=UTC))
        switch_on("digest")
        duties.send_digest()
        assert reached() == []

        # Nobody was at work for a week.
        clock_at.move_to(datetime(2027, 2, 9, 9, tzinfo=UTC))
        duties.send_digest()
        assert reached() == []


def test_the_mail_of_the_month_leaves_with_each_readers_own_words_and_ways_out(
    app: Flask, clock_at: Any
) -> None:
    with app.app_context():
        subscribed("ada@example.org", name="Ada")
        ada = person_with("ada@example.org").id
        switch_on("digest")
        clock_at.move_to(datetime(2027, 1, 5, 9, tzinfo=UTC))
        duties.send_digest()
        db.session.rollback()

        worker.send_due()

        (file,) = folder_in(app.config["INSTANCE"]).glob("*.eml")
        mail = message_from_bytes(file.read_bytes(), policy=default)
        leave = mail_links.unsubscribe_url(mail_links.unsubscribe_token(ada, Purpose.NEWSLETTER))
        choose = mail_links.preferences_url(mail_links.preferences_token(ada, Purpose.NEWSLETTER))
        assert leave in mail["List-Unsubscribe"]
        for half in ("plain", "html"):
            text = mail.get_body((half,)).get_content()  # type: ignore[attr-defined]
            assert "Dear Ada," in text
            assert "{{" not in text
            assert leave in text
            assert choose in text


def test_what_is_off_goes_to_nobody(app: Flask, clock_at: Any) -> None:
    with app.app_context():
        for key in ("welcome-0", "reminder"):
            verbs.switch_off(key, by=None, now=clock.now())
        db.session.commit()
        join("ada@example.org")
        asked_for("bo@example.org")
        for _ in range(40):
            clock_at.shift(timedelta(days=1))
            duties.send_steps()
            duties.send_digest()
            duties.remind()

        assert reached() == []
        assert set(db.session.scalars(select(Message.kind))) == {"confirmation"}


def test_the_reminder_says_what_organisers_wrote_once_and_nothing_a_stranger_typed(
    app: Flask, clock_at: Any
) -> None:
    with app.app_context():
        texts_verbs.write(
            "reminder",
            version=0,
            language="en",
            subject="Still there?",
            source="We **kept** your place.",
            by=None,
            now=clock.now(),
        )
        asked_for("bo@example.org", name="Mallory")
        for _ in range(20):
            clock_at.shift(timedelta(days=1))
            duties.remind()

        (mail,) = single("confirmation-reminder")
        assert mail.subject == "Still there?"
        assert "We kept your place." in mail.text
        assert "<strong>kept</strong>" in mail.html
        assert link_in(mail, "not-me")
        assert "Mallory" not in mail.text + mail.html + mail.to_name


@pytest.mark.parametrize(
    ("key", "source", "trouble"),
    [
        ("welcome-1", "Hello {{ nmae }}", "no field"),
        ("welcome-1", "Hello {{ 7*7 }}", "no"),
        ("reminder", "Hello {{ name }}", "can hold no merge field"),
        ("welcome-1", "[x](/{{name}})", "cannot stand in an address"),
    ],
)
def test_words_whose_fields_cannot_be_filled_in_are_refused_where_they_stand(
    app: Flask, organiser: Visitor, key: str, source: str, trouble: str
) -> None:
    answer = organiser.send(
        f"/office/newsletter/automations/{key}/en", action="/en", subject="Hi", source=source
    )

    assert answer.status_code == 422
    assert trouble in answer.text
    with app.app_context():
        assert db.session.get(Automation, key) is None


def test_two_organisers_do_not_write_over_each_other(app: Flask, organiser: Visitor) -> None:
    path = "/office/newsletter/automations/welcome-0/en"
    opened = organiser.open(path)
    organiser.send(path, action="/en", subject="Hello", source="Mine.")

    answer = organiser.fill(opened, path, action="/en", subject="Hello", source="Theirs.")

    assert answer.status_code == 409
    assert "Theirs." in answer.text
    with app.app_context():
        kept = db.session.get_one(Automation, "welcome-0").texts
        assert [text.source for text in kept] == ["Mine."]


def test_an_organiser_writes_times_switches_and_tries_a_mail_of_their_own(
    app: Flask, organiser: Visitor, queued: Queued
) -> None:
    page = organiser.send("/office/newsletter/automations", action="/add").location
    assert organiser.send(page, action="/on").status_code == 409

    organiser.send(
        f"{page}/en", action="/en", subject="Hi", source="Dear {{ name | friend }}, look."
    )
    organiser.send(page, action="/time", days="21")
    organiser.send(page, action="/on")
    organiser.send(page, action="/test")

    (test,) = queued("automation-test")
    assert test.subject == "Test: Hi"
    assert "Dear friend, look." in test.text
    assert "Dear friend, look." in organiser.open(f"{page}/en/mail.html").text
    with app.app_context():
        step = db.session.get_one(Automation, "welcome-3")
        assert (step.is_on, step.days) == (True, 21)
    assert organiser.send(page, action="/off").status_code == 303
    assert organiser.send(page, action="/drop").status_code == 303
    assert organiser.open(page).status_code == 404


def test_every_page_of_automatic_mails_opens_and_wrong_numbers_are_named(
    organiser: Visitor,
) -> None:
    for key in ("welcome-0", "welcome-1", "welcome-2", "digest", "reminder"):
        page = f"/office/newsletter/automations/{key}"
        for path in (page, f"{page}/en", f"{page}/en/mail.html", f"{page}/en/mail.html?as=text"):
            shown = organiser.open(path)
            assert shown.status_code == 200, path
            assert "{{" not in shown.text or path.endswith("/en"), path
    assert organiser.open("/office/newsletter/automations/welcome-9").status_code == 404
    assert organiser.open("/office/newsletter/automations/welcome-0/xx").status_code == 404
    page = "/office/newsletter/automations/welcome-1"
    for days in ("", "-1", "1e9", "soon"):
        assert organiser.send(page, action="/time", days=days).status_code == 422
    assert organiser.post("/office/newsletter/automations/welcome-0/time").status_code in {400, 404}
    page = "/office/newsletter/automations/digest"
    assert organiser.send(page, action="/time", hour="24").status_code == 422


def test_forgetting_a_person_forgets_their_steps(app: Flask, clock_at: Any) -> None:
    with app.app_context():
        join("ada@example.org")
        people.forget(db.session.scalars(select(Person)).one())
        db.session.commit()

        for table in (Enrolment, StepSent, Subscription):
            assert db.session.scalars(select(table)).all() == []
