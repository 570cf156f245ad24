"""What organisers may say of automations: their time, their switch, whom to enrol."""

from typing import Any

from babel.dates import get_day_names
from flask_babel import get_locale
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, NumberRange
from wtforms.widgets import HiddenInput

from campaign.forms import OfficeForm
from campaign.languages import lazy_gettext as _l
from campaign.newsletter.policy import MOST_STEP_DAYS

# Of the fifth week some months have no Tuesday.
_WEEKS = (_l("first"), _l("second"), _l("third"), _l("fourth"))


class DaysForm(OfficeForm):
    """Say how many days after somebody confirmed a step of the welcome goes."""

    days = IntegerField(
        _l("Days after somebody has confirmed"),
        validators=[
            InputRequired(_l("Enter a number of days.")),
            NumberRange(0, MOST_STEP_DAYS, _l("Enter a number of days from 0 to 365.")),
        ],
    )


class MomentForm(OfficeForm):
    """Say when the digest goes."""

    week = SelectField(_l("Which one of the month"), coerce=int, validators=[InputRequired()])
    weekday = SelectField(_l("Day of the week"), coerce=int, validators=[InputRequired()])
    hour = SelectField(_l("Hour"), coerce=int, validators=[InputRequired()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days = get_day_names("wide", locale=get_locale() or "en")
        self.week.choices = list(enumerate(_WEEKS, start=1))
        self.weekday.choices = [(day, days[day]) for day in range(7)]
        self.hour.choices = [(hour, f"{hour}:00") for hour in range(24)]


class EnrolForm(OfficeForm):
    """Begin the welcome for subscribers who never had it."""

    segment = SelectField(_l("For whom"), coerce=int, validators=[InputRequired()])


class ApproveForm(OfficeForm):
    """The button that approves an automation, in the words that were seen."""

    seen = StringField(widget=HiddenInput(), default="")
