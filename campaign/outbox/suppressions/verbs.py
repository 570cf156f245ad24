"""Verbs of suppressions: never write to an address again, or lift that."""

from datetime import datetime

from sqlalchemy import delete, update

from campaign.db import db, insert_missing
from campaign.outbox.models import address_hash
from campaign.outbox.suppressions.models import Suppression


def suppress(address: str, *, reason: str, evidence: str = "", now: datetime) -> None:
    """Never write to an address again; what waits for it is withheld when its turn comes."""
    suppress_hash(address_hash(address), reason=reason, evidence=evidence, now=now)


def suppress_hash(hashed: str, *, reason: str, evidence: str = "", now: datetime) -> None:
    """Never write again to an address known by its hash alone, when the rest is erased."""
    insert_missing(
        Suppression,
        {
            "address_hash": hashed,
            "reason": reason,
            "evidence": evidence[:500],
            "since": now,
        },
        unique=["address_hash"],
    )


def keep_no_evidence(hashed: str) -> None:
    """Forget the words that made an address suppressed: they may hold the address itself."""
    db.session.execute(
        update(Suppression).where(Suppression.address_hash == hashed).values(evidence="")
    )


def lift(address: str) -> None:
    """Write to a suppressed address again."""
    db.session.execute(delete(Suppression).where(Suppression.address_hash == address_hash(address)))
