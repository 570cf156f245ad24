"""Questions about an issue before it goes out: what is to be mended in it, where its links lead."""

from datetime import datetime

from flask import Flask

from campaign.content_checks.content_lint import Finding
from campaign.languages import language_name
from campaign.mailings import readiness
from campaign.newsletter import mails
from campaign.newsletter.models import Issue, IssueText


def findings(issue: Issue, text: IssueText, *, now: datetime) -> list[Finding]:
    """Look over one text of an issue, all but whether its links answer; the gravest first."""
    return readiness.findings(
        language=text.language,
        title=text.title,
        subject=text.subject,
        preview=text.preview,
        source=text.source,
        html=mails.variant(issue, text).html,
        now=now,
    )


def addresses_of(issue: Issue) -> tuple[list[str], list[str]]:
    """List where the links and pictures of an issue lead: paths of ours, and other sites."""
    return readiness.addresses_in(text.source for text in issue.texts)


def to_mend(app: Flask, issue: Issue, *, now: datetime) -> list[tuple[str, list[Finding]]]:
    """Say again what a check finds in an issue: by the name of its language, where it has several.

    Links to pages of ours that are not there are among it; other sites are not asked.
    """
    texts = [issue.text_in(language) for language in issue.languages]
    found = [
        (
            language_name(text.language) if len(texts) > 1 else "",
            [*readiness.dead_ends(app, [text.source]), *findings(issue, text, now=now)],
        )
        for text in texts
    ]
    return [(name, some) for name, some in found if some]
