"""Every mail as it leaves: short lines, a preview, nothing fetched, one greeting."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from flask import Flask

from campaign.outbox.ledger import kind_name
from campaign.templating import wrapped
from tests.closing import close
from tests.screens.mails import half, read, sample_mails, scratch

# What a stranger can cause greets nobody: whose address it is, is not known yet.
TO_STRANGERS = {
    "confirmation", "confirmation-reminder", "already-subscribed",
    "letter-confirmation", "letter-reminder",
}  # fmt: skip


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, EmailMessage]]:
    app: Flask = scratch(tmp_path_factory.mktemp("mails"))
    yield {name: read(raw) for name, raw in sample_mails(app).items()}
    close(app)


def test_every_kind_of_mail_is_among_the_samples(mails: dict[str, EmailMessage]) -> None:
    assert set(mails) == TO_STRANGERS | {
        "welcome", "newsletter", "issue-trial", "automatic-trial", "invitation", "event-changed",
        "event-called-off", "event-news", "event-news-test",
        "sign-up-withdrawn", "sign-up-declined", "sign-up-question", "letter",
        "letter-copy",
        "organiser-welcome", "sign-in",
    }  # fmt: skip


def test_the_outbox_says_in_words_what_every_mail_is(mails: dict[str, EmailMessage]) -> None:
    assert [name for name in mails if kind_name(name) == name] == []


def test_a_line_of_text_is_short_unless_it_is_an_address(mails: dict[str, EmailMessage]) -> None:
    long = [
        (name, line)
        for name, message in mails.items()
        for line in half(message, "plain").splitlines()
        if len(line) > 78 and not re.fullmatch(r"\(?https?://\S+", line)
    ]

    assert long == []


def test_a_mail_to_somebody_known_begins_with_their_name(mails: dict[str, EmailMessage]) -> None:
    for name, message in mails.items():
        greets = re.search(r"^Dear [\w ]+,$", half(message, "plain"), re.MULTILINE)

        assert bool(greets) == (name not in TO_STRANGERS), name


def test_a_mail_says_what_comes_next_beside_its_subject(mails: dict[str, EmailMessage]) -> None:
    for name, message in mails.items():
        found = re.search(r'class="preview".*?>(.*?)</div>', half(message, "html"), re.DOTALL)

        if name != "letter":
            assert found, name
            assert found[1].strip("\u2007\u034f\n "), name


def test_nothing_is_fetched_when_a_mail_is_opened(mails: dict[str, EmailMessage]) -> None:
    for name, message in mails.items():
        html = half(message, "html")

        assert not re.search(r"<img|<link|url\(|@import|@font-face", html), name


def test_a_letter_to_a_minister_is_a_plain_letter(mails: dict[str, EmailMessage]) -> None:
    letter = mails["letter"]

    assert letter.get_content_type() == "text/plain"
    assert "campaign.example" not in half(letter, "plain")


@pytest.mark.parametrize(
    ("mark", "rest"),
    [("- ", "  "), ("12. ", "    "), ("> ", "> "), ("> - ", ">   "), ("", "")],
)
def test_what_is_broken_stays_in_its_list_or_quotation(mark: str, rest: str) -> None:
    first, second = wrapped(mark + "word " * 20 + "end").split("\n")

    assert first.startswith(f"{mark}word")
    assert second == f"{rest}{second.strip('> ')}"


def test_an_address_is_never_broken() -> None:
    address = "https://campaign.example/" + "a-b/" * 40

    assert address in wrapped(f"Look here: {address} and go on.").split("\n")
