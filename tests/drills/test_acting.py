"""The drill of a day of action, so small and slow that any machine carries it."""

from tests.drills.acting import day_of_action
from tests.drills.outcome import Order


def test_every_answered_sign_up_of_a_small_day_is_found_again() -> None:
    outcome = day_of_action(Order("day-of-action", "sqlite", seed=7, size=0.005, rate=0.04))

    assert outcome.broken == []
    assert (outcome.lost, outcome.repeated) == (0, 0)
    assert outcome.counts["sign_ups_answered"] > 0
    assert outcome.counts["views_answered"] > 0
    assert outcome.counts["heard_of_the_change"] >= outcome.counts["changed"]
