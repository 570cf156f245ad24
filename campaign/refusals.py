"""Refusals: what a verb raises when it will not do a deed, with words for the one refused."""

from typing import Any


class Refusal(Exception):
    """A deed refused for a reason the person can understand.

    Subclasses stand above the verb that raises them and set `sentence` (a lazy translation) and,
    where 409 Conflict is not what happened, `status` (an HTTP status, RFC 9110 section 15.5).
    """

    status: int = 409
    sentence: Any = ""

    def __init__(self, sentence: Any = None) -> None:
        if sentence is not None:
            self.sentence = sentence
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return str(self.sentence)
