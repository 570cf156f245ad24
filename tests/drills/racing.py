"""Two hundred people press the button at once for the last fifty places of an event."""

import http.client
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import func, select

from campaign import clock, tokens
from campaign.db import db
from campaign.events.sign_ups import duties
from campaign.events.sign_ups.mails import INVITATION
from campaign.events.sign_ups.models import SignUp
from campaign.events.verbs import plan
from campaign.outbox.models import Message
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private, private_on
from tests.services.programs import HERE

PEOPLE, PLACES, CAPACITY = 200, 50, 80


def race(order: Order) -> Outcome:
    """Let two hundred sign up at once over HTTP where fifty places are left."""
    outcome = order.outcome(people=PEOPLE, places=PLACES)
    with private_on(order.database, WEB_WORKERS=2) as campaign:
        campaign.start_web()
        slug, token = make_event(campaign, capacity=CAPACITY)
        early = [f"early{n}@example.org" for n in range(CAPACITY - PLACES)]
        outcome.promise(
            all(sign_up(campaign, slug, token, email) == 303 for email in early),
            "a place was refused while there were enough",
        )
        late = [f"late{n}@example.org" for n in range(PEOPLE)]
        random.Random(order.seed).shuffle(late)
        answers = Counter(_at_once(campaign, slug, token, late))
        outcome.counts |= {"welcomed": answers[303], "refused": answers[409]}
        with campaign.app.app_context():
            duties.answer()
            places = db.session.scalar(select(func.count()).select_from(SignUp)) or 0
            invited = db.session.scalars(
                select(Message.to_address).where(Message.kind == INVITATION)
            ).all()
    taken = places - len(early)
    outcome.lost = PLACES - taken
    outcome.repeated = len(invited) - len(set(invited))
    outcome.counts |= {"taken": taken, "invited": len(invited) - len(early)}
    outcome.promise(taken == PLACES, f"{taken} places were taken, {PLACES} were left")
    outcome.promise(len(invited) == CAPACITY, f"{len(invited)} invitations for {CAPACITY} places")
    outcome.promise(
        answers == {303: PLACES, 409: PEOPLE - PLACES}, f"the answers were {dict(answers)}"
    )
    return outcome


def make_event(campaign: Private, *, capacity: int) -> tuple[str, str]:
    """Plan an event of limited places; give its address and the token of its form."""
    with campaign.app.app_context():
        now = clock.now()
        event = plan(
            title="A meeting", action_id=None, city="Paris", country="FR", zone="Europe/Paris",
            starts_on=(now + timedelta(days=30)).date(), starts=None, ends=None, venue="",
            address="", latitude=None, longitude=None, description="", bring="", access="",
            host="", languages=[], capacity=capacity, is_example=False, now=now,
        )  # fmt: skip
        db.session.commit()
        return event.slug, tokens.sign_timed("form:events.sign-up", 0)


def _at_once(campaign: Private, slug: str, token: str, emails: list[str]) -> list[int]:
    """Let everybody press the button at the same moment; give the status each was answered with."""
    gate = threading.Barrier(len(emails))

    def press(email: str) -> int:
        gate.wait(30)
        return sign_up(campaign, slug, token, email)

    with ThreadPoolExecutor(len(emails)) as crowd:
        return list(crowd.map(press, emails))


def sign_up(campaign: Private, slug: str, token: str, email: str, *, port: int = 0) -> int:
    """Sign somebody up over HTTP, through a proxy's port if need be; give the answer's status."""
    fields = {"csrf_token": token, "name": "Ada", "email": email, "guests": "0"}
    connection = http.client.HTTPConnection(HERE, port or campaign.port, timeout=60)
    try:
        connection.request(
            "POST",
            f"/events/{slug}/sign-up",
            urlencode(fields),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        return connection.getresponse().status
    finally:
        connection.close()
