"""Strangers measure how long a form takes: whether an address is known must not show."""

import http.client
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from campaign import clock, tokens
from campaign.db import db
from campaign.events.models import SignUp
from campaign.events.queries import event_by_slug
from campaign.people import verbs as people
from campaign.people.models import Purpose
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private, private_on
from tests.drills.racing import make_event
from tests.services.programs import HERE

TRIES = 300
# Resamples, and the share of them on either side that is left out: once in a thousand measures of
# two doors that are alike, chance alone looks like a difference.
RESAMPLES, LEFT_OUT = 4000, 0.0005


@dataclass(frozen=True)
class Door:
    """A form that strangers may send: its path, its token, and what else stands in it."""

    name: str
    path: str
    form: str
    said: dict[str, str]
    # The answer to everybody.
    status: int


# Prepares what is known for some doors, `number` people under the addresses of `known`.
Prepare = Callable[[Private, int], list[Door]]


def known(number: int) -> str:
    """Give the address of somebody known."""
    return f"known{number}@example.org"


def sign_up_doors(campaign: Private, number: int) -> list[Door]:
    """Let everybody known come to two events, one of which is full, and read the newsletter."""
    with campaign.app.app_context():
        now = clock.now()
        everybody = []
        for one in range(number):
            person = people.remember(known(one), name="Ada", now=now)
            asked = people.ask(person, Purpose.NEWSLETTER, wording="News.", form="drill", now=now)
            people.confirm(asked, now=now)
            everybody.append(person.id)
        db.session.commit()
    slugs = [make_event(campaign, capacity=places)[0] for places in (number, number * 20)]
    with campaign.app.app_context():
        for slug in slugs:
            event = event_by_slug(slug)
            assert event is not None
            db.session.add_all(
                SignUp(
                    event_id=event.id,
                    person_id=person,
                    token=tokens.random_token().lower(),
                    signed_up_at=now,
                    confirmed_at=now,
                    stamped_at=now,
                )
                for person in everybody
            )
        db.session.commit()
    said = {"name": "Eve", "guests": "0"}
    full, free = (f"/events/{slug}/sign-up" for slug in slugs)
    return [
        Door("full", full, "SignUpForm", said, 409),
        Door("sign-up", free, "SignUpForm", said, 303),
        Door("subscribe", "/newsletter/subscribe", "SubscribeForm", {"name": "Eve"}, 303),
    ]


# Whoever makes another door that must not tell adds to these.
DOORS: list[Prepare] = [sign_up_doors]


def timing(order: Order) -> Outcome:
    """Send each form for somebody known and for somebody unknown in turns, and compare."""
    tries = order.sized(TRIES, least=40)
    outcome = order.outcome(tries=tries)
    chance = random.Random(order.seed)
    with private_on(order.database, WEB_WORKERS=1) as campaign:
        doors = [door for prepare in DOORS for door in prepare(campaign, tries)]
        campaign.start_web()
        for door in doors:
            with campaign.app.app_context():
                token = tokens.sign_timed(f"form:{door.form}", 0)
            took = _in_turns(campaign, door, token, tries, chance)
            low, high = _difference(*took, chance)
            median = statistics.median(took[1])
            outcome.counts[door.name] = f"{median:.2f}ms{low:+.2f}..{high:+.2f}"
            outcome.promise(
                low <= 0 <= high,
                f"{door.name}: somebody known takes {low:+.2f} to {high:+.2f} ms longer",
            )
    return outcome


def _in_turns(
    campaign: Private, door: Door, token: str, tries: int, chance: random.Random
) -> tuple[list[float], list[float]]:
    """Give the milliseconds that each known and each unknown address took."""
    took: tuple[list[float], list[float]] = ([], [])
    connection = http.client.HTTPConnection(HERE, campaign.port, timeout=60)
    for number in range(-10, tries):
        pair = [(0, known(abs(number))), (1, f"new{number}.{door.name}@example.org")]
        chance.shuffle(pair)
        for which, email in pair:
            began = time.perf_counter()
            status = _send(connection, door, token, email)
            if number >= 0:  # those before only warm up
                took[which].append((time.perf_counter() - began) * 1000)
            assert status == door.status, f"{door.name} answered {status}"
    connection.close()
    return took


def _send(connection: http.client.HTTPConnection, door: Door, token: str, email: str) -> int:
    fields = {"csrf_token": token, "email": email, **door.said}
    connection.request(
        "POST",
        door.path,
        urlencode(fields),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _difference(one: list[float], other: list[float], chance: random.Random) -> tuple[float, float]:
    """Give between what bounds the difference of the medians lies (bootstrap)."""

    def median_of(sample: list[float]) -> float:
        return statistics.median(chance.choices(sample, k=len(sample)))

    found = sorted(median_of(one) - median_of(other) for _ in range(RESAMPLES))
    out = max(1, int(RESAMPLES * LEFT_OUT))
    return found[out], found[-1 - out]
