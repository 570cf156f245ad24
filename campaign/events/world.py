"""The world on paper: where a place stands on our map."""

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
    """Give the place of decimal degrees (north and east positive) on the map, kept inside it."""
    x = (longitude + 180) / 360 * WIDTH
    y = (NORTH - latitude) / (NORTH - SOUTH) * HEIGHT
    return round(min(max(x, 0), WIDTH), 1), round(min(max(y, 0), HEIGHT), 1)
