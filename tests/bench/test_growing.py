"""The measure of growth: what it builds is what the program itself would have written."""

import pytest
from sqlalchemy import func, select

from campaign.db import count_of, db
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUp
from campaign.outbox.models import Message, State
from campaign.people.models import Person
from tests.bench.growing import grown
from tests.bench.multitude import Size, address_of, fill
from tests.drills.private import private_on

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.mark.parametrize("kind", BOTH)
def test_a_multitude_signed_up_was_invited_and_is_found(kind: str) -> None:
    size = Size(people=120, cities=20, events=10)
    with private_on(kind) as campaign:
        crowded = fill(campaign, size)

        with campaign.app.app_context():
            people, sign_ups, sent = (
                count_of(query)
                for query in (
                    select(Person.id),
                    select(SignUp.id),
                    select(Message.id).where(Message.state == State.SENT),
                )
            )
            events = count_of(select(Event.id).where(Event.slug.contains("-city-")))
            seventh = select(Event.slug).join(SignUp).join(SignUp.person)
            of_seventh = db.session.scalars(seventh.where(Person.email == address_of(50))).all()
            fullest = db.session.scalar(
                select(Event.slug).join(SignUp).group_by(Event.slug).order_by(func.count().desc())
            )

    assert (people, sign_ups, sent) == (120, 120, 120)
    assert 0 < events - size.events < size.cities
    assert of_seventh == [crowded]
    assert fullest is not None


@pytest.mark.browser
def test_every_page_weight_and_size_is_measured_at_two_sizes() -> None:
    figures = grown(
        "growth",
        "sqlite",
        small=Size(people=20, cities=14, events=2),
        large=Size(people=60, cities=30, events=10),
        seconds=0,
    )

    names = {figure.name for figure in figures}
    assert {"growth-home", "growth-kept-home", "growth-office-desk", "growth-weight"} <= names
    assert all(figure.value > 0 and figure.floor > 0 for figure in figures)
