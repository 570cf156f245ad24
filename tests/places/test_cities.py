"""Cities: found as people write them, near one another, each in its zone."""

from concurrent.futures import ThreadPoolExecutor
from zoneinfo import available_timezones

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.people.verbs import remember
from campaign.places import cities


@pytest.mark.parametrize(
    ("written", "country", "name"),
    [
        ("Munich", "DE", "Munich"),
        ("münchen", "DE", "Munich"),
        ("Muenchen", "DE", "Munich"),
        ("  KÖLN ", "DE", "Köln"),
        ("Cologne", "DE", "Köln"),
        ("Frankfurt", "DE", "Frankfurt am Main"),
        ("St Étienne", "FR", "Saint-Étienne"),
        ("Lodz", "PL", "Łódź"),
        ("Kiev", "UA", "Kyiv"),
        ("東京", "JP", "Tokyo"),
        ("Москва", "RU", "Moscow"),
        ("Springfield, Illinois", "US", "Springfield"),
        ("New York", "US", "New York City"),
        ("London", "CA", "London"),
    ],
)
def test_a_city_is_found_as_people_write_it(written: str, country: str, name: str) -> None:
    found = cities.find(written, country)

    assert found is not None
    assert (found.name, found.country) == (name, country)
    assert cities.city(found.id) == found


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("Nowhere", "DE"),
        ("Munich", "FR"),
        ("Munich", ""),
        ("", "DE"),
        ("\t\n", "DE"),
        ("'#1", "XX"),
    ],
)
def test_what_is_no_city_of_a_country_is_not_found(written: str, country: str) -> None:
    assert cities.find(written, country) is None


def test_cities_in_a_circle_are_named_across_borders_and_the_date_line() -> None:
    def near(city: str, country: str, km: float) -> set[str]:
        centre = cities.find(city, country)
        assert centre
        found = [cities.city(one) for one in cities.within(centre.id, km)]
        return {f"{place.country} {place.name}" for place in found if place}

    around_basel = near("Basel", "CH", 60)
    around_suva = near("Suva", "FJ", 1200)

    assert {"CH Basel", "DE Lörrach", "FR Mulhouse", "DE Freiburg"} <= around_basel
    assert "CH Zürich" not in around_basel
    # Over the line where longitude goes from 180 to -180.
    assert {"FJ Suva", "TO Nuku‘alofa", "WS Apia"} <= around_suva
    assert cities.within(-1, 50) == frozenset()


def test_every_zone_is_one_that_clocks_know() -> None:
    known = available_timezones()

    zones = {cities.zone_of(None, country) for country in cities.countries()}

    assert zones <= known
    assert cities.zone_of(None, "US") == "America/New_York"
    assert cities.zone_of(None, "") == ""


def test_who_is_remembered_with_a_city_gets_its_place_and_zone(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        first = remember("ada@example.org", country="US", now=now)
        zone_of_country = first.timezone
        remember("ada@example.org", city="Paris", country="FR", now=now)
        moved_abroad = (first.city, first.city_id)
        remember("ada@example.org", city="Honolulu", country="US", now=now)
        db.session.flush()

        assert zone_of_country == "America/New_York"
        # She lives in the United States: a city in France is somebody else's idea of her.
        assert moved_abroad == ("", None)
        assert first.city == "Honolulu"
        assert cities.city(first.city_id or 0) == cities.find("Honolulu", "US")
        assert first.timezone == "Pacific/Honolulu"


@pytest.mark.parametrize("written", ["Modi'in", "Modi‘in", "Modiin"])
def test_a_sign_that_latin_letters_do_not_have_may_be_left_out(written: str) -> None:
    found = cities.find(written, "IL")

    assert found is not None
    assert found.name.startswith("Modi‘in")


def test_cities_are_found_in_every_thread() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(cities.find.__wrapped__, ["Oslo"] * 40, ["NO"] * 40))

    assert {city.name for city in found if city} == {"Oslo"}
