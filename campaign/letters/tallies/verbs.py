"""Verbs of tallies: count a letter that we sent, or that a supporter says to have sent."""

from datetime import datetime

from sqlalchemy import update

from campaign.db import db, insert_missing
from campaign.forms import FORM_LIFETIME
from campaign.letters.models import Way
from campaign.letters.policy import SELF_SENT_AN_HOUR
from campaign.letters.tallies.models import Tally
from campaign.outbox.caps.verbs import counts

# As long as the page with that button can be used.
SELF_SENT_REMEMBERED = FORM_LIFETIME


def count_letter(way: Way, *, country: str, occasion: str, now: datetime) -> None:
    """Count one letter that went, or is said to have gone, in a way."""
    day = {"counted_on": now.date(), "country": country, "occasion": occasion, "way": way}
    insert_missing(Tally, {**day, "number": 0}, unique=list(day))
    db.session.execute(
        update(Tally)
        .where(*(getattr(Tally, field) == value for field, value in day.items()))
        .values(number=Tally.number + 1)
    )


def count_self_sent(
    way: Way,
    *,
    country: str,
    occasion: str,
    letter: str,
    post_id: int,
    network: str,
    now: datetime,
) -> None:
    """Count a letter that a supporter says to have sent: each letter once, few from one network.

    What is not counted is thanked for all the same.
    """
    if not counts(f"sent:{letter}", most=1, until=now + SELF_SENT_REMEMBERED):
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    if counts(f"sent:{hour.isoformat()}:{network}:{post_id}", most=SELF_SENT_AN_HOUR, until=hour):
        count_letter(way, country=country, occasion=occasion, now=now)
