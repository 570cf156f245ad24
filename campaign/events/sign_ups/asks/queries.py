"""Questions about what forms asked for."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from campaign.db import db
from campaign.events.sign_ups.models import SignUp, SignUpAsk


def ask_by_id(id: int) -> SignUpAsk | None:
    """Find what a form asked for, with the sign-up it became, its event and its person."""
    sign_up = joinedload(SignUpAsk.sign_up, innerjoin=True)
    return db.session.scalar(
        select(SignUpAsk)
        .where(SignUpAsk.id == id, SignUpAsk.sign_up_id.is_not(None))
        .options(sign_up.joinedload(SignUp.event), sign_up.joinedload(SignUp.person))
    )


def latest_ask(sign_up: SignUp) -> SignUpAsk | None:
    """Find what a form asked for last in the name of somebody."""
    return db.session.scalar(
        select(SignUpAsk)
        .where(SignUpAsk.sign_up_id == sign_up.id)
        .order_by(SignUpAsk.id.desc())
        .limit(1)
    )
