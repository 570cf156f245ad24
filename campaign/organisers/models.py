"""An organiser, the links that sign them in, and the sessions they have open."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.db import Model


class Role(StrEnum):
    """What an organiser may do."""

    ADMINISTRATOR = "administrator"
    EDITOR = "editor"
    READER = "reader"


class Organiser(Model):
    """Somebody with an account for the office."""

    __tablename__ = "organiser"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    added_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]

    @property
    def is_administrator(self) -> bool:
        """Tell whether they may do everything: accounts, settings, what erases for good."""
        return self.role == Role.ADMINISTRATOR

    @property
    def may_change(self) -> bool:
        """Tell whether they may do more than look."""
        return self.role in {Role.ADMINISTRATOR, Role.EDITOR}


class SignInLink(Model):
    """A link that signs an organiser in once, within its time; only its hash is kept."""

    __tablename__ = "organiser_sign_in_link"
    __public__ = False

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    organiser_id: Mapped[int] = mapped_column(
        ForeignKey("organiser.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class LinkRequest(Model):
    """An address for which somebody asked for a sign-in link, until a worker has looked at it.

    Whether it is an organiser's is looked up there: at the door, the time taken would tell.
    """

    __tablename__ = "organiser_link_request"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime]


class OpenSession(Model):
    """A browser in which an organiser is signed in; deleting the row signs it out."""

    __tablename__ = "organiser_session"
    __public__ = False

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    organiser_id: Mapped[int] = mapped_column(
        ForeignKey("organiser.id", ondelete="CASCADE"), index=True
    )
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    organiser: Mapped[Organiser] = relationship(lazy="raise_on_sql")
