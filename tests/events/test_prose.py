"""Organisers' words about an event: what readers see of them, wherever they are shown."""

from collections.abc import Callable

import pytest
from flask import Flask

from campaign.events.models import Event
from tests.events.test_office import FORM
from tests.visitor import Visitor

MakeEvent = Callable[..., Event]
NOTE = "Come. <!-- a private\n\nnote -->"


def test_a_private_note_is_shown_nowhere(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Callable
) -> None:
    event = make_event(description=NOTE, bring=NOTE, access=NOTE, host=NOTE, action_id=None)

    visitor.send(f"/events/{event.slug}", name="Ada", email="ada@example.org")

    shown = [visitor.open(path).text for path in (
        f"/events/{event.slug}", f"/events/{event.slug}.ics", "/events.ics", "/events",
    )]  # fmt: skip
    mails = [f"{mail.text}{mail.html}{mail.calendar}" for mail in queued()]
    assert mails
    assert [text for text in [*shown, *mails] if "private" in text or "note -->" in text] == []
    assert f"/events/{event.slug}" not in visitor.open("/search?q=private").text
    assert f"/events/{event.slug}" in visitor.open("/search?q=come").text


def test_the_fields_of_an_event_share_no_footnotes(visitor: Visitor, make_event: MakeEvent) -> None:
    words = "# Part\n\nWords[^1].\n\n[^1]: A note."
    event = make_event(description=words, bring=words, access=words, host=words)

    page = visitor.open(f"/events/{event.slug}").text

    assert page.count(' id="') == len({part.partition('"')[0] for part in page.split(' id="')[1:]})


@pytest.mark.parametrize(
    ("pasted", "shown"),
    [
        ("one\u2028two", "one\ntwo"),
        ("\uf0b7 one", "• one"),
        ("\u2068Ada\u2069", "Ada"),
        ("New \U0001fae9", "New \U0001fae9"),
        ("Article 5(1)(c)", "Article 5(1)(c)"),
    ],
)
def test_what_is_pasted_into_a_form_is_taken_as_it_is_meant(
    organiser: Visitor, action: object, pasted: str, shown: str
) -> None:
    said = {**FORM, "title": f"T {pasted}", "description": f"Words {pasted}"}

    answer = organiser.send("/office/events/new", action="/new", **said)

    assert answer.status_code == 303, answer.text
    page = organiser.open(_page_of(answer.location)).text
    assert f"<p>Words {shown}</p>" in page
    assert f"T {shown}".replace("\n", " ") in page


def _page_of(location: str) -> str:
    return location.replace("/office", "")


@pytest.mark.parametrize("field", ["description", "bring", "access", "host"])
def test_a_comment_that_never_ends_is_named_beside_its_field(
    organiser: Visitor, action: object, field: str
) -> None:
    said = {**FORM, field: "Come.\n\nAll <!-- of you."}

    answer = organiser.send("/office/events/new", action="/new", **said)

    assert answer.status_code == 422
    assert "A comment begins in line 3 and never ends" in answer.text
    assert "All &lt;!-- of you." in answer.text
