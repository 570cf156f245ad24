"""Verbs of the newsletter: draft, change, translate, take down.

Long, for each verb of a draft refuses what changed meanwhile in the same few ways.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources.abc import Traversable
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from campaign import approval, markup
from campaign.db import db
from campaign.languages import force_locale, own_languages
from campaign.languages import lazy_gettext as _l
from campaign.mailings.merge_checks import check_words
from campaign.mailings.rendering import for_strangers
from campaign.mailings.verbs import delete_of
from campaign.newsletter import mails, queries, starter
from campaign.newsletter.models import CONTENT, Issue, IssueText
from campaign.newsletter.versions.models import IssueVersion
from campaign.outbox.verbs import queue
from campaign.refusals import Refusal
from campaign.slugs import free_slug, slug_of


class AddressTaken(Refusal):
    status = 422
    sentence = _l("Another issue has this address.")


class WrittenAlready(Refusal):
    status = 422
    sentence = _l("There is a text in this language already.")


def draft(
    *,
    title: str,
    slug: str,
    subject: str,
    preview: str,
    source: str,
    language: str,
    topic: str = "",
    is_monthly: bool = False,
    by: int | None,
    now: datetime,
) -> Issue:
    """Begin an issue. An empty slug or subject is made from the title.

    Raises `AddressTaken`, and what `check_words` raises.
    """
    issue = Issue(uid=str(uuid4()), version=1, created_by_id=by, created_at=now)
    issue.slug = slug or _free_slug(title)
    issue.language, issue.topic, issue.is_monthly = language, topic, is_monthly
    text = IssueText(language=language)
    _fill(text, title=title, subject=subject, preview=preview, source=source, now=now)
    issue.texts.append(text)
    _save(issue, by=by, now=now)
    return issue


class ChangedMeanwhile(Refusal):
    sentence = _l(
        "Somebody else has changed this issue since you opened it. Read what it says now, then do "
        "this again."
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
    topic: str = "",
    is_monthly: bool = False,
    by: int | None,
    now: datetime,
) -> None:
    """Write an issue anew in its own language, on top of the `version` that was read.

    Another `language` makes that its own. Raises `AlreadySent`, `ChangedMeanwhile`,
    `WrittenAlready`, `AddressTaken`, and what `check_words` raises.
    """
    _lock_draft(issue, version=version)
    text = issue.text
    if language != issue.language and issue.has_text_in(language):
        raise WrittenAlready
    issue.slug = slug or issue.slug
    issue.language = text.language = language
    issue.topic, issue.is_monthly = topic, is_monthly
    _fill(text, title=title, subject=subject, preview=preview, source=source, now=now)
    issue.version += 1
    _save(issue, by=by, now=now)


def translate(
    issue: Issue,
    *,
    version: int,
    language: str,
    title: str,
    subject: str,
    preview: str,
    source: str,
    by: int | None,
    now: datetime,
) -> None:
    """Write the text of an issue for the readers of one more language, or write it anew.

    Raises `AlreadySent`, `ChangedMeanwhile`, and what `check_words` raises.
    """
    _lock_draft(issue, version=version)
    if issue.has_text_in(language):
        text = issue.text_in(language)
    else:
        text = IssueText(language=language)
        issue.texts.append(text)
    _fill(text, title=title, subject=subject, preview=preview, source=source, now=now)
    issue.version += 1
    _save(issue, by=by, now=now)


class OwnLanguage(Refusal):
    sentence = _l("Readers of every other language get this text, so it has to stay.")


def drop_text(issue: Issue, *, version: int, language: str, by: int | None, now: datetime) -> None:
    """Take a language out of an issue: its readers get the issue's own.

    Raises `AlreadySent`, `ChangedMeanwhile` or `OwnLanguage`.
    """
    _lock_draft(issue, version=version)
    if language == issue.language:
        raise OwnLanguage
    issue.texts[:] = [text for text in issue.texts if text.language != language]
    issue.version += 1
    _save(issue, by=by, now=now)


def rewrite(
    issue: Issue,
    *,
    version: int,
    texts: Mapping[str, Mapping[str, str]],
    by: int | None,
    now: datetime,
) -> None:
    """Write every text of an issue anew: by its language, its title, subject, preview and source.

    Raises `AlreadySent`, `ChangedMeanwhile`, and what `check_words` raises.
    """
    _lock_draft(issue, version=version)
    known = {text.language: text for text in issue.texts}
    written = []
    for language, words in texts.items():
        text = known.get(language) or IssueText(language=language)
        _fill(text, **words, now=now)
        written.append(text)
    issue.texts[:] = written
    if issue.language not in texts:
        issue.language = written[0].language
    issue.version += 1
    _save(issue, by=by, now=now)


def _lock_draft(issue: Issue, *, version: int) -> None:
    db.session.refresh(issue, with_for_update=True)
    if issue.is_sent:
        raise AlreadySent
    if issue.version != version:
        raise ChangedMeanwhile


def _fill(
    text: IssueText, *, title: str, subject: str, preview: str, source: str, now: datetime
) -> None:
    check_words(title=title, subject=subject, preview=preview, source=source)
    text.title = title
    text.subject = subject or title
    text.preview = preview
    text.source = source
    _render(text, now=now)


def _render(text: IssueText, *, now: datetime) -> None:
    with force_locale(text.language):
        rendered = markup.render(text.source).html
        text.html = for_strangers(rendered, language=text.language, now=now)


def render_anew(*, now: datetime) -> None:
    """Render the issues that are not sent as this version of the program does."""
    drafts = select(IssueText).join(Issue).where(Issue.published_at.is_(None))
    for text in db.session.scalars(drafts):
        _render(text, now=now)


def _save(issue: Issue, *, by: int | None, now: datetime) -> None:
    issue.changed_by_id, issue.changed_at = by, now
    try:
        with db.session.begin_nested():
            db.session.add(issue)
    except IntegrityError:
        raise AddressTaken from None
    db.session.add(
        IssueVersion(
            issue_id=issue.id,
            number=issue.version,
            texts={text.language: text.words for text in issue.texts},
            saved_at=now,
            saved_by_id=by,
        )
    )


def _free_slug(title: str) -> str:
    return free_slug(
        slug_of(title) or "issue",
        most=80,
        is_taken=lambda slug: queries.issue_with_slug(slug) is not None,
    )


def discard(issue: Issue) -> None:
    """Throw a draft away, with what was planned for it. Raises `AlreadySent`."""
    db.session.refresh(issue, with_for_update=True)
    if issue.is_sent:
        raise AlreadySent
    delete_of(CONTENT, issue.id)
    db.session.delete(issue)


class NoText(Refusal):
    sentence = _l("This issue has no text yet.")


class NotApproved(Refusal):
    sentence = _l("A colleague has to approve this issue, as it is now, before it can be sent.")


def check_may_be_sent(issue: Issue, *, version: int) -> None:
    """Refuse an issue that may not go to its readers as it was seen in a `version`.

    Raises `ChangedMeanwhile`, `NoText`, `NotApproved`, and what `check_words` raises.
    """
    if issue.version != version:
        raise ChangedMeanwhile
    if not all(text.source.strip() for text in issue.texts):
        raise NoText
    for text in issue.texts:
        check_words(**text.words)
    if approval.is_asked_for() and not issue.is_approved:
        raise NotApproved


def go_out(issue: Issue, *, in_archive: bool, now: datetime) -> None:
    """Note that an issue goes to its readers; with it, or later, it comes into the archive."""
    issue.queued_at = issue.queued_at or now
    if in_archive:
        issue.published_at = issue.published_at or now


def send_test(issue: Issue, *, language: str = "", to: str, person_id: int, now: datetime) -> None:
    """Mail an issue to the organiser who writes it, as a reader would get it."""
    language = language or issue.language
    queue(mails.test_copy(issue, language=language, to=to, person_id=person_id, now=now), now=now)


class NotSent(Refusal):
    sentence = _l("Only an issue that was sent stands in the archive.")


def take_down(issue: Issue, *, now: datetime) -> None:
    """Take a sent issue out of the archive. Raises `NotSent`."""
    if not issue.is_sent:
        raise NotSent
    issue.taken_down_at = issue.taken_down_at or now


def put_back(issue: Issue) -> None:
    """Put an issue into the archive, again or for the first time. Raises `NotSent`."""
    if not issue.is_sent:
        raise NotSent
    issue.published_at = issue.published_at or issue.queued_at
    issue.taken_down_at = None


def load_starter(folder: Traversable, *, now: datetime) -> None:
    """Load the starter's issues as drafts, unless there are issues already."""
    if db.session.scalar(queries.search_issues().limit(1)) is not None:
        return
    language = own_languages()[0]
    for words in starter.read(folder / "newsletter", language=language):
        draft(**words, by=None, now=now)
