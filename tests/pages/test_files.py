"""Page files are read, checked and written; what is read is what was written."""

from collections.abc import Iterator
from datetime import date
from importlib.resources import files as resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign import create_app
from campaign.days_and_hours import EARLIEST, LATEST
from campaign.pages import files
from campaign.pages.files import BadPageFile, PageFile

STARTER = resources("campaign") / "starter" / "pages"


@pytest.fixture(autouse=True, scope="module")
def _words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the words of refusals at hand: translating them takes an application."""
    instance = str(tmp_path_factory.mktemp("instance"))
    app = create_app({"TESTING": True, "SECRET_KEY": "s" * 32, "INSTANCE": instance})
    with app.app_context():
        yield


@pytest.mark.parametrize("name", [name for name, _ in files.in_folder(STARTER)])
def test_a_starter_page_is_written_as_it_was_read(name: str) -> None:
    content = (STARTER / name).read_bytes()

    written = files.write(files.read(name, content))

    assert written.encode() == content


def test_every_name_of_the_front_matter_is_understood() -> None:
    text = (
        "---\ntitle: Hello\ndescription: A greeting.\nlanguage: no\ndate: 2027-05-13\n"
        "author: Ada\nnews: true\ndraft: true\nimage: /static/images/x.jpg\nnav: Hi\n"
        "nav_order: 15\nredirect_from: [/old, /older]\n---\n\nWords.\n"
    )

    file = files.read("hello.md", text.encode())

    assert file == PageFile(
        path="/hello",
        title="Hello",
        description="A greeting.",
        language="no",
        published_on=date(2027, 5, 13),
        author="Ada",
        is_news=True,
        is_draft=True,
        image="/static/images/x.jpg",
        nav_label="Hi",
        nav_order=15,
        redirect_from=["/old", "/older"],
        source="Words.",
    )
    assert files.read("hello.md", files.write(file).encode()) == file


def test_unknown_names_are_kept_as_they_were() -> None:
    matter = (
        "title: A page\nlayout: wide\nat: 12:30\nphone: 0049301234\nday: 2027-05-13\nratio: 1.50\n"
        "count: 42\nis_it: true\nnothing: null\ntags: [a, b]\nmap:\n  berlin: 1\n  oslo: [1, 2]\n"
    )
    text = f"---\n{matter}---\n\nWords.\n"

    file = files.read("a.md", text.encode())

    assert file.extra["map"] == {"berlin": 1, "oslo": [1, 2]}
    assert files.write(file) == text


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("index.md", "/"),
        ("risks.md", "/risks"),
        ("2024-may.md", "/2024-may"),
        ("news/hello.md", "/news/hello"),
        ("about/index.md", "/about"),
        ("über-uns.md", "/über-uns"),
    ],
)
def test_a_files_name_is_its_address(name: str, path: str) -> None:
    file = files.read(name, b"---\ntitle: T\ndate: 2027-01-01\n---\n")

    assert file.path == path
    assert files.path_of(files.name_of(path)) == path


# (what stands in the file, the line that is named, a word of the sentence)
BAD = [
    (b"", 1, "three hyphens"),
    (b"no front matter", 1, "three hyphens"),
    (b"---\ntitle: T\n", 1, "no end"),
    (b"---\ntitle: T\nx: [1, 2\n---\n", 4, "expected"),
    (b"---\ntitle: T\n  y: 1\n---\n", 3, "mapping values"),
    (b"---\n- a\n---\n", 2, "names and values"),
    (b"---\ntitle: T\ntitle: U\n---\n", 3, "once"),
    (b"---\n1: x\n---\n", 2, "name"),
    (b"---\nlanguage: en\n---\n", 1, "title"),
    (b"---\ntitle: ''\n---\n", 1, "title"),
    (b"---\ntitle: [a]\n---\n", 2, "title should be text"),
    (b"---\ntitle: |\n  a\n  b\n---\n", 2, "one line"),
    (b"---\ntitle: " + b"x" * 201 + b"\n---\n", 2, "200"),
    (b"---\ntitle: T\ndate: tomorrow\n---\n", 3, "2027-05-13"),
    (b"---\ntitle: T\ndate: 2027-02-30\n---\n", 3, "2027-05-13"),
    (b"---\ntitle: T\ndraft: yes\n---\n", 3, "true or false"),
    (b"---\ntitle: T\nnews: true\n---\n", 1, "date"),
    (b"---\ntitle: T\nlanguage: English\n---\n", 3, "language code"),
    (b"---\ntitle: T\nimage: https://x.example/a.png\n---\n", 3, "on this site"),
    (b"---\ntitle: T\nimage: //x.example/a.png\n---\n", 3, "on this site"),
    (b"---\ntitle: T\nnav_order: first\n---\n", 3, "whole number"),
    (b"---\ntitle: T\nredirect_from: [https://x.example/]\n---\n", 3, "/old-address"),
    (b"---\ntitle: T\nredirect_from: [/a]\n---\n", 3, "/a"),
    (b"---\ntitle: T\nredirect_from: {a: b}\n---\n", 3, "list"),
    (b"---\ntitle: T\nx: &a [1]\ny: *a\n---\n", 4, "alias"),
    (b"---\ntitle: T\nx: !!python/object:os.system {}\n---\n", 3, "constructor"),
    (b"---\ntitle: T\nx: !!binary aGk=\n---\n", 3, "use text"),
    (b'---\ntitle: "a\\0b"\n---\n', 2, "cannot be shown"),
    (b"---\ntitle: T\n---\n\nline\nbell \x07\n", 6, "cannot be shown"),
    (b"---\ntitle: T\n---\n\nline\n\xff\n", 6, "UTF-8"),
    (b"---\ntitle: T\nx: " + b"[" * 3000 + b"\n---\n", 2, "nested"),
    (b"x" * 1_000_001, 1, "megabyte"),
]


@pytest.mark.parametrize(("content", "line", "word"), BAD)
def test_a_bad_file_is_named_with_its_line(content: bytes, line: int, word: str) -> None:
    with pytest.raises(BadPageFile) as refused:
        files.read("a.md", content)

    assert str(refused.value).startswith(f"a.md, line {line}: ")
    assert word in str(refused.value)


@pytest.mark.parametrize("name", ["a b.md", "-x.md", "a//b.md", "x?.md", "a" * 300 + ".md"])
def test_a_name_that_is_no_address_is_refused(name: str) -> None:
    with pytest.raises(BadPageFile):
        files.read(name, b"---\ntitle: T\n---\n")


words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=40)
lines = words.map(lambda text: " ".join(text.split()))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
known = set(PageFile.__dataclass_fields__) | {"date", "news", "draft", "nav"}


@given(
    st.builds(
        PageFile,
        path=st.sampled_from(["/", "/a", "/a/b", "/news/x"]),
        title=lines.filter(bool),
        description=lines,
        author=lines,
        published_on=st.dates(EARLIEST, LATEST),
        is_news=st.booleans(),
        is_draft=st.booleans(),
        nav_label=lines,
        nav_order=st.integers(-100, 100),
        redirect_from=st.just(["/old"]) | st.just([]),
        source=st.text(
            st.characters(codec="utf-8", categories=["L", "N", "P"]) | st.just("\n")
        ).map(lambda text: text.strip("\n").rstrip()),
        extra=st.dictionaries(words.filter(lambda name: name not in known), values, max_size=4),
    )
)
def test_what_is_written_is_read_again(file: PageFile) -> None:
    written = files.write(file)

    assert files.read(files.name_of(file.path), written.encode()) == file
    assert files.write(files.read(files.name_of(file.path), written.encode())) == written
