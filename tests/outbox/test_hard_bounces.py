"""Who is given up, and who waits for a person: a reply about us counts against nobody."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from campaign import clock
from campaign.db import db
from campaign.delivery import mail_server, worker
from campaign.delivery.replies import Outcome, judge
from campaign.outbox import verbs
from campaign.outbox.hard_bounces import bursts, queries
from campaign.outbox.hard_bounces.causes.verbs import find_gone, find_reachable, withhold_run
from campaign.outbox.hard_bounces.models import Bounce, Cause, Decision
from campaign.outbox.hard_bounces.verbs import Status, lift_bounce, report_gone
from campaign.outbox.models import Batch, Message, State, address_hash
from campaign.outbox.policy import BURST, MAYBES_OVER
from campaign.outbox.suppressions.models import Suppression
from campaign.outbox.suppressions.queries import is_suppressed
from campaign.outbox.suppressions.verbs import suppress
from campaign.outbox.throttles.models import Throttle
from campaign.people.models import Purpose, Subscription
from campaign.people.subscriptions.verbs import leave
from tests.mails import a_mail
from tests.outbox.readers import make_readers, post_news, states
from tests.relaying import send, time_passes
from tests.services.recorder import Manners, Record, Recorder, recorder_here
from tests.visitor import Visitor

BOUNCES = "/office/outbox/bounces"
GONE = "550 5.1.1 <x>: Recipient address rejected: User unknown in local recipient table"


@dataclass
class Relay:
    """A mail server that writes down what it takes; `says` is its answer to an address, if any."""

    server: Recorder
    record: Record

    def says(self, reply: str, *which: str) -> None:
        """Answer RCPT so from now on: to all, or to addresses that begin or end so."""
        self.server.manners = Manners(
            at_rcpt=lambda who: (
                f"{reply}\r\n".encode()
                if not which or any(who.startswith(one) or who.endswith(one) for one in which)
                else None
            )
        )

    def is_mended(self) -> None:
        """Take everything from now on."""
        self.server.manners = Manners()

    @property
    def took(self) -> list[str]:
        """Name whom it took mail for, in the order of the alphabet."""
        return sorted(one.recipient for one in self.record.taken())


@pytest.fixture
def relay(app: Flask) -> Iterator[Relay]:
    """Give a relay that the application sends to."""
    with recorder_here() as (server, port, record):
        record.file.touch()
        before = {name: app.config[name] for name in app.config if name.startswith("MAIL_")}
        worker.hang_up()
        app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port)
        mail_server.init_app(app)
        yield Relay(server, record)
        worker.hang_up()
        app.config.update(before)
        mail_server.init_app(app)


def issue_to(app: Flask, number: int, *, domains: tuple[str, ...] = ("example.org",)) -> int:
    """Queue an issue for p0@, p1@ and so on of each domain; give the number of its batch."""
    with app.app_context():
        readers = [one for domain in domains for one in make_readers(number, domain=domain)]
        batch = post_news(among=readers)
        db.session.commit()
        return batch.id


def suppressed(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Suppression)) or 0


def settle(app: Flask, deed: Callable[..., None]) -> None:
    """Decide what the one cause was that waits."""
    with app.app_context():
        [cause] = queries.withheld()
        deed(cause, by=None, now=clock.now())
        db.session.commit()


# What mail servers answer RCPT where something is wrong with us.
ABOUT_US = [
    "550 relay not permitted",
    "550 5.7.1 Unable to relay",
    "550 5.1.0 <b@campaign.example>: Sender address rejected: User unknown in virtual mailbox "
    "table",
    "550 5.1.8 <b@campaign.example>: Sender address rejected: Domain not found",
    "550 5.1.7 <b@campaign.example>: Sender address rejected: undeliverable address",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "530 5.7.0 Authentication required",
    "550 5.7.1 Client host [192.0.2.7] blocked using zen.dnsbl.example",
    "550 Verification failed for <b@campaign.example>: The mail server could not deliver mail",
    "550-Callback setup failed while verifying <b@campaign.example> 550 Sender verify failed",
    "550 sending quota exceeded for this account",
    "554 5.7.1 Service unavailable; your IP is blacklisted",
    "550 Administrative prohibition",
    "550 5.1.1 your host has no PTR record",
    "550 rejected",
]


@pytest.mark.parametrize("reply", ABOUT_US)
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "body"])
def test_a_reply_about_us_counts_against_nobody(stage: str, reply: str) -> None:
    assert judge(stage, int(reply[:3]), reply) not in (Outcome.NO_SUCH_ADDRESS, Outcome.MAYBE_GONE)


# Postfix, Exim (no enhanced codes), sendmail, Exchange, qmail, a large provider.
ABOUT_THE_USER = [
    GONE,
    "550 Unrouteable address: no such user here",
    "550 5.1.1 <x@y.example>... User unknown",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "554 delivery error: dd This user doesn't have a yahoo.example account (x@yahoo.example)",
    "550 5.7.1 No such user!",
    "550 5.1.1 The email account that you tried to reach does not exist",
]


@pytest.mark.parametrize("reply", ABOUT_THE_USER)
@pytest.mark.parametrize("stage", ["RCPT", "body"])
def test_that_this_user_is_gone_counts_at_whatever_stage_it_is_said(stage: str, reply: str) -> None:
    assert judge(stage, int(reply[:3]), reply) is Outcome.NO_SUCH_ADDRESS


@pytest.mark.parametrize("reply", ABOUT_THE_USER)
def test_before_a_recipient_was_named_nobody_is_gone(reply: str) -> None:
    assert judge("MAIL", int(reply[:3]), reply) is Outcome.REFUSED


@pytest.mark.parametrize(
    ("stage", "reply", "outcome"),
    [
        ("RCPT", "550 5.2.121 Recipient's per hour message receive limit from sender exceeded",
         Outcome.LIMITED),
        ("RCPT", "550 5.2.122 The recipient has exceeded their limit for the number of messages "
         "they can receive per hour", Outcome.LIMITED),
        ("RCPT", "550 5.2.1 The user you are trying to contact is receiving mail at a rate that "
         "prevents additional messages", Outcome.LIMITED),
        ("RCPT", "550 5.1.1 too many recipients this hour", Outcome.DOMAIN_LIMITED),
        ("body", "554 5.7.1 too many messages from you this hour", Outcome.DOMAIN_LIMITED),
        ("MAIL", "550 5.1.1 too many recipients this hour", Outcome.RELAY),
        ("RCPT", "452 4.5.3 too many messages this hour", Outcome.SLOW),
    ],
)  # fmt: skip
def test_a_limit_of_an_hour_slows_the_way_it_was_met_on(
    stage: str, reply: str, outcome: Outcome
) -> None:
    assert judge(stage, int(reply[:3]), reply) is outcome


@pytest.mark.parametrize("reply", ["550 relay not permitted", ABOUT_US[2]])
def test_an_issue_that_is_refused_because_of_us_stands_still_and_reaches_all_once_mended(
    app: Flask, relay: Relay, organiser: Visitor, reply: str
) -> None:
    relay.says(reply)
    number = issue_to(app, 25)

    send(app)
    desk = organiser.open("/office/").text
    refused = states(app)
    relay.is_mended()
    with app.app_context():
        verbs.resume(db.session.get_one(Batch, number))
        db.session.commit()
    send(app)

    assert "All is well" not in desk
    assert "The relay refused “News”" in desk
    assert (refused, suppressed(app)) == ({State.WAITING: 25}, 0)
    assert states(app) == {State.SENT: 25}
    assert len(set(relay.took)) == len(relay.took) == 25


@pytest.mark.parametrize("number", [3, 9])
@pytest.mark.parametrize("reply", [GONE, "550 relay not permitted"])
def test_an_issue_to_a_few_of_whom_nobody_got_it_is_not_called_finished(
    app: Flask, relay: Relay, number: int, reply: str
) -> None:
    relay.says(reply)
    batch = issue_to(app, number)

    send(app)

    with app.app_context():
        found = db.session.get_one(Batch, batch)
        assert (found.finished_at, bool(found.paused_at)) == (None, True)
    assert suppressed(app) == 0


def test_sixty_of_sixty_gone_wait_for_a_person_and_the_desk_says_so(
    app: Flask, relay: Relay, organiser: Visitor
) -> None:
    relay.says(GONE)
    batch = issue_to(app, 60)

    send(app)
    desk = organiser.open("/office/").text

    with app.app_context():
        [cause] = queries.withheld()
        assert (cause.batch_id, cause.domain) == (batch, "")
        assert db.session.get_one(Batch, batch).paused_at is not None
    assert suppressed(app) == 0
    assert "it was said all at once that they are gone" in desk
    assert "User unknown in local recipient table" in desk
    assert "All is well" not in desk


def test_it_was_the_relay_so_all_of_them_get_the_issue(
    app: Flask, relay: Relay, organiser: Visitor
) -> None:
    relay.says(GONE)
    issue_to(app, 25)
    send(app)
    relay.is_mended()
    with app.app_context():
        [cause] = queries.withheld()
        path = f"{BOUNCES}/{cause.id}"

    page = organiser.send(path, action=f"{path}/relay")
    send(app)

    assert page.status_code == 303
    assert states(app) == {State.SENT: 25}
    assert len(set(relay.took)) == len(relay.took) == 25
    assert suppressed(app) == 0
    with app.app_context():
        assert db.session.scalars(select(Batch)).one().finished_at is not None


def test_they_are_really_gone_so_none_is_written_to_and_the_issue_goes_on(
    app: Flask, relay: Relay, organiser: Visitor
) -> None:
    relay.says(GONE, "@old.example")
    issue_to(app, 15, domains=("old.example", "example.org"))
    send(app)
    with app.app_context():
        [cause] = queries.withheld()
        path, held = f"{BOUNCES}/{cause.id}", queries.number_of([cause])[cause.id]

    organiser.send(path, action=f"{path}/gone")
    send(app)

    assert held >= BURST
    assert states(app) == {State.SENT: 15, State.BOUNCED: 15}
    assert suppressed(app) == 15
    with app.app_context():
        assert is_suppressed("p0@old.example")
        assert queries.withheld() == []


def test_fifty_dead_addresses_of_a_long_list_hold_up_nobody_for_long(
    app: Flask, relay: Relay
) -> None:
    relay.says(GONE, *(f"@dead{at}.example" for at in range(25)))
    issue_to(app, 2, domains=tuple(f"dead{at}.example" for at in range(25)))
    with app.app_context():
        readers = make_readers(200)
        number = db.session.scalars(select(Batch.id)).one()
        db.session.execute(update(Message).values(due_at=clock.now()))
        post = post_news(among=readers)
        db.session.execute(
            update(Message).where(Message.batch_id == post.id).values(batch_id=number)
        )
        db.session.commit()

    presses = 0
    send(app)
    while True:
        with app.app_context():
            withheld = queries.withheld()
        if not withheld:
            break
        settle(app, find_gone)
        presses += 1
        send(app)

    assert presses <= 2
    assert states(app) == {State.SENT: 200, State.BOUNCED: 50}
    assert suppressed(app) == 50


def test_a_few_gone_among_many_are_given_up_at_once(app: Flask, relay: Relay) -> None:
    # One after the other: of several at once the last may be known to be gone before the others
    # are known to have been sent, and ten of so few would be a burst.
    app.config["MAIL_CONNECTIONS"] = 1
    relay.says(GONE, *(f"p{at}@" for at in range(0, 60, 6)))
    issue_to(app, 60)

    send(app)

    assert states(app) == {State.SENT: 50, State.BOUNCED: 10}
    assert suppressed(app) == 10


def test_what_suppressed_somebody_is_lifted_in_one_press_for_all_it_touched(
    app: Flask, relay: Relay, organiser: Visitor
) -> None:
    relay.says(GONE, "p1@", "p5@", "p9@")
    issue_to(app, 20)
    send(app)
    with app.app_context():
        suppress("else@example.org", reason="complaint", now=clock.now())
        db.session.commit()
        [cause] = db.session.scalars(select(Cause)).all()
        mark = address_hash("p5@example.org")
    before = suppressed(app)
    relay.is_mended()

    page = organiser.open(f"/office/outbox/suppressions/{mark}")
    path = f"{BOUNCES}/{cause.id}"
    organiser.send(path, action=f"{path}/relay")
    send(app)

    assert path in page.text
    assert (before, suppressed(app)) == (4, 1)
    assert states(app) == {State.SENT: 20}


def test_a_domain_that_says_gone_of_everybody_is_withheld_alone(app: Flask, relay: Relay) -> None:
    domains = ("big.example", *(f"small{at}.example" for at in range(8)))
    issue_to(app, 12, domains=domains)
    with app.app_context():
        # Each of the large provider's among others, as readers stand in a list.
        messages = db.session.scalars(select(Message).order_by(Message.id)).all()
        mixed = sorted(messages, key=lambda one: int(one.to_address.partition("@")[0][1:]))
        whom = [(one.to_address, one.address_hash) for one in mixed]
        for message, (address, hashed) in zip(messages, whom, strict=True):
            message.to_address, message.address_hash = address, hashed
        db.session.commit()
    relay.says(GONE, "@big.example")

    send(app)

    with app.app_context():
        [cause] = queries.withheld()
        assert cause.domain == "big.example"
    assert suppressed(app) == 0


@pytest.mark.parametrize(
    ("number", "added", "is_step"),
    [(9, 9, False), (10, 1, True), (11, 1, False), (19, 1, False), (20, 1, True), (60, 50, True)],
)
def test_a_burst_is_looked_for_at_ten_and_each_time_it_has_doubled(
    number: int, added: int, is_step: bool
) -> None:
    assert bursts.is_step(number, added, least=BURST, by=2) is is_step


def test_what_was_said_is_kept_without_the_addresses_it_named() -> None:
    said = "RCPT: 550 5.1.1 <ada@example.org>: User bo@example.org unknown"

    assert bursts.without_addresses(said) == "RCPT: 550 5.1.1 <…>: User <…> unknown"


def message_to(address: str, **values: Any) -> Message:
    mail = a_mail(kind="letter", to=address, subject="Hello", text="Hello\n")
    message = verbs.queue(mail, now=clock.now())
    for name, value in {"state": State.SENT, "settled_at": clock.now(), **values}.items():
        setattr(message, name, value)
    db.session.flush()
    return message


def test_reports_by_mail_of_a_whole_provider_wait_for_a_person(app: Flask) -> None:
    with app.app_context():
        messages = [message_to(f"p{at}@big.example") for at in range(30)]
        made = [report_gone(one, words=GONE, now=clock.now()) for one in messages]
        db.session.commit()

        [cause] = queries.withheld()
        assert cause.domain == "big.example"
        assert queries.number_of([cause]) == {cause.id: 30}
        assert made[0] is Status.SUPPRESSED
        assert set(made[BURST:]) == {Status.WITHHELD}
        # Also those who were given up before it was a burst.
        assert not any(is_suppressed(one.to_address) for one in messages)


def test_few_gone_of_a_large_provider_are_given_up(app: Flask) -> None:
    with app.app_context():
        messages = [message_to(f"p{at}@big.example") for at in range(100)]

        made = {report_gone(one, words=GONE, now=clock.now()) for one in messages[:19]}

        assert made == {Status.SUPPRESSED}


def test_what_is_reported_twice_of_a_message_counts_once(app: Flask) -> None:
    with app.app_context():
        message = message_to("ada@example.org")
        for _ in range(2):
            report_gone(message, words=GONE, now=clock.now())

        assert db.session.scalar(select(func.count()).select_from(Bounce)) == 1


@pytest.mark.parametrize(
    ("days", "made"),
    [
        ((0, 1, 2), [Status.COUNTED] * 3),
        ((0, 3, 7), [Status.COUNTED, Status.COUNTED, Status.SUPPRESSED]),
        ((0, 8), [Status.COUNTED] * 2),
        ((0, 100, 101), [Status.COUNTED] * 3),
    ],
)
def test_maybe_gone_is_gone_after_three_times_over_a_week(
    app: Flask, days: tuple[int, ...], made: list[Status]
) -> None:
    words = "550 5.4.1 Recipient address rejected: Access denied"
    begin = clock.now()
    assert timedelta(days=7) == MAYBES_OVER
    with app.app_context():
        found = [
            report_gone(
                message_to("ada@example.org"),
                words=words,
                is_certain=False,
                now=begin + timedelta(days=day),
            )
            for day in days
        ]

        assert found == made
        assert is_suppressed("ada@example.org") == (Status.SUPPRESSED in made)


def test_maybe_gone_at_the_relay_is_tried_again_and_suppresses_nobody(
    app: Flask, relay: Relay
) -> None:
    words = "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)"
    relay.says(words, "p1@")
    issue_to(app, 5)
    for _ in range(4):
        send(app)
        time_passes(app)

    assert states(app) == {State.SENT: 4, State.RETRY: 1}
    assert suppressed(app) == 0


@pytest.mark.parametrize(
    ("reply", "waiting"),
    [
        ("550 5.2.121 Recipient's per hour message receive limit exceeded", 1),
        ("550 5.1.1 too many recipients this hour", 1),
    ],
)
def test_a_limit_of_an_hour_is_waited_for_and_is_no_try(
    app: Flask, relay: Relay, reply: str, waiting: int
) -> None:
    relay.says(reply, "p1@")
    issue_to(app, 3, domains=("a.example",))
    issue_to(app, 1, domains=("b.example",))

    send(app)
    with app.app_context():
        [row] = db.session.scalars(select(Message).where(Message.state != State.SENT)).all()
        tried = (row.state, row.tries)
        throttle = db.session.get(Throttle, "domain:a.example")
        until = max(row.due_at, (throttle and throttle.paused_until) or row.due_at)
    assert tried == (State.WAITING, 0)
    assert timedelta(minutes=55) < until - clock.now() < timedelta(minutes=75)
    relay.is_mended()
    time_passes(app)
    send(app)

    assert states(app) == {State.SENT: 4}


def test_who_left_meanwhile_gets_nothing_once_it_was_the_relay(app: Flask, relay: Relay) -> None:
    relay.says(GONE)
    issue_to(app, 12)
    send(app)
    relay.is_mended()
    with app.app_context():
        leaving = db.session.scalars(
            select(Message).where(Message.to_address == "p3@example.org")
        ).one()
        db.session.add(
            Subscription(
                person_id=leaving.person_id,
                purpose=Purpose.NEWSLETTER,
                asked_at=clock.now(),
                confirmed_at=clock.now(),
            )
        )
        db.session.flush()
        assert leaving.person_id is not None
        leave(leaving.person_id, Purpose.NEWSLETTER, through="link", now=clock.now())
        db.session.commit()

    settle(app, find_reachable)
    send(app)

    assert "p3@example.org" not in relay.took
    assert len(relay.took) == 11


def report(*addresses: str) -> None:
    """Report of messages that left to these addresses that their readers are gone."""
    for address in addresses:
        message = db.session.scalars(select(Message).where(Message.to_address == address)).first()
        message = message or message_to(address)
        verbs.bounced(message, status="5.1.1", words=GONE, now=clock.now())
        report_gone(message, words=GONE, now=clock.now())


@pytest.mark.parametrize("decide", [find_gone, find_reachable])
def test_what_a_person_has_paused_goes_on_only_when_they_say_so(
    app: Flask, decide: Callable[..., None]
) -> None:
    number = issue_to(app, 30)
    with app.app_context():
        verbs.pause(db.session.get_one(Batch, number), now=clock.now())
        report(*(f"p{at}@example.org" for at in range(15)))
        db.session.commit()

    settle(app, decide)

    with app.app_context():
        assert db.session.get_one(Batch, number).paused_at is not None


def test_who_shows_meanwhile_that_their_address_works_is_not_given_up(app: Flask) -> None:
    with app.app_context():
        report(*(f"p{at}@big.example" for at in range(12)))
        lift_bounce("p3@big.example")
        db.session.commit()

    settle(app, find_gone)

    with app.app_context():
        assert not is_suppressed("p3@big.example")
        assert is_suppressed("p4@big.example")
    assert suppressed(app) == 11


def test_a_run_is_withheld_though_one_of_its_domains_waits_already(
    app: Flask, relay: Relay
) -> None:
    good = [f"good{at}.example" for at in range(15)]
    small = [f"small{at}.example" for at in range(4)]
    issue_to(app, 4, domains=(*good, *small))
    with app.app_context():
        first = Message.to_address.contains("@good")
        earlier = clock.now() - timedelta(hours=1)
        db.session.execute(update(Message).where(first).values(due_at=earlier))
        report(*(f"x{at}@small0.example" for at in range(12)))
        db.session.commit()
    relay.says(GONE, *(f"@{domain}" for domain in small))

    send(app)

    assert states(app)[State.SENT] == 60
    assert suppressed(app) == 0


def test_what_waits_already_waits_once(app: Flask) -> None:
    number = issue_to(app, 60)
    with app.app_context():
        report(*(f"p{at}@example.org" for at in range(12)))
        [before] = queries.withheld()

        withhold_run([(number, "example.org")] * BURST, now=clock.now())

        assert queries.withheld() == [before]


def somebody_waits() -> bool:
    """Tell whether another transaction waits for what this one holds."""
    if db.engine.dialect.name == "sqlite":
        return True
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(%s)"
    return bool(db.session.scalar(text(waiting % "pg_blocking_pids(pid)")))


def test_what_another_worker_is_about_to_give_up_is_withheld_with_the_rest(app: Flask) -> None:
    """On PostgreSQL two work at once; SQLite lets one write at a time anyway."""
    number = issue_to(app, 60)
    begun, done = threading.Event(), threading.Event()

    def another() -> None:
        with app.app_context():
            report("p50@example.org", "p51@example.org")
            begun.set()
            while not done.wait(0.02) and not somebody_waits():
                pass
            db.session.commit()

    with app.app_context():
        report("p52@example.org")
        db.session.commit()
    thread = threading.Thread(target=another)
    thread.start()
    begun.wait(5)
    with app.app_context():
        report(*(f"p{at}@example.org" for at in range(15)))
        db.session.commit()
    done.set()
    thread.join()

    assert suppressed(app) == 0
    with app.app_context():
        [cause] = queries.withheld()
        assert (cause.batch_id, queries.number_of([cause])) == (number, {cause.id: 18})


def test_a_cause_that_was_settled_stays_settled(app: Flask, relay: Relay) -> None:
    relay.says(GONE)
    issue_to(app, 12)
    send(app)
    with app.app_context():
        number = queries.withheld()[0].id
    settle(app, find_reachable)

    with app.app_context():
        cause = db.session.get_one(Cause, number)
        find_gone(cause, by=None, now=clock.now())
        db.session.commit()

        assert cause.decision == Decision.RELAY
    assert suppressed(app) == 0


def test_a_cause_that_is_not_there_is_said_to_be_so(
    app: Flask, relay: Relay, organiser: Visitor
) -> None:
    assert organiser.open(f"{BOUNCES}/77").status_code == 404
    assert "Nothing has come back so far" in organiser.open(BOUNCES).text
