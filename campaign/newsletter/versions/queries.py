"""Questions about the versions of an issue."""

from sqlalchemy import Select, select

from campaign.db import db
from campaign.newsletter.models import Issue
from campaign.newsletter.versions.models import IssueVersion
from campaign.organisers.models import Organiser


def versions_of(issue: Issue) -> Select[IssueVersion]:
    """Find the versions of an issue, newest first."""
    return (
        select(IssueVersion)
        .where(IssueVersion.issue_id == issue.id)
        .order_by(IssueVersion.number.desc())
    )


def version(issue: Issue, number: int) -> IssueVersion | None:
    """Find one version of an issue."""
    return db.session.scalar(versions_of(issue).where(IssueVersion.number == number))


def names_of_writers(issue: Issue) -> dict[int, str]:
    """Give the addresses of the organisers who wrote, or approved, an issue, by their ids."""
    wrote = select(IssueVersion.saved_by_id).where(IssueVersion.issue_id == issue.id)
    approved = select(Issue.approved_by_id).where(Issue.id == issue.id)
    found = db.session.execute(
        select(Organiser.id, Organiser.email).where(
            Organiser.id.in_(wrote) | Organiser.id.in_(approved)
        )
    )
    return {row.id: row.email for row in found}
