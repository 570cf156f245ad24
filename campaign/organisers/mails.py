"""What we write to organisers: the links that sign them in."""

from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.organisers.models import Organiser
from campaign.outbox.kinds import kind
from campaign.outbox.mail import Mail
from campaign.templating import render_mail

SIGN_IN = kind("sign-in", _l("sign-in link"))
WELCOME = kind("organiser-welcome", _l("new organiser"))


def sign_in_link(organiser: Organiser, link: str, *, minutes: int) -> Mail:
    """Write the mail that lets an organiser in; `minutes` is how long its link works."""
    text, html = render_mail("organisers/mail/sign_in", link=link, minutes=minutes)
    return Mail(
        kind=SIGN_IN,
        to=organiser.email,
        subject=_("Your sign-in link"),
        text=text,
        html=html,
        is_own_act=True,
    )


def welcome(organiser: Organiser, link: str, *, hours: int) -> Mail:
    """Write the mail to a new organiser; `hours` is how long its link works."""
    text, html = render_mail("organisers/mail/welcome", link=link, hours=hours)
    return Mail(
        kind=WELCOME,
        to=organiser.email,
        subject=_("You are now an organiser"),
        text=text,
        html=html,
    )
