"""What strangers may say in a field, and the token that stands for a cookie."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from flask import Flask
from werkzeug.datastructures import MultiDict

from campaign import tokens
from campaign.forms import (
    PublicButton,
    PublicForm,
    email_field,
    line_field,
    name_field,
    purposes,
    text_field,
)
from campaign.letters.models import Way
from campaign.validators import normal_address
from tests.visitor import Visitor


class Sample(PublicForm):
    purpose = "tests.sample"

    name = name_field("Name", required="Enter your name.")
    email = email_field("E-mail")
    subject = line_field("Subject", most=20)
    words = text_field("Words", most=50)


GOOD = {"name": "Ada Lovelace", "email": "ada@example.org", "subject": "Hello", "words": "Hi."}


def filled(app: Flask, **changes: str) -> Sample:
    with app.test_request_context("/", method="POST"):
        token = tokens.sign_timed("form:tests.sample", 0)
        form = Sample(formdata=MultiDict({**GOOD, "csrf_token": token, **changes}))
        form.validate()
        return form


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 76),
        ("name", "Ada\r\nBcc: victim@example.org"),
        ("name", "Ada\x00"),
        ("name", "Ada \u202e adA"),
        ("name", "see https://spam.example"),
        ("name", "ada@example.org"),
        ("name", "<b>Ada</b>"),
        ("name", "{{ 7 * 7 }}"),
        ("email", ""),
        ("email", "ada"),
        ("email", "ada@example.org, victim@example.org"),
        ("email", "ada@example.org victim@example.org"),
        ("email", "ada@example.org\r\nBcc: victim@example.org"),
        ("email", "Ada <ada@example.org>"),
        ("email", "ada@" + "x" * 250 + ".example"),
        ("email", "ada@localhost"),
        ("subject", "x" * 21),
        ("subject", "two\nlines"),
        ("words", "x" * 51),
        ("words", "bell\x07"),
    ],
)
def test_bad_input_is_named_beside_its_field_and_kept_as_typed(
    app: Flask, field: str, typed: str
) -> None:
    form = filled(app, **{field: typed})

    assert list(form.errors) == [field]
    assert form.refusal_status() == 422
    shown = form[field].data or ""
    assert "".join(shown.split()) == "".join(typed.split())


@pytest.mark.parametrize(
    "name", ["Ada", "Zoë O’Connor-Łukasz", "José María de la Cruz", "李小龍", "محمد", "Ada  King"]
)
def test_peoples_real_names_are_taken(app: Flask, name: str) -> None:
    form = filled(app, name=name)

    assert form.errors == {}
    assert form.name.data == " ".join(name.split())


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("\u2068Ada\u2069", "Ada"),
        ("Ada\u2028Lovelace", "Ada Lovelace"),
        ("علی‌رضا", "علی‌رضا"),
        ("Ada \U0001fae9", "Ada \U0001fae9"),
    ],
)
def test_a_name_that_was_pasted_is_taken_as_it_is_meant(app: Flask, pasted: str, kept: str) -> None:
    form = filled(app, name=pasted, subject=pasted)

    assert form.errors == {}
    assert (form.name.data, form.subject.data) == (kept, kept)


@pytest.mark.parametrize(
    ("field", "typed", "named"),
    [
        ("name", "Ada \u202eadA", ["character 5", "U+202E"]),
        ("subject", "a\x07b", ["character 2", "U+0007"]),
        ("words", "one\ntwo \ue123", ["line 2", "character 5", "U+E123"]),
        ("subject", "two\nlines", ["one line only"]),
    ],
)
def test_a_sentence_that_refuses_a_sign_names_it_and_its_place(
    app: Flask, field: str, typed: str, named: list[str]
) -> None:
    form = filled(app, **{field: typed})

    with app.app_context():
        sentence = str(form[field].errors[0])
    assert [part for part in named if part not in sentence] == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ada@Example.ORG ", "ada@example.org"),
        ("ada+news@example.org", "ada+news@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str) -> None:
    assert normal_address(typed) == kept


@pytest.mark.parametrize("token", ["", "rubbish", "a.b.c"])
def test_a_form_without_its_own_token_is_refused_and_keeps_what_was_typed(
    app: Flask, token: str
) -> None:
    form = filled(app, csrf_token=token)

    assert form.refusal_status() == 400
    assert form.name.data == "Ada Lovelace"


def test_the_token_of_one_purpose_is_refused_by_every_form_of_another(app: Flask) -> None:
    accepted = []
    for purpose in purposes():
        for theirs in purposes():
            with app.test_request_context("/"):
                token = made_for(theirs).csrf_token._value()
            with app.test_request_context("/", method="POST", data={"csrf_token": token}):
                form = made_for(purpose)
                form.validate()
                if "csrf_token" not in form.errors:
                    accepted.append((purpose, theirs))

    assert sorted(accepted) == [(purpose, purpose) for purpose in sorted(purposes())]


def made_for(purpose: str) -> PublicForm:
    """Make the form of a purpose; some have to be told what may be chosen."""
    told: dict[str, Any] = {
        "letters.write": {"ways": [], "way": Way.SEND, "posts": []},
        "newsletter.preferences": {"offered": []},
    }
    return purposes()[purpose](**told.get(purpose, {}))


def test_every_form_for_strangers_states_a_purpose_of_its_own(app: Flask) -> None:
    silent = [
        form.__name__
        for form in forms_below(PublicForm)
        if form.__module__.startswith("campaign.")
        and form.Meta.csrf
        and not form.purpose
        and form is not PublicButton.Form
    ]

    assert silent == []
    assert len(purposes()) > 10


def forms_below(form: type[PublicForm]) -> Iterator[type[PublicForm]]:
    for below in form.__subclasses__():
        yield below
        yield from forms_below(below)


def test_a_form_without_a_purpose_is_not_made(app: Flask) -> None:
    class Heir(Sample):
        """What its parent is for is not what it is for."""

    with app.test_request_context("/"), pytest.raises(TypeError, match="Heir"):
        Heir()


def test_two_forms_cannot_have_one_purpose() -> None:
    with pytest.raises(ValueError, match=r"tests\.sample"):
        PublicButton("some/page.html", purpose="tests.sample")


def test_a_page_opened_before_forms_stated_purposes_asks_for_one_more_press(
    app: Flask, visitor: Visitor
) -> None:
    with app.app_context():
        old = tokens.sign_timed("form:SubscribeForm", 0)

    answer = visitor.client.post(
        "/newsletter/subscribe",
        data={"email": "ada@example.org", "name": "Ada Lovelace", "csrf_token": old},
    )

    assert answer.status_code == 400
    assert "send them again" in answer.text
    assert "ada@example.org" in answer.text
    assert "Ada Lovelace" in answer.text


def test_a_token_older_than_two_days_is_refused(app: Flask) -> None:
    with app.app_context():
        token = tokens.sign_timed("form:tests.sample", 0)

    with time_machine.travel(timedelta(days=3)):
        form = filled(app, csrf_token=token)

    assert form.refusal_status() == 400


def test_a_page_made_anew_within_the_hour_has_the_same_token(app: Flask) -> None:
    made = []
    for moment in ("10:00:01", "10:59:59", "11:00:00"):
        with time_machine.travel(f"2026-03-01T{moment}+00:00"), app.test_request_context("/"):
            made.append(Sample(formdata=None).csrf_token._value())

    # So what was kept of it is still good: on this host, on others, and in a browser.
    assert made[0] == made[1] != made[2]


def test_the_form_shown_again_carries_a_fresh_token(app: Flask) -> None:
    with app.test_request_context("/", method="POST"):
        form = Sample(formdata=MultiDict({**GOOD, "csrf_token": "rubbish"}))
        form.validate()

        fresh = form.csrf_token._value()
        said = tokens.read_timed(fresh, "form:tests.sample", within=timedelta(hours=1))

    assert fresh != "rubbish"
    assert said == 0


def test_a_json_body_of_any_shape_is_no_form(app: Flask) -> None:
    for body in ("[1, 2]", '"text"', "null", "{broken"):
        with app.test_request_context(
            "/", method="POST", data=body, content_type="application/json"
        ):
            assert not Sample().validate()


class TestTokens:
    def test_a_token_is_good_for_its_own_purpose_only(self, app: Flask) -> None:
        with app.app_context():
            token = tokens.sign("unsubscribe", [1, "newsletter"])

            assert tokens.read(token, "unsubscribe") == [1, "newsletter"]
            with pytest.raises(tokens.ForgedToken):
                tokens.read(token, "confirm")

    def test_a_changed_token_is_forged_and_an_old_one_expired(self, app: Flask) -> None:
        with app.app_context():
            token = tokens.sign_timed("confirm", 7)
            with pytest.raises(tokens.ForgedToken):
                tokens.read_timed(token[:-1], "confirm", within=timedelta(days=1))
            with time_machine.travel(timedelta(days=2)), pytest.raises(tokens.ExpiredToken):
                tokens.read_timed(token, "confirm", within=timedelta(days=1))


def test_a_file_sent_for_a_text_is_no_text(visitor: Visitor) -> None:
    answer = visitor.client.post(
        "/newsletter/subscribe", data={"name": (BytesIO(b"Ada"), "name.txt"), "email": "x"}
    )

    assert answer.status_code == 400
