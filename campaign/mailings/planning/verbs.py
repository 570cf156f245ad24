"""Verbs of planning: say how a content is to go out, send to those not reached, call off."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select

from campaign import jobs
from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.mailings import audience, queries
from campaign.mailings.ab_tests.queries import has_readers_enough
from campaign.mailings.content import Content
from campaign.mailings.merge_checks import check_words
from campaign.mailings.models import Mailing
from campaign.mailings.policy import AB_TEST_HOURS, LEAST_FOR_AN_AB_TEST
from campaign.mailings.verbs import BEGIN, lock, lock_with_content, readers
from campaign.people.models import Person
from campaign.refusals import Refusal

# Where a day ends last on Earth.
_LAST_ZONE = "Etc/GMT+12"


@dataclass(frozen=True)
class Plan:
    """How a content is to go out: to whom, when, how fast, under which subjects.

    At once, at a moment, or at an hour of a day where its readers are. `version` is the content's
    as it was seen, `after` the id of its newest mailing as it was seen, or 0. The rest is named as
    `Mailing` names it.
    """

    version: int
    after: int
    segment_id: int | None = None
    rule: dict[str, Any] = field(default_factory=dict)
    starts_at: datetime | None = None
    on_local_day: date | None = None
    at_local_hour: int | None = None
    rate: float = 0.0
    is_for_the_unreached: bool = False
    options: dict[str, str] = field(default_factory=dict)
    second_subject: str = ""
    ab_test_hours: int = AB_TEST_HOURS

    def said(self) -> dict[str, Any]:
        """Give what two presses of one button have in common, by the names of `Mailing`."""
        names = (
            "segment_id", "rule", "on_local_day", "at_local_hour", "rate", "is_for_the_unreached",
            "options", "second_subject",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def is_that_of(self, mailing: Mailing) -> bool:
        """Tell whether a mailing is the very one that is asked for: the button pressed twice."""
        if mailing.called_off_at is not None:
            return False
        if self.starts_at is not None and self.starts_at != mailing.starts_at:
            return False
        return all(getattr(mailing, name) == value for name, value in self.said().items())


class SentMeanwhile(Refusal):
    sentence = _l(
        "Somebody else has sent or planned this since you opened the page. Look at what they did "
        "before you send it once more."
    )


class TooLate(Refusal):
    status = 422
    sentence = _l("This moment is past. Choose a later one, or send it now.")


class WrongSubject(Refusal):
    """A second subject whose fields cannot be filled in; the sentence says why."""

    status = 422


class TooFewForAnABTest(Refusal):
    status = 422

    def __init__(self) -> None:
        super().__init__(
            _l(
                "For an A/B test %(least)s readers of its own language or more are needed: with "
                "fewer, chance would choose.",
                least=LEAST_FOR_AN_AB_TEST,
            )
        )


def check(content: Content, plan: Plan, *, now: datetime) -> datetime:
    """Give the moment at which a plan would begin now.

    Raises `TooLate`, `TooFewForAnABTest` or `WrongSubject` for one that could not.
    """
    if plan.second_subject:
        _check_subject(plan.second_subject)
    people = readers(content, rule=plan.rule, now=now)
    if plan.second_subject and not has_readers_enough(people, content, least=LEAST_FOR_AN_AB_TEST):
        raise TooFewForAnABTest
    return _first_moment(plan, people, now=now)


def schedule(content: Content, plan: Plan, *, by: int | None, now: datetime) -> Mailing:
    """Plan that a content goes out.

    Where the settings ask for approval, a second subject waits for it (`ab_tests.verbs.approve`).
    Pressed twice it is planned once, and both presses are given the same mailing. Raises
    `SentMeanwhile`, `TooLate`, `NobodyToSendTo`, `TooFewForAnABTest`, `WrongSubject` and what the
    content's `check_may_be_sent` raises.
    """
    content.lock()
    is_for_all = plan.segment_id is None
    plan = replace(plan, options=content.settled(plan.options, is_for_all=is_for_all))
    newest = queries.newest_of(content.kind, content.id)
    if newest is not None and newest.id != plan.after:
        if plan.is_that_of(newest):
            return newest
        raise SentMeanwhile
    content.check_may_be_sent(version=plan.version)
    starts_at = check(content, plan, now=now)
    mailing = Mailing(
        content_kind=content.kind,
        content_id=content.id,
        version=plan.version,
        starts_at=starts_at,
        ab_test_hours=plan.ab_test_hours,
        asked_at=now,
        asked_by_id=by,
        **plan.said(),
    )
    db.session.add(mailing)
    db.session.flush()
    jobs.wake_after_commit(BEGIN)
    return mailing


def _first_moment(plan: Plan, people: Select[Person], *, now: datetime) -> datetime:
    if plan.on_local_day is not None and plan.at_local_hour is not None:
        day, hour = plan.on_local_day, plan.at_local_hour
        if audience.local_moment(day, hour, _LAST_ZONE, otherwise=_LAST_ZONE) <= now:
            raise TooLate
        return max(queries.first_local_moment(people, day, hour), now)
    if plan.starts_at is not None and plan.starts_at <= now:
        raise TooLate
    return plan.starts_at or now


def _check_subject(subject: str) -> None:
    try:
        check_words(title="", subject=subject, preview="", source="")
    except Refusal as refusal:
        raise WrongSubject(refusal.sentence) from None


def send_to_those_not_reached(
    earlier: Mailing, *, after: int, by: int | None, now: datetime
) -> Mailing:
    """Send a content at once to those whom a mailing meant and no mailing of it has reached.

    Who has joined since is among them. Raises as `schedule` does, and `ContentGone`.
    """
    content = lock_with_content(earlier)
    plan = Plan(
        version=content.version,
        after=after,
        segment_id=earlier.segment_id,
        rule=dict(earlier.rule),
        rate=earlier.rate,
        is_for_the_unreached=True,
        options=dict(earlier.options),
    )
    return schedule(content, plan, by=by, now=now)


class BegunAlready(Refusal):
    sentence = _l("It has begun, so it cannot be called off. You can stop it.")


def call_off(mailing: Mailing, *, now: datetime) -> None:
    """Call a mailing off before it begins; twice is once. Raises `BegunAlready`."""
    lock(mailing)
    if mailing.queued_at is not None:
        raise BegunAlready
    mailing.called_off_at = mailing.called_off_at or now
