"""Questions about sources: what came of a link."""

from collections.abc import Iterable

from sqlalchemy import func, select

from campaign.attribution.models import Deed, SourceCount
from campaign.db import db


def came_from(codes: Iterable[str]) -> dict[Deed, int]:
    """Count what people did who came with one of some codes; every deed is named."""
    found = db.session.execute(
        select(SourceCount.deed, func.sum(SourceCount.number))
        .where(SourceCount.code.in_(list(codes)))
        .group_by(SourceCount.deed)
    )
    numbers = {deed: int(number) for deed, number in found}
    return {deed: numbers.get(deed, 0) for deed in Deed}
