"""Questions about an issue before it goes out: what is to be mended in it, where its links lead."""

from datetime import datetime
from urllib.parse import urlsplit

from flask import current_app

from campaign.languages import force_locale
from campaign.newsletter import mails, wording
from campaign.newsletter.checks import habits
from campaign.newsletter.checks.habits import Finding
from campaign.newsletter.models import Issue, IssueText
from campaign.newsletter.writing import write
from campaign.outbox.fields import Recipient, known
from campaign.outbox.mail import inline
from campaign.refusals import Refusal
from campaign.templating import absolute


def findings(issue: Issue, text: IssueText, *, now: datetime) -> list[Finding]:
    """Look over one text of an issue, all but whether its links answer; the gravest first."""
    found: list[Finding] = []
    try:
        wording.check_words(
            title=text.title, subject=text.subject, preview=text.preview, source=text.source
        )
    except Refusal as refusal:
        found.append(Finding(refusal.sentence, is_grave=True))
    body = write(text.source, absolute=absolute)
    nobody = Recipient(None, "", text.language, "", None)
    with force_locale(text.language):
        sampled = {name: (field, field.make(nobody, now)) for name, field in known().items()}
    html = inline(mails.variant(issue, text).html)
    found += [
        *habits.of_subject(text),
        *habits.of_fields(text, body, nobody=nobody, sampled=sampled),
        *habits.of_body(text, body, bytes_of_html=len(html.encode())),
        *habits.of_links(habits.links_in(body.html), base=current_app.config["BASE_URL"]),
    ]
    return sorted(dict.fromkeys(found), key=lambda finding: not finding.is_grave)


def addresses_of(issue: Issue) -> tuple[list[str], list[str]]:
    """List where the links and pictures of an issue lead: paths of ours, and other sites."""
    base = str(current_app.config["BASE_URL"])
    ours: dict[str, None] = {}
    others: dict[str, None] = {}
    for text in issue.texts:
        html = write(text.source, absolute=absolute).html
        addresses = [link.address for link in habits.links_in(html)] + habits.pictures_in(html)
        for address in addresses:
            if address == base or address.startswith((f"{base}/", f"{base}?", f"{base}#")):
                ours[address.removeprefix(base).partition("#")[0] or "/"] = None
            elif urlsplit(address).scheme in {"http", "https"}:
                others[address.partition("#")[0]] = None
    return list(ours), list(others)
