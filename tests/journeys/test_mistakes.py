"""Forms with mistakes: what is wrong is said beside the field and above, and nothing is lost."""

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.reader import Reader


@dataclass(frozen=True)
class Attempt:
    """One way to fill in a form wrongly: what is typed, and the mistakes by field."""

    path: str
    button: str
    typed: dict[str, str]
    mistakes: dict[str, str]


NO_NAME, NO_ADDRESS = "Enter your name.", "Enter your e-mail address."
ONE_ADDRESS = "Enter one e-mail address, like name@example.org."
NO_OWN_WORDS = "Write at least one sentence of your own."
ATTEMPTS = {
    "empty-sign-up": Attempt(
        "/events/may-13-london",
        "Sign up for London",
        {},
        {"name": NO_NAME, "email": NO_ADDRESS},
    ),
    "wrong-sign-up": Attempt(
        "/events/may-13-london",
        "Sign up for London",
        {"name": "Zoë O’Neil", "email": "zoe@example.org, b@example.org", "guests": "10"},
        {"email": ONE_ADDRESS, "guests": "Enter a number of guests from 0 to 9."},
    ),
    "empty-subscription": Attempt("/newsletter", "Subscribe", {}, {"email": NO_ADDRESS}),
    "wrong-subscription": Attempt(
        "/newsletter", "Subscribe", {"name": "Zoë", "email": "zoe@@"}, {"email": ONE_ADDRESS}
    ),
    "empty-letter": Attempt(
        "/write/gb",
        "Send it for me",
        {"subject": "", "body": ""},
        {
            "own_words": NO_OWN_WORDS,
            "subject": "Enter a subject.",
            "body": "The letter is empty.",
            "name": "Enter your name: the letter is signed with it.",
            "email": NO_ADDRESS,
        },
    ),
    "wrong-letter": Attempt(
        "/write/gb",
        "Send it for me",
        {"own_words": "Why", "name": "Zoë", "email": "zoe", "body": "Dear all,\n\n<b>now</b>"},
        {"own_words": NO_OWN_WORDS, "email": ONE_ADDRESS},
    ),
}


@pytest.fixture(params=ATTEMPTS.values(), ids=ATTEMPTS.keys())
def attempt(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_a_form_names_its_mistakes_and_keeps_what_was_typed(
    reader: Reader, attempt: Attempt
) -> None:
    reader.open(attempt.path)
    reader.fill(**attempt.typed)

    reader.press(attempt.button)

    summary = reader.page.get_by_role("alert")
    links = summary.get_by_role("link")
    said = [link.inner_text() for link in links.all()]
    assert sorted(set(said)) == sorted(set(attempt.mistakes.values()))
    for name, sentence in attempt.mistakes.items():
        field = reader.page.locator(f"main [name={name}]")
        assert field.get_attribute("aria-invalid") == "true", name
        described = str(field.get_attribute("aria-describedby")).split()
        beside = [reader.page.locator(f"[id='{one}']").inner_text() for one in described]
        assert any(sentence in one for one in beside), (name, beside)
    for name, value in attempt.typed.items():
        assert reader.page.locator(f"main [name={name}]").input_value() == value
    assert reader.page.evaluate("document.activeElement.className") == "error-summary"
    expect(summary).to_be_in_viewport()
    links.first.click()
    first = next(iter(attempt.mistakes))
    assert reader.page.evaluate("document.activeElement.name") == first
