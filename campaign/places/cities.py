"""Places: the cities of the world, found by name, and which of them lie near one another.

The facts stand in `cities.sqlite` beside this file, which nobody changes while it is read. They are
those of GeoNames (geonames.org, CC BY 4.0): each city of 15,000 people or more, and the largest of
each country that has none. `tests/places/make_cities.py` makes the file anew.
"""

import re
import sqlite3
import threading
from functools import lru_cache
from math import asin, cos, degrees, pi, radians, sin, sqrt
from pathlib import Path
from typing import Any, NamedTuple

from campaign.folding import fold_name

FILE = Path(__file__).with_name("cities.sqlite")

_EARTH_KM = 6371.0
_KM_A_DEGREE = 111.2
_WORDS = {"st": "saint", "ste": "saint", "sankt": "saint", "sint": "saint", "mt": "mount"}
_threads = threading.local()


class City(NamedTuple):
    """One city: its id at GeoNames, its name in English, and where it lies."""

    id: int
    name: str
    country: str
    latitude: float
    longitude: float
    timezone: str


def folded(name: str) -> str:
    """Give the form in which names of places are compared: St. Étienne is Saint-Etienne."""
    return " ".join(_WORDS.get(word, word) for word in fold_name(name).split())


@lru_cache(maxsize=8192)
def find(name: str, country: str) -> City | None:
    """Find the city somebody means who writes its name and lives in a country (ISO 3166-1).

    Of several with one name it is the most populous. `Springfield, Illinois` and `Wien (AT)` are
    also looked for by what stands before the comma or bracket.
    """
    for part in (name, re.split(r"[,(/]", name)[0]):
        key = folded(part)
        found = _rows(_BY_NAME, key, country) if key and country else []
        if found:
            return City(*found[0])
    return None


@lru_cache(maxsize=1024)
def city(city_id: int) -> City | None:
    """Give the city with an id, if there is one."""
    found = _rows(_BY_ID, city_id)
    return City(*found[0]) if found else None


@lru_cache(maxsize=256)
def within(city_id: int, km: float) -> frozenset[int]:
    """List the ids of the cities that lie within a distance of a city, itself among them."""
    centre = city(city_id)
    if centre is None:
        return frozenset()
    # What stands in a box of degrees around the circle is measured one by one.
    up = km / _KM_A_DEGREE
    reach = sin(min(km / _EARTH_KM, pi / 2)) / max(cos(radians(centre.latitude)), 1e-9)
    across = degrees(asin(reach)) + 0.01 if reach < 1 else 180.0
    near = _rows(
        _IN_BOX, centre.latitude - up, centre.latitude + up,
        centre.longitude, across, centre.longitude, 360 - across,
    )  # fmt: skip
    return frozenset(
        other
        for other, latitude, longitude in near
        if km_between(centre.latitude, centre.longitude, latitude, longitude) <= km
    )


def zone_of(city_id: int | None, country: str) -> str:
    """Name the zone of a city, or else of a country's most populous one; "" where none is known."""
    known = city(city_id) if city_id is not None else None
    if known:
        return known.timezone
    # Of most people nothing is known, and for them nothing needs to be read.
    return _zones_of_countries().get(country, "") if country else ""


def countries() -> frozenset[str]:
    """Name every country (ISO 3166-1 alpha-2) that has a city."""
    return frozenset(_zones_of_countries())


def km_between(latitude: float, longitude: float, other: float, other_longitude: float) -> float:
    """Measure the way over a round Earth between two points in degrees (haversine formula)."""
    there = sin(radians(other - latitude) / 2) ** 2
    across = sin(radians(other_longitude - longitude) / 2) ** 2
    chord = there + cos(radians(latitude)) * cos(radians(other)) * across
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))


_CITY = "SELECT id, name, city.country, latitude, longitude, timezone FROM city"
_BY_ID = f"{_CITY} WHERE id = ?"
_BY_NAME = f"{_CITY} JOIN spelling ON city_id = id WHERE folded = ? AND spelling.country = ?"
# Beyond 180 degrees, longitudes begin anew.
_IN_BOX = (
    "SELECT id, latitude, longitude FROM city WHERE latitude BETWEEN ? AND ? "
    "AND (abs(longitude - ?) <= ? OR abs(longitude - ?) >= ?)"
)
# Beside a maximum, SQLite gives the other columns of the row that has it.
_LARGEST = "SELECT country, timezone, max(population) FROM city GROUP BY country"


@lru_cache(maxsize=1)
def _zones_of_countries() -> dict[str, str]:
    return {country: timezone for country, timezone, _people in _rows(_LARGEST)}


def _rows(query: str, *values: str | float) -> list[tuple[Any, ...]]:
    connection = getattr(_threads, "connection", None)
    if connection is None:
        # One that nobody changes takes no locks.
        connection = sqlite3.connect(f"{FILE.as_uri()}?mode=ro&immutable=1", uri=True)
        # All processes share the system's copy of its pages; of its own each keeps few.
        connection.execute(f"PRAGMA mmap_size={FILE.stat().st_size}")
        connection.execute("PRAGMA cache_size=-100")
        _threads.connection = connection
    return connection.execute(query, values).fetchall()
