"""Questions about letters: templates, tokens, lists."""

from datetime import date, datetime

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from campaign.db import db
from campaign.languages import country_codes
from campaign.letters.models import Letter, State, Template
from campaign.people.models import Person
from campaign.people.queries import ids_beginning_with
from campaign.summits.models import Post, Summit
from campaign.tables import contains_word, found, pointing_to

FALLBACK_LANGUAGE = "en"


def template_for(language: str) -> Template | None:
    """Find the template in a post's language, or else the English one."""
    found = {
        template.language: template
        for template in db.session.scalars(
            select(Template).where(Template.language.in_([language, FALLBACK_LANGUAGE]))
        )
    }
    return found.get(language) or found.get(FALLBACK_LANGUAGE)


def letter_by_token(token: str) -> Letter | None:
    """Find the letter that a token confirms, with its person, its post and its summit."""
    return db.session.scalar(
        select(Letter)
        .where(Letter.token == token)
        .options(joinedload(Letter.person), joinedload(Letter.summit), joinedload(Letter.post))
    )


def letter_by_key(key: str) -> Letter | None:
    """Find the letter that a key disowns, with its person."""
    return db.session.scalar(
        select(Letter).where(Letter.key == key).options(joinedload(Letter.person))
    )


def waiting_for_confirmation() -> Select[Letter]:
    """Find the letters nobody has confirmed yet, with person, post and summit."""
    return (
        select(Letter)
        .where(Letter.state == State.PENDING)
        .options(
            joinedload(Letter.person),
            joinedload(Letter.summit),
            joinedload(Letter.post),
        )
        .order_by(Letter.id)
    )


def to_erase(*, dropped_before: datetime, summit_before: date) -> Select[Letter]:
    """Find the letters that are of no more use: dropped, or long after their summit.

    Without a summit the day of writing stands for it.
    """
    last_day = func.coalesce(Summit.last_day, Summit.first_day)
    return (
        select(Letter)
        .outerjoin(Letter.summit)
        .options(joinedload(Letter.person), contains_eager(Letter.summit))
        .where(
            or_(
                Letter.dropped_at < dropped_before,
                last_day < summit_before,
                and_(last_day.is_(None), Summit.year < summit_before.year),
                and_(Letter.summit_id.is_(None), Letter.written_at < dropped_before),
            )
        )
        .order_by(Letter.id)
    )


def search(words: str = "", *, state: str = "", everywhere: bool = False) -> Select[Letter]:
    """Find letters, the newest first, by supporter, post or subject, and by state.

    Of many the newest are looked through for words, or all `everywhere`; by the beginning of the
    supporter's address all are found.
    """
    where = [Letter.state == state] if state else []
    rows = (
        select(Letter)
        .join(Letter.person)
        .join(Letter.post)
        .options(
            contains_eager(Letter.person),
            contains_eager(Letter.post),
            selectinload(Letter.summit),
        )
    )
    if state:
        # In the order of its index.
        rows = rows.order_by(Letter.written_at.desc())
    rows = rows.order_by(Letter.id.desc())
    if not words:
        return rows.where(*where)
    said = or_(
        contains_word(words, Person.email, Letter.name, Letter.subject, Post.title),
        Post.country.in_(country_codes(words)),
    )
    theirs = pointing_to(ids_beginning_with(words), Letter.person_id)
    return found(rows, said, where=where, by=[theirs], everywhere=everywhere)
