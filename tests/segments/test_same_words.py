"""Languages and tags are the same however they are spelled, in the office and in files."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.imports.rows import _tags
from campaign.people import queries, verbs
from campaign.people.mails import language_of
from campaign.people.models import Person, Purpose, as_tag
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.segments.queries import audience, size_of_audience

SPELLINGS = ["de", "de-DE", "de_AT", "DE", "de-CH-1996", "dE-de"]
OTHERS = ["", "en", "den", "d", "nds-DE", "fr-DE", "pt"]


def subscribed(**said: str) -> Person:
    person = verbs.remember(f"p{len(said)}{said!r}@example.org"[:60], now=clock.now())
    for name, value in said.items():
        setattr(person, name, value)
    subscription = subscriptions_verbs.ask(
        person, Purpose.NEWSLETTER, wording="Yes.", form="test", now=clock.now()
    )
    subscriptions_verbs.confirm(subscription, now=clock.now())
    return person


def meant_by(rule: dict[str, Any]) -> set[str]:
    people = audience(Purpose.NEWSLETTER, rule=rule, now=clock.now())
    return {person.language for person in db.session.scalars(people)}


def test_who_reads_a_language_is_found_by_whatever_region_and_spelling(app: Flask) -> None:
    with app.app_context():
        for language in (*SPELLINGS, *OTHERS):
            subscribed(language=language)
        rule = {"is": "language", "in": ["de"]}

        assert meant_by(rule) == set(SPELLINGS)
        # Everybody is one or the other.
        assert meant_by({"not": rule}) == set(OTHERS)
        size = size_of_audience(Purpose.NEWSLETTER, rule=rule, now=clock.now())
        assert size == len(SPELLINGS)


def test_a_segment_means_whom_a_sending_gives_that_text(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "LANGUAGES", ["en", "de", "pt_BR"])
    with app.app_context():
        for language in (*SPELLINGS, *OTHERS, "pt-BR", "pt-br", "pt-PT"):
            subscribed(language=language)
        text = queries.language_among(["en", "de", "pt_BR"], otherwise="en")
        given = {row[0]: row[1] for row in db.session.execute(select(Person.language, text))}

        assert {theirs for theirs, gets in given.items() if gets == "de"} == set(SPELLINGS)
        assert {theirs for theirs, gets in given.items() if gets == "pt_BR"} == {"pt-BR", "pt-br"}
        everybody = db.session.scalars(select(Person))
        assert {one.language: language_of(one) for one in everybody} == given


@pytest.mark.parametrize(
    "several",
    [
        ("Berlin", "berlin", "BERLIN", " berlin "),
        ("Łódź", "łódź", "ŁÓDŹ"),
        ("Straße", "STRASSE", "strasse"),
        ("Анна", "анна"),
        ("local  group", "Local Group"),
    ],
)
def test_a_tag_is_one_however_it_is_written(app: Flask, several: tuple[str, ...]) -> None:
    with app.app_context():
        person = subscribed()
        for word in several:
            verbs.tag(person, word)
        db.session.flush()

        assert queries.tags_of(person.id) == [as_tag(several[0])]
        assert [count for _tag, count in queries.number_tagged()] == [1]
        for word in several:
            assert _tags(word, {}) == (as_tag(several[0]),)  # type: ignore[arg-type]
            assert db.session.scalars(queries.search(tag=word)).all() == [person]
            assert meant_by({"is": "tag", "tag": word.strip()}) == {""}

        verbs.untag(person, several[-1])
        assert queries.tags_of(person.id) == []
