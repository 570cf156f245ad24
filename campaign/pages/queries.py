"""Questions about pages and news. What strangers may not see is found by `every` alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import defer

from campaign.db import count_of, db
from campaign.pages.models import Page, Redirect
from campaign.pages.policy import NEWS_ON_A_PAGE
from campaign.paging import Pager, pages_of


@dataclass(frozen=True)
class NewsPage(Pager):
    """One page of the news, newest first."""

    items: list[Page]

    def address_of(self, number: int) -> str:
        """Give the address of a page of the news."""
        return "/news" if number == 1 else f"/news?page={number}"


# Made once: asked for every visit, it would take longer to write than to answer.
_VERSION_AT = select(Page.uid, Page.changed_at).where(
    Page.path == bindparam("path"), Page.is_draft.is_(False)
)


def version_at(path: str) -> tuple[str, datetime] | None:
    """Tell which page is at an address and when it last changed; None for a draft."""
    row = db.session.execute(_VERSION_AT, {"path": path}).first()
    return None if row is None else (row.uid, row.changed_at)


def at(path: str) -> Page | None:
    """Find the page at an address, unless it is a draft."""
    return db.session.scalar(select(Page).where(Page.path == path, Page.is_draft.is_(False)))


def contents_at(path: str) -> list[Any] | None:
    """Give the headings of the page at an address, a draft too; None where there is no page."""
    return db.session.scalar(select(Page.contents).where(Page.path == path))


def redirect_from(path: str) -> str | None:
    """Tell where an address that is no page leads."""
    return db.session.scalar(select(Redirect.to_path).where(Redirect.from_path == path))


def in_navigation() -> list[tuple[str, str, int]]:
    """List what pages put into the main menu: label, path, and place in the order."""
    rows = db.session.execute(
        select(Page.nav_label, Page.path, Page.nav_order).where(
            Page.nav_label != "", Page.is_draft.is_(False)
        )
    )
    return [(label, path, order) for label, path, order in rows]


def _news() -> Select[Page]:
    return (
        select(Page)
        .where(Page.is_news.is_(True), Page.is_draft.is_(False))
        .order_by(Page.published_on.desc(), Page.id.desc())
    )


def _short(query: Select[Any]) -> Select[Any]:
    texts = (Page.source, Page.html, Page.contents, Page.extra)
    return query.options(*(defer(text, raiseload=True) for text in texts))


def news(number: int) -> NewsPage | None:
    """Give one page of the news without its texts; there is always a first page."""
    total = count_of(_news())
    pages = pages_of(total, size=NEWS_ON_A_PAGE)
    if not 1 <= number <= pages:
        return None
    query = _short(_news()).limit(NEWS_ON_A_PAGE).offset((number - 1) * NEWS_ON_A_PAGE)
    return NewsPage(number, pages, total, list(db.session.scalars(query)))


def latest_news(most: int) -> list[Page]:
    """List the newest news without its texts."""
    return list(db.session.scalars(_short(_news()).limit(most)))


def news_with_texts(most: int) -> list[Page]:
    """List the newest news with its texts, for the feed."""
    return list(db.session.scalars(_news().limit(most)))


def addresses() -> list[tuple[str, datetime]]:
    """List the address of every page and item of news with the moment it last changed."""
    rows = db.session.execute(
        select(Page.path, Page.changed_at).where(Page.is_draft.is_(False)).order_by(Page.path)
    )
    return [(path, changed_at) for path, changed_at in rows]


def number_of_pages() -> int:
    """Count all pages, drafts too."""
    return db.session.scalar(select(func.count()).select_from(Page)) or 0


def every() -> Select[Page]:
    """Find all pages, drafts too, by address."""
    return select(Page).order_by(Page.path)


def redirects_to(path: str) -> list[str]:
    """List the addresses that lead to a page, in the order in which its file names them."""
    return list(
        db.session.scalars(
            select(Redirect.from_path).where(Redirect.to_path == path).order_by(Redirect.id)
        )
    )
