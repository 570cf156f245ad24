"""Verbs of summits and posts: load, import, set a contact, stop letters, allow them again."""

from collections.abc import Iterable
from datetime import date, datetime
from importlib.resources.abc import Traversable
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from campaign.db import count_of, db
from campaign.languages import lazy_gettext as _l
from campaign.refusals import Refusal
from campaign.summits import posts_csv, summits_yaml
from campaign.summits.models import Holder, Outcome, Post, Stance, Summit

EXAMPLE_DOMAIN = ".example"


def load_starter(folder: Traversable, *, now: datetime) -> None:
    """Load the starter's summits and posts, each where there are none yet."""
    if not count_of(select(Summit)):
        load_summits((folder / "summits.yaml").read_text("utf-8"))
    if not count_of(select(Post)):
        # The example posts were "seen" on the day they are loaded, so that a newcomer can write.
        source = (folder / "posts.csv").read_text("utf-8")
        source = source.replace(",example,today,", f",example,{now.date().isoformat()},")
        import_posts(source.encode(), now=now)


def load_summits(source: str) -> None:
    """Record the summits of a YAML file."""
    for entry in summits_yaml.read(source):
        outcomes = [Outcome(**outcome) for outcome in entry.pop("outcomes")]
        stances = [Stance(**stance) for stance in entry.pop("stances")]
        db.session.add(Summit(**entry, outcomes=outcomes, stances=stances))
    db.session.flush()


class PostsNotRead(Refusal):
    status = 422

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__(
            "\n".join(["Nothing was changed, for there are mistakes in this file:", *mistakes])
        )


def import_posts(content: bytes, *, now: datetime) -> int:
    """Take over the posts of a CSV file, all or none; returns the number of posts.

    A post that is known already (same country, same title) takes its contact and its holders from
    the file, and keeps its stop flag. Posts that the file does not name stay as they are. Raises
    `PostsNotRead`.
    """
    try:
        rows = posts_csv.read(content, today=now.date())
    except posts_csv.Unreadable as trouble:
        raise PostsNotRead(trouble.mistakes) from None
    by_post = sorted(rows, key=lambda row: (row.country, row.post))
    known = {
        (post.country, post.title): post
        for post in db.session.scalars(select(Post).options(selectinload(Post.holders)))
    }
    terms = groupby(by_post, key=lambda row: (row.country, row.post))
    imported = [_import_post(known.get(key), list(rows)) for key, rows in terms]
    db.session.flush()
    return len(imported)


def _import_post(post: Post | None, terms: list[posts_csv.Row]) -> Post:
    first = terms[0]
    if post is None:
        post = Post(country=first.country, title=first.post, email="", holders=[])
        db.session.add(post)
    set_contact(
        post,
        email=first.email,
        contact_form=first.contact_form,
        source=first.source_url,
        seen_on=first.seen_on,
    )
    post.language = first.language
    post.valid_from = _earliest(row.valid_from for row in terms)
    post.valid_until = _latest(row.valid_until for row in terms)
    post.holders = [
        Holder(
            name=row.holder,
            salutation=row.salutation,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for row in terms
    ]
    return post


def _earliest(days: Iterable[date | None]) -> date | None:
    known = list(days)
    return None if None in known else min(day for day in known if day)


def _latest(days: Iterable[date | None]) -> date | None:
    known = list(days)
    return None if None in known else max(day for day in known if day)


class ContactWithoutSource(Refusal):
    status = 422
    sentence = _l("Say where and on which day this contact was seen.")


def set_contact(
    post: Post, *, email: str, contact_form: str, source: str, seen_on: date | None
) -> None:
    """Note how a post is reached. A contact seen anew no longer counts as bounced.

    Raises `ContactWithoutSource`.
    """
    if (email or contact_form) and not (source and seen_on):
        raise ContactWithoutSource
    is_new = email != post.email or (
        seen_on is not None and (post.seen_on is None or seen_on > post.seen_on)
    )
    if is_new:
        post.bounced_at = None
    post.email = email
    post.contact_form = contact_form
    post.source = source
    post.seen_on = seen_on
    post.is_example = email.endswith(EXAMPLE_DOMAIN)


def stop(post: Post, *, now: datetime) -> None:
    """Write no more to a post: those in it asked to be left out."""
    post.stopped_at = post.stopped_at or now


def allow(post: Post) -> None:
    """Write to a post again."""
    post.stopped_at = None


def note_bounce(post: Post, *, now: datetime) -> None:
    """Note that a post's address is dead; nobody writes to it until an organiser has looked."""
    post.bounced_at = post.bounced_at or now
