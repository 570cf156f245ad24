"""What the desk asks of the rooms: the week beside the one before, what comes, what is amiss."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, func, select

from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.outbox import ledger
from campaign.outbox.models import Batch, Lane, Message, State
from campaign.outbox.queries import counts
from campaign.people.models import Purpose, Subscription

WEEK = 7


@dataclass(frozen=True)
class Figure:
    """What happened on each of the last fourteen days, today the last."""

    label: Any
    days: list[tuple[date, int]]

    @property
    def this_week(self) -> int:
        """Count the last seven days, today among them."""
        return sum(number for _, number in self.days[WEEK:])

    @property
    def last_week(self) -> int:
        """Count the seven days before."""
        return sum(number for _, number in self.days[:WEEK])


@dataclass(frozen=True)
class Desk:
    """All that the desk shows."""

    figures: list[Figure]
    outbox: dict[str, int]
    lane: Lane | None
    paused: list[Batch]


def desk(*, now: datetime) -> Desk:
    """Give what the desk shows."""
    return Desk(
        figures=figures(now=now),
        outbox=counts(),
        lane=ledger.troubled_lane(),
        paused=ledger.paused_batches(),
    )


def figures(*, now: datetime) -> list[Figure]:
    """Count what people did and what left, day by day."""
    news = Subscription.purpose == Purpose.NEWSLETTER
    measures: list[tuple[Any, Any, Sequence[ColumnElement[bool]]]] = [
        (_l("new subscribers"), Subscription.confirmed_at, [news]),
        (_l("left the newsletter"), Subscription.left_at, [news]),
        (_l("mails left"), Message.settled_at, [Message.state == State.LEFT]),
        (_l("mails failed"), Message.settled_at, [Message.state == State.FAILED]),
    ]
    zone = ZoneInfo(current_app.config["TIMEZONE"])
    return [
        Figure(label, _by_day(moment, where, now=now, zone=zone))
        for label, moment, where in measures
    ]


def _by_day(
    moment: Any, where: Sequence[ColumnElement[bool]], *, now: datetime, zone: ZoneInfo
) -> list[tuple[date, int]]:
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(2 * WEEK - 1, -1, -1)]
    starts = [datetime.combine(day, time(), zone) for day in [*days, today + timedelta(days=1)]]
    # One look at the rows for all days; each database has its own idea of what a day is.
    numbers = db.session.execute(
        select(
            *[func.count().filter(moment >= start, moment < end) for start, end in pairwise(starts)]
        ).where(moment >= starts[0], *where)
    ).one()
    return list(zip(days, numbers, strict=True))
