"""What organisers may say of a mailing they plan: to whom, when, how fast, which subjects."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import (
    FloatField,
    IntegerField,
    RadioField,
    SelectField,
    ValidationError,
)
from wtforms.fields import Field
from wtforms.widgets import HiddenInput, NumberInput

from campaign.days_and_hours import DayField, HourField, trouble_with
from campaign.forms import OfficeForm, line_field
from campaign.languages import lazy_gettext as _l
from campaign.languages import own_zone
from campaign.mailings.content import Content
from campaign.mailings.planning.verbs import Plan
from campaign.mailings.policy import AB_TEST_HOURS, MOST_AB_TEST_HOURS
from campaign.mailings.queries import Choice

NOW, AT, LOCAL = "now", "at", "local"


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
    widget = NumberInput(step=1, min=1, max=MOST_AB_TEST_HOURS)

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = valuelist[0].strip() if valuelist else ""
        if not (typed.isascii() and typed.isdigit() and 1 <= int(typed[:9]) <= MOST_AB_TEST_HOURS):
            raise ValueError(
                _l("Enter a number of hours from 1 to %(most)s.", most=MOST_AB_TEST_HOURS)
            )
        self.data = int(typed)


class PlanForm(OfficeForm):
    """How something is to go out. It is asked twice: first in an address, then with a button."""

    who = SelectField(_l("To whom"), validate_choice=False)
    when = RadioField(_l("When"), default=NOW)
    day = DayField(_l("Day"), description=_l("Leave day and time empty if it goes now."))
    time = HourField(_l("Time"))
    rate = _Rate(
        _l("Mails a second, at most"),
        description=_l("Empty: as fast as the relay takes them."),
    )
    second_subject = line_field(
        _l("A second subject, for an A/B test"),
        most=255,
        description=_l(
            "A tenth of the readers get it first, half of them under this subject. The better one "
            "goes to the rest. Empty: there is no A/B test."
        ),
    )
    hours = _Hours(
        _l("Hours to wait before the better one is chosen"),
        default=AB_TEST_HOURS,
        widget=_Hours.widget,
    )
    # What was seen when this was asked: the version, the newest mailing, the rule's fingerprint.
    version = IntegerField(widget=HiddenInput(), default=0)
    after = IntegerField(widget=HiddenInput(), default=0)
    seen = line_field("", most=64, widget=HiddenInput(), default="")

    def __init__(
        self, *args: Any, content: Content, choices: Sequence[Choice], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.questions = content.questions
        self._choices = {choice.key: choice for choice in choices}
        if not content.has_segments:
            del self.who
        else:
            self.who.choices = [(choice.key, choice.name) for choice in choices]
        if not content.has_ab_test:
            del self.second_subject
            del self.hours
        for question in self.questions:
            self[question.name].choices = list(question.choices)
        asked = [self[question.name] for question in self.questions]
        for field in (self.who, self.when, self.hours, *asked):
            if field is not None:
                field.flags.required = True
        zone = own_zone()
        self.when.choices = [
            (NOW, _l("Now")),
            (AT, _l("At a time, on the clocks of %(zone)s", zone=zone)),
            (LOCAL, _l("At an hour of a day, on each reader’s own clocks")),
        ]

    @property
    def choice(self) -> Choice:
        """Give whom it is to go to."""
        return self._choices[(self.who.data or "") if self.who else ""]

    @property
    def options(self) -> dict[str, str]:
        """Give the answers to the content's own questions."""
        return {question.name: self[question.name].data or "" for question in self.questions}

    @property
    def plan(self) -> Plan:
        """Give what was asked for, as it was seen."""
        day, hour = self.local_hour or (None, None)
        segment = self.choice.segment
        return Plan(
            version=self.version.data or 0,
            after=self.after.data or 0,
            segment_id=segment.id if segment else None,
            rule=dict(self.choice.rule),
            starts_at=self.starts_at,
            on_local_day=day,
            at_local_hour=hour,
            rate=self.rate.data or 0.0,
            options=self.options,
            **self._subjects,
        )

    @property
    def _subjects(self) -> dict[str, Any]:
        if self.second_subject is None:
            return {}
        return {
            "second_subject": self.second_subject.data or "",
            "ab_test_hours": self.hours.data,
        }

    @property
    def starts_at(self) -> datetime | None:
        """Give the moment it is to begin, where one was named."""
        if self.when.data != AT or self.day.data is None or self.time.data is None:
            return None
        zone = ZoneInfo(own_zone())
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
            trouble = trouble_with(self.day.data, field.data, own_zone())
            if trouble:
                raise ValidationError(trouble)

    def validate_second_subject(self, field: Field) -> None:
        """Refuse an A/B test that would come too late for some."""
        if field.data and self.when.data == LOCAL:
            raise ValidationError(
                _l(
                    "An A/B test takes hours, and then it is past the hour for some. Choose one: "
                    "an A/B test, or the readers’ own clocks."
                )
            )


class AskForm(PlanForm):
    """The same as a question, whose answers stand in the address."""

    class Meta(PlanForm.Meta):
        csrf = False


def plan_form(
    content: Content, choices: Sequence[Choice], *, kind: type[PlanForm] = PlanForm, **options: Any
) -> PlanForm:
    """Make the form that plans a content, with the content's own questions in it."""

    class Asked(kind):  # type: ignore[misc, valid-type]
        pass

    for question in content.questions:
        setattr(Asked, question.name, RadioField(question.label, default=question.usual))
    form: PlanForm = Asked(content=content, choices=choices, **options)
    return form
