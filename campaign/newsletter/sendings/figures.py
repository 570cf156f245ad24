"""Figures: what became of an issue's going out, by the ledger and conversions, never by spying."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from campaign.attribution import codes
from campaign.attribution.models import Conversion
from campaign.attribution.queries import came_from
from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.languages import local, short_date, wall_time
from campaign.newsletter.models import Issue, Sending
from campaign.newsletter.sendings import queries
from campaign.newsletter.sendings.audience import HALVES
from campaign.newsletter.sendings.models import Reading
from campaign.outbox.models import OPEN, Batch, Message, State
from campaign.outbox.suppressions.models import Suppression
from campaign.people.models import Person, Purpose, Subscription

# Who leaves later than this does so for another reason than the issue.
WATCHED = timedelta(days=7)
COMPLAINT = "complaint"
MOST_REPLIES = 10
# Of a reply so much is compared: codes and the first words, before what differs for each.
_COMPARED = 120
# The code stands in these, and nothing that differs for each: "550 5.1.1", "DSN: 5.1.1".
_CODES = 11
# The chart has no more bars than fit a phone.
_MOST_BARS = 60


@dataclass(frozen=True)
class Counts:
    """How many messages of a sending are in each state."""

    by_state: dict[str, int]

    def of(self, *states: str) -> int:
        """Count the messages in some states."""
        return sum(self.by_state.get(state, 0) for state in states)

    @property
    def queued(self) -> int:
        """Count all that were put into the outbox."""
        return sum(self.by_state.values())

    @property
    def gone(self) -> int:
        """Count those that left us, whether they came back or not."""
        return self.of(State.SENT, State.BOUNCED)

    @property
    def delivered(self) -> int:
        """Count those that left and did not come back, so far as is known."""
        return self.of(State.SENT)

    @property
    def still_open(self) -> int:
        """Count those that may still leave."""
        return self.of(*OPEN)

    @property
    def unreached(self) -> int:
        """Count those that will not leave, or came to nothing."""
        return self.of(State.FAILED, State.WITHHELD)


def counts(batches: Sequence[Batch]) -> Counts:
    """Count the messages of some batches by their state, from the index alone."""
    return _counted([batch.id for batch in batches])


def counts_of_issue(issue_id: int) -> Counts:
    """Count the messages of all sendings of an issue by their state."""
    return _counted(queries.batches_of(issue_id))


def _counted(numbers: list[int]) -> Counts:
    query = (
        select(Message.state, func.count())
        .where(Message.batch_id.in_(numbers))
        .group_by(Message.state)
    )
    return Counts(dict(db.session.execute(query).all()) if numbers else {})


# What the status codes of a bounce mean (RFC 3463), by the beginnings of the code.
_KINDS: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("1.",), _l("There is no such address")),
    (("2.2", "2.3"), _l("The mailbox is full")),
    (("2.",), _l("The mailbox takes no mail")),
    (("3.", "4."), _l("The other mail server cannot be reached")),
    (("7.",), _l("Refused by a rule of the other mail server")),
)
_OTHER = _l("For another reason")
_CODE = re.compile(r"\b[45]\.(\d{1,3}\.\d{1,3})\b")
# What differs from one reply to the next: addresses, numbers of messages, links.
_DIFFERS = re.compile(r"<[^<>]*>|\S*@\S*|https?://\S+|\b(?=\w*\d)(?=\w*[a-zA-Z])[\w.-]{8,}\b")


def bounces_by_kind(batches: Sequence[Batch]) -> list[tuple[Any, int]]:
    """Count what came back by why it did, the most frequent first."""
    kinds: Counter[Any] = Counter()
    for reply, number in _replies(batches, State.BOUNCED, start=_CODES):
        kinds[_kind_of(reply)] += number
    return kinds.most_common()


def _kind_of(reply: str) -> Any:
    found = _CODE.search(reply)
    code = found[1] if found else ""
    for beginnings, kind in _KINDS:
        if code.startswith(beginnings):
            return kind
    # Old servers answer without a code of three parts: 550 is "no such mailbox" (RFC 5321 4.2.3).
    return _KINDS[0][1] if not code and reply.startswith("550") else _OTHER


def replies_to(batches: Sequence[Batch], *states: State) -> list[tuple[str, int]]:
    """Group what was said of messages in some states, without addresses; the most frequent first.

    What is rarer than the first ten stands together at the end.
    """
    groups: Counter[str] = Counter()
    for reply, number in _replies(batches, *states, start=_COMPARED):
        groups[" ".join(_DIFFERS.sub("…", reply).split())] += number
    most = groups.most_common(MOST_REPLIES)
    rest = sum(groups.values()) - sum(number for _reply, number in most)
    return [*most, ("…", rest)] if rest else most


def _replies(batches: Sequence[Batch], *states: State, start: int) -> Iterable[tuple[str, int]]:
    beginning = func.substr(Message.last_reply, 1, start)
    rows = db.session.execute(
        select(beginning, func.count())
        .where(
            Message.batch_id.in_([batch.id for batch in batches]),
            Message.state.in_(states),
        )
        .group_by(beginning)
    )
    return [(reply, number) for reply, number in rows]


@dataclass(frozen=True)
class Leaver:
    """Somebody who left the list with an issue as the last they had got: when, and which text."""

    left_at: datetime
    variant: str


def leavers(batches: Sequence[Batch], *, now: datetime) -> list[Leaver]:
    """Find who left the list within a week, with this as the last issue they had got."""
    if not batches:
        return []
    variant = _text_of(Subscription.person_id, batches, Subscription.left_at)
    rows = db.session.execute(
        select(Subscription.left_at, variant)
        .where(
            Subscription.purpose == Purpose.NEWSLETTER,
            Subscription.left_at >= _first(batches),
            Subscription.left_at <= _watched_until(batches, now=now),
        )
        .order_by(Subscription.left_at)
    )
    return [Leaver(left_at, got) for left_at, got in rows if left_at is not None and got]


def complaints(batches: Sequence[Batch], *, now: datetime) -> list[str]:
    """Give the text that each got who, within a week, reported this issue as unwanted."""
    if not batches:
        return []
    person = (
        select(Person.id)
        .where(Person.address_hash == Suppression.address_hash)
        .limit(1)
        .correlate(Suppression)
        .scalar_subquery()
    )
    found = db.session.scalars(
        select(_text_of(person, batches, Suppression.since)).where(
            Suppression.reason == COMPLAINT,
            Suppression.since >= _first(batches),
            Suppression.since <= _watched_until(batches, now=now),
        )
    )
    return [got for got in found if got]


def _text_of(person: Any, batches: Sequence[Batch], moment: Any) -> Any:
    """Give the text of the batches that somebody got, if it was their last issue before a moment.

    As a question within the question: so a database begins with the few who left, and not with
    the million to whom the issue went.
    """
    message, later = aliased(Message), aliased(Message)
    came_between = (
        select(later.id)
        .where(
            later.person_id == message.person_id,
            later.kind == Purpose.NEWSLETTER.value,
            later.batch_id.is_not(None),
            later.state == State.SENT,
            later.settled_at > message.settled_at,
            later.settled_at <= moment,
        )
        .correlate_except(later)
    )
    return (
        select(message.variant)
        .where(
            message.person_id == person,
            message.batch_id.in_([batch.id for batch in batches]),
            message.state.in_([State.SENT, State.BOUNCED]),
            message.settled_at <= moment,
            ~came_between.exists(),
        )
        .limit(1)
        .correlate_except(message)
        .scalar_subquery()
    )


def _first(batches: Sequence[Batch]) -> datetime:
    return min(batch.queued_at for batch in batches)


def _watched_until(batches: Sequence[Batch], *, now: datetime) -> datetime:
    return max(batch.finished_at or now for batch in batches) + WATCHED


@dataclass(frozen=True)
class Half:
    """One of two subjects that are tried, and what came of it."""

    key: str
    subject: str
    gone: int
    conversions: int
    left_list: int
    complained: int

    @property
    def by_conversions(self) -> float:
        """Give what its readers did, for each of them."""
        return self.conversions / self.gone if self.gone else 0.0

    @property
    def by_trouble(self) -> float:
        """Give how many of its readers it drove away, for each of them."""
        return (self.left_list + self.complained) / self.gone if self.gone else 0.0


def halves(sending: Sending, *, now: datetime) -> list[Half]:
    """Compare the two subjects of a trial by what their readers did; nothing for no trial."""
    trial = db.session.get(Batch, sending.trial_batch_id or 0)
    if trial is None:
        return []
    issue = db.session.get_one(Issue, sending.issue_id)
    gone = dict(
        db.session.execute(
            select(Message.variant, func.count())
            .where(Message.batch_id == trial.id, Message.state.in_([State.SENT, State.BOUNCED]))
            .group_by(Message.variant)
        ).all()
    )
    left = Counter(leaver.variant for leaver in leavers([trial], now=now))
    complained = Counter(complaints([trial], now=now))
    found = []
    for half, subject in zip(HALVES, (issue.text.subject, sending.trial_subject), strict=True):
        key = f"{issue.language}/{half}"
        conversions = came_from([codes.code_of(issue.slug, half=half)])
        found.append(
            Half(
                half,
                subject,
                gone.get(key, 0),
                sum(conversions.values()),
                left[key],
                complained[key],
            )
        )
    return found


def better(halves: Sequence[Half]) -> str:
    """Name the better half: more conversions a reader; else fewer driven away; else the first."""
    best = max(
        halves, key=lambda half: (half.by_conversions, -half.by_trouble, half.key == HALVES[0])
    )
    return best.key


def conversions_of(issue: Issue) -> dict[Conversion, int]:
    """Count what people did who came by the links of an issue."""
    return came_from(codes.codes_of(issue.slug))


Point = tuple[datetime, int]


def course(
    sending: Sending, batches: Sequence[Batch], readings: Sequence[Reading], counts: Counts,
    *, now: datetime,
) -> list[Point]:  # fmt: skip
    """Tell how many had left at which moments: at first, at each reading, and at last."""
    if sending.queued_at is None:
        return []
    unfinished = [batch for batch in batches if batch.finished_at is None]
    last = now if unfinished else max(batch.finished_at or now for batch in batches)
    points = [(sending.queued_at, 0)]
    points += [
        (reading.read_at, reading.left)
        for reading in readings
        if sending.queued_at < reading.read_at < last
    ]
    return [*points, (max(last, points[-1][0]), counts.gone)]


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def step_of(course: Sequence[Point]) -> timedelta:
    """Choose what one bar stands for, so that a chart has few enough to be read."""
    span = course[-1][0] - course[0][0] if course else timedelta(0)
    return next((step for step in (MINUTE, HOUR) if span <= _MOST_BARS * step), DAY)


def left_by_time(course: Sequence[Point], *, zone: str) -> list[tuple[str, int]]:
    """Count what left in each minute, hour or day (`step_of`)."""
    if len(course) < 2:
        return []
    step = step_of(course)
    name = {MINUTE: _hour, HOUR: _day_and_hour, DAY: _day}[step]
    bars: dict[datetime, int] = {}
    moment = _floor(course[0][0], step, zone)
    while moment <= course[-1][0]:
        bars[moment] = 0
        moment += step
    for (_before, had), (at, has) in pairwise(course):
        # What is put back after a fault may make a count fall: that is no leaving.
        bars[_floor(at, step, zone)] = bars.get(_floor(at, step, zone), 0) + max(has - had, 0)
    return [(name(local(moment, zone)), number) for moment, number in sorted(bars.items())]


def _hour(moment: datetime) -> str:
    return wall_time(moment)


def _day_and_hour(moment: datetime) -> str:
    return f"{short_date(moment)}, {wall_time(moment)}"


def _day(moment: datetime) -> str:
    return short_date(moment)


def _floor(moment: datetime, step: timedelta, zone: str) -> datetime:
    offset = local(moment, zone).utcoffset() or timedelta(0)
    seconds = int((moment.timestamp() + offset.total_seconds()) // step.total_seconds())
    whole = seconds * step.total_seconds() - offset.total_seconds()
    return datetime.fromtimestamp(whole, moment.tzinfo)


def left_list_by_day(leavers: Sequence[Leaver], *, zone: str) -> list[tuple[str, int]]:
    """Count who left the list on each day, from the first of them to the last."""
    days = Counter(local(leaver.left_at, zone).date() for leaver in leavers)
    if not days:
        return []
    first, last = min(days), max(days)
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [(short_date(day), days[day]) for day in every]


def remaining(
    course: Sequence[Point], counts: Counts, *, rate: float, last_due: datetime | None,
    now: datetime,
) -> timedelta | None:  # fmt: skip
    """Estimate how long a sending still takes; None where nothing tells.

    By how fast it went in the last minutes, and no sooner than the last message is due.
    """
    if not counts.still_open:
        return None
    recent = [point for point in course if point[0] >= now - timedelta(minutes=10)]
    start = recent[0] if len(recent) > 1 else course[0]
    seconds = (course[-1][0] - start[0]).total_seconds()
    speed = (course[-1][1] - start[1]) / seconds if seconds > 0 else 0.0
    speed = min(speed, rate) if rate else speed
    waits = last_due - now if last_due is not None else timedelta(0)
    if not speed:
        return max(waits, timedelta(0)) or None
    return max(timedelta(seconds=counts.still_open / speed), waits)


def last_due(batches: Sequence[Batch]) -> datetime | None:
    """Tell when the last of what waits is due."""
    return db.session.scalar(
        select(func.max(Message.due_at)).where(
            Message.batch_id.in_([batch.id for batch in batches]),
            Message.state.in_([State.WAITING, State.RETRY]),
        )
    )
