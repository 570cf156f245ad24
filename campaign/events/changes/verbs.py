"""Verbs of changes of plans: revise an event, call it off, notify those who signed up."""

from datetime import date, datetime
from functools import partial
from typing import Unpack

from sqlalchemy import update

from campaign import jobs
from campaign.db import db
from campaign.events.changes.queries import not_yet_notified
from campaign.events.models import Event
from campaign.events.policy import FURTHEST_MOVE
from campaign.events.queries import lock_exclusive, lock_shared
from campaign.events.sign_ups import mails
from campaign.events.sign_ups.asks.queries import latest_ask
from campaign.events.sign_ups.models import SignUp
from campaign.events.sign_ups.queries import count_active, seats_taken
from campaign.events.sign_ups.verbs import write_with_calendar
from campaign.events.verbs import Particulars
from campaign.languages import _, ngettext, short_date
from campaign.languages import lazy_gettext as _l
from campaign.outbox.verbs import queue_all
from campaign.refusals import Refusal


class CapacityTooSmall(Refusal):
    status = 422
    sentence = _l("More places than that are taken already.")


_WHEN = ("zone", "starts_on", "starts", "ends")
# A change of these is a change of plans: calendars and people must hear of it.
_WHEN_AND_WHERE = (*_WHEN, "venue", "address", "city", "country", "latitude", "longitude")


class UnlikelyDay(Refusal):
    """People signed up, and the new day is hardly meant: somebody must say that it is."""

    def __init__(self, why: str, *, signed_up: int, notified: int, forgotten: int = 0) -> None:
        said = [why]
        if signed_up:
            said += [
                ngettext("%(num)s person signed up.", "%(num)s people signed up.", signed_up),
                ngettext(
                    "A mail would tell them the new time.",
                    "A mail would tell each of them the new time.",
                    notified,
                )
                if notified
                else _("Nobody would get a mail about it."),
            ]
        if forgotten:
            said.append(
                ngettext(
                    "That %(num)s place was taken then would be forgotten.",
                    "That %(num)s places were taken then would be forgotten.",
                    forgotten,
                )
            )
        super().__init__(" ".join([*map(str, said), _("Nothing is saved yet.")]))


def revise(
    event: Event, *, sure_of: date | None = None, now: datetime, **particulars: Unpack[Particulars]
) -> int:
    """Say something else of an event. Returns how many people will be mailed a change of plans.

    Workers write to them once this is saved; a corrected typo mails nobody. `sure_of` is the day
    that somebody said was meant, after they were asked. Raises `CapacityTooSmall`, `UnlikelyDay`.
    """
    event = lock_exclusive(event.id)
    capacity = particulars["capacity"]
    if capacity is not None and capacity < seats_taken([event.id])[event.id]:
        raise CapacityTooSmall
    was = _When(event, now)
    before = [getattr(event, name) for name in _WHEN_AND_WHERE]
    with db.session.no_autoflush:
        for name, value in particulars.items():
            setattr(event, name, value)
        if sure_of != event.starts_on:
            _refuse_if_unlikely(event, was, now=now)
    if not db.session.is_modified(event):
        return 0
    event.revised_at = now
    if was.hours != _When(event, now).hours:
        event.moved_at = now
        # What has been stays true when the record is set right.
        event.took_place_at = was.ended_at
    if not event.is_over(now):
        # Who came when it was held before is not coming to what is planned now.
        event.erased_seats = 0
        event.took_place_at = None
    if before == [getattr(event, name) for name in _WHEN_AND_WHERE]:
        return 0
    event.sequence += 1
    if event.is_called_off:
        _count_as_notified(event)
        return 0
    return _notify_soon(event, now=now)


class _When:
    """When an event is, as it stood before a change."""

    def __init__(self, event: Event, now: datetime) -> None:
        self.day = event.starts_on
        self.hours = [getattr(event, name) for name in _WHEN]
        self.is_over = event.is_over(now)
        self.ended_at = event.ended_at if self.is_over else None


def _refuse_if_unlikely(event: Event, was: _When, *, now: datetime) -> None:
    is_over, day = event.is_over(now), short_date(event.starts_on)
    if is_over and not was.is_over:
        why = _("%(day)s has passed already.", day=day)
    elif was.is_over and not is_over:
        why = _("The event was over, and would be held again on %(day)s.", day=day)
    elif abs(event.starts_on - was.day) > FURTHEST_MOVE:
        why = _("%(day)s is far from the day people signed up for.", day=day)
    else:
        return
    signed_up = count_active(event)
    forgotten = 0 if is_over else event.erased_seats
    is_notified = not is_over and not event.is_called_off
    if signed_up or forgotten:
        # What was typed is in the form; the event stays as it is.
        db.session.refresh(event)
        raise UnlikelyDay(
            why,
            signed_up=signed_up,
            notified=signed_up if is_notified else 0,
            forgotten=forgotten,
        )


def _count_as_notified(event: Event) -> None:
    """Notify nobody of a correction of what was called off who knows that it was."""
    db.session.execute(
        update(SignUp)
        .where(SignUp.event_id == event.id, SignUp.notified_sequence == event.sequence - 1)
        .values(notified_sequence=event.sequence)
        .execution_options(synchronize_session=False)
    )


def call_off(event: Event, *, now: datetime) -> int:
    """Call an event off. Returns how many people will be mailed that; done twice, nobody.

    Workers write to them once this is saved.
    """
    event = lock_exclusive(event.id)
    if event.is_called_off:
        return 0
    event.cancelled_at = event.revised_at = now
    event.sequence += 1
    return _notify_soon(event, now=now)


def _notify_soon(event: Event, *, now: datetime) -> int:
    """Have workers notify all who mean to come: thousands would hold up a request.

    Whose sequence is behind the event's is not yet notified. Returns how many they are.
    """
    if event.is_over(now):
        return 0
    jobs.wake_after_commit("events.notify")
    return count_active(event)


def notify(event: Event, *, most: int, now: datetime) -> int:
    """Write of a change to some of those who mean to come. Returns to how many.

    They hear how it stands now: what was changed twice is written once. The mail and the note that
    somebody is notified are saved together, so wherever this is broken off, and however many do it
    at once, nobody is notified twice and nobody is left out.
    """
    event = lock_shared(event.id)
    if event.is_over(now):
        return 0
    sign_ups = not_yet_notified(event, most=most)
    written = []
    for sign_up in sign_ups:
        if event.is_called_off:
            written.append(write_with_calendar(sign_up, event, mails.called_off, now=now))
            continue
        ask = None if sign_up.is_coming else latest_ask(sign_up)
        write = partial(mails.changed, ask=ask)
        written.append(write_with_calendar(sign_up, event, write, now=now))
    queue_all(written, now=now)
    return len(sign_ups)
