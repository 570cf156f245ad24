"""What the desk asks of the rooms: the week beside the one before, what comes, what is amiss."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, or_, select

from campaign.counts.queries import between, number_differing
from campaign.counts.registry import Counted
from campaign.db import count_of, db
from campaign.events import queries as events_queries
from campaign.events.models import Event
from campaign.events.sign_ups.models import CONFIRMED_BY_TIME
from campaign.events.sign_ups.queries import seats_taken
from campaign.inbound import queries as inbound_queries
from campaign.languages import lazy_gettext as _l
from campaign.languages import short_date
from campaign.letters.models import LETTERS_CONFIRMED_BY_TIME, LETTERS_SENT_BY_TIME
from campaign.newsletter.models import Issue
from campaign.newsletter.queries import search_issues
from campaign.office.policy import NEWEST_ISSUES, NEXT_EVENTS, SHOULD_HAVE_LEFT
from campaign.outbox import ledger
from campaign.outbox.hard_bounces import queries as hard_bounces_queries
from campaign.outbox.hard_bounces.models import Cause
from campaign.outbox.models import FAILED_BY_TIME, OPEN, SENT_BY_TIME, Batch, State
from campaign.outbox.queries import counts, oldest_waiting
from campaign.outbox.throttles.models import Throttle
from campaign.outbox.throttles.queries import troubled_relay
from campaign.people.models import LEFT_BY_TIME, SUBSCRIBED_BY_TIME
from campaign.summits.models import Post
from campaign.summits.policy import STALE_AFTER, UNUSED_AFTER

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
    # How many kept numbers were not what the rows said when they were last compared.
    wrong_counts: int

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
    """Tell what people did and what was sent, day by day."""
    measures: list[tuple[Any, Counted]] = [
        (_l("Sign-ups for events"), CONFIRMED_BY_TIME),
        (_l("New subscribers"), SUBSCRIBED_BY_TIME),
        (_l("Subscribers who left"), LEFT_BY_TIME),
        (_l("Letters confirmed"), LETTERS_CONFIRMED_BY_TIME),
        (_l("Letters sent"), LETTERS_SENT_BY_TIME),
        (_l("Mails sent"), SENT_BY_TIME),
        (_l("Mails that failed"), FAILED_BY_TIME),
    ]
    zone = ZoneInfo(current_app.config["TIMEZONE"])
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(2 * WEEK - 1, -1, -1)]
    begins = [datetime.combine(day, time(), zone) for day in [*days, today + timedelta(days=1)]]
    found = between([kind for _label, kind in measures], begins)
    return [
        Figure(label, list(zip(days, found[kind.name], strict=True))) for label, kind in measures
    ]


def next_events(*, now: datetime) -> list[Coming]:
    """Find the events that come next, each with the seats taken."""
    ahead = events_queries.coming(events_queries.horizon(now)).some(NEXT_EVENTS)
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
        wrong_counts=number_differing(),
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
