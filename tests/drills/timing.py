"""Strangers measure how long a form takes: whether an address is known must not show."""

import http.client
import random
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from campaign import clock, tokens
from campaign.db import db
from campaign.events.queries import event_by_slug
from campaign.events.sign_ups.models import SignUp
from campaign.letters.models import Letter, State
from campaign.organisers import verbs as organisers
from campaign.organisers.models import Role
from campaign.people import verbs as people
from campaign.people.models import Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.summits.queries import next_summit, posts_of
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
    """A form that strangers may send: its page, its path, and what else stands in it."""

    name: str
    page: str
    path: str
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
            asked = subscriptions_verbs.ask(
                person, Purpose.NEWSLETTER, wording="News.", form="drill", now=now
            )
            subscriptions_verbs.confirm(asked, now=now)
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
    full, free = (f"/events/{slug}" for slug in slugs)
    return [
        # The form of a full event is shown to nobody; that of another has the same token.
        Door("full", free, f"{full}/sign-up", said, 409),
        Door("sign-up", free, f"{free}/sign-up", said, 303),
        Door("subscribe", "/newsletter", "/newsletter/subscribe", {"name": "Eve"}, 303),
    ]


def sign_in_door(campaign: Private, number: int) -> list[Door]:
    """Give everybody known an account."""
    with campaign.app.app_context():
        for one in range(number):
            organisers.add(known(one), role=Role.READER, now=clock.now())
        db.session.commit()
    return [Door("sign-in", "/office/sign-in", "/office/sign-in", {}, 303)]


def letter_door(campaign: Private, number: int) -> list[Door]:
    """Let everybody known have written to the office already."""
    campaign.load_starter()
    with campaign.app.app_context():
        now = clock.now()
        to, summit = posts_of("GB")[0], next_summit(now=now)
        words = {"name": "Ada", "subject": "A letter", "body": "Act.", "own_words": "Please."}
        db.session.add_all(
            Letter(
                token=tokens.random_token(),
                key=tokens.random_token(),
                person_id=people.remember(known(one), now=now).id,
                post_id=to.id,
                summit_id=summit.id if summit else None,
                occasion=summit.slug if summit else "",
                language="en",
                state=State.SENT,
                written_at=now,
                confirmed_at=now,
                **words,
            )
            for one in range(number)
        )
        db.session.commit()
    said = {"name": "Eve", "subject": "A letter", "body": "Please act.", "way": "send"}
    said["own_words"] = "I have something to say to you."
    return [Door("letter", "/write/gb", "/write/gb", said, 303)]


# Whoever makes another door that must not tell adds to these.
DOORS: list[Prepare] = [sign_up_doors, sign_in_door, letter_door]


def timing(order: Order) -> Outcome:
    """Send each form for somebody known and for somebody unknown in turns, and compare."""
    tries = order.sized(TRIES, least=40)
    outcome = order.outcome(tries=tries)
    chance = random.Random(order.seed)
    with private_on(order.database, WEB_WORKERS=1) as campaign:
        doors = [door for prepare in DOORS for door in prepare(campaign, tries)]
        campaign.start_web()
        for door in doors:
            took = _in_turns(campaign, door, tries, chance)
            low, high = _difference(*took, chance)
            median = statistics.median(took[1])
            outcome.counts[door.name] = f"{median:.2f}ms{low:+.2f}..{high:+.2f}"
            outcome.promise(
                low <= 0 <= high,
                f"{door.name}: somebody known takes {low:+.2f} to {high:+.2f} ms longer",
            )
    return outcome


def _in_turns(
    campaign: Private, door: Door, tries: int, chance: random.Random
) -> tuple[list[float], list[float]]:
    """Give the milliseconds that each known and each unknown address took."""
    took: tuple[list[float], list[float]] = ([], [])
    connection = http.client.HTTPConnection(HERE, campaign.port, timeout=60)
    token, cookie = _open(connection, door.page)
    for number in range(-10, tries):
        pair = [(0, known(abs(number))), (1, f"new{number}.{door.name}@example.org")]
        chance.shuffle(pair)
        for which, email in pair:
            began = time.perf_counter()
            status = _send(connection, door, token, cookie, email)
            if number >= 0:  # those before only warm up
                took[which].append((time.perf_counter() - began) * 1000)
            assert status == door.status, f"{door.name} answered {status}"
    connection.close()
    return took


def _open(connection: http.client.HTTPConnection, page: str) -> tuple[str, str]:
    """Open the page of a form; give the form's token, and the cookie that goes with it."""
    connection.request("GET", page)
    answer = connection.getresponse()
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', answer.read().decode())
    assert found, f"no form stands on {page}"
    return found[1], (answer.headers["Set-Cookie"] or "").partition(";")[0]


def _send(
    connection: http.client.HTTPConnection, door: Door, token: str, cookie: str, email: str
) -> int:
    fields = {"csrf_token": token, "email": email, **door.said}
    connection.request(
        "POST",
        door.path,
        urlencode(fields),
        {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie},
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
