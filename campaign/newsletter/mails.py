"""What the newsletter writes: the welcome, the issue that goes to all, and its trial copy."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app

from campaign.languages import _, force_locale
from campaign.newsletter.models import Issue
from campaign.newsletter.writing import write
from campaign.outbox.mail import Mail
from campaign.people import links
from campaign.people.mails import language_of
from campaign.people.models import Person, Purpose
from campaign.templating import absolute, public_url, render_mail

WELCOME = "welcome"
# The kind of what goes to all is the purpose they agreed to: by it, leaving finds what waits.
ISSUE = Purpose.NEWSLETTER.value
TRIAL = "issue-trial"

# What a batch leaves open for each recipient (`outbox.verbs.post_batch`).
GREETING, TOKEN = "{{greeting}}", "{{unsubscribe}}"


def welcome(person: Person) -> Mail:
    """Greet a new subscriber: what comes, how often, and how to leave."""
    token = links.unsubscribe_token(person.id, Purpose.NEWSLETTER)
    with force_locale(language_of(person)):
        text, html = render_mail(
            "newsletter/mail/welcome",
            greeting=greeting(person.name),
            archive_url=public_url("newsletter.newsletter"),
            unsubscribe_url=links.unsubscribe_url(token),
        )
        return Mail(
            kind=WELCOME,
            to=person.email,
            to_name=person.name,
            subject=_("Welcome to the newsletter"),
            text=text,
            html=html,
            person_id=person.id,
            is_own_act=True,
            headers=list_headers(token),
        )


@dataclass(frozen=True)
class Circular:
    """An issue as it goes to all, with a field where each recipient differs."""

    subject: str
    text: str
    html: str
    headers: dict[str, str]


def circular(issue: Issue) -> Circular:
    """Write an issue for all its readers at once."""
    text, html = _halves(issue, hello=GREETING, token=TOKEN)
    domain = current_app.config["MAIL_DOMAIN"]
    headers = {
        **list_headers(TOKEN),
        # Campaign, kind and sender: by this a mailbox provider counts complaints.
        "Feedback-ID": f"issue-{issue.id}:newsletter:{domain}",
    }
    return Circular(subject=issue.subject, text=text, html=html, headers=headers)


# Stands for a name while the greeting is translated; no name holds it.
_NAME = "\x00"


def fields() -> Callable[[int, str], dict[str, str]]:
    """Give what fills the fields in for a reader's id and name, in the language of the moment.

    The words are translated once, not for each of a hundred thousand readers.
    """
    by_name, nameless = greeting(_NAME), greeting("")

    def fill(person_id: int, name: str) -> dict[str, str]:
        return {
            "greeting": by_name.replace(_NAME, name) if name else nameless,
            "unsubscribe": links.unsubscribe_token(person_id, Purpose.NEWSLETTER),
        }

    return fill


def trial(issue: Issue, *, to: str, person_id: int) -> Mail:
    """Write a copy for the organiser who asks for one, as a reader without a name would get it."""
    text, html = preview(issue, person_id=person_id)
    return Mail(
        kind=TRIAL,
        to=to,
        subject=_("Trial: %(subject)s", subject=issue.subject)[:255],
        text=text,
        html=html,
        is_own_act=True,
        headers=list_headers(links.unsubscribe_token(person_id, Purpose.NEWSLETTER)),
    )


# No row has it: its link opens the page, and its button changes nothing.
NOBODY = 0


def preview(issue: Issue, *, person_id: int = NOBODY) -> tuple[str, str]:
    """Write both halves of an issue as a reader without a name would get them."""
    token = links.unsubscribe_token(person_id, Purpose.NEWSLETTER)
    with force_locale(issue.language):
        return _halves(issue, hello=greeting(""), token=token)


def _halves(issue: Issue, *, hello: str, token: str) -> tuple[str, str]:
    body = write(issue.source, absolute=absolute)
    with force_locale(issue.language):
        return render_mail(
            "newsletter/mail/issue",
            issue=issue,
            body=body,
            greeting=hello,
            issue_url=public_url("newsletter.issue", slug=issue.slug),
            unsubscribe_url=links.unsubscribe_url(token),
        )


def greeting(name: str) -> str:
    """Begin a mail to somebody by name, or kindly without one."""
    return str(_("Dear %(name)s,", name=name) if name else _("Dear reader,"))


def list_headers(token: str) -> dict[str, str]:
    """Give what mail programs show as "unsubscribe" (RFC 2369, RFC 2919, RFC 8058).

    `token` is one person's, or the field of a batch that holds it.
    """
    domain = current_app.config["MAIL_DOMAIN"]
    return {
        "List-Id": f"<newsletter.{domain}>",
        "List-Unsubscribe": (
            f"<{links.unsubscribe_url(token)}>, <mailto:unsubscribe+{token}@{domain}>"
        ),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Archive": f"<{public_url('newsletter.newsletter')}>",
    }
