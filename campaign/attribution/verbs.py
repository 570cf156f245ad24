"""Verbs of attribution: begin to count for a code, and count."""

from sqlalchemy import update

from campaign.attribution.models import Conversion, ConversionCount
from campaign.db import db, insert_missing


def begin(code: str) -> None:
    """Count from now on what people do who come with a code."""
    for conversion in Conversion:
        insert_missing(
            ConversionCount, {"code": code, "conversion": conversion}, unique=["code", "conversion"]
        )


def count(code: str, conversion: Conversion, *, number: int = 1) -> None:
    """Count conversions for the code somebody came with; one that is none of ours counts nothing.

    Only a number is kept: not who did it, nor that they came by a link. Do it last: whoever comes
    with the same code waits until this conversion is saved.
    """
    if code:
        db.session.execute(
            update(ConversionCount)
            .where(ConversionCount.code == code, ConversionCount.conversion == conversion)
            .values(number=ConversionCount.number + number)
            .execution_options(synchronize_session=False)
        )
