"""Pages are found by their address, and by the addresses they once had."""

from datetime import timedelta
from importlib.resources import files as resources

import pytest
from flask import Flask
from sqlalchemy import select

from campaign.db import db
from campaign.pages import files, queries, verbs
from campaign.pages.models import Page
from tests.pages.making import NOW, keep, page
from tests.visitor import Visitor

STARTER = resources("campaign") / "starter"


def test_a_page_is_shown_at_its_address(app: Flask, visitor: Visitor) -> None:
    keep(app, "plan/2027.md", page("The plan", "We **ask**.", description="What we ask."))

    answer = visitor.open("/plan/2027")

    assert answer.status_code == 200
    assert "<h1>The plan</h1>" in answer.text
    assert "<p>We <strong>ask</strong>.</p>" in answer.text
    assert '<link rel="canonical" href="https://campaign.example/plan/2027">' in answer.text
    assert '<meta property="og:url" content="https://campaign.example/plan/2027">' in answer.text
    assert '<meta property="og:title" content="The plan">' in answer.text
    assert '<meta name="description"\n          content="What we ask.">' in answer.text


def test_a_page_may_have_its_own_picture_for_sharing(app: Flask, visitor: Visitor) -> None:
    keep(app, "a.md", page(image="/static/images/crowd.jpg"))

    answer = visitor.open("/a")

    assert 'content="https://campaign.example/static/images/crowd.jpg"' in answer.text


def test_words_in_titles_are_never_markup(app: Flask, visitor: Visitor) -> None:
    keep(app, "a.md", page("'\"><script>alert(1)</script>'", description="'{{ 7*7 }}\"<b>'"))

    answer = visitor.open("/a")

    assert "<script>alert" not in answer.text
    assert "{{ 7*7 }}" in answer.text
    assert answer.text.count("<h1>") == 1


def test_a_long_page_opens_with_its_contents_and_a_short_one_does_not(
    app: Flask, visitor: Visitor
) -> None:
    keep(app, "long.md", page(body="## One\n\n### Two\n\n## Three\n\n## Four"))
    keep(app, "short.md", page(body="## One\n\n## Two\n\n## Three"))

    long, short = visitor.open("/long"), visitor.open("/short")

    assert '<li class="level-3"><a href="#two">Two</a></li>' in long.text
    assert 'class="contents"' not in short.text


def test_a_page_in_another_language_says_so(app: Flask, visitor: Visitor) -> None:
    keep(app, "a.md", page(language="de"))

    answer = visitor.open("/a")

    assert '<html lang="en"' in answer.text
    assert 'lang="de"' in answer.text


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/a/b/c", "/%ff%fe", "/%00", "/a%0d%0aX-Y:1", "/..%2f..%2fetc", "/" + "x" * 5000],
)
def test_what_is_not_there_is_said_to_be_missing(visitor: Visitor, path: str) -> None:
    answer = visitor.open(path)

    assert answer.status_code == 404
    assert "There is no page here" in answer.text
    assert "X-Y" not in answer.headers


def test_a_draft_is_not_there_for_strangers(app: Flask, visitor: Visitor) -> None:
    keep(app, "secret.md", page("Secret plan", draft="true", nav="Secret"))
    keep(app, "news/secret.md", page("Secret news", draft="true", date="2026-11-20"))

    shown = [visitor.open(path) for path in ("/secret", "/news/secret")]

    assert [answer.status_code for answer in shown] == [404, 404]
    for path in ("/", "/news", "/news/feed.xml", "/sitemap.xml"):
        assert "secret" not in visitor.open(path).text.lower()


def test_an_old_address_leads_to_the_page(app: Flask, visitor: Visitor) -> None:
    keep(app, "xrisk.md", page(redirect_from="[/x-risk, /old/risk]"))

    answers = [visitor.open(path) for path in ("/x-risk", "/old/risk", "/x-risk/")]

    assert [answer.status_code for answer in answers] == [301, 301, 301]
    assert {answer.headers["Location"] for answer in answers} == {"/xrisk"}


def test_a_redirect_keeps_what_was_asked_for(app: Flask, visitor: Visitor) -> None:
    keep(app, "xrisk.md", page(redirect_from="[/x-risk]"))

    answer = visitor.open("/x-risk?from=poster")

    assert answer.headers["Location"] == "/xrisk?from=poster"


@pytest.mark.parametrize("path", ["/a", "/news", "/newsletter", "/summits"])
def test_a_slash_too_many_leads_to_the_page(app: Flask, visitor: Visitor, path: str) -> None:
    keep(app, "a.md", page())

    answer = visitor.open(f"{path}/")

    assert answer.status_code == 308
    assert answer.headers["Location"] == path


@pytest.mark.parametrize(
    "path", ["//evil.example/", "//evil.example/%2f..", "/\\evil.example/", "/%2Fevil.example/"]
)
def test_no_address_leads_away_from_the_site(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(path, base_url="https://campaign.example")

    there = answer.headers.get("Location", "/")
    # A bare `//evil.example/` is, to a server, another name and the path `/`.
    assert answer.status_code in {200, 404, 308}
    assert there.removeprefix("https://campaign.example").startswith("/")
    assert not there.startswith(("//", "/\\"))


def test_what_only_takes_a_form_says_so(visitor: Visitor) -> None:
    answer = visitor.open("/newsletter/subscribe")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_a_page_is_rendered_once_when_it_is_saved(app: Flask) -> None:
    keep(app, "a.md", page(body="## One\n\n*Two*"))

    with app.app_context():
        saved = db.session.scalars(select(Page)).one()

    assert saved.html == '<h2 id="one">One</h2>\n<p><em>Two</em></p>\n'
    assert saved.contents == [[2, "one", "One"]]


def test_saving_the_same_again_changes_nothing(app: Flask) -> None:
    keep(app, "a.md", page("One", redirect_from="[/b]"))

    keep(app, "a.md", page("One", redirect_from="[/b]"), now=NOW + timedelta(days=1))

    with app.app_context():
        assert db.session.scalars(select(Page)).one().changed_at == NOW


def test_a_page_is_shown_as_it_is_now(app: Flask, visitor: Visitor) -> None:
    keep(app, "a.md", page("One"))
    visitor.open("/a")

    keep(app, "a.md", page("Two"))
    changed = visitor.open("/a")
    keep(app, "a.md", page("Two", draft="true"))
    hidden = visitor.open("/a")

    assert "<h1>Two</h1>" in changed.text
    assert hidden.status_code == 404


def test_every_change_is_later_than_the_one_before(app: Flask) -> None:
    moments = []

    for title in ("One", "Two", "Three"):
        keep(app, "a.md", page(title))
        with app.app_context():
            moments.append(db.session.scalars(select(Page.changed_at)).one())

    assert moments == sorted(set(moments))


def test_a_page_that_moves_stays_the_same_page(app: Flask, visitor: Visitor) -> None:
    keep(app, "plan.md", page("The plan"))
    with app.app_context():
        before = db.session.scalars(select(Page.uid)).one()

    keep(app, "proposal.md", page("The plan", redirect_from="[/plan]"))

    with app.app_context():
        assert db.session.scalars(select(Page.uid)).one() == before
    assert visitor.open("/plan").headers["Location"] == "/proposal"
    assert visitor.open("/proposal").status_code == 200


def test_a_redirect_never_hides_another_page(app: Flask) -> None:
    keep(app, "a.md", page())
    keep(app, "b.md", page())

    with app.app_context(), pytest.raises(verbs.AddressTaken):
        verbs.save(files.read("b.md", page(redirect_from="[/a]").encode()), now=NOW)


def test_the_last_page_to_claim_an_old_address_gets_it(app: Flask, visitor: Visitor) -> None:
    keep(app, "a.md", page(redirect_from="[/old]"))

    keep(app, "b.md", page(redirect_from="[/old]"))

    assert visitor.open("/old").headers["Location"] == "/b"


def test_the_starter_has_all_its_pages(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        verbs.load_starter(STARTER, now=NOW)
        db.session.commit()
        paths = [path for path, _changed_at in queries.addresses()]

    promised = {"/", "/proposal", "/summit", "/risks", "/xrisk", "/urgency", "/learn", "/2024-may"}
    assert promised | {"/privacy", "/about", "/contact", "/code-of-conduct"} <= set(paths)
    assert {visitor.open(path).status_code for path in paths} == {200}


def test_a_cell_of_a_wide_table_is_named_by_its_column_without_the_columns_note(
    app: Flask, visitor: Visitor
) -> None:
    table = "| A | B | What came of it[^1] | Binding? |\n|---|---|---|---|\n| 1 | 2 | 3 | no |"
    keep(app, "a.md", page(body=f"{table}\n\n[^1]: A source.\n"))

    answer = visitor.open("/a")

    assert 'data-label="What came of it"' in answer.text
    assert 'data-label="Binding?"' in answer.text


def test_pages_rendered_by_an_earlier_version_are_rendered_anew(
    app: Flask, visitor: Visitor
) -> None:
    keep(app, "old.md", page(body="Article 5(1)(c), <!-- a note --> [in](other.md)."))
    keep(app, "same.md", page())
    with app.app_context():
        queries.at("/old").html = "<p>Article 5(1)©, &lt;!-- a note --&gt;</p>"
        db.session.commit()
    assert "©" in visitor.open("/old").text

    with app.app_context():
        verbs.render_anew(now=NOW + timedelta(days=1))
        db.session.commit()

    shown = visitor.open("/old").text
    assert "Article 5(1)(c), <a" in shown
    assert 'href="/other"' in shown
    with app.app_context():
        assert queries.at("/old").changed_at == NOW + timedelta(days=1)
        assert queries.at("/same").changed_at == NOW
