"""Places: the cities of the world, found by name, and which of them lie near one another.

The facts stand in `cities.tsv` beside this file. They are those of GeoNames (geonames.org,
CC BY 4.0): each city of 15,000 people or more, and the largest of each country that has none. The
file is sorted by country and folded name, so that a name is found by halving it where it lies; only
numbers are kept in memory.
"""

import mmap
import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("cities.tsv")

_EARTH_KM = 6371.0
_KM_A_DEGREE = 111.2
# What has no accent to take off, but is spelled without it all the same.
_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h",
    "ʻ": "", "ʼ": "", "’": "", "'": "", "`": "",
})  # fmt: skip
_WORDS = {"st": "saint", "ste": "saint", "sankt": "saint", "sint": "saint", "mt": "mount"}


class City(NamedTuple):
    """One city: its number at GeoNames, its name in English, and where it lies."""

    id: int
    name: str
    country: str
    latitude: float
    longitude: float
    timezone: str


def folded(name: str) -> str:
    """Give the form in which names are compared: without accents, case and signs."""
    text = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    bare = "".join(c for c in text if not unicodedata.combining(c))
    words = re.findall(r"\w+", bare.translate(_LETTERS))
    return " ".join(_WORDS.get(word, word) for word in words)


@lru_cache(maxsize=8192)
def find(name: str, country: str) -> City | None:
    """Find the city somebody means who writes its name and lives in a country (ISO 3166-1).

    Of several with one name it is the most populous. `Springfield, Illinois` and `Wien (AT)` are
    also looked for by what stands before the sign.
    """
    for part in (name, re.split(r"[,(/]", name)[0]):
        key = folded(part)
        found = _gazetteer().number(country, key) if key and country else None
        if found is not None:
            return city(found)
    return None


def city(city_id: int) -> City | None:
    """Give the city with a number, if there is one."""
    gazetteer = _gazetteer()
    row = gazetteer.row(city_id)
    return None if row is None else gazetteer.city(row)


@lru_cache(maxsize=256)
def within(city_id: int, km: float) -> frozenset[int]:
    """Name the cities that lie within a distance of a city, itself among them."""
    gazetteer = _gazetteer()
    row = gazetteer.row(city_id)
    return frozenset() if row is None else gazetteer.around(row, km)


def zone_of(city_id: int | None, country: str) -> str:
    """Name the zone of a city, or else of a country's most populous one; "" where none is known."""
    known = city(city_id) if city_id is not None else None
    if known:
        return known.timezone
    # Of most people nothing is known, and for them nothing needs to be read.
    return _gazetteer().zones_of_countries.get(country, "") if country else ""


def countries() -> frozenset[str]:
    """Name every country (ISO 3166-1 alpha-2) that has a city."""
    return frozenset(_gazetteer().zones_of_countries)


class _Gazetteer:
    """The file, mapped into memory by the system, and the numbers that were read from it."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as stream:
            self._text = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        self.zones_of_countries: dict[str, str] = {}
        self._begin = self._skip_words()
        self._read()

    def _skip_words(self) -> int:
        at = 0
        while self._text[at : at + 1] == b"#":
            at = self._text.find(b"\n", at) + 1
        return at

    def _read(self) -> None:
        """Keep of every city its number, where it lies, and where its line begins."""
        most: dict[str, int] = {}
        # In the order of the file first; as numbers side by side, since objects would take more.
        numbers, lines = array("I"), array("I")
        latitudes, longitudes = array("f"), array("f")
        at = self._begin
        self._text.seek(at)
        for line in iter(self._text.readline, b""):
            # A line of two cells is but one more spelling.
            if line.count(b"\t") > 1:
                key, number, latitude, longitude, zone, people, _ = line.decode().split("\t")
                numbers.append(int(number))
                lines.append(at)
                latitudes.append(float(latitude))
                longitudes.append(float(longitude))
                country = key[:2]
                if int(people) >= most.get(country, 0):
                    most[country] = int(people)
                    self.zones_of_countries[country] = zone
            at += len(line)
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        self._numbers = array("I", [numbers[row] for row in order])
        self._lines = array("I", [lines[row] for row in order])
        self._latitudes = array("f", [latitudes[row] for row in order])
        self._longitudes = array("f", [longitudes[row] for row in order])
        by_latitude = sorted(range(len(order)), key=self._latitudes.__getitem__)
        self._by_latitude = array("H" if len(order) < 2**16 else "I", by_latitude)

    def number(self, country: str, key: str) -> int | None:
        """Find the number of the city with a folded name, by halving the file."""
        sought = f"{country} {key}".encode()
        low, high = self._begin, len(self._text)
        while low < high:
            middle = self._text.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = self._text.find(b"\n", middle)
            cells = self._text[middle:end].split(b"\t", 2)
            if cells[0] == sought:
                return int(cells[1])
            if cells[0] < sought:
                low = end + 1
            else:
                high = middle
        return None

    def row(self, city_id: int) -> int | None:
        """Find the row of a city."""
        row = bisect_left(self._numbers, city_id)
        return row if row < len(self._numbers) and self._numbers[row] == city_id else None

    def city(self, row: int) -> City:
        """Give all that is known of a row."""
        at = self._lines[row]
        cells = self._text[at : self._text.find(b"\n", at)].decode().split("\t")
        return City(
            id=int(cells[1]),
            name=cells[6],
            country=cells[0][:2],
            latitude=float(cells[2]),
            longitude=float(cells[3]),
            timezone=cells[4],
        )

    def around(self, row: int, km: float) -> frozenset[int]:
        """Name the cities in a circle: those of its band of latitudes are measured one by one."""
        latitude, longitude = self._latitudes[row], self._longitudes[row]
        band = km / _KM_A_DEGREE
        first = bisect_left(self._by_latitude, latitude - band, key=self._latitudes.__getitem__)
        last = bisect_right(self._by_latitude, latitude + band, key=self._latitudes.__getitem__)
        return frozenset(
            self._numbers[other]
            for other in self._by_latitude[first:last]
            if km_between(latitude, longitude, self._latitudes[other], self._longitudes[other])
            <= km
        )


def km_between(latitude: float, longitude: float, other: float, other_longitude: float) -> float:
    """Measure the way over a round Earth between two points in degrees (haversine formula)."""
    there = sin(radians(other - latitude) / 2) ** 2
    across = sin(radians(other_longitude - longitude) / 2) ** 2
    chord = there + cos(radians(latitude)) * cos(radians(other)) * across
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))


@lru_cache(maxsize=1)
def _gazetteer() -> _Gazetteer:
    return _Gazetteer(FILE)
