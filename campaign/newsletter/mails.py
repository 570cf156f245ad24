"""What the newsletter writes: the welcome, and the issue that goes to all."""

from flask import current_app
from flask_babel import force_locale

from campaign.languages import _
from campaign.outbox.mail import Mail
from campaign.people import links
from campaign.people.mails import language_of
from campaign.people.models import Person, Purpose
from campaign.templating import public_url, render_mail

WELCOME = "welcome"


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


def greeting(name: str) -> str:
    """Begin a mail to somebody by name, or kindly without one."""
    return _("Dear %(name)s,", name=name) if name else _("Dear reader,")


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
