"""What segments may ask of people themselves: where they live, language, tag, when they joined."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select

from campaign.db import nearest_day
from campaign.languages import _, country_name, languages, own_zone, short_date, territories
from campaign.languages import lazy_gettext as _l
from campaign.people.models import Person, Rhythm, Subscription, Tag, as_tag, language_tag
from campaign.people.queries import tags_in_use
from campaign.places import cities
from campaign.segments import rules
from campaign.segments.policy import FARTHEST, MOST_DAYS
from campaign.segments.rules import Values, WrongRule, condition


def either(names: Iterable[str]) -> str:
    """Join names: Germany, France or Kenya."""
    *most, last = names
    if not most:
        return last
    return str(_("%(several)s or %(last)s", several=", ".join(most), last=last))


def said(positive: Any, negative: Any) -> Callable[[Values, bool], Any]:
    """Make the words of a condition that has nothing to fill in."""
    return lambda values, denied: str(negative if denied else positive)


def _countries_in_words(values: Values, denied: bool) -> Any:
    countries = either(country_name(code) for code in values["in"])
    if denied:
        return _("do not live in %(countries)s", countries=countries)
    return _("live in %(countries)s", countries=countries)


@condition(
    "country",
    _l("Country"),
    rules.some("in", _l("Country"), territories),
    words=_countries_in_words,
)
def lives_in(values: Values, now: datetime) -> ColumnElement[bool]:
    """Find those who live in one of some countries."""
    return Person.country.in_(values["in"])


def _city_in_words(values: Values, denied: bool) -> Any:
    named = {"city": values["city"], "country": country_name(values["country"])}
    if "km" in values:
        named["km"] = values["km"]
        if denied:
            return _("do not live within %(km)s km of %(city)s (%(country)s)", **named)
        return _("live within %(km)s km of %(city)s (%(country)s)", **named)
    if denied:
        return _("do not live in %(city)s (%(country)s)", **named)
    return _("live in %(city)s (%(country)s)", **named)


def _is_a_city(values: Values) -> None:
    if cities.find(values["city"], values["country"]) is None:
        raise WrongRule(
            _l(
                "We know no city called “%(city)s” in %(country)s. Try its English name.",
                city=values["city"],
                country=country_name(values["country"]),
            )
        )


@condition(
    "city",
    _l("City, or near one"),
    rules.words("city", _l("City"), most=80),
    rules.one("country", _l("Country of the city"), territories),
    rules.number("km", _l("Kilometres around it"), most=FARTHEST, is_required=False),
    words=_city_in_words,
    check=_is_a_city,
)
def lives_near(values: Values, now: datetime) -> ColumnElement[bool]:
    """Find those who live in a city, or within some kilometres of it."""
    place = cities.find(values["city"], values["country"])
    if place is None:
        return false()
    near = cities.within(place.id, values["km"]) if "km" in values else {place.id}
    # Written into the statement: they may be more than a database takes as parameters. Whose place
    # is not known lives nowhere near, so that "not" finds them.
    ids: Any = bindparam("near", sorted(near), unique=True, expanding=True, literal_execute=True)
    return and_(Person.city_id.is_not(None), Person.city_id.in_(ids))


def _languages_in_words(values: Values, denied: bool) -> Any:
    named = dict(languages())
    chosen = either(str(named.get(code, code)) for code in values["in"])
    if denied:
        return _("do not read %(languages)s", languages=chosen)
    return _("read %(languages)s", languages=chosen)


@condition(
    "language",
    _l("Language"),
    rules.some("in", _l("Language"), languages),
    words=_languages_in_words,
)
def reads(values: Values, now: datetime) -> ColumnElement[bool]:
    """Find those who read one of some languages: who reads Austrian German reads German.

    As a sending does, which gives them the German text.
    """
    theirs = language_tag()
    wanted = [code.replace("_", "-").lower() for code in values["in"]]
    regional = (theirs.startswith(f"{code}-", autoescape=True) for code in wanted)
    return or_(theirs.in_(wanted), *regional)


def _tag_in_words(values: Values, denied: bool) -> Any:
    if denied:
        return _("do not have the tag “%(tag)s”", tag=values["tag"])
    return _("have the tag “%(tag)s”", tag=values["tag"])


@condition(
    "tag",
    _l("Tag"),
    rules.words("tag", _l("Tag"), most=40, suggested=tags_in_use),
    words=_tag_in_words,
)
def has_tag(values: Values, now: datetime) -> Select[int]:
    """Find those to whom an organiser gave a tag."""
    return select(Tag.person_id).where(Tag.tag == as_tag(values["tag"]))


def _joined_in_words(values: Values, denied: bool) -> Any:
    parts = []
    if "since" in values:
        parts.append(_("on or after %(day)s", day=short_date(_day(values["since"]))))
    if "before" in values:
        parts.append(_("before %(day)s", day=short_date(_day(values["before"]))))
    if "days" in values:
        parts.append(_("in the last %(days)s days", days=values["days"]))
    when = _(" and ").join(parts)
    return _("did not join %(when)s", when=when) if denied else _("joined %(when)s", when=when)


def _says_when(values: Values) -> None:
    if not {"since", "before", "days"} & set(values):
        raise WrongRule(_l("When they joined: enter a day or a number of days."))


@condition(
    "joined",
    _l("When they joined"),
    rules.day("since", _l("On or after")),
    rules.day("before", _l("Before")),
    rules.number("days", _l("In the last so many days"), most=MOST_DAYS, is_required=False),
    words=_joined_in_words,
    check=_says_when,
)
def joined(values: Values, now: datetime) -> ColumnElement[bool]:
    """Find those who agreed to hear from us in some time."""
    asked: list[ColumnElement[bool]] = [Subscription.confirmed_at.is_not(None)]
    if "since" in values:
        asked.append(Subscription.confirmed_at >= _begin(values["since"]))
    if "before" in values:
        asked.append(Subscription.confirmed_at < _begin(values["before"]))
    if "days" in values:
        asked.append(Subscription.confirmed_at >= now - timedelta(days=values["days"]))
    return and_(*asked)


def _day(written: str) -> date:
    return nearest_day(date.fromisoformat(written))


def _begin(written: str) -> datetime:
    # A day of the office's own clocks, by which it also reads when somebody joined.
    zone = ZoneInfo(own_zone())
    return datetime.combine(_day(written), time(), zone)


def _rhythms() -> list[tuple[str, Any]]:
    return [
        (Rhythm.ALL.value, _l("every issue")),
        (Rhythm.MONTHLY.value, _l("one a month")),
    ]


def _rhythm_in_words(values: Values, denied: bool) -> Any:
    # There are two: who does not want the one wants the other.
    if (values["rhythm"] == Rhythm.MONTHLY) != denied:
        return _("want one issue a month")
    return _("want every issue")


@condition(
    "rhythm",
    _l("How often they want mail"),
    rules.one("rhythm", _l("How often"), _rhythms),
    words=_rhythm_in_words,
)
def wants(values: Values, now: datetime) -> ColumnElement[bool]:
    """Find those who want every issue, or one a month."""
    return Subscription.rhythm.in_([values["rhythm"]])
