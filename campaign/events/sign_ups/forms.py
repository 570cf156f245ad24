"""What may be said about a sign-up: that one comes, and that one cannot."""

from typing import Any

from wtforms import BooleanField, IntegerField
from wtforms.widgets import NumberInput

from campaign.events.policy import MOST_GUESTS
from campaign.forms import PublicForm, email_field, name_field
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.templating import our_campaign


def consent_wording() -> str:
    """Give the sentence beside the box, as the form shows it and the record keeps it."""
    wording: str = _(
        "Also send me the newsletter of %(name)s by e-mail, about once a month. I can leave at "
        "any time with the link in each issue.",
        name=our_campaign().name,
    )
    return wording


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

    purpose = "events.sign-up"

    name = name_field(_l("Your name"), required=_l("Enter your name."))
    email = email_field(
        _l("Your e-mail address"), description=_l("We send the invitation for your calendar there.")
    )
    guests = GuestsField(_l("Guests you bring, 9 at most"), default=0)
    news = BooleanField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.news.label.text = consent_wording()

    def said(self) -> dict[str, Any]:
        """Give who comes and with whom, as the keywords of the verb `sign_up`."""
        return {name: self[name].data for name in ("name", "email", "guests")}


class ComingForm(PublicForm):
    """The owner of an address says that they come, and with whom."""

    purpose = "events.coming"

    name = name_field(_l("Your name"))
    guests = GuestsField(_l("Guests you bring, 9 at most"), default=0)
