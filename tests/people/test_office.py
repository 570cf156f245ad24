"""The office of people: who they are, what was sent to them, and segments put together by hand."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import literal, select

from campaign import clock
from campaign.db import db
from campaign.organisers.models import Role
from campaign.outbox.models import Message, Text
from campaign.outbox.suppressions.queries import is_suppressed
from campaign.outbox.suppressions.verbs import suppress
from campaign.outbox.verbs import queue, queue_batch
from campaign.people.mail_links import unsubscribe_token
from campaign.people.models import Person, Purpose
from campaign.people.queries import by_email, tags_of
from campaign.people.subscriptions.queries import subscription_of
from campaign.segments.models import Segment
from campaign.segments.verbs import save_segment
from tests.conftest import signed_in
from tests.mails import a_mail
from tests.segments.test_segments import GERMANY, PRESS, reader
from tests.visitor import Visitor

NEWS = Purpose.NEWSLETTER
SEGMENTS = "/office/segments"


@pytest.fixture
def ada(app: Flask) -> int:
    with app.app_context():
        person = reader("ada", "press", country="DE", language="de")
        person.name = "Ada <b>Lovelace</b>"
        db.session.commit()
        return person.id


def known(app: Flask, email: str = "ada@example.org") -> Person | None:
    with app.app_context():
        return by_email(email)


def test_people_are_found_by_name_address_country_and_tag(
    app: Flask, organiser: Visitor, ada: int
) -> None:
    with app.app_context():
        reader("bo", country="KE")
        db.session.commit()

    found = {
        question: set(re.findall(r"(\w+)@example.org</a>", organiser.open(address).text))
        for question, address in {
            "all": "/office/people",
            "name": "/office/people?q=lovelace",
            "address": "/office/people?q=bo@",
            "country": "/office/people?country=KE",
            "tag": "/office/people?tag=press",
            "nobody": "/office/people?q=%25",
        }.items()
    }
    csv = organiser.open("/office/people?tag=press&format=csv").text

    assert found == {
        "all": {"ada", "bo"}, "name": {"ada"}, "address": {"bo"}, "country": {"bo"},
        "tag": {"ada"}, "nobody": set(),
    }  # fmt: skip
    assert csv.splitlines()[1].startswith("ada@example.org,Ada <b>Lovelace</b>,DE,")


def test_a_persons_page_says_what_is_known_word_for_word(
    app: Flask, organiser: Visitor, ada: int
) -> None:
    page = organiser.open(f"/office/people/{ada}").text

    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;" in page
    assert "Germany" in page
    assert "German" in page
    assert "News, please." in page
    assert "Form: test." in page
    assert "<strong>subscribed</strong>" in page


def test_a_persons_page_says_what_was_sent_to_them_and_shows_no_token(
    app: Flask, organiser: Visitor, ada: int
) -> None:
    with app.app_context():
        now = clock.now()
        audience = select(
            Person.id.label("person_id"), Person.email.label("to_address"),
            Person.name.label("to_name"), Person.address_hash, Person.country, Person.city_id,
            literal("de").label("variant"),
        ).where(Person.id == ada)  # fmt: skip
        variant = Text(key="de", language="de", subject="Der Marsch", text="Text", html="")
        queue_batch(audience, kind="newsletter", variants=[variant], headers={}, now=now)
        token = unsubscribe_token(ada, NEWS)
        copy = a_mail(kind="letter-copy", subject="Your copy", text=token, person_id=ada)
        queue(copy, now=now)
        message = db.session.scalars(select(Message).where(Message.kind == "newsletter")).one()
        message.state, message.last_reply = "bounced", "550 no such user"
        db.session.commit()
        secrets = [token, message.token]

    page = organiser.open(f"/office/people/{ada}").text
    csv = organiser.open(f"/office/people/{ada}?format=csv").text

    assert "Der Marsch" in page
    assert "bounced" in page
    assert "550 no such user" in page
    assert "Your copy" in page
    assert "copy of a letter" in page
    assert "Der Marsch,newsletter,bounced" in csv
    assert not any(secret in page + csv for secret in secrets)


def test_a_tag_is_given_and_taken(app: Flask, organiser: Visitor, ada: int) -> None:
    page = f"/office/people/{ada}"

    organiser.send(page, action="/tags", tag="  volunteer ")
    organiser.send(page, action="/tags", tag="volunteer")
    organiser.send(page, action="/tags/remove", tag="press")
    too_long = organiser.send(page, action="/tags", tag="x" * 41)

    assert too_long.status_code == 422
    with app.app_context():
        assert tags_of(ada) == ["volunteer"]
    assert "volunteer" in organiser.open("/office/people/tags").text


def test_an_organiser_takes_somebody_off_the_list(app: Flask, organiser: Visitor, ada: int) -> None:
    asked = organiser.open(f"/office/people/{ada}/leave")
    answer = organiser.send(f"/office/people/{ada}/leave", action="/leave")

    assert "Take them off the list?" in asked.text
    assert answer.status_code == 303
    with app.app_context():
        subscription = subscription_of(ada, NEWS)
        assert subscription
        assert subscription.left_at is not None
    assert "through: office" in organiser.open(f"/office/people/{ada}").text


def test_an_organiser_stops_all_mail_to_somebody_and_lifts_that_again(
    app: Flask, organiser: Visitor, ada: int
) -> None:
    organiser.send(f"/office/people/{ada}/never-write", action="/never-write")
    with app.app_context():
        was_suppressed = is_suppressed("ada@example.org")
    page = organiser.open(f"/office/people/{ada}").text
    organiser.send(f"/office/people/{ada}/write-again", action="/write-again")

    assert was_suppressed
    assert "Nothing is written to this address" in page
    assert "An organiser was told: organiser@example.org" in page
    with app.app_context():
        assert not is_suppressed("ada@example.org")
        subscription = subscription_of(ada, NEWS)
        assert subscription
        assert subscription.left_at is not None


def test_only_an_administrator_forgets_somebody(app: Flask, organiser: Visitor, ada: int) -> None:
    administrator = signed_in(app, Role.ADMINISTRATOR, "admin@example.org")

    looked = organiser.open(f"/office/people/{ada}/forget")
    refused = organiser.post(f"/office/people/{ada}/forget")
    was_known = known(app)
    answer = administrator.send(f"/office/people/{ada}/forget", action="/forget")

    assert (looked.status_code, refused.status_code) == (403, 400)
    assert was_known is not None
    assert answer.status_code == 303
    assert known(app) is None
    assert administrator.open(f"/office/people/{ada}").status_code == 404


def test_a_deed_nobody_knows_is_not_found(organiser: Visitor, ada: int) -> None:
    assert organiser.open(f"/office/people/{ada}/promote").status_code == 404


def saved(app: Flask) -> Any:
    with app.app_context():
        return db.session.scalars(select(Segment)).one()


def save(organiser: Visitor, where: str, **fields: Any) -> Any:
    """Press the button that saves, which brings the form's token along."""
    page = organiser.open(where).text
    token = re.search(r'name="csrf_token" value="([^"]+)">Save', page)
    assert token, page
    return organiser.post(where, {**fields, "csrf_token": token[1]})


def counted(page: str) -> str:
    found = re.search(r'class="count"><strong>([\d,]+)</strong>', page)
    assert found, page
    return found[1]


def test_a_segment_is_put_together_by_buttons_and_saved(
    app: Flask, organiser: Visitor, ada: int
) -> None:
    new = f"{SEGMENTS}/new"
    empty = organiser.open(new).text
    added = organiser.open(f"{new}?match=all&add=country&do=add+").text
    chosen = {"match": "all", "1.is": "country", "1.in": ["DE", "FR", ""]}
    shown = organiser.client.get(new, query_string={**chosen, "do": "count"}).text
    grouped = organiser.client.get(new, query_string={**chosen, "do": "group"}).text
    in_group = {**chosen, "2.match": "any", "2.add": "tag"}
    with_tag = organiser.client.get(new, query_string={**in_group, "do": "add 2"}).text
    rule = {**in_group, "2-1.is": "tag", "2-1.tag": "press", "2-1.not": "1"}
    removed = organiser.client.get(new, query_string={**rule, "do": "remove 1"}).text
    answer = save(organiser, new, **rule, name="Quiet Germany")

    assert "Everyone who subscribes" in empty
    assert counted(empty) == "1"
    assert 'name="1.in"' in added
    assert "Conditions that are not complete" in added
    assert "People who live in Germany or France." in shown
    assert counted(shown) == "1"
    assert 'name="2.match"' in grouped
    assert 'name="2-1.tag"' in with_tag
    assert "People who do not have the tag “press”." in removed
    assert counted(removed) == "0"
    assert answer.status_code == 303
    germany_or_france = {"is": "country", "in": ["DE", "FR"]}
    assert saved(app).rule == {"all": [germany_or_france, {"any": [{"not": PRESS}]}]}
    assert "Quiet Germany" in organiser.open(SEGMENTS).text


def test_a_sample_shows_initials_and_no_more(organiser: Visitor, ada: int) -> None:
    page = organiser.open(f"{SEGMENTS}/count?match=all").text

    assert "A., Germany, German" in page
    assert "ovelace" not in page
    assert "@" not in page
    assert "<html" not in page


def test_a_saved_segment_is_shown_changed_renamed_and_deleted(
    app: Flask, organiser: Visitor, ada: int
) -> None:
    with app.app_context():
        rule = {"any": [GERMANY, {"not": PRESS}]}
        where = f"{SEGMENTS}/{_save('Some', rule)}"

    shown = organiser.open(where).text
    answer = save(
        organiser, where, name="Germany", match="all", **{"1.is": "country", "1.in": "DE"}
    )
    changed = saved(app)
    organiser.send(f"{where}/delete", action="/delete")

    assert "People who live in Germany, or do not have the tag “press”." in shown
    assert '<option value="1" selected>not so' in shown
    assert answer.status_code == 303
    assert (changed.name, changed.rule) == ("Germany", {"all": [GERMANY]})
    assert organiser.open(where).status_code == 404


def _save(name: str, rule: dict[str, Any]) -> int:
    segment = save_segment(name=name, rule=rule, by=None, now=clock.now())
    db.session.commit()
    return segment.id


def test_a_rule_deeper_than_the_page_is_said_in_words_and_kept(
    app: Flask, organiser: Visitor, ada: int
) -> None:
    deep = {"all": [{"any": [{"all": [GERMANY, PRESS]}, {"not": {"all": [PRESS]}}]}]}
    with app.app_context():
        where = f"{SEGMENTS}/{_save('Deep', deep)}"

    shown = organiser.open(where).text
    save(organiser, where, name="Deeper")

    assert "This rule is deeper than this page can show" in shown
    assert counted(shown) == "1"
    assert (saved(app).name, saved(app).rule) == ("Deeper", deep)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Give the segment a name."),
        ({"name": "Taken"}, "There is a segment of this name already."),
        ({"name": "A", "1.is": "country"}, "Country: choose or enter something."),
        ({"name": "A", "1.is": "country", "1.in": "XX"}, "there is no “XX”"),
        ({"name": "A", "1.is": "joined", "1.days": "-3"}, "whole number from 1"),
        (
            {"name": "A", "1.is": "city", "1.city": "<i>Oz", "1.country": "DE"},
            "We know no city called “&lt;i&gt;Oz” in Germany",
        ),
        ({"name": "A", "1-1.is": "tag", "1.match": "any"}, "Tag: choose or enter something."),
    ],
)
def test_what_cannot_be_saved_is_shown_again_with_its_mistake(
    app: Flask, organiser: Visitor, fields: dict[str, str], sentence: str
) -> None:
    with app.app_context():
        _save("Taken", {})

    answer = save(organiser, f"{SEGMENTS}/new", match="all", **fields)

    assert answer.status_code in {409, 422}
    assert sentence in answer.text
    assert saved(app).name == "Taken"


def test_strange_fields_break_nothing(organiser: Visitor, ada: int) -> None:
    for asked in (
        "match=none&do=remove+x-y", "do=remove+99", "do=add+7&7.add=country", "do=add+&add=rich",
        "1.is=rich", "1.is=country&1.is=tag&do=remove+1-1", "match=all&1.match=any&1-1.match=any",
        "1.is=joined&1.since=%0A", "do=remove+0", "1.is=tag&1.tag=" + "x" * 500,
    ):  # fmt: skip
        assert organiser.open(f"{SEGMENTS}/new?{asked}").status_code == 200, asked
        assert organiser.open(f"{SEGMENTS}/count?{asked}").status_code == 200, asked


def test_a_reader_looks_and_saves_nothing(app: Flask) -> None:
    reading = signed_in(app, Role.READER)

    looked = reading.open(f"{SEGMENTS}/new?match=all")
    answer = save(reading, f"{SEGMENTS}/new", name="Mine", match="all")

    assert looked.status_code == 200
    assert answer.status_code == 403


def test_a_suppression_by_machine_is_shown_with_its_evidence(
    app: Flask, organiser: Visitor, ada: int
) -> None:
    with app.app_context():
        suppress("ada@example.org", reason="bounce", evidence="5.1.1 no such user", now=clock.now())
        db.session.commit()

    page = organiser.open(f"/office/people/{ada}").text

    assert "bounce. 5.1.1 no such user" in page
