"""What is found of the newsletter: the texts of its archive."""

from collections.abc import Iterator

from campaign import markup
from campaign.languages import lazy_gettext as _l
from campaign.newsletter.models import Issue, IssueText
from campaign.search.findings import Finding, findable
from campaign.templating import public_path


@findable(
    "issue",
    Issue,
    kinds={"issue": _l("Newsletter")},
    columns=("slug", "published_at", "taken_down_at"),
    parts={IssueText: "issue_id"},
)
def findings(issue: Issue) -> Iterator[Finding]:
    """Say what is found of an issue, in each of its languages."""
    if not issue.is_public:
        return
    for text in issue.texts:
        path = public_path("newsletter.issue", slug=issue.slug)
        if len(issue.texts) > 1:
            path = public_path("newsletter.issue_in", slug=issue.slug, language=text.language)
        yield Finding(
            kind="issue",
            path=path,
            title=text.title,
            summary=text.summary,
            text=markup.words_of(text.html),
            language=text.language.replace("_", "-"),
            day=issue.published_at.date() if issue.published_at else None,
        )
