"""Questions about automations: how each is set, who is due, to how many it has gone."""

from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, Select, exists, literal, select

from campaign import approval
from campaign.content_checks.content_lint import Finding
from campaign.counts.queries import all_numbers, number
from campaign.db import db
from campaign.languages import own_languages
from campaign.mailings import readiness
from campaign.mailings.audience import recipients
from campaign.newsletter.automations import mails
from campaign.newsletter.automations.catalogue import (
    BUILT_IN,
    DIGEST,
    REMINDER,
    is_step,
    words_in,
)
from campaign.newsletter.automations.models import (
    ENROLLED,
    STEPS_SENT,
    Automation,
    DigestSent,
    Enrolment,
    StepSent,
)
from campaign.newsletter.policy import DIGEST_HOUR, DIGEST_WEEK, DIGEST_WEEKDAY
from campaign.people.models import Person, Purpose, Rhythm, Subscription
from campaign.people.queries import language_among
from campaign.segments.queries import audience

# Looked for once more: what began while the last sweep looked may not have been saved yet.
_AGAIN = timedelta(days=1)


def automations() -> list[Automation]:
    """List every automation as it is set: the steps of the welcome by day, then the others."""
    rows = {row.key: row for row in db.session.scalars(select(Automation))}
    every = [rows.get(key) or as_it_comes(key) for key in BUILT_IN]
    every += [row for key, row in rows.items() if key not in BUILT_IN]
    return sorted(
        every, key=lambda one: (one.key == REMINDER, one.key == DIGEST, one.days, one.key)
    )


def automation(key: str) -> Automation | None:
    """Find an automation as it is set."""
    row = db.session.get(Automation, key)
    return as_it_comes(key) if row is None and key in BUILT_IN else row


def as_it_comes(key: str) -> Automation:
    """Give an automation that nobody has touched; it is no row."""
    built_in = BUILT_IN[key]
    return Automation(
        key=key,
        is_on=built_in.is_on,
        days=built_in.days,
        week=DIGEST_WEEK,
        weekday=DIGEST_WEEKDAY,
        hour=DIGEST_HOUR,
        version=0,
        approved_words="",
        texts=[],
    )


def to_mend(app: Flask, automation: Automation, language: str, *, now: datetime) -> list[Finding]:
    """Say what a check finds in an automation in one language; nothing where it has no words.

    Links to pages of ours that are not there are among it; other sites are not asked.
    """
    words = words_in(automation, language)
    if not words.source:
        return []
    html = mails.variant(automation, language).html
    return [
        *readiness.dead_ends(app, [words.source]),
        *readiness.findings(
            subject=words.subject, source=words.source, language=language, html=html, now=now
        ),
    ]


def goes(automation: Automation) -> bool:
    """Tell whether an automation goes out: it is on, and approved where the settings ask."""
    return automation.is_on and not needs_approval(automation)


def needs_approval(automation: Automation) -> bool:
    """Tell whether the settings ask for an approval that the words of a mail do not have.

    What is on from the first, in the words of the program, was switched on by nobody here.
    """
    if not approval.is_asked_for() or automation.is_approved:
        return False
    built_in = BUILT_IN.get(automation.key)
    is_as_it_came = not automation.texts and automation.switched_on_at is None
    return not (built_in is not None and built_in.is_on and automation.is_on and is_as_it_came)


def steps() -> list[Automation]:
    """List the steps of the welcome that go out."""
    return [one for one in automations() if is_step(one.key) and goes(one)]


def due(step: Automation, *, now: datetime) -> Select[Any]:
    """Find who is to get a step of the welcome now, as `outbox.verbs.queue_batch` asks.

    Those whose day has come since it was switched on, who subscribe still, want more than a mail
    a month, and have not had it.
    """
    people = audience(Purpose.NEWSLETTER, rule={}, now=now).join(
        Enrolment, Enrolment.person_id == Person.id
    )
    people = people.where(
        Enrolment.started_at <= now - timedelta(days=step.days),
        Subscription.rhythm != Rhythm.MONTHLY,
        ~exists().where(StepSent.key == step.key, StepSent.person_id == Person.id),
    )
    since = max(
        (moment for moment in (step.switched_on_at, _before(step.swept_at)) if moment),
        default=None,
    )
    if since is not None:
        people = people.where(Enrolment.started_at >= since - timedelta(days=step.days))
    return recipients(people, variant=_text_for())


def _before(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment - _AGAIN


def digest_audience(*, now: datetime) -> Select[Any]:
    """Find all who get the digest, as `outbox.verbs.queue_batch` asks."""
    return recipients(audience(Purpose.NEWSLETTER, rule={}, now=now), variant=_text_for())


def _text_for() -> ColumnElement[str]:
    """Give the key of the text a reader gets: in their language, else in the campaign's first.

    Who reads Austrian German gets the German text where there is no Austrian one.
    """
    first, *others = own_languages()
    if not others:
        return literal(first)
    return language_among((first, *others), otherwise=first)


def is_anybody(audience: Select[Any]) -> bool:
    """Tell whether an audience has at least one reader."""
    return db.session.execute(audience.limit(1)).first() is not None


def not_enrolled(rule: dict[str, Any], *, now: datetime) -> Select[Any]:
    """Find the subscribers meant by a rule whose welcome has not begun."""
    is_enrolled = exists().where(Enrolment.person_id == Person.id)
    return audience(Purpose.NEWSLETTER, rule=rule, now=now).where(~is_enrolled)


def number_enrolled() -> int:
    """Tell for how many people the welcome has begun."""
    return number(ENROLLED)


def steps_sent() -> dict[str, int]:
    """Tell to how many each step of the welcome has gone."""
    return all_numbers(STEPS_SENT)


def digests_sent() -> list[DigestSent]:
    """List the months whose mail was queued, the latest first."""
    return list(db.session.scalars(select(DigestSent).order_by(DigestSent.month.desc()).limit(12)))
