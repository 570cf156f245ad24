"""What tests of mailings share: an issue as the content that is sent, and its readers."""

from typing import Any

from campaign import clock
from campaign.db import db
from campaign.mailings import queries
from campaign.mailings.content import Content
from campaign.mailings.content import find as find_content
from campaign.mailings.models import Mailing
from campaign.mailings.planning import verbs as planning
from campaign.mailings.planning.verbs import Plan
from campaign.mailings.running import verbs
from campaign.newsletter.models import CONTENT
from campaign.segments.models import Segment
from tests.newsletter.conftest import issue as issue
from tests.newsletter.conftest import subscribers as subscribers


def content_of(issue_id: int) -> Content:
    """Give an issue as mailings see it."""
    found = find_content(CONTENT, issue_id)
    assert found is not None
    return found


def planned(
    issue_id: int, *, segment: Segment | None = None, by: int | None = None, **said: Any
) -> Mailing:
    """Plan that an issue goes out, as an organiser does who has just opened the page."""
    content = content_of(issue_id)
    newest = queries.newest_of(CONTENT, issue_id)
    now = said.pop("now", None) or clock.now()
    asked = {"version": content.version, "after": newest.id if newest else 0, **said}
    if segment is not None:
        asked |= {"segment_id": segment.id, "rule": dict(segment.rule)}
    mailing = planning.schedule(content, Plan(**asked), by=by, now=now)
    db.session.commit()
    return mailing


def begun(issue_id: int, **said: Any) -> Mailing:
    """Plan that an issue goes out, and begin it when its time has come."""
    mailing = planned(issue_id, **said)
    verbs.begin(mailing, now=mailing.starts_at)
    db.session.commit()
    return mailing
