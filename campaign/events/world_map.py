"""The world on paper: where a point stands on our map."""

from collections.abc import Iterable
from typing import NamedTuple

# The map of macros/map.html: equirectangular, cropped to these latitudes.
WIDTH, HEIGHT = 1000, 500
NORTH, SOUTH = 80, -58


class Point(NamedTuple):
    """A dot on the map: where it stands, what it is called, where it leads."""

    x: float
    y: float
    label: str
    href: str
    emphasis: bool = False


def position(latitude: float, longitude: float) -> tuple[float, float]:
    """Give the point of decimal degrees (north and east positive) on the map, kept inside it."""
    x = (longitude + 180) / 360 * WIDTH
    y = (NORTH - latitude) / (NORTH - SOUTH) * HEIGHT
    return round(min(max(x, 0), WIDTH), 1), round(min(max(y, 0), HEIGHT), 1)


# So far apart on the map two dots are told from each other: two pixels of a telephone.
_APART = 5


def dots(positions: Iterable[tuple[float, float]]) -> str:
    """Draw many dots as one path of an SVG, those that would lie on one another as one."""
    points = (position(*degrees) for degrees in positions)
    cells = {(round(x / _APART) * _APART, round(y / _APART) * _APART) for x, y in points}
    return "".join(f"M{x} {y}h0" for x, y in sorted(cells))


def on_earth(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    """Give two numbers as a position, if they are one."""
    if latitude is None or longitude is None:
        return None
    # Not true of what is no number either (NaN).
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def degrees(number: float) -> str:
    """Write decimal degrees to a hand's breadth, and never with an exponent."""
    # Adding nothing turns -0.0 into 0.0.
    return f"{round(number, 6) + 0.0:.6f}".rstrip("0").rstrip(".")
