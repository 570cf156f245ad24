"""Questions about organisers, their sign-in links and their open sessions."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from campaign import tokens
from campaign.db import db
from campaign.organisers.models import OpenSession, Organiser, Role, SignInLink
from campaign.tables import contains_word


def by_email(email: str) -> Organiser | None:
    """Find the organiser with an address (as `forms.normal_address` writes it)."""
    return db.session.scalar(select(Organiser).where(Organiser.email == email))


def organiser_of(token: str, *, now: datetime) -> Organiser | None:
    """Find who is signed in with a session's token, unless the session is over."""
    found = db.session.scalar(
        select(OpenSession)
        .where(OpenSession.token_hash == tokens.hashed(token), OpenSession.expires_at > now)
        .options(joinedload(OpenSession.organiser))
    )
    return found.organiser if found else None


def link_of(token: str) -> SignInLink | None:
    """Find a sign-in link by its token, used and expired ones too."""
    return db.session.get(SignInLink, tokens.hashed(token), populate_existing=True)


def search(words: str = "") -> Select[Organiser]:
    """Find organisers by a part of their address, in the order of the alphabet."""
    query = select(Organiser).order_by(Organiser.email)
    if words:
        query = query.where(contains_word(words, Organiser.email))
    return query


def first_administrator() -> Organiser | None:
    """Find the administrator who has been one longest."""
    return db.session.scalar(
        select(Organiser)
        .where(Organiser.role == Role.ADMINISTRATOR)
        .order_by(Organiser.added_at, Organiser.id)
        .limit(1)
    )
