"""What organisers may say of a sending: to whom, when, how fast, with which subjects."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from wtforms import (
    FloatField,
    IntegerField,
    RadioField,
    SelectField,
    ValidationError,
)
from wtforms.fields import Field
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput, NumberInput

from campaign.days import DayField, HourField, trouble_with
from campaign.forms import OfficeForm, line_field, text_field
from campaign.languages import lazy_gettext as _l
from campaign.newsletter.sendings.queries import Choice
from campaign.validators import normal_address

AS_USUAL, YES, NO = "", "yes", "no"
NOW, AT, LOCAL = "now", "at", "local"
MOST_HOURS = 72
MOST_SEEDS = 50


class _Rate(FloatField):
    widget = NumberInput(step="any", min=0)

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = valuelist[0].strip().replace(",", ".") if valuelist else ""
        self.data = None
        if not typed:
            return
        if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", typed):
            raise ValueError(_l("Enter a number of mails a second, or leave this empty."))
        self.data = float(typed) or None


class _Hours(IntegerField):
    widget = NumberInput(step=1, min=1, max=MOST_HOURS)

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = valuelist[0].strip() if valuelist else ""
        if not (typed.isascii() and typed.isdigit() and 1 <= int(typed[:9]) <= MOST_HOURS):
            raise ValueError(_l("Enter a number of hours from 1 to %(most)s.", most=MOST_HOURS))
        self.data = int(typed)


class PlanForm(OfficeForm):
    """How an issue is to go out. It is asked twice: first in an address, then with a button."""

    who = SelectField(_l("To whom"), validate_choice=False)
    when = RadioField(_l("When"), default=NOW)
    day = DayField(_l("Day"), description=_l("Leave day and time empty if it goes now."))
    time = HourField(_l("Time"))
    rate = _Rate(
        _l("Mails a second, at most"),
        description=_l("Empty: as fast as the relay takes them."),
    )
    second_subject = line_field(
        _l("A second subject to try"),
        most=255,
        description=_l(
            "A tenth of the readers get the issue first, half of them under this subject. The "
            "better one goes to the rest. Empty: there is no trial."
        ),
    )
    hours = _Hours(
        _l("Hours to wait before the better one is chosen"), default=4, widget=_Hours.widget
    )
    archive = RadioField(_l("In the public archive"), default=AS_USUAL)
    # What was seen when this was asked: the version, its newest sending, the rule's mark.
    version = IntegerField(widget=HiddenInput(), default=0)
    after = IntegerField(widget=HiddenInput(), default=0)
    seen = line_field("", most=64, widget=HiddenInput(), default="")

    def __init__(self, *args: Any, choices: Sequence[Choice], **options: Any) -> None:
        super().__init__(*args, **options)
        self._choices = {choice.key: choice for choice in choices}
        self.archive.choices = [
            (
                AS_USUAL,
                _l("If it goes to everyone; not what goes to a segment alone"),
            ),
            (YES, _l("Yes: everyone may read it on our site")),
            (NO, _l("No")),
        ]
        for field in (self.who, self.when, self.hours, self.archive):
            field.flags.required = True
        self.who.choices = [(choice.key, choice.name) for choice in choices]
        zone = current_app.config["TIMEZONE"]
        self.when.choices = [
            (NOW, _l("Now")),
            (AT, _l("At a time, on the clocks of %(zone)s", zone=zone)),
            (LOCAL, _l("At an hour of a day, on each reader’s own clocks")),
        ]

    @property
    def choice(self) -> Choice:
        """Give whom it is to go to."""
        return self._choices[self.who.data or ""]

    @property
    def in_archive(self) -> bool:
        """Tell whether the issue is to come into the public archive."""
        return {YES: True, NO: False}.get(self.archive.data or "", self.choice.segment is None)

    @property
    def starts_at(self) -> datetime | None:
        """Give the moment it is to begin, where one was named."""
        if self.when.data != AT or self.day.data is None or self.time.data is None:
            return None
        zone = ZoneInfo(current_app.config["TIMEZONE"])
        return datetime.combine(self.day.data, self.time.data, zone).astimezone(UTC)

    @property
    def local_hour(self) -> tuple[date, int] | None:
        """Give the day and the hour on the readers' own clocks, where they were named."""
        if self.when.data != LOCAL or self.day.data is None or self.time.data is None:
            return None
        return self.day.data, self.time.data.hour

    def validate_who(self, field: Field) -> None:
        """Refuse a segment that is gone."""
        if (field.data or "") not in self._choices:
            raise ValidationError(_l("There is no such segment any more. Choose again."))

    def validate_day(self, field: Field) -> None:
        """Ask for a day."""
        if self.when.data == NOW:
            return
        if field.data is None and not field.errors:
            raise ValidationError(_l("Enter the day."))

    def validate_time(self, field: Field) -> None:
        """Ask for a time: a full hour where it is the readers' own."""
        if self.when.data == NOW:
            return
        if field.data is None and not field.errors:
            raise ValidationError(_l("Enter the time."))
        if self.when.data == LOCAL and field.data != time(field.data.hour if field.data else 0):
            raise ValidationError(_l("On the readers’ own clocks it is a full hour, like 09:00."))
        if self.when.data == AT and field.data is not None and self.day.data is not None:
            trouble = trouble_with(self.day.data, field.data, current_app.config["TIMEZONE"])
            if trouble:
                raise ValidationError(trouble)

    def validate_second_subject(self, field: Field) -> None:
        """Refuse a trial that would come too late for some, or whose subject is a field."""
        if field.data and self.when.data == LOCAL:
            raise ValidationError(
                _l(
                    "A trial takes hours, and then it is past the hour for some. Choose one: a "
                    "trial, or the readers’ own clocks."
                )
            )


class AskForm(PlanForm):
    """The same as a question, whose answers stand in the address."""

    class Meta(PlanForm.Meta):
        csrf = False


class AgainForm(OfficeForm):
    """The button "send to those not reached", for the newest sending that was seen."""

    after = IntegerField(widget=HiddenInput(), default=0)


class ChooseForm(OfficeForm):
    """Which of two subjects the rest get."""

    winner = RadioField(
        _l("Subject"), validators=[InputRequired(_l("Choose one of the two subjects."))]
    )


class SeedsForm(OfficeForm):
    """The addresses a trial of an issue goes to."""

    more = text_field(
        _l("Organisers’ addresses, one a line"),
        most=4000,
        description=_l("Nobody else can be written to from here."),
        render_kw={"rows": 4},
    )

    @property
    def addresses(self) -> list[str]:
        """List the addresses that were typed, each in its one form."""
        return list(dict.fromkeys(normal_address(each) for each in self._typed()))

    def _typed(self) -> list[str]:
        return [each for each in re.split(r"[\s,;]+", self.more.data or "") if each]

    def validate_more(self, field: Field) -> None:
        """Refuse what is no address, and too many."""
        typed = self._typed()
        if len(typed) > MOST_SEEDS:
            raise ValidationError(_l("Enter %(most)s addresses at most.", most=MOST_SEEDS))
        for each in typed:
            try:
                normal_address(each)
            except ValueError:
                raise ValidationError(
                    _l("“%(typed)s” is not an e-mail address.", typed=each[:80])
                ) from None
