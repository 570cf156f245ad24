"""What readers may say to the newsletter: subscribe, confirm, refuse, leave, come back."""

from flask import current_app

from campaign.forms import PublicForm, email_field, name_field
from campaign.languages import _
from campaign.languages import lazy_gettext as _l


def consent_wording() -> str:
    """Give the sentence a subscriber agrees to, as the form shows it and the record keeps it."""
    return str(
        _(
            "Send me the newsletter of %(name)s by e-mail, about once a month. I can leave at any "
            "time with the link in each issue.",
            name=current_app.config["NAME"],
        )
    )


class SubscribeForm(PublicForm):
    """Subscribe to the newsletter."""

    email = email_field(_l("Your e-mail address"))
    name = name_field(_l("Your name"), description=_l("So that we can greet you by name."))


class ConfirmForm(PublicForm):
    """The button that agrees."""


class NotMeForm(PublicForm):
    """The button "never write to me"."""


class LeaveForm(PublicForm):
    """The button that leaves."""


class ComeBackForm(PublicForm):
    """The button that asks for the newsletter again."""
