"""Deeds of the newsletter: draft, change, send, withdraw."""

from datetime import datetime
from importlib.resources.abc import Traversable
from itertools import count
from uuid import uuid4

from flask import current_app
from sqlalchemy.exc import IntegrityError

from campaign import markup
from campaign.db import db
from campaign.languages import force_locale
from campaign.languages import lazy_gettext as _l
from campaign.newsletter import mails, queries
from campaign.newsletter.models import Issue
from campaign.newsletter.writing import holds_a_field, slug_of, write
from campaign.outbox.verbs import post, post_batch
from campaign.refusals import Refusal
from campaign.templating import absolute


class HoldsAField(Refusal):
    status = 422
    sentence = _l(
        "Two opening braces, {{, would be taken for a field to fill in for each reader. Write "
        "them in another way."
    )


class AddressTaken(Refusal):
    status = 422
    sentence = _l("Another issue has this address.")


def draft(
    *,
    title: str,
    slug: str,
    subject: str,
    preview: str,
    source: str,
    language: str,
    by: int | None,
    now: datetime,
) -> Issue:
    """Begin an issue. An empty slug or subject is made from the title.

    Raises `HoldsAField` or `AddressTaken`.
    """
    issue = Issue(uid=str(uuid4()), version=1, created_by_id=by, created_at=now)
    issue.slug = slug or _free_slug(title)
    _fill(issue, title=title, subject=subject, preview=preview, source=source, language=language)
    issue.changed_by_id, issue.changed_at = by, now
    _save(issue)
    return issue


class ChangedMeanwhile(Refusal):
    sentence = _l(
        "Somebody else has changed this issue since you opened it. Copy your text, open the issue "
        "anew and put the two together."
    )


class AlreadySent(Refusal):
    sentence = _l("This issue has been sent. What readers have got can no longer be changed.")


def change(
    issue: Issue,
    *,
    version: int,
    title: str,
    slug: str,
    subject: str,
    preview: str,
    source: str,
    language: str,
    by: int | None,
    now: datetime,
) -> None:
    """Write an issue anew, on top of the `version` that was read.

    Raises `AlreadySent`, `ChangedMeanwhile`, `HoldsAField` or `AddressTaken`.
    """
    _hold_draft(issue, version=version)
    issue.slug = slug or issue.slug
    _fill(issue, title=title, subject=subject, preview=preview, source=source, language=language)
    issue.version += 1
    issue.changed_by_id, issue.changed_at = by, now
    _save(issue)


def _hold_draft(issue: Issue, *, version: int) -> None:
    db.session.refresh(issue, with_for_update=True)
    if issue.is_sent:
        raise AlreadySent
    if issue.version != version:
        raise ChangedMeanwhile


def _fill(
    issue: Issue, *, title: str, subject: str, preview: str, source: str, language: str
) -> None:
    body = write(source, absolute=absolute)
    if holds_a_field(title, subject, preview, body.text, body.html):
        raise HoldsAField
    issue.title = title
    issue.subject = subject or title
    issue.preview = preview
    issue.source = source
    issue.html = markup.render(source).html
    issue.language = language


def _save(issue: Issue) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(issue)
    except IntegrityError:
        raise AddressTaken from None


def _free_slug(title: str) -> str:
    wanted = slug_of(title) or "issue"
    tries = (wanted if n == 1 else f"{wanted[:75]}-{n}" for n in count(1))
    return next(slug for slug in tries if queries.issue_with_slug(slug) is None)


def discard(issue: Issue) -> None:
    """Throw a draft away. Raises `AlreadySent`."""
    db.session.refresh(issue, with_for_update=True)
    if issue.is_sent:
        raise AlreadySent
    db.session.delete(issue)


class NobodyToSendTo(Refusal):
    sentence = _l("Nobody has subscribed yet, so there is nobody to send this to.")


def send(issue: Issue, *, version: int, now: datetime) -> None:
    """Queue an issue for everyone subscribed at this moment, once, and put it in the archive.

    Pressed twice, the second press finds it done. Raises `ChangedMeanwhile` when what the
    organiser saw is not what would go out, or `NobodyToSendTo`.
    """
    db.session.refresh(issue, with_for_update=True)
    if issue.is_sent:
        return
    _hold_draft(issue, version=version)
    if next(queries.audience(), None) is None:
        raise NobodyToSendTo
    circular = mails.circular(issue)
    with force_locale(issue.language):
        fill = mails.fields()
        batch = post_batch(
            (
                {
                    "person_id": reader.id,
                    "to": reader.email,
                    "to_name": reader.name,
                    "fields": fill(reader.id, reader.name),
                }
                for reader in queries.audience()
            ),
            kind=mails.ISSUE,
            subject=circular.subject,
            text=circular.text,
            html=circular.html,
            headers=circular.headers,
            now=now,
        )
    issue.batch_id = batch.id
    issue.queued_at = issue.published_at = now


def send_trial(issue: Issue, *, to: str, person_id: int, now: datetime) -> None:
    """Mail an issue to the organiser who writes it, as a reader would get it."""
    post(mails.trial(issue, to=to, person_id=person_id), now=now)


class NotSent(Refusal):
    sentence = _l("Only an issue that was sent stands in the archive.")


def withdraw(issue: Issue, *, now: datetime) -> None:
    """Take a sent issue out of the archive. Raises `NotSent`."""
    if not issue.is_sent:
        raise NotSent
    issue.withdrawn_at = issue.withdrawn_at or now


def put_back(issue: Issue) -> None:
    """Put an issue into the archive again. Raises `NotSent`."""
    if not issue.is_sent:
        raise NotSent
    issue.withdrawn_at = None


def load_starter(folder: Traversable, *, now: datetime) -> None:
    """Load the starter's issues as drafts, unless there are issues already."""
    if db.session.scalar(queries.search_issues().limit(1)) is not None:
        return
    files = (file for file in (folder / "newsletter").iterdir() if file.name.endswith(".md"))
    for file in sorted(files, key=lambda file: file.name):
        matter, source = markup.split(file.read_text(encoding="utf-8"))
        draft(
            title=matter["title"],
            slug=file.name.removesuffix(".md"),
            subject=matter.get("subject", ""),
            preview=matter.get("preview", ""),
            source=source.strip(),
            language=matter.get("language", current_app.config["LANGUAGES"][0]),
            by=None,
            now=now,
        )
