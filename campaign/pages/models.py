"""A page of the site or an item of its news, and the redirects that lead to it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model
from campaign.pages.policy import LONG


class Page(Model):
    """One page: its Markdown as written, and all that a reader's visit needs, made when saved."""

    __tablename__ = "page"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    # Names the page for feed readers for ever, wherever it moves (RFC 4287 section 4.2.6).
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    path: Mapped[str] = mapped_column(String(200), unique=True)
    # Its file is `index.md` of a folder, in which its relative links begin.
    is_index: Mapped[bool] = mapped_column(default=False)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(400), default="")
    language: Mapped[str] = mapped_column(String(12), default="")
    author: Mapped[str] = mapped_column(String(120), default="")
    published_on: Mapped[date | None] = mapped_column(index=True)
    is_news: Mapped[bool] = mapped_column(default=False)
    is_draft: Mapped[bool] = mapped_column(default=False)
    image: Mapped[str] = mapped_column(String(300), default="")
    nav_label: Mapped[str] = mapped_column(String(40), default="")
    nav_order: Mapped[int] = mapped_column(default=0)
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    # One [level, anchor, words] for each heading, in reading order.
    contents: Mapped[list[Any]]
    # Front matter this program gives no meaning to, kept for whoever does.
    extra: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]

    @property
    def is_long(self) -> bool:
        """Tell whether readers are helped by a list of contents."""
        return len(self.contents) >= LONG


class Redirect(Model):
    """An address that a page once had, or that people try."""

    __tablename__ = "page_redirect"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    from_path: Mapped[str] = mapped_column(String(200), unique=True)
    to_path: Mapped[str] = mapped_column(String(200), index=True)
