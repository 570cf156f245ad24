"""Colours: how well one shows on another, and the shades that make one colour serve a campaign.

Contrast is that of WCAG 2.2 (relative luminance, contrast ratio). The grounds and inks below are
those of `static/css/main.css`; docs/developers/design.md tells what each is for.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

PAPER, SUNKEN, INK = "#fcfbf8", "#f1eee7", "#141210"
DARK_SUNKEN, NIGHT = "#2d2925", "#0d0b0a"
SIGNAL = "#ff7a1a"

# AA for text; what a word must have that is also a link among other words; what can be seen at all.
READABLE = 4.5
AT_EASE = 5.5
VISIBLE = 2.0


class WrongColour(ValueError):
    """A colour that cannot serve; the message ends the sentence that begins with its setting."""


def contrast(one: str, other: str) -> float:
    """Tell the contrast ratio of two colours, from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def signal(value: str) -> str:
    """Check a colour for a campaign's signal and give it as `#rrggbb`; empty stays empty.

    Raises `WrongColour` when it could hardly be seen on paper-white or on ink-black.
    """
    colour = value.strip().lower()
    if not colour:
        return ""
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise WrongColour("should be a colour such as #ff7a1a")
    for ground, name, advice in (
        (PAPER, "paper-white", "darker"),
        (NIGHT, "ink-black", "lighter"),
    ):
        ratio = contrast(colour, ground)
        if ratio < VISIBLE:
            raise WrongColour(
                f"can hardly be seen on {name} (contrast {ratio:.1f} to 1, at least "
                f"{VISIBLE:g} is needed): choose a {advice} one"
            )
    return colour


class Palette(NamedTuple):
    """A signal colour and what stands on it or is derived from it, by day and by night."""

    signal: str
    on_signal: str
    link: str
    signal_by_night: str
    on_signal_by_night: str
    link_by_night: str


def palette(colour: str) -> Palette:
    """Derive all shades from a signal colour; of none, give those of the starter campaign."""
    if not colour:
        # Chosen by eye, where the rest is reckoned.
        return Palette(SIGNAL, INK, "#9a3c00", SIGNAL, INK, "#ff9d5c")
    by_night = _until(colour, "#ffffff", NIGHT, READABLE)
    return Palette(
        signal=colour,
        on_signal=_text_on(colour),
        link=_until(colour, "#000000", SUNKEN, AT_EASE),
        signal_by_night=by_night,
        on_signal_by_night=_text_on(by_night),
        link_by_night=_until(colour, "#ffffff", DARK_SUNKEN, AT_EASE),
    )


def stylesheet(own: Palette) -> str:
    """Write the rules that put a campaign's colours in place of the starter's."""
    return f"""\
:root {{
  --signal: {own.signal};
  --on-signal: {own.on_signal};
  --link: {own.link};
}}
@supports (color: light-dark(#000, #fff)) {{
  :root {{
    --signal: light-dark({own.signal}, {own.signal_by_night});
    --on-signal: light-dark({own.on_signal}, {own.on_signal_by_night});
    --link: light-dark({own.link}, {own.link_by_night});
  }}
}}
"""


def _text_on(colour: str) -> str:
    # One of the two always has 4.5 to 1: black or white reaches 4.58 on any colour.
    best = max((INK, "#ffffff"), key=lambda text: contrast(text, colour))
    return best if contrast(best, colour) >= READABLE else "#000000"


def _until(colour: str, towards: str, ground: str, enough: float) -> str:
    """Mix a colour towards another one until it shows well enough on a ground."""
    return next(mixed for mixed in _mixtures(colour, towards) if contrast(mixed, ground) >= enough)


def _mixtures(colour: str, towards: str) -> Iterator[str]:
    pairs = list(zip(_channels(colour), _channels(towards), strict=True))
    for step in range(51):
        yield "#" + "".join(f"{round(a + (b - a) * step / 50):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
