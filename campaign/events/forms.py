"""What may be said to us about events: a sign-up, and the button that takes it back."""

from typing import Any

from flask import current_app
from wtforms import BooleanField, IntegerField, SelectField
from wtforms.widgets import NumberInput

from campaign.events.models import MOST_GUESTS, Action
from campaign.forms import PublicForm, email_field, name_field
from campaign.languages import _, country_name
from campaign.languages import lazy_gettext as _l


def consent_wording() -> str:
    """Give the sentence beside the box, as the form shows it and the record keeps it."""
    return _(
        "Also send me the newsletter of %(name)s by e-mail, about once a month. I can leave at "
        "any time with the link in each issue.",
        name=current_app.config["NAME"],
    )


class GuestsField(IntegerField):
    """How many guests somebody brings; an empty field means none."""

    widget = NumberInput(step=1, min=0, max=MOST_GUESTS)

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = str(valuelist[0]).strip() if valuelist else ""
        self.data = 0
        if not typed:
            return
        if not (typed.isascii() and typed.isdigit() and len(typed) == 1):
            raise ValueError(_l("Enter a number of guests from 0 to 9."))
        self.data = int(typed)


class SignUpForm(PublicForm):
    """Somebody means to come to an event."""

    name = name_field(_l("Your name"), required=_l("Enter your name."))
    email = email_field(
        _l("Your e-mail address"), description=_l("We send the invitation for your calendar there.")
    )
    guests = GuestsField(
        _l("Guests you bring"), default=0, description=_l("Besides yourself; 9 at most.")
    )
    news = BooleanField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.news.label.text = consent_wording()


class WithdrawForm(PublicForm):
    """The one button that gives a place up."""


class FilterForm(PublicForm):
    """Which events to list."""

    class Meta(PublicForm.Meta):
        # It only asks; its answers stand in the address.
        csrf = False

    country = SelectField(_l("Country"))
    action = SelectField(_l("Day of action"))

    def offer(self, countries: list[str], actions: list[Action]) -> None:
        """Offer the countries and the days of action that there are."""
        names = sorted((country_name(code), code) for code in countries)
        self.country.choices = [("", _("All countries")), *((code, name) for name, code in names)]
        self.action.choices = [
            ("", _("All events")),
            *((action.slug, action.title) for action in actions),
        ]
