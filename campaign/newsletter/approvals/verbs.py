"""The verb of approvals: find an issue good, as a colleague of whoever changed it last."""

from datetime import datetime

from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.newsletter.models import Issue
from campaign.newsletter.verbs import AlreadySent, ChangedMeanwhile
from campaign.refusals import Refusal


class NotOnesOwn(Refusal):
    status = 403
    sentence = _l("You changed this issue last. Somebody else has to read and approve it.")


def approve(issue: Issue, *, version: int, by: int, now: datetime) -> None:
    """Find an issue good to be sent, in the version that was read. A later change voids it.

    Raises `AlreadySent`, `ChangedMeanwhile` or `NotOnesOwn`.
    """
    db.session.refresh(issue, with_for_update=True)
    if issue.is_sent:
        raise AlreadySent
    if issue.version != version:
        raise ChangedMeanwhile
    if issue.changed_by_id == by:
        raise NotOnesOwn
    issue.approved_version = version
    issue.approved_by_id, issue.approved_at = by, now
