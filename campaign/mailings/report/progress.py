"""The craft of progress: how far a mailing had come by when, as a chart, and how long it takes."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from campaign.languages import local, short_date, wall_time
from campaign.mailings.models import Mailing, ProgressSample
from campaign.mailings.policy import PACE_JUDGED_BY
from campaign.mailings.report.queries import Leaver
from campaign.outbox.models import Batch

# The chart has no more bars than fit a phone.
_MOST_BARS = 60

Point = tuple[datetime, int]


def progress(
    mailing: Mailing, batches: Sequence[Batch], samples: Sequence[ProgressSample], sent: int,
    *, now: datetime,
) -> list[Point]:  # fmt: skip
    """Tell how many were sent by which moments: at first, at each sample, and at last."""
    if mailing.queued_at is None:
        return []
    unfinished = [batch for batch in batches if batch.finished_at is None]
    last = now if unfinished else max(batch.finished_at or now for batch in batches)
    points = [(mailing.queued_at, 0)]
    points += [
        (sample.sampled_at, sample.sent)
        for sample in samples
        if mailing.queued_at < sample.sampled_at < last
    ]
    return [*points, (max(last, points[-1][0]), sent)]


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def step_of(progress: Sequence[Point]) -> timedelta:
    """Choose what one bar stands for, so that a chart has few enough to be read."""
    span = progress[-1][0] - progress[0][0] if progress else timedelta(0)
    return next((step for step in (MINUTE, HOUR) if span <= _MOST_BARS * step), DAY)


def sent_by_time(progress: Sequence[Point], *, zone: str) -> list[tuple[str, int]]:
    """Count what was sent in each minute, hour or day (`step_of`)."""
    if len(progress) < 2:
        return []
    step = step_of(progress)
    name = {MINUTE: _hour, HOUR: _day_and_hour, DAY: _day}[step]
    bars: dict[datetime, int] = {}
    moment = _floor(progress[0][0], step, zone)
    while moment <= progress[-1][0]:
        bars[moment] = 0
        moment += step
    for (_before, had), (at, has) in pairwise(progress):
        # What is put back after a fault may make a count fall: that is no sending.
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
    progress: Sequence[Point], still_open: int, *, rate: float, last_due: datetime | None,
    now: datetime,
) -> timedelta | None:  # fmt: skip
    """Estimate how long a mailing still takes; None where nothing tells.

    By how fast it went in the last minutes, and no sooner than the last message is due.
    """
    if not still_open:
        return None
    recent = [point for point in progress if point[0] >= now - PACE_JUDGED_BY]
    start = recent[0] if len(recent) > 1 else progress[0]
    seconds = (progress[-1][0] - start[0]).total_seconds()
    speed = (progress[-1][1] - start[1]) / seconds if seconds > 0 else 0.0
    speed = min(speed, rate) if rate else speed
    waits = last_due - now if last_due is not None else timedelta(0)
    if not speed:
        return max(waits, timedelta(0)) or None
    return max(timedelta(seconds=still_open / speed), waits)
