"""The news: a list with days and authors, pages of it, and an Atom feed."""

from datetime import timedelta
from xml.etree import ElementTree

from flask import Flask

from tests.pages.making import NOW, keep, page
from tests.visitor import Visitor

ATOM = "{http://www.w3.org/2005/Atom}"


def feed(visitor: Visitor) -> ElementTree.Element:
    return ElementTree.fromstring(visitor.open("/news/feed.xml").data)


def test_news_is_listed_with_its_day_and_author_the_newest_first(
    app: Flask, visitor: Visitor
) -> None:
    keep(app, "news/first.md", page("First", date="2026-11-01", author="Ada"))
    keep(app, "news/second.md", page("Second", date="2026-11-20", description="Much."))
    keep(app, "report.md", page("Third", date="2026-11-10", news="true"))
    keep(app, "about.md", page("Not news"))

    answer = visitor.open("/news")

    assert answer.text.index("Second") < answer.text.index("Third") < answer.text.index("First")
    assert "Not news" not in answer.text
    assert '<time class="date-block" datetime="2026-11-20">' in answer.text
    assert "Ada" in answer.text
    assert "Much." in answer.text
    assert 'href="/report"' in answer.text


def test_an_item_of_news_shows_its_day_and_author(app: Flask, visitor: Visitor) -> None:
    keep(app, "news/first.md", page("First", date="2026-11-01", author="Ada"))

    answer = visitor.open("/news/first")

    assert "1 November 2026" in answer.text
    assert "Ada" in answer.text
    assert '<meta property="og:type" content="article">' in answer.text
    assert '<meta property="article:published_time" content="2026-11-01">' in answer.text


def test_there_may_be_no_news(visitor: Visitor) -> None:
    answer = visitor.open("/news")

    assert answer.status_code == 200
    assert "There is no news yet." in answer.text


def test_much_news_is_shown_in_pages(app: Flask, visitor: Visitor) -> None:
    for day in range(1, 13):
        keep(app, f"news/n{day}.md", page(f"Item {day:02}", date=f"2026-10-{day:02}"))

    first, second = visitor.open("/news"), visitor.open("/news?page=2")

    assert "Item 12" in first.text
    assert "Item 02" not in first.text
    assert 'href="/news?page=2" rel="next"' in first.text
    assert "Item 02" in second.text
    assert 'href="/news" rel="prev"' in second.text
    assert '<link rel="canonical" href="https://campaign.example/news?page=2">' in second.text
    for number in ("3", "0", "-1", "x", "9" * 30, "%C2%B2"):
        assert visitor.open(f"/news?page={number}").status_code == 404


def test_the_feed_holds_what_atom_asks_for(app: Flask, visitor: Visitor) -> None:
    body = '[Ask](/proposal) & [see](#there)[^1] `href="/x"`\n\n[^1]: *Note*'
    keep(app, "news/a.md", page("A & B", body, date="2026-11-01", author="Ada", language="en"))
    keep(app, "news/b.md", page("No author", date="2026-11-02"))

    answer = visitor.open("/news/feed.xml")

    assert answer.mimetype == "application/atom+xml"
    root = feed(visitor)
    assert root.findtext(f"{ATOM}id") == "https://campaign.example/news"
    assert root.findtext(f"{ATOM}updated") == "2026-11-21T12:00:00+00:00"
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "Pause Frontier AI"
    newest, entry = root.findall(f"{ATOM}entry")
    assert newest.findtext(f"{ATOM}title") == "No author"
    assert entry.findtext(f"{ATOM}title") == "A & B"
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Ada"
    assert entry.findtext(f"{ATOM}published") == "2026-11-01T00:00:00Z"
    assert entry.findtext(f"{ATOM}updated") == "2026-11-21T12:00:00+00:00"
    html = entry.findtext(f"{ATOM}content") or ""
    assert '<a href="https://campaign.example/proposal"' in html
    assert 'href="https://campaign.example/news/a#there"' in html
    assert '<code>href="/x"</code>' in html


def test_an_item_keeps_its_name_in_the_feed_for_ever(app: Flask, visitor: Visitor) -> None:
    keep(app, "news/a.md", page("A", date="2026-11-01"))
    before = feed(visitor).findtext(f"{ATOM}entry/{ATOM}id")

    keep(
        app,
        "news/b.md",
        page("B", "Other words.", date="2026-11-02", redirect_from="[/news/a]"),
        now=NOW + timedelta(hours=1),
    )

    entry = feed(visitor).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}id") == before
    assert entry.findtext(f"{ATOM}updated") == "2026-11-21T13:00:00+00:00"
    assert (before or "").startswith("urn:uuid:")


def test_the_feed_is_not_sent_twice_to_whoever_has_it(app: Flask, visitor: Visitor) -> None:
    keep(app, "news/a.md", page("A", date="2026-11-01"))
    first = visitor.open("/news/feed.xml")

    by_tag = visitor.client.get("/news/feed.xml", headers={"If-None-Match": first.headers["ETag"]})
    by_date = visitor.client.get(
        "/news/feed.xml", headers={"If-Modified-Since": first.headers["Last-Modified"]}
    )

    assert [by_tag.status_code, by_date.status_code] == [304, 304]
    assert by_tag.data == by_date.data == b""
    keep(app, "news/a.md", page("A!", date="2026-11-01"), now=NOW + timedelta(hours=1))
    for header in ({"If-None-Match": first.headers["ETag"]},):
        assert visitor.client.get("/news/feed.xml", headers=header).status_code == 200


def test_an_empty_feed_is_a_feed(visitor: Visitor) -> None:
    root = feed(visitor)

    assert root.findall(f"{ATOM}entry") == []
    assert root.findtext(f"{ATOM}updated")
