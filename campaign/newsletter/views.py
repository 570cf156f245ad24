"""Doors of the newsletter for visitors: the issues of the archive, to read and to follow."""

from typing import Any

from flask import Response, abort, render_template

from campaign.languages import current_language
from campaign.newsletter import queries
from campaign.newsletter.subscribers.views import bp
from campaign.newsletter.writing import complete_links
from campaign.templating import absolute

__all__ = ["bp"]

IN_FEED = 20


@bp.get("/newsletter/issues/<slug>")
def issue(slug: str) -> Any:
    """Show an issue of the archive."""
    found = queries.public_issue(slug) or abort(404)
    return render_template(
        "newsletter/issue.html", issue=found, text=found.text_in(current_language())
    )


@bp.get("/newsletter/feed.xml")
def feed() -> Any:
    """Give the archive to feed readers (Atom, RFC 4287)."""
    issues = queries.public_issues(limit=IN_FEED)
    xml = render_template(
        "newsletter/feed.xml",
        issues=issues,
        bodies={issue.id: complete_links(issue.text.html, absolute=absolute) for issue in issues},
    )
    return Response(xml, mimetype="application/atom+xml")
