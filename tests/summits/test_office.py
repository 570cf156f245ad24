"""Summits and posts in the office."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.summits import posts_csv, verbs
from campaign.summits.models import Post
from tests.summits.test_posts import GOOD, file_of
from tests.visitor import Visitor


def known(app: Flask) -> int:
    """Make a post known; tell its number."""
    with app.app_context():
        verbs.import_posts(file_of(GOOD), now=clock.now())
        db.session.commit()
        return db.session.scalars(select(Post.id)).one()


def the_post(app: Flask) -> Post:
    with app.app_context():
        return db.session.scalars(select(Post)).one()


def test_posts_can_be_searched_and_the_whole_directory_downloaded(
    app: Flask, organiser: Visitor
) -> None:
    known(app)

    page = organiser.open("/office/summits/posts?q=muster&status=writable")
    none = organiser.open("/office/summits/posts?q=nobody")
    file = organiser.open("/office/summits/posts?format=csv")

    assert "m@de.example" in page.text
    assert "No post matches your search." in none.text
    assert [row.holder for row in posts_csv.read(file.data, today=clock.now().date())] == [
        "Eva Muster"
    ]


def test_a_post_can_be_stopped_and_allowed_again(app: Flask, organiser: Visitor) -> None:
    number = known(app)
    page = f"/office/summits/posts/{number}"

    stopped = organiser.send(page, action="/stop")
    after_stop = the_post(app).stopped_at
    allowed = organiser.send(page, action="/allow")

    assert stopped.status_code == allowed.status_code == 303
    assert after_stop is not None
    assert the_post(app).stopped_at is None


def test_a_contact_is_changed_with_its_source_and_day(app: Flask, organiser: Visitor) -> None:
    number = known(app)
    page = f"/office/summits/posts/{number}"
    today = clock.now().date()

    wrong = organiser.send(
        page, action=str(number), email="no address", contact_form="ftp://x", source="",
        seen_on=(today + timedelta(days=1)).isoformat(),
    )  # fmt: skip
    right = organiser.send(
        page, action=str(number), email="New@DE.example", source="https://ministry.example",
        seen_on=today.isoformat(),
    )  # fmt: skip

    assert wrong.status_code == 422
    for sentence in ("one e-mail address", "begins with https://", "Say where", "in the future"):
        assert sentence in wrong.text
    assert right.status_code == 303
    assert the_post(app).email == "new@de.example"
    assert the_post(app).seen_on == today


def test_an_office_may_have_a_form_and_no_address(app: Flask, organiser: Visitor) -> None:
    number = known(app)

    answer = organiser.send(
        f"/office/summits/posts/{number}", action=str(number), email="",
        contact_form="https://ministry.example/contact",
    )  # fmt: skip

    assert answer.status_code == 303
    assert the_post(app).email == ""


def test_summits_are_listed(app: Flask, organiser: Visitor) -> None:
    with app.app_context():
        verbs.load_summits("- {slug: oslo-2030, names: [{name: AI in Oslo}], year: 2030}")
        db.session.commit()

    assert "AI in Oslo" in organiser.open("/office/summits").text
    assert "oslo" not in organiser.open("/office/summits?q=paris").text
    assert organiser.open("/office/summits?format=csv").text.startswith("name,place,year")
