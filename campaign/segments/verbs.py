"""Verbs of saved segments: save one under a name, delete it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.refusals import Refusal
from campaign.segments import rules
from campaign.segments.models import Segment


class NameTaken(Refusal):
    sentence = _l("There is a segment of this name already.")


def save_segment(
    segment: Segment | None = None, *, name: str, rule: Any, by: int | None, now: datetime
) -> Segment:
    """Save a rule under a name: a new segment, or one that stands already.

    Raises `NameTaken`, and `rules.WrongRule` for a rule that cannot be read.
    """
    plain = rules.check(rule)
    taken = db.session.scalar(select(Segment.id).where(Segment.name == name))
    if taken is not None and (segment is None or taken != segment.id):
        raise NameTaken
    if segment is None:
        segment = Segment(made_at=now, made_by_id=by)
        db.session.add(segment)
    segment.name = name
    segment.rule = plain
    try:
        db.session.flush()
    except IntegrityError:
        # Somebody else took the name between the look and the save.
        raise NameTaken from None
    return segment


def delete_segment(segment: Segment) -> None:
    """Delete a segment; a mailing that goes by it keeps its own copy of the rule."""
    db.session.delete(segment)
