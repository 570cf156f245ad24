"""Verbs of pages: save one, and load the starter's."""

from datetime import datetime, timedelta
from importlib.resources.abc import Traversable
from uuid import uuid4

from sqlalchemy import delete, select

from campaign import markup
from campaign.db import db
from campaign.languages import _
from campaign.pages import files
from campaign.pages.files import PageFile
from campaign.pages.models import Page, Redirect
from campaign.pages.queries import every, redirects_to
from campaign.refusals import Refusal

# The shortest time both databases tell apart.
TICK = timedelta(microseconds=1)


class AddressTaken(Refusal):
    """A redirect is asked for from an address at which another page stands."""

    def __init__(self, path: str, page: str) -> None:
        super().__init__(
            _(
                "%(path)s cannot lead to %(page)s: there is a page at both.",
                path=path,
                page=page,
            )
        )


def save(file: PageFile, *, now: datetime) -> Page:
    """Make or change the page a file describes, and render it. Raises `AddressTaken`.

    A file that leads here from the address of a page moves that page. What says the same as
    before is left as it is, with the moment it last changed.
    """
    page = _page_for(file)
    if page.id is not None and described(page) == file:
        return page
    before = page.path
    page.path = file.path
    page.is_index = file.is_index
    page.title = file.title
    page.description = file.description
    page.language = file.language
    page.author = file.author
    page.published_on = file.published_on
    page.is_news = file.is_news
    page.is_draft = file.is_draft
    page.image = file.image
    page.nav_label = file.nav_label
    page.nav_order = file.nav_order
    page.extra = file.extra
    page.source = file.source
    _render(page)
    page.changed_at = _later(page, now) if page.id is not None else now
    db.session.add(page)
    db.session.flush()
    _redirect(file, before=before)
    return page


def _render(page: Page) -> None:
    name = files.name_of(page.path, is_index=page.is_index)
    rendered = markup.render(page.source, file=name)
    page.html = rendered.html
    page.contents = [[h.level, h.anchor, h.words] for h in rendered.headings]


def _later(page: Page, now: datetime) -> datetime:
    # Later than before in any case: whoever kept the page goes by it.
    return max(now, page.changed_at + TICK)


def render_anew(*, now: datetime) -> None:
    """Render every page as this version of the program does; one that stays the same is left."""
    for page in db.session.scalars(every()):
        before = (page.html, page.contents)
        _render(page)
        if (page.html, page.contents) != before:
            page.changed_at = _later(page, now)


def _page_for(file: PageFile) -> Page:
    paths = [file.path, *file.redirect_from]
    found = list(db.session.scalars(select(Page).where(Page.path.in_(paths))))
    if len(found) > 1:
        other = next(page for page in found if page.path != file.path)
        raise AddressTaken(other.path, file.path)
    return found[0] if found else Page(uid=str(uuid4()), path=file.path)


def _redirect(file: PageFile, *, before: str) -> None:
    """Make the redirects to a page be those its file names; the last file to name one wins."""
    db.session.execute(
        delete(Redirect).where(
            Redirect.to_path.in_([before, file.path])
            | Redirect.from_path.in_([file.path, *file.redirect_from])
        )
    )
    for path in file.redirect_from:
        db.session.add(Redirect(from_path=path, to_path=file.path))
        # One by one: their ids keep the order in which the file names them.
        db.session.flush()


def described(page: Page) -> PageFile:
    """Describe a page as its file would."""
    return PageFile(
        path=page.path,
        is_index=page.is_index,
        title=page.title,
        source=page.source,
        description=page.description,
        language=page.language,
        author=page.author,
        published_on=page.published_on,
        is_news=page.is_news,
        is_draft=page.is_draft,
        image=page.image,
        nav_label=page.nav_label,
        nav_order=page.nav_order,
        redirect_from=redirects_to(page.path),
        extra=page.extra,
    )


def load_starter(folder: Traversable, *, now: datetime) -> None:
    """Save every page of the starter, where there are none yet."""
    if db.session.scalar(select(Page.id).limit(1)) is not None:
        return
    for file in files.read_folder(folder / "pages").values():
        save(file, now=now)
