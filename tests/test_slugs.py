"""Slugs: an address is readable in every alphabet, bounded, and never changes."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from campaign.db import db
from campaign.events import verbs
from campaign.events.changes.verbs import revise
from campaign.newsletter import verbs as newsletter
from campaign.slugs import free_slug, slug_of
from tests.events.conftest import NOW, PARTICULARS
from tests.visitor import Visitor

UNSAID: dict[str, Any] = {
    "slug": "", "subject": "", "preview": "", "source": "", "language": "en", "by": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("Łódź", "lodz"), ("Straße", "strasse"), ("Москва", "moskva"), ("Αθήνα", "athena"),
        ("São Paulo", "sao-paulo"), ("Đà Nẵng", "da-nang"), ("Ærø", "aero"), ("İzmir", "izmir"),
        ("Dún Laoghaire", "dun-laoghaire"), ("L'Aquila", "l-aquila"), ("Sa\u0303o", "sao"),
        ("C:\\x/y", "c-x-y"), ("a & b &amp; c", "a-b-amp-c"), ("&#381;", "381"), ("🙂", ""),
        ("  ", ""), ("--", ""), ("x" * 99, "x" * 80), ("word " * 40, ("word-" * 16)[:-1]),
        ("Київ", "kiiv"), ("Þórshöfn", "thorshofn"), ("<b>", "b"), ("../../etc", "etc"),
    ],
)  # fmt: skip
def test_words_become_small_latin_letters(words: str, slug: str) -> None:
    assert slug_of(words) == slug


@pytest.mark.parametrize(
    ("city", "country", "end"),
    [
        ("Łódź", "PL", "lodz"), ("東京", "JP", "tokyo"), ("北京", "CN", "beijing"),
        ("القاهرة", "EG", "cairo"), ("Москва", "RU", "moskva"), ("서울", "KR", "seoul"),
        ("🙂", "JP", "jp"), ("Gießen", "DE", "giessen"), ("תל אביב", "IL", ""),
    ],
)  # fmt: skip
def test_every_city_has_an_address_that_can_be_read(
    app: Flask, city: str, country: str, end: str
) -> None:
    with app.app_context():
        event = verbs.plan(now=NOW, **{**PARTICULARS, "city": city, "country": country})

        assert re.fullmatch(rf"2099-05-13-{end or '[a-z-]+'}", event.slug)


def test_long_names_fit_and_the_numbers_of_the_second_and_third_too(
    app: Flask, visitor: Visitor
) -> None:
    with app.app_context():
        action = verbs.announce(title="A", slug="a" * 80, day=PARTICULARS["starts_on"], summary="")
        said = {**PARTICULARS, "city": "Llanfair" * 10, "action_id": action.id}
        slugs = [verbs.plan(now=NOW, **said).slug for _ in range(12)]
        db.session.commit()

    assert len(set(slugs)) == 12
    assert max(map(len, slugs)) <= 120
    assert all(visitor.open(f"/events/{slug}").status_code == 200 for slug in slugs[::11])


@pytest.mark.parametrize("title", ["日" * 120, "Ж" * 120, "ß" * 120, "🙂" * 120])
def test_a_long_title_makes_an_address_that_fits(
    app: Flask, organiser: Visitor, title: str
) -> None:
    answer = organiser.send(
        "/office/events/actions/new", action="/new", title=title, day="2099-05-13"
    )
    with app.app_context():
        slugs = [newsletter.draft(title=title, now=NOW, **UNSAID).slug for _ in range(3)]

    assert answer.status_code == 303
    assert len(set(slugs)) == 3
    assert all(0 < len(slug) <= 80 for slug in slugs)


def test_who_plan_the_same_at_once_get_an_address_each(app: Flask) -> None:
    together = Barrier(4)

    def plan(_: int) -> str:
        # In a request, for a job would have SQLite for itself from the beginning.
        with app.test_request_context(method="POST"):
            together.wait(10)
            slug = verbs.plan(now=NOW, **PARTICULARS).slug
            db.session.commit()
            return slug

    with ThreadPoolExecutor(4) as organisers:
        slugs = set(organisers.map(plan, range(12)))

    first = "2099-05-13-london"
    assert slugs == {first, *(f"{first}-{number}" for number in range(2, 13))}


def test_an_address_stays_when_the_city_is_written_otherwise(app: Flask) -> None:
    with app.app_context():
        event = verbs.plan(now=NOW, **{**PARTICULARS, "city": "Lodz", "country": "PL"})
        revise(event, now=NOW, **{**PARTICULARS, "city": "Łódź", "country": "PL"})

        assert event.slug == "2099-05-13-lodz"


def test_a_number_takes_the_place_of_the_last_letters() -> None:
    taken = {"a" * 10, "a" * 8 + "-2", "ab-cdefg-h"}

    assert free_slug("a" * 10, most=10, is_taken=taken.__contains__) == "a" * 8 + "-3"
    assert free_slug("ab-cdefg-h", most=10, is_taken=taken.__contains__) == "ab-cdefg-2"
    assert free_slug("free", most=10, is_taken=taken.__contains__) == "free"
