"""What an organiser writes to all who come to an event, as it is mailed; and a copy to oneself."""

from datetime import datetime

from campaign.events.event_mails.models import EventMail
from campaign.languages import _, force_locale
from campaign.languages import lazy_gettext as _l
from campaign.mailings.fields import GREETING
from campaign.mailings.rendering import as_placeholders, kept_whole, seen, write
from campaign.outbox.fields import Recipient
from campaign.outbox.kinds import kind
from campaign.outbox.mail import Content, Mail, literally
from campaign.outbox.models import Text
from campaign.templating import absolute, public_url, render_mail

TEST = kind("event-news-test", _l("test of a mail to those who come to an event"))
# Without spaces: in an address it could be broken or encoded.
GIVE_UP = "{{withdraw}}"


def variant(mail: EventMail) -> Text:
    """Write a mail for all who come, with a field where they differ."""
    body = write(mail.source, absolute=absolute)
    with force_locale(mail.language):
        text, html = render_mail(
            "events/mail/event_news",
            subject=kept_whole(mail.subject),
            event=mail.event,
            greeting=GREETING,
            body_text=kept_whole(body.text),
            body_html=body.html,
            url=public_url("events.event", slug=mail.event.slug),
            withdraw=absolute(f"/events/withdraw/{GIVE_UP}"),
        )
    return Text(
        key=mail.language,
        language=mail.language,
        about_id=mail.event_id,
        subject=as_placeholders(mail.subject, is_html=False),
        text=as_placeholders(text, is_html=False),
        html=as_placeholders(html, is_html=True),
    )


def preview(mail: EventMail, *, now: datetime) -> Text:
    """Write it as somebody without a name would get it."""
    nobody = Recipient(None, "", mail.language, "", None, mail.event_id)
    return seen(variant(mail), nobody, now=now)


def test(mail: EventMail, *, to: str, now: datetime) -> Mail:
    """Write a copy for the organiser who asks for one."""
    shown = preview(mail, now=now)
    with force_locale(mail.language):
        subject = _("Test: %(subject)s", subject=shown.subject)[:255]
    content = Content(subject=subject, text=shown.text, html=shown.html)
    return Mail(kind=TEST, to=to, write=literally(content), is_own_act=True)
