"""How an issue leaves: frozen once, paced, paused, stopped, and reclaimed after a crash."""

import asyncio
import os
import secrets
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from campaign import clock, jobs
from campaign.db import db
from campaign.delivery import journal, policy, processes, worker
from campaign.delivery.claiming import claim
from campaign.delivery.journal import Journal
from campaign.delivery.policy import LEASE
from campaign.delivery.replies import Outcome, Reply
from campaign.delivery.settling import settle
from campaign.outbox import ledger, verbs
from campaign.outbox.mail_headers import UnsafeHeader
from campaign.outbox.models import Batch, Message, State, Text
from campaign.outbox.suppressions.verbs import suppress
from campaign.people.models import Person
from tests.mails import a_mail
from tests.outbox.readers import audience, make_readers, post_news, states
from tests.relaying import send, time_passes, use
from tests.services import HANG_UP, Sink

MAIL = a_mail(subject="You are coming", text="Yes.\n")


def issue_to(app: Flask, number: int, *, domain: str = "example.org", **news: Any) -> int:
    with app.app_context():
        readers = make_readers(number, domain=domain)
        batch = post_news(among=readers, **news)
        db.session.commit()
        return batch.id


def test_an_issue_goes_to_those_who_were_there_when_it_was_queued(app: Flask, sink: Sink) -> None:
    issue_to(app, 3)
    with app.app_context():
        make_readers(1, domain="late.example")
        db.session.commit()

    send(app)

    assert sorted(one.recipients[0] for one in sink.received) == [
        f"p{n}@example.org" for n in range(3)
    ]


def test_nobody_is_in_an_issue_twice(app: Flask) -> None:
    with app.app_context():
        make_readers(2)
        twice = audience().union_all(audience()).subquery()

        with pytest.raises(Exception, match=r"(?i)unique"):
            verbs.queue_batch(
                select(*twice.c),
                kind="newsletter",
                variants=[Text(key="en", language="en", subject="N", text="N", html="")],
                headers={},
                now=clock.now(),
            )
        db.session.rollback()


def test_each_reader_gets_the_text_of_their_variant(app: Flask, sink: Sink) -> None:
    with app.app_context():
        first, second = make_readers(2)
        query = audience(among=[first]).union_all(audience(among=[second], variant="de"))
        asked = query.subquery()
        verbs.queue_batch(
            select(*asked.c),
            kind="newsletter",
            variants=[
                Text(key="en", language="en", subject="News", text="Hello\n", html=""),
                Text(key="de", language="de", subject="Neues", text="Hallo\n", html=""),
            ],
            headers={},
            now=clock.now(),
        )
        db.session.commit()

    send(app)

    assert {one.recipients[0]: one.message["Subject"] for one in sink.received} == {
        "p0@example.org": "News",
        "p1@example.org": "Neues",
    }


def test_an_issue_can_be_paused_resumed_and_stopped(app: Flask, sink: Sink) -> None:
    number = issue_to(app, 30)
    with app.app_context():
        verbs.pause(db.session.get_one(Batch, number), now=clock.now())
        db.session.commit()
    send(app)
    while_paused = len(sink.received)
    with app.app_context():
        db.session.execute(update(Message).where(Message.id % 2 == 0).values(due_at=_tomorrow()))
        verbs.resume(db.session.get_one(Batch, number))
        db.session.commit()
    send(app)
    after_resuming = len(sink.received)

    with app.app_context():
        verbs.stop(db.session.get_one(Batch, number), now=clock.now())
        db.session.commit()
    time_passes(app)
    send(app)

    assert (while_paused, after_resuming, len(sink.received)) == (0, 15, 15)
    assert states(app) == {State.SENT: 15, State.WITHHELD: 15}


def _tomorrow() -> Any:
    return clock.now() + timedelta(days=1)


def test_who_is_suppressed_meanwhile_is_withheld(app: Flask, sink: Sink) -> None:
    issue_to(app, 3)
    with app.app_context():
        suppress("p1@example.org", reason="complaint", now=clock.now())
        db.session.commit()

    send(app)

    assert states(app) == {State.SENT: 2, State.WITHHELD: 1}


def test_an_issue_keeps_to_its_own_rate_and_other_mail_does_not_wait(
    app: Flask, sink: Sink
) -> None:
    issue_to(app, 50, rate=5.0)
    with app.app_context():
        verbs.queue(MAIL, now=clock.now())
        now, taken = clock.now(), []
        for seconds in (0, 0, 1, 600):
            mails = claim("a:1:1:1", limit=20, rate=0, now=now + timedelta(seconds=seconds))
            taken.append(len(mails))
            db.session.commit()

    assert taken == [2, 0, 5, 5]


def test_a_domain_gets_no_more_than_its_rate_and_others_do_not_wait_for_it(app: Flask) -> None:
    issue_to(app, 30, domain="slow.example")
    with app.app_context():
        post_news(among=make_readers(5, domain="quick.example"))
        db.session.commit()
        now = clock.now()

        first = claim("a:1:1:1", limit=35, rate=0, domain_rate=4.0, now=now)
        db.session.commit()
        slow = db.session.scalars(
            select(Message.due_at)
            .where(Message.state == State.WAITING, Message.to_address.endswith("@slow.example"))
            .order_by(Message.due_at)
        ).all()

    by_domain = [mail.to.rpartition("@")[2] for mail in first]
    assert (by_domain.count("slow.example"), by_domain.count("quick.example")) == (1, 1)
    # Each is put off once, to a moment of its own.
    assert len(set(slow)) == len(slow) == 29
    assert timedelta(seconds=7) <= slow[-1] - now <= timedelta(seconds=8)


def test_throttling_of_one_domain_slows_that_domain_only(app: Flask, sink: Sink) -> None:
    sink.behaviour = lambda at, subject: (
        "454 4.7.0 too fast" if at == "rcpt" and subject.endswith("@slow.example") else None
    )
    issue_to(app, 12, domain="slow.example")
    issue_to(app, 25, domain="quick.example")

    send(app)
    tried = states(app)
    sink.behaviour = None
    time_passes(app)
    send(app)

    assert tried == {State.SENT: 25, State.WAITING: 12}
    assert states(app) == {State.SENT: 37}
    with app.app_context():
        assert {row.tries for row in db.session.scalars(select(Message))} == {1}


def test_a_relay_that_puts_everybody_off_is_left_in_peace_for_a_while(
    app: Flask, sink: Sink
) -> None:
    sink.behaviour = lambda at, subject: "451 4.3.0 not now" if at == "rcpt" else None
    issue_to(app, 200)

    send(app)
    asked = states(app)
    sink.behaviour = None
    time_passes(app)
    send(app)

    assert asked[State.RETRY] <= 20
    assert asked[State.WAITING] >= 180
    assert states(app) == {State.SENT: 200}


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_relay_that_refuses_some_gets_the_others(
    app: Flask, sink: Sink, pipelining: bool
) -> None:
    def moody(stage: str, subject: str) -> str | None:
        if stage == "rcpt" and subject.startswith(("p3@", "p13@", "p23@", "p37@", "p43@")):
            return "550 5.1.1 no such user"
        return "451 4.3.0 later" if stage == "rcpt" and "5@" in subject else None

    with Sink(behaviour=moody, pipelining=pipelining) as other:
        use(app, other)
        issue_to(app, 60)

        send(app)

        assert states(app) == {State.SENT: 49, State.BOUNCED: 5, State.RETRY: 6}
        worker.hang_up()
    arrived = {one.recipients[0] for one in other.received}
    with app.app_context():
        left = set(
            db.session.scalars(select(Message.to_address).where(Message.state == State.SENT))
        )
    assert left == arrived


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_relay_that_closes_after_some_messages_loses_and_repeats_nothing(
    app: Flask, sink: Sink, pipelining: bool
) -> None:
    seen = {"mails": 0}

    def tired(stage: str, subject: str) -> str | None:
        if stage == "mail":
            seen["mails"] += 1
            if seen["mails"] % 10 == 0:
                return "421 4.7.0 that is enough for one connection"
        return None

    with Sink(behaviour=tired, pipelining=pipelining) as other:
        use(app, other)
        issue_to(app, 60)

        send(app)
        time_passes(app)
        send(app)

        worker.hang_up()
    arrived = [one.recipients[0] for one in other.received]
    assert sorted(arrived) == sorted({f"p{n}@example.org" for n in range(60)})
    assert states(app) == {State.SENT: 60}


def test_a_relay_that_never_answers_is_given_up_and_the_message_is_uncertain(
    app: Flask, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "TIMEOUT", 0.5)

    async def hang(stage: str, subject: str) -> None:
        if stage == "kept":
            await asyncio.sleep(5)

    sink.behaviour = hang
    issue_to(app, 1)

    began = time.monotonic()
    send(app)

    assert time.monotonic() - began < 4
    with app.app_context():
        row = db.session.scalars(select(Message)).one()
        assert (row.state, row.is_uncertain) == (State.RETRY, True)


def claimed_by_dead(app: Flask, name: str, number: int) -> list[int]:
    """Let a sender that died claim messages; give their ids."""
    with app.app_context():
        mails = claim(name, limit=number, rate=0, now=clock.now())
        db.session.commit()
        return [mail.id for mail in mails]


def dead(app: Flask) -> str:
    return f"{processes.host()}:999999999:1:{secrets.token_hex(3)}"


def test_the_journal_of_a_dead_sender_tells_what_left_what_may_have_and_what_cannot(
    app: Flask, sink: Sink
) -> None:
    issue_to(app, 5)
    name = dead(app)
    ids = claimed_by_dead(app, name, 5)
    with app.app_context():
        notes = Journal(worker.journals(), name)
        for number in ids[:2]:
            notes.begin(number)
            notes.end(number, Reply(Outcome.SENT, "250 2.0.0 Ok: queued as 7"))
        notes.begin(ids[2])

        worker.reclaim_dead()
        rows = {row.id: row for row in db.session.scalars(select(Message))}

    assert [rows[number].state for number in ids] == [State.SENT] * 2 + [State.WAITING] * 3
    assert [rows[number].is_uncertain for number in ids] == [False, False, True, False, False]
    assert rows[ids[0]].last_reply == "250 2.0.0 Ok: queued as 7"


def test_the_journal_of_a_sender_of_the_earlier_release_is_believed(app: Flask) -> None:
    issue_to(app, 3)
    name = dead(app)
    ids = claimed_by_dead(app, name, 3)
    with app.app_context():
        with Journal(worker.journals(), name)._file.open("a") as file:
            # As it wrote them: `Outcome` had other words then.
            file.write(f'> {ids[0]}\n< [{ids[0]}, "left", "250 queued as 7", false, false]\n')
            file.write(f'> {ids[1]}\n< [{ids[1]}, "lane", "lost after DATA", true, true]\n')

        worker.reclaim_dead()
        rows = {row.id: row for row in db.session.scalars(select(Message))}

    assert [rows[id].state for id in ids] == [State.SENT, State.RETRY, State.WAITING]
    assert [rows[id].is_uncertain for id in ids] == [False, True, False]


@pytest.mark.parametrize(
    "line", [b'< [7, "left", "250> 8', b'< [7, "who knows", "", 0, 0]', b"< 7"]
)
def test_a_journal_that_nobody_can_read_stops_no_mail(app: Flask, line: bytes) -> None:
    issue_to(app, 2)
    name = dead(app)
    claimed_by_dead(app, name, 2)
    with app.app_context():
        with Journal(worker.journals(), name)._file.open("ab") as file:
            file.write(line + b"\n> 9\n")

        worker.reclaim_dead()
        rows = db.session.scalars(select(Message)).all()

    # As if there were none: the relay may have had any of them.
    assert all(row.is_uncertain and row.state == State.WAITING for row in rows)


def test_a_journal_from_before_the_machine_crashed_is_not_believed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue_to(app, 2)
    name = dead(app)
    claimed_by_dead(app, name, 2)
    with app.app_context():
        Journal(worker.journals(), name).write()
        monkeypatch.setattr(journal, "boot", lambda: "another life")

        worker.reclaim_dead()
        before = {row.state for row in db.session.scalars(select(Message))}
        db.session.rollback()
        later = clock.now() + LEASE + timedelta(seconds=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        worker.reclaim_dead()
        rows = db.session.scalars(select(Message)).all()

    # Its name is no longer one of this machine's: a clone of it may be alive.
    assert before == {State.SENDING}
    assert all(row.is_uncertain and row.state == State.WAITING for row in rows)


def test_a_sender_killed_before_it_began_leaves_nothing_uncertain(app: Flask) -> None:
    issue_to(app, 3)
    name = dead(app)
    with app.app_context():
        Journal(worker.journals(), name)
    claimed_by_dead(app, name, 3)

    with app.app_context():
        worker.reclaim_dead()
        rows = db.session.scalars(select(Message)).all()

    assert [(row.state, row.is_uncertain, row.tries) for row in rows] == [
        (State.WAITING, False, 0)
    ] * 3


def test_what_is_on_its_way_stays_in_the_journal_while_others_are_recorded(
    app: Flask, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FLUSH_EVERY", 0.0)
    app.config["MAIL_CONNECTIONS"] = 4
    known: list[bool] = []

    async def look(stage: str, subject: str) -> None:
        if stage != "kept":
            return
        number = int(subject.partition("+")[2].partition("m")[0])
        # Meanwhile others are answered, and they are recorded.
        await asyncio.sleep(0.01 * (number % 4))
        with app.app_context():
            known.append(
                any(
                    number in found.begun
                    for file in worker.journals().iterdir()
                    if (found := journal.read(worker.journals(), file.name)) is not None
                )
            )

    sink.behaviour = look
    issue_to(app, 60)

    send(app)

    assert known == [True] * 60


def test_what_a_sender_had_claimed_that_crashed_comes_back_though_its_process_lives_on(
    app: Flask, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue_to(app, 15)
    with monkeypatch.context() as broken:
        # It crashes at its end, however slow the machine: not with a message on its way.
        broken.setattr(worker, "FLUSH_EVERY", 60)
        broken.setattr(worker.Sender, "_record", lambda *results, **also: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send(app)

    send(app)

    assert states(app) == {State.SENT: 15}
    # Its journal knew what had left.
    assert len(sink.received) == 15


def test_a_living_sender_whose_lease_has_ended_may_yet_send_what_it_claimed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue_to(app, 3)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        name = f"{processes.host()}:{process.pid}:{processes.born(process.pid)}:1"
        ids = claimed_by_dead(app, name, 3)
        with app.app_context():
            notes = Journal(worker.journals(), name)
            notes.begin(ids[0])
            notes.end(ids[0], Reply(Outcome.SENT, "250 2.0.0 Ok"))
            notes.begin(ids[1])

            worker.reclaim_dead()
            before = {row.state for row in db.session.scalars(select(Message))}
            db.session.rollback()
            later = clock.now() + LEASE + timedelta(seconds=1)
            monkeypatch.setattr(clock, "now", lambda: later)
            worker.reclaim_dead()
            rows = {row.id: row for row in db.session.scalars(select(Message))}
        process.kill()

    assert before == {State.SENDING}
    assert [rows[number].state for number in ids] == [State.SENT] + [State.WAITING] * 2
    assert [rows[number].is_uncertain for number in ids] == [False, True, True]


def test_a_machine_that_slept_sends_no_more_of_what_it_had_claimed(
    app: Flask, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue_to(app, 20)
    asleep = timedelta()
    awake = clock.now

    def sleep_after_two(stage: str, subject: str) -> None:
        nonlocal asleep
        if stage == "kept" and len(sink.received) == 2:
            asleep = LEASE * 2

    sink.behaviour = sleep_after_two
    app.config["MAIL_CONNECTIONS"] = 1
    with app.app_context():
        monkeypatch.setattr(clock, "now", lambda: awake() + asleep)
        sender = worker.Sender()
        sender.send_some()
        sender.close()

    # The two, and what was in hand when it fell asleep.
    assert len(sink.received) <= 4
    assert states(app)[State.WAITING] >= 16


def test_a_line_cut_off_in_the_middle_is_no_line(app: Flask) -> None:
    with app.app_context():
        name = dead(app)
        notes = Journal(worker.journals(), name)
        notes.begin(7)
        with notes._file.open("ab") as file:
            file.write(b'< [7, "left", "250')

        found = journal.read(worker.journals(), name)

    assert found is not None
    assert (found.begun, found.ended) == ({7}, {})


def test_a_sender_leaves_no_journal_behind(app: Flask, sink: Sink) -> None:
    issue_to(app, 25)

    send(app)

    with app.app_context():
        mine = [name for name in os.listdir(worker.journals()) if f"_{os.getpid()}_" in name]
    assert mine == []


def test_a_journal_nobody_asks_for_is_thrown_away_after_a_week(app: Flask) -> None:
    with app.app_context():
        old, new = (Journal(worker.journals(), dead(app))._file for _ in range(2))
        long_ago = (clock.now() - timedelta(days=8)).timestamp()
        os.utime(old, (long_ago, long_ago))

        jobs.run("delivery.tidy")

    assert (old.exists(), new.exists()) == (False, True)


def test_an_issue_is_finished_only_when_nothing_of_it_may_leave(app: Flask, sink: Sink) -> None:
    sink.behaviour = lambda at, subject: (
        "451 4.3.0 later" if at == "rcpt" and subject.startswith("p2@") else None
    )
    number = issue_to(app, 5)
    send(app)
    with app.app_context():
        before = db.session.get_one(Batch, number).finished_at
    sink.behaviour = None
    time_passes(app)

    send(app)

    with app.app_context():
        after = db.session.get_one(Batch, number).finished_at
    assert before is None
    assert after is not None


def test_addresses_of_an_issue_are_erased_after_a_while_and_the_ledger_stays(
    app: Flask, sink: Sink
) -> None:
    issue_to(app, 2)
    send(app)

    with app.app_context():
        verbs.tidy(now=clock.now() + timedelta(days=31))
        db.session.commit()
        rows = db.session.scalars(select(Message)).all()
        people = db.session.scalars(select(Person.id)).all()

    assert [(row.state, row.to_address, row.to_name) for row in rows] == [(State.SENT, "", "")] * 2
    assert {row.person_id for row in rows} == set(people)


def test_what_a_sender_lost_its_lease_on_is_not_settled_by_it(app: Flask) -> None:
    issue_to(app, 1)
    name = dead(app)
    with app.app_context():
        mails = claim(name, limit=1, rate=0, now=clock.now())
        db.session.commit()
        worker.reclaim_dead()
        again = claim("another:1:1:1", limit=1, rate=0, now=clock.now())
        settle([(mails[0], Reply(Outcome.SENT, "250"))], sender=name, now=clock.now())
        db.session.commit()
        row = db.session.scalars(select(Message)).one()

    assert len(again) == 1
    assert (row.state, row.claimed_by, row.is_uncertain) == (
        State.SENDING,
        "another:1:1:1",
        True,
    )


def test_a_relay_that_hangs_up_after_each_text_repeats_only_what_is_uncertain(
    app: Flask, sink: Sink
) -> None:
    count = {"kept": 0}

    def hang_up_sometimes(stage: str, subject: str) -> str | None:
        if stage == "kept":
            count["kept"] += 1
            if count["kept"] % 7 == 0:
                return HANG_UP
        return None

    sink.behaviour = hang_up_sometimes
    issue_to(app, 40)
    for _ in range(12):
        send(app)
        time_passes(app)
    sink.behaviour = None
    send(app)

    arrived: dict[str, list[str]] = {}
    for one in sink.received:
        arrived.setdefault(one.recipients[0], []).append(one.message["Message-ID"])
    again = {who for who, ids in arrived.items() if len(ids) > 1}
    assert len(arrived) == 40
    assert all(len(set(ids)) == 1 for ids in arrived.values())
    with app.app_context():
        uncertain = set(db.session.scalars(select(Message.to_address).where(Message.is_uncertain)))
    assert again <= uncertain
    assert states(app) == {State.SENT: 40}


def test_what_a_subject_holds_for_many_is_one_line(app: Flask) -> None:
    with app.app_context():
        make_readers(1)
        with pytest.raises(UnsafeHeader):
            post_news(subject="News\r\nBcc: x@example.org")
        db.session.rollback()


def test_the_ledger_shows_a_message_as_it_left_without_its_tokens(app: Flask, sink: Sink) -> None:
    issue_to(app, 1, subject="News for {{ name | friend }}")
    send(app)

    with app.app_context():
        row = ledger.message(db.session.scalars(select(Message.id)).one())
        assert row is not None
        assert ledger.subject_of(row, now=clock.now()) == "News for friend"
        assert "yours: …" in ledger.text_of(row, now=clock.now())


def test_a_single_mail_is_what_it_says(app: Flask, sink: Sink) -> None:
    with app.app_context():
        verbs.queue(a_mail(text="Braces {{ name }} stay.\n"), now=clock.now())
        db.session.commit()

    send(app)

    body = sink.received[0].message.get_body(("plain",))
    assert body is not None
    assert "{{ name }}" in body.get_content()


def test_links_in_a_card_carry_the_code_of_the_mail_they_came_with(app: Flask, sink: Sink) -> None:
    with app.app_context():
        make_readers(1)
        text = "{{ next_event }}\n"
        verbs.queue_batch(
            audience(),
            kind="newsletter",
            variants=[
                Text(key="en", language="en", code="may", subject="News", text=text, html=text)
            ],
            headers={},
            now=clock.now(),
        )
        db.session.commit()

    send(app)

    for kind in ("plain", "html"):
        body = sink.received[0].message.get_body((kind,))
        assert body is not None
        assert "/events?via=may" in body.get_content()


def test_what_no_database_can_hold_of_a_reply_is_left_out(app: Flask, sink: Sink) -> None:
    sink.behaviour = lambda at, subject: "250 2.0.0 Ok \x00\x07 done" if at == "data" else None
    issue_to(app, 2)

    send(app)

    with app.app_context():
        assert {row.last_reply for row in db.session.scalars(select(Message))} == {
            "250 2.0.0 Ok done"
        }


def test_a_long_run_of_those_not_to_be_written_to_is_put_aside_piece_by_piece(
    app: Flask, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.delivery.claiming.MOST_ROUNDS", 1)
    issue_to(app, 60)
    with app.app_context():
        for number in range(50):
            suppress(f"p{number}@example.org", reason="complaint", now=clock.now())
        db.session.commit()

    send(app)

    assert states(app) == {State.SENT: 10, State.WITHHELD: 50}


def test_what_failed_of_a_stopped_issue_is_not_tried_again(app: Flask, sink: Sink) -> None:
    sink.behaviour = lambda at, subject: "554 5.6.0 no" if at == "data" else None
    number = issue_to(app, 1)
    send(app)
    with app.app_context():
        verbs.stop(db.session.get_one(Batch, number), now=clock.now())
        db.session.commit()

        again = verbs.retry_all(now=clock.now())

    assert again == 0


def test_an_issue_that_cannot_be_built_stands_still_and_other_mail_leaves(
    app: Flask, sink: Sink
) -> None:
    number = issue_to(app, 60, text="Dear {{ nobody }},\n")
    with app.app_context():
        verbs.queue(MAIL, now=clock.now())
        db.session.commit()

    send(app)

    with app.app_context():
        batch = db.session.get_one(Batch, number)
        assert batch.paused_at is not None
        assert "nobody" in batch.paused_because
    assert [one.recipients for one in sink.received] == [["ada@example.org"]]
    assert states(app)[State.WAITING] >= 40
