"""What a page depends on of its query: the parameters that were read while it was made."""

from collections.abc import Iterator
from typing import Any

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.utils import cached_property

VARIES_BY_QUERY = "campaign.varies_by_query"
# Noted where all of them were looked through.
EVERY_PARAMETER = "*"


class NotedParameters(ImmutableMultiDict[str, str]):
    """The parameters of a query, which note by name which of them were asked for."""

    def __init__(self, values: Any, noted: set[str]) -> None:
        super().__init__(values)
        self._noted = noted

    def __getitem__(self, name: str) -> str:
        self._noted.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._noted.add(str(name))
        return super().__contains__(name)

    def getlist(self, key: str, type: Any = None) -> Any:
        self._noted.add(key)
        return super().getlist(key, type)

    def __len__(self) -> int:
        self._noted.add(EVERY_PARAMETER)
        return super().__len__()

    def __iter__(self) -> Iterator[str]:
        self._noted.add(EVERY_PARAMETER)
        return super().__iter__()

    def keys(self) -> Any:
        self._noted.add(EVERY_PARAMETER)
        return super().keys()

    def values(self) -> Any:
        self._noted.add(EVERY_PARAMETER)
        return super().values()

    def items(self, multi: bool = False) -> Any:
        self._noted.add(EVERY_PARAMETER)
        return super().items(multi)

    def lists(self) -> Any:
        self._noted.add(EVERY_PARAMETER)
        return super().lists()

    def listvalues(self) -> Any:
        self._noted.add(EVERY_PARAMETER)
        return super().listvalues()


class PublicRequest(Request):
    """A request that notes what an answer to it depends on."""

    @cached_property
    def args(self) -> Any:
        """Give the parameters of the query."""
        noted = self.environ.setdefault(VARIES_BY_QUERY, set())
        return NotedParameters(super().args, noted)
