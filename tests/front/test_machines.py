"""What machines look for: the sitemap, the rules for robots, the state of health."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask_migrate import upgrade

from campaign import config
from campaign.app import PUBLIC
from campaign.front.sitemap import EVENTS_IN_A_PART
from campaign.front.views import NOT_FOR_ROBOTS
from tests.closing import close
from tests.events.many import plan_many
from tests.front.others import full_disk, other_app
from tests.pages.making import keep, page
from tests.visitor import Visitor

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def test_the_sitemap_lists_every_page_with_its_last_change(app: Flask, visitor: Visitor) -> None:
    keep(app, "index.md", page())
    keep(app, "über-uns.md", page())
    keep(app, "news/a.md", page(date="2026-11-01"))

    answer = visitor.open("/sitemap.xml")

    assert answer.mimetype == "application/xml"
    found = {
        url.findtext(f"{SITEMAP}loc"): url.findtext(f"{SITEMAP}lastmod")
        for url in ElementTree.fromstring(answer.data)
    }
    base = "https://campaign.example"
    assert found[f"{base}/"] == "2026-11-21T12:00:00+00:00"
    assert found[f"{base}/%C3%BCber-uns"] == "2026-11-21T12:00:00+00:00"
    assert found[f"{base}/news/a"] == "2026-11-21T12:00:00+00:00"
    assert {f"{base}/news", f"{base}/events", f"{base}/write"} <= set(found)


def test_every_address_of_the_sitemap_is_there(starter: Flask, visitor: Visitor) -> None:
    root = ElementTree.fromstring(visitor.open("/sitemap.xml").data)

    addresses = [url.findtext(f"{SITEMAP}loc") or "" for url in root]
    assert {visitor.open(address).status_code for address in addresses} == {200}
    assert len(addresses) == len(set(addresses))
    for part in ("/events/", "/actions/may-13", "/summits/seoul-2024", "/news/"):
        assert any(part in address for address in addresses), part


def test_a_sitemap_of_thousands_is_an_index_of_parts_that_list_each_once(
    app: Flask, visitor: Visitor
) -> None:
    plan_many(app, EVENTS_IN_A_PART + 500)

    index = ElementTree.fromstring(visitor.open("/sitemap.xml").data)
    parts = [part.findtext(f"{SITEMAP}loc") or "" for part in index]
    changed = [part.findtext(f"{SITEMAP}lastmod") for part in index]
    found = [
        url.findtext(f"{SITEMAP}loc") or ""
        for part in parts
        for url in ElementTree.fromstring(visitor.open(part).data)
    ]

    assert index.tag == f"{SITEMAP}sitemapindex"
    assert parts[0] == "https://campaign.example/sitemaps/pages.xml"
    assert changed[1:] == ["2026-03-01T12:00:00+00:00"] * (len(parts) - 1)
    assert len(found) == len(set(found))
    events = {f"https://campaign.example/events/event-{at}" for at in range(1500)}
    assert events <= set(found)
    assert "https://campaign.example/events" in found


def test_events_stand_in_the_sitemap_whatever_became_of_the_first_thousand(
    app: Flask, visitor: Visitor
) -> None:
    plan_many(app, 1, id=EVENTS_IN_A_PART + 1)

    assert "/events/event-0<" in visitor.open("/sitemap.xml").text


@pytest.mark.parametrize("part", ["0", "99999", "99999999999999999999", "x", "-1"])
def test_a_part_of_the_sitemap_that_is_not_there_is_not_found(visitor: Visitor, part: str) -> None:
    assert visitor.open(f"/sitemaps/events-{part}.xml").status_code == 404


def test_robots_are_told_what_is_not_for_them(visitor: Visitor) -> None:
    answer = visitor.open("/robots.txt")

    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    assert lines[0] == "User-agent: *"
    assert "Disallow: /office" in lines
    assert "Sitemap: https://campaign.example/sitemap.xml" in lines


def test_no_address_that_carries_a_token_is_for_robots(app: Flask) -> None:
    carrying = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "token" in rule.arguments and rule.endpoint.split(".")[0] in PUBLIC
    ]

    assert carrying
    for rule in carrying:
        assert rule.startswith(NOT_FOR_ROBOTS), rule


def test_a_living_process_says_so_whatever_the_database_does(broken: Flask) -> None:
    answer = broken.test_client().get("/health/live")

    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_without_its_database_it_is_not_ready(broken: Flask) -> None:
    answer = broken.test_client().get("/health/ready")

    assert answer.status_code == 503
    assert answer.mimetype == "text/plain"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text == "the database does not answer\n"


def test_before_its_migrations_it_is_not_ready_and_after_them_it_is(tmp_path: Path) -> None:
    app = other_app(tmp_path)
    client = app.test_client()

    before = client.get("/health/ready")
    with app.app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
    after = client.get("/health/ready")

    assert (before.status_code, before.text) == (503, "the database is not migrated\n")
    assert (after.status_code, after.text) == (200, "ok\n")
    close(app)


def test_where_nothing_can_be_written_it_is_not_ready(tmp_path: Path) -> None:
    other = other_app(tmp_path)
    with other.app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
    client = other.test_client()
    before = client.get("/health/ready")

    with full_disk():
        meanwhile = client.get("/health/ready")
    after = client.get("/health/ready")
    close(other)

    assert (before.status_code, meanwhile.status_code, after.status_code) == (200, 503, 200)
    assert "the disk is full" in meanwhile.text
