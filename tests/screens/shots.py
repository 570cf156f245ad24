"""What pictures are taken of: each page and each state, by name, and how one comes to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from playwright.sync_api import Page

from tests.screens.stage import Stage


@dataclass(frozen=True)
class Visit:
    """A window on the campaign whose stage is set."""

    page: Page
    address: str
    stage: Stage

    def open(self, where: str, *, status: int = 200) -> None:
        """Open a page by its path or its full address; it answers as expected."""
        answer = self.page.goto(where if "://" in where else self.address + where)
        if answer is None or answer.status != status:
            raise ValueError(f"{where}: {answer.status if answer else 'no answer'}, not {status}")

    def press(self, button: str) -> None:
        """Press the first button within a part of the page, which leads to another page."""
        with self.page.expect_navigation():
            self.page.locator(f"{button} button, {button}[type=submit]").first.click()

    def fill(self, **fields: str) -> None:
        """Type into fields, each named as the form names it."""
        for name, value in fields.items():
            self.page.locator(f"main [name={name}]").fill(value)


class Shot(NamedTuple):
    """One thing to be seen: its name, what it is, how to come to it; a main one also in dark."""

    name: str
    what: str
    come: Callable[[Visit], None]
    is_main: bool = False


def _at(path: str, *, status: int = 200) -> Callable[[Visit], None]:
    return lambda visit: visit.open(path, status=status)


def _on_stage(name: str, *, status: int = 200) -> Callable[[Visit], None]:
    return lambda visit: visit.open(getattr(visit.stage, name), status=status)


def _event_with_mistakes(visit: Visit) -> None:
    visit.open(visit.stage.event)
    visit.fill(name="", email="ada@example")
    visit.press("main form[action$='/sign-up']")


def _signed_up(visit: Visit) -> None:
    visit.open(f"{visit.stage.event}/signed-up")


def _comes(visit: Visit) -> None:
    visit.open(visit.stage.coming)
    visit.press("main form")


def _withdrawn(visit: Visit) -> None:
    visit.open(visit.stage.withdraw)
    visit.press("main form")


def _newsletter_with_mistakes(visit: Visit) -> None:
    visit.open("/newsletter")
    visit.press("main form[action='/newsletter/subscribe']")


def _left(visit: Visit) -> None:
    visit.open(visit.stage.leave)
    visit.press("main form")


def _letter_with_mistakes(visit: Visit) -> None:
    visit.open("/write/gb")
    visit.fill(own_words="", email="ada@example")
    visit.press("main form button[name=way][value=send]")


def _letter_to_copy(visit: Visit) -> None:
    visit.open("/write/gb")
    visit.fill(own_words="I teach children who will live with what you decide in Geneva.")
    visit.press("main form button[name=way][value=copy]")


PUBLIC = [
    Shot("home", "the home page", _at("/"), True),
    Shot("action", "a day of action, with its map and its cities", _at("/actions/may-13"), True),
    Shot("event", "an event that takes sign-ups", _on_stage("event"), True),
    Shot("write", "a letter to a minister", _at("/write/gb"), True),
    Shot("newsletter", "the newsletter", _at("/newsletter"), True),
    Shot("proposal", "the proposal", _at("/proposal"), True),
    Shot("summits", "the summits", _at("/summits"), True),
    Shot("news", "the news", _at("/news"), True),
    Shot("privacy", "the promise about data", _at("/privacy"), True),
    Shot("action-over", "a day of action that is over", _at("/actions/may-2024")),
    Shot("events", "all events", _at("/events")),
    Shot("write-country", "whose minister to write to", _at("/write")),
    Shot("summit", "one summit", _at("/summits/bletchley-2023")),
    Shot("summit-next", "the page about the next summit", _at("/summit")),
    Shot("news-post", "a news post", _at("/news/see-you-on-13-may")),
    Shot("issue", "an issue in the archive", _on_stage("issue")),
    Shot("about", "about us", _at("/about")),
    Shot("contact", "contact", _at("/contact")),
    Shot("code-of-conduct", "the code of conduct", _at("/code-of-conduct")),
    Shot("learn", "where to learn more", _at("/learn")),
    Shot("risks", "the risks", _at("/risks")),
    Shot("xrisk", "the risk to all of us", _at("/xrisk")),
    Shot("urgency", "why it cannot wait", _at("/urgency")),
    Shot("2024-may", "what happened in May 2024", _at("/2024-may")),
    Shot("search", "the search", _at("/search?q=treaty+pause")),
    Shot("mailbox", "the local mailbox", _at("/mailbox")),
    # States.
    Shot("event-errors", "the form with mistakes", _event_with_mistakes),
    Shot("event-example", "an event that is only an example", _on_stage("example")),
    Shot("event-full", "an event that is full", _on_stage("full")),
    Shot("event-called-off", "an event that was called off", _on_stage("called_off")),
    Shot("event-over", "an event that is over", _on_stage("over")),
    Shot("signed-up", "after signing up", _signed_up),
    Shot("coming", "the page that says one comes", _on_stage("coming")),
    Shot("coming-done", "after that button", _comes),
    Shot("withdraw", "the page that gives a place up", _on_stage("withdraw")),
    Shot("withdrawn", "after it was given up", _withdrawn),
    Shot("newsletter-errors", "the form with mistakes", _newsletter_with_mistakes),
    Shot("newsletter-check-your-mail", "after asking for it", _at("/newsletter/check-your-mail")),
    Shot("confirm", "the page that confirms", _on_stage("confirm")),
    Shot("confirmed", "after it was confirmed", _at("/newsletter/confirmed")),
    Shot("not-me", "for whom it was not", _on_stage("not_me")),
    Shot("never-again", "after saying so", _at("/newsletter/never-again")),
    Shot("leave", "the page that leaves the newsletter", _on_stage("leave")),
    Shot("left", "after leaving it", _left),
    Shot("preferences", "what a reader may choose", _on_stage("preferences")),
    Shot("subscribe-from", "who comes from another site's form", _at("/newsletter/subscribe-from")),
    Shot("embed", "the form in a frame of another site", _at("/newsletter/embed")),
    Shot("embed-check-your-mail", "within the frame", _at("/newsletter/embed/check-your-mail")),
    Shot("search-nothing", "a search that finds nothing", _at("/search?q=zebra")),
    Shot("write-errors", "the form with mistakes", _letter_with_mistakes),
    Shot("write-copy", "a letter to send oneself", _letter_to_copy),
    Shot("write-unknown", "a country whose minister is not known", _at("/write/jp")),
    Shot("write-check-your-mail", "after it was written", _at("/write/check-your-mail")),
    Shot("write-confirm", "the page that sends it", _on_stage("confirm_letter")),
    Shot("write-not-me", "for who did not write it", _on_stage("not_my_letter")),
    Shot("write-thank-you", "after it was sent", _at("/write/thank-you")),
    Shot("expired", "a link that has expired", _on_stage("expired", status=410)),
    Shot("not-found", "a page that is not there", _at("/nothing-is-here", status=404)),
    Shot("office-sign-in", "the way into the office", _at("/office/sign-in")),
    Shot("office-sign-in-sent", "after asking for a link", _at("/office/sign-in/sent")),
    Shot("office-sign-in-link", "the page that signs in", _on_stage("sign_in_again")),
    Shot("office-link-used", "a link that was used", _on_stage("sign_in", status=410)),
]

OFFICE = [
    Shot("office", "this week beside the last", _at("/office/"), True),
    Shot("office-events", "events", _at("/office/events")),
    Shot("office-event", "one event and who comes", _at("/office/events/may-13-london")),
    Shot("office-event-edit", "its change", _at("/office/events/may-13-london/edit")),
    Shot("office-event-call-off", "its end", _at("/office/events/may-13-london/call-off")),
    Shot(
        "office-event-mail-new",
        "a mail to all who come",
        _at("/office/events/may-13-london/mails/new"),
    ),
    Shot("office-event-mail", "one that waits", _at("/office/events/mails/1")),
    Shot("office-event-mail-send", "when it goes", _at("/office/mailings/event-mail/1/plan")),
    Shot("office-event-new", "a new event", _at("/office/events/new")),
    Shot("office-actions", "days of action", _at("/office/events/actions")),
    Shot("office-action-new", "a new one", _at("/office/events/actions/new")),
    Shot("office-newsletter", "the newsletter", _at("/office/newsletter")),
    Shot("office-issue", "an issue that was sent", _at("/office/newsletter/issues/1")),
    Shot("office-draft", "an issue that waits", _at("/office/newsletter/issues/2")),
    Shot("office-draft-edit", "its change", _at("/office/newsletter/issues/2/edit")),
    Shot("office-draft-check", "its check", _at("/office/newsletter/issues/2/check")),
    Shot("office-draft-versions", "its versions", _at("/office/newsletter/issues/2/versions")),
    Shot("office-draft-version", "one of them", _at("/office/newsletter/issues/2/versions/1")),
    Shot("office-draft-send", "to whom and when it goes", _at("/office/mailings/issue/2/plan")),
    Shot(
        "office-draft-confirm",
        "before it is sent",
        _at("/office/mailings/issue/2/send?when=now&hours=4"),
    ),
    Shot("office-draft-seeds", "trying it out", _at("/office/newsletter/issues/2/seeds")),
    Shot("office-mailings", "its mailings", _at("/office/mailings/issue/1")),
    Shot("office-mailing", "what became of one", _at("/office/mailings/1")),
    Shot("office-subscribers", "subscribers", _at("/office/newsletter/subscribers")),
    Shot("office-automations", "automations", _at("/office/newsletter/automations")),
    Shot("office-automation", "one of them", _at("/office/newsletter/automations/digest")),
    Shot("office-automation-text", "its words", _at("/office/newsletter/automations/digest/en")),
    Shot("office-embed", "a form to paste", _at("/office/newsletter/embed")),
    Shot("office-pictures", "pictures for issues", _at("/office/newsletter/images")),
    Shot("office-picture", "one of them, to be pasted", _at("/office/newsletter/images/1")),
    Shot("office-people", "people", _at("/office/people")),
    Shot("office-person", "one of them, and what was sent to them", _at("/office/people/1")),
    Shot("office-forget", "before somebody is forgotten", _at("/office/people/1/forget")),
    Shot(
        "office-segment",
        "a segment, put together",
        _at(
            "/office/segments/new?match=all&1.is=country&1.in=GB&1.in=DE"
            "&2.match=any&2-1.is=signed-up&2-2.is=joined&2-2.days=30"
        ),
    ),
    Shot("office-imports", "people in files", _at("/office/imports")),
    Shot("office-import", "one of them, checked", _at("/office/imports/1")),
    Shot("office-letters", "letters", _at("/office/letters")),
    Shot("office-outbox", "the outbox", _at("/office/outbox")),
    Shot("office-message", "one message", _at("/office/outbox/1")),
    Shot("office-suppressions", "who gets nothing", _at("/office/outbox/suppressions")),
    Shot("office-bounces", "who is said to be gone", _at("/office/outbox/bounces")),
    Shot("office-bounce", "what waits until somebody looks", _at("/office/outbox/bounces/2")),
    Shot("office-inbox", "mail that waits for a person", _at("/office/inbound")),
    Shot("office-inbox-all", "all mail that came in", _at("/office/inbound/all")),
    Shot("office-inbox-mail", "one of a person", _at("/office/inbound/1")),
    Shot("office-inbox-bounce", "one that proves nothing", _at("/office/inbound/2")),
    Shot("office-organisers", "organisers", _at("/office/organisers")),
    Shot("office-organiser", "one organiser", _at("/office/organisers/2")),
    Shot("office-summits", "summits", _at("/office/summits")),
    Shot("office-posts", "offices of state", _at("/office/summits/posts")),
    Shot("office-post", "one office of state", _at("/office/summits/posts/1")),
    Shot("office-design", "every component in every state", _at("/office/design")),
    Shot("office-not-found", "what is not there", _at("/office/nothing", status=404)),
]
