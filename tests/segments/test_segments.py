"""Who is meant by a rule, what a rule may say, and how it is said in words."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events.models import Action, Event
from campaign.events.sign_ups import verbs as sign_ups
from campaign.letters.models import Letter, State
from campaign.outbox.suppressions.verbs import suppress
from campaign.people import verbs
from campaign.people.models import Person, Purpose, Rhythm
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.people.subscriptions.queries import subscription_of
from campaign.segments import rules as segments
from campaign.segments.queries import audience, size_of_audience
from campaign.segments.rules import WrongRule
from campaign.segments.verbs import NameTaken, save_segment
from campaign.summits.models import Post, Summit
from tests.events.deeds import comes

NEWS = Purpose.NEWSLETTER
GERMANY: dict[str, Any] = {"is": "country", "in": ["DE"]}
PRESS = {"is": "tag", "tag": "press"}
ANY_EVENT = {"is": "signed-up"}


def reader(name: str, *tags: str, days_ago: float = 1, **known: Any) -> Person:
    """Make a subscriber, who joined some days ago."""
    then = clock.now() - timedelta(days=days_ago)
    person = verbs.remember(f"{name}@example.org", name=name, now=then)
    for field, value in known.items():
        setattr(person, field, value)
    subscriptions_verbs.ask(person, NEWS, wording="News, please.", form="test", now=then)
    subscription = subscription_of(person.id, NEWS)
    assert subscription
    subscriptions_verbs.confirm(subscription, now=then)
    for tag in tags:
        verbs.tag(person, tag)
    db.session.flush()
    return person


def meant(rule: dict[str, Any]) -> set[str]:
    """Name those a rule means, and see that they are as many as are counted."""
    now = clock.now()
    plain = segments.check(rule)
    found = {person.name for person in db.session.scalars(audience(NEWS, rule=plain, now=now))}
    assert size_of_audience(NEWS, rule=plain, now=now) == len(found)
    return found


def event(slug: str, action: Action | None = None) -> Event:
    """Plan an event."""
    now = clock.now()
    planned = Event(
        slug=slug, uid=slug, title=slug, city="Berlin", country="DE", zone="Europe/Berlin",
        starts_on=(now + timedelta(days=30)).date(), revised_at=now, created_at=now,
        action_id=action.id if action else None,
    )  # fmt: skip
    db.session.add(planned)
    db.session.flush()
    return planned


def sign_up(person: Person, to: Event) -> Any:
    return comes(to, name=person.name, email=person.email, language="en", now=clock.now())


def test_who_left_has_not_confirmed_or_is_suppressed_is_in_no_segment(app: Flask) -> None:
    with app.app_context():
        now = clock.now()
        reader("Ada")
        subscriptions_verbs.leave(reader("Left").id, NEWS, through="link", now=now)
        reader("Hurt")
        suppress("hurt@example.org", reason="bounce", now=now)
        waiting = verbs.remember("waiting@example.org", name="Waiting", now=now)
        subscriptions_verbs.ask(waiting, NEWS, wording="News, please.", form="test", now=now)
        verbs.remember("known@example.org", name="Known", now=now)
        db.session.flush()

        everyone, nobody_with_a_tag = meant({}), meant({"not": PRESS})

    assert everyone == {"Ada"}
    assert nobody_with_a_tag == {"Ada"}


def test_people_are_meant_by_country_language_tag_and_rhythm(app: Flask) -> None:
    with app.app_context():
        reader("Ada", "press", country="DE", language="de")
        reader("Bo", country="DE", language="en")
        reader("Chidi", "press", country="KE", language="en")
        subscription = subscription_of(reader("Dalia").id, NEWS)
        assert subscription
        subscription.rhythm = Rhythm.MONTHLY

        assert meant({"is": "country", "in": ["DE", "KE"]}) == {"Ada", "Bo", "Chidi"}
        assert meant({"not": GERMANY}) == {"Chidi", "Dalia"}
        assert meant({"is": "language", "in": ["en"]}) == {"Bo", "Chidi"}
        assert meant(PRESS) == {"Ada", "Chidi"}
        assert meant({"is": "rhythm", "rhythm": "monthly"}) == {"Dalia"}


def test_people_are_meant_by_city_and_by_distance(app: Flask) -> None:
    with app.app_context():
        for name, city in (("Ada", "Berlin"), ("Bo", "Potsdam"), ("Chidi", "Hamburg")):
            verbs.move(reader(name), country="DE", city=city)
        reader("Dalia")
        berlin = {"is": "city", "city": "Berlin", "country": "DE"}

        assert meant(berlin) == {"Ada"}
        assert meant({**berlin, "km": 50}) == {"Ada", "Bo"}
        assert meant({"not": {**berlin, "km": 50}}) == {"Chidi", "Dalia"}


def test_people_are_meant_by_when_they_joined(app: Flask) -> None:
    with app.app_context():
        reader("Ada", days_ago=3)
        reader("Bo", days_ago=40)
        ten_days_ago = (clock.now() - timedelta(days=10)).date().isoformat()

        assert meant({"is": "joined", "days": 30}) == {"Ada"}
        assert meant({"is": "joined", "since": ten_days_ago}) == {"Ada"}
        assert meant({"is": "joined", "before": ten_days_ago}) == {"Bo"}
        assert meant({"any": [{"is": "joined", "days": 30}, PRESS]}) == {"Ada"}


def test_people_are_meant_by_what_they_signed_up_for(app: Flask) -> None:
    with app.app_context():
        action = Action(slug="may-13", title="May 13", day=clock.now().date())
        db.session.add(action)
        db.session.flush()
        march, picnic = event("march", action), event("picnic")
        ada, bo, chidi = reader("Ada"), reader("Bo"), reader("Chidi")
        sign_up(ada, march)
        sign_up(bo, picnic)
        sign_ups.withdraw(sign_up(chidi, march), now=clock.now())

        assert meant(ANY_EVENT) == {"Ada", "Bo"}
        assert meant({"not": ANY_EVENT}) == {"Chidi"}
        assert meant({"is": "signed-up-for-action", "action": "may-13"}) == {"Ada"}
        assert meant({"is": "signed-up-for-event", "event": "picnic"}) == {"Bo"}
        assert segments.in_words({"is": "signed-up-for-action", "action": "may-13"}) == (
            "People who signed up for May 13"
        )


def letter(person: Person, post: Post, occasion: str, **known: Any) -> None:
    db.session.add(
        Letter(
            token=person.name, key=person.name, person_id=person.id, post_id=post.id,
            occasion=occasion, name=person.name, subject="", body="", own_words="",
            language="en", written_at=clock.now(), **known,
        )
    )  # fmt: skip


def test_people_are_meant_by_the_letters_they_wrote(app: Flask) -> None:
    with app.app_context():
        summit = Summit(
            slug="geneva-2027", names=[], year=2027, city="Geneva", tracks=[], notes=[], sources=[]
        )
        post = Post(country="DE", title="Minister")
        db.session.add_all([summit, post])
        db.session.flush()
        sent = {"state": State.SENT, "confirmed_at": clock.now()}
        letter(reader("Ada"), post, "geneva-2027", **sent)
        letter(reader("Bo"), post, "", **sent)
        letter(reader("Chidi"), post, "geneva-2027")

        assert meant({"is": "wrote"}) == {"Ada", "Bo"}
        assert meant({"not": {"is": "wrote"}}) == {"Chidi"}
        assert meant({"is": "wrote-before-summit", "summit": "geneva-2027"}) == {"Ada"}


def test_rules_combine_however_deep(app: Flask) -> None:
    """Each shape that is put differently into SQL: sets and columns, said and denied."""
    with app.app_context():
        ada = reader("Ada", "press", country="DE")
        reader("Bo", country="DE", days_ago=90)
        reader("Chidi", "press", country="KE")
        reader("Dalia", country="FR", days_ago=90)
        sign_up(ada, event("march"))
        lately = {"is": "joined", "days": 30}

        assert meant({"all": [GERMANY, PRESS]}) == {"Ada"}
        assert meant({"any": [GERMANY, PRESS]}) == {"Ada", "Bo", "Chidi"}
        assert meant({"not": {"any": [GERMANY, PRESS]}}) == {"Dalia"}
        assert meant({"not": {"all": [GERMANY, PRESS]}}) == {"Bo", "Chidi", "Dalia"}
        assert meant({"any": [{"not": PRESS}, lately]}) == {"Ada", "Bo", "Chidi", "Dalia"}
        assert meant({"all": [{"any": [GERMANY, PRESS]}, {"not": ANY_EVENT}]}) == {"Bo", "Chidi"}
        assert meant(
            {"any": [{"all": [GERMANY, {"not": lately}]}, {"all": [PRESS, {"not": GERMANY}]}]}
        ) == {"Bo", "Chidi"}
        neither = {"not": {"any": [lately, GERMANY]}}
        assert meant({"not": {"not": {"any": [ANY_EVENT, neither]}}}) == {"Ada", "Dalia"}


def test_a_rule_is_said_in_a_sentence(app: Flask) -> None:
    with app.test_request_context():
        rule = {
            "all": [
                {"is": "country", "in": ["DE", "FR"]},
                {"not": PRESS},
                {"any": [{"is": "joined", "days": 30}, {"not": ANY_EVENT}]},
            ]
        }

        said = segments.in_words(rule)

    assert segments.in_words({}) == "Everyone who subscribes"
    assert said == (
        "People who live in Germany or France, and do not have the tag “press”, "
        "and (joined in the last 30 days, or did not sign up for any event)"
    )


def deep(levels: int) -> dict[str, Any]:
    rule: dict[str, Any] = GERMANY
    for _level in range(levels):
        rule = {"all": [rule]}
    return rule


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ([], "A rule is an object"),
        ({"is": "rich"}, "no condition “rich”"),
        ({"is": ["country"]}, "no condition"),
        ({"all": [], "any": []}, "one of them and nothing else"),
        ({"all": []}, "a list of rules, one at least"),
        ({"any": {}}, "a list of rules, one at least"),
        ({"is": "country"}, "needs “in”"),
        ({"is": "country", "in": "DE"}, "a list of words"),
        ({"is": "country", "in": ["XX"]}, "there is no “XX”"),
        ({"is": "country", "in": [["DE"]]}, "takes words"),
        ({"is": "country", "in": ["DE"], "sql": "1=1"}, "knows no “sql”"),
        ({"is": "tag", "tag": "x" * 41}, "40 characters at most"),
        ({"is": "tag", "tag": "a\x00b"}, "40 characters at most"),
        ({"is": "city", "city": "Atlantis", "country": "DE"}, "We know no city called “Atlantis”"),
        ({"is": "city", "city": "Berlin", "country": "DE", "km": 10**9}, "from 1 to 2000"),
        ({"is": "city", "city": "Berlin", "country": "DE", "km": True}, "from 1 to 2000"),
        ({"is": "joined"}, "enter a day or a number of days"),
        ({"is": "joined", "since": "yesterday"}, "such as 2027-05-13"),
        ({"is": "signed-up-for-action", "action": "never"}, "there is no “never”"),
        (deep(6), "5 deep at most"),
        ({"any": [GERMANY] * 51}, "50 conditions at most"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_a_sentence(
    app: Flask, rule: Any, sentence: str
) -> None:
    with app.test_request_context(), pytest.raises(WrongRule) as refused:
        segments.check(rule)

    assert sentence in str(refused.value)


def test_as_many_conditions_as_allowed_are_counted(app: Flask) -> None:
    """Databases have limits of their own; a rule within ours is within theirs."""
    with app.app_context():
        verbs.move(reader("Ada", "press"), country="DE", city="Berlin")
        far = {"is": "city", "city": "Berlin", "country": "DE", "km": 2000}
        widest = {"any": [{"not": {"is": "tag", "tag": f"t{n}"}} for n in range(40)] + [far] * 10}

        assert meant(widest) == {"Ada"}


def test_a_name_is_given_to_one_segment(app: Flask) -> None:
    with app.app_context():
        saved = save_segment(name="Germany", rule=GERMANY, by=None, now=clock.now())
        same = save_segment(saved, name="Germany", rule=PRESS, by=None, now=clock.now())

        with pytest.raises(NameTaken):
            save_segment(name="Germany", rule={}, by=None, now=clock.now())

    assert same.rule == PRESS
