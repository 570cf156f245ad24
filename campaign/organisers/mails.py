"""What we write to organisers: the links that sign them in."""

from campaign.languages import _, current_language
from campaign.languages import lazy_gettext as _l
from campaign.organisers.models import Organiser
from campaign.outbox.kinds import kind
from campaign.outbox.mail import Content, Mail
from campaign.outbox.placeholders import Placeholders
from campaign.templating import render_mail

SIGN_IN = kind("sign-in", _l("sign-in link"))
WELCOME = kind("organiser-welcome", _l("new organiser"))


def sign_in_link(organiser: Organiser, link: str, *, minutes: int) -> Mail:
    """Write the mail that lets an organiser in; `minutes` is how long its link works."""

    def write(field: Placeholders) -> Content:
        text, html = render_mail("organisers/mail/sign_in", link=field("link"), minutes=minutes)
        return Content(subject=_("Your sign-in link"), text=text, html=html)

    return Mail(
        kind=SIGN_IN,
        to=organiser.email,
        key=(current_language(), minutes),
        write=write,
        fields={"link": link},
        is_own_act=True,
    )


def welcome(organiser: Organiser, link: str, *, hours: int) -> Mail:
    """Write the mail to a new organiser; `hours` is how long its link works."""

    def write(field: Placeholders) -> Content:
        text, html = render_mail("organisers/mail/welcome", link=field("link"), hours=hours)
        return Content(subject=_("You are now an organiser"), text=text, html=html)

    return Mail(
        kind=WELCOME,
        to=organiser.email,
        key=(current_language(), hours),
        write=write,
        fields={"link": link},
    )
