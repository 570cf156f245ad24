"""Questions about summits, posts and those who hold them."""

from datetime import date, datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import selectinload
from sqlalchemy.sql.elements import ColumnElement

from campaign.db import db
from campaign.languages import country_codes
from campaign.summits.models import Holder, Post, PostStatus, Summit
from campaign.summits.policy import UNUSED_AFTER
from campaign.summits.posts_csv import Row
from campaign.tables import contains_word


def timeline() -> list[Summit]:
    """List all summits in the order of their days; one without days stands last in its year."""
    return _in_order(select(Summit))


def timeline_with_outcomes() -> list[Summit]:
    """List all summits as `timeline` does, each with what came of it."""
    return _in_order(select(Summit).options(selectinload(Summit.outcomes)))


def _in_order(summits: Select[Summit]) -> list[Summit]:
    return sorted(
        db.session.scalars(summits),
        key=lambda summit: (summit.first_day or summit.last_possible_day, summit.slug),
    )


def next_summit(*, now: datetime) -> Summit | None:
    """Find the next summit that has not begun."""
    return next((summit for summit in timeline() if summit.is_ahead(now.date())), None)


def summit_by_slug(slug: str) -> Summit | None:
    """Find a summit with its outcomes and stances."""
    return db.session.scalar(
        select(Summit)
        .where(Summit.slug == slug)
        .options(selectinload(Summit.outcomes), selectinload(Summit.stances))
    )


def search_summits(words: str = "") -> Select[Summit]:
    """Find summits by slug or city, the latest first."""
    query = select(Summit).order_by(Summit.year.desc(), Summit.first_day.desc(), Summit.id.desc())
    if words:
        query = query.where(contains_word(words, Summit.slug, Summit.city))
    return query


def post_by_id(id: int) -> Post | None:
    """Find a post with its holders."""
    return db.session.scalar(select(Post).where(Post.id == id).options(selectinload(Post.holders)))


def posts_of(country: str) -> list[Post]:
    """List the posts of a country with their holders, past and present."""
    return list(
        db.session.scalars(
            select(Post)
            .where(Post.country == country)
            .options(selectinload(Post.holders))
            .order_by(Post.title, Post.id)
        )
    )


def countries_to_write_to(*, now: datetime) -> list[str]:
    """List the countries with a post that can be reached today, by mail or by its own form."""
    today = now.date()
    return list(
        db.session.scalars(
            select(Post.country)
            .where(
                _is_open(today),
                or_(and_(Post.email != "", Post.bounced_at.is_(None)), Post.contact_form != ""),
            )
            .distinct()
        )
    )


def search_posts(words: str = "", *, status: str = "", today: date) -> Select[Post]:
    """Find posts by title, country or address, and by `PostStatus`."""
    query = (
        select(Post).options(selectinload(Post.holders)).order_by(Post.country, Post.title, Post.id)
    )
    if words:
        query = query.where(
            or_(
                contains_word(words, Post.title, Post.email),
                Post.country.in_(country_codes(words)),
                Post.holders.any(contains_word(words, Holder.name)),
            )
        )
    writable = and_(Post.email != "", Post.bounced_at.is_(None), _is_open(today))
    match status:
        case PostStatus.WRITABLE:
            query = query.where(writable)
        case PostStatus.CLOSED:
            # A day that is not known makes the condition unknown, which is no yes.
            query = query.where(or_(~writable, Post.seen_on.is_(None)))
        case PostStatus.STOPPED:
            query = query.where(Post.stopped_at.is_not(None))
        case PostStatus.BOUNCED:
            query = query.where(Post.bounced_at.is_not(None))
    return query


def posts_rows() -> list[Row]:
    """List every term of every post, as the file of posts has them."""
    posts = db.session.scalars(
        select(Post).options(selectinload(Post.holders)).order_by(Post.country, Post.id)
    )
    return [
        Row(
            country=post.country,
            post=post.title,
            holder=holder.name,
            salutation=holder.salutation,
            email=post.email,
            contact_form=post.contact_form,
            language=post.language,
            source_url=post.source,
            seen_on=post.seen_on,
            valid_from=holder.valid_from,
            valid_until=holder.valid_until,
        )
        for post in posts
        for holder in post.holders
    ]


def _is_open(today: date) -> ColumnElement[bool]:
    return and_(
        Post.seen_on >= today - UNUSED_AFTER,
        or_(Post.valid_from.is_(None), Post.valid_from <= today),
        or_(Post.valid_until.is_(None), Post.valid_until >= today),
        Post.stopped_at.is_(None),
    )
