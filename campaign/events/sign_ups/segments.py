"""What segments may ask about sign-ups: for any event, a day of action or one event."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from campaign.db import db
from campaign.events.models import Action, Event
from campaign.events.queries import action_by_slug, actions, event_by_slug
from campaign.events.sign_ups.models import SignUp
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.segments import rules
from campaign.segments.conditions import said
from campaign.segments.rules import Values, condition


def _coming() -> Select[int]:
    # Who has said it themselves: a stranger's form puts nobody into a segment.
    return select(SignUp.person_id).where(
        SignUp.confirmed_at.is_not(None), SignUp.withdrawn_at.is_(None)
    )


@condition(
    "signed-up",
    _l("Signed up for any event"),
    words=said(_l("signed up for an event"), _l("did not sign up for any event")),
)
def signed_up(values: Values, now: datetime) -> Select[int]:
    """Find those who come to some event."""
    return _coming()


def _actions() -> list[tuple[str, Any]]:
    return [(action.slug, action.title) for action in actions()]


def _action_in_words(values: Values, denied: bool) -> Any:
    action = action_by_slug(values["action"])
    title = action.title if action else values["action"]
    if denied:
        return _("did not sign up for %(action)s", action=title)
    return _("signed up for %(action)s", action=title)


@condition(
    "signed-up-for-action",
    _l("Signed up for a day of action"),
    rules.one("action", _l("Day of action"), _actions),
    words=_action_in_words,
)
def signed_up_for_action(values: Values, now: datetime) -> Select[int]:
    """Find those who come to an event of a day of action."""
    return (
        _coming()
        .join(Event, Event.id == SignUp.event_id)
        .join(Action, Action.id == Event.action_id)
        .where(Action.slug == values["action"])
    )


def _events() -> list[tuple[str, Any]]:
    latest = select(Event.slug, Event.title, Event.starts_on).order_by(
        Event.starts_on.desc(), Event.title, Event.id
    )
    return [
        (event.slug, f"{event.title} ({event.starts_on:%Y-%m-%d})")
        for event in db.session.execute(latest)
    ]


def _event_in_words(values: Values, denied: bool) -> Any:
    event = event_by_slug(values["event"])
    title = event.title if event else values["event"]
    if denied:
        return _("did not sign up for “%(event)s”", event=title)
    return _("signed up for “%(event)s”", event=title)


@condition(
    "signed-up-for-event",
    _l("Signed up for one event"),
    rules.one("event", _l("Event"), _events),
    words=_event_in_words,
)
def signed_up_for_event(values: Values, now: datetime) -> Select[int]:
    """Find those who come to one event."""
    return _coming().join(Event, Event.id == SignUp.event_id).where(Event.slug == values["event"])
