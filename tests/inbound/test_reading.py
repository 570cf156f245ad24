"""Reading: what a mail is found to be, whatever its bytes are."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.inbound import opening, reading
from campaign.inbound.addressing import Role, recipient_in, target
from campaign.inbound.calendar_replies import read as read_answer
from campaign.inbound.delivery_reports import Failure
from campaign.inbound.opening import open_mail
from campaign.verdicts.judging import Verdict
from tests.inbound.making import arf, bomb, calendar_reply, dsn, personal, report

QMAIL = """From: MAILER-DAEMON@mx.example.test
Subject: failure notice

Hi. This is the qmail-send program at mx.example.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@example.org>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 No such user here
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.
"""

EXIM = """From: Mail Delivery System <Mailer-Daemon@mx.example.test>
X-Failed-Recipients: ada@example.org
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ada@example.org
    SMTP error from remote mail server after RCPT TO:<ada@example.org>:
    host mx.example.test [192.0.2.1]: 550 mailbox unavailable: user unknown
"""


@pytest.mark.parametrize(
    ("action", "status", "words", "verdict"),
    [
        ("failed", "5.1.1", "", Verdict.GONE),
        ("failed", "5.1.10", "", Verdict.GONE),
        ("failed", "5.2.1", "", Verdict.SOFT),
        ("failed", "5.0.0", "550 User unknown", Verdict.GONE),
        ("failed", "5.4.1", "Recipient address rejected: Access denied", Verdict.MAYBE_GONE),
        ("failed", "5.0.0", "550 no", Verdict.SOFT),
        ("failed", "", "", Verdict.SOFT),
        ("failed", "5.2.2", "mailbox full", Verdict.SOFT),
        ("failed", "4.4.7", "expired", Verdict.SOFT),
        ("failed", "5.7.1", "listed as spam; user unknown", Verdict.REFUSED),
        ("failed", "5.1.8", "sender's domain", Verdict.REFUSED),
        ("failed", "5.3.4", "too big", Verdict.REFUSED),
        ("delayed", "4.4.1", "", Verdict.NOTED),
        ("delivered", "2.0.0", "", Verdict.NOTED),
        ("relayed", "2.1.5", "", Verdict.NOTED),
    ],
)
def test_a_status_means_what_the_standards_say(
    action: str, status: str, words: str, verdict: Verdict
) -> None:
    assert Failure((), action, status, words).verdict is verdict


def test_a_report_names_whom_it_is_about_and_why_but_keeps_no_address() -> None:
    found = reading.read(dsn().encode(), envelope_sender="")

    [failure] = found.failures
    assert failure.addresses == ("ada@example.org",)
    assert (failure.action, failure.status) == ("failed", "5.1.1")
    assert "User unknown" in failure.words
    assert "@" not in failure.words


def test_the_code_among_the_words_counts_where_the_status_says_nothing() -> None:
    found = reading.read(
        dsn(status="5.0.0", words="smtp; 550 5.2.2 The mailbox is full").encode(),
        envelope_sender="",
    )

    assert found.failures[0].verdict is Verdict.SOFT


@pytest.mark.parametrize("raw", [QMAIL, EXIM], ids=["qmail", "exim"])
def test_bounces_of_the_old_kinds_are_guessed(raw: str) -> None:
    found = reading.read(raw.encode(), envelope_sender="")

    [failure] = found.failures
    assert failure.is_guessed
    assert failure.addresses == ("ada@example.org",)
    assert failure.verdict is Verdict.GONE


def test_the_same_words_from_a_person_are_no_bounce() -> None:
    raw = QMAIL.replace("MAILER-DAEMON@mx.example.test", "bo@example.org")

    found = reading.read(raw.encode(), envelope_sender="bo@example.org")

    assert not found.is_report
    assert not found.is_automatic


@pytest.mark.parametrize(
    ("headers", "sender", "is_automatic"),
    [
        ({"Auto_Submitted": "auto-replied"}, "bo@example.org", True),
        ({"Auto_Submitted": "auto-generated; x=y"}, "bo@example.org", True),
        ({"Auto_Submitted": "no"}, "bo@example.org", False),
        ({"Precedence": "bulk"}, "bo@example.org", True),
        ({"Precedence": "LIST"}, "bo@example.org", True),
        ({"X_Autoreply": "yes"}, "bo@example.org", True),
        ({}, "", True),
        ({}, "bo@example.org", False),
        ({}, None, False),
    ],
)
def test_machines_are_told_from_people_by_their_headers(
    headers: dict[str, str], sender: str | None, is_automatic: bool
) -> None:
    found = reading.read(personal(**headers), envelope_sender=sender)

    assert found.is_automatic is is_automatic
    assert not found.is_report


@pytest.mark.parametrize(
    ("subject", "seems"),
    [
        ("Automatic reply: Hello", True),
        ("Out of office", True),
        ("Abwesenheitsnotiz", True),
        ("Réponse automatique : lettre", True),
        ("Is your office out of reach?", False),
    ],
)
def test_a_subject_alone_only_makes_it_seem_automatic(subject: str, seems: bool) -> None:
    found = reading.read(personal(Subject=subject), envelope_sender="bo@example.org")

    assert found.seems_automatic is seems
    assert not found.is_automatic


def test_an_answer_of_a_calendar_is_read_whatever_its_layout() -> None:
    raw = calendar_reply(
        uid="a-very-long-uid-that-is-folded-over-lines@campaign.example",
        attendee="Ada@Example.org",
        says="DECLINED",
        sequence=3,
    )

    found = reading.read(raw, envelope_sender="ada@example.org").answer

    assert found is not None
    assert found.uid == "a-very-long-uid-that-is-folded-over-lines@campaign.example"
    assert (found.attendee, found.says, found.sequence) == ("ada@example.org", "DECLINED", 3)


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("bounces+12mabc@campaign.example", (Role.BOUNCES, "12mabc")),
        ("BOUNCES+12MABC@Campaign.Example", (Role.BOUNCES, "12mabc")),
        ("unsubscribe+1nabc@campaign.example", (Role.UNSUBSCRIBE, "1nabc")),
        ("rsvp+x@campaign.example", (Role.RSVP, "x")),
        ("bounces@campaign.example", (Role.OTHER, "")),
        ("hello@campaign.example", (Role.OTHER, "")),
        ("", (Role.OTHER, "")),
    ],
)
def test_an_address_of_ours_tells_what_it_is_for(
    recipient: str, expected: tuple[Role, str]
) -> None:
    assert target(recipient) == expected


def test_the_recipient_is_found_in_headers_ours_before_others() -> None:
    raw = (
        b"Delivered-To: all@mailbox.example\r\nTo: Campaign <bounces+1mab@campaign.example>, "
        b"bo@example.org\r\n\r\nhi"
    )

    assert recipient_in(open_mail(raw)) == "bounces+1mab@campaign.example"
    assert recipient_in(open_mail(b"To: hello@campaign.example\n\nhi")) == "hello@campaign.example"
    assert recipient_in(open_mail(b"Subject: none\n\nhi")) == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/plain; charset=no-such-charset\n\ngr\xfc\xdfe",
        b"Content-Type: text/plain; charset=utf-8\n\ngr\xfc\xdfe",
        b"Content-Type: text/plain; charset=punycode\n\ngr\xfc\xdfe",
        b"Content-Type: text/plain; charset=hex\n\ngr\xfc\xdfe",
        b"\n\ngr\xfc\xdfe",
    ],
)
def test_a_wrong_charset_is_read_as_well_as_it_can_be(raw: bytes) -> None:
    assert "grüße" in opening.show(raw).text


def test_headers_of_eight_bits_and_controls_can_be_stored_and_shown() -> None:
    subject = b"a\x00b\r\rc \xff =?x?q?=FF?= \xe2\x80\xaed"
    raw = b"From: <a\xff\x00@example.org>\r\nSubject: " + subject + b"\r\n\r\nhi"

    found = reading.read(raw, envelope_sender=None)

    assert found.sender == ""
    found.subject.encode("utf-8")
    assert not set(found.subject) & {"\x00", "\r", "\n", "\u202e"}


def test_html_is_shown_as_text_and_attachments_by_their_names_only() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n"
        b"<p>Dear &lt;b&gt;</p><script>alert(1)</script>\n--b\n"
        b'Content-Type: application/pdf; name="../../a\x01.pdf"\n\nx\n--b--\n'
    )

    shown = opening.show(raw)

    assert "Dear <b>" in shown.text
    assert "alert" not in shown.text
    assert shown.attachments == ["../../a .pdf"]


@pytest.mark.parametrize("depth", [31, 1000, 20_000])
def test_parts_within_parts_cost_little_and_are_read_by_nobody(depth: int) -> None:
    began = time.monotonic()

    found = reading.read(bomb(depth), envelope_sender="")
    shown = opening.show(bomb(depth))

    assert time.monotonic() - began < 5
    assert found.is_nested
    assert not found.failures
    assert shown.is_cut


@pytest.mark.parametrize(
    "raw",
    [
        b"From: " + b"(" * 60_000,
        b"From: " + b"a@b,(" * 60_000,
        b"a:\n" * 300_000,
        b"Content-Type: text/plain; " + b';"' * 500_000,
        b"Content-Type: multipart/mixed; " + b"a=b;" * 260_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 200_000,
        b"Content-Type: text/html\n\n" + b"<div>" * 100_000,
        b"From: postmaster@x.example\n\n" + b"user <a@b.example> " * 60_000,
    ],
    ids=["comments", "addresses", "headers", "quotes", "parameters", "parts", "tags", "words"],
)
def test_no_mail_is_expensive_to_read(raw: bytes) -> None:
    def seconds() -> float:
        # Of the processor: what else the machine does is not the mail's doing.
        began = time.process_time()
        reading.read(raw, envelope_sender="")
        opening.show(raw)
        return time.process_time() - began

    # Without bounds some of these took many minutes, and one the reader with it. The least of
    # three, as noise only adds.
    assert any(seconds() < 5 for _try in range(3))


def test_of_a_mail_with_parts_without_end_the_first_are_shown() -> None:
    part = b"--b\nContent-Type: text/plain\n\nHello.\n"

    shown = opening.show(b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 10_000)

    assert shown.text == "Hello."
    assert shown.is_cut


def test_a_report_on_thousands_costs_little_and_is_read_in_part() -> None:
    blocks = [
        f"Final-Recipient: rfc822; p{n}@example.org\r\nAction: failed\r\n" for n in range(90_000)
    ]
    began = time.monotonic()

    found = reading.read(report(blocks).encode(), envelope_sender="")

    assert time.monotonic() - began < 5
    assert 0 < len(found.failures) <= 101


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=3000), st.sampled_from(["", None, "bo@example.org"]))
def test_no_bytes_make_the_reader_fail(raw: bytes, sender: str | None) -> None:
    found = reading.read(raw, envelope_sender=sender)
    shown = opening.show(raw)

    assert len(found.failures) <= 101
    assert "\n" not in found.subject + found.sender + recipient_in(open_mail(raw))
    assert "\0" not in shown.text


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_damage_to_a_mail_makes_the_reader_fail(data: st.DataObject) -> None:
    """Bytes are cut out, doubled, moved and made up in mails that are nearly right."""
    sound = [
        dsn().encode(), arf(returned="Message-ID: <1mab@x>").encode(), personal("hi"),
        calendar_reply(uid="u" * 50, attendee="a@b.example", says="DECLINED"), QMAIL.encode(),
        report(["Final-Recipient: x; y\r\n"] * 3).replace("delivery", "global-delivery").encode(),
    ]  # fmt: skip
    raw = bytearray(data.draw(st.sampled_from(sound)))
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    for _ in range(data.draw(st.integers(1, 12))):
        at, length = chance.randrange(len(raw) + 1), chance.randrange(30)
        piece = raw[at : at + length]
        made_up = bytes(chance.randrange(256) for _ in range(length))
        raw[at : at + length] = chance.choice([b"", piece * 2, made_up, b"=?utf-8?b?", b'"', b"\r"])

    found = reading.read(bytes(raw), envelope_sender="")
    shown = opening.show(bytes(raw))

    assert len(found.failures) <= 101
    assert "\n" not in found.subject + found.sender
    assert "\0" not in shown.text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=500))
def test_no_calendar_makes_the_reader_fail(text: str) -> None:
    found = read_answer(f"METHOD:REPLY\r\nBEGIN:VEVENT\r\nATTENDEE{text}\r\n{text}")

    assert found is None or "\n" not in found.uid + found.attendee + found.says
