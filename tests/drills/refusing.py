"""The relay refuses us, in ten ways, in the middle of an issue: nobody is lost by that."""

from collections import Counter
from html import unescape

from sqlalchemy import func, select, update

from campaign import clock
from campaign.db import db
from campaign.delivery import worker
from campaign.newsletter import verbs as issues
from campaign.organisers.models import Role
from campaign.outbox.hard_bounces import queries as suppressions
from campaign.outbox.models import Batch, Message, State
from campaign.outbox.suppressions.models import Suppression
from campaign.outbox.throttles.models import Throttle
from tests.bench.mailing import mailing
from tests.conftest import signed_in
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private
from tests.mailings.conftest import begun
from tests.services.recorder import Manners, Record, Recorder, recorder_here
from tests.visitor import Visitor

READERS = 10_000

# What a relay or a provider says at RCPT where something is wrong with us: Postfix, Exim (without
# enhanced codes), sendmail, qmail; and one that says of everybody that they are gone.
NOT_ABOUT_READERS: dict[str, bytes] = {
    "relaying": b"550 relay not permitted",
    "sender": b"550 5.1.0 <b@campaign.example>: Sender address rejected: User unknown in virtual "
    b"mailbox table",
    "domain": b"550 5.1.8 <b@campaign.example>: Sender address rejected: Domain not found",
    "login": b"550 5.7.1 Authentication required",
    "quota": b"550 sending quota exceeded for this account",
    "blocked": b"550 5.7.1 Service unavailable; client host [192.0.2.7] blocked using "
    b"bl.example.net",
    "callout": b"550-Callback setup failed while verifying <b@campaign.example>\r\n"
    b"550-(result of an earlier callout reused).\r\n550 Sender verify failed",
    "no-name": b"550 5.1.1 your host 192.0.2.7 has no PTR record, User unknown",
    "policy": b"550 5.1.7 Invalid sender: rejected by our acceptable use policy",
}
GONE = {"everybody": b"550 5.1.1 User unknown"}
KINDS = NOT_ABOUT_READERS | GONE


def relay_says_no(order: Order) -> Outcome:
    """Send one issue; again and again the relay begins to refuse, and is mended."""
    readers = order.sized(READERS, least=1_000)
    outcome = order.outcome(recipients=readers, kinds=len(KINDS))
    with (
        recorder_here() as (served, port, record),
        mailing(order.database, readers=readers, port=port) as campaign,
    ):
        record.file.touch()
        organiser = signed_in(campaign.app, Role.EDITOR)
        sent, batch = _begin(campaign)
        share = readers // (len(KINDS) + 1)
        for at, (name, reply) in enumerate(KINDS.items()):
            _let_leave(campaign, served, record, until=(at + 1) * share, reply=reply)
            if _stands_still(outcome, campaign, organiser, name, reply, batch):
                served.manners = Manners()
                _mend(campaign, organiser, name, sent)
        served.manners = Manners()
        _send(campaign)
        with campaign.app.app_context():
            _judge(outcome, record, batch, readers)
    return outcome


def _begin(campaign: Private) -> tuple[int, int]:
    """Write an issue and begin to send it, as an organiser does; give its mailing and its batch."""
    with campaign.app.app_context():
        issue = issues.draft(
            title="Saturday",
            slug="",
            subject="Saturday: the march",
            preview="Come along.",
            source="Dear {{ name }}, come along on Saturday.",
            language="en",
            by=None,
            now=clock.now(),
        )
        db.session.flush()
        mailing = begun(issue.id)
        assert mailing.batch_id is not None
        return mailing.id, mailing.batch_id


def _let_leave(
    campaign: Private, served: Recorder, record: Record, *, until: int, reply: bytes
) -> None:
    """Let the issue leave until so many have it; from then on the relay refuses everybody."""
    served.manners = Manners(
        at_rcpt=lambda recipient: reply + b"\r\n" if record.count() >= until else None
    )
    _send(campaign)


def _send(campaign: Private) -> None:
    with campaign.app.app_context():
        db.session.execute(update(Throttle).values(paused_until=None))
        db.session.commit()
        worker.send_due()
    worker.hang_up()


def _stands_still(
    outcome: Outcome, campaign: Private, organiser: Visitor, name: str, reply: bytes, batch_id: int
) -> bool:
    """Look whether the issue rests, the desk says why, and nobody was given up."""
    desk = " ".join(unescape(organiser.open("/office/").text).split())
    with campaign.app.app_context():
        batch = db.session.get_one(Batch, batch_id)
        is_backing_off = batch.paused_at is not None and batch.finished_at is None
        given_up = db.session.scalar(select(func.count()).select_from(Suppression)) or 0
        states = dict(
            db.session.execute(
                select(Message.state, func.count())
                .where(Message.batch_id == batch_id)
                .group_by(Message.state)
            ).all()
        )
    said = reply.split(b"\r\n")[0].decode()[4:]
    said = said.replace("5.1.0 <b@campaign.example>: ", "").replace("<b@campaign.example>", "")
    outcome.promise(is_backing_off, f"{name}: the issue does not rest")
    outcome.promise(given_up == 0, f"{name}: {given_up} are given up")
    outcome.promise(State.FAILED not in states, f"{name}: {states.get(State.FAILED)} are lost")
    outcome.promise("All is well" not in desk, f"{name}: the desk says that all is well")
    sentence = "all at once that they are gone" if name in GONE else "The relay refused “Saturday"
    outcome.promise(sentence in desk and said.split("<")[0][-30:].strip() in desk,
                    f"{name}: the desk does not say why")  # fmt: skip
    return is_backing_off


def _mend(campaign: Private, organiser: Visitor, name: str, mailing: int) -> None:
    """Press the button that lets the issue go on, as an organiser does."""
    if name in GONE:
        with campaign.app.app_context():
            [cause] = suppressions.withheld()
        path = f"/office/outbox/bounces/{cause.id}"
        answer = organiser.send(path, action=f"{path}/relay")
    else:
        path = f"/office/mailings/{mailing}"
        answer = organiser.send(path, action=f"{path}/resume")
    assert answer.status_code == 303, answer.text


def _judge(outcome: Outcome, record: Record, batch_id: int, readers: int) -> None:
    rows = db.session.scalars(select(Message).where(Message.batch_id == batch_id)).all()
    times = Counter(one.recipient for one in record.taken())
    left = {row.to_address for row in rows if row.state == State.SENT}
    outcome.lost = readers - len(times)
    outcome.repeated = sum(times.values()) - len(times)
    outcome.counts |= Counter(str(row.state) for row in rows)
    outcome.promise(outcome.lost == 0, f"{outcome.lost} readers never got it")
    outcome.promise(outcome.repeated == 0, f"{outcome.repeated} got it twice")
    outcome.promise(left == set(times), f"{len(left ^ set(times))} on which the two differ")
    known = db.session.scalar(select(func.count()).select_from(Suppression)) or 0
    outcome.promise(known == 0, f"{known} are given up")
    finished = db.session.get_one(Batch, batch_id).finished_at
    outcome.promise(finished is not None, "the issue is not marked finished")
