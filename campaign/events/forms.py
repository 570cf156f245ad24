"""What may be said about events: by visitors, who look for them; by organisers, who plan them."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from wtforms import (
    BooleanField,
    FloatField,
    IntegerField,
    SelectField,
)
from wtforms.validators import InputRequired, ValidationError

from campaign.days_and_hours import DayField, HourField, clock_of, trouble_with
from campaign.events.models import Action, Event
from campaign.forms import OfficeForm, PublicForm, line_field, markdown_field, text_field
from campaign.languages import _, country_name, territories
from campaign.languages import lazy_gettext as _l
from campaign.slugs import slug_of


class FilterForm(PublicForm):
    """Which events to list."""

    class Meta(PublicForm.Meta):
        # It only asks; its answers stand in the address.
        csrf = False

    country = SelectField(_l("Country"))
    action = SelectField(_l("Day of action"))
    since = DayField(_l("From"), name="from")

    def narrowed(self) -> dict[str, Any]:
        """Give the country and the day of action that are asked for, if any."""
        return {one.name: one.data for one in (self.country, self.action) if one.data}

    def offer(self, countries: list[str], actions: list[Action]) -> None:
        """Offer the countries and the days of action that there are."""
        names = sorted((country_name(code), code) for code in countries)
        self.country.choices = [("", _("All countries")), *((code, name) for name, code in names)]
        self.action.choices = [
            ("", _("All events")),
            *((action.slug, action.title) for action in actions),
        ]


class DegreesField(FloatField):
    """A latitude or a longitude in decimal degrees; an empty field means none."""

    def __init__(self, *args: Any, most: float = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.most = most

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        wrong = _l("Enter decimal degrees between -%(most)s and %(most)s.", most=int(self.most))
        try:
            self.data = float(valuelist[0].replace(",", "."))
        except ValueError:
            raise ValueError(wrong) from None
        # Not true of what is no number either (NaN).
        if not -self.most <= self.data <= self.most:
            raise ValueError(wrong)


class CapacityField(IntegerField):
    """How many seats an event has; an empty field means as many as come."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        typed = valuelist[0].strip() if valuelist else ""
        if not typed:
            return
        if not (typed.isascii() and typed.isdigit() and 1 <= int(typed[:9]) <= 1_000_000):
            raise ValueError(_l("Enter a whole number, 1 or more, or leave this empty."))
        self.data = int(typed[:9])


MARKDOWN_HINT = _l(
    "An empty line begins a paragraph, a line that begins with - is one of a list, **two stars** "
    "make bold, and [words](https://example.org) a link. (This is Markdown.)"
)


class EventForm(OfficeForm):
    """What organisers say of an event."""

    title = line_field(_l("Title"), most=120, required=_l("Enter a title."))
    action_id = SelectField(_l("Part of the day of action"), coerce=str)
    country = SelectField(_l("Country"), validators=[InputRequired(_l("Choose the country."))])
    city = line_field(_l("City"), most=80, required=_l("Enter the city."))
    zone = SelectField(
        _l("Time zone"),
        validators=[InputRequired(_l("Choose the time zone."))],
        description=_l("The times below are on this zone’s clocks."),
    )
    starts_on = DayField(_l("Day"), validators=[InputRequired(_l("Enter the day."))])
    starts = HourField(
        _l("Begins at"), description=_l("Enter both times, or leave both empty for a whole day.")
    )
    ends = HourField(_l("Ends at"), description=_l("On the same day."))
    venue = line_field(_l("Meeting place"), most=200)
    address = line_field(_l("Address"), most=300)
    latitude = DegreesField(
        _l("Latitude"),
        most=90,
        description=_l("For the dot on the map, like 51.5. Leave both empty if you are not sure."),
    )
    longitude = DegreesField(_l("Longitude"), most=180)
    capacity = CapacityField(_l("Places"), description=_l("Leave empty if there is no limit."))
    description = markdown_field(_l("Description"), most=10_000, description=MARKDOWN_HINT)
    bring = markdown_field(
        _l("What to bring"), most=5_000, description=_l("A line that begins with - is one thing.")
    )
    access = markdown_field(
        _l("Getting there and getting around"),
        most=5_000,
        description=_l("Step-free ways, seats, toilets, the nearest stop."),
    )
    host = markdown_field(_l("Who hosts it"), most=5_000)
    languages = line_field(
        _l("Languages spoken"), most=60, description=_l("Codes, such as: en, fr")
    )
    is_example = BooleanField(_l("An example: nobody has confirmed it yet"))

    def offer(self, actions: list[Action]) -> None:
        """Offer the days of action, countries and time zones that there are."""
        self.action_id.choices = [
            ("", _("None")),
            *((str(action.id), action.title) for action in actions),
        ]
        self.country.choices = [("", _("Choose the country")), *territories()]
        zones = sorted(zone for zone in available_timezones() if "/" in zone)
        self.zone.choices = [
            ("", _("Choose the time zone")),
            *((zone, zone) for zone in ("UTC", *zones)),
        ]

    def show(self, event: Event) -> None:
        """Fill in what is known of an event."""
        for field in self:
            if hasattr(event, field.name):
                field.data = getattr(event, field.name)
        self.action_id.data = "" if event.action_id is None else str(event.action_id)
        self.languages.data = ", ".join(event.languages)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, and those that speak of the same thing together."""
        is_good = super().validate(extra_validators)
        starts, ends = self.starts.data, self.ends.data
        if not self.starts.errors and not self.ends.errors:
            if (starts is None) != (ends is None):
                is_good = _wrong(self.ends, _l("Enter both times, or none."))
            elif starts and ends:
                is_good = self._has_good_hours() and is_good
        latitude, longitude = self.latitude.data, self.longitude.data
        if (latitude is None) != (longitude is None):
            is_good = _wrong(self.longitude, _l("Enter both latitude and longitude, or none."))
        if not all(re.fullmatch("[a-z]{2,3}", code) for code in self.codes()):
            is_good = _wrong(self.languages, _l("Enter codes such as en, fr."))
        return bool(is_good)

    def _has_good_hours(self) -> bool:
        """Check both hours on the clocks of the city: they exist once, and the end comes later."""
        day, zone = self.starts_on.data, self.zone.data
        if day is None or not zone or self.starts_on.errors or self.zone.errors:
            return True
        for field in (self.starts, self.ends):
            if trouble := trouble_with(day, field.data, zone):
                return _wrong(field, trouble)
        starts, ends = (
            datetime.combine(day, field.data, clock_of(zone)).astimezone(UTC)
            for field in (self.starts, self.ends)
        )
        if ends <= starts:
            return _wrong(self.ends, _l("The end must be later than the beginning."))
        return True

    def codes(self) -> list[str]:
        """List the codes of the languages."""
        return re.findall(r"[^\s,;]+", (self.languages.data or "").lower())

    def particulars(self) -> Any:
        """Give what was said as the keywords of the verbs `plan` and `revise`."""
        said = {field.name: field.data for field in self if field.name != "csrf_token"}
        action_id = said["action_id"]
        return {
            **said,
            "action_id": int(action_id) if action_id else None,
            "languages": self.codes(),
        }


def _wrong(field: Any, sentence: Any) -> bool:
    field.errors = [*field.errors, sentence]
    return False


class ActionForm(OfficeForm):
    """What organisers say of a day of action."""

    title = line_field(_l("Title"), most=120, required=_l("Enter a title."))
    day = DayField(_l("Day"), validators=[InputRequired(_l("Enter the day."))])
    summary = text_field(
        _l("In a sentence or two"),
        most=1000,
        description=_l("What it is for: people read it first, and search engines show it."),
    )


class NewActionForm(ActionForm):
    """What organisers say of a new day of action: its address too, which then stays for ever."""

    slug = line_field(
        _l("Address"),
        most=80,
        description=_l(
            "The end of its page’s address, /actions/…: small letters, digits and hyphens. It "
            "cannot be changed later. Leave it empty to make it from the title."
        ),
    )

    def validate_slug(self, field: Any) -> None:
        """Refuse what cannot stand in an address; make what is missing from the title."""
        field.data = field.data or slug_of(self.title.data or "") or "action"
        if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", field.data):
            raise ValidationError(_l("Use small letters, digits and hyphens, like may-2027."))
