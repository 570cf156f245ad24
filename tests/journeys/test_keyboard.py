"""The three journeys by keyboard alone, as somebody does who uses no mouse."""

from tests.journeys.conftest import DESK, PHONE, Site, Windows
from tests.journeys.reader import Reader
from tests.journeys.running import kinds_in, link_in, text_of, wait_until

FOCUSED = """() => {
  const it = document.activeElement;
  const said = it.labels?.[0] ?? it;
  const style = getComputedStyle(it);
  const inSvg = it instanceof SVGElement;
  return {
    name: said.textContent.replace(/\\s+/g, " ").trim(),
    isMarked: it.matches(":focus-visible") && (inSvg || style.outlineStyle !== "none"),
  };
}"""
MOST_STOPS = 80


def tab_to(reader: Reader, name: str) -> None:
    """Press Tab until what begins with `name` has the focus; each stop must be marked."""
    stops = []
    for _ in range(MOST_STOPS):
        reader.page.keyboard.press("Tab")
        focused = reader.page.evaluate(FOCUSED)
        stops.append(focused["name"])
        assert focused["isMarked"], f"nothing shows that the focus is on {stops[-1]!r}"
        if focused["name"].startswith(name):
            return
    raise AssertionError(f"no way to {name!r} by Tab: {stops}")


def enter(reader: Reader) -> None:
    with reader.page.expect_navigation():
        reader.page.keyboard.press("Enter")
    reader.look()


def sign_up(reader: Reader, address: str) -> None:
    keyboard = reader.page.keyboard
    reader.open("/")
    tab_to(reader, "Skip to the content")
    keyboard.press("Enter")
    tab_to(reader, "Find your city")
    enter(reader)
    tab_to(reader, "Skip to the content")
    keyboard.press("Enter")
    tab_to(reader, "Stockholm")
    enter(reader)
    assert reader.path == "/events/may-13-stockholm"
    tab_to(reader, "Your name")
    keyboard.type("Ada Example")
    tab_to(reader, "Your e-mail address")
    keyboard.type(address)
    tab_to(reader, "Guests you bring")
    tab_to(reader, "Also send me the newsletter")
    keyboard.press("Space")
    tab_to(reader, "Sign up")
    enter(reader)


def test_somebody_signs_up_without_a_mouse(windows: Windows, site: Site, someone: str) -> None:
    reader = windows(viewport=DESK)

    sign_up(reader, someone)

    assert reader.heading == "Thank you. Check your mail"
    _key, invitation = site.mailbox.wait_for(someone)
    assert "text/calendar" in kinds_in(invitation)

    reader.open(link_in(invitation, "/events/coming"))
    tab_to(reader, "Yes, and send me the newsletter")
    enter(reader)

    assert reader.heading == "Good to know that you are coming"
    _key, welcome = site.mailbox.wait_for(someone, 2)
    assert "/unsubscribe/" in text_of(welcome)


def test_somebody_subscribes_and_leaves_without_a_mouse(
    windows: Windows, site: Site, someone: str
) -> None:
    reader = windows(viewport=DESK)
    reader.open("/newsletter")
    tab_to(reader, "Your e-mail address")
    reader.page.keyboard.type(someone)
    tab_to(reader, "Subscribe")
    enter(reader)
    _key, asking = site.mailbox.wait_for(someone)

    reader.open(link_in(asking, "/confirm"))
    tab_to(reader, "Yes, I want the newsletter")
    enter(reader)
    _key, welcome = site.mailbox.wait_for(someone, 2)
    reader.open(link_in(welcome, "/unsubscribe"))
    tab_to(reader, "Leave the newsletter")
    enter(reader)

    assert reader.heading == "You have left the newsletter"


def test_somebody_writes_to_a_minister_without_a_mouse(
    windows: Windows, site: Site, someone: str
) -> None:
    reader = windows(viewport=DESK)
    keyboard = reader.page.keyboard
    reader.open("/write")
    tab_to(reader, "Which country is yours?")
    keyboard.type("United K")
    tab_to(reader, "Show me the letter")
    enter(reader)
    assert reader.path == "/write/gb"
    tab_to(reader, "Your own words")
    keyboard.type("I teach children who will live with this.")
    tab_to(reader, "Your name")
    keyboard.type("Ada Example")
    tab_to(reader, "Your e-mail address")
    keyboard.type(someone)
    tab_to(reader, "Send it for me")
    enter(reader)
    _key, asking = site.mailbox.wait_for(someone)

    reader.open(link_in(asking, "/write/confirm"))
    tab_to(reader, "Send this letter")
    enter(reader)

    assert reader.heading == "Your letter is on its way"
    wait_until(
        lambda: any(
            someone in str(mail["Reply-To"])
            for _key, mail in site.mailbox.mails_to("minister@gb.example")
        ),
        within=15,
        what="the letter leaves",
    )


def test_the_menu_of_a_narrow_window_opens_by_keyboard(windows: Windows) -> None:
    reader = windows(viewport=PHONE)
    reader.open("/")
    tab_to(reader, "Menu")
    reader.page.keyboard.press("Enter")

    tab_to(reader, "Newsletter")
    enter(reader)

    assert reader.path == "/newsletter"
