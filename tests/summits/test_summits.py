"""The summits: which comes next, and what their pages say."""

from datetime import UTC, datetime
from importlib.resources import files

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.summits import queries, verbs
from tests.visitor import Visitor


@pytest.fixture
def world(app: Flask) -> Flask:
    """Give the application with the starter's summits and posts."""
    with app.app_context():
        verbs.load_starter(files("campaign.starter"), now=clock.now())
        db.session.commit()
    return app


@pytest.mark.parametrize(
    ("day", "slug"),
    [
        (datetime(2023, 10, 31, 23, 59, tzinfo=UTC), "bletchley-2023"),
        (datetime(2023, 11, 1, tzinfo=UTC), "seoul-2024"),
        (datetime(2026, 11, 21, tzinfo=UTC), "geneva-2027"),
        (datetime(2027, 12, 31, tzinfo=UTC), "geneva-2027"),
        (datetime(2028, 1, 1, tzinfo=UTC), "uae-2028"),
        (datetime(2029, 1, 1, tzinfo=UTC), None),
    ],
)
def test_the_next_summit_is_the_first_that_has_not_begun(
    world: Flask, day: datetime, slug: str | None
) -> None:
    with world.app_context():
        found = queries.next_summit(now=day)

    assert (found.slug if found else None) == slug


def test_the_timeline_shows_every_summit_and_links_to_its_page(
    world: Flask, visitor: Visitor
) -> None:
    page = visitor.open("/summits")

    for slug in ("bletchley-2023", "seoul-2024", "paris-2025", "geneva-2027", "uae-2028"):
        assert f'href="/summits/{slug}"' in page.text
        assert visitor.open(f"/summits/{slug}").status_code == 200
    assert "2028 AI summit" in page.text
    assert visitor.open("/summits/none").status_code == 404


def test_a_summit_tells_its_former_name_its_outcomes_and_what_is_not_known(
    world: Flask, visitor: Visitor
) -> None:
    paris = visitor.open("/summits/paris-2025").text
    seoul = visitor.open("/summits/seoul-2024").text
    geneva = visitor.open("/summits/geneva-2027").text

    assert "Called until 2024" in paris
    assert "AI Safety Summit" in paris
    assert "this list is not complete" in paris
    assert "Netherlands: not going" in " ".join(seoul.split())
    assert "Reuters 29 April 2024" in seoul
    assert "days not announced yet" in geneva
    assert 'href="/write"' in geneva
    assert 'href="/write"' not in seoul.partition("<main")[2]


def test_the_starter_is_loaded_once(world: Flask) -> None:
    with world.app_context():
        verbs.load_starter(files("campaign.starter"), now=clock.now())
        db.session.commit()

        assert len(queries.timeline()) == 6
        assert len(queries.posts_rows()) == 32


def test_only_the_example_posts_of_the_starter_can_be_written_to(world: Flask) -> None:
    with world.app_context():
        posts = db.session.scalars(
            queries.search_posts(status="writable", today=clock.now().date())
        ).all()

        assert len(posts) == 17
        assert all(post.is_example and post.email.endswith(".example") for post in posts)
        assert "JP" not in queries.countries_to_write_to(now=clock.now())
