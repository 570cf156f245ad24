"""Questions about tallies: how many letters went, by way and by country."""

from datetime import datetime

from sqlalchemy import func, select

from campaign.db import db
from campaign.letters.models import Way
from campaign.letters.tallies.models import Tally


def count_since(since: datetime) -> dict[str, int]:
    """Count the letters since a day, by way; every way is named."""
    sums = (
        select(Tally.way, func.sum(Tally.number))
        .where(Tally.counted_on >= since.date())
        .group_by(Tally.way)
    )
    found = {way: int(letters) for way, letters in db.session.execute(sums)}
    return {way.value: found.get(way, 0) for way in Way}


def count_by_country(*, occasion: str | None = None) -> list[tuple[str, int]]:
    """Count all letters by country, the most written to first; of one summit, or of all."""
    total = func.sum(Tally.number)
    query = select(Tally.country, total).group_by(Tally.country)
    if occasion is not None:
        query = query.where(Tally.occasion == occasion)
    return [
        (country, int(letters))
        for country, letters in db.session.execute(query.order_by(total.desc(), Tally.country))
    ]
