"""Five hundred people sign up while an issue leaves: what they wait for overtakes it."""

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.bench.mailing import is_finished, left_of, mailing, post_issue
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private, wait_until
from tests.drills.racing import make_event, sign_up
from tests.services.recorder import Record, recorder

READERS, PEOPLE = 250_000, 500
# From the press of the button until the relay has the mail (seconds).
WITHIN = 10.0


def overtaking(order: Order) -> Outcome:
    """Let people sign up over HTTP, evenly while the first four fifths of an issue leave."""
    readers, people = order.sized(READERS, least=2000), order.sized(PEOPLE, least=20)
    outcome = order.outcome(recipients=readers, sign_ups=people)
    with (
        recorder() as (port, record),
        mailing(order.database, readers=readers, port=port) as campaign,
    ):
        campaign.start_web()
        slug, token = make_event(campaign, capacity=people)
        campaign.start("worker")
        with campaign.app.app_context():
            batch = post_issue()
        wait_until(lambda: record.count() > 0, within=60, what="the issue leaves")
        began = time.monotonic()
        pressed, answered = _sign_up_all(outcome, campaign, record, slug, token, readers, people)
        wait_until(lambda: is_finished(campaign, batch), within=600, what="the issue is finished")
        outcome.counts["issue"] = f"{readers / (time.monotonic() - began):.0f}/s"
        arrived = record.taken()
        with campaign.app.app_context():
            left = left_of(batch)
    first = {one.recipient: one.at for one in reversed(arrived)}
    took = sorted(first[who] - at for who, at in pressed.items() if who in first)
    outcome.lost = readers + people - len(first)
    outcome.repeated = len(arrived) - len(first)
    if len(took) > 1:
        p95 = statistics.quantiles(took, n=20)[-1]
        outcome.counts["p50"] = f"{statistics.median(took):.2f}s"
        outcome.counts["p95"] = f"{p95:.2f}s"
        outcome.counts["most"] = f"{took[-1]:.2f}s"
        outcome.counts["answer_p50"] = f"{statistics.median(answered):.2f}s"
        outcome.promise(p95 < WITHIN, f"p95 is {p95:.1f} s")
    last = max(pressed.values())
    outcome.promise(
        any(one.at > last and one.recipient not in pressed for one in arrived),
        "the issue had left before the last sign-up",
    )
    outcome.promise(outcome.lost == 0, f"{outcome.lost} mails never arrived")
    outcome.promise(outcome.repeated == 0, f"{outcome.repeated} arrived twice")
    outcome.promise(left == readers, f"{left} rows say that they left")
    return outcome


def _await(record: Record, number: float) -> None:
    wait_until(lambda: record.count() >= number, within=60, what="the issue leaves")


def _sign_up_all(
    outcome: Outcome,
    campaign: Private,
    record: Record,
    slug: str,
    token: str,
    readers: int,
    people: int,
) -> tuple[dict[str, float], list[float]]:
    """Sign everybody up; give when each pressed the button, and how long the answers took."""
    pressed: dict[str, float] = {}
    answered: list[float] = []

    def press(email: str) -> int:
        pressed[email] = time.time()
        status = sign_up(campaign, slug, token, email)
        answered.append(time.time() - pressed[email])
        return status

    with ThreadPoolExecutor(16) as crowd:
        answers = []
        for number in range(people):
            _await(record, readers * 0.8 * number / people)
            answers.append(crowd.submit(press, f"guest{number}@example.org"))
        refused = [status for answer in answers if (status := answer.result(120)) != 303]
    outcome.promise(not refused, f"sign-ups were refused: {Counter(refused)}")
    return pressed, answered
