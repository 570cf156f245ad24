"""Letters in the office."""

from tests.letters.conftest import OWN_WORDS
from tests.visitor import Visitor


def test_letters_are_listed_searched_and_downloaded_without_their_text(
    asked: dict[str, str], visitor: Visitor, organiser: Visitor
) -> None:
    visitor.send(asked["confirm"])

    page = organiser.open("/office/letters?q=ada&state=ready")
    none = organiser.open("/office/letters?state=pending")
    file = organiser.open("/office/letters?format=csv").text

    assert "ada@example.org" in page.text
    assert "in the outbox" in page.text
    assert "No letter matches your search." in none.text
    assert "Ada Example,ada@example.org,GB," in file
    assert OWN_WORDS not in page.text + file
