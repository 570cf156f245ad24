"""Questions about the pictures of issues: which there are, and where each is used."""

from sqlalchemy import Select, select
from sqlalchemy.orm import undefer

from campaign.db import db
from campaign.newsletter.images.models import Image
from campaign.newsletter.models import Issue, IssueText
from campaign.tables import contains_word


def search(words: str = "") -> Select[Image]:
    """Find pictures by description or name, the newest first."""
    query = select(Image).order_by(Image.uploaded_at.desc(), Image.id.desc())
    if words:
        query = query.where(contains_word(words, Image.description, Image.name))
    return query


def named(name: str) -> Image | None:
    """Find a picture, without its content."""
    return db.session.scalar(select(Image).where(Image.name == name))


def with_content(name: str) -> Image | None:
    """Find a picture with its content."""
    return db.session.scalar(
        select(Image).where(Image.name == name).options(undefer(Image.content))
    )


def issues_with(image: Image) -> list[Issue]:
    """List the issues, drafts and sent, in whose texts a picture stands."""
    return list(
        db.session.scalars(
            select(Issue)
            .where(
                Issue.id.in_(
                    select(IssueText.issue_id).where(IssueText.source.contains(image.name))
                )
            )
            .order_by(Issue.id)
        )
    )
