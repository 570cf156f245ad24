"""The office's guard: strangers stay outside, readers change nothing, forms need their token."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.app import PUBLIC
from campaign.db import db
from campaign.organisers import verbs
from campaign.organisers.models import Organiser, Role
from tests.conftest import signed_in
from tests.visitor import Visitor

# Where strangers may stand: the public rooms, static files, and the doorstep of the office.
DOORSTEP = {"organisers"}


@pytest.fixture
def without_form_tokens(app: Flask) -> Iterator[None]:
    """Switch form tokens off, so that their refusal does not hide a missing guard."""
    app.config["WTF_CSRF_ENABLED"] = False
    yield
    app.config["WTF_CSRF_ENABLED"] = True


def guarded(app: Flask) -> list[tuple[str, str, str]]:
    """List every address that is not public: method, path, endpoint."""
    found = []
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        outermost = rule.endpoint.split(".")[0]
        if outermost in PUBLIC | DOORSTEP | {"static"}:
            continue
        values = {
            name: 1 if "Integer" in type(converter).__name__ else "x"
            for name, converter in rule._converters.items()
        }
        path = adapter.build(rule.endpoint, values)
        found += [(method, path, rule.endpoint) for method in sorted(rule.methods or ())]
    return found


def test_every_address_that_is_not_public_turns_strangers_away(
    app: Flask, visitor: Visitor, without_form_tokens: None
) -> None:
    addresses = guarded(app)
    assert len(addresses) > 20

    for method, path, endpoint in addresses:
        answer = visitor.client.open(path, method=method)
        if method in {"GET", "HEAD"}:
            assert answer.status_code == 303, (method, path, endpoint)
            assert answer.location.startswith("/office/sign-in?next="), (method, path)
        else:
            assert answer.status_code == 403, (method, path, endpoint)


def test_whatever_lies_in_the_office_is_nested_behind_its_guard(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        inside = rule.rule.startswith("/office") and not rule.endpoint.startswith("organisers.")

        assert inside == rule.endpoint.startswith("office."), rule


def test_every_deed_refuses_a_reader(app: Flask, without_form_tokens: None) -> None:
    reader = signed_in(app, Role.READER)

    for method, path, endpoint in guarded(app):
        if method not in {"GET", "HEAD", "OPTIONS"}:
            answer = reader.client.open(path, method=method)
            assert answer.status_code == 403, (method, path, endpoint)
            assert "change nothing" in answer.text


def test_a_reader_sees_the_office(app: Flask) -> None:
    reader = signed_in(app, Role.READER)

    assert reader.open("/office/").status_code == 200
    assert reader.open("/office/outbox").status_code == 200


def test_every_deed_refuses_a_form_without_its_token(app: Flask) -> None:
    admin = signed_in(app, Role.ADMINISTRATOR)

    for method, path, endpoint in guarded(app):
        if method not in {"GET", "HEAD", "OPTIONS"}:
            answer = admin.client.open(path, method=method)
            assert answer.status_code == 400, (method, path, endpoint)


def test_a_form_without_its_token_says_what_to_do_and_keeps_what_was_typed(app: Flask) -> None:
    admin = signed_in(app, Role.ADMINISTRATOR)
    typed = {"email": "new@example.org", "role": "reader"}

    answer = admin.post("/office/organisers", {**typed, "csrf_token": "forged"})
    again = admin.fill(answer, "/office/organisers")

    assert answer.status_code == 400
    assert "new@example.org" in answer.text
    assert (again.status_code, again.location) == (303, "/office/organisers")
    with app.app_context():
        new = db.session.scalars(select(Organiser).filter_by(email="new@example.org")).one()
        assert new.role == Role.READER


def test_what_was_typed_outlives_the_session(app: Flask) -> None:
    admin = signed_in(app, Role.ADMINISTRATOR)
    page = admin.open("/office/organisers")
    with app.app_context():
        link = verbs.make_link(db.session.scalars(select(Organiser)).one(), now=clock.now())
        db.session.execute(db.delete(verbs.OpenSession))
        db.session.commit()
    typed = {"email": "<i>new@example.org", "role": "reader"}

    refused = admin.fill(page, "/", action="/office/organisers", **typed)
    admin.send(link)
    once_more = admin.fill(refused, "/", action="/office/organisers")

    assert refused.status_code == 403
    assert "&lt;i&gt;new@example.org" in refused.text
    # The form is older than the new session: it is shown again, with what was typed.
    assert once_more.status_code == 400
    assert "&lt;i&gt;new@example.org" in once_more.text


def test_another_site_cannot_press_a_button_of_the_office(app: Flask) -> None:
    admin = signed_in(app, Role.ADMINISTRATOR)

    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = admin.post("/office/organisers", {"email": "x@example.org"}, headers=headers)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "/office/outbox/999999",
        "/office/outbox/99999999999999999999999999",
        "/office/outbox/suppressions/nothing",
        "/office/outbox/suppressions/%00",
        "/office/organisers/999999",
    ],
)
def test_what_is_not_there_is_said_inside_the_office(app: Flask, address: str) -> None:
    admin = signed_in(app, Role.ADMINISTRATOR)

    answer = admin.open(address)

    assert answer.status_code == 404
    assert "Sign out" in answer.text


def test_pages_of_the_office_are_kept_by_no_cache(organiser: Visitor) -> None:
    for address in ("/office/", "/office/outbox", "/office/outbox/7"):
        assert organiser.open(address).headers["Cache-Control"] == "no-store"


def test_the_menu_names_where_one_is(app: Flask) -> None:
    page = signed_in(app, Role.ADMINISTRATOR).open("/office/outbox/suppressions")

    assert 'href="/office/outbox" aria-current="page"' in page.text
    assert "/office/organisers" in page.text


@pytest.mark.parametrize("address", ["/office/imports", "/office/segments"])
def test_the_menu_names_people_where_their_lists_and_segments_are(
    organiser: Visitor, address: str
) -> None:
    page = organiser.open(address)

    assert 'href="/office/people" aria-current="page"' in page.text


def test_only_administrators_see_who_is_an_organiser(organiser: Visitor) -> None:
    desk = organiser.open("/office/")

    refused = organiser.open("/office/organisers")

    assert "/office/organisers" not in desk.text
    assert refused.status_code == 403
    assert "Only administrators" in refused.text


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("people/imports", "imports"),
        ("people/imports/7", "imports/7"),
        ("people/segments?page=2", "segments?page=2"),
        ("newsletter/automatic/digest/en", "newsletter/automations/digest/en"),
        ("newsletter/elsewhere", "newsletter/embed"),
        ("newsletter/sendings/3", "mailings/3"),
    ],
)
def test_a_bookmark_of_before_leads_on(organiser: Visitor, before: str, now: str) -> None:
    answer = organiser.open(f"/office/{before}")

    assert (answer.status_code, answer.headers["Location"]) == (301, f"/office/{now}")
