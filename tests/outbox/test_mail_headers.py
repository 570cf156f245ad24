"""Whatever a stranger types as a name, a subject or an address stays words."""

import email
from dataclasses import replace
from email.header import decode_header, make_header
from email.policy import compat32, default

import pytest
from flask import Flask
from hypothesis import example, given

from campaign.outbox.fields import Value
from campaign.outbox.mail_headers import (
    UnsafeHeader,
    display_name,
    on_one_line,
    one_address,
    text_header,
    token_header,
)
from campaign.validators import normal_address
from tests.mails import compose
from tests.outbox.hostile_words import LOCAL_PARTS, WORDS
from tests.outbox.test_mail import ENVELOPE, PLAIN, SHARED, TO_ADA, filled
from tests.visitor import Visitor

ATTACK = "=?utf-8?b?aHR0cHM6Ly9ldmlsLmV4YW1wbGUvIDx2aWN0aW1AZXhhbXBsZS5uZXQ+?="
LINES = "=?x?b?" + "YQ0KQmNjOiB2aWN0aW1AZXhhbXBsZS5uZXQ=" + "?="
HEADERS = {
    "to",
    "subject",
    "from",
    "reply-to",
    "date",
    "message-id",
    "auto-submitted",
    "x-auto-response-suppress",
    "content-type",
    "mime-version",
}


def check(raw: bytes, *, subject: str) -> None:
    """See that any reader finds one recipient, one sender, this subject, and no other header."""
    head = raw.partition(b"\r\n\r\n")[0]
    assert not set(head.replace(b"\r\n", b"")) & set(b"\r\n")
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    for policy in (default, compat32):
        message = email.message_from_bytes(raw, policy=policy)
        names = [name.lower() for name, _ in message.items()]
        assert set(names) <= HEADERS
        assert len(set(names)) == len(names)
        written = str(message["Subject"])
        if policy is compat32:
            written = str(make_header(decode_header(written)))
        assert " ".join(written.split()) == " ".join(subject.split())
    message = email.message_from_bytes(raw, policy=default)
    for name, address in (("To", TO_ADA.to), ("From", "hello@campaign.example")):
        [found] = message[name].addresses
        assert found.addr_spec == address
        assert not set(found.display_name) & set("@<>,;:\r\n")


@given(name=WORDS, sender=WORDS, subject=WORDS)
@example(name=ATTACK, sender=ATTACK, subject=ATTACK)
@example(name=LINES, sender=LINES, subject=LINES)
@example(name="=?=?utf-8?b??=?=", sender="=??=", subject="=?utf-8?q?=0D=0ABcc:_v@example.net?=")
@example(name="x", sender="", subject="a=?b " * 60)
@example(name="", sender="x", subject="word " * 50)
@example(name="", sender="x", subject="w" * 990)
def test_what_arrives_has_one_recipient_one_sender_and_the_subject_meant(
    name: str, sender: str, subject: str
) -> None:
    shown = on_one_line(subject).encode("utf-8", "replace").decode()
    content = replace(PLAIN, subject=shown, sender_name=sender)

    check(compose(content, TO_ADA._replace(to_name=name), "t", ENVELOPE), subject=shown)


@given(name=WORDS)
@example(name=ATTACK)
@example(name=LINES)
def test_a_subject_that_greets_says_the_name_as_it_was_typed(name: str) -> None:
    content = replace(SHARED, subject="{{ name | friend }}, read this", headers={})

    raw = filled(content, TO_ADA._replace(to_name=name), name=Value(name))

    typed = name.encode("utf-8", "replace").decode() or "friend"
    check(raw, subject=on_one_line(f"{typed}, read this"))


@given(local=LOCAL_PARTS)
@example(local="=?x?b?YQ==?=")
@example(local='"a b"')
def test_an_address_is_written_as_it_is_or_not_at_all(local: str) -> None:
    address = f"{local}@example.org"
    try:
        one_address(address)
    except UnsafeHeader:
        with pytest.raises(UnsafeHeader):
            compose(PLAIN, TO_ADA._replace(to=address), "t", ENVELOPE)
        return

    raw = compose(PLAIN, TO_ADA._replace(to=address, to_name="Ada"), "t", ENVELOPE)

    # Dots where the standard has none are kept as some providers gave them out.
    for policy in (default, compat32):
        written = str(email.message_from_bytes(raw, policy=policy)["To"])
        assert written.replace('"', "").split()[-1] == f"<{address}>"


@given(local=LOCAL_PARTS)
@example(local="=?x?b?YQ==?=")
@example(local="a?=")
def test_every_address_that_a_form_takes_can_be_written_to(local: str) -> None:
    try:
        address = normal_address(f"{local}@example.org")
    except ValueError:
        return

    assert "=?" not in address
    assert one_address(address)[1] == "example.org"


@given(WORDS)
def test_a_shown_name_holds_no_encoded_word_and_no_sign_that_parts_addresses(name: str) -> None:
    shown = display_name(name)

    assert "=?" not in shown
    assert "?=" not in shown
    assert not set(shown) & set('@:,;"<>\\\r\n\u202e')
    assert display_name(shown) == shown


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: x@example.org", "a\nb", "a\x00b", "a\x85b", "a\u2028b"]
)
def test_no_header_is_built_with_a_line_end_whatever_happened_before(value: str) -> None:
    with pytest.raises(UnsafeHeader):
        text_header("Subject", value)
    with pytest.raises(UnsafeHeader):
        token_header("List-Id", value)
    with pytest.raises(UnsafeHeader):
        compose(replace(PLAIN, headers={"X-Of-A-Room": value}), TO_ADA, "t", ENVELOPE)


@pytest.mark.parametrize("name", [ATTACK, LINES, "=?x?q?a?=", "Ada =?utf-8?"])
def test_a_form_asks_for_a_name_that_is_no_encoded_word(
    app: Flask, visitor: Visitor, name: str
) -> None:
    answer = visitor.send(
        "/newsletter", action="/newsletter/subscribe", name=name, email="ada@example.org"
    )

    assert answer.status_code == 422
    assert "Enter a name" in answer.text


def test_a_form_asks_for_an_address_that_is_no_encoded_word(app: Flask, visitor: Visitor) -> None:
    answer = visitor.send(
        "/newsletter", action="/newsletter/subscribe", email="=?x?b?YQ==?=@example.org"
    )

    assert answer.status_code == 422
    assert "Enter one e-mail address" in answer.text
