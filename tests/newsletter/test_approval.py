"""Where the settings ask for it, a colleague approves every text that goes to many."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.mailings import queries as mailings_queries
from campaign.mailings.ab_tests import verbs as ab_tests
from campaign.mailings.models import Mailing
from campaign.mailings.planning import verbs as planning
from campaign.mailings.running.verbs import begin
from campaign.newsletter.approvals.verbs import approve as approve_issue
from campaign.newsletter.automations import queries, verbs
from campaign.newsletter.automations.texts import verbs as texts_verbs
from campaign.newsletter.models import Issue
from campaign.newsletter.subscribers import verbs as subscribers
from campaign.organisers.models import Organiser, Role
from campaign.organisers.verbs import add
from campaign.outbox.models import Message
from campaign.people import verbs as people
from campaign.people.models import Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs
from tests.conftest import signed_in
from tests.mailings.conftest import planned
from tests.newsletter.conftest import subscribed
from tests.visitor import Visitor

Queued = Callable[..., list[Message]]
WORDS = {"subject": "Hello", "source": "Come on Saturday, whoever you are."}


@pytest.fixture(autouse=True)
def asked_for(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the settings ask for a colleague's approval."""
    monkeypatch.setitem(app.config, "NEWSLETTER_APPROVAL", True)


@pytest.fixture
def two(app: Flask) -> Iterator[tuple[int, int]]:
    """Give the numbers of two organisers, within the application."""
    with app.app_context():
        made = [
            add(f"{name}@example.org", role=Role.EDITOR, now=clock.now()) for name in ("ann", "bo")
        ]
        db.session.commit()
        yield made[0].id, made[1].id


def found(key: str) -> Any:
    automatic = queries.automation(key)
    assert automatic is not None
    return automatic


def written(key: str, by: int, **words: str) -> None:
    said = {**WORDS, **words}
    texts_verbs.write(
        key, version=found(key).version, language="en", by=by, now=clock.now(), **said
    )


def approved(key: str, by: int) -> None:
    verbs.approve(key, seen=found(key).words_fingerprint, by=by, now=clock.now())


def alone(key: str, by: int) -> None:
    approved(key, by)
    verbs.switch_on(key, by=by, now=clock.now())


def confirmed(address: str) -> None:
    person = people.remember(address, now=clock.now())
    subscriptions_verbs.ask(
        person, Purpose.NEWSLETTER, wording="Yes.", form="test", now=clock.now()
    )
    subscribers.confirm(person.id, now=clock.now())


STEP, ALL = "welcome-1", ["welcome-0", "welcome-1", "welcome-2", "digest", "reminder"]


@pytest.mark.parametrize("key", ALL)
@pytest.mark.parametrize("is_written", [True, False])
def test_an_automatic_mail_is_switched_on_only_once_a_second_person_found_it_good(
    two: tuple[int, int], key: str, is_written: bool
) -> None:
    ann, bo = two
    verbs.switch_off(key, by=ann, now=clock.now())
    if is_written:
        written(key, ann)

    with pytest.raises(verbs.NotApproved):
        verbs.switch_on(key, by=ann, now=clock.now())
    # Whoever stands alone gets nowhere, in whatever order.
    with pytest.raises(verbs.NotOnesOwn):
        alone(key, ann)
    approved(key, bo)
    verbs.switch_on(key, by=ann, now=clock.now())

    assert queries.goes(found(key))


def test_what_is_on_from_the_first_in_the_words_of_the_program_goes(
    two: tuple[int, int], queued: Queued
) -> None:
    confirmed("ada@example.org")
    db.session.commit()

    assert len(queued("welcome")) == 1
    assert queries.goes(found("reminder"))


def test_words_changed_while_it_is_on_go_to_nobody_until_approved_and_then_to_all_who_were_due(
    two: tuple[int, int], queued: Queued
) -> None:
    ann, bo = two
    written("welcome-0", ann, source="Our own welcome.")
    approved("welcome-0", bo)
    assert queries.goes(found("welcome-0"))
    written("welcome-0", ann, source="Another welcome.")

    confirmed("ada@example.org")
    verbs.send_step("welcome-0", now=clock.now())
    db.session.commit()
    assert queued() == []

    approved("welcome-0", bo)
    verbs.send_step("welcome-0", now=clock.now())
    verbs.send_step("welcome-0", now=clock.now())
    db.session.commit()

    assert [mail.to_address for mail in queued("newsletter")] == ["ada@example.org"]


@pytest.mark.parametrize("key", ["welcome-1", "digest", "reminder"])
def test_no_duty_mails_words_that_nobody_approved(
    two: tuple[int, int], queued: Queued, key: str
) -> None:
    ann, bo = two
    subscribed("ada@example.org")
    person = people.remember("pending@example.org", now=clock.now())
    subscriptions_verbs.ask(
        person, Purpose.NEWSLETTER, wording="Yes.", form="test", now=clock.now()
    )
    verbs.enrol({}, now=clock.now())
    approved(key, bo)
    if not found(key).is_on:
        verbs.switch_on(key, by=ann, now=clock.now())
    written(key, ann)

    for days in range(32):
        now = clock.now() + timedelta(days=days)
        verbs.send_step(STEP, now=now)
        verbs.send_digest(zone="UTC", now=now)
        if key == "reminder":
            verbs.remind(now=now)
    db.session.commit()

    assert queued() == []


def test_the_words_of_the_program_put_back_need_a_new_approval_too(two: tuple[int, int]) -> None:
    ann, bo = two
    written(STEP, ann)
    approved(STEP, bo)
    verbs.switch_on(STEP, by=ann, now=clock.now())

    texts_verbs.reset_words(STEP, language="en", by=ann, now=clock.now())

    assert not queries.goes(found(STEP))


def test_an_approval_is_of_the_words_that_were_seen(two: tuple[int, int]) -> None:
    ann, bo = two
    written(STEP, ann)
    seen = found(STEP).words_fingerprint
    written(STEP, ann, source="Something else.")

    with pytest.raises(verbs.ChangedMeanwhile):
        verbs.approve(STEP, seen=seen, by=bo, now=clock.now())


def test_another_day_or_a_switch_needs_no_new_approval(two: tuple[int, int]) -> None:
    ann, bo = two
    written(STEP, ann)
    approved(STEP, bo)

    verbs.set_days(STEP, days=5, by=bo, now=clock.now())
    verbs.switch_on(STEP, by=bo, now=clock.now())

    assert queries.goes(found(STEP))


def tried(ann: int, bo: int, issue: int) -> Mailing:
    """Plan a mailing with a second subject as Ann, of an issue that Bo approved."""
    subscribed(*(f"r{n}@example.org" for n in range(30)))
    this = db.session.get_one(Issue, issue)
    approve_issue(this, version=1, by=bo, now=clock.now())
    db.session.commit()
    return planned(issue, second_subject="Another one", by=ann)


def test_a_second_subject_needs_approval(
    two: tuple[int, int], issue: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "LEAST_FOR_AN_AB_TEST", 1)
    ann, bo = two
    made = tried(ann, bo, issue)

    assert not begin(made, now=clock.now())
    with pytest.raises(ab_tests.NotOnesOwn):
        ab_tests.approve(made, by=ann, now=clock.now())
    assert not begin(made, now=clock.now())
    ab_tests.approve(made, by=bo, now=clock.now())

    assert begin(made, now=clock.now())
    assert mailings_queries.batches(made)


def test_an_issue_without_a_second_subject_needs_no_second_approval(
    two: tuple[int, int], issue: int
) -> None:
    ann, bo = two
    subscribed("ada@example.org")
    this = db.session.get_one(Issue, issue)
    approve_issue(this, version=1, by=bo, now=clock.now())
    db.session.commit()
    made = planned(issue, by=ann)

    assert begin(made, now=clock.now())


def test_two_organisers_approve_in_the_office(
    app: Flask, organiser: Visitor, queued: Queued
) -> None:
    colleague = signed_in(app, Role.EDITOR, "colleague@example.org")
    page = "/office/newsletter/automations/digest"
    organiser.send(f"{page}/en", action="/en", **WORDS)

    assert "/approve" not in organiser.open(page).text
    assert "/on" not in organiser.open(page).text
    colleague.send(page, action="/approve")
    organiser.send(page, action="/on")
    assert "approved, " in organiser.open(page).text
    organiser.send(f"{page}/en", action="/en", **{**WORDS, "subject": "Changed"})

    assert "waits for approval" in organiser.open("/office/newsletter/automations").text
    assert "goes to nobody until a colleague" in colleague.open(page).text


def test_a_colleague_approves_a_second_subject_in_the_office(
    app: Flask, organiser: Visitor, issue: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "LEAST_FOR_AN_AB_TEST", 1)
    colleague = signed_in(app, Role.EDITOR, "colleague@example.org")
    with app.app_context():
        ann, bo = db.session.scalars(select(Organiser.id).order_by(Organiser.id))
        number = tried(ann, bo, issue).id
    page = f"/office/mailings/{number}"

    assert "/approve" not in organiser.open(page).text
    assert "does not begin until a colleague" in colleague.open(page).text
    colleague.send(page, action="/approve")

    assert "does not begin until a colleague" not in colleague.open(page).text
    with app.app_context():
        assert db.session.get_one(Mailing, number).approved_by_id == bo
