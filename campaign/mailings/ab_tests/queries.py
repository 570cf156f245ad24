"""Questions about A/B tests: what came of each half, and whether there are readers enough."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Select, func, select

from campaign.attribution import codes
from campaign.attribution.queries import came_from
from campaign.db import db
from campaign.mailings.ab_tests.comparison import HALVES, Half, key_of
from campaign.mailings.audience import text_for
from campaign.mailings.content import Content
from campaign.mailings.models import Mailing
from campaign.mailings.report.queries import complaints, leavers
from campaign.outbox.models import Batch, Message, State
from campaign.people.models import Person


def halves(content: Content, mailing: Mailing, *, now: datetime) -> list[Half]:
    """Compare the two subjects of an A/B test by what their readers did; nothing without one."""
    batch = db.session.get(Batch, mailing.ab_test_batch_id or 0)
    if batch is None:
        return []
    sent = dict(
        db.session.execute(
            select(Message.variant, func.count())
            .where(Message.batch_id == batch.id, Message.state.in_([State.SENT, State.BOUNCED]))
            .group_by(Message.variant)
        ).all()
    )
    left = Counter(leaver.variant for leaver in leavers([batch], now=now))
    complained = Counter(complaints([batch], now=now))
    found = []
    for half, subject in zip(HALVES, (content.subject, mailing.second_subject), strict=True):
        key = key_of(content, half)
        conversions = sum(came_from([codes.code_of(content.code, half=half)]).values())
        found.append(Half(half, subject, sent.get(key, 0), conversions, left[key], complained[key]))
    return found


def has_readers_enough(people: Select[Person], content: Content, *, least: int) -> bool:
    """Tell whether so many of the people read the content in its own language."""
    own = people.where(text_for(content.languages) == content.languages[0])
    some = own.with_only_columns(Person.id).limit(least)
    return len(list(db.session.scalars(some))) >= least
