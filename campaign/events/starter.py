"""The starter's events: its file read into days of action and the events of each city."""

from datetime import date, time
from typing import Any, NamedTuple

from campaign.front_matter import read_yaml


class Plan(NamedTuple):
    """One day of action as the file has it: its own values, and those of each of its events."""

    action: dict[str, Any]
    events: list[dict[str, Any]]


def read(text: str, *, today: date) -> list[Plan]:
    """Read the file's actions; one that names a month and a day falls on the next such day."""
    data = read_yaml(text)
    return [_plan(one, data["cities"], today=today) for one in data["actions"]]


def _plan(one: dict[str, Any], cities: list[dict[str, Any]], *, today: date) -> Plan:
    day = _next(one["month"], one["day"], today) if "month" in one else _day(one["day"])
    action = {
        "slug": one["slug"],
        "title": one["title"],
        "summary": one["summary"],
        "day": day,
        "is_archived": one.get("archived", False),
        "page": one.get("page", ""),
    }
    return Plan(action, [_event(one, city, day=day) for city in cities])


def _event(one: dict[str, Any], city: dict[str, Any], *, day: date) -> dict[str, Any]:
    # What was seen in a year gone by says where people met then, and nothing of the coming one.
    seen = city.get("venue_seen", "") if one.get("archived") else ""
    return {
        "title": f"{one['title']}: {city['city']}",
        "city": city["city"],
        "country": city["country"],
        "zone": city["zone"],
        "starts_on": day,
        "starts": _time(one.get("start")),
        "ends": _time(one.get("end")),
        "venue": seen or one.get("venue", ""),
        "address": "",
        "latitude": float(city["latitude"]),
        "longitude": float(city["longitude"]),
        "description": one.get("description", ""),
        "bring": one.get("bring", ""),
        "access": one.get("access", ""),
        "host": "",
        "languages": list(city["languages"]),
        "capacity": None,
        "is_example": one.get("example", False),
    }


def _next(month: int, day: int, today: date) -> date:
    coming = date(today.year, month, day)
    return coming if coming > today else date(today.year + 1, month, day)


def _day(written: str) -> date:
    return date.fromisoformat(written)


def _time(written: str | None) -> time | None:
    return time.fromisoformat(written) if written else None
