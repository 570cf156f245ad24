"""Verbs of readers: subscribe, confirm, choose, come back."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete

from campaign import tokens
from campaign.db import db
from campaign.newsletter.automations import verbs as automations_verbs
from campaign.people import verbs as people_verbs
from campaign.people.asks.verbs import take_ask
from campaign.people.models import Person, Purpose, RefusedTopic, Rhythm, Subscription
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.people.subscriptions.queries import subscription_of

NEWSLETTER = Purpose.NEWSLETTER


def subscribe(
    *,
    email: str,
    name: str,
    language: str,
    wording: str,
    form: str = "newsletter",
    now: datetime,
) -> None:
    """Let the owner of an address be asked by mail whether they want the newsletter.

    The door does the same for everybody, and a duty asks (`people.asks.verbs.answer`). `wording` is
    the sentence they were shown, and `form` names the form that showed it.
    """
    take_ask(email, NEWSLETTER, name=name, language=language, wording=wording, form=form, now=now)


def check_waiting(person_id: int) -> Subscription:
    """Give what waits for the button that confirms. Raises `ExpiredToken` if nothing does."""
    subscription = subscription_of(person_id, NEWSLETTER)
    if subscription is None or not (subscription.is_active or subscription.is_pending):
        raise tokens.ExpiredToken
    return subscription


def confirm(person_id: int, *, now: datetime) -> None:
    """Record the agreement and welcome the subscriber; done twice it stays done.

    Raises `ExpiredToken` as `check_waiting` does.
    """
    if subscriptions_verbs.confirm(check_waiting(person_id), now=now):
        automations_verbs.greet(db.session.get_one(Person, person_id), now=now)


def choose(
    person_id: int,
    *,
    rhythm: str,
    name: str,
    language: str | None = None,
    topics: Collection[str] | None = None,
    offered: Collection[str] = (),
    country: str = "",
    city: str = "",
    forgets_place: bool = False,
) -> None:
    """Note what a reader chose. A language or topics of None were not asked and stay as
    they are; the topics asked about are those `offered`.

    An empty country or city leaves what is known; `forgets_place` erases both. Raises
    `ExpiredToken` when they do not subscribe (any more).
    """
    people_verbs.lock_person(person_id)
    subscription = subscription_of(person_id, NEWSLETTER)
    if subscription is None or not subscription.is_active:
        raise tokens.ExpiredToken
    person = db.session.get_one(Person, person_id)
    subscription.rhythm = Rhythm(rhythm)
    person.name = name
    person.language = person.language if language is None else language
    if topics is not None:
        _refuse_all_but(person_id, topics, offered=offered)
    _live(person, country=country, city=city, forgets=forgets_place)


def _refuse_all_but(person_id: int, wanted: Collection[str], *, offered: Collection[str]) -> None:
    """Note which of the topics there are now a person does not want; of others nothing changes."""
    db.session.execute(
        delete(RefusedTopic).where(
            RefusedTopic.person_id == person_id, RefusedTopic.topic.in_(offered)
        )
    )
    for topic in offered:
        if topic not in wanted:
            db.session.add(RefusedTopic(person_id=person_id, topic=topic))


def _live(person: Person, *, country: str, city: str, forgets: bool) -> None:
    if forgets:
        country = city = ""
    elif not country and not city:
        return
    else:
        # A city is one of its country: with another country the old one is of no use.
        is_elsewhere = bool(country) and country != person.country
        city = city or ("" if is_elsewhere else person.city)
        country = country or person.country
    people_verbs.move(person, country=country, city=city)


def come_back(person_id: int, *, wording: str, now: datetime) -> bool:
    """Ask by mail somebody who left. Returns whether they are known still."""
    person = db.session.get(Person, person_id)
    if person is None:
        return False
    subscriptions_verbs.invite_to_confirm(
        person, NEWSLETTER, wording=wording, form="come back", now=now
    )
    return True
