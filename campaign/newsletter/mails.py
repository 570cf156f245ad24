"""What the newsletter writes: an issue in each of its languages, a copy to test it."""

from datetime import datetime

from campaign.languages import _, force_locale
from campaign.languages import lazy_gettext as _l
from campaign.mailings.fields import GREETING
from campaign.mailings.rendering import (
    as_placeholders,
    kept_whole,
    seen,
    write,
)
from campaign.newsletter.fields import NOBODY
from campaign.newsletter.models import Issue, IssueText
from campaign.outbox.fields import Recipient
from campaign.outbox.kinds import kind
from campaign.outbox.mail import Content, Mail, literally
from campaign.outbox.models import Text
from campaign.people import mail_links
from campaign.people.models import Purpose
from campaign.templating import absolute, our_campaign, public_url, render_mail

# The kind of what goes to all is the purpose they agreed to: by it, leaving finds what waits.
ISSUE = kind(Purpose.NEWSLETTER.value, _l("issue of the newsletter"))
TEST = kind("issue-test", _l("test of an issue"))

# What an issue leaves open for each reader besides the greeting and the writer's own fields
# (`fields`); in addresses and headers without spaces, where it could be broken or encoded.
WAY_OUT, CHOICES = "{{unsubscribe}}", "{{preferences}}"


def variants(issue: Issue) -> list[Text]:
    """Write an issue for all its readers at once: a variant for each language, which is its key."""
    return [variant(issue, text) for text in issue.texts]


def variant(issue: Issue, text: IssueText) -> Text:
    """Write one text of an issue, with a field where readers differ."""
    body = write(text.source, absolute=absolute)
    has_page = issue.is_public or not issue.is_sent
    with force_locale(text.language):
        plain, html = render_mail(
            "newsletter/mail/issue",
            issue=text,
            body_text=kept_whole(body.text),
            body_html=body.html,
            greeting=GREETING,
            # Not where nobody could read it: what went to some alone is not in the archive.
            issue_url=public_url("newsletter.issue", slug=issue.slug) if has_page else "",
            preferences_url=mail_links.preferences_url(CHOICES),
            unsubscribe_url=mail_links.unsubscribe_url(WAY_OUT),
        )
    return Text(
        key=text.language,
        language=text.language,
        subject=as_placeholders(text.subject, is_html=False),
        text=as_placeholders(plain, is_html=False),
        html=as_placeholders(html, is_html=True),
    )


def headers(issue: Issue) -> dict[str, str]:
    """Give the headers of an issue to all, with a field for each reader's way out."""
    domain = our_campaign().mail_domain
    return {
        **list_headers(WAY_OUT),
        # Campaign, kind and sender: by this a mailbox provider counts complaints.
        "Feedback-ID": f"issue-{issue.id}:newsletter:{domain}",
    }


def test_copy(issue: Issue, *, language: str, to: str, person_id: int, now: datetime) -> Mail:
    """Write a copy for the organiser who asks for one, as a reader without a name would get it."""
    text = issue.text_in(language)
    copy = seen_by(issue, text, _reader(text, person_id), now=now)
    with force_locale(text.language):
        subject = _("Test: %(subject)s", subject=copy.subject)[:255]
    content = Content(
        subject=subject,
        text=copy.text,
        html=copy.html,
        headers=list_headers(mail_links.unsubscribe_token(person_id, Purpose.NEWSLETTER)),
    )
    return Mail(kind=TEST, to=to, write=literally(content), is_own_act=True)


def _reader(text: IssueText, person_id: int) -> Recipient:
    return Recipient(person_id, "", text.language, "", None)


def preview(issue: Issue, *, language: str = "", now: datetime) -> tuple[str, str]:
    """Write both halves of an issue as a reader without a name would get them."""
    text = issue.text_in(language or issue.language)
    shown = seen_by(issue, text, _reader(text, NOBODY), now=now)
    return shown.text, shown.html


def seen_by(issue: Issue, text: IssueText, reader: Recipient, *, now: datetime) -> Text:
    """Write a text as one reader gets it, all fields filled in."""
    return seen(variant(issue, text), reader, now=now)


def list_headers(token: str) -> dict[str, str]:
    """Give what mail programs show as "unsubscribe" (RFC 2369, RFC 2919, RFC 8058).

    `token` is one person's, or the field of a batch that holds it.
    """
    domain = our_campaign().mail_domain
    return {
        "List-Id": f"<newsletter.{domain}>",
        "List-Unsubscribe": (
            f"<{mail_links.unsubscribe_url(token)}>, <mailto:unsubscribe+{token}@{domain}>"
        ),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Archive": f"<{public_url('newsletter.newsletter')}>",
    }
