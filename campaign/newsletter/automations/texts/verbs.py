"""Verbs of what automations say: write it in one language, reset it, have a copy sent."""

from datetime import datetime

from campaign.newsletter.automations import mails, queries
from campaign.newsletter.automations.models import AutomationText
from campaign.newsletter.automations.verbs import ChangedMeanwhile, changed, check, locked
from campaign.outbox.verbs import queue


def write(
    key: str,
    *,
    version: int,
    language: str,
    subject: str,
    source: str,
    by: int | None,
    now: datetime,
) -> None:
    """Write an automation for the readers of a language, on top of the `version` that was read.

    Raises `ChangedMeanwhile`, `NoFieldHere`, and what `newsletter.verbs.check_words` raises.
    """
    row = locked(key)
    if row.version != version:
        raise ChangedMeanwhile
    check(key, subject, source)
    text = next((text for text in row.texts if text.language == language), None)
    if text is None:
        text = AutomationText(language=language)
        row.texts.append(text)
    text.subject, text.source = subject, source
    row.written_by_id = by
    changed(row, by=by, now=now)


def reset_words(key: str, *, language: str, by: int | None, now: datetime) -> None:
    """Let an automation say again what it says without anybody's doing."""
    row = locked(key)
    row.texts[:] = [text for text in row.texts if text.language != language]
    row.written_by_id = by
    changed(row, by=by, now=now)


def send_test(key: str, *, language: str, to: str, now: datetime) -> None:
    """Mail an automation to the organiser who writes it, as a reader would get it."""
    automation = queries.automation(key)
    if automation is not None:
        queue(mails.test_copy(automation, language=language, to=to, now=now), now=now)
