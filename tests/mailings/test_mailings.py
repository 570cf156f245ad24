"""Mailings: planned, begun once, to whom it should be and when, compared in two halves, ended."""

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import insert, select

from campaign import clock
from campaign.attribution import verbs as attribution
from campaign.attribution.links import in_html, in_text
from campaign.attribution.models import Conversion
from campaign.attribution.queries import came_from
from campaign.db import db
from campaign.delivery import worker
from campaign.events import verbs as events
from campaign.mailings import duties, queries
from campaign.mailings.ab_tests import verbs as ab_tests
from campaign.mailings.ab_tests.comparison import Half, better
from campaign.mailings.models import Mailing
from campaign.mailings.planning import verbs as planning
from campaign.mailings.planning.verbs import Plan
from campaign.mailings.report.queries import counts_of
from campaign.mailings.running import verbs
from campaign.mailings.verbs import NobodyToSendTo
from campaign.newsletter import verbs as issues
from campaign.newsletter.models import CONTENT, Issue
from campaign.outbox.models import Batch, Message, State, Text, address_hash
from campaign.outbox.suppressions.verbs import suppress
from campaign.people import verbs as people
from campaign.people.models import (
    Person,
    Purpose,
    RefusedTopic,
    Rhythm,
    Subscription,
)
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.people.subscriptions.queries import subscription_of
from campaign.segments.models import Segment
from tests.conftest import forms_are_answered
from tests.events.conftest import PARTICULARS
from tests.mailings.conftest import begun, content_of, planned
from tests.newsletter.conftest import person_with, subscribed
from tests.side_by_side import at_once
from tests.visitor import Visitor

HOUR = timedelta(hours=1)


def in_english(batch_id: int | None) -> Text:
    """Give the English text of a batch."""
    return db.session.scalars(select(Text).filter_by(batch_id=batch_id, key="en")).one()


def found(number: int) -> Issue:
    return db.session.get_one(Issue, number)


def to_whom(batch_id: int | None) -> set[str]:
    query = select(Message.to_address).where(Message.batch_id == batch_id)
    return {address.partition("@")[0] for address in db.session.scalars(query)}


def messages(batch_id: int | None) -> dict[str, Message]:
    rows = db.session.scalars(select(Message).where(Message.batch_id == batch_id))
    return {row.to_address.partition("@")[0]: row for row in rows}


def crowd(number: int) -> None:
    """Make many subscribers at once."""
    now = clock.now()
    addresses = [f"reader{n}@example.org" for n in range(number)]
    rows = [
        {"email": each, "address_hash": address_hash(each), "remembered_at": now, "language": "en"}
        for each in addresses
    ]
    db.session.execute(insert(Person), rows)
    known = db.session.scalars(select(Person.id)).all()
    status = {"purpose": "newsletter", "asked_at": now, "confirmed_at": now}
    db.session.execute(insert(Subscription), [{"person_id": one, **status} for one in known])
    db.session.commit()


def test_an_issue_goes_to_those_it_is_for_and_to_nobody_else(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed(*(f"{name}@example.org" for name in (
            "ada", "bob", "left", "hurt", "seldom", "notthis",
        )))  # fmt: skip
        subscriptions_verbs.leave(
            person_with("left@example.org").id, Purpose.NEWSLETTER, through="link", now=clock.now()
        )
        suppress("hurt@example.org", reason="bounce", now=clock.now())
        subscriptions_verbs.ask(
            people.remember("pending@example.org", now=clock.now()),
            Purpose.NEWSLETTER,
            wording="Yes.",
            form="test",
            now=clock.now(),
        )
        seldom = subscription_of(person_with("seldom@example.org").id, Purpose.NEWSLETTER)
        assert seldom is not None
        seldom.rhythm = Rhythm.MONTHLY
        refused = RefusedTopic(person_id=person_with("notthis@example.org").id, topic="events")
        db.session.add(refused)
        found(issue).topic = "events"
        db.session.commit()

        counted = queries.number_of_readers(content_of(issue), rule={}, now=clock.now())
        mailing = begun(issue)

        assert counted == 2
        assert to_whom(mailing.batch_id) == {"ada", "bob"}
        assert found(issue).is_public


def test_an_issue_that_sums_up_a_month_goes_to_those_too_who_want_no_more(
    app: Flask, issue: int
) -> None:
    with app.app_context():
        subscribed("seldom@example.org")
        status = subscription_of(person_with("seldom@example.org").id, Purpose.NEWSLETTER)
        assert status is not None
        status.rhythm = Rhythm.MONTHLY
        found(issue).is_monthly = True
        db.session.commit()

        mailing = begun(issue)

        assert to_whom(mailing.batch_id) == {"seldom"}


def test_each_reader_gets_the_text_in_their_language(app: Flask, issue: int) -> None:
    with app.app_context():
        issues.translate(
            found(issue), version=1, language="de", title="Willkommen", subject="", preview="",
            source="Lies [das](/events).", by=None, now=clock.now(),
        )  # fmt: skip
        languages = {"ada": "en", "bea": "de", "cleo": "de-AT", "dan": "fr", "eve": ""}
        for name, language in languages.items():
            subscribed(f"{name}@example.org")
            person_with(f"{name}@example.org").language = language
        db.session.commit()

        mailing = begun(issue, version=2)

        got = {name: message.variant for name, message in messages(mailing.batch_id).items()}
        assert got == {"ada": "en", "bea": "de", "cleo": "de", "dan": "en", "eve": "en"}


def test_at_a_local_hour_each_reader_gets_it_by_their_own_clock(app: Flask, issue: int) -> None:
    zones = {
        "ada": "Europe/Berlin", "bob": "America/New_York", "eve": "", "mal": "../../etc/passwd",
        "kim": "Pacific/Kiritimati",
    }  # fmt: skip
    with app.app_context():
        for name, zone in zones.items():
            subscribed(f"{name}@example.org")
            person_with(f"{name}@example.org").timezone = zone
        db.session.commit()
        day = clock.now().date() + timedelta(days=3)

        mailing = planned(issue, on_local_day=day, at_local_hour=9)
        too_early = verbs.begin(mailing, now=mailing.starts_at - HOUR)
        verbs.begin(mailing, now=mailing.starts_at)
        db.session.commit()

        due = {name: message.due_at for name, message in messages(mailing.batch_id).items()}
        nine = datetime.combine(day, datetime.min.time().replace(hour=9), UTC)
        assert not too_early
        assert mailing.starts_at == nine - 14 * HOUR
        assert due["kim"] == nine - 14 * HOUR
        assert due["ada"] == _nine_in("Europe/Berlin", day)
        assert due["bob"] == _nine_in("America/New_York", day)
        assert due["eve"] == due["mal"] == nine


def _nine_in(zone: str, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_where_the_hour_is_past_it_goes_as_soon_as_it_begins(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org", "bob@example.org")
        person_with("ada@example.org").timezone = "Pacific/Auckland"
        person_with("bob@example.org").timezone = "Pacific/Honolulu"
        db.session.commit()
        now = datetime(2027, 5, 13, 8, tzinfo=UTC)

        mailing = planned(issue, on_local_day=now.date(), at_local_hour=10, now=now)
        verbs.begin(mailing, now=now)

        due = {name: message.due_at for name, message in messages(mailing.batch_id).items()}
        assert due == {"ada": now, "bob": datetime(2027, 5, 13, 20, tzinfo=UTC)}


def test_what_is_planned_begins_by_the_timetable_with_who_is_there_then(
    app: Flask, issue: int
) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        mailing = planned(issue, starts_at=clock.now() + HOUR)

        duties.begin()
        before = found(issue).is_sent
        subscribed("late@example.org")
        mailing.starts_at = clock.now()
        db.session.commit()
        duties.begin()
        subscribed("toolate@example.org")
        duties.begin()

        assert not before
        assert to_whom(mailing.batch_id) == {"ada", "late"}


def test_who_presses_twice_sends_once_and_who_comes_second_is_told(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        segment = Segment(name="Others", rule={"not": {}}, made_at=clock.now())
        db.session.add(segment)
        db.session.commit()

        first = planned(issue, after=0)
        again = planned(issue, after=0)

        assert again.id == first.id
        with pytest.raises(planning.SentMeanwhile):
            planned(issue, after=0, rate=5.0)


def test_two_organisers_and_two_workers_at_once_make_one_batch(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org", "bob@example.org")

    def press() -> None:
        planning.schedule(content_of(issue), Plan(version=1, after=0), by=None, now=clock.now())

    wrong = at_once(app, press, press)
    wrong += at_once(app, duties.begin, duties.begin)

    with app.app_context():
        assert wrong == []
        assert len(queries.of_content(CONTENT, issue)) == 1
        assert len(list(db.session.scalars(select(Batch)))) == 1
        assert len(list(db.session.scalars(select(Message)))) == 2


def test_there_must_be_somebody_to_send_to(app: Flask, issue: int) -> None:
    with app.app_context():
        with pytest.raises(NobodyToSendTo):
            planned(issue)
        subscribed("ada@example.org")
        begun(issue)
        # She is about to get it, so there is nobody any more.
        with pytest.raises(NobodyToSendTo):
            planned(issue)


def test_an_issue_changed_after_it_was_planned_does_not_go_out(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        mailing = planned(issue, starts_at=clock.now() + HOUR)
        found(issue).version += 1
        db.session.commit()

        verbs.begin(mailing, now=clock.now() + 2 * HOUR)
        db.session.commit()

        assert mailing.called_off_at is not None
        assert "changed" in mailing.called_off_because
        assert not found(issue).is_sent


def test_those_not_reached_are_those_to_whom_nothing_can_have_gone(app: Flask, issue: int) -> None:
    names = ("sent", "bounced", "waiting", "uncertain", "failed", "withheld")
    with app.app_context():
        subscribed(*(f"{name}@example.org" for name in names))
        first = begun(issue)
        for name, message in messages(first.batch_id).items():
            message.state = name if name != "uncertain" else State.WITHHELD
            message.is_uncertain = name == "uncertain"
        db.session.commit()
        subscribed("new@example.org")

        second = planning.send_to_those_not_reached(first, after=first.id, by=None, now=clock.now())
        twice = planning.send_to_those_not_reached(first, after=first.id, by=None, now=clock.now())
        verbs.begin(second, now=clock.now())

        assert twice.id == second.id
        assert to_whom(second.batch_id) == {"failed", "withheld", "new"}


def test_a_mailing_is_called_off_before_and_stopped_after_it_begins(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org", "bob@example.org")
        never = planned(issue, starts_at=clock.now() + HOUR)
        planning.call_off(never, now=clock.now())
        planning.call_off(never, now=clock.now())
        begins = verbs.begin(never, now=clock.now() + 2 * HOUR)
        mailing = begun(issue)
        messages(mailing.batch_id)["ada"].state = State.SENT

        with pytest.raises(planning.BegunAlready):
            planning.call_off(mailing, now=clock.now())
        verbs.pause(mailing, now=clock.now())
        batch = db.session.get_one(Batch, mailing.batch_id)
        rested = not batch.is_running
        verbs.resume(mailing)
        went_on = batch.is_running
        verbs.stop(mailing, now=clock.now())
        db.session.commit()

        states = {name: message.state for name, message in messages(mailing.batch_id).items()}
        assert not begins
        assert rested
        assert went_on
        assert states == {"ada": State.SENT, "bob": State.WITHHELD}


def test_two_subjects_are_compared_on_a_tenth_and_the_better_goes_to_the_rest(
    app: Flask, issue: int
) -> None:
    with app.app_context():
        crowd(1000)
        mailing = begun(issue, second_subject="Come, {{ name | friend }}", ab_test_hours=4)
        compared = messages(mailing.ab_test_batch_id)
        halves = {
            half: {name for name, message in compared.items() if message.variant == f"en/{half}"}
            for half in ("a", "b")
        }
        for message in compared.values():
            message.state, message.settled_at = State.SENT, clock.now()
        attribution.count("welcome.b", Conversion.SIGN_UP)
        db.session.commit()
        subscribed("late@example.org")
        began = mailing.queued_at
        assert began is not None

        ab_tests.choose_if_due(mailing, now=began + 3 * HOUR)
        too_soon = mailing.ab_test_decided_at
        ab_tests.choose_if_due(mailing, now=began + 4 * HOUR)
        ab_tests.choose_if_due(mailing, now=began + 5 * HOUR)
        db.session.commit()

        rest = to_whom(mailing.batch_id)
        chosen = in_english(mailing.batch_id)
        assert too_soon is None
        assert 30 < len(halves["a"]) < 70
        assert 30 < len(halves["b"]) < 70
        assert mailing.ab_test_winner == "b"
        assert chosen.subject == "Come, {{ name | friend }}"
        assert rest | set(compared) == {f"reader{n}" for n in range(1000)}
        assert not rest & set(compared)


def test_without_deeds_the_subject_wins_that_drives_fewer_away_else_the_first() -> None:
    def half(key: str, *, sent: int = 50, deeds: int = 0, left_list: int = 0) -> Half:
        return Half(key, "", sent, deeds, left_list, 0)

    assert better([half("a"), half("b")]) == "a"
    assert better([half("a", left_list=2), half("b", left_list=1)]) == "b"
    assert better([half("a", deeds=2), half("b", deeds=2, sent=40)]) == "b"
    assert better([half("a", sent=0), half("b", sent=0)]) == "a"


def test_organisers_may_choose_themselves_once(app: Flask, issue: int) -> None:
    with app.app_context():
        crowd(planning.LEAST_FOR_AN_AB_TEST)
        mailing = begun(issue, second_subject="Come")

        duties.choose()
        duties.record_progress()
        ab_tests.choose(mailing, winner="a", now=clock.now())
        db.session.commit()
        duties.record_progress()

        assert mailing.ab_test_winner == "a"
        assert in_english(mailing.batch_id).subject == "Welcome to you"
        with pytest.raises(ab_tests.NoABTest):
            ab_tests.choose(mailing, winner="b", now=clock.now())


def test_an_a_b_test_needs_enough_readers_and_a_subject_that_can_be_filled_in(
    app: Flask, issue: int
) -> None:
    with app.app_context():
        subscribed("ada@example.org")

        with pytest.raises(planning.TooFewForAnABTest):
            planned(issue, second_subject="Come")
        with pytest.raises(planning.WrongSubject):
            planned(issue, second_subject="Come, {{ nmae }}")
        # Planned while there were enough; those who are left get it under the first subject.
        mailing = planned(issue, starts_at=clock.now() + HOUR)
        mailing.second_subject = "Come"
        verbs.begin(mailing, now=clock.now() + HOUR)
        assert to_whom(mailing.batch_id or mailing.ab_test_batch_id) == {"ada"}


def test_a_moment_that_is_past_everywhere_is_refused(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        now = datetime(2027, 5, 13, 8, tzinfo=UTC)

        with pytest.raises(planning.TooLate):
            planned(issue, starts_at=now - HOUR, now=now)
        with pytest.raises(planning.TooLate):
            planned(issue, on_local_day=now.date() - timedelta(days=2), at_local_hour=10, now=now)


def test_a_stopped_a_b_test_sends_nothing_to_the_rest(app: Flask, issue: int) -> None:
    with app.app_context():
        crowd(planning.LEAST_FOR_AN_AB_TEST)
        mailing = begun(issue, second_subject="Come")

        verbs.stop(mailing, now=clock.now())
        ab_tests.choose_if_due(mailing, now=clock.now() + 9 * HOUR)

        assert mailing.batch_id is None


def test_own_links_to_deeds_carry_the_code_of_the_issue_and_no_other_link_does() -> None:
    def absolute(path: str) -> str:
        return f"https://campaign.example{path}"

    html = (
        '<a href="https://campaign.example/events">x</a>'
        '<a class="b" href="https://campaign.example/write/de?post=1#now">x</a>'
        '<a href="https://campaign.example/eventsx">x</a>'
        '<a href="https://campaign.example/unsubscribe/{{unsubscribe}}">x</a>'
        '<a href="https://elsewhere.example/events">x</a>'
        '<img src="https://campaign.example/events/a.png">'
    )

    coded = in_html(html, "may", absolute=absolute)
    text = in_text(
        "See https://campaign.example/events/berlin. (https://campaign.example/actions/may-13)\n"
        "https://campaign.example/events?via=poster and https://campaign.example/summit",
        "may",
        absolute=absolute,
    )

    assert coded.count("via=may") == 2
    assert 'href="https://campaign.example/events?via=may"' in coded
    assert 'href="https://campaign.example/write/de?post=1&amp;via=may#now"' in coded
    assert text == (
        "See https://campaign.example/events/berlin?via=may. "
        "(https://campaign.example/actions/may-13?via=may)\n"
        "https://campaign.example/events?via=poster and https://campaign.example/summit"
    )


@pytest.fixture
def event(app: Flask) -> str:
    """Give the path of an event far ahead."""
    with app.app_context():
        planned = events.plan(now=clock.now(), **PARTICULARS)
        db.session.commit()
        return f"/events/{planned.slug}"


def test_who_came_by_an_issue_and_signs_up_is_counted_and_not_named(
    app: Flask, visitor: Visitor, issue: int, event: str
) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        begun(issue)

    listed = visitor.open("/events?via=welcome")
    answers = [
        visitor.send(f"{event}?via={code}", name="Ada", email=f"{name}@example.org")
        for name, code in {"ada": "welcome", "bob": "no-such-code", "eve": "%22%3E"}.items()
    ]
    # The same place once more is no other deed.
    answers.append(visitor.send(f"{event}?via=welcome", name="Ada", email="ada@example.org"))

    assert f"{event}?via=welcome" in listed.text
    assert [answer.status_code for answer in answers] == [303, 303, 303, 303]
    forms_are_answered(app)
    with app.app_context():
        assert came_from(["welcome"])[Conversion.SIGN_UP] == 1


def test_who_came_by_an_issue_and_mistypes_keeps_the_code(visitor: Visitor, event: str) -> None:
    page = visitor.send(f"{event}?via=welcome", name="Ada", email="no address")

    assert page.status_code == 422
    assert "/sign-up?via=welcome" in page.text


def test_an_organiser_sends_in_two_steps_and_sees_what_becomes_of_it(
    app: Flask, organiser: Visitor, issue: int
) -> None:
    with app.app_context():
        subscribed("ada@example.org", "bob@example.org")
    path = f"/office/mailings/issue/{issue}"

    page = organiser.open(f"{path}/plan")
    counted = organiser.open(f"{path}/plan/count?who=77")
    asked = organiser.open(f"{path}/send?who=&when=now&hours=4")
    answer = organiser.fill(asked, f"{path}/send", action="/send")
    twice = organiser.fill(asked, f"{path}/send", action="/send")
    with app.app_context():
        duties.begin()
    seen = organiser.open(answer.location)

    assert "2 readers" in page.text
    assert "2 readers" in counted.text
    assert "goes to 2 readers" in asked.text
    assert (answer.status_code, twice.location) == (303, answer.location)
    assert "on its way" in seen.text
    with app.app_context():
        assert len(queries.of_content(CONTENT, issue)) == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("when=at&hours=4", "Enter the day."),
        ("when=at&day=2027-05-13&hours=4", "Enter the time."),
        ("when=at&day=tomorrow&time=9&hours=4", "Enter a day, like 2027-05-13."),
        ("when=local&day=2027-05-13&time=09:30&hours=4", "it is a full hour"),
        (
            "when=local&day=2027-05-13&time=09:00&hours=4&second_subject=x",
            "An A/B test takes hours",
        ),
        ("when=now&hours=0", "Enter a number of hours"),
        ("when=now&hours=4&rate=-1", "Enter a number of mails a second"),
        ("when=now&hours=4&who=77", "There is no such segment"),
        ("when=never&hours=4", "Not a valid choice"),
        ("when=now&hours=4&second_subject=%1b", "on one line only"),
    ],
)
def test_what_cannot_be_planned_is_said_beside_its_field(
    organiser: Visitor, issue: int, said: str, sentence: str
) -> None:
    answer = organiser.open(f"/office/mailings/issue/{issue}/send?{said}")

    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_segment_changed_between_the_number_and_the_button_sends_nothing(
    app: Flask, organiser: Visitor, issue: int
) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        segment = Segment(name="Germans", rule={"not": {"not": {}}}, made_at=clock.now())
        db.session.add(segment)
        db.session.commit()
        number = segment.id
    path = f"/office/mailings/issue/{issue}"
    asked = organiser.open(f"{path}/send?who={number}&when=now&hours=4")
    with app.app_context():
        db.session.get_one(Segment, number).rule = {}
        db.session.commit()

    answer = organiser.fill(asked, f"{path}/send", action="/send")

    assert answer.status_code == 409
    with app.app_context():
        assert queries.of_content(CONTENT, issue) == []


def test_a_test_goes_to_seeds_and_organisers_as_readers_get_it_and_to_nobody_else(
    app: Flask, organiser: Visitor, issue: int
) -> None:
    app.config["NEWSLETTER_SEEDS"] = ["seed@one.example"]
    path = f"/office/newsletter/issues/{issue}/seeds"
    try:
        refused = organiser.send(path, action="/seeds", more="stranger@example.com")
        wrong = organiser.send(path, action="/seeds", more="nobody")
        answer = organiser.send(path, action="/seeds", more="organiser@example.org")
    finally:
        app.config["NEWSLETTER_SEEDS"] = []

    with app.app_context():
        (batch,) = db.session.scalars(select(Batch))
        variant = in_english(batch.id)
        assert (refused.status_code, wrong.status_code, answer.status_code) == (422, 422, 303)
        assert to_whom(batch.id) == {"seed", "organiser"}
        assert variant.subject == "[Test] Welcome to you"
        assert "List-Unsubscribe-Post" in variant.headers
        assert not found(issue).is_sent


def test_an_issue_leaves_with_its_code_and_each_reader_gets_it_in_their_language(
    app: Flask,
) -> None:
    with app.app_context():
        written = issues.draft(
            title="May", slug="", subject="Come, {{ name | friend }}", preview="",
            source="[**Come**](/events/berlin) and [read](/proposal).", language="en", by=None,
            now=clock.now(),
        )  # fmt: skip
        issues.translate(
            written, version=1, language="de", title="Mai", subject="", preview="",
            source="[Komm](/events).", by=None, now=clock.now(),
        )  # fmt: skip
        subscribed("ada@example.org", name="Ada")
        subscribed("bea@example.org")
        person_with("bea@example.org").language = "de"
        db.session.commit()
        mailing = planned(written.id, version=2)

        duties.begin()
        worker.send_due()

        mails = {
            str(mail["To"]): mail
            for file in Path(app.config["INSTANCE"]).glob("mailbox/*.eml")
            for mail in [message_from_bytes(file.read_bytes(), policy=default)]
        }
        to_ada, to_bea = mails["Ada <ada@example.org>"], mails["bea@example.org"]
        html = to_ada.get_body(("html",)).get_content()
        text = to_ada.get_body(("plain",)).get_content()
        assert to_ada["Subject"] == "Come, Ada"
        assert 'href="https://campaign.example/events/berlin?via=may"' in html
        assert "https://campaign.example/events/berlin?via=may" in text.replace("\n", " ")
        assert "proposal?via" not in html + text
        assert to_bea["Subject"] == "Mai"
        assert "/events?via=may" in to_bea.get_body(("plain",)).get_content()
        assert counts_of(queries.batches(mailing)).delivered == 2
        assert all(batch.finished_at for batch in queries.batches(mailing))


def test_who_throws_a_draft_away_takes_what_was_planned_for_it_along(
    app: Flask, issue: int
) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        kept = issues.draft(
            title="Kept", slug="", subject="", preview="", source="Words.", language="en", by=None,
            now=clock.now(),
        )  # fmt: skip
        db.session.commit()
        of_kept = planned(kept.id, starts_at=clock.now() + HOUR)
        planned(issue, starts_at=clock.now() + HOUR)

        issues.discard(found(issue))
        db.session.commit()

        assert list(db.session.scalars(select(Mailing))) == [of_kept]


def test_what_was_deleted_in_another_way_is_called_off_when_it_should_begin(
    app: Flask, issue: int
) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        mailing = planned(issue, starts_at=clock.now() + HOUR)
        db.session.delete(found(issue))
        db.session.commit()

        begins = verbs.begin(mailing, now=mailing.starts_at)

        assert not begins
        assert mailing.called_off_at is not None
        assert "has been deleted" in mailing.called_off_because


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("when=at&day=2026-01-01&time=10:00&hours=4", "This moment is past."),
        ("when=now&second_subject=Another&hours=4", "readers of its own language or more"),
    ],
)
def test_what_the_button_would_refuse_is_said_before_it_is_shown(
    app: Flask, organiser: Visitor, issue: int, asked: str, said: str
) -> None:
    with app.app_context():
        subscribed("ada@example.org")

    page = organiser.open(f"/office/mailings/issue/{issue}/send?{asked}")

    assert page.status_code == 422
    assert said in page.text
    assert "Send it now" not in page.text
