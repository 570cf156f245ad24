"""The database: migrations, moments, and what two writers at once may do to each other."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.orm import joinedload

from campaign import clock, create_app
from campaign.config import ROOT
from campaign.counts import triggers
from campaign.counts.queries import all_numbers, differences
from campaign.counts.registry import known
from campaign.db import db, insert_missing, lock
from campaign.delivery.queries import claimants
from campaign.events.models import Event
from campaign.events.sign_ups.models import SIGN_UPS, SignUp
from campaign.events.sign_ups.queries import seats_taken
from campaign.mailings.models import Mailing, ProgressSample
from campaign.newsletter.automations.models import Automation
from campaign.newsletter.models import Issue
from campaign.outbox.models import Batch, Message, State, address_hash
from campaign.outbox.suppressions.models import Suppression
from campaign.outbox.verbs import queue
from campaign.pages.models import Page
from campaign.people.models import Person, Subscription
from campaign.people.verbs import remember
from tests.closing import close
from tests.conftest import SECRET
from tests.mails import QueuedMail, a_mail
from tests.relaying import send


@pytest.fixture
def empty(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """Give an application whose database has no table yet."""
    if database_url.startswith("postgresql"):
        server = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            # The server is one for all processes of the suite.
            name = f"migrated_{os.getpid()}"
            connection.execute(f"drop database if exists {name} with (force)")
            connection.execute(f"create database {name}")
        url = server.removesuffix("postgres") + name
    else:
        url = f"sqlite:///{tmp_path}/migrated.sqlite"
    app = create_app({"SECRET_KEY": SECRET, "INSTANCE": str(tmp_path), "DATABASE_URL": url})
    with app.app_context():
        # Rows are written before there is a table that says so.
        db.engine.update_execution_options(raises_public_revision=False)
    yield app
    close(app)


@pytest.mark.xdist_group("migrations")
def test_migrations_make_from_nothing_what_the_models_say_and_can_be_undone(empty: Flask) -> None:
    with empty.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        with db.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts=empty.extensions["migrate"].configure_args
            )
            differences = compare_metadata(context, db.metadata)
        downgrade(directory=str(ROOT / "migrations"), revision="base")
        with db.engine.connect() as connection:
            left = set(db.inspect(connection).get_table_names()) - {"alembic_version"}

    assert differences == []
    assert left == set()


# What a campaign of the first form held: a reader, an issue that was sent, and a mail of it.
FILLED = """
INSERT INTO person (id, email, name, country, language, remembered_at)
    VALUES (7, 'ada@example.org', 'Ada', 'DE', 'en', '2026-11-01 12:00:00');
INSERT INTO person_subscription (person_id, purpose, asked_at, confirmed_at)
    VALUES (7, 'newsletter', '2026-11-01 12:00:00', '2026-11-01 12:00:00');
INSERT INTO page (id, uid, path, title, description, language, author, is_news, is_draft, image,
        nav_label, nav_order, source, html, contents, extra, changed_at)
    VALUES (4, 'u', '/guide', 'Guide', '', '', '', false, false, '', '', 0, 'Words',
        '<p>Words</p>', '[]', '{}', '2026-11-01 12:00:00');
INSERT INTO outbox_batch (id, subject, text, html, headers, queued_at, paused_because)
    VALUES (3, 'News', 'Dear {{ greeting }}', '<p>Dear</p>', '{}', '2026-11-02 12:00:00', '');
INSERT INTO newsletter_issue (id, uid, slug, title, subject, preview, source, html, language,
        version, created_at, changed_at, queued_at, batch_id, published_at)
    VALUES (2, 'u', 'news', 'The news', 'News', '', 'Words', '<p>Words</p>', 'en', 4,
        '2026-11-01 12:00:00', '2026-11-01 12:00:00', '2026-11-02 12:00:00', 3,
        '2026-11-02 12:00:00');
INSERT INTO outbox_message (id, token, kind, priority, person_id, batch_id, to_address, to_name,
        address_hash, is_own_act, sender_name, reply_to, subject, text, html, calendar,
        calendar_method, headers, fields, state, posted_at, due_at, tries, claimed_by,
        is_uncertain, last_reply)
    VALUES (5, 't', 'newsletter', 9, 7, 3, 'ada@example.org', 'Ada', 'h', false, '', '', '', '', '',
        '', '', '{}', '{}', 'left', '2026-11-02 12:00:00', '2026-11-02 12:00:00', 1, '', false, '');
INSERT INTO outbox_suppression (address_hash, reason, evidence, since)
    VALUES ('h', 'bounce', '5.1.1', '2026-11-02 12:00:00')
"""


def an_event(number: int, sequence: int) -> str:
    return f"""
    INSERT INTO event (id, slug, uid, title, city, country, zone, starts_on, venue, address,
            description, bring, access, host, languages, is_example, sequence, erased_places,
            revised_at, created_at)
        VALUES ({number}, 'e{number}', 'u{number}', 'Event', 'York', 'GB', 'Europe/London',
            '2026-11-09', '', '', '', '', '', '', '[]', false, {sequence}, 0,
            '2026-11-20 12:00:00', '2026-11-01 12:00:00')
    """


@pytest.mark.xdist_group("migrations")
def test_of_an_event_whose_plans_changed_only_the_last_revision_says_when(empty: Flask) -> None:
    folder = str(ROOT / "migrations")
    with empty.app_context():
        upgrade(directory=folder, revision="0002")
        for number, sequence in ((1, 0), (2, 3)):
            db.session.execute(text(an_event(number, sequence)))
        db.session.commit()
        db.session.remove()

        upgrade(directory=folder)

        never, moved = db.session.scalars(select(Event).order_by(Event.id))
        assert never.ended_at == never.ends_at
        assert (moved.moved_at, moved.ended_at) == (moved.revised_at, None)
        db.session.remove()

        downgrade(directory=folder, revision="0002")

        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM event")).scalar() == 2


@pytest.mark.xdist_group("migrations")
def test_a_campaign_of_the_first_form_keeps_its_people_its_issues_and_its_ledger(
    empty: Flask,
) -> None:
    folder = str(ROOT / "migrations")
    with empty.app_context():
        upgrade(directory=folder, revision="0001")
        for statement in FILLED.split(";\n"):
            db.session.execute(text(statement))
        db.session.commit()
        db.session.remove()

        upgrade(directory=folder)

        person = db.session.scalars(select(Person)).one()
        issue = db.session.scalars(select(Issue)).one()
        mailing = db.session.scalars(select(Mailing)).one()
        message = db.session.scalars(select(Message).options(joinedload(Message.text))).one()
        batch = db.session.get_one(Batch, 3)
        subscribed = db.session.scalars(select(Subscription)).one()
        assert person.address_hash == address_hash("ada@example.org")
        assert (issue.title, issue.text_in("en").source, issue.version) == ("The news", "Words", 4)
        assert (mailing.content_kind, mailing.content_id) == ("issue", issue.id)
        assert mailing.batch_id == 3
        assert (message.person_id, message.state) == (7, "sent")
        assert message.text is not None
        assert message.text.text == "Dear {{ greeting }}"
        assert batch.finished_at is not None
        assert subscribed.rhythm == "all"
        assert db.session.scalars(select(Page.is_index)).one() is False
        assert db.session.get_one(Suppression, "h").cause_id is None
        db.session.remove()

        downgrade(directory=folder, revision="0001")

        with db.engine.connect() as connection:
            back = connection.execute(text("SELECT title, source, batch_id FROM newsletter_issue"))
            assert back.one() == ("The news", "Words", 3)
            kept = connection.execute(text("SELECT count(*) FROM person_subscription"))
            assert kept.scalar() == 1
            suppressed = connection.execute(text("SELECT reason FROM outbox_suppression"))
            assert suppressed.scalar() == "bounce"


# Ada left, then somebody asked in her name; Bo was asked for the first time.
ASKED_AGAIN = """
INSERT INTO person (id, email, name, country, language, remembered_at, city, timezone, address_hash)
    VALUES (7, 'ada@example.org', '', '', '', '2026-11-01 12:00:00', '', '', 'a'),
    (8, 'bo@example.org', '', '', '', '2026-11-01 12:00:00', '', '', 'b');
INSERT INTO person_subscription (person_id, purpose, asked_at, rhythm)
    VALUES (7, 'newsletter', '2026-11-03 12:00:00', 'all'),
    (8, 'newsletter', '2026-11-03 12:00:00', 'all');
INSERT INTO person_consent (person_id, purpose, wording, wording_version, form, asked_at, given_at,
        withdrawn_at, withdrawn_through)
    VALUES (7, 'newsletter', '', '', '', '2026-11-01 12:00:00', '2026-11-01 12:00:00',
        '2026-11-02 12:00:00', 'link'),
    (7, 'newsletter', '', '', '', '2026-11-03 12:00:00', NULL, NULL, ''),
    (8, 'newsletter', '', '', '', '2026-11-03 12:00:00', NULL, NULL, '')
"""


@pytest.mark.xdist_group("migrations")
def test_who_had_left_before_somebody_asked_again_has_left_still(empty: Flask) -> None:
    folder = str(ROOT / "migrations")
    with empty.app_context():
        upgrade(directory=folder, revision="0002")
        for statement in ASKED_AGAIN.split(";\n"):
            db.session.execute(text(statement))
        db.session.commit()
        db.session.remove()

        upgrade(directory=folder)

        ada, bo = db.session.scalars(select(Subscription).order_by(Subscription.person_id))
        assert (ada.left_at, ada.is_pending) == (datetime(2026, 11, 2, 12, tzinfo=UTC), True)
        assert (bo.left_at, bo.is_pending) == (None, True)
        db.session.remove()

        downgrade(directory=folder, revision="0002")

        with db.engine.connect() as connection:
            found = connection.execute(text("SELECT count(left_at) FROM person_subscription"))
            assert found.scalar() == 0


WHO_CAME_BY_A_FORM = """
INSERT INTO person (id, email, name, country, language, city, timezone, address_hash, remembered_at)
  VALUES (7, 'ada@example.org', 'Ada', '', '', '', '', 'a', '2026-11-01 10:00:00'),
  (8, 'bo@example.org', 'Bo', '', '', '', '', 'b', '2026-11-01 10:00:00');
INSERT INTO sign_up (id, event_id, person_id, guests, token, signed_up_at, withdrawn_at, revisions,
    told_sequence, stamped_at)
  VALUES (3, 1, 7, 2, 't3', '2026-11-02 10:00:00', NULL, 0, 0, '2026-11-02 10:00:00'),
  (4, 1, 8, 0, 't4', '2026-11-02 11:00:00', '2026-11-03 11:00:00', 1, 0, '2026-11-03 11:00:00');
INSERT INTO outbox_message (id, thread, kind, to_address, to_name, address_hash, is_own_act,
    sender_name, reply_to, subject, text, html, calendar, calendar_method, headers, state,
    posted_at, due_at, tries, claimed_by, is_uncertain, last_reply)
  VALUES (5, 't', 'invitation', 'ada@example.org', 'Ada', 'h', true, '', '', '', '', '', '', '',
    '{}', 'left', '2026-11-02 12:00:00', '2026-11-02 12:00:00', 1, '', false, '')
"""


@pytest.mark.xdist_group("migrations")
def test_who_signed_up_when_a_form_was_enough_comes_still(empty: Flask) -> None:
    folder = str(ROOT / "migrations")
    places = text("SELECT id, guests, token FROM sign_up ORDER BY id")
    with empty.app_context():
        upgrade(directory=folder, revision="0007")
        for statement in (an_event(1, 0), *WHO_CAME_BY_A_FORM.split(";\n")):
            db.session.execute(text(statement))
        db.session.commit()
        before = db.session.execute(places).all()
        db.session.remove()

        upgrade(directory=folder)

        ada, bo = db.session.scalars(select(SignUp).order_by(SignUp.id))
        assert (ada.is_coming, ada.confirmed_at) == (True, ada.signed_up_at)
        assert (bo.is_coming, bo.is_active) == (False, False)
        assert seats_taken([1])[1] == 3
        # The caps count what was mailed before.
        assert db.session.scalars(select(Message.mailbox_hash)).one() == "h"
        only_asked = text(
            "INSERT INTO sign_up (id, event_id, person_id, guests, token, signed_up_at, revisions,"
            " notified_sequence, stamped_at) SELECT 9, 1, id, 0, 't9', remembered_at, 0, 0,"
            " remembered_at FROM person WHERE email = 'cleo@example.org'"
        )
        remember("cleo@example.org", now=datetime.now(UTC))
        db.session.execute(only_asked)
        db.session.commit()
        db.session.remove()

        downgrade(directory=folder, revision="0007")

        assert db.session.execute(places).all() == before
        db.session.remove()
        db.engine.dispose()


BEFORE_APPROVAL = """
INSERT INTO person (id, email, name, country, language, city, timezone, address_hash, remembered_at)
  VALUES (7, 'ada@example.org', '', '', '', '', '', 'a', '2026-11-01 10:00:00'),
  (8, 'bo@example.org', '', '', '', '', '', 'b', '2026-11-01 10:00:00');
INSERT INTO person_tag (tag, person_id)
  VALUES ('Berlin', 7), ('berlin', 7), ('BERLIN', 8), ('Łódź', 8), ('poets', 8);
INSERT INTO newsletter_automatic (key, is_on, days, week, weekday, hour, version)
  VALUES ('welcome-1', true, 3, 1, 1, 9, 2), ('digest', false, 0, 1, 1, 9, 1);
INSERT INTO newsletter_automatic_text (key, language, subject, source)
  VALUES ('welcome-1', 'en', 'Hello', 'Words — and “more”'), ('digest', 'en', 'S', 'W')
"""


@pytest.mark.xdist_group("migrations")
def test_what_is_counted_is_counted_anew_after_a_way_back(empty: Flask) -> None:
    folder = str(ROOT / "migrations")
    with empty.app_context():
        upgrade(directory=folder, revision="0007")
        for statement in (an_event(1, 0), *WHO_CAME_BY_A_FORM.split(";\n")):
            db.session.execute(text(statement))
        db.session.commit()
        db.session.remove()
        upgrade(directory=folder)
        before = all_numbers(SIGN_UPS)
        db.session.remove()

        downgrade(directory=folder, revision="0012")
        db.session.execute(text("DELETE FROM sign_up WHERE withdrawn_at IS NOT NULL"))
        db.session.commit()
        db.session.remove()
        upgrade(directory=folder)

        after = all_numbers(SIGN_UPS)
        assert triggers.are_in_place(db.session.connection())
        assert differences(known(), now=clock.now()) == {}
        db.session.remove()
        # What stands already is left as it is.
        upgrade(directory=folder)
        db.session.remove()
        db.engine.dispose()
    assert before == {"1:coming": 1, "1:withdrawn": 1}
    assert after == {"1:coming": 1}


@pytest.mark.xdist_group("migrations")
def test_what_goes_out_is_approved_as_it_stands_and_tags_become_one(empty: Flask) -> None:
    folder = str(ROOT / "migrations")
    tags = text("SELECT tag, person_id FROM person_tag ORDER BY person_id, tag")
    merged = [("berlin", 7), ("berlin", 8), ("poets", 8), ("łódź", 8)]
    with empty.app_context():
        upgrade(directory=folder, revision="0002")
        for statement in BEFORE_APPROVAL.split(";\n"):
            db.session.execute(text(statement))
        db.session.commit()
        db.session.remove()

        upgrade(directory=folder)

        mails = {one.key: one.is_approved for one in db.session.scalars(select(Automation))}
        assert mails == {"welcome-1": True, "digest": False}
        assert sorted(map(tuple, db.session.execute(tags))) == sorted(merged)
        db.session.remove()

        downgrade(directory=folder, revision="0002")

        with db.engine.connect() as connection:
            assert sorted(map(tuple, connection.execute(tags))) == sorted(merged)
            kept = connection.execute(text("SELECT count(*) FROM newsletter_automatic_text"))
            assert kept.scalar() == 2


MAILS_OF_EACH_STATE = """
INSERT INTO outbox_batch (id, kind, subject, headers, rate, queued_at, paused_because)
  VALUES (1, 'newsletter', 'News', '{}', 0, '2026-11-01 12:00:00', '');
INSERT INTO outbox_message (id, kind, batch_id, variant, country, place, to_address, to_name,
    address_hash, is_own_act, sender_name, reply_to, subject, text, html, calendar,
    calendar_method, headers, state, posted_at, due_at, tries, claimed_by, is_uncertain, last_reply)
  VALUES
  (1, 'newsletter', 1, 'en', 'DE', 5, 'a@example.org', '', 'a', false, '', '', '', '', '', '', '',
    '{}', 'left', '2026-11-01 12:00:00', '2026-11-01 12:00:00', 1, '', false, '250 queued'),
  (2, 'newsletter', 1, 'en', '', NULL, 'b@example.org', '', 'b', false, '', '', '', '', '', '', '',
    '{}', 'leaving', '2026-11-01 12:00:00', '2026-11-01 12:00:00', 1, 'host:7:8:9', false, ''),
  (3, 'newsletter', 1, 'en', '', NULL, 'c@example.org', '', 'c', false, '', '', '', '', '', '', '',
    '{}', 'waiting', '2026-11-01 12:00:00', '2026-11-01 12:00:00', 0, '', false, '')
"""


@pytest.mark.xdist_group("migrations")
def test_what_was_sent_claimed_or_waiting_is_so_in_the_new_words_and_can_go_back(
    empty: Flask,
) -> None:
    folder = str(ROOT / "migrations")
    old = text("SELECT id, state, place, claimed_by FROM outbox_message ORDER BY id")
    with empty.app_context():
        upgrade(directory=folder, revision="0010")
        for statement in MAILS_OF_EACH_STATE.split(";\n"):
            db.session.execute(text(statement))
        db.session.commit()
        before = [tuple(row) for row in db.session.execute(old)]
        db.session.remove()

        upgrade(directory=folder)

        rows = db.session.scalars(select(Message).order_by(Message.id)).all()
        assert [row.state for row in rows] == [State.SENT, State.SENDING, State.WAITING]
        assert [row.city_id for row in rows] == [5, None, None]
        # Who reclaims what a dead sender of the earlier release had claimed finds it.
        assert claimants() == ["host:7:8:9"]
        db.session.remove()

        downgrade(directory=folder, revision="0010")

        assert [tuple(row) for row in db.session.execute(old)] == before
        db.session.remove()
        db.engine.dispose()


SENT_TO_SOME = """
INSERT INTO newsletter_issue (id, uid, slug, language, topic, is_monthly, version, created_at,
    changed_at)
  VALUES (2, 'u', 'news', 'en', '', false, 4, '2026-11-01 12:00:00', '2026-11-01 12:00:00');
INSERT INTO newsletter_sending (id, issue_id, version, rule, starts_at, rate, is_for_the_unreached,
    in_archive, trial_subject, trial_hours, trial_winner, asked_at, queued_at, called_off_because)
  VALUES (5, 2, 4, '{"is": "x"}', '2026-11-02 12:00:00', 2.5, false, false, 'Second', 6, 'b',
    '2026-11-02 11:00:00', '2026-11-02 12:00:00', ''),
  (6, 2, 4, '{}', '2026-11-03 12:00:00', 0, true, true, '', 4, '', '2026-11-03 11:00:00', NULL, '');
INSERT INTO newsletter_reading (sending_id, read_at, "left", still_open)
  VALUES (5, '2026-11-02 12:01:00', 7, 3)
"""


@pytest.mark.xdist_group("migrations")
def test_what_went_out_of_an_issue_is_a_mailing_of_it_and_can_go_back(empty: Flask) -> None:
    folder = str(ROOT / "migrations")
    columns = "id, issue_id, in_archive, trial_subject, trial_hours"
    old = text(f"SELECT {columns} FROM newsletter_sending")
    with empty.app_context():
        upgrade(directory=folder, revision="0011")
        for statement in SENT_TO_SOME.split(";\n"):
            db.session.execute(text(statement))
        db.session.commit()
        before = sorted(map(tuple, db.session.execute(old)))
        db.session.remove()

        upgrade(directory=folder)

        first, second = db.session.scalars(select(Mailing).order_by(Mailing.id))
        assert (first.content_kind, first.content_id, first.version) == ("issue", 2, 4)
        assert (first.rule, first.rate, first.options) == ({"is": "x"}, 2.5, {"archive": "no"})
        assert (first.second_subject, first.ab_test_hours) == ("Second", 6)
        assert first.ab_test_winner == "b"
        assert (second.options, second.is_for_the_unreached) == ({"archive": "yes"}, True)
        sample = db.session.scalars(select(ProgressSample)).one()
        assert (sample.mailing_id, sample.sent, sample.still_open) == (5, 7, 3)
        # Ids go on after the last.
        other = Mailing(
            content_kind="other", content_id=1, version=1, starts_at=clock.now(),
            asked_at=clock.now(),
        )  # fmt: skip
        db.session.add(other)
        db.session.commit()
        assert other.id == 7
        db.session.remove()

        downgrade(directory=folder, revision="0011")

        assert sorted(map(tuple, db.session.execute(old))) == before
        left = db.session.execute(text('SELECT "left" FROM newsletter_reading')).scalars().all()
        assert left == [7]
        db.session.remove()
        db.engine.dispose()


MAILS_WITH_THEIR_WORDS = """
INSERT INTO outbox_batch (id, kind, subject, headers, rate, queued_at, paused_because)
  VALUES (1, 'newsletter', 'News', '{"List-Id": "<news>"}', 0, '2026-11-01 12:00:00', '');
INSERT INTO outbox_variant (batch_id, key, language, code, subject, text, html)
  VALUES (1, 'en', 'en', 'may', 'News', 'Dear {{ name | friend }}', '<p>Dear</p>');
INSERT INTO outbox_message (kind, batch_id, variant, country, to_address, to_name,
    address_hash, mailbox_hash, is_own_act, sender_name, reply_to, subject, text, html, calendar,
    calendar_method, headers, state, queued_at, due_at, tries, claimed_by, is_uncertain, last_reply)
  VALUES
  ('newsletter', 1, 'en', 'DE', 'a@example.org', 'Ada', 'a', '', false, '', '', '', '', '',
    '', '', '{}', 'waiting', '2026-11-01 12:00:00', '2026-11-01 12:00:00', 0, '', false, ''),
  ('invitation', NULL, '', '', 'b@example.org', 'Bo', 'b', 'b', true, :sender, 'r@example.org',
    'Are you {{ coming }}?', 'Yes {{ name }}', '<p>{{ give_up }}</p>',
    :calendar, 'REQUEST', '{"X-A": "b"}', 'waiting',
    '2026-11-01 12:00:00', '2026-11-01 12:00:00', 0, '', false, ''),
  ('sign-in', NULL, '', '', 'c@example.org', '', 'c', 'c', false, '', '', 'Come in', 'Here', '',
    '', '', '{}', 'sent', '2026-11-01 12:00:00', '2026-11-01 12:00:00', 1, '', false, '250 ok'),
  ('sign-in', NULL, '', '', 'gone@example.org', '', 'd', 'd', false, '', '', 'Come in', 'Here', '',
    '', '', '{}', 'sent', '2026-11-01 12:00:00', '2026-11-01 12:00:00', 1, '', false, '250 ok');
DELETE FROM outbox_message WHERE to_address = 'gone@example.org'
"""
# As long as a name can be, and longer once its braces are kept as a field.
SENDER = "{{ Ada }} {{ with as many names as anybody signs a letter with }} via Paus"
ENTRY = (
    "BEGIN:VCALENDAR\r\nSUMMARY:long " + "and {{ longer }} " * 3 + "\r\n  and {{ folded"
    "\r\n  }}\r\nEND:VCALENDAR\r\n"
)


@pytest.mark.xdist_group("migrations")
def test_mails_that_wait_or_left_say_what_they_said_by_texts_they_name_and_can_go_back(
    empty: Flask,
) -> None:
    folder = str(ROOT / "migrations")
    columns = (
        "id, sender_name, reply_to, subject, text, html, replace(calendar, :fold, '') AS entry, "
        "calendar_method, CAST(headers AS TEXT) AS headers"
    )
    old = text(f"SELECT {columns} FROM outbox_message ORDER BY id").bindparams(fold="\r\n ")
    shared = text(
        "SELECT batch_id, key, language, code, about_id, v.subject, text, html, "
        "CAST(headers AS TEXT) AS headers FROM outbox_variant v "
        "JOIN outbox_batch b ON b.id = v.batch_id"
    )
    with empty.app_context():
        upgrade(directory=folder, revision="0016")
        for statement in MAILS_WITH_THEIR_WORDS.split(";\n"):
            given = {"calendar": ENTRY, "sender": SENDER} if ":calendar" in statement else {}
            db.session.execute(text(statement), given)
        db.session.commit()
        before = db.session.execute(old).all(), db.session.execute(shared).all()
        db.session.remove()

        upgrade(directory=folder)

        issue, asked, came_in = map(
            QueuedMail, db.session.scalars(select(Message).order_by(Message.id))
        )
        assert (issue.subject, issue.text, issue.headers) == (
            "News", "Dear Ada", {"List-Id": "<news>"},
        )  # fmt: skip
        assert (asked.subject, asked.text) == ("Are you {{ coming }}?", "Yes {{ name }}")
        assert (asked.sender_name, asked.reply_to) == (SENDER, "r@example.org")
        assert asked.html == "<p>{{ give_up }}</p>"
        assert asked.calendar.replace("\r\n ", "") == ENTRY.replace("\r\n ", "")
        assert (came_in.subject, came_in.state) == ("Come in", "sent")
        db.session.remove()
        send(empty)
        assert db.session.scalars(select(Message.state).distinct()).all() == [State.SENT]
        left = [mail.read_text() for mail in Path(empty.config["INSTANCE"]).glob("mailbox/*.eml")]
        assert sum("\nAda=\n" in mail for mail in left) == 1
        assert sum('method="REQUEST"' in mail for mail in left) == 1
        # No number is given twice, that of a mail erased since neither.
        later = queue(a_mail(), now=clock.now())
        db.session.flush()
        assert later.id == 5
        db.session.rollback()
        db.session.remove()

        downgrade(directory=folder, revision="0016")

        assert (db.session.execute(old).all(), db.session.execute(shared).all()) == before
        db.session.remove()
        db.engine.dispose()


def test_a_moment_comes_back_as_it_went_in_and_in_utc(app: Flask) -> None:
    moment = datetime(2027, 5, 13, 17, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with app.app_context():
        db.session.add(Person(email="ada@example.org", remembered_at=moment))
        db.session.commit()
        db.session.expire_all()

        found = db.session.scalars(select(Person.remembered_at)).one()

    assert found == moment
    assert found.tzinfo == UTC


def test_a_moment_without_a_zone_is_refused(app: Flask) -> None:
    with app.app_context():
        db.session.add(Person(email="ada@example.org", remembered_at=datetime(2027, 5, 13)))

        with pytest.raises(StatementError, match="without a zone"):
            db.session.flush()


def test_twenty_at_once_insert_one_row_between_them(app: Flask) -> None:
    made: list[bool] = []

    def insert() -> None:
        with app.app_context():
            values = {"email": "ada@example.org", "name": "", "country": "", "language": ""}
            made.append(
                insert_missing(Person, {**values, "remembered_at": clock.now()}, unique=["email"])
            )
            db.session.commit()

    threads = [threading.Thread(target=insert) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(made) == [False] * 19 + [True]


def test_sqlite_is_opened_so_that_nothing_is_lost(app: Flask) -> None:
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            return
        found = {
            name: db.session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_the_words_of_a_fault_do_not_name_the_row(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(DBAPIError) as trouble:
            db.session.execute(text("SELECT :email FROM nowhere"), {"email": "ada@example.org"})

        assert "ada" not in str(trouble.value)


def _locked_at(app: Flask, deeds: list[str]) -> list[bool]:
    """Do some SQL in a request that may write; tell after each whether others are locked out."""
    found = []
    path = db.engine.url.database
    with app.test_request_context("/", method="POST"):
        app.preprocess_request()
        for deed in deeds:
            if deed == "lock":
                db.session.execute(lock(select(Person.id)))
            elif deed == "refresh":
                db.session.refresh(db.session.scalars(select(Person)).first(), with_for_update=True)
            elif deed == "nested":
                with db.session.begin_nested():
                    db.session.execute(select(Person.id))
            else:
                db.session.execute(text(deed))
            other = sqlite3.connect(path or "", timeout=0, isolation_level=None)
            try:
                other.execute("BEGIN IMMEDIATE")
                found.append(False)
            except sqlite3.OperationalError:
                found.append(True)
            finally:
                other.close()
        db.session.rollback()
    return found


@pytest.mark.parametrize(
    ("deeds", "locked"),
    [
        (["SELECT 1"], [False]),
        (["SELECT email FROM person", "SELECT 1"], [False, False]),
        (["WITH a AS (SELECT 1) SELECT * FROM a"], [True]),
        (["SELECT 1", "UPDATE person SET name = ''", "SELECT 1"], [False, True, True]),
        (["DELETE FROM job_tick"], [True]),
        (["  \n insert into job_tick values ('a', '2026-01-01')"], [True]),
        (["lock"], [True]),
        (["SELECT 1", "refresh"], [False, True]),
        (["nested", "SELECT 1"], [True, True]),
    ],
)
def test_a_request_takes_sqlites_lock_where_it_decides_and_not_before(
    app: Flask, deeds: list[str], locked: list[bool]
) -> None:
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            return
        remember("ada@example.org", name="Ada", language="en", now=clock.now())
        db.session.commit()

        assert _locked_at(app, deeds) == locked


def test_what_is_read_under_the_lock_is_how_it_stands_now(app: Flask) -> None:
    with app.app_context():
        remember("ada@example.org", name="Ada", language="en", now=clock.now())
        db.session.commit()
    with app.test_request_context("/", method="POST"):
        app.preprocess_request()
        before = db.session.scalars(select(Person.name)).one()

        def rename() -> None:
            with app.app_context():
                db.session.execute(update(Person).values(name="Grace"))
                db.session.commit()

        other = threading.Thread(target=rename)
        other.start()
        other.join()
        under = db.session.scalars(lock(select(Person.name))).one()
        db.session.rollback()

    assert (before, under) == ("Ada", "Grace")


def test_without_the_lock_nothing_is_changed_even_if_somebody_goes_on(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.sqlite_locks.LOCK_WAIT_OF_A_VISITOR", 0)
    with app.test_request_context("/", method="POST"):
        if db.engine.dialect.name != "sqlite":
            return
        app.preprocess_request()
        db.session.execute(text("SELECT 1"))
        other = sqlite3.connect(db.engine.url.database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        change = text("INSERT INTO job_tick VALUES ('a', '2026-01-01')")
        with pytest.raises(OperationalError):
            db.session.execute(change)
        other.close()
        with pytest.raises(OperationalError):
            db.session.execute(change)
        db.session.rollback()

        assert db.session.scalar(text("SELECT count(*) FROM job_tick")) == 0
        db.session.rollback()


def test_what_rests_within_a_transaction_for_ever_is_ended(app: Flask) -> None:
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            shown = db.session.scalar(text("SHOW idle_in_transaction_session_timeout"))
            assert shown == "10min"
        db.session.rollback()
