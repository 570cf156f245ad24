"""How messages leave: claimed, sent, recorded, and tried again."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from campaign import clock
from campaign.db import db
from campaign.delivery import mailbox, processes, worker
from campaign.delivery.claiming import claim
from campaign.delivery.policy import LEASE
from campaign.delivery.replies import Outcome, Reply, judge
from campaign.delivery.settling import settle
from campaign.outbox import verbs
from campaign.outbox.caps.models import ClientCount
from campaign.outbox.caps.verbs import TooManyFromHere, count_client
from campaign.outbox.mail import Mail
from campaign.outbox.mail_headers import UnsafeHeader
from campaign.outbox.models import Batch, Message, State, read_message_token
from campaign.outbox.suppressions.queries import is_suppressed
from campaign.outbox.suppressions.verbs import suppress
from campaign.outbox.throttles import queries as throttles
from campaign.outbox.throttles.models import Throttle
from campaign.outbox.throttles.queries import RELAY
from tests.outbox.readers import make_readers, post_news
from tests.relaying import asked_to_stop, send, use
from tests.services import HANG_UP, Sink

MAIL = Mail(
    kind="invitation",
    to="ada@example.org",
    to_name="Ada",
    subject="You are coming",
    text="See you there.\n",
    html="<p>See you there.</p>",
)


def post(app: Flask, *mails: Mail, at: datetime | None = None) -> None:
    with app.app_context():
        for mail in mails:
            verbs.queue(mail, now=at or clock.now())
        db.session.commit()


def send_apart(app: Flask) -> threading.Thread:
    """Start a sender in a thread of its own, which hangs up at its end."""

    def go() -> None:
        send(app)
        worker.hang_up()

    sender = threading.Thread(target=go)
    sender.start()
    return sender


def reopen_relay(app: Flask) -> None:
    with app.app_context():
        db.session.execute(update(Throttle).values(paused_until=None))
        db.session.commit()


def make_due(app: Flask) -> None:
    with app.app_context():
        db.session.execute(update(Message).values(due_at=clock.now()))
        db.session.commit()


def test_a_queued_mail_leaves_and_the_relays_reply_is_recorded(
    app: Flask, sink: Sink, queued: Callable[..., list[Message]]
) -> None:
    post(app, MAIL)

    send(app)

    (kept,) = sink.received
    (row,) = queued()
    assert kept.recipients == ["ada@example.org"]
    with app.app_context():
        token = row.token
        assert read_message_token(token) == row.id
    assert kept.sender == f"bounces+{token}@campaign.example"
    assert kept.message["Message-ID"] == f"<{token}@campaign.example>"
    assert (row.state, row.tries) == (State.SENT, 1)
    assert row.last_reply.startswith("250 2.0.0 Ok")


def test_a_deed_undone_queues_no_mail(app: Flask, sink: Sink) -> None:
    with app.app_context():
        verbs.queue(MAIL, now=clock.now())
        db.session.rollback()

    send(app)

    assert sink.received == []


def test_many_mails_go_over_few_kept_connections(app: Flask, sink: Sink) -> None:
    post(app, *[replace(MAIL, to=f"p{n}@example.org") for n in range(30)])

    send(app)

    assert len(sink.received) == 30
    # A sender begins with twenty at hand, and each ten of them are worth a connection.
    assert sink.connections == 2


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({"starttls": True}, {"MAIL_USE_TLS": True}),
        ({"tls": True}, {"MAIL_USE_SSL": True}),
        (
            {"starttls": True, "login": ("ada", "a long password")},
            {"MAIL_USE_TLS": True, "MAIL_USERNAME": "ada", "MAIL_PASSWORD": "a long password"},
        ),
    ],
)
def test_the_way_to_the_relay_may_be_encrypted_and_need_a_login(
    app: Flask, sink: Sink, options: dict, settings: dict
) -> None:
    with Sink(**options) as guarded:
        use(app, guarded, MAIL_CA_FILE=guarded.ca_file, **settings)
        post(app, MAIL)

        send(app)

        (kept,) = guarded.received
        worker.hang_up()
    assert kept.encrypted
    assert kept.login == settings.get("MAIL_USERNAME")


def test_a_relay_with_a_certificate_nobody_vouches_for_gets_nothing(
    app: Flask, sink: Sink, queued: Callable[..., list[Message]]
) -> None:
    with Sink(tls=True) as stranger:
        use(app, stranger, MAIL_USE_SSL=True)
        post(app, MAIL)

        send(app)

        assert stranger.received == []
    (row,) = queued()
    assert row.state == State.WAITING
    with app.app_context():
        throttle = throttles.relay()
        assert throttle is not None
        assert "CERTIFICATE_VERIFY_FAILED" in throttle.last_trouble


@pytest.mark.parametrize(
    ("stage", "reply", "state"),
    [
        ("rcpt", "450 4.2.0 come back later", State.RETRY),
        ("rcpt", "452 4.2.2 mailbox full", State.RETRY),
        ("rcpt", "552 5.2.2 mailbox full", State.RETRY),
        ("rcpt", "550 5.1.1 no such user", State.BOUNCED),
        ("rcpt", "550 no such user", State.BOUNCED),
        ("rcpt", "550 5.7.1 blocked by policy", State.FAILED),
        ("mail", "550 5.7.1 we do not like you", State.FAILED),
        ("data", "554 5.6.0 content refused", State.FAILED),
        ("data", "451 4.3.0 disk full", State.RETRY),
        ("mail", "421 4.3.2 closing", State.WAITING),
        ("mail", "454 4.7.0 too fast", State.WAITING),
        ("mail", HANG_UP, State.WAITING),
    ],
)
def test_each_answer_of_a_relay_has_its_consequence(
    app: Flask,
    sink: Sink,
    queued: Callable[..., list[Message]],
    stage: str,
    reply: str,
    state: State,
) -> None:
    sink.behaviour = lambda at, subject: reply if at == stage else None
    post(app, MAIL)

    send(app)

    (row,) = queued()
    assert row.state == state
    with app.app_context():
        assert is_suppressed("ada@example.org") == (state == State.BOUNCED)
        closed = throttles.is_relay_closed(now=clock.now())
    assert closed == (state == State.WAITING)


@pytest.mark.parametrize("trouble", [HANG_UP, "421 4.7.0 go away"])
def test_a_message_on_which_the_relay_always_closes_stops_no_other(
    app: Flask, sink: Sink, queued: Callable[..., list[Message]], trouble: str
) -> None:
    sink.behaviour = lambda at, subject: (
        trouble if at == "rcpt" and subject == "poison@example.org" else None
    )
    post(app, replace(MAIL, to="poison@example.org"))
    post(app, *[replace(MAIL, to=f"p{n}@example.org") for n in range(5)])

    send(app)
    with app.app_context():
        assert throttles.is_relay_closed(now=clock.now())
    reopen_relay(app)
    send(app)

    assert len(sink.received) == 5
    poison = queued()[0]
    assert (poison.state, poison.tries) == (State.RETRY, 1)


def test_a_message_put_off_is_tried_again_later_and_later_for_three_days(
    app: Flask, sink: Sink, queued: Callable[..., list[Message]]
) -> None:
    sink.behaviour = lambda at, subject: "450 4.2.0 later" if at == "rcpt" else None
    post(app, MAIL)
    waits = []

    for _ in range(6):
        send(app)
        waits.append(queued()[0].due_at - clock.now())
        make_due(app)
    with app.app_context():
        db.session.execute(update(Message).values(queued_at=clock.now() - timedelta(hours=73)))
        db.session.commit()
    send(app)

    minutes = [wait.total_seconds() / 60 for wait in waits]
    for found, planned in zip(minutes, [1, 5, 15, 60, 240, 240], strict=True):
        assert planned * 0.75 <= found <= planned * 1.25
    assert queued()[0].state == State.FAILED


def test_a_relay_lost_after_the_text_leaves_the_message_waiting_and_uncertain(
    app: Flask, sink: Sink, queued: Callable[..., list[Message]]
) -> None:
    sink.behaviour = lambda at, subject: HANG_UP if at == "kept" else None
    post(app, MAIL)
    send(app)
    assert queued()[0].is_uncertain
    sink.behaviour = None
    reopen_relay(app)
    make_due(app)

    send(app)

    first, second = sink.received
    assert first.message["Message-ID"] == second.message["Message-ID"]
    (row,) = queued()
    assert (row.state, row.is_uncertain) == (State.SENT, True)


def test_a_relay_that_closes_now_and_then_loses_and_repeats_nothing(app: Flask, sink: Sink) -> None:
    conversations: list[int] = []

    def close_every_tenth(stage: str, subject: str) -> str | None:
        if stage != "mail":
            return None
        conversations.append(1)
        return HANG_UP if len(conversations) % 10 == 0 else None

    sink.behaviour = close_every_tenth
    post(app, *[replace(MAIL, to=f"p{n}@example.org") for n in range(40)])

    send(app)

    assert sorted(one.recipients[0] for one in sink.received) == sorted(
        f"p{n}@example.org" for n in range(40)
    )


def test_what_a_lost_worker_had_claimed_comes_back_uncertain_when_its_lease_ends(
    app: Flask, sink: Sink, queued: Callable[..., list[Message]], monkeypatch: pytest.MonkeyPatch
) -> None:
    post(app, MAIL)
    now = clock.now()
    with app.app_context():
        claim("elsewhere:1:2:3", limit=10, rate=0, now=now)
        db.session.commit()

        worker.reclaim_dead()
        before = queued()[0].state
        monkeypatch.setattr(clock, "now", lambda: now + LEASE + timedelta(seconds=1))
        worker.reclaim_dead()

    (row,) = queued()
    assert before == State.SENDING
    assert (row.state, row.is_uncertain) == (State.WAITING, True)


def test_what_a_dead_process_of_this_machine_had_claimed_comes_back_at_once(
    app: Flask, sink: Sink
) -> None:
    post(app, MAIL)
    host = processes.host()
    with app.app_context():
        claim(f"{host}:999999999:1:1", limit=10, rate=0, now=clock.now())
        db.session.commit()

    send(app)

    assert len(sink.received) == 1


def test_a_dead_process_nobody_has_asked_after_claims_nothing(app: Flask, sink: Sink) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        born = processes.born(process.pid)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        post(app, MAIL)
        with app.app_context():
            claim(f"{processes.host()}:{process.pid}:{born}:1", limit=10, rate=0, now=clock.now())
            db.session.commit()

        send(app)

    assert len(sink.received) == 1


def test_one_workers_claim_is_not_settled_by_another(
    app: Flask, queued: Callable[..., list[Message]]
) -> None:
    post(app, MAIL)
    with app.app_context():
        mails = claim("a:1:1:1", limit=10, rate=0, now=clock.now())
        db.session.commit()

        settle([(mails[0], Reply(Outcome.SENT, "250"))], sender="b:2:2:2", now=clock.now())
        db.session.commit()

    assert queued()[0].state == State.SENDING


def test_mails_of_a_thread_leave_where_a_database_has_statistics(app: Flask, sink: Sink) -> None:
    post(app, *(replace(MAIL, thread=f"sign-up:{number}") for number in range(100)))
    send(app)
    post(app, replace(MAIL, subject="the next", thread="sign-up:100"))
    with app.app_context():
        db.session.connection().exec_driver_sql("ANALYZE")
        db.session.commit()

    send(app)

    assert [mail.message["Subject"] for mail in sink.received[100:]] == ["the next"]


def test_a_cancellation_never_overtakes_its_request(app: Flask, sink: Sink) -> None:
    sink.behaviour = lambda at, subject: "450 4.2.0 later" if at == "rcpt" else None
    request = replace(MAIL, subject="request", thread="sign-up:1")
    post(app, request)
    send(app)
    post(app, replace(MAIL, subject="cancel", thread="sign-up:1"))
    sink.behaviour = None

    send(app)
    before = [one.message["Subject"] for one in sink.received]
    make_due(app)
    send(app)

    assert before == []
    assert [one.message["Subject"] for one in sink.received] == ["request", "cancel"]


def test_a_request_is_not_tried_again_once_its_cancel_has_left(
    app: Flask, sink: Sink, queued: Callable[..., list[Message]]
) -> None:
    sink.behaviour = lambda at, subject: "554 5.6.0 no" if at == "data" else None
    post(app, replace(MAIL, subject="request", thread="sign-up:1"))
    send(app)
    sink.behaviour = None
    post(app, replace(MAIL, subject="cancel", thread="sign-up:1"))
    send(app)

    with app.app_context():
        request = db.session.get_one(Message, queued()[0].id)
        with pytest.raises(verbs.Overtaken):
            verbs.retry(request, now=clock.now())
        again = verbs.retry_all(now=clock.now())

    assert again == 0
    assert [one.message["Subject"] for one in sink.received] == ["cancel"]


def test_pressed_twice_a_failed_mail_is_tried_again_once(
    app: Flask, sink: Sink, queued: Callable[..., list[Message]]
) -> None:
    sink.behaviour = lambda at, subject: "554 5.6.0 no" if at == "data" else None
    post(app, MAIL)
    send(app)
    sink.behaviour = None
    [failed] = queued()

    def press_first() -> None:
        with app.app_context():
            verbs.retry(db.session.get_one(Message, failed.id), now=clock.now())
            db.session.commit()
        send(app)
        worker.hang_up()

    with app.test_request_context("/", method="POST"):
        app.preprocess_request()
        # The second press has found it failed, and then the first is done.
        seen = db.session.get_one(Message, failed.id)
        first = threading.Thread(target=press_first)
        first.start()
        first.join()
        with pytest.raises(verbs.NotToBeRetried):
            verbs.retry(seen, now=clock.now())
        assert verbs.retry_all(now=clock.now()) == 0
        db.session.commit()
    send(app)

    assert len(sink.received) == 1


def test_a_suppressed_address_gets_nothing_but_the_reply_to_its_own_act(
    app: Flask, sink: Sink, queued: Callable[..., list[Message]]
) -> None:
    with app.app_context():
        suppress("ada@example.org", reason="complaint", now=clock.now())
        db.session.commit()
    post(app, MAIL, replace(MAIL, subject="Your own act", is_own_act=True))

    send(app)

    assert [one.message["Subject"] for one in sink.received] == ["Your own act"]
    assert queued()[0].state == State.WITHHELD


def test_many_suppressed_in_a_row_hold_up_nobody_behind_them(app: Flask, sink: Sink) -> None:
    with app.app_context():
        for n in range(50):
            suppress(f"p{n}@example.org", reason="complaint", now=clock.now())
        db.session.commit()
    post(app, *[replace(MAIL, to=f"p{n}@example.org") for n in range(50)])
    post(app, MAIL)

    send(app)

    assert [one.recipients for one in sink.received] == [["ada@example.org"]]


def batch_of(app: Flask, number: int, **news: Any) -> int:
    with app.app_context():
        make_readers(number)
        batch = post_news(**news)
        db.session.commit()
        return batch.id


def test_a_batch_reaches_each_of_its_readers_once(app: Flask, sink: Sink) -> None:
    number = batch_of(app, 45)

    send(app)

    assert {one.recipients[0] for one in sink.received} == {f"p{n}@example.org" for n in range(45)}
    assert len(sink.received) == 45
    bodies = [one.message.get_body(("plain",)) for one in sink.received]
    assert len({body.get_content() for body in bodies}) == 45
    assert all(body.get_content().startswith("Dear friend,") for body in bodies)
    with app.app_context():
        assert db.session.get_one(Batch, number).finished_at is not None


def test_what_somebody_waits_for_overtakes_an_issue(app: Flask, sink: Sink) -> None:
    batch_of(app, 25)
    post(app, MAIL)

    send(app)

    assert sink.received[0].recipients == ["ada@example.org"]


def test_an_issue_the_relay_refuses_is_paused_and_says_why(
    app: Flask, sink: Sink, queued: Callable[..., list[Message]]
) -> None:
    sink.behaviour = lambda at, subject: "554 5.7.1 looks like spam" if at == "data" else None
    number = batch_of(app, 45)

    send(app)

    with app.app_context():
        batch = db.session.get_one(Batch, number)
        assert batch.paused_at is not None
        assert "looks like spam" in batch.paused_because
    assert len(queued(state=State.WAITING)) >= 20


def test_a_paused_issue_goes_on_when_the_operator_says_so(app: Flask, sink: Sink) -> None:
    sink.behaviour = lambda at, subject: "554 5.7.1 looks like spam" if at == "data" else None
    batch_of(app, 30)
    send(app)
    sink.behaviour = None

    said = app.test_cli_runner().invoke(args=["outbox", "retry"])
    send(app)

    assert "1 paused issues go on" in said.output
    assert len(sink.received) == 30


def test_the_rate_is_kept_and_an_outage_is_not_made_up_for(app: Flask) -> None:
    post(app, *[replace(MAIL, to=f"p{n}@example.org") for n in range(50)])
    now = clock.now()
    with app.app_context():
        taken = []
        for seconds in (0, 0, 1, 600):
            taken.append(
                len(claim("a:1:1:1", limit=20, rate=5, now=now + timedelta(seconds=seconds)))
            )
            db.session.commit()
        throttle = db.session.scalars(select(Throttle).where(Throttle.name == RELAY)).one()

    assert taken == [1, 0, 5, 5]
    assert throttle.tokens < 1


def test_a_sender_that_waits_for_its_rate_keeps_no_one_from_writing(
    app: Flask, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_RATE", 0.25)
    post(app, MAIL, replace(MAIL, to="bob@example.org"))
    sender = send_apart(app)
    sink.wait_for(1)
    time.sleep(0.3)

    began = time.monotonic()
    post(app, replace(MAIL, to="cleo@example.org"))
    took = time.monotonic() - began

    asked_to_stop(sender)
    assert took < 1


def test_a_paused_issue_keeps_no_sender_waiting_for_the_rate(
    app: Flask, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_RATE", 50.0)
    number = batch_of(app, 5)
    with app.app_context():
        db.session.get_one(Batch, number).paused_at = clock.now()
        db.session.commit()

    sender = send_apart(app)
    sender.join(5)
    is_at_it = sender.is_alive()

    asked_to_stop(sender)
    assert not is_at_it
    assert sink.received == []


def test_without_a_mail_server_mail_is_kept_in_the_local_mailbox(app: Flask) -> None:
    post(app, MAIL)

    send(app)

    with app.app_context():
        (file,) = mailbox.folder_in(app.config["INSTANCE"]).glob("*.eml")
    assert b"To: Ada <ada@example.org>" in file.read_bytes()


def test_a_mail_to_two_addresses_is_never_queued(app: Flask) -> None:
    with app.app_context(), pytest.raises(UnsafeHeader):
        verbs.queue(replace(MAIL, to="a@example.org, b@example.org"), now=clock.now())


def test_one_connection_may_cause_only_so_many_mails_an_hour(app: Flask) -> None:
    noon = datetime(2027, 5, 13, 12, 0, tzinfo=UTC)
    with app.app_context():
        for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"):
            count_client(address, most=2, now=noon)
        count_client("192.0.2.1", most=2, now=noon)

        with pytest.raises(TooManyFromHere):
            count_client("192.0.2.1", most=2, now=noon + timedelta(minutes=59))
        with pytest.raises(TooManyFromHere):
            count_client("2001:db8::3", most=2, now=noon)
        count_client("192.0.2.1", most=2, now=noon + timedelta(hours=1))
        for _ in range(3):
            count_client("127.0.0.1", most=2, now=noon)
        kept = [row.client_hash for row in db.session.scalars(select(ClientCount))]

    assert not any("192.0.2" in row or "2001" in row for row in kept)


def test_messages_are_erased_thirty_days_after_they_left(
    app: Flask, queued: Callable[..., list[Message]]
) -> None:
    post(app, MAIL)
    send(app)
    post(app, replace(MAIL, subject="still waiting"))

    with app.app_context():
        verbs.tidy(now=clock.now() + timedelta(days=31))
        db.session.commit()

    assert [row.subject for row in queued()] == ["still waiting"]


@pytest.mark.parametrize(
    ("stage", "code", "words", "outcome"),
    [
        ("RCPT", 421, "421 4.7.0 slow down", Outcome.RELAY),
        ("RCPT", 432, "432 4.3.2 later", Outcome.SLOW),
        ("MAIL", 454, "454 4.7.0 too fast", Outcome.RELAY),
        ("RCPT", 550, "550 5.1.1 unknown", Outcome.NO_SUCH_ADDRESS),
        ("RCPT", 550, "550 5.7.1 policy", Outcome.REFUSED),
        ("body", 550, "550 5.1.1 unknown", Outcome.NO_SUCH_ADDRESS),
        ("RCPT", 552, "552 full", Outcome.LATER),
    ],
)
def test_a_refusal_is_judged_by_where_and_what(
    stage: str, code: int, words: str, outcome: Outcome
) -> None:
    assert judge(stage, code, words) == outcome
