"""How organisers come in: a link, once, within its time."""

from tests.visitor import Visitor


def test_a_link_signs_in(organiser: Visitor) -> None:
    assert organiser.client.get_cookie("session") is not None
