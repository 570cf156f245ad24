"""Settling: record what became of claimed messages, and draw the consequences."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, update
from sqlalchemy import text as sql

from campaign.db import db
from campaign.delivery import queries
from campaign.delivery.policy import LIMIT, REFUSALS_THAT_PAUSE, REFUSED_WITH_IT
from campaign.delivery.replies import Outcome, Reply
from campaign.delivery.retries import values_after
from campaign.outbox.hard_bounces.causes.verbs import withhold_run
from campaign.outbox.hard_bounces.verbs import Gone, Status, report
from campaign.outbox.mail import ClaimedMessage
from campaign.outbox.models import Batch, Message, State, address_hash
from campaign.outbox.throttles import queries as throttle_queries
from campaign.outbox.throttles import verbs as throttles_verbs
from campaign.outbox.throttles.queries import DOMAIN, RELAY
from campaign.outbox.throttles.verbs import domain_of
from campaign.outbox.verbs import pause

_MESSAGES: Any = Message.__table__

# What became of one message.
Result = tuple[ClaimedMessage, Reply]


def settle(
    results: Iterable[Result],
    *,
    sender: str,
    run: Sequence[Result] | None = None,
    now: datetime,
) -> None:
    """Record what became of messages this sender has claimed. Others' claims are not touched.

    `run` is the last of them in a row that did not leave, where it began before these.
    """
    settled = list(results)
    last = settled if run is None else list(run)
    if not settled:
        return
    sent = [
        (mail.id, reply.words[:500]) for mail, reply in settled if reply.outcome is Outcome.SENT
    ]
    _settle_sent(sent, sender=sender, now=now)
    others = [(mail, reply) for mail, reply in settled if reply.outcome is not Outcome.SENT]
    is_gone = _report_gone(others, now)
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for mail, reply in others:
        if mail.id in is_gone:
            values: dict[str, Any] = {"state": State.BOUNCED, "settled_at": now}
        else:
            values = values_after(mail, reply, now=now)
        row = {"last_reply": reply.words[:500], "claimed_by": "", "leased_until": None, **values}
        alike.setdefault(tuple(row), []).append({"message": mail.id, "sender": sender, **row})
    for rows in alike.values():
        # The names of a row's values are the columns it sets.
        db.session.connection().execute(_SETTLE, rows)
    if others:
        _withhold_gone(settled, last, now)
        _pause_refused_batches(others, last, now)
    _back_off_slow_domains(settled, now)
    _heed_relay(settled, last, now)


def _report_gone(settled: list[Result], now: datetime) -> set[int]:
    """Report who is said to be gone; give the messages that bounced by that."""
    certain = {Outcome.NO_SUCH_ADDRESS: True, Outcome.MAYBE_GONE: False}
    found = [
        Gone(
            mail.id,
            mail.batch_id,
            address_hash(mail.to),
            domain_of(mail.to),
            reply.words[:500],
            is_certain=certain[reply.outcome],
        )
        for mail, reply in settled
        if reply.outcome in certain
    ]
    statuses = report(found, now=now) if found else {}
    return {id for id, status in statuses.items() if status is not Status.COUNTED}


_SETTLE = update(_MESSAGES).where(
    _MESSAGES.c.id == bindparam("message"),
    _MESSAGES.c.state == State.SENDING,
    _MESSAGES.c.claimed_by == bindparam("sender"),
)

# Most are sent, so those are recorded in one statement, with each one's own reply.
_SENT = {
    "postgresql": """
        UPDATE outbox_message SET state = 'sent', settled_at = :at, claimed_by = '',
            leased_until = NULL, last_reply = recorded.value ->> 1
        FROM json_array_elements(CAST(:recorded AS json)) AS recorded(value)
        WHERE outbox_message.id = CAST(recorded.value ->> 0 AS integer)
            AND state = 'sending' AND claimed_by = :sender
        """,
    "sqlite": """
        UPDATE outbox_message SET state = 'sent', settled_at = :at, claimed_by = '',
            leased_until = NULL, last_reply = json_extract(recorded.value, '$[1]')
        FROM json_each(:recorded) AS recorded
        WHERE outbox_message.id = json_extract(recorded.value, '$[0]')
            -- The plus keeps SQLite from reading all that is claimed for each of these.
            AND +state = 'sending' AND +claimed_by = :sender
        """,
}
_SENT_STATEMENTS = {
    name: sql(words).bindparams(bindparam("at", type_=_MESSAGES.c.settled_at.type))
    for name, words in _SENT.items()
}


def _settle_sent(sent: list[tuple[int, str]], *, sender: str, now: datetime) -> None:
    if not sent:
        return
    recorded = json.dumps(sent).replace("\\u0000", "")
    db.session.connection().execute(
        _SENT_STATEMENTS[db.engine.dialect.name],
        {"at": now, "recorded": recorded, "sender": sender},
    )


def is_refusing(results: Iterable[Result]) -> bool:
    """Tell whether the last replies are a run of refusals, upon which nothing more is tried."""
    last = list(results)[-REFUSALS_THAT_PAUSE:]
    if len(last) < REFUSALS_THAT_PAUSE:
        return False
    outcomes = {reply.outcome for _, reply in last}
    if outcomes <= _PUT_OFF:
        return True
    batches = {mail.batch_id for mail, _ in last}
    return len(batches) == 1 and None not in batches and outcomes <= _TURNED_DOWN


# Where all are put off, or asked to wait for an hour, it is about the relay.
_PUT_OFF = {Outcome.LATER, Outcome.LIMITED, Outcome.DOMAIN_LIMITED}
_TURNED_DOWN = {Outcome.REFUSED, Outcome.NO_SUCH_ADDRESS}


def _withhold_gone(settled: list[Result], last: list[Result], now: datetime) -> None:
    """Withhold what a run of "gone" would suppress: that is rather about us, or their server."""
    for run in (last, *_runs_of_domains(settled)):
        end = run[-REFUSALS_THAT_PAUSE:]
        is_gone = {reply.outcome for _, reply in end} == {Outcome.NO_SUCH_ADDRESS}
        if is_gone and len(end) == REFUSALS_THAT_PAUSE:
            withhold_run([(mail.batch_id, domain_of(mail.to)) for mail, _ in end], now=now)


def _runs_of_domains(settled: list[Result]) -> list[list[Result]]:
    """Give what was said last of each domain of which many were said to be gone."""
    gone = Counter(
        domain_of(mail.to) for mail, reply in settled if reply.outcome is Outcome.NO_SUCH_ADDRESS
    )
    runs: dict[str, list[Result]] = {
        domain: [] for domain, number in gone.items() if number >= REFUSALS_THAT_PAUSE
    }
    for mail, reply in settled if runs else ():
        runs.get(domain_of(mail.to), []).append((mail, reply))
    return list(runs.values())


def _pause_refused_batches(settled: list[Result], last: list[Result], now: datetime) -> None:
    """Pause an issue that the relay refuses as such, and say why; it is never called finished.

    What was refused so waits with the rest: once the cause is mended it leaves.
    """
    runs: dict[int, list[int]] = {}
    for mail, reply in last:
        if mail.batch_id is None:
            continue
        run = runs.setdefault(mail.batch_id, [])
        if reply.outcome not in _TURNED_DOWN:
            run.clear()
        elif reply.outcome is Outcome.REFUSED:
            run.append(mail.id)
        if len(run) == REFUSALS_THAT_PAUSE:
            pause_refused(mail.batch_id, because=reply.words, now=now)
    refused = {
        mail.id: mail.batch_id
        for mail, reply in settled
        if reply.outcome is Outcome.REFUSED and mail.batch_id is not None
    }
    for batch_id in sorted({*refused.values(), *(id for id, run in runs.items() if run)}):
        # Whoever paused it: what others were sending meanwhile was refused with it.
        if queries.is_refused(batch_id):
            theirs = [id for id, batch in refused.items() if batch == batch_id]
            wait_with_batch(Message.id.in_([*theirs, *runs.get(batch_id, [])]))


def pause_refused(batch_id: int, *, because: str, now: datetime) -> None:
    """Pause an issue that is refused, and let what was refused just before wait with it."""
    pause(db.session.get_one(Batch, batch_id), because=because, now=now)
    wait_with_batch(
        Message.batch_id == batch_id,
        Message.settled_at >= now - REFUSED_WITH_IT,
        # Once only: what is refused for its own sake must come to an end.
        Message.tries < 2,
    )


def wait_with_batch(*where: ColumnElement[bool]) -> None:
    """Let what failed of a batch wait with the rest of it."""
    db.session.connection().execute(
        update(_MESSAGES)
        .where(_MESSAGES.c.state == State.FAILED, *where)
        .values(state=State.WAITING, settled_at=None)
    )


def _back_off_slow_domains(settled: list[Result], now: datetime) -> None:
    """Back off from a domain that throttles, longer each time; heed its first success."""
    least = {Outcome.SLOW: None, Outcome.DOMAIN_LIMITED: LIMIT}
    slow = {domain_of(mail.to): reply for mail, reply in settled if reply.outcome in least}
    for domain in sorted(slow):
        reply = slow[domain]
        throttles_verbs.back_off(
            DOMAIN + domain, because=reply.words, least=least[reply.outcome], now=now
        )
    if slow:
        return
    troubled = throttle_queries.troubled_domains()
    for domain in sorted(
        {domain_of(mail.to) for mail, reply in settled if reply.outcome is Outcome.SENT} & troubled
        if troubled
        else ()
    ):
        throttles_verbs.reset(DOMAIN + domain)


def _heed_relay(settled: list[Result], last: list[Result], now: datetime) -> None:
    """Back off from the relay after trouble on the way; go on after the first success."""
    troubles = [reply for _, reply in settled if reply.outcome is Outcome.RELAY]
    if not troubles and is_refusing(last) and last[-1][1].outcome in _PUT_OFF:
        # It puts everybody off: that is about the relay, and asking faster helps nobody.
        troubles = [last[-1][1]]
    if troubles:
        throttles_verbs.back_off(RELAY, because=troubles[-1].words, now=now)
    elif throttle_queries.is_troubled(RELAY) and any(r.outcome not in _PUT_OFF for _, r in settled):
        throttles_verbs.reset(RELAY)


def release(mails: Iterable[ClaimedMessage], *, sender: str) -> None:
    """Release what was claimed and never tried."""
    ids = [mail.id for mail in mails]
    if ids:
        db.session.connection().execute(
            update(_MESSAGES)
            .where(
                _MESSAGES.c.id.in_(ids),
                _MESSAGES.c.state == State.SENDING,
                _MESSAGES.c.claimed_by == sender,
            )
            .values(**RELEASED)
        )


# What a claim changed, put back.
RELEASED = {
    "state": State.WAITING,
    "claimed_by": "",
    "leased_until": None,
    "tries": _MESSAGES.c.tries - 1,
}
