"""The form of a mail on the wire."""

import email
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.delivery.personalisation import CompiledText
from campaign.outbox.fields import Value
from campaign.outbox.mail import (
    AUTOMATIC,
    ClaimedMessage,
    Content,
    Envelope,
    envelope_sender,
)
from campaign.outbox.mail_headers import UnsafeHeader, display_name, one_address, safe_header
from tests.mails import compose

ENVELOPE = Envelope("Pause Frontier AI", "hello@campaign.example", "campaign.example")
TO_ADA = ClaimedMessage(
    id=1,
    kind="invitation",
    to="ada@example.org",
    to_name="Ada",
    person_id=7,
    batch_id=None,
    variant="",
    country="",
    city_id=None,
    text_id=None,
    fields=None,
    queued_at=datetime(2027, 5, 1, 12, tzinfo=UTC),
    tries=1,
)
PLAIN = Content(
    subject="You are coming to Zürich",
    text="Grüezi\n.\n..a line that begins with dots\n" + "x" * 2000 + "\n",
    html="<html><head><style>p{color:red}</style></head><body><p>Grüezi</p></body></html>",
    headers=dict(AUTOMATIC),
)


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def words(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_is_quoted_printable_text_first_and_no_line_is_long() -> None:
    raw = compose(PLAIN, TO_ADA, "abc123", ENVELOPE)

    message = read(raw)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert raw.isascii()
    assert words(message, "plain") == PLAIN.text
    assert 'style="color: red;"' in words(message, "html")


def test_a_mail_says_who_sent_it_that_a_machine_did_and_keeps_its_message_id() -> None:
    first, second = (
        read(compose(PLAIN, TO_ADA, "abc123", ENVELOPE)),
        read(compose(PLAIN, TO_ADA, "abc123", ENVELOPE)),
    )

    assert first["From"] == "Pause Frontier AI <hello@campaign.example>"
    assert first["To"] == "Ada <ada@example.org>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Message-ID"] == second["Message-ID"] == "<abc123@campaign.example>"
    assert envelope_sender("abc123", ENVELOPE) == "bounces+abc123@campaign.example"


def test_an_invitation_carries_its_calendar_inside_the_first_child_and_once_attached() -> None:
    calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"

    message = read(
        compose(
            replace(PLAIN, calendar=calendar, calendar_method="REQUEST"), TO_ADA, "abc123", ENVELOPE
        )
    )

    assert message.get_content_type() == "multipart/mixed"
    alternative, attachment = list(message.iter_parts())
    kinds = [part.get_content_type() for part in alternative.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    inside = list(alternative.iter_parts())[-1]
    assert inside.get_param("method") == "REQUEST"
    assert inside.get_content_charset() == "utf-8"
    assert attachment.get_content_type() == "application/ics"
    assert attachment.get_filename() == "invite.ics"
    assert attachment.get_content().decode() == calendar


@pytest.mark.parametrize(
    "address",
    ["a@b.example, victim@c.example", "a@b.example\r\nBcc: v@c.example", "a b@c.example", "a", ""],
)
def test_what_is_not_exactly_one_address_is_no_recipient(address: str) -> None:
    with pytest.raises(UnsafeHeader):
        one_address(address)


@pytest.mark.parametrize("value", ["a\r\nBcc: x@example.org", "a\nb", "a\x00b"])
def test_a_line_end_in_a_header_is_refused(value: str) -> None:
    with pytest.raises(UnsafeHeader):
        safe_header(value)


# How long an example takes is the machine's business.
@settings(deadline=None)
@given(st.text(max_size=200))
def test_a_display_name_never_parts_an_address(name: str) -> None:
    shown = display_name(name)

    assert len(shown) <= 75
    assert not set(shown) & set('@:,;"<>\r\n')


SHARED = Content(
    subject="News",
    text="Dear {{ name | friend }},\n\nmuch happened. Leave: {{ unsubscribe }}\n",
    html='<p>Dear {{name|friend}},</p><p><a href="{{ unsubscribe }}">Leave</a></p>',
    headers={"List-Unsubscribe": "<{{ unsubscribe }}>"},
    language="en",
)
LEAVE = "https://campaign.example/unsubscribe/abc.def-ghi_jkl"


def filled(content: Content, mail: ClaimedMessage, *, name: Value) -> bytes:
    values = {"name": name, "unsubscribe": Value(LEAVE)}
    compiled = CompiledText(content, ENVELOPE, render=lambda field, reader, now: values[field.name])
    return compiled.fill(mail, "tok", now=mail.queued_at)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=75)


@settings(deadline=None)
@given(name=TEXT, to_name=st.text(st.characters(exclude_categories=["Cs"]), max_size=75))
def test_a_filled_batch_reads_as_if_composed_for_each(name: str, to_name: str) -> None:
    raw = filled(SHARED, TO_ADA._replace(to_name=to_name), name=Value(name))

    message = read(raw)
    assert message["Message-ID"] == "<tok@campaign.example>"
    assert message["List-Unsubscribe"] == f"<{LEAVE}>"
    assert message["To"].addresses[0].addr_spec == "ada@example.org"
    # Between two encoded words of a name the library reads a space, as no mail program does.
    shown = message["To"].addresses[0].display_name
    assert "".join(shown.split()) == "".join(display_name(to_name).split())
    assert message["Date"].datetime == TO_ADA.queued_at
    text = words(message, "plain")
    assert text == f"Dear {name or 'friend'},\n\nmuch happened. Leave: {LEAVE}\n"
    assert "<script" not in words(message, "html")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 200


@settings(deadline=None)
@given(name=TEXT)
def test_a_subject_may_greet_by_name(name: str) -> None:
    content = replace(SHARED, subject="Grüße, {{ name | friend }}: Saturday")

    message = read(filled(content, TO_ADA, name=Value(name)))

    wanted = f"Grüße, {name or 'friend'}: Saturday"
    assert message["Subject"].split() == wanted.split()
    assert len(message.get_all("Subject")) == 1


@pytest.mark.parametrize(
    "words",
    [
        "Привет, дорогие друзья: это очень длинная тема, которая не помещается в одну строку",
        "أهلا وسهلا بكم في النشرة الإخبارية الشهرية لحملتنا من أجل معاهدة",
        "致所有关心人工智能的人：日内瓦峰会即将召开，请在五月十三日与我们一起走上街头，谢谢大家",
    ],
)
def test_a_subject_and_a_name_in_any_script_keep_their_spaces(words: str) -> None:
    name = words[:75]
    raw = compose(replace(PLAIN, subject=words), TO_ADA._replace(to_name=name), "t", ENVELOPE)

    assert read(raw)["Subject"] == words
    to = email.message_from_bytes(raw)["To"].rpartition(" <")[0]
    assert str(make_header(decode_header(to))).strip() == display_name(name)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n")))
def test_a_value_of_many_lines_arrives_as_it_is(text: str) -> None:
    message = read(filled(SHARED, TO_ADA, name=Value(text or "x", html=f"<div>{text}</div>")))

    assert words(message, "plain").startswith(f"Dear {text or 'x'},\n")
    assert f"<div>{text}</div>" in words(message, "html")


def test_what_a_reader_is_called_never_becomes_html() -> None:
    message = read(filled(SHARED, TO_ADA, name=Value("<b>Ada</b>")))

    assert "&lt;b&gt;Ada" in words(message, "html")


def test_a_text_that_names_an_unknown_field_is_not_sent_with_a_hole() -> None:
    with pytest.raises(KeyError):
        filled(replace(SHARED, text="Dear {{ nobody }},\n"), TO_ADA, name=Value("Ada"))


def test_an_address_to_leave_by_is_never_folded_or_encoded() -> None:
    leave = f"<https://{'long-name.' * 9}example/unsubscribe/12n0123456789abcdef0123>"

    raw = compose(replace(PLAIN, headers={"List-Unsubscribe": leave}), TO_ADA, "abc", ENVELOPE)

    assert f"List-Unsubscribe: {leave}\r\n".encode() in raw
