"""What segments may ask about letters: who wrote one, at all or before a summit."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.letters.models import Letter, State
from campaign.segments import rules
from campaign.segments.conditions import said
from campaign.segments.rules import Values, condition
from campaign.summits.models import Summit
from campaign.summits.queries import summit_by_slug, timeline


def _written() -> Select[int]:
    # Pressed the button: what only waits for it may be anybody's.
    return select(Letter.person_id).where(
        Letter.confirmed_at.is_not(None), Letter.state != State.DROPPED
    )


@condition(
    "wrote",
    _l("Wrote a letter"),
    words=said(_l("wrote a letter"), _l("wrote no letter")),
)
def wrote(values: Values, now: datetime) -> Select[int]:
    """Find those who wrote to a minister."""
    return _written()


def _name(summit: Summit) -> str:
    return str(_("%(place)s %(year)s", place=summit.location, year=summit.year))


def _summits() -> list[tuple[str, Any]]:
    return [(summit.slug, _name(summit)) for summit in reversed(timeline())]


def _summit_in_words(values: Values, denied: bool) -> Any:
    summit = summit_by_slug(values["summit"])
    name = _name(summit) if summit else values["summit"]
    if denied:
        return _("wrote no letter before the summit %(summit)s", summit=name)
    return _("wrote a letter before the summit %(summit)s", summit=name)


@condition(
    "wrote-before-summit",
    _l("Wrote a letter before a summit"),
    rules.one("summit", _l("Summit"), _summits),
    words=_summit_in_words,
)
def wrote_before_summit(values: Values, now: datetime) -> Select[int]:
    """Find those who wrote to a minister before one summit."""
    return _written().where(Letter.occasion == values["summit"])
