"""An issue as its readers see it: narrow, wide, by day, by night, with pictures and without."""

import io
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.delivery import worker
from campaign.delivery.mailbox import folder_in
from campaign.events import verbs as events
from campaign.newsletter import verbs as issues
from campaign.newsletter.images import verbs as images
from campaign.newsletter.images.models import Image as Kept
from campaign.newsletter.policy import LARGEST_PICTURE
from campaign.people import verbs as people
from campaign.people.models import Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs
from tests.closing import close
from tests.events.conftest import PARTICULARS
from tests.journeys.reader import Reader
from tests.journeys.test_accessibility import AXE, COLOURS, RULES
from tests.mailings.conftest import begun
from tests.screens.mails import WORDING, half, read, scratch

SOURCE = """
Half a year is left. In **Geneva** a *treaty to pause* is on the table, {{ name | friend }}.

[**Write to your minister**](/write)

## What happened in October

![PICTURE-WORDS](/newsletter/images/LARGE)

More than two hundred came. ~~Nobody~~ Everybody stayed, and `pause` was the word.[^1]

> We are not against machines. We are for time to think.

### Three things to do

1. Read [the proposal](/proposal), at [https://campaign.example/LONG](/LONG)
2. Come to a protest
   - bring a sign
     - or two
3. Write

- [ ] Sign up
- [x] Subscribe

#### How many came

| City | People | What they asked for, in a sentence that is rather long |
| --- | ---: | --- |
| London | 1,200 | A treaty |
| Berlin | 640 | Donaudampfschifffahrtsgesellschaftskapitän |

{{ next_event }}

{{ events_this_month }}

---

```
curl https://campaign.example/events/feed.ics --output a-very-long-name-for-a-file.ics
```

![A small one](/newsletter/images/SMALL)

[^1]: The organisers' numbers.
"""
WORDS = "People with signs before the parliament in London; one of them says Pause"


class Issue:
    """An issue as it left: its mail, and the pictures it asks for."""

    def __init__(self, mail: EmailMessage, pictures: dict[str, bytes]) -> None:
        self.html, self.text = half(mail, "html"), half(mail, "plain")
        self.pictures = pictures


def keep(colour: str, width: int, height: int) -> Kept:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return images.keep(out.getvalue(), description=WORDS, by=None, now=clock.now())


@pytest.fixture(scope="module")
def issue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issue]:
    """Send an issue with all that Markdown has to a reader in Brighton, and give it as it left."""
    app = scratch(tmp_path_factory.mktemp("issue"))
    with app.app_context():
        now = clock.now()
        large, small = keep("teal", 2400, 1600), keep("orange", 220, 120)
        db.session.flush()
        for number, city in enumerate(("London", "Leeds")):
            day = (now + timedelta(days=9 + number)).date()
            said = {"title": f"Protest: {city}", "city": city, "starts_on": day}
            events.plan(now=now, **{**PARTICULARS, **said})
        reader = people.remember("ada@example.org", name="Ada", now=now)
        subscriptions_verbs.confirm(
            subscriptions_verbs.ask(
                reader, Purpose.NEWSLETTER, wording=WORDING, form="test", now=now
            ),
            now=now,
        )
        people.move(reader, country="GB", city="Brighton")
        source = SOURCE.replace("LARGE", large.name).replace("SMALL", small.name)
        source = source.replace("PICTURE-WORDS", WORDS).replace("LONG", "without-a-break" * 9)
        draft = issues.draft(
            title="Geneva is near, and you are wanted there", slug="", subject="Geneva is near",
            preview="Three things to do.", source=source, language="en", by=None, now=now,
        )  # fmt: skip
        db.session.commit()
        begun(draft.id, now=now)
        worker.send_due()
        [file] = folder_in(app.config["INSTANCE"]).glob("*.eml")
        shown = {row.name: row.content for row in db.session.scalars(select(Kept))}
        yield Issue(read(file.read_bytes()), shown)
    close(app)


def opened(browser: Browser, issue: Issue, *, width: int, night: bool, shown: bool) -> Page:
    """Open the mail as a mail program does, which fetches its pictures or does not."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if night else "light"
    )
    page = context.new_page()

    def answer(route: Route) -> None:
        name = Path(route.request.url).name
        assert route.request.url.startswith("https://campaign.example/newsletter/images/")
        route.fulfill(body=issue.pictures[name]) if shown else route.abort()

    page.route("**/*", answer)
    page.set_content(issue.html, wait_until="load")
    return page


@pytest.mark.parametrize("width", [360, 700])
@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("shown", [True, False], ids=["pictures", "no-pictures"])
def test_an_issue_is_readable_wherever_it_is_opened(
    browser: Browser, issue: Issue, width: int, night: bool, shown: bool
) -> None:
    page = opened(browser, issue, width=width, night=night, shown=shown)
    page.evaluate(AXE)

    rules: Any = COLOURS if night else RULES
    found = page.evaluate("(rules) => axe.run(document, rules)", rules)["violations"]

    assert [(wrong["id"], [node["html"] for node in wrong["nodes"]]) for wrong in found] == []
    assert page.evaluate("document.scrollingElement.scrollWidth") == width
    beyond = page.evaluate(
        """(width) => [...document.querySelectorAll('body *')].filter(
            (one) => !one.closest('table[tabindex]') && one.getBoundingClientRect().right > width
        ).map((one) => one.outerHTML.slice(0, 80))""",
        width,
    )
    assert beyond == []
    low = [box["height"] for one in page.locator("a.button").all() if (box := one.bounding_box())]
    assert len(low) == 2
    assert min(low) >= 48
    page.context.close()


@pytest.mark.parametrize("width", [360, 700])
def test_a_picture_fills_the_column_and_leaves_no_hole_where_it_is_not_shown(
    browser: Browser, issue: Issue, width: int
) -> None:
    column = min(560, width - 32)

    page = opened(browser, issue, width=width, night=False, shown=True)
    large, small = (one.bounding_box() for one in page.locator("img").all())
    assert large is not None
    assert small is not None
    assert (large["width"], round(large["height"])) == (column, round(column * 1600 / 2400))
    assert (small["width"], small["height"]) == (220, 120)
    page.context.close()

    page = opened(browser, issue, width=width, night=False, shown=False)
    words = page.get_by_role("img", name=WORDS).bounding_box()
    assert words is not None
    assert words["height"] < 80
    page.context.close()


def test_colours_that_the_reader_forces_leave_everything_to_be_seen(
    browser: Browser, issue: Issue
) -> None:
    page = opened(browser, issue, width=700, night=True, shown=True)
    page.emulate_media(forced_colors="active")

    borders = page.evaluate(
        """[...document.querySelectorAll('.button, .ticket, .leaf, blockquote')].map(
            (one) => getComputedStyle(one).borderLeftWidth)"""
    )

    assert borders
    assert "0px" not in borders
    page.context.close()


def test_what_stands_beside_the_subject_is_not_seen_in_the_mail(
    browser: Browser, issue: Issue
) -> None:
    page = opened(browser, issue, width=700, night=False, shown=True)

    assert "Three things to do." in (page.locator(".preview").text_content() or "")
    assert not page.locator(".preview").is_visible()
    assert page.evaluate("document.body.innerText").lstrip().startswith(("ii", "Pause"))
    page.context.close()


def test_a_program_that_drops_the_style_sheet_shows_the_same_mail(
    browser: Browser, issue: Issue
) -> None:
    def look(page: Page) -> Any:
        return page.evaluate(
            """[...document.querySelectorAll('.sheet, h1, h2, p, a, td, code, .button')].map(
                (one) => {
                    const {color, backgroundColor, fontSize, padding} = getComputedStyle(one);
                    return [one.tagName, color, backgroundColor, fontSize, padding];
                })"""
        )

    page = opened(browser, issue, width=700, night=False, shown=True)
    with_sheet = look(page)
    page.evaluate("document.querySelectorAll('style').forEach((one) => one.remove())")

    assert look(page) == with_sheet
    page.context.close()


def test_the_mail_is_small_and_its_style_sheet_is_kept_by_gmail(issue: Issue) -> None:
    # Gmail cuts a mail after 102 kB, and drops a style sheet of more than 8,192 signs.
    sheets = issue.html.split("<style>")[1:]

    assert len(issue.html.encode()) < 40_000
    assert [len(sheet.partition("</style>")[0]) for sheet in sheets if len(sheet) > 0]
    assert all(len(sheet.partition("</style>")[0]) < 8192 for sheet in sheets)


def test_the_text_says_the_same_on_short_lines(issue: Issue) -> None:
    for words in (
        "Dear Ada,", "1. Read the proposal", "   - bring a sign", "- [x] Subscribe",
        f"[{WORDS[:20]}", "London   1,200  A treaty", "Protest: London", "Protest: Leeds",
        "Come to London:\nhttps://campaign.example/events/", "[1] The organisers",
    ):  # fmt: skip
        assert words in issue.text

    long = [line for line in issue.text.splitlines() if len(line) > 72]
    assert [line for line in long if " " in line.strip()] == []


def photograph(folder: Path) -> Path:
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(folder / "photo.jpg", "JPEG")
    return folder / "photo.jpg"


def test_an_organiser_adds_a_picture(organiser: Reader, tmp_path: Path) -> None:
    page = organiser.page
    organiser.open("/office/newsletter/images")
    page.get_by_label("Picture", exact=True).set_input_files(photograph(tmp_path))
    organiser.fill(description="A crowd [in Oslo]")

    organiser.press("Upload")

    assert organiser.heading == "Picture"
    line = page.locator("#line").inner_text()
    assert line.startswith(r"![A crowd \[in Oslo\]](/newsletter/images/")
    shown = page.locator("main img").evaluate("(one) => [one.naturalWidth, one.naturalHeight]")
    assert shown == [1360, 907]


def test_a_file_of_forty_megabytes_is_refused_in_words(organiser: Reader, tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(b"\xff\xd8" + b"\0" * 2 * LARGEST_PICTURE)
    organiser.open("/office/newsletter/images")
    organiser.page.get_by_label("Picture", exact=True).set_input_files(tmp_path / "large.jpg")
    organiser.fill(description="A crowd")

    organiser.press("Upload")

    assert "larger than 20 MB" in organiser.page.locator("#picture-error").inner_text()
