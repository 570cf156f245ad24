"""The index follows: whatever a deed changes is found otherwise with it, or not at all."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, text, update
from structlog.testing import capture_logs

from campaign import clock, jobs
from campaign.db import db
from campaign.events.changes import verbs as changes
from campaign.events.models import Event
from campaign.newsletter import verbs as newsletter
from campaign.newsletter.models import Issue, IssueText
from campaign.pages.models import Page
from campaign.search import queries, verbs
from campaign.search.findings import kind_of
from campaign.search.models import Entry
from tests.search.conftest import Look, page, planned


def test_what_is_saved_is_found_and_what_is_undone_is_not(app: Flask, look: Look) -> None:
    with app.app_context():
        db.session.add(page("/kept", title="Zebra"))
        db.session.commit()
        db.session.add(page("/undone", title="Zebra"))
        db.session.flush()
        db.session.rollback()
        db.session.add(page("/other"))
        db.session.commit()

    assert look("zebra") == ["/kept"]


def test_what_is_undone_to_a_savepoint_leaves_the_rest_of_the_deed_found(
    app: Flask, look: Look
) -> None:
    with app.app_context():
        db.session.add(page("/kept", title="Zebra"))
        db.session.flush()
        undone = db.session.begin_nested()
        db.session.add(page("/undone", title="Zebra"))
        db.session.flush()
        undone.rollback()
        with db.session.begin_nested():
            db.session.add(page("/nested", title="Zebra"))
        db.session.commit()

    assert sorted(look("zebra")) == ["/kept", "/nested"]


def test_a_page_is_found_by_what_it_says_now_and_a_draft_by_nothing(app: Flask, look: Look) -> None:
    with app.app_context():
        db.session.add(page("/a", title="Zebra"))
        db.session.commit()
        found = db.session.scalars(select(Page)).one()
        found.title, found.source = "Giraffe", "A giraffe."
        db.session.commit()

    assert (look("zebra"), look("giraffe")) == ([], ["/a"])

    with app.app_context():
        db.session.scalars(select(Page)).one().is_draft = True
        db.session.commit()

    assert look("giraffe") == []


def test_an_event_called_off_moved_or_deleted_is_found_so(app: Flask, look: Look) -> None:
    with app.app_context():
        event = planned("London", "GB")
        db.session.commit()
        # An entry goes with its event, and its words with the entry.
        entry = db.session.scalars(select(Entry.id)).one()
        event.city = "Leeds"
        db.session.commit()

    assert look("london") == []
    assert len(look("leeds")) == 1

    with app.app_context():
        event = db.session.scalars(select(Event)).one()
        changes.call_off(event, now=clock.now())
        db.session.commit()
        # Whoever reads no further than the list is not to set out.
        assert kind_of(db.session.scalars(select(Entry.kind)).one()) == "Event, called off"

    assert len(look("leeds")) == 1

    with app.app_context():
        db.session.delete(db.session.scalars(select(Event)).one())
        db.session.commit()
        left = db.session.scalar(text("SELECT count(*) FROM search_words"))

    assert (look("leeds"), left, entry > 0) == ([], 0, True)


@pytest.mark.parametrize("with_tables", [False, True])
def test_rows_that_a_statement_changes_are_found_otherwise(
    app: Flask, look: Look, with_tables: bool
) -> None:
    pages = Page.__table__ if with_tables else Page
    values = {"uid": "i", "path": "/inserted", "title": "Zebra", "source": "", "html": ""}
    values |= {"contents": [], "extra": {}, "changed_at": clock.now()}
    with app.app_context():
        db.session.add_all([page(f"/{name}", title=name) for name in ("one", "two", "three")])
        db.session.commit()
        db.session.execute(update(pages).where(Page.path == "/one").values(title="Giraffe"))
        db.session.execute(delete(pages).where(Page.path == "/two"))
        db.session.execute(insert(pages), [values])
        db.session.commit()

    assert [look(word) for word in ("one", "two", "three")] == [[], [], ["/three"]]
    assert (look("giraffe"), look("zebra")) == (["/one"], ["/inserted"])

    with app.app_context():
        db.session.execute(update(pages).values(is_draft=True))
        db.session.commit()

    assert look("giraffe") == look("zebra") == look("three") == []


def test_rows_that_are_updated_each_by_its_key_are_found_otherwise(app: Flask, look: Look) -> None:
    with app.app_context():
        db.session.add_all([page("/a"), page("/b")])
        db.session.commit()
        ids = list(db.session.scalars(select(Page.id)))
        db.session.execute(update(Page), [{"id": id, "title": f"Zebra {id}"} for id in ids])
        db.session.commit()

    assert sorted(look("zebra")) == ["/a", "/b"]


def test_an_issue_is_found_while_it_stands_in_the_archive(app: Flask, look: Look) -> None:
    given = {"subject": "", "preview": "", "language": "en", "by": None}
    with app.app_context():
        issue = newsletter.draft(
            title="Zebra", slug="zebra", source="A *giraffe*.", now=clock.now(), **given
        )
        db.session.commit()

    assert look("giraffe") == []

    with app.app_context():
        issue = db.session.scalars(select(Issue)).one()
        issue.queued_at = issue.published_at = clock.now()
        db.session.commit()

    assert look("giraffe") == ["/newsletter/issues/zebra"]

    with app.app_context():
        db.session.execute(update(IssueText).values(html="<p>A tiger.</p>"))
        db.session.commit()

    assert (look("giraffe"), look("tiger")) == ([], ["/newsletter/issues/zebra"])

    with app.app_context():
        newsletter.take_down(db.session.scalars(select(Issue)).one(), now=clock.now())
        db.session.commit()

    assert look("tiger") == []


def test_a_number_that_nobody_looks_for_costs_the_index_nothing(app: Flask) -> None:
    with app.app_context():
        planned("London", "GB")
        db.session.commit()
        asked: list[str] = []

        def note(_1: object, _2: object, statement: str, *_rest: object) -> None:
            asked.append(statement)

        db.event.listen(db.engine, "before_cursor_execute", note)
        db.session.execute(update(Event).values(erased_seats=Event.erased_seats + 1))
        event = db.session.scalars(select(Event)).one()
        event.capacity = 40
        db.session.commit()
        db.event.remove(db.engine, "before_cursor_execute", note)

    assert [statement for statement in asked if "search" in statement] == []


def test_what_was_changed_past_the_program_is_mended_by_the_day_and_said(
    app: Flask, look: Look
) -> None:
    with app.app_context():
        db.session.add_all([page(f"/{word}", title=word) for word in ("zebra", "lion", "tiger")])
        db.session.commit()
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE page SET title = 'giraffe' WHERE path = '/zebra'"))
            connection.execute(text("DELETE FROM page WHERE path = '/lion'"))

        with capture_logs() as said:
            jobs.run("search.check")
            jobs.run("search.check")

    assert (look("zebra"), look("lion")) == ([], [])
    assert (look("giraffe"), look("tiger")) == (["/zebra"], ["/tiger"])
    assert [line for line in said if line["event"] == "search.differed"] == [
        {"event": "search.differed", "log_level": "warning", "mended": 2}
    ]


def test_who_mends_and_who_changes_wait_for_each_other(app: Flask, look: Look) -> None:
    trouble: list[BaseException] = []
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            return
        db.session.add(page("/a", title="Zebra"))
        db.session.commit()
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE page SET source = 'Past the program.'"))
        findable, ids = next((one, ids) for one, ids in queries.pieces() if one.model is Page)

        def change() -> None:
            with app.app_context():
                try:
                    db.session.scalars(select(Page)).one().title = "Giraffe"
                    db.session.commit()
                except Exception as error:
                    trouble.append(error)

        verbs.keep(findable, ids)
        other = threading.Thread(target=change)
        other.start()
        # It is there and waits, or is through with its own change and waits for the entry.
        other.join(1)
        db.session.commit()
        other.join(20)

    assert (trouble, look("giraffe"), look("zebra")) == ([], ["/a"], [])


def test_the_index_is_made_anew_by_a_command_whatever_became_of_it(app: Flask, look: Look) -> None:
    with app.app_context():
        db.session.add_all([page(f"/{number}", title="Zebra") for number in range(3)])
        planned("London", "GB")
        db.session.commit()
        before = db.session.scalar(select(func.count()).select_from(Entry))
        for table in ("search_words", "search_spelling", "search_word"):
            db.session.execute(text(f"DELETE FROM {table}"))
        db.session.commit()

    assert look("zebra") == []

    answer = app.test_cli_runner().invoke(args=["search", "rebuild"])

    assert (answer.exit_code, answer.output) == (0, f"{before} entries\n")
    assert len(look("zebra")) == len(look("zeba")) == 3
    assert len(look("london")) == 1


def test_what_passes_comes_after_what_is_ahead(look: Look, plan: Callable[..., str]) -> None:
    long_ago = clock.now() - timedelta(days=300)
    over = plan("London", "GB", title="Zebra", starts_on=long_ago.date(), now=long_ago)
    ahead = plan("London", "GB", title="Zebra")

    assert look("zebra") == look("london") == [ahead, over]
