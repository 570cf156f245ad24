"""What the desk asks of the rooms: the week beside the one before, what comes, what is amiss."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, func, or_, select

from campaign.db import count_of, db
from campaign.events import queries as events_queries
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUp
from campaign.events.sign_ups.queries import seats_taken
from campaign.inbound import queries as inbound_queries
from campaign.languages import lazy_gettext as _l
from campaign.languages import short_date
from campaign.letters.models import Letter
from campaign.newsletter.models import Issue
from campaign.newsletter.queries import search_issues
from campaign.office.policy import SHOULD_HAVE_LEFT
from campaign.outbox import ledger
from campaign.outbox.hard_bounces import queries as hard_bounces_queries
from campaign.outbox.hard_bounces.models import Cause
from campaign.outbox.models import OPEN, Batch, Message, State
from campaign.outbox.queries import counts, oldest_waiting
from campaign.outbox.throttles.models import Throttle
from campaign.outbox.throttles.queries import troubled_relay
from campaign.people.models import Purpose, Subscription
from campaign.summits.models import Post
from campaign.summits.policy import STALE_AFTER, UNUSED_AFTER

WEEK = 7
_FAILED = (State.FAILED, State.BOUNCED)
NEXT_EVENTS = 8
NEWEST_ISSUES = 5


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

    @property
    def points(self) -> list[tuple[str, int]]:
        """Give the days by their names, for a chart."""
        return [(short_date(day), number) for day, number in self.days]


@dataclass(frozen=True)
class Coming:
    """An event ahead, and how many seats are taken at it."""

    event: Event
    taken: int


@dataclass(frozen=True)
class HeldBack:
    """Readers who were said to be gone all at once, and nobody has looked yet."""

    cause: Cause
    number: int
    words: str


@dataclass(frozen=True)
class Concerns:
    """What needs a look."""

    failed: int
    waited: timedelta | None
    relay: Throttle | None
    paused: list[Batch]
    held_back: list[HeldBack]
    stale_posts: int
    bounced_posts: int
    has_unknown_proxy: bool
    mails_in: int
    # Of these, how many are erased before long because nobody looks.
    mails_expiring: int
    unverified: int

    def __bool__(self) -> bool:
        return any(vars(self).values())


@dataclass(frozen=True)
class Desk:
    """All that the desk shows."""

    figures: list[Figure]
    waiting: int
    events: list[Coming]
    issues: list[Issue]
    concerns: Concerns

    @property
    def charts(self) -> list[Figure]:
        """Choose what is drawn: one figure of each journey."""
        sign_ups, subscribers, _left, letters, *_rest = self.figures
        return [sign_ups, subscribers, letters]


def desk(*, has_unknown_proxy: bool = False, now: datetime) -> Desk:
    """Give what the desk shows; a proxy that the settings do not know is seen at the door."""
    outbox = counts()
    return Desk(
        figures=figures(now=now),
        waiting=sum(outbox[state] for state in OPEN),
        events=next_events(now=now),
        issues=list(db.session.scalars(search_issues().limit(NEWEST_ISSUES))),
        concerns=concerns(
            failed=outbox[State.FAILED], has_unknown_proxy=has_unknown_proxy, now=now
        ),
    )


def figures(*, now: datetime) -> list[Figure]:
    """Count what people did and what was sent, day by day."""
    news = Subscription.purpose == Purpose.NEWSLETTER
    measures: list[tuple[Any, Any, Sequence[ColumnElement[bool]]]] = [
        (_l("Sign-ups for events"), SignUp.confirmed_at, []),
        (_l("New subscribers"), Subscription.confirmed_at, [news]),
        (_l("Subscribers who left"), Subscription.left_at, [news]),
        (_l("Letters confirmed"), Letter.confirmed_at, []),
        (_l("Letters sent"), Letter.sent_at, []),
        (_l("Mails sent"), Message.settled_at, [Message.state == State.SENT]),
        (_l("Mails that failed"), Message.settled_at, [Message.state.in_(_FAILED)]),
    ]
    zone = ZoneInfo(current_app.config["TIMEZONE"])
    return [
        Figure(label, _by_day(moment, where, now=now, zone=zone))
        for label, moment, where in measures
    ]


def next_events(*, now: datetime) -> list[Coming]:
    """Find the events that come next, each with the seats taken."""
    ahead = events_queries.upcoming(now=now)[:NEXT_EVENTS]
    taken = seats_taken(event.id for event in ahead)
    return [Coming(event, taken[event.id]) for event in ahead]


def concerns(*, failed: int, has_unknown_proxy: bool, now: datetime) -> Concerns:
    """Find what is amiss, or will be if nobody looks."""
    waited = oldest_waiting(now=now)
    held = _held_back()
    # Of what stands still for these it is said once.
    explained = {number for one in held for number in hard_bounces_queries.batches_of(one.cause)}
    return Concerns(
        failed=failed,
        waited=waited if waited > SHOULD_HAVE_LEFT else None,
        relay=troubled_relay(),
        paused=[one for one in ledger.paused_batches() if one.id not in explained],
        held_back=held,
        stale_posts=_posts_in_use(now, Post.seen_on < now.date() - STALE_AFTER),
        bounced_posts=_posts_in_use(now, Post.bounced_at.is_not(None)),
        mails_in=inbound_queries.number_waiting(),
        has_unknown_proxy=has_unknown_proxy,
        mails_expiring=inbound_queries.number_expiring(now=now),
        unverified=inbound_queries.number_unverified(since=now - timedelta(days=WEEK)),
    )


def _held_back() -> list[HeldBack]:
    causes = hard_bounces_queries.withheld()
    numbers = hard_bounces_queries.number_of(causes)
    words = {cause.id: hard_bounces_queries.words_of(cause) for cause in causes}
    return [
        HeldBack(cause, numbers[cause.id], words[cause.id][0][0] if words[cause.id] else "")
        for cause in causes
    ]


def _posts_in_use(now: datetime, *where: ColumnElement[bool]) -> int:
    today = now.date()
    return count_of(
        select(Post.id).where(
            Post.email != "",
            Post.stopped_at.is_(None),
            Post.seen_on >= today - UNUSED_AFTER,
            or_(Post.valid_until.is_(None), Post.valid_until >= today),
            *where,
        )
    )


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
