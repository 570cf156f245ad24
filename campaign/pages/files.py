"""Page files: Markdown with YAML front matter, read, checked and written.

Long, for reading, the mistakes it names and writing are one format, name by name.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple, TypeVar

from campaign import front_matter
from campaign.characters import Place, as_meant, unfit
from campaign.comments import line_of_unclosed
from campaign.days_and_hours import EARLIEST, LATEST
from campaign.languages import _
from campaign.linking import PAGE_ENDINGS
from campaign.pages.policy import LARGEST
from campaign.pages.written_days import AmbiguousDay, read_day
from campaign.refusals import Refusal

Value = TypeVar("Value")

_PATH = re.compile(r"/(?:[\w][\w.~-]*(?:/[\w][\w.~-]*)*)?")
_OWN = re.compile(r"/(?![/\\])\S*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Mistake(NamedTuple):
    """What is wrong in a page file, and in which line."""

    name: str
    line: int
    sentence: str


class BadPageFile(Refusal):
    """Page files that cannot be taken in; names each file, the line, and what is wrong there."""

    status = 422

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(
            "\n".join(
                _("%(name)s, line %(line)s: %(trouble)s", name=name, line=line, trouble=sentence)
                for name, line, sentence in mistakes
            )
        )
        self.mistakes = list(mistakes)


@dataclass(frozen=True)
class PageFile:
    """What a page file says, by the names of the page it makes."""

    path: str
    title: str
    source: str
    # It is `index.md` of a folder, in which its relative links begin.
    is_index: bool = False
    description: str = ""
    language: str = ""
    author: str = ""
    published_on: date | None = None
    is_news: bool = False
    is_draft: bool = False
    image: str = ""
    nav_label: str = ""
    nav_order: int = 0
    redirect_from: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


def path_of(name: str) -> str:
    """Give the address of a file named relative to its folder: `news/hello.md` is `/news/hello`."""
    stem = _stem(name)
    if stem == "index":
        return "/"
    return "/" + stem.removesuffix("/index")


def name_of(path: str, *, is_index: bool = False) -> str:
    """Give the file name of a page's address, relative to its folder."""
    if path == "/":
        return "index.md"
    return f"{path.removeprefix('/')}{'/index' if is_index else ''}.md"


def _stem(name: str) -> str:
    name = unicodedata.normalize("NFC", name)
    ending = next((ending for ending in PAGE_ENDINGS if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)]


def in_folder(folder: Traversable, inside: str = "") -> Iterator[tuple[str, Traversable]]:
    """List the files of a folder and the folders in it, by name; hidden ones are left out."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from in_folder(entry, f"{inside}{entry.name}/")
        else:
            yield f"{inside}{entry.name}", entry


def is_page_file(name: str) -> bool:
    """Tell by its name whether a file is a page file."""
    return name.lower().endswith(PAGE_ENDINGS)


def read_folder(folder: Traversable) -> dict[str, PageFile]:
    """Read every page file of a folder, by name. Raises `BadPageFile` with all that is wrong."""
    found: dict[str, PageFile] = {}
    mistakes: list[Mistake] = []
    for name, entry in in_folder(folder):
        if not is_page_file(name):
            continue
        try:
            found[name] = read(name, entry.read_bytes())
        except BadPageFile as bad:
            mistakes += bad.mistakes
    mistakes += _doubles(found)
    if mistakes:
        raise BadPageFile(mistakes)
    return found


def _doubles(found: Mapping[str, PageFile]) -> Iterator[Mistake]:
    """Name the files that want an address which another has."""
    taken: dict[str, str] = {}
    for name, file in found.items():
        if file.path in taken:
            yield Mistake(name, 1, _("%(other)s has the same address.", other=taken[file.path]))
        taken.setdefault(file.path, name)
    for name, file in found.items():
        for path in file.redirect_from:
            if path in taken:
                yield Mistake(
                    name,
                    1,
                    _(
                        "redirect_from names %(path)s, which %(other)s has already.",
                        path=path,
                        other=taken[path],
                    ),
                )
            taken.setdefault(path, name)


def read(name: str, content: bytes) -> PageFile:
    """Read one page file; `name` is relative to its folder. Raises `BadPageFile`."""
    try:
        text = _text(content)
        parts = front_matter.part(text)
    except front_matter.Trouble as trouble:
        raise BadPageFile([Mistake(name, trouble.line, trouble.sentence)]) from None
    said = _Said(parts.matter, parts.lines)
    file = _file(name, said, parts.source)
    unclosed = line_of_unclosed(parts.source)
    if unclosed is not None:
        line = parts.first_line + unclosed - 1
        said.mistake(line, _("a comment begins here that never ends: write --> where it does."))
    if said.mistakes:
        raise BadPageFile([Mistake(name, line, sentence) for line, sentence in said.mistakes])
    return file


def _file(name: str, said: "_Said", source: str) -> PageFile:
    path = path_of(name)
    if not _PATH.fullmatch(path) or len(path) > 200:
        said.mistake(
            1, _("the file's name becomes its address: use letters, digits, hyphens and points.")
        )
    language = said.line("language", most=12, form=_LANGUAGE)
    published_on = said.day("date", language=language)
    is_news = said.switch("news", default=path.startswith("/news/"))
    if is_news and published_on is None and not said.is_wrong("date"):
        said.mistake(1, _("news needs a date, such as 2027-05-13."))
    title = said.line("title", most=200)
    if not title and not said.is_wrong("title"):
        said.mistake(1, _("the page needs a title."))
    return PageFile(
        path=path,
        is_index=path != "/" and _stem(name).endswith("/index"),
        title=title,
        description=said.line("description", most=400),
        language=language,
        published_on=published_on,
        author=said.line("author", most=120),
        is_news=is_news,
        is_draft=said.switch("draft", default=False),
        image=said.line("image", most=300, form=_OWN),
        nav_label=said.line("nav", most=40),
        nav_order=said.whole("nav_order"),
        redirect_from=said.paths("redirect_from", own=path),
        extra=said.rest(),
        source=source,
    )


def _text(content: bytes) -> str:
    if len(content) > LARGEST:
        raise front_matter.Trouble(1, _("the file is larger than a megabyte."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        line = content.count(b"\n", 0, trouble.start) + 1
        raise front_matter.Trouble(line, _("this is not UTF-8 text.")) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = _FRONT_MATTER.match(text)
    after = head.end() if head else 0
    # In front matter the end of a line has a meaning, which a pasted separator has not.
    text = as_meant(text[:after], line_end=" ") + as_meant(text[after:])
    place = unfit(text, allowed="\n\t")
    if place is not None:
        raise front_matter.Trouble(place.line, _not_shown(place))
    return text


def _not_shown(place: Place) -> str:
    sentence = _(
        "character %(character)s is a sign that cannot be shown (%(code)s).",
        character=place.character,
        code=place.code,
    )
    return str(sentence)


_FRONT_MATTER = re.compile(r"---[ \t]*\n.*?^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


class _Said:
    """The front matter, asked name by name, with all that is wrong in it; the rest is nobody's."""

    def __init__(self, matter: dict[str, Any], lines: dict[str, int]) -> None:
        self._matter = dict(matter)
        self._lines = lines
        self._wrong: set[str] = set()
        # The line and the sentence of each.
        self.mistakes: list[tuple[int, str]] = []

    def mistake(self, line: int, sentence: str) -> None:
        self.mistakes.append((line, sentence))

    def is_wrong(self, name: str) -> bool:
        return name in self._wrong

    def line(self, name: str, *, most: int, form: re.Pattern[str] | None = None) -> str:
        value = self._take(name)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or "\n" in value.strip():
            return self._refuse(name, _("should be text on one line."), "")
        value = value.strip()
        if len(value) > most:
            return self._refuse(name, _("is longer than %(most)s characters.", most=most), "")
        if value and form is not None and not form.fullmatch(value):
            return self._refuse(name, _WRONG_FORM[name](), "")
        return value

    def switch(self, name: str, *, default: bool) -> bool:
        value = self._take(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            return self._refuse(name, _("should be true or false."), default)
        return value

    def whole(self, name: str) -> int:
        value = self._take(name)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 10_000:
            return self._refuse(name, _("should be a whole number below 10,000."), 0)
        return value

    def day(self, name: str, *, language: str) -> date | None:
        value = self._take(name)
        if value is None or value == "":
            return None
        try:
            day = read_day(str(value), language=language)
        except AmbiguousDay:
            sentence = _("may be one day or the other: write it such as 2027-05-13.")
            return self._refuse(name, sentence, None)
        except ValueError:
            return self._refuse(name, _("should be a day such as 2027-05-13."), None)
        if not EARLIEST <= day <= LATEST:
            sentence = _(
                "should be a day from %(first)s to %(last)s: look at the year.",
                first=EARLIEST.year,
                last=LATEST.year,
            )
            return self._refuse(name, sentence, None)
        return day

    def paths(self, name: str, *, own: str) -> list[str]:
        value = self._take(name)
        if value is None:
            return []
        paths = [value] if isinstance(value, str) else value
        if not isinstance(paths, list):
            return self._refuse(name, _("should be a list of paths."), [])
        for path in paths:
            if not isinstance(path, str) or not _PATH.fullmatch(path) or len(path) > 200:
                return self._refuse(name, _("should name paths such as /old-address."), [])
            if path in {own, "/"} or paths.count(path) > 1:
                sentence = _("names %(path)s, which cannot lead here.", path=path)
                return self._refuse(name, sentence, [])
        return list(paths)

    def rest(self) -> dict[str, Any]:
        return self._matter

    def _take(self, name: str) -> Any:
        return self._matter.pop(name, None)

    def _refuse(self, name: str, trouble: str, instead: Value) -> Value:
        self._wrong.add(name)
        self.mistake(self._lines[name], f"{name} {trouble}")
        return instead


_WRONG_FORM = {
    "language": lambda: _("should be a language code such as en or pt-BR."),
    "image": lambda: _("should be an address on this site, such as /static/images/march.jpg."),
}


def write(file: PageFile, *, before: str = "") -> str:
    """Write a page file: the inverse of `read`.

    `before` is the front matter of a file that a person wrote: its comments, order and quotes stay.
    """
    matter: dict[str, Any] = {"title": file.title}
    if file.description:
        matter["description"] = file.description
    if file.language:
        matter["language"] = file.language
    if file.published_on:
        matter["date"] = file.published_on.isoformat()
    if file.author:
        matter["author"] = file.author
    if file.is_news != file.path.startswith("/news/"):
        matter["news"] = file.is_news
    if file.is_draft:
        matter["draft"] = True
    if file.image:
        matter["image"] = file.image
    if file.nav_label:
        matter["nav"] = file.nav_label
    if file.nav_order:
        matter["nav_order"] = file.nav_order
    if file.redirect_from:
        matter["redirect_from"] = file.redirect_from
    head = front_matter.write(matter | file.extra, before=before)
    return f"---\n{head}---\n\n{file.source}\n"
