"""Questions of attribution: what came of a link."""

from collections.abc import Iterable

from sqlalchemy import func, select

from campaign.attribution.models import Conversion, ConversionCount
from campaign.db import db


def came_from(codes: Iterable[str]) -> dict[Conversion, int]:
    """Count what people did who came with one of some codes; every conversion is named."""
    found = db.session.execute(
        select(ConversionCount.conversion, func.sum(ConversionCount.number))
        .where(ConversionCount.code.in_(list(codes)))
        .group_by(ConversionCount.conversion)
    )
    numbers = {conversion: int(number) for conversion, number in found}
    return {conversion: numbers.get(conversion, 0) for conversion in Conversion}
