"""A campaign for another cause: its name, mark and colour, and what is not taken for one."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from campaign.colours import DARK_SUNKEN, NIGHT, PAPER, READABLE, SUNKEN, contrast, palette
from campaign.config import ROOT, WrongSetting
from tests.closing import close
from tests.front.others import other_app

MARK = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h7v7H1z"/></svg>'
STYLES = (ROOT / "static/css/main.css").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an instance folder with a mark of its own."""
    (tmp_path / "mark.svg").write_text(MARK)
    return tmp_path


def test_the_starter_campaign_needs_no_second_stylesheet(tmp_path: Path) -> None:
    app = other_app(tmp_path)

    page = app.test_client().get("/health/ready-or-not").text
    theme = app.test_client().get("/theme.css")

    assert "theme.css" not in page
    assert theme.status_code == 404
    close(app)


def test_a_campaign_with_its_own_face_shows_it_on_every_page(folder: Path) -> None:
    app = other_app(folder, NAME="Save the Lake", MARK="mark.svg", SIGNAL_COLOUR="#0a7d4f")

    page = app.test_client().get("/health/ready-or-not").text
    address = re.search(r'href="(/theme\.css\?v=\w+)"', page)
    assert address
    theme = app.test_client().get(address[1])
    icon = app.test_client().get("/mark.svg")

    assert "Save the Lake" in page
    assert "Pause Frontier AI" not in page
    assert '<path d="M1 1h7v7H1z"/>' in page
    assert "og.png" not in page
    assert "apple-touch-icon" not in page
    assert "--signal: light-dark(#0a7d4f, " in theme.text
    assert theme.mimetype == "text/css"
    assert "immutable" in theme.headers["Cache-Control"]
    assert icon.text == MARK
    close(app)


def test_the_mark_in_the_tab_takes_the_campaigns_colour(tmp_path: Path) -> None:
    app = other_app(tmp_path, SIGNAL_COLOUR="#0A7D4F")

    icon = app.test_client().get("/mark.svg")

    assert 'fill="#0a7d4f"' in icon.text
    assert icon.mimetype == "image/svg+xml"
    close(app)


@pytest.mark.parametrize(
    ("colour", "why"),
    [
        ("orange", "a colour such as"),
        ("#f70", "a colour such as"),
        ("#ffee66", "hardly be seen on paper-white"),
        ("#001133", "hardly be seen on ink-black"),
        ("#ff7a1a;} body{display:none", "a colour such as"),
    ],
)
def test_a_colour_that_cannot_serve_stops_the_start(tmp_path: Path, colour: str, why: str) -> None:
    with pytest.raises(WrongSetting, match=f"^SIGNAL_COLOUR .*{why}"):
        other_app(tmp_path, SIGNAL_COLOUR=colour)


@pytest.mark.parametrize(
    "drawing",
    [
        "not a drawing",
        "<svg viewBox='0 0 9 9'><path></svg>",
        MARK.replace("viewBox", "view"),
        MARK.replace("<path", "<script>alert(1)</script><path"),
        MARK.replace("<path", '<path onload="alert(1)"'),
        MARK.replace("<path", '<path style="fill:red"'),
        MARK.replace("<path", '<image href="https://example.org/x.png"/><path'),
        f"<!DOCTYPE svg [<!ENTITY a 'b'>]>{MARK}",
        MARK.replace("M1 1", "M1 1" + "l1 1" * 2000),
    ],
)
def test_a_mark_that_is_more_than_a_drawing_stops_the_start(tmp_path: Path, drawing: str) -> None:
    (tmp_path / "mark.svg").write_text(drawing)

    with pytest.raises(WrongSetting, match=r"^MARK names "):
        other_app(tmp_path, MARK="mark.svg")


def test_a_mark_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=r"^MARK does not name an SVG file"):
        other_app(tmp_path, MARK="no.svg")


@pytest.mark.parametrize(
    "colour", ["", "#0a7d4f", "#d4002a", "#1f4fd8", "#6b2fb3", "#009fe3", "#808080", "#767676"]
)
def test_whatever_the_colour_its_text_and_its_links_can_be_read(colour: str) -> None:
    own = palette(colour)

    ratios = {
        "text on the signal": contrast(own.on_signal, own.signal),
        "text on the signal by night": contrast(own.on_signal_by_night, own.signal_by_night),
        "links": contrast(own.link, SUNKEN),
        "links by night": contrast(own.link_by_night, DARK_SUNKEN),
        "the signal as large words by night": contrast(own.signal_by_night, NIGHT),
    }

    assert {name: ratio for name, ratio in ratios.items() if ratio < READABLE} == {}


def test_the_grounds_that_colours_are_measured_on_are_those_of_the_stylesheet() -> None:
    for ground in (PAPER, SUNKEN, DARK_SUNKEN, NIGHT):
        assert ground in STYLES

    own = palette("")
    assert f"--signal: {own.signal};" in STYLES
    assert f"--on-signal: {own.on_signal};" in STYLES
    assert f"--link: light-dark({own.link}, {own.link_by_night});" in STYLES


def test_a_letterform_is_fetched_once_because_stylesheet_and_preload_name_one_address() -> None:
    for name, mark in re.findall(r"fonts/([a-z-]+\.woff2)\?v=(\w+)", STYLES):
        content = (ROOT / "static/fonts" / name).read_bytes()

        assert sha256(content).hexdigest().startswith(mark), name


def test_letterforms_and_rules_stay_light() -> None:
    letterforms = sum(file.stat().st_size for file in (ROOT / "static/fonts").glob("*.woff2"))

    assert letterforms <= 55_000
    assert len(STYLES.encode()) <= 25_000
