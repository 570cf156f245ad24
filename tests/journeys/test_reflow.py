"""Pages made large, in forced colours and without motion: nothing is lost, nothing moves."""

from typing import Any

import pytest

from tests.journeys.conftest import PHONE, Site, Windows
from tests.journeys.reader import Reader
from tests.journeys.running import link_in
from tests.journeys.test_accessibility import FORMS, OFFICE, PUBLIC

# WCAG 2.2, 1.4.10: 320 px wide is what 1280 px are at 400 %; their 1024 px of height are then 256.
NARROW = {"width": 320, "height": 800}
ZOOMED = {"width": 320, "height": 256}
DESIGN = "/office/design"
FEW = ["/", "/actions/may-13", "/events/may-13-london", "/newsletter", "/write/gb", "/proposal"]
TAB_STOPS = 14

# Text that no scrolling brings into view: beyond the sides of the page, or beyond a box that hides
# what does not fit. Within a box that scrolls sideways (a table's), only the box must fit.
_CUT_OFF = """() => {
  const found = new Set();
  const isOut = (rect, box, sides) =>
    rect.left < box.left - 1 || rect.right > box.right + 1
    || (sides === 4 && (rect.top < box.top - 1 || rect.bottom > box.bottom + 1));
  const page = {left: 0, right: document.documentElement.clientWidth};
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = texts.nextNode());) {
    const parent = node.parentElement;
    if (!node.data.trim() || !parent.checkVisibility({visibilityProperty: true})) continue;
    if (parent.closest('script, style, option, textarea, iframe')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    let rect = range.getBoundingClientRect();
    // Off the page on purpose, until it is focused.
    if (!rect.width || rect.right <= 0 || rect.bottom + scrollY <= 0) continue;
    let isSpoken = false, isCut = false;
    for (let box = parent; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box), edge = box.getBoundingClientRect();
      // For screen readers alone.
      if (style.clipPath === 'inset(50%)' || (style.position === 'absolute' && edge.width <= 1)) {
        isSpoken = true;
        break;
      }
      if (style.display === 'inline') continue;
      if (['auto', 'scroll'].includes(style.overflowX) && box.scrollWidth > box.clientWidth) {
        rect = edge;
      } else if (['hidden', 'clip'].includes(style.overflowX)) {
        isCut ||= isOut(rect, edge, style.overflowY === 'visible' ? 2 : 4);
      }
      if (style.position === 'fixed') break;
    }
    if (!isSpoken && (isCut || isOut(rect, page, 2))) found.add(node.data.trim().slice(0, 60));
  }
  return [...found];
}"""

# What stays where it is while the page scrolls, and takes more than half of the window.
_IN_THE_WAY = """() => [...document.body.querySelectorAll('*')].filter((one) =>
    ['fixed', 'sticky'].includes(getComputedStyle(one).position)
    && one.checkVisibility({visibilityProperty: true})
    && one.getBoundingClientRect().top >= 0
    && getComputedStyle(one).insetBlockStart !== 'auto'
    && one.getBoundingClientRect().height > innerHeight / 2
  ).map((one) => one.outerHTML.slice(0, 80))"""

_WITHOUT_A_BORDER = """() => [...document.querySelectorAll(
    'button, select, textarea, input:not([type=hidden]):not([type=checkbox]):not([type=radio])'
  )].filter((one) => one.checkVisibility({visibilityProperty: true})).filter((one) => {
    const style = getComputedStyle(one);
    const edges = ['Top', 'Right', 'Bottom', 'Left'].filter((side) =>
      style[`border${side}Style`] !== 'none' && parseFloat(style[`border${side}Width`]) >= 1);
    const isLink = style.textDecorationLine.includes('underline');
    return !isLink && edges.length === 0;
  }).map((one) => one.outerHTML.slice(0, 80))"""

# In forced colours shadows are gone: what shows the focus must be an outline, or the strokes of a
# drawing that change.
_FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const edge = one.getBoundingClientRect();
  const strokes = () => JSON.stringify([...one.querySelectorAll('*')].map((part) => {
    const {stroke, strokeWidth, outlineStyle} = getComputedStyle(part);
    return [stroke, strokeWidth, outlineStyle];
  }));
  let isShown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  if (!isShown && one instanceof SVGElement) {
    const before = strokes();
    one.blur();
    isShown = strokes() !== before;
    one.focus({focusVisible: true});
  }
  const isInside = edge.bottom > 0 && edge.top < innerHeight && edge.width > 0;
  return {page: one === document.body, good: isShown && isInside, what: one.outerHTML.slice(0, 80)};
}"""

_MOVES = """() => {
  const seconds = (list) => Math.max(...list.split(',').map(parseFloat));
  const moving = document.getAnimations().filter((one) => one.playState === 'running')
    .map((one) => `running: ${one.animationName || one.transitionProperty}`);
  for (const one of document.querySelectorAll('*')) {
    for (const part of [null, '::before', '::after']) {
      const style = getComputedStyle(one, part);
      if ((style.animationName !== 'none' && seconds(style.animationDuration) > 0.01)
          || seconds(style.transitionDuration) > 0.01
          || style.scrollBehavior === 'smooth') moving.push(one.outerHTML.slice(0, 80));
    }
  }
  return moving;
}"""


def lost_on(reader: Reader) -> list[str]:
    """Give what is cut off or hidden on the open page, narrow and zoomed."""
    found = []
    for name, viewport in (("320 px", NARROW), ("400 %", ZOOMED)):
        reader.page.set_viewport_size(viewport)
        reader.look()
        where = f"{reader.path} at {name}"
        found += [f"{where}: cut off: {text}" for text in reader.page.evaluate(_CUT_OFF)]
        found += [f"{where}: in the way: {one}" for one in reader.page.evaluate(_IN_THE_WAY)]
    return found


def test_public_pages_lose_nothing_when_they_are_made_large(windows: Windows) -> None:
    reader = windows(viewport=NARROW)
    found = []

    for path in PUBLIC:
        reader.open(path)
        found += lost_on(reader)

    assert found == []


def test_forms_with_mistakes_lose_nothing_when_they_are_made_large(windows: Windows) -> None:
    reader = windows(viewport=NARROW)
    found = []

    for path, button in FORMS.items():
        reader.open(path)
        reader.press(button)
        found += lost_on(reader)

    assert found == []


def test_pages_behind_the_links_of_mails_lose_nothing_when_they_are_made_large(
    windows: Windows, site: Site, someone: str
) -> None:
    reader = windows(viewport=NARROW)
    reader.open("/events/may-13-berlin")
    reader.fill(name="Ada Example", email=someone)
    reader.press("Sign up for Berlin")
    key, invitation = site.mailbox.wait_for(someone)
    found = []

    for address in (f"/mailbox/{key}", link_in(invitation, "/events/withdraw")):
        reader.open(address)
        found += lost_on(reader)

    assert found == []


def test_the_office_loses_nothing_when_it_is_made_large(
    windows: Windows, organisers_cookie: Any
) -> None:
    reader = windows(viewport=NARROW, is_organiser=True, storage_state=organisers_cookie)
    found = []

    for path in [*OFFICE, DESIGN]:
        assert reader.open(path) == 200, path
        found += lost_on(reader)

    assert found == []


@pytest.fixture
def in_forced_colours(windows: Windows, organisers_cookie: Any) -> Reader:
    """Give an organiser's window in the colours of the reader's own choice."""
    return windows(
        viewport=PHONE, forced_colors="active", is_organiser=True, storage_state=organisers_cookie
    )


def test_in_forced_colours_fields_and_buttons_have_borders(in_forced_colours: Reader) -> None:
    found = []

    for path in [*FEW, "/office/events/new", DESIGN]:
        in_forced_colours.open(path)
        missing = in_forced_colours.page.evaluate(_WITHOUT_A_BORDER)
        found += [f"{path}: {one}" for one in missing]

    assert found == []


def test_in_forced_colours_the_focus_is_seen(in_forced_colours: Reader) -> None:
    found = []

    for path in [*FEW, "/office/"]:
        in_forced_colours.open(path)
        for _ in range(TAB_STOPS):
            in_forced_colours.page.keyboard.press("Tab")
            focus = in_forced_colours.page.evaluate(_FOCUS)
            if not focus["page"] and not focus["good"]:
                found.append(f"{path}: {focus['what']}")

    assert found == []


def test_nothing_moves_for_those_who_want_no_motion(
    windows: Windows, organisers_cookie: Any
) -> None:
    reader = windows(
        viewport=PHONE, reduced_motion="reduce", is_organiser=True, storage_state=organisers_cookie
    )
    found = []

    for path in [*FEW, "/office/", DESIGN]:
        reader.open(path)
        found += [f"{path}: {one}" for one in reader.page.evaluate(_MOVES)]

    assert found == []
