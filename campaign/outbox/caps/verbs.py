"""Verbs of caps: count one more, and refuse what is too many."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update

from campaign import tokens
from campaign.clients import network_of
from campaign.db import db, insert_missing
from campaign.languages import lazy_gettext as _l
from campaign.outbox.caps.models import ClientCount
from campaign.refusals import Refusal


class TooManyFromHere(Refusal):
    status = 429
    sentence = _l(
        "Many forms came from your connection within an hour. Please wait a little, then send "
        "this again. What you typed is still here."
    )


def count_client(client: str, *, most: int, now: datetime) -> None:
    """Count a mail that a stranger is about to cause from a connection (an IP address).

    The address is not kept: only a keyed hash of it and the hour, worthless once the hour is over.
    Raises `TooManyFromHere` past `most` an hour; 0 is no limit.
    """
    network = network_of(client)
    if not most or not network:
        # A program of our own is not one stranger.
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    known = tokens.keyed_hash(f"client:{hour.isoformat()}", network)
    insert_missing(
        ClientCount, {"client_hash": known, "hour": hour, "number": 0}, unique=["client_hash"]
    )
    count = update(ClientCount).where(ClientCount.client_hash == known)
    number = db.session.scalar(
        count.values(number=ClientCount.number + 1).returning(ClientCount.number)
    )
    if number is None or number > most:
        raise TooManyFromHere


def counts(what: str, *, most: int, until: datetime) -> bool:
    """Count one more of something, and tell whether it is within `most`.

    Kept until a moment, and only as a keyed hash.
    """
    known = tokens.keyed_hash("count", what)
    insert_missing(
        ClientCount, {"client_hash": known, "hour": until, "number": 0}, unique=["client_hash"]
    )
    count = update(ClientCount).where(ClientCount.client_hash == known)
    number = db.session.scalar(
        count.values(number=ClientCount.number + 1).returning(ClientCount.number)
    )
    return number is not None and number <= most


def client_key(client: str, *, purpose: str) -> str:
    """Give the keyed hash of a connection for one purpose; nothing for a program of our own."""
    network = network_of(client)
    return tokens.keyed_hash(purpose, network) if network else ""


def tidy(*, now: datetime) -> None:
    """Erase what was counted once it bounds nothing any more."""
    db.session.execute(delete(ClientCount).where(ClientCount.hour < now - timedelta(hours=2)))
