"""The starter's issues: its files read into what a draft is made of."""

from collections.abc import Iterator
from importlib.resources.abc import Traversable
from typing import Any

from campaign import front_matter


def read(folder: Traversable, *, language: str) -> Iterator[dict[str, Any]]:
    """Give each file's words as `verbs.draft` takes them; in a `language` where it names none."""
    files = (file for file in folder.iterdir() if file.name.endswith(".md"))
    for file in sorted(files, key=lambda file: file.name):
        matter, _lines, source, *_rest = front_matter.part(file.read_text(encoding="utf-8"))
        yield {
            "title": matter["title"],
            "slug": file.name.removesuffix(".md"),
            "subject": matter.get("subject", ""),
            "preview": matter.get("preview", ""),
            "source": source,
            "language": matter.get("language", language),
        }
