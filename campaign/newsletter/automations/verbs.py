"""Verbs of automations: time, approve, switch; greet, send what is due, remind."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, literal, select

from campaign import approval
from campaign.db import Moment, db, insert_missing, upsert
from campaign.languages import lazy_gettext as _l
from campaign.languages import own_languages
from campaign.mailings.merge_checks import check_words
from campaign.newsletter.automations import mails, queries
from campaign.newsletter.automations.catalogue import (
    BUILT_IN,
    DIGEST,
    REMINDER,
    STEP,
    WELCOME,
    digest_moment,
    is_step,
    words_in,
)
from campaign.newsletter.automations.models import (
    Automation,
    DigestSent,
    Enrolment,
    StepSent,
)
from campaign.newsletter.mails import ISSUE
from campaign.newsletter.policy import DIGEST_LATE
from campaign.outbox.models import Message
from campaign.outbox.verbs import queue, queue_batch
from campaign.people.models import Person, Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.refusals import Refusal


class ChangedMeanwhile(Refusal):
    sentence = _l(
        "Somebody else has changed this mail since you opened it. Copy your text, open the mail "
        "anew and put the two together."
    )


class NoFieldHere(Refusal):
    status = 422
    sentence = _l(
        "This mail goes to addresses whose owners have confirmed nothing yet. Nothing that was "
        "typed into a form may stand in it, so it can hold no merge field."
    )


def check(key: str, subject: str, source: str) -> None:
    """Refuse words that an automation cannot say.

    Raises `NoFieldHere`, and what `mailings.merge_checks.check_words` raises.
    """
    if key == REMINDER and "{{" in subject + source:
        raise NoFieldHere
    check_words(title="", subject=subject, preview="", source=source)


def changed(row: Automation, *, by: int | None, now: datetime) -> None:
    """Note who changed an automation, and count it: another version than the one that was read."""
    row.version += 1
    row.changed_by_id, row.changed_at = by, now


def locked(key: str) -> Automation:
    """Lock an automation against every other change until this one is saved."""
    if key in BUILT_IN:
        built_in = BUILT_IN[key]
        fresh = {
            "key": key,
            "is_on": built_in.is_on,
            "days": built_in.days,
            "version": 0,
            "approved_words": "",
        }
        insert_missing(Automation, fresh, unique=["key"])
    query = select(Automation).where(Automation.key == key).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


class NothingToSay(Refusal):
    sentence = _l("This mail has no text yet. Write it first.")


class NotApproved(Refusal):
    sentence = _l("A colleague has to approve this mail, as it is now: then it can be switched on.")


class NotOnesOwn(Refusal):
    status = 403
    sentence = _l(
        "Two people are needed: you wrote these words last, or approved what nobody here wrote. "
        "Somebody else has to do this."
    )


def approve(key: str, *, seen: str, by: int, now: datetime) -> None:
    """Find good what an automation says, as it was `seen` (its fingerprint). Other words void it.

    Raises `ChangedMeanwhile` or `NotOnesOwn`.
    """
    row = locked(key)
    if row.words_fingerprint != seen:
        raise ChangedMeanwhile
    if row.written_by_id == by:
        raise NotOnesOwn
    row.approved_words, row.approved_by_id, row.approved_at = seen, by, now


def switch_on(key: str, *, by: int | None, now: datetime) -> None:
    """Let an automation go out from now on; who was due before does not get it any more.

    Raises `NothingToSay`, what `write` raises of words, and where the settings ask for a
    colleague's approval `NotApproved` or `NotOnesOwn`.
    """
    row = locked(key)
    if row.is_on:
        return
    if approval.is_asked_for():
        if not row.is_approved:
            raise NotApproved
        if row.written_by_id is None and by is not None and row.approved_by_id == by:
            raise NotOnesOwn
    for language in own_languages():
        words = words_in(row, language)
        if not (words.subject and words.source):
            raise NothingToSay
        check(key, words.subject, words.source)
    row.is_on, row.switched_on_at, row.swept_at = True, now, None
    changed(row, by=by, now=now)


def switch_off(key: str, *, by: int | None, now: datetime) -> None:
    """Let an automation go to nobody any more."""
    row = locked(key)
    if row.is_on:
        row.is_on = False
        changed(row, by=by, now=now)


def set_days(key: str, *, days: int, by: int | None, now: datetime) -> None:
    """Say how many days after somebody confirmed a step of the welcome goes."""
    row = locked(key)
    row.days, row.swept_at = days, None
    # Whose new day is past already is spared a mail that nobody meant for today.
    row.switched_on_at = now if row.is_on else row.switched_on_at
    changed(row, by=by, now=now)


def set_moment(*, week: int, weekday: int, hour: int, by: int | None, now: datetime) -> None:
    """Say when the digest goes: week, day of the week (Monday is 0), hour."""
    row = locked(DIGEST)
    row.week, row.weekday, row.hour = week, weekday, hour
    changed(row, by=by, now=now)


def add_step(*, by: int | None, now: datetime) -> Automation:
    """Add a step to the welcome: off, without words, a week after the last."""
    # One at a time, so that no two steps get one number.
    locked(WELCOME)
    others = [one for one in queries.automations() if is_step(one.key)]
    number = max(int(one.key.removeprefix(STEP)) for one in others) + 1
    step = Automation(key=f"{STEP}{number}", is_on=False, days=others[-1].days + 7, version=0)
    db.session.add(step)
    changed(step, by=by, now=now)
    return step


class ComesWithTheProgram(Refusal):
    sentence = _l("This mail comes with the program. Switch it off instead.")


def drop_step(key: str) -> None:
    """Take an added step out of the welcome. Raises `ComesWithTheProgram`."""
    if key in BUILT_IN:
        raise ComesWithTheProgram
    db.session.delete(locked(key))
    db.session.execute(delete(StepSent).where(StepSent.key == key))


@subscriptions_verbs.welcomes(Purpose.NEWSLETTER)
def greet(person: Person, *, now: datetime) -> None:
    """Welcome somebody who has just confirmed, and let what follows begin.

    The welcome answers their press of the button, so who left and came back gets it again; what
    follows goes to nobody twice.
    """
    insert_missing(Enrolment, {"person_id": person.id, "started_at": now}, unique=["person_id"])
    first = queries.automation(WELCOME)
    if first is None or not queries.goes(first):
        # Once it does, `send_step` finds who has not had it.
        return
    step_sent = {"key": WELCOME, "person_id": person.id, "queued_at": now}
    insert_missing(StepSent, step_sent, unique=["key", "person_id"])
    queue(mails.welcome(person, first), now=now)


def enrol(rule: dict[str, Any], *, now: datetime) -> int:
    """Begin the welcome for subscribers who never had it, such as imported ones, in one statement.

    Returns how many they are.
    """
    chosen = queries.not_enrolled(rule, now=now).with_only_columns(
        Person.id, literal(now, Moment()).label("started_at")
    )
    before = db.session.scalar(select(func.count()).select_from(Enrolment)) or 0
    db.session.execute(
        upsert(Enrolment)
        .from_select(["person_id", "started_at"], chosen)
        .on_conflict_do_nothing(index_elements=["person_id"])
    )
    return (db.session.scalar(select(func.count()).select_from(Enrolment)) or 0) - before


def send_step(key: str, *, now: datetime) -> None:
    """Queue a step of the welcome to all who are due, in one statement, and note that they had it.

    Who comes to it at the same time waits here, and then finds that nobody is left.
    """
    step = locked(key)
    if not queries.goes(step):
        return
    audience = queries.due(step, now=now)
    if queries.is_anybody(audience):
        batch = queue_batch(
            audience,
            kind=ISSUE,
            variants=mails.variants(step),
            headers=mails.headers(step),
            now=now,
        )
        # From the batch, not asked anew: exactly those who were queued to.
        queued = select(literal(key), Message.person_id, literal(now, Moment())).where(
            Message.batch_id == batch.id
        )
        db.session.execute(insert(StepSent).from_select(["key", "person_id", "queued_at"], queued))
    step.swept_at = now


def send_digest(*, zone: str, now: datetime) -> None:
    """Queue the digest to all subscribers once a month, when a zone's clocks come to its hour."""
    row = locked(DIGEST)
    moment = digest_moment(row, now=now, zone=zone)
    since = row.switched_on_at or moment
    if not queries.goes(row) or not since <= moment <= now <= moment + DIGEST_LATE:
        return
    month = f"{moment:%Y-%m}"
    if not insert_missing(DigestSent, {"month": month, "queued_at": now}, unique=["month"]):
        return
    batch = queue_batch(
        queries.digest_audience(now=now),
        kind=ISSUE,
        variants=mails.variants(row),
        headers=mails.headers(row),
        now=now,
    )
    db.session.get_one(DigestSent, month).batch_id = batch.id


def remind(*, now: datetime) -> None:
    """Ask once more those who have not confirmed, where that is switched on."""
    reminder = queries.automation(REMINDER)
    if reminder is None or not queries.goes(reminder):
        return
    subscriptions_verbs.remind_pending(
        Purpose.NEWSLETTER, write=lambda person: mails.reminder(person, reminder), now=now
    )
