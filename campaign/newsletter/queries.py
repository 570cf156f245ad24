"""Questions about the newsletter: its issues, its subscribers, how many come and go."""

from sqlalchemy import Select, select

from campaign.db import db
from campaign.newsletter.models import Issue, IssueText
from campaign.people.models import Purpose, Subscription
from campaign.people.subscriptions.queries import number_of_subscribers as _number_of
from campaign.people.subscriptions.queries import search_subscriptions
from campaign.tables import contains_word

NEWSLETTER = Purpose.NEWSLETTER


def public_issues(*, limit: int) -> list[Issue]:
    """List the issues of the archive, newest first."""
    return list(
        db.session.scalars(
            select(Issue)
            .where(Issue.published_at.is_not(None), Issue.taken_down_at.is_(None))
            .order_by(Issue.published_at.desc(), Issue.id.desc())
            .limit(limit)
        )
    )


def issue_with_slug(slug: str) -> Issue | None:
    """Find whichever issue has an address, draft or sent."""
    return db.session.scalar(select(Issue).where(Issue.slug == slug))


def search_issues(words: str = "") -> Select[Issue]:
    """Find issues by title or subject: drafts first, then the sent, newest first."""
    query = select(Issue).order_by(
        Issue.queued_at.is_not(None), Issue.queued_at.desc(), Issue.changed_at.desc()
    )
    if words:
        query = query.where(
            Issue.texts.any(contains_word(words, IssueText.title, IssueText.subject))
        )
    return query


def search_subscribers(
    words: str = "", *, status: str = "", everywhere: bool = False
) -> Select[Subscription]:
    """Find subscriptions with their person; of one `Status`, or of any."""
    return search_subscriptions(NEWSLETTER, words, status=status, everywhere=everywhere)


def number_of_subscribers() -> int:
    """Count the subscribers of this moment."""
    return _number_of(NEWSLETTER)
