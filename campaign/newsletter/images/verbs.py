"""Verbs of the pictures of issues: keep one, describe it anew, delete it."""

from datetime import datetime

from sqlalchemy import select

from campaign.db import db, insert_missing
from campaign.languages import _
from campaign.newsletter.images import pictures, queries
from campaign.newsletter.images.models import Image
from campaign.refusals import Refusal


def keep(raw: bytes, *, description: str, by: int | None, now: datetime) -> Image:
    """Take in a picture as a file holds it. The same one again is only described anew.

    Raises what `pictures.prepare` raises.
    """
    picture = pictures.prepare(raw)
    insert_missing(
        Image,
        {
            "name": picture.name,
            "description": description,
            "media_type": picture.media_type,
            "width": picture.width,
            "height": picture.height,
            "content": picture.content,
            "uploaded_at": now,
            "uploaded_by_id": by,
        },
        unique=["name"],
    )
    image: Image = db.session.scalars(select(Image).where(Image.name == picture.name)).one()
    image.description = description
    return image


class IsUsed(Refusal):
    """Its sentence names an issue in which the picture stands."""


def delete(image: Image) -> None:
    """Delete a picture that stands in no issue. Raises `IsUsed`."""
    issues = queries.issues_with(image)
    if issues:
        raise IsUsed(
            _(
                "This picture stands in the issue “%(title)s”, so it stays: readers would find a "
                "gap. Take it out of every issue first; from one that was sent it cannot be taken.",
                title=issues[0].title,
            )
        )
    db.session.delete(image)
