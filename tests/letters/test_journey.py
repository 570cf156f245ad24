"""A letter's way: written, confirmed, sent, copied."""

from collections.abc import Callable

from flask import Flask

from campaign.outbox.models import Message
from tests.letters.conftest import OWN_WORDS, WRITER
from tests.visitor import Visitor

Posted = Callable[..., list[Message]]


def test_a_letter_goes_to_the_post_once_its_writer_has_pressed_the_button(
    asked: dict[str, str], visitor: Visitor, posted: Posted
) -> None:
    assert posted("letter") == []

    answer = visitor.send(asked["confirm"])

    assert answer.status_code == 303
    [letter] = posted("letter")
    assert letter.to_address == "minister@gb.example"
    assert letter.reply_to == "ada@example.org"
    assert letter.sender_name == "Ada Example via Pause Frontier AI"
    assert letter.html == ""
    assert "Auto-Submitted" not in letter.headers
    assert OWN_WORDS in letter.text
    assert letter.text.endswith("Yours faithfully,\n\nAda Example\n")
    assert "[" not in letter.text
    assert "{" not in letter.text
    [copy] = posted("letter-copy")
    assert copy.to_address == "ada@example.org"
    assert OWN_WORDS in copy.text
    assert "on its way" in visitor.open(answer.location).text


def test_the_mail_that_asks_holds_nothing_that_was_typed(
    world: Flask, visitor: Visitor, posted: Posted
) -> None:
    answer = visitor.send("/write/gb", **WRITER)

    assert answer.status_code == 303
    assert answer.location == "/write/check-your-mail"
    [mail] = posted("letter-confirmation")
    assert mail.is_own_act
    assert mail.to_name == ""
    for typed in (OWN_WORDS, WRITER["name"]):
        assert typed not in mail.subject + mail.text + mail.html
    assert "/write/not-me/" in mail.text
    assert "/write/not-me/" in mail.html
