"""Folding: the office finds a word in any case and with or without accents, on both databases."""

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import contains, db
from campaign.folding import fold
from campaign.people.models import Person
from tests.visitor import Visitor

# As it stands in a row, and ways in which it is looked for.
SOUGHT = {
    "Łódź": ("łódź", "ŁÓDŹ", "lodz", "Lodz", "ódź", "dz"),
    "Анна Иванова": ("анна", "АННА", "иван", "Анна Иванова"),
    "Йошкар-Ола": ("йошкар", "иошкар"),
    "Straße": ("straße", "STRASSE", "strasse", "STRAẞE"),
    "Ελλάς": ("ελλασ", "ΕΛΛΑΣ", "ελλάς"),
    "İstanbul": ("istanbul", "ISTANBUL", "İSTANBUL"),
    "Diyarbakır": ("diyarbakir", "DIYARBAKIR"),
    "São Paulo": ("sao paulo", "SÃO", "são"),
    "Sa\u0303o Tome\u0301": ("são tomé",),
    "Ærø": ("aero", "ÆRØ", "ærø"),
    "Đà Nẵng": ("da nang", "đà nẵng"),
    "Þórshöfn": ("thorshofn", "ÞÓR"),
    "O’Brien": ("o'brien", "O’BRIEN"),
    "Գյումրի": ("ԳՅՈՒՄ", "գյումրի"),
    "東京": ("東京", "京"),
    "ﬁlm": ("film",),
    "Ⅳ": ("iv",),
    "100%_sure": ("100%", "%_s"),
    "Ada\\Lovelace": ("a\\l",),
    "plain": ("PLAIN", "ai"),
}
ABSENT = [("Łódź", "lódż x"), ("Anna", "анна"), ("abc", "a_c"), ("abc", "a%"), ("é", "ee")]


@pytest.mark.parametrize(
    ("said", "sought"), [(said, word) for said, words in SOUGHT.items() for word in words]
)
def test_one_word_is_one_however_it_is_written(said: str, sought: str) -> None:
    assert fold(sought) in fold(said)


def test_both_databases_find_what_python_finds(app: Flask) -> None:
    wanted = {(said, word) for said, words in SOUGHT.items() for word in words} | set(ABSENT)
    rows = {said for said, _ in wanted}

    with app.app_context():
        for at, said in enumerate(sorted(rows)):
            db.session.add(Person(email=f"{at}@example.org", name=said, remembered_at=clock.now()))
        db.session.commit()
        found = {
            (said, word)
            for word in {word for _, word in wanted}
            for said in db.session.scalars(select(Person.name).where(contains(Person.name, word)))
        }

    expected = {(said, word) for said in rows for _, word in wanted if fold(word) in fold(said)}
    assert found == expected
    assert not found & set(ABSENT)


@pytest.mark.parametrize("sought", ["łódź", "анна", "ŁUCJA", "lucja", "АННА"])
def test_the_office_finds_people_by_name_and_city(
    app: Flask, organiser: Visitor, sought: str
) -> None:
    with app.app_context():
        for name, city in (("Łucja", "Łódź"), ("Анна", "Łódź"), ("Bob", "York")):
            email = f"{city[-1:].encode().hex()}{name.encode().hex()}@example.org"
            db.session.add(Person(email=email, name=name, city=city, remembered_at=clock.now()))
        db.session.commit()

    page = organiser.open(f"/office/people?q={sought}").text

    assert "Анна" in page or "Łucja" in page
    assert "Bob" not in page
