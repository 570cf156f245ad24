"""The check before sending: what it finds in an issue and an automation, and where it says so."""

import time
from collections.abc import Callable
from importlib.resources import files

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.newsletter import verbs
from campaign.newsletter.automations import catalogue
from campaign.newsletter.automations import queries as automations_queries
from campaign.newsletter.automations.queries import as_it_comes
from campaign.newsletter.check_page import queries
from campaign.newsletter.models import Issue, IssueText
from campaign.pages import verbs as pages
from tests.visitor import Visitor

GOOD = {
    "title": "Spring",
    "subject": "Berlin has a place",
    "preview": "Come at half past five.",
    "source": "We meet at the river, and you are welcome, whoever you are and wherever you live. "
    "Read [the proposal](/newsletter) before you come.",
}


def findings(**changed: str) -> list[str]:
    """Say what is found in a good issue of which something is changed."""
    words = {**GOOD, **changed}
    issue = verbs.draft(**words, slug="", language="en", by=None, now=clock.now())
    found = queries.findings(issue, issue.text, now=clock.now())
    db.session.rollback()
    return [str(finding.sentence) for finding in found]


def test_in_a_good_issue_nothing_is_found(app: Flask) -> None:
    with app.app_context():
        assert findings() == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"subject": "LAST CHANCE for Berlin TODAY"}, "in capitals"),
        ({"subject": "Come now!! Please"}, "mark of exclamation"),
        ({"subject": "Free money for all"}, "says “Free money”"),
        ({"subject": "Re: Berlin"}, "pretends to be an answer"),
        ({"subject": "x" * 71}, "has 71 characters"),
        ({"preview": ""}, "There is no preview"),
        ({"preview": GOOD["subject"]}, "the same as the subject"),
        ({"source": "![](/i.png)"}, "The text half is empty"),
        ({"source": "![A map](/i.png)\n\nCome."}, "Nearly all of it is pictures"),
        ({"source": f"{GOOD['source']} ![](/i.png)"}, "A picture has no description"),
        ({"source": "[Berlin is where we meet](/events) " * 1200}, "Gmail cuts it"),
        ({"source": "Press [here](/newsletter)"}, "says only “here”"),
        ({"source": "[The plan](https://bit.ly/x)"}, "hides where it leads"),
        ({"source": "[www.un.org](https://evil.example/)"}, "shows www.un.org and leads to evil"),
        ({"source": "[The plan](http://un.example/)"}, "not encrypted"),
        ({"source": f"[The plan](https://un.example/{'x' * 120})"}, "stands so in the text half"),
        ({"source": "[](https://un.example/)"}, "has no words"),
        ({"source": "Dear {{ name }}, come."}, "“name” is empty for some readers"),
        ({"subject": "{{ a_card }}"}, "cannot stand in a subject"),
        ({"source": "Come to {{ a_card }}!"}, "give it a paragraph of its own"),
    ],
)
def test_what_readers_and_filters_stumble_over_is_named(
    app: Flask, card: None, changed: dict[str, str], sentence: str
) -> None:
    with app.app_context():
        assert any(sentence in found for found in findings(**changed)), findings(**changed)


def test_a_card_alone_and_a_field_with_words_for_strangers_are_as_they_should_be(
    app: Flask, card: None
) -> None:
    with app.app_context():
        assert findings(source=f"{GOOD['source']}\n\n{{{{ a_card }}}}") == []
        assert findings(source=f"{GOOD['source']} Come, {{{{ name | friend }}}}.") == []


def test_an_organiser_checks_an_issue(organiser: Visitor, issue: int, app: Flask) -> None:
    with app.app_context():
        found = db.session.get_one(Issue, issue)
        verbs.change(
            found,
            version=1,
            **{**GOOD, "source": "[Plan](/nowhere) [Inside](http://169.254.169.254/x)"},
            slug="",
            language="en",
            by=None,
            now=clock.now(),
        )
        db.session.commit()
    address = f"/office/newsletter/issues/{issue}/check"

    looked = organiser.open(address).text
    asked = organiser.send(address, action="/check")

    assert "there is no such page" in looked
    assert "not on the public internet" not in looked
    assert asked.status_code == 200
    assert "is not on the public internet" in asked.text


@pytest.mark.parametrize("end", ["", "!", "}"])
def test_nor_does_a_long_name_in_a_link_or_one_field_without_end(app: Flask, end: str) -> None:
    source = f"[{'a.' * 24_000}{end}](https://x.example)\n\n{{{{ {'a' * 900} {end}"
    text = IssueText(language="en", title="T", subject="S", preview="P", source=source)
    begun = time.process_time()

    with app.test_request_context():
        queries.findings(Issue(slug="s", language="en", texts=[text]), text, now=clock.now())

    assert time.process_time() - begun < 4.0


def test_the_automatic_mails_that_come_with_the_program_have_nothing_to_mend(
    app: Flask,
) -> None:
    now = clock.now()
    with app.test_request_context():
        pages.load_starter(files("campaign.starter"), now=now)
        db.session.commit()
        found = [
            str(one.sentence)
            for key in catalogue.BUILT_IN
            for one in automations_queries.to_mend(app, as_it_comes(key), "en", now=now)
            if one.is_grave
        ]

    assert found == []


def test_what_the_check_finds_is_said_again_where_an_issue_is_sent(
    app: Flask, organiser: Visitor, issue: int, subscribers: Callable[..., None]
) -> None:
    subscribers("ada@example.org")
    with app.app_context():
        found = db.session.get_one(Issue, issue)
        words = {**found.text.words, "source": "[Go](www.example.org) [in](/nowhere)"}
        verbs.change(found, version=1, **words, slug="", language="en", by=None, now=clock.now())
        db.session.commit()

    page = organiser.open(f"/office/mailings/issue/{issue}/send?when=now&hours=4").text

    assert "What the check has found" in page
    assert "write “https://” before www.example.org" in page
    assert "/nowhere: there is no such page" in page


def test_what_the_check_finds_is_said_where_an_automatic_mail_is_switched_on(
    organiser: Visitor,
) -> None:
    address = "/office/newsletter/automations/digest"
    organiser.send(
        f"{address}/en", action="/en", subject="Hello *|FNAME|*", source="[Go](/nowhere) ![](x.png)"
    )

    page = organiser.open(address).text

    assert "Switch it on" in page
    assert "*|FNAME|*” looks like a merge field of another program" in page
    assert "/nowhere: there is no such page" in page
    assert "The picture x.png is not one of ours" in page
