"""Retries: what a reply means for its message: tried again, and when, or given up."""

import random
from datetime import datetime, timedelta
from typing import Any

from campaign.delivery.policy import BACK_OFF, GIVE_UP, LIMIT, LIMITED_GIVE_UP
from campaign.delivery.replies import Outcome, Reply
from campaign.outbox.mail import ClaimedMessage
from campaign.outbox.models import State


def values_after(mail: ClaimedMessage, reply: Reply, *, now: datetime) -> dict[str, Any]:
    """Give the state of a message after a reply, when it is tried again, and what else changes."""
    match reply.outcome:
        case Outcome.REFUSED:
            return {"state": State.FAILED, "settled_at": now}
        case Outcome.RELAY:
            return _relay_values(mail, reply, now)
        case Outcome.LIMITED if now - mail.queued_at <= LIMITED_GIVE_UP:
            due = now + LIMIT * random.uniform(1.0, 1.2)  # noqa: S311  # jitter, not a secret
            return {"state": State.WAITING, "tries": mail.tries - 1, "due_at": due}
        case Outcome.DOMAIN_LIMITED if now - mail.queued_at <= LIMITED_GIVE_UP:
            return {"state": State.WAITING, "tries": mail.tries - 1}
        case Outcome.SLOW if now - mail.queued_at <= GIVE_UP:
            # It waits with its domain (`settling`): it is not the person's fault.
            return {"state": State.WAITING, "tries": mail.tries - 1}
    return _later(mail, now)


def _relay_values(mail: ClaimedMessage, reply: Reply, now: datetime) -> dict[str, Any]:
    """Judge a message on whose way the relay was lost.

    Where the relay had begun with it, the trouble may be its own: it goes behind the others, so
    that one message on which a relay always hangs up stops no other. Where it had not, it waits
    as it was, and the try does not count.
    """
    if reply.was_begun:
        values = _later(mail, now)
    elif now - mail.queued_at > GIVE_UP:
        values = {"state": State.FAILED, "settled_at": now}
    else:
        values = {"state": State.WAITING, "tries": mail.tries - 1}
    return {**values, "is_uncertain": True} if reply.is_uncertain else values


def _later(mail: ClaimedMessage, now: datetime) -> dict[str, Any]:
    if now - mail.queued_at > GIVE_UP:
        return {"state": State.FAILED, "settled_at": now}
    return {"state": State.RETRY, "due_at": now + _back_off(mail.tries)}


def _back_off(tries: int) -> timedelta:
    step = BACK_OFF[min(max(tries, 1), len(BACK_OFF)) - 1]
    return step * random.uniform(0.8, 1.2)  # noqa: S311  # jitter, not a secret
