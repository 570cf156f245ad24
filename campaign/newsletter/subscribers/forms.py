"""What readers may say to the newsletter: subscribe, confirm, refuse, choose, leave, come back."""

from collections.abc import Sequence
from typing import Any

from babel import Locale
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from campaign.forms import PublicForm, email_field, line_field, name_field
from campaign.languages import _, own_languages, territories
from campaign.languages import lazy_gettext as _l
from campaign.people.models import Rhythm
from campaign.templating import our_campaign
from campaign.validators import present


def consent_wording() -> str:
    """Give the sentence a subscriber agrees to, as the form shows it and the record keeps it."""
    return str(
        _(
            "Send me the newsletter of %(name)s by e-mail, about once a month. I can leave at any "
            "time with the link in each issue.",
            name=our_campaign().name,
        )
    )


class SubscribeForm(PublicForm):
    """Subscribe to the newsletter."""

    purpose = "newsletter.subscribe"

    email = email_field(_l("Your e-mail address"))
    name = name_field(_l("Your name"), description=_l("So that we can greet you by name."))


class PreferencesForm(PublicForm):
    """Choose what comes, how often, and in which language.

    It is filled with what the mail that led here has told anyway, and with what is chosen on this
    page. Where a reader lives is asked and never shown: mails are forwarded.
    """

    purpose = "newsletter.preferences"

    rhythm = RadioField(
        _l("How often"),
        choices=[
            SelectChoice(Rhythm.ALL.value, _l("Every issue")),
            SelectChoice(
                Rhythm.MONTHLY.value, _l("At most once a month: only what sums up the month")
            ),
        ],
        validators=[present(_l("Choose how often."))],
    )
    topics = SelectMultipleField(
        _l("What about"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    language = SelectField(_l("Language"), validators=[present(_l("Choose a language."))])
    name = name_field(_l("Your name"), description=_l("So that we can greet you by name."))
    country = SelectField(
        _l("Your country"),
        description=_l(
            "So that we can tell you of protests near you. We do not show here what "
            "you told us before: this page can be opened by whoever has one of your mails."
        ),
    )
    city = line_field(_l("Your city"), most=80)
    forgets_place = BooleanField(_l("Forget my country and my city"))

    def __init__(self, *args: Any, offered: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = own_languages()
        if len(languages) > 1:
            self.language.choices = [
                (code, Locale.parse(code).get_display_name(code) or code) for code in languages
            ]
        else:
            del self.language
        if offered:
            self.topics.choices = [(topic, topic) for topic in offered]
        else:
            del self.topics
        self.country.choices = [("", _("As before")), *territories()]
