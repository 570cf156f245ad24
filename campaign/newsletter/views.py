"""Doors of the newsletter for visitors: the issues of the archive, to read and to follow."""

from typing import Any

from flask import Response, abort, redirect, render_template, url_for

from campaign import markup
from campaign.languages import current_language, language_name
from campaign.newsletter import queries
from campaign.newsletter.embeds.views import bp
from campaign.newsletter.models import Issue, IssueText
from campaign.newsletter.policy import ISSUES_IN_THE_FEED
from campaign.templating import absolute

__all__ = ["bp"]


@bp.get("/newsletter/issues/<slug>")
def issue(slug: str) -> Any:
    """Show an issue of the archive in the reader's language, or else in its own."""
    found = queries.issue_with_slug(slug)
    # What never stood in the archive went to some alone: strangers are not told that it exists.
    if found is None or found.published_at is None:
        abort(404)
    if not found.is_public:
        return render_template("newsletter/taken_down.html"), 410
    return _issue(found, found.text_in(current_language().replace("-", "_")))


@bp.get("/newsletter/issues/<slug>/<language>")
def issue_in(slug: str, language: str) -> Any:
    """Show an issue of the archive in one of its languages, whatever the reader's is."""
    found = queries.issue_with_slug(slug)
    if found is None or found.published_at is None or not found.has_text_in(language):
        abort(404)
    if not found.is_public or len(found.texts) == 1:
        return redirect(url_for("newsletter.issue", slug=slug), 302)
    return _issue(found, found.text_in(language))


def _issue(found: Issue, text: IssueText) -> str:
    others = [
        (code, language_name(code), url_for("newsletter.issue_in", slug=found.slug, language=code))
        for code in found.languages
    ]
    return render_template(
        "newsletter/issue.html",
        issue=found,
        text=text,
        languages=others if len(others) > 1 else [],
    )


@bp.get("/newsletter/feed.xml")
def feed() -> Any:
    """Give the archive to feed readers (Atom, RFC 4287)."""
    issues = queries.public_issues(limit=ISSUES_IN_THE_FEED)
    xml = render_template(
        "newsletter/feed.xml",
        issues=issues,
        bodies={
            issue.id: markup.complete_links(issue.text.html, absolute=absolute) for issue in issues
        },
    )
    return Response(xml, mimetype="application/atom+xml")
