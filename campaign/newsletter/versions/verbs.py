"""The verb of versions: put an earlier one back."""

from datetime import datetime

from campaign.newsletter.models import Issue
from campaign.newsletter.verbs import rewrite
from campaign.newsletter.versions.models import IssueVersion


def restore(
    issue: Issue, earlier: IssueVersion, *, version: int, by: int | None, now: datetime
) -> None:
    """Let an issue say again what it said in an earlier version; that makes a new one.

    Raises what `newsletter.verbs.rewrite` raises: a field may have gone since.
    """
    rewrite(issue, version=version, texts=earlier.texts, by=by, now=now)
