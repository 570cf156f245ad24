"""Deeds about sources: begin to count for a code, and count."""

from sqlalchemy import update

from campaign.attribution.models import Deed, SourceCount
from campaign.db import db, insert_missing


def begin(code: str) -> None:
    """Count from now on what people do who come with a code."""
    for deed in Deed:
        insert_missing(SourceCount, {"code": code, "deed": deed}, unique=["code", "deed"])


def count(code: str, deed: Deed) -> None:
    """Count a deed for the code somebody came with; a code that is none of ours counts nothing.

    Only a number is kept: not who did it, nor that they came by a link. Do it last: whoever comes
    with the same code waits until this deed is saved.
    """
    if code:
        db.session.execute(
            update(SourceCount)
            .where(SourceCount.code == code, SourceCount.deed == deed)
            .values(number=SourceCount.number + 1)
            .execution_options(synchronize_session=False)
        )
