"""A letter's way: written, confirmed, sent, copied; and where it ends before that."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock, tokens
from campaign.db import count_of, db
from campaign.letters import verbs
from campaign.letters.mails import CONFIRM
from campaign.letters.models import Letter, State
from campaign.letters.tallies import queries as tallies_queries
from campaign.outbox.models import Message
from campaign.outbox.models import State as MessageState
from campaign.outbox.suppressions.verbs import suppress
from campaign.people.models import Person, Purpose
from campaign.people.subscriptions.verbs import ask
from campaign.people.verbs import forget
from campaign.summits import verbs as summits
from campaign.summits.models import Post, Summit
from tests.conftest import forms_are_answered
from tests.letters.conftest import OWN_WORDS, WRITER, links
from tests.visitor import Visitor

Queued = Callable[..., list[Message]]


def test_a_letter_goes_to_the_post_once_its_writer_has_pressed_the_button(
    asked: dict[str, str], visitor: Visitor, queued: Queued
) -> None:
    assert queued("letter") == []

    answer = visitor.send(asked["confirm"])

    assert answer.status_code == 303
    [letter] = queued("letter")
    assert letter.to_address == "minister@gb.example"
    assert letter.reply_to == "ada@example.org"
    assert letter.sender_name == "Ada Example via Pause Frontier AI"
    assert letter.html == ""
    assert "Auto-Submitted" not in letter.headers
    assert OWN_WORDS in letter.text
    assert letter.text.endswith("Yours faithfully,\n\nAda Example\n")
    assert "[" not in letter.text
    assert "{" not in letter.text
    [copy] = queued("letter-copy")
    assert copy.to_address == "ada@example.org"
    assert OWN_WORDS in copy.text
    assert "on its way" in visitor.open(answer.location).text


def test_the_mail_that_asks_holds_nothing_that_was_typed(
    world: Flask, visitor: Visitor, queued: Queued
) -> None:
    answer = visitor.send("/write/gb", **WRITER)

    assert answer.status_code == 303
    assert answer.location == "/write/check-your-mail"
    [mail] = queued("letter-confirmation")
    assert mail.is_own_act
    assert mail.to_name == ""
    for typed in (OWN_WORDS, WRITER["name"]):
        assert typed not in mail.subject + mail.text + mail.html
    assert "/write/not-me/" in mail.text
    assert "/write/not-me/" in mail.html


def test_the_page_shows_what_will_leave_and_opening_it_sends_nothing(
    asked: dict[str, str], visitor: Visitor, queued: Queued
) -> None:
    page = visitor.open(asked["confirm"])

    assert OWN_WORDS in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert queued("letter") == []


def test_pressed_twice_it_is_one_letter(
    asked: dict[str, str], visitor: Visitor, queued: Queued
) -> None:
    page = visitor.open(asked["confirm"])

    answers = [visitor.fill(page, asked["confirm"]) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(queued("letter")) == len(queued("letter-copy")) == 1


def test_a_second_letter_to_the_same_post_is_silent_and_looks_the_same(
    asked: dict[str, str], visitor: Visitor, queued: Queued
) -> None:
    visitor.send(asked["confirm"])

    answer = visitor.send("/write/gb", **{**WRITER, "own_words": "Something else entirely."})

    assert (answer.status_code, answer.location) == (303, "/write/check-your-mail")
    assert len(queued("letter-confirmation")) == 1


def test_the_same_form_sent_twice_asks_once_and_after_a_while_again(
    world: Flask, visitor: Visitor, queued: Queued
) -> None:
    page = visitor.open("/write/gb")

    answers = [visitor.fill(page, "/write/gb", **WRITER) for _ in range(2)]
    soon = len(queued("letter-confirmation"))
    with world.app_context():
        db.session.scalars(select(Letter)).one().written_at -= timedelta(minutes=5)
        db.session.commit()
    visitor.fill(page, "/write/gb", **WRITER)

    assert [answer.location for answer in answers] == ["/write/check-your-mail"] * 2
    assert soon == 1
    assert len(queued("letter-confirmation")) == 2


def test_a_letter_written_anew_takes_the_place_of_the_one_that_waits(
    asked: dict[str, str], visitor: Visitor, queued: Queued
) -> None:
    visitor.send("/write/gb", **{**WRITER, "own_words": "Now I know better what to say."})

    newer = links(queued("letter-confirmation")[-1])
    older = visitor.open(asked["confirm"])
    assert newer["not-me"] == asked["not-me"]
    assert older.status_code == 410
    assert '<p class="more"><a href="/write">' in older.text
    assert "Now I know better" in visitor.open(newer["confirm"]).text


def test_an_address_is_asked_three_times_a_day_at_most(
    world: Flask, visitor: Visitor, queued: Queued
) -> None:
    answers = [visitor.send(f"/write/{code}", **WRITER) for code in ("gb", "de", "fr", "us")]

    assert {answer.location for answer in answers} == {"/write/check-your-mail"}
    assert len(queued("letter-confirmation")) == 3


def test_who_says_it_was_not_them_is_never_written_to_again(
    asked: dict[str, str], visitor: Visitor, queued: Queued
) -> None:
    answer = visitor.send(asked["not-me"])
    visitor.send("/write/de", **WRITER)

    assert answer.status_code == 303
    assert "dropped" in visitor.open(answer.location).text
    assert visitor.open(asked["confirm"]).status_code == 410
    assert len(queued("letter-confirmation")) == 1
    assert queued("letter-confirmation")[0].state == MessageState.WITHHELD


def test_a_button_confirms_nothing_that_was_written_after_it_was_pressed(
    world: Flask, asked: dict[str, str], visitor: Visitor, queued: Queued
) -> None:
    def write_anew() -> None:
        Visitor(world).send("/write/gb", **{**WRITER, "own_words": "Words of a stranger."})
        forms_are_answered(world)

    with world.test_request_context("/", method="POST"):
        world.preprocess_request()
        pressed = db.session.scalars(select(Letter)).one()
        stranger = threading.Thread(target=write_anew)
        stranger.start()
        stranger.join()
        with pytest.raises(verbs.LetterGone):
            verbs.confirm(pressed, campaign="Pause Frontier AI", now=clock.now())

    assert queued("letter") == []


def test_a_letter_that_was_confirmed_cannot_be_disowned(
    asked: dict[str, str], visitor: Visitor, queued: Queued
) -> None:
    page = visitor.open(asked["not-me"])
    visitor.send(asked["confirm"])

    answer = visitor.fill(page, asked["not-me"])

    assert "cannot be called back" in visitor.open(answer.location).text
    assert len(queued("letter")) == 1


def test_a_letter_is_refused_kindly_once_the_summit_has_begun(
    world: Flask, asked: dict[str, str], visitor: Visitor, queued: Queued
) -> None:
    with world.app_context():
        summit = db.session.scalars(select(Summit).where(Summit.slug == "geneva-2027")).one()
        summit.first_day = summit.last_day = clock.now().date()
        db.session.commit()

    answer = visitor.send(asked["confirm"])

    assert answer.status_code == 409
    assert "has begun" in answer.text
    assert queued("letter") == []


@pytest.mark.parametrize("change", ["stopped", "old", "over", "bounced"])
def test_a_letter_is_refused_kindly_once_its_post_cannot_be_written_to(
    world: Flask, asked: dict[str, str], visitor: Visitor, queued: Queued, change: str
) -> None:
    page = visitor.open("/write/gb")
    with world.app_context():
        post = db.session.scalars(select(Post).where(Post.email == "minister@gb.example")).one()
        match change:
            case "stopped":
                summits.stop(post, now=clock.now())
            case "old":
                post.seen_on = clock.now().date() - timedelta(days=366)
            case "over":
                post.valid_until = clock.now().date() - timedelta(days=1)
            case "bounced":
                summits.note_bounce(post, now=clock.now())
        db.session.commit()

    confirmed = visitor.send(asked["confirm"])
    written = visitor.fill(page, "/write/gb", **{**WRITER, "email": "bob@example.org"})

    assert confirmed.status_code == written.status_code == 409
    assert "no longer write to this office" in confirmed.text
    assert queued("letter") == []


def test_one_reminder_after_a_day_and_none_after_that(
    world: Flask, asked: dict[str, str], queued: Queued
) -> None:
    with world.app_context():
        for hours in (23, 25, 49):
            verbs.remind(now=clock.now() + timedelta(hours=hours))
        db.session.commit()

    [reminder] = queued("letter-reminder")
    assert links(reminder) == asked
    assert OWN_WORDS not in reminder.text


def test_an_unconfirmed_letter_is_dropped_after_seven_days(
    world: Flask, asked: dict[str, str], visitor: Visitor
) -> None:
    with world.app_context():
        verbs.drop_unconfirmed(now=clock.now() + timedelta(days=7, minutes=1))
        db.session.commit()

    assert visitor.open(asked["confirm"]).status_code == 410
    with world.app_context():
        letter = db.session.scalars(select(Letter)).one()
        assert (letter.state, letter.body, letter.name) == (State.DROPPED, "", "")


def test_an_expired_link_answers_that_it_is_gone_before_any_duty_came_by(
    world: Flask, asked: dict[str, str], visitor: Visitor
) -> None:
    with world.app_context():
        letter = db.session.scalars(select(Letter)).one()
        letter.written_at -= timedelta(days=7, minutes=1)
        db.session.commit()

    assert visitor.open(asked["confirm"]).status_code == 410


def test_a_forged_link_is_refused(world: Flask, asked: dict[str, str], visitor: Visitor) -> None:
    with world.app_context():
        unknown = tokens.sign(CONFIRM, "no such letter")

    assert visitor.open("/write/confirm/rubbish").status_code == 403
    assert visitor.open(asked["confirm"][:-3]).status_code == 403
    assert visitor.open(asked["not-me"].replace("not-me", "confirm")).status_code == 403
    assert visitor.open(f"/write/confirm/{unknown}").status_code == 410


def test_a_letter_knows_that_it_has_left_or_come_back(
    world: Flask, asked: dict[str, str], visitor: Visitor
) -> None:
    visitor.send(asked["confirm"])
    with world.app_context():
        letter = db.session.scalars(select(Letter)).one()
        message = db.session.get_one(Message, letter.message_id)

        message.state, message.settled_at = MessageState.SENT, clock.now()
        verbs.track_delivery(now=clock.now())
        left = letter.state
        message.state = MessageState.BOUNCED
        suppress(message.to_address, reason="bounce", now=clock.now())
        verbs.track_delivery(now=clock.now())
        bounced = letter.state
        message.state = MessageState.SENT
        verbs.track_delivery(now=clock.now())

        assert (left, bounced, letter.state) == (State.SENT, State.BOUNCED, State.SENT)
        assert db.session.get_one(Post, letter.post_id).bounced_at is not None


def test_a_letter_and_its_writer_are_erased_28_days_after_the_summit_and_the_count_stays(
    world: Flask, asked: dict[str, str], visitor: Visitor
) -> None:
    visitor.send(asked["confirm"])
    with world.app_context():
        summit = db.session.scalars(select(Summit).where(Summit.slug == "geneva-2027")).one()
        summit.first_day = summit.last_day = date(2027, 3, 1)

        verbs.erase(now=datetime(2027, 3, 29, 12, tzinfo=UTC))
        before = count_of(select(Letter)), count_of(select(Person))
        verbs.erase(now=datetime(2027, 3, 30, 12, tzinfo=UTC))

        assert before == (1, 1)
        assert (count_of(select(Letter)), count_of(select(Person))) == (0, 0)
        assert tallies_queries.count_by_country() == [("GB", 1)]


@pytest.mark.parametrize(
    ("moment", "kept"),
    [(datetime(2028, 1, 28, 12, tzinfo=UTC), 1), (datetime(2028, 1, 29, 12, tzinfo=UTC), 0)],
)
def test_a_summit_without_days_is_over_with_its_year(
    world: Flask, asked: dict[str, str], visitor: Visitor, moment: datetime, kept: int
) -> None:
    visitor.send(asked["confirm"])
    with world.app_context():
        verbs.erase(now=moment)

        assert count_of(select(Letter)) == kept


@pytest.mark.parametrize("day", [date(2020, 3, 1), date(2026, 3, 1), date(1900, 1, 1)])
def test_a_day_before_the_letter_was_written_erases_no_letter(
    world: Flask, asked: dict[str, str], visitor: Visitor, day: date
) -> None:
    visitor.send(asked["confirm"])
    with world.app_context():
        summit = db.session.scalars(select(Summit).where(Summit.slug == "geneva-2027")).one()
        summit.first_day = summit.last_day = day

        verbs.erase(now=datetime(2027, 6, 30, 12, tzinfo=UTC))

        assert count_of(select(Letter)) == 1


def test_a_dropped_letter_goes_after_28_days_and_a_subscriber_stays(
    world: Flask, asked: dict[str, str]
) -> None:
    with world.app_context():
        person = db.session.scalars(select(Person)).one()
        ask(person, Purpose.NEWSLETTER, wording="Yes", form="test", now=clock.now())
        verbs.drop_unconfirmed(now=clock.now() + timedelta(days=8))

        verbs.erase(now=clock.now() + timedelta(days=35))
        before = count_of(select(Letter))
        verbs.erase(now=clock.now() + timedelta(days=37))

        assert (before, count_of(select(Letter)), count_of(select(Person))) == (1, 0, 1)


def test_forgetting_a_person_takes_the_letter_and_leaves_the_count(
    world: Flask, asked: dict[str, str], visitor: Visitor, queued: Queued
) -> None:
    visitor.send(asked["confirm"])
    with world.app_context():
        forget(db.session.scalars(select(Person)).one())
        db.session.commit()

        assert db.session.scalars(select(Letter)).all() == []
        assert tallies_queries.count_by_country(occasion="geneva-2027") == [("GB", 1)]
        assert tallies_queries.count_since(clock.now())["send"] == 1
    assert queued() == []
