"""Bounces in words: who is named, what is told of them, and what stands in the mail given back."""

import pytest

from campaign.inbound import guesses, reading
from campaign.inbound.bounces.verbs import about
from campaign.inbound.delivery_reports import Failure
from campaign.verdicts.judging import Verdict
from tests.inbound.making import ADA, returned


def judged(raw: str, address: str = ADA) -> Verdict | None:
    failure = about(address, reading.read(raw.encode(), envelope_sender=""))
    if failure is None:
        return None
    return failure.verdict if address in failure.addresses else Verdict.SOFT


QMAIL = "Hi. This is the qmail-send program.\nI'm afraid I wasn't able to deliver your message.\n\n"
EXIM = "A message that you sent could not be delivered to one or more of its recipients.\n\n"
GOOGLE = f"Delivery to the following recipient failed permanently:\n\n     {ADA}\n\n"

SHAPES = [
    ("qmail", f"{QMAIL}<{ADA}>:\nSorry, no mailbox here by that name. (#5.1.1)\n", "gone"),
    ("qmail far", f"{QMAIL}<{ADA}>:\n192.0.2.1 does not like recipient.\nRemote host "
     f"said: 550 5.1.1 "
     f"<{ADA}>... User unknown\nGiving up on 192.0.2.1.\n", "gone"),
    ("qmail late", f"{QMAIL}<{ADA}>:\nI'm not going to try again; this message has been "
     f"in the queue "
     "too long.\n", "soft"),
    ("qmail full", f"{QMAIL}<{ADA}>:\nThe user's mailfolder is full.\n", "soft"),
    ("exim", f"{EXIM}  {ADA}\n    host mx.example [192.0.2.1]\n    SMTP error from remote "
     f"mail server "
     f"after RCPT TO:<{ADA}>:\n    550 Unknown user\n", "gone"),
    ("exim sender", f"{EXIM}  {ADA}\n    SMTP error from remote mail server after MAIL FROM:"
     "<bounces+1m@campaign.example> SIZE=99:\n    550 sender unknown\n", "refused"),
    ("exim way", f"{EXIM}  {ADA}\n    Unrouteable address\n", "maybe gone"),
    ("gmail", f"{GOOGLE}Google tried to deliver your message, but it was rejected by the "
     f"server. The "
     f"error that the other server returned was:\n550 5.1.1 <{ADA}>: User unknown\n", "gone"),
    ("gmail block", f"{GOOGLE}Technical details:\n550 5.7.1 Your message was blocked by us\n",
     "refused"),
    ("yahoo", f"Sorry, we were unable to deliver your message.\n\n<{ADA}>:\nThis user "
     f"doesn't have an "
     f"example.org account ({ADA}) [0]\n", "gone"),
    ("exchange 5.5", "Your message\n  To: list@example.net\n  Sent: today\ndid not reach "
     f"the following"
     f" recipient(s):\n\n{ADA} on Fri, 4 Oct 2002\n    The recipient name is not "
     f"recognized\n", "gone"),
    ("exchange busy", f"did not reach the following recipient(s):\n{ADA} on Fri\n    The "
     f"recipient was "
     "unavailable to take delivery of the message\n", "soft"),
    ("exchange 2003", f"could not be reached:\n   '{ADA}' on 1/1/2005\n      The e-mail "
     f"account does "
     "not exist at the organization this message was sent to.\n      <mx #5.1.1>\n", "gone"),
    ("office", f"Delivery has failed to these recipients:\n{ADA}<mailto:{ADA}>\nThe email "
     f"address wasn't"
     " found at the destination. It might be misspelled.\n", "gone"),
    ("domino", f"Your message\n  Subject: x\nwas not delivered to:\n  {ADA}\nbecause:\n  "
     f"User ada ({ADA}) "
     "not listed in Domino Directory\n", "gone"),
    ("groupwise", f"The message that you sent was undeliverable to the following:\n    "
     f"{ADA} (user not "
     "found)\n", "gone"),
    ("mdaemon", f"The following addresses did NOT receive it:\n> {ADA}\n--- Session "
     f"Transcript ---\n"
     "220 mx ESMTP ready\nEHLO a.example\n250-AUTH LOGIN\n250 SIZE 40000000\nRCPT To:<"
     f"{ADA}>\n552 Message for <{ADA}> would exceed mailbox quota\n", "soft"),
    ("sendmail", f"   ----- The following addresses had permanent fatal errors -----\n<{ADA}>\n"
     "   ----- Transcript of session follows -----\nmail.local: unknown user: ada\n554 "
     f"<{ADA}>... Service unavailable\n", "gone"),
    ("zoho", f"This is a permanent error.\n\n{ADA} Invalid Address, ERROR_CODE :550, "
     f"ERROR_CODE :5.1.1 "
     f"<{ADA}>... User Unknown\n", "gone"),
    ("mail.ru", f"Ваше сообщение не может быть доставлено:\n\n  {ADA}\n    550 Message "
     f"was not accepted "
     f"-- invalid mailbox. Local mailbox {ADA} is unavailable: user not found\n", "gone"),
    ("docomo", f"<{ADA}>: host mx said:\n    550 Unknown user {ADA}\n", "gone"),
    ("kddi", f"Your mail could not be delivered to: <{ADA}>\n     As their mailbox is "
     f"full.\n", "soft"),
    ("french", f"{ADA}\nL'adresse de messagerie référencée ci-dessus n'existe pas.\n", "gone"),
    ("italian", f"<{ADA}>\nLa casella di posta è piena\n", "soft"),
    ("spanish", f"<{ADA}>:\nEsta casilla ha expirado por falta de uso.\n", "gone"),
    ("reason first", f"Undeliverable mail.\nUser unknown:\n{ADA}\n", "gone"),
    ("no reason", f"Undeliverable to {ADA}\n", "soft"),
    ("delayed", f"{ADA}\nDelivery attempts will continue to be made. You do not need to resend.\n",
     "noted"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "verdict"), [one[1:] for one in SHAPES], ids=lambda one: one[:20])
def test_what_is_told_in_words_is_read(text: str, verdict: str) -> None:
    assert judged(returned(text)) == verdict


US = "bounces+1x@campaign.example"


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (
            f"550\n    5.1.1 <{US}>: unauthorized sender (in\n    reply to RCPT TO command)",
            "refused",
        ),
        (f"550 5.1.1\n    {US}: Sender verify failed", "refused"),
        (f"550\n\t<{US}> is on our blacklist", "refused"),
        (f"550 5.1.1\n    <{ADA}>: User unknown", "gone"),
        ("550 5.2.1\n    <ada@elsewhere.example>... Addressee unknown", "gone"),
        ("552\n    5.2.2 over quota", "soft"),
    ],
)
@pytest.mark.parametrize(
    "behind", ["", "\n\n<bo@example.org>: host mx said: 550 5.1.1\n    gone\n"]
)
def test_a_reply_broken_into_lines_is_read_whole(told: str, verdict: str, behind: str) -> None:
    text = f"This is the mail system.\n\n<{ADA}>: host mx.example[192.0.2.7] said: {told}\n{behind}"

    assert judged(returned(text)) == verdict


def test_words_about_somebody_else_are_nobody_elses() -> None:
    text = (
        f"{QMAIL}<bo@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        f"<{ADA}>:\nThe user's mailfolder is full.\n\n<cy@example.org>:\nUser unknown.\n"
    )

    assert judged(returned(text)) is Verdict.SOFT
    assert judged(returned(text), "bo@example.org") is Verdict.GONE
    assert judged(returned(text), "cy@example.org") is Verdict.GONE


def test_the_mail_given_back_says_nothing_about_its_reader() -> None:
    for border in (
        "--- Below this line is a copy of the message.",
        "------ This is a copy of the message, including all the headers. ------",
        "   ----- Original message follows -----",
        "Return-Path: <bounces+1m@campaign.example>",
        "Received: from a.example",
    ):
        text = f"{EXIM}  {ADA}\n    host is unreachable\n\n{border}\n\n{ADA}: no such user\n"

        assert judged(returned(text)) is Verdict.SOFT, border


def test_a_report_whose_parts_cannot_be_told_apart_is_read_as_words() -> None:
    raw = returned(
        f"--x\nContent-Type: text/plain\n\n<{ADA}>: host mx.example said: 550 5.1.1\n"
        "    User unknown\n\n--other-than-said\nContent-Type: message/delivery-status\n"
    ).replace("Content-Type: text/plain", "Content-Type: multipart/report; boundary=other", 1)

    assert judged(raw) is Verdict.GONE


def test_a_code_that_says_little_is_explained_by_the_part_for_people() -> None:
    found = reading.read(returned(f"<{ADA}>\nmailbox full\n").encode(), envelope_sender="")
    report = Failure((ADA,), "failed", "5.0.0", "")

    told = guesses.told_of(found.told, ADA)

    assert report.says_little
    assert told is not None
    assert told.verdict is Verdict.SOFT


def test_a_mail_that_begins_with_empty_lines_is_read_all_the_same() -> None:
    raw = "\r\n   \r\n" + returned(f"<{ADA}>: User unknown\n")

    assert judged(raw) is Verdict.GONE


def test_what_names_nobody_gives_nobody_up() -> None:
    assert judged(returned("Your message failed: no such user.\n")) is Verdict.SOFT
    assert judged(returned("Something went wrong.\n")) is None
    assert judged(returned("<bo@example.org>: no such user\n")) is None
