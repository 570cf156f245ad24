"""Deeds about organisers: add, let in with a link that works once, sign out, remove."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update

from campaign import jobs, tokens
from campaign.db import db, insert_missing, lock
from campaign.languages import force_locale
from campaign.languages import lazy_gettext as _l
from campaign.organisers import mails, queries
from campaign.organisers.models import LinkRequest, OpenSession, Organiser, Role, SignInLink
from campaign.organisers.policy import (
    LINK_LASTS,
    LINKS_KEPT,
    MAILED_LINK_LASTS,
    MAILED_LINKS_AN_HOUR,
    SEEN_EVERY,
    SESSION_LASTS,
)
from campaign.outbox.queries import queued_lately
from campaign.outbox.verbs import queue
from campaign.refusals import Refusal
from campaign.templating import public_url
from campaign.validators import normal_address

SEND_LINKS = "organisers.send-links"


class NotAnAddress(Refusal):
    status = 422
    sentence = _l("Enter one e-mail address, like name@example.org.")


class AlreadyAnOrganiser(Refusal):
    sentence = _l("There is an organiser with this address already.")


def add(email: str, *, role: Role | str, now: datetime) -> Organiser:
    """Give somebody an account. Raises `NotAnAddress` or `AlreadyAnOrganiser`."""
    try:
        address = normal_address(email)
    except ValueError:
        raise NotAnAddress from None
    is_new = insert_missing(
        Organiser,
        {"email": address, "role": Role(role), "added_at": now},
        unique=["email"],
    )
    organiser = queries.by_email(address)
    if organiser is None or not is_new:
        raise AlreadyAnOrganiser
    return organiser


def invite(email: str, *, role: Role | str, now: datetime) -> Organiser:
    """Give somebody an account and mail them the link that lets them in. Raises as `add` does."""
    organiser = add(email, role=role, now=now)
    hours = int(LINK_LASTS.total_seconds()) // 3600
    queue(mails.welcome(organiser, make_link(organiser, now=now), hours=hours), now=now)
    return organiser


class LastAdministrator(Refusal):
    sentence = _l("Somebody must be able to add organisers: make another one administrator first.")


def change_role(organiser: Organiser, *, role: Role | str) -> None:
    """Let an organiser do more, or less. Raises `LastAdministrator`."""
    if Role(role) != Role.ADMINISTRATOR:
        _keep_one_administrator(organiser)
    organiser.role = Role(role)


def remove(organiser: Organiser) -> None:
    """Take an account away, and sign it out everywhere. Raises `LastAdministrator`."""
    _keep_one_administrator(organiser)
    db.session.delete(organiser)


def _keep_one_administrator(organiser: Organiser) -> None:
    if not organiser.is_administrator:
        return
    # Two who take each other's role away at once: the second waits here, then counts anew.
    held = db.session.scalars(
        lock(queries.search().where(Organiser.role == Role.ADMINISTRATOR))
    ).all()
    if len(held) < 2:
        raise LastAdministrator


def make_link(organiser: Organiser, *, lasting: timedelta = LINK_LASTS, now: datetime) -> str:
    """Make the full address that signs an organiser in once, for 24 hours unless told otherwise."""
    token = tokens.random_token()
    db.session.add(
        SignInLink(
            token_hash=tokens.hashed(token), organiser_id=organiser.id, expires_at=now + lasting
        )
    )
    return public_url("organisers.confirm_sign_in", token=token)


def ask_for_link(email: str, *, language: str, now: datetime) -> None:
    """Note that somebody asked for a link; a worker finds out whether the address has an account.

    The same is done for every address, so neither the answer nor its time tells who has one.
    """
    db.session.add(LinkRequest(email=email, language=language, asked_at=now))
    jobs.wake_after_commit(SEND_LINKS)


def send_link(asked: LinkRequest, *, now: datetime) -> None:
    """Mail a link to an organiser who asked; whoever asked without an account gets nothing.

    Nor does who asked so long ago that the link would have expired: nobody waits for it.
    """
    email, language = asked.email, asked.language
    db.session.delete(asked)
    organiser = queries.by_email(email)
    if organiser is None or asked.asked_at <= now - MAILED_LINK_LASTS:
        return
    since = now - timedelta(hours=1)
    if queued_lately(email, kinds=[mails.SIGN_IN], since=since) >= MAILED_LINKS_AN_HOUR:
        return
    link = make_link(organiser, lasting=MAILED_LINK_LASTS, now=now)
    minutes = int(MAILED_LINK_LASTS.total_seconds()) // 60
    with force_locale(language.replace("-", "_")):
        queue(mails.sign_in_link(organiser, link, minutes=minutes), now=now)


class LinkExpired(Refusal):
    status = 410
    sentence = _l("This link has expired.")


class LinkUsed(Refusal):
    status = 410
    sentence = _l("This link has been used. Each link works once.")


def check(link: SignInLink | None, *, now: datetime) -> None:
    """Refuse a link that lets nobody in: `ForgedToken`, `LinkUsed` or `LinkExpired`."""
    if link is None:
        raise tokens.ForgedToken
    if link.used_at is not None:
        raise LinkUsed
    if link.expires_at <= now:
        raise LinkExpired


def sign_in(token: str, *, now: datetime) -> str:
    """Use a link up and open a session. Returns the session's token, for the browser alone.

    Of two who use one link at the same time, one comes in. Raises as `check` does.
    """
    taken = db.session.execute(
        update(SignInLink)
        .where(
            SignInLink.token_hash == tokens.hashed(token),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(SignInLink.organiser_id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if taken is None:
        check(queries.link_of(token), now=now)
        raise LinkUsed
    session_token = tokens.random_token()
    db.session.add(
        OpenSession(
            token_hash=tokens.hashed(session_token),
            organiser_id=taken,
            opened_at=now,
            expires_at=now + SESSION_LASTS,
        )
    )
    see(db.session.get_one(Organiser, taken), now=now)
    return session_token


def sign_out(token: str) -> None:
    """End a session wherever its token was copied to."""
    db.session.execute(delete(OpenSession).where(OpenSession.token_hash == tokens.hashed(token)))


def see(organiser: Organiser, *, now: datetime) -> None:
    """Note when an organiser was last at work, to the hour."""
    if organiser.last_seen_at is None or organiser.last_seen_at <= now - SEEN_EVERY:
        organiser.last_seen_at = now


def tidy(*, now: datetime) -> None:
    """Erase sessions that are over, links long past their time, and what nobody could answer."""
    db.session.execute(delete(OpenSession).where(OpenSession.expires_at <= now))
    db.session.execute(delete(SignInLink).where(SignInLink.expires_at <= now - LINKS_KEPT))
    db.session.execute(delete(LinkRequest).where(LinkRequest.asked_at <= now - jobs.ASKS_KEPT))
